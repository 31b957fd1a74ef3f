"""Where real students stumble: a size of 1, and what one call leaves behind for the next.

A right answer is made to stumble. It must lose something in the hidden cases and be told so in the public ones, and
keep most of its exercise. A stage joins by a line in ``STAGES``.
"""

import numpy as np
import pytest
import torch

from seqlab.checking.outcome import replay_case
from seqlab.checking.workbench import Workbench
from tests.course.stages import SUBJECTS

STAGES = ("s01_rnn", "s02_language_model", "s03_gradient_flow", "s04_gates", "s07_attention", "s08_vqa")
RETURNS_NO_ARRAYS = {"clip_grad_norm", "hard_attention_loss"}
ALWAYS_NARROW = {"weigh.weight", "questions_alone"}  # a layer with one output; a question of a batch, by itself
STATELESS_CLASSES = {"RowReader", "CharRNN", "RNN", "MultilayerRNN", "LSTM", "GRU"}
EXERCISES = [(stage, name) for stage in STAGES for name in SUBJECTS[stage].stage.points]
SQUEEZED = [one for one in EXERCISES if one[1] not in RETURNS_NO_ARRAYS]
WITH_CACHES = [one for one in EXERCISES if one[1].endswith("_backward")]
CLASSES = [one for one in EXERCISES if one[1] in STATELESS_CLASSES]


def squeezed(value):
    """The value with every axis of length 1 gone, also inside lists, tuples and dictionaries."""
    if isinstance(value, (np.ndarray, torch.Tensor)):
        return value.squeeze()
    if isinstance(value, dict):
        return {name: squeezed(part) for name, part in value.items()}
    return type(value)(squeezed(part) for part in value) if isinstance(value, (list, tuple)) else value


def method_of(answer):
    return "forward" if issubclass(answer, torch.nn.Module) else "loss"


def replaced_method(answer, make):
    """A subclass whose ``loss`` or ``forward`` is ``make`` of the right one."""
    method = method_of(answer)
    return type(answer.__name__, (answer,), {method: make(getattr(answer, method))})


def that_squeezes(namespace, name, returns):
    """Squeeze at the end, but leave caches as they are."""

    def squeezing(right):
        def answer(*args, **kwargs):
            result, names = right(*args, **kwargs), returns.get(name, ())
            if "cache" not in names:
                return squeezed(result)
            return tuple(part if what == "cache" else squeezed(part) for what, part in zip(names, result, strict=True))

        return answer

    right = namespace[name]
    namespace[name] = replaced_method(right, squeezing) if isinstance(right, type) else squeezing(right)


def that_keeps_one_cache(namespace, backward):
    """Every forward pass writes over the cache of the one before."""
    forward = backward.replace("_backward", "_forward")
    there, back, kept = namespace[forward], namespace[backward], {}

    def one_cache(*args):
        *outputs, kept["cache"] = there(*args)
        return (*outputs, kept)

    namespace[forward] = one_cache
    namespace[backward] = lambda *args: back(*args[:-1], args[-1]["cache"])


def adding_up(right):
    """Gradients of all calls so far."""

    def loss(self, *args):
        found, grads, *rest = right(self, *args)
        self.sums = {name: grad + getattr(self, "sums", {}).get(name, 0) for name, grad in grads.items()}
        return (found, self.sums, *rest)

    return loss


def going_on(right):
    """Where no state is given, go on from the one that the last call ended with."""

    def forward(self, x, state=None):
        result = right(self, x, getattr(self, "ended", None) if state is None else state)
        if isinstance(result, tuple):
            self.ended = result[1]
        else:
            self.ended = [h[:, -1] for h in result] if isinstance(result, list) else result[:, -1]
        return result

    return forward


def that_remembers_its_last_call(namespace, name):
    right = namespace[name]
    namespace[name] = replaced_method(right, going_on if method_of(right) == "forward" else adding_up)


def hidden_share(subject, namespace, exercise):
    """The share of an exercise's points that is earned, a case's outputs counting as in a verdict."""
    bench, drawn = Workbench(namespace), subject.judge.drawn(exercise)
    earned = sum(one.case.weight * subject.judge.outcome(bench, one).share for one in drawn)
    return earned / sum(one.case.weight for one in drawn)


def assert_little_is_lost(subject, namespace, exercise):
    outcomes = [replay_case(case, namespace) for case in subject.checks.exercises[exercise].cases]
    assert not all(outcome.right for outcome in outcomes)
    assert outcomes[0].right
    assert 0.7 <= hidden_share(subject, namespace, exercise) < 1


@pytest.mark.parametrize(("stage_id", "exercise"), SQUEEZED)
def test_an_answer_that_squeezes_loses_a_little(subject, exercise):
    namespace = subject.reference()
    that_squeezes(namespace, exercise, subject.suite.returns)
    assert_little_is_lost(subject, namespace, exercise)


@pytest.mark.parametrize(("stage_id", "exercise"), WITH_CACHES)
def test_a_cache_that_is_written_over_loses_a_little(subject, exercise):
    namespace = subject.reference()
    that_keeps_one_cache(namespace, exercise)
    assert_little_is_lost(subject, namespace, exercise)


@pytest.mark.parametrize(("stage_id", "exercise"), CLASSES)
def test_an_object_that_remembers_its_last_call_loses_a_little(subject, exercise):
    namespace = subject.reference()
    that_remembers_its_last_call(namespace, exercise)
    assert_little_is_lost(subject, namespace, exercise)


@pytest.mark.parametrize(("stage_id", "exercise"), SQUEEZED)
def test_a_narrow_case_is_a_small_stated_share_of_its_exercise(subject, exercise):
    """docs/grading.md says about 5 to 10 %."""
    weights = [one.case.weight for one in subject.judge.drawn(exercise)]
    narrow = [one.case.weight for one in subject.judge.drawn(exercise) if is_narrow(one)]
    assert narrow
    assert all(0.045 <= weight / sum(weights) <= 0.12 for weight in narrow)


def is_narrow(drawn):
    others = [value for name, value in drawn.inputs.items() if name not in ALWAYS_NARROW]
    return any(1 in value.shape for value in others if value.ndim > 1)
