"""What holds for every stage: the truth is true, each mistake is caught and named, right answers in other clothes pass.

A stage of course.toml is tested from the day it is there; ``variants_<stage>.py`` is its own part of this.
"""

import numpy as np
import pytest

from autograder.proving.local import LocalSession
from seqlab.checking.outcome import replay_case
from seqlab.checking.report import named_mistakes
from seqlab.checking.workbench import Workbench
from seqlab.earlier import Earlier
from seqlab.earlier.taught import LESSONS
from tests.course.stages import SUBJECTS

STAGES = list(SUBJECTS)
MISTAKES = [
    pytest.param(stage_id, mistake, id=f"{stage_id}-{mistake.key}")
    for stage_id, subject in SUBJECTS.items()
    for mistake in subject.suite.mistakes
]
VARIANTS = [
    pytest.param(stage_id, variant, id=f"{stage_id}-{variant.__name__}")
    for stage_id, subject in SUBJECTS.items()
    for variant in subject.variants
]
NONSENSE = [
    lambda *args, **kwargs: None,
    lambda *args, **kwargs: args[0],
    lambda *args, **kwargs: (args[0], args),
]
each_stage = pytest.mark.parametrize("stage_id", STAGES)
each_mistake = pytest.mark.parametrize(("stage_id", "mistake"), MISTAKES)


def lost(verdicts):
    """The exercises that did not earn all points, with the reasons."""
    return {verdict.exercise: verdict.reason for verdict in verdicts if not verdict.full}


@each_stage
def test_points_add_up_to_a_hundred(subject):
    assert sum(subject.stage.points.values()) == 100


@pytest.mark.parametrize("seed", range(8))
@each_stage
def test_the_oracles_agree_on_fresh_inputs_and_the_master_scores_full(subject, seed):
    assert lost(subject.judge_of(seed).judge(LocalSession(subject.reference()))) == {}


@each_stage
def test_the_judged_inputs_are_others_with_another_seed(subject):
    """Else an answer could be learned by heart."""
    first, second = subject.judge_of(1), subject.judge_of(2)
    for name in subject.stage.points:
        for one, other in zip(first.drawn(name), second.drawn(name), strict=True):
            differ = [key for key in one.inputs if not np.array_equal(one.inputs[key], other.inputs[key])]
            assert differ, f"{name}, {one.case.title!r}: a known case is public and of weight 0"


@each_mistake
def test_a_mistake_is_named_as_itself_and_costs_its_own_exercise_only(subject, mistake):
    verdicts = subject.judged(subject.reference(mistake))
    assert list(lost(verdicts)) == [mistake.exercise]
    (own,) = [verdict for verdict in verdicts if verdict.exercise == mistake.exercise]
    assert own.mistakes[0].key == mistake.key


@each_mistake
def test_a_mistake_is_named_by_the_public_cases(subject, mistake):
    namespace = subject.reference(mistake)
    outcomes = [replay_case(case, namespace) for case in subject.checks.exercises[mistake.exercise].cases]
    assert any(not outcome.right for outcome in outcomes)
    assert mistake.key in [named.key for named in named_mistakes(outcomes, subject.checks.mistakes)]


@each_stage
def test_there_are_at_least_four_mistakes_for_each_exercise(subject):
    counts = {name: sum(one.exercise == name for one in subject.suite.mistakes) for name in subject.stage.points}
    assert {name: count for name, count in counts.items() if count < 4} == {}


@each_mistake
def test_what_is_said_of_a_mistake_does_not_give_the_answer_away(subject, mistake):
    said = f"{mistake.says} {mistake.asks}"
    lines = [line for line in subject.master.answer_lines() if len(line) > 12]
    assert not any(line in said for line in lines)
    assert not any(old in said for old, _ in mistake.edits)
    assert mistake.asks.endswith("?")


@pytest.mark.parametrize(("stage_id", "variant"), VARIANTS)
def test_right_answers_in_other_clothes_score_full(subject, variant):
    namespace = subject.reference()
    variant(namespace)
    assert lost(subject.judged(namespace)) == {}


@each_stage
def test_every_exercise_has_a_variant(subject):
    """An exercise whose suite was only ever tried on the master's own answer may reject other right ones."""
    replaced = set()
    for variant in subject.variants:
        namespace = subject.reference()
        before = dict(namespace)
        variant(namespace)
        replaced |= {name for name in subject.stage.points if namespace[name] is not before[name]}
    assert set(subject.stage.points) - replaced == set()


@pytest.mark.parametrize("stage_id", [lesson.stage for lesson in LESSONS])
def test_what_later_stages_get_of_it_is_right(subject):
    """The functions of seqlab.earlier, in every hidden case of the exercises that they stand for."""
    (lesson,) = [lesson for lesson in LESSONS if lesson.stage == subject.stage.id]
    ready = {name: getattr(Earlier("s99_last"), name) for name in lesson.names}
    bench = Workbench(subject.reference() | ready)
    outcomes = [subject.judge.outcome(bench, one) for name in lesson.names for one in subject.judge.drawn(name)]
    assert [outcome for outcome in outcomes if not outcome.right] == []


@each_stage
def test_stubs_score_zero(subject):
    def stub(*args, **kwargs):
        raise NotImplementedError()

    verdicts = subject.judged(subject.reference() | dict.fromkeys(subject.stage.points, stub))
    assert [verdict.score for verdict in verdicts] == [0.0] * len(subject.stage.points)
    assert all(verdict.reason.endswith("is not written yet") for verdict in verdicts)


@pytest.mark.parametrize("wrong", NONSENSE, ids=["nothing", "its-first-argument", "a-pair"])
@each_stage
def test_nonsense_scores_zero(subject, wrong):
    verdicts = subject.judged(subject.reference() | dict.fromkeys(subject.stage.points, wrong))
    assert [verdict.score for verdict in verdicts] == [0.0] * len(subject.stage.points)
