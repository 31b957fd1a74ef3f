"""seqlab.earlier is no way round the stage's own work: taking from it what a stage is about is found, and costs it."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from autograder.proving.local import LocalSession
from autograder.reference import reference_namespace
from seqlab.checking.guards import LIBRARIES, Guard, Watch
from seqlab.earlier import Earlier
from tests.course.stages import SUBJECTS

SUBJECT = SUBJECTS["s01_rnn"]
FUNCTIONS = ("rnn_step_forward", "rnn_step_backward", "rnn_forward", "rnn_backward")
AFFINE = ("temporal_affine_forward", "temporal_affine_backward")
ARRAYS = [np.ones(shape) for shape in ((2, 3, 4), (2, 5), (4, 5), (5, 5), (5,))]
HEAD = "from seqlab.earlier import Earlier\nearlier = Earlier('s08_vqa')\n"


def namespace(source):
    names = {"__name__": "__main__"}
    exec(HEAD + source, names)
    return names


def hits(guard, source):
    """What is found when ``f`` of ``source`` is called."""
    names = namespace(source)
    watch = Watch(guard)
    with watch.watching():
        names["f"](*ARRAYS)
    return watch.hits()


def guard(stage, *exercises, allowed=("numpy",)):
    return Guard("f", ("f", *exercises), allowed, (), stage)


TAKING = "def f(*args): return earlier.rnn_forward(*args)"


def test_what_an_earlier_stage_taught_may_be_used_and_the_torch_inside_is_not_the_student_s():
    backwards = "def f(*args):\n    h, cache = earlier.rnn_forward(*args)\n    return earlier.rnn_backward(h, cache)"
    assert hits(guard("s02_language_model", "g"), backwards) == []


@pytest.mark.parametrize("allowed", [("numpy",), ("torch",), ("numpy", *sorted(LIBRARIES))])
@pytest.mark.parametrize("stage", ["s01_rnn", "s00_zero"])
def test_what_this_stage_or_a_later_one_teaches_may_not(stage, allowed):
    found = hits(guard(stage, allowed=allowed), TAKING)
    assert found == [("f", "called rnn_forward of seqlab.earlier, which s01_rnn teaches")]


def test_an_exercise_of_the_stage_may_not_whatever_stage_is_said_to_teach_it():
    assert hits(guard("s05_later", "rnn_forward"), TAKING) == [
        ("f", "called rnn_forward of seqlab.earlier, which s01_rnn teaches")
    ]


@pytest.mark.parametrize(
    "source",
    [
        "taken = earlier.rnn_forward\ndef g(*args): return taken(*args)\ndef f(*args): return g(*args)",
        "f = earlier.rnn_forward",
        "from seqlab.earlier.vanilla import rnn\ndef f(*args): return rnn.functions['rnn_forward'](*args)",
        "from functools import partial\nf = partial(earlier.rnn_forward)",
        "from IPython.display import display\ndef f(*args): return [earlier.rnn_forward(*args)]",
    ],
    ids=["taken-before", "bound", "past-the-door", "partial", "within-a-list"],
)
def test_every_way_of_calling_it_is_found(source):
    assert any("called rnn_forward" in what for _, what in hits(guard("s01_rnn"), source))


def test_a_call_in_another_thread_is_found():
    names = namespace(TAKING)
    watch = Watch(guard("s01_rnn"))
    with watch.watching():
        thread = threading.Thread(target=names["f"], args=ARRAYS)
        thread.start()
        thread.join()
    assert [what for _, what in watch.hits()] == ["called rnn_forward of seqlab.earlier, which s01_rnn teaches"]


def test_what_is_guarded_crosses_into_the_sandbox_whole():
    one = Guard("f", ("f", "g"), ("numpy",), ("torch.nn.RNN",), "s01_rnn")
    assert Guard.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_what_is_called_while_nobody_watches_is_not():
    watch = Watch(guard("s01_rnn"))
    with watch.watching():
        pass
    Earlier("s02_x").rnn_forward(*ARRAYS)
    assert watch.hits() == []


def judged(names, stage=SUBJECT.stage):
    judge = SUBJECT.judge if stage is SUBJECT.stage else SUBJECT.judge_of(3, stage)
    return {one.exercise: one for one in judge.judge(LocalSession(reference_namespace(SUBJECT.master) | names))}


def taken(*exercises):
    """Answers that are calls of seqlab.earlier."""
    return {name: namespace(f"def {name}(*args): return earlier.{name}(*args)")[name] for name in exercises}


def test_taking_the_answers_earns_nothing():
    verdicts = judged(taken(*FUNCTIONS, *AFFINE))
    lost = [name for name, verdict in verdicts.items() if not verdict.full]
    assert lost == [*FUNCTIONS, *AFFINE]
    assert all(verdicts[name].score == 0 for name in lost)
    told = "rnn_forward called rnn_forward of seqlab.earlier, which s01_rnn teaches; this exercise is to be written in "
    assert verdicts["rnn_forward"].reason == f"{told}NumPy"


def test_binding_the_answers_earns_nothing():
    earlier = Earlier("s08_vqa")
    verdicts = judged({name: getattr(earlier, name) for name in FUNCTIONS})
    assert [name for name, verdict in verdicts.items() if not verdict.full] == list(FUNCTIONS)


def test_it_is_charged_once():
    """The way back calls the student's own forward function, too, which has paid for it already."""
    names = namespace("def rnn_forward(*args):\n    earlier.rnn_forward(*args)\n    return right(*args)")
    names["right"] = SUBJECT.reference()["rnn_forward"]
    verdicts = judged({"rnn_forward": names["rnn_forward"]})
    assert [name for name, verdict in verdicts.items() if not verdict.full] == ["rnn_forward"]


def test_a_stage_without_rules_for_libraries_is_no_way_round():
    verdicts = judged(taken("rnn_forward", "rnn_backward"), replace(SUBJECT.stage, imports={}))
    assert verdicts["rnn_forward"].score == 0
    assert verdicts["rnn_forward"].reason.endswith("which s01_rnn teaches; this exercise is to be written by you")
    assert verdicts["rnn_step_forward"].full
