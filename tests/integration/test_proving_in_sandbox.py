"""A sample of mutants through the sandbox: the same verdicts as in this process, where make truth tries them."""

import pytest

from autograder.course import Limits
from autograder.isolation import make_launcher
from autograder.judge import Judge
from autograder.proving.local import LocalSession
from autograder.proving.making import mutants_of
from autograder.proving.stage import sample
from autograder.reference import reference_namespace
from autograder.session import Session
from autograder.submission import RunnableCell

pytestmark = pytest.mark.sandbox
STAGE = "s01_rnn"


@pytest.fixture(scope="module")
def launcher(isolation, course, released):
    launcher = make_launcher(course.limits, "bubblewrap", released.release_folder(STAGE))
    yield launcher
    launcher.close()


def test_a_sample_of_mutants_has_the_same_verdicts_in_the_sandbox(launcher, course, stage, master, truth, secret):
    judge = Judge(stage, truth, 7, secret)
    limits: Limits = course.limits
    seen = set()
    for cell in master.answers().values():
        for mutant in sample(mutants_of(cell), 2):
            replaced = {mutant.exercise: mutant.source}
            cells = [
                RunnableCell(number, replaced.get(one.exercise, one.source))
                for number, one in enumerate(master.cells, 1)
                if one.role in ("given", "answer")
            ]
            with Session(launcher, cells, limits) as session:
                inside = [verdict.score for verdict in judge.judge(session)]
            here = [one.score for one in judge.judge(LocalSession(reference_namespace(master, replaced=replaced)))]
            assert inside == here, mutant.name
            seen.add(sum(inside) == 100)
    assert False in seen
