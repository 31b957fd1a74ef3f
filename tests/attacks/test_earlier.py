"""seqlab.earlier inside the sandbox: it works there, brings nothing heavy along, and is no way round when graded."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.batch import make_grader, released_notebook
from autograder.course import load_course
from autograder.demo import notebook_with, plain_answer
from autograder.sandbox.bench import SandboxBench
from autograder.sandbox.child import Deadline
from autograder.student import run_play
from seqlab.checking.guards import Guard
from seqlab.earlier import Earlier
from tests.attacks.children import run
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox
LIMITS = replace(load_course(ROOT).limits, case_seconds=4)
SHAPES = {"x": (2, 3, 4), "h0": (2, 5), "Wx": (4, 5), "Wh": (5, 5), "b": (5,)}
GIVEN = "from seqlab.earlier import Earlier\nearlier = Earlier('s02_language_model')\n"
FUNCTION = """
def whole(x, h0, Wx, Wh, b):
    h, cache = earlier.rnn_forward(x, h0, Wx, Wh, b)
    return (h, *earlier.rnn_backward(h, cache))
"""
BROUGHT = """
import sys
before = set(sys.modules)
from seqlab.earlier import Earlier
Earlier('s02_x').rnn_forward
brought = sorted({name for name in set(sys.modules) - before if not name.startswith('seqlab.earlier')})
assert not brought, brought
"""
TAKING = "from seqlab.earlier import Earlier\n\ndef {name}(*args):\n    return Earlier('s08_vqa').{name}(*args)"


def whole(student, **inputs):
    outputs = student.whole(*(inputs[name] for name in SHAPES))
    return dict(zip(("h", "dx", "dh0", "dWx", "dWh", "db"), outputs, strict=True))


def test_answers_of_a_later_stage_may_call_it(child):
    rng = np.random.default_rng(3)
    arrays = {name: 0.5 * rng.standard_normal(shape) for name, shape in SHAPES.items()}
    assert run(child, GIVEN + FUNCTION) == ""
    bench = SandboxBench(child, LIMITS.case_seconds, Deadline(60))
    bench.guard(Guard("whole", ("whole",), ("numpy",), (), "s02_language_model"))
    plan = run_play(bench, whole, arrays, {"whole": ("h", "dx", "dh0", "dWx", "dWh", "db")})
    h, cache = Earlier("s02_language_model").rnn_forward(**arrays)
    expected = [h, *Earlier("s02_language_model").rnn_backward(h, cache)]
    for place, right in zip(plan.outputs.values(), expected, strict=True):
        np.testing.assert_allclose(bench.value(place).numbers, right, rtol=1e-12, atol=1e-14)
    assert bench.guarded() == []


def test_it_brings_nothing_along_that_is_not_loaded_already(child):
    assert run(child, BROUGHT) == ""


def test_the_course_s_functions_are_used_where_there_is_no_notebook(child):
    assert "there is no file" in run(child, GIVEN + "earlier.use_notebook('../s01_rnn/s01_rnn.ipynb')")


def test_answers_that_are_taken_from_it_earn_nothing(course, stage, master, released, launcher):
    release = released.release_folder(stage.id)
    answers = {name: plain_answer(cell.source) for name, cell in master.answers().items()}
    answers |= {name: TAKING.format(name=name) for name in ("rnn_forward", "rnn_backward")}
    grader, _ = make_grader(course, stage, release, launcher, seed=5)
    text = notebook_with(released_notebook(release, stage), answers)
    record = grader.grade("eve", text.encode()).record
    lost = {verdict.exercise: verdict for verdict in record.verdicts if not verdict.full}
    assert list(lost) == ["rnn_forward", "rnn_backward"]
    assert [verdict.score for verdict in lost.values()] == [0.0, 0.0]
    assert "rnn_forward called rnn_forward of seqlab.earlier, which s01_rnn teaches" in lost["rnn_forward"].reason
