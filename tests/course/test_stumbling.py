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

STAGES = tuple(SUBJECTS)
RETURNS_NO_ARRAYS = {"clip_grad_norm", "bleu", "hard_attention_loss"}
ALONE = {"questions_alone"}  # a question of a batch, by itself: not narrow, what the case is about
STATELESS_CLASSES = {"RowReader", "CharRNN", "RNN", "MultilayerRNN", "LSTM", "GRU", "FrameLabeller", "CaptioningRNN"}
CLASSES_WITHOUT_STATES = {"GlimpseClassifier", "SequenceDrawer", "SentimentClassifier", "Seq2Seq", "Captioner"}
ALSO_ANSWER = {"SequenceDrawer": "draw", "Seq2Seq": "translate", "CaptioningRNN": "sample", "Captioner": "sample"}
LAST_LAYERS = {
    "GlimpseClassifier": "read",
    "SequenceDrawer": "ink",
    "SentimentClassifier": "head",
    "Seq2Seq": "head",
    "FrameLabeller": "head",
    "Captioner": "vocabulary",
}
RETURN_STATES = {"FrameLabeller": ("scores", "cache")}
EXERCISES = [(stage, name) for stage in STAGES for name in SUBJECTS[stage].stage.points]
SQUEEZED = [one for one in EXERCISES if one[1] not in RETURNS_NO_ARRAYS]
WITH_LAST_LAYERS = [one for one in EXERCISES if one[1] in LAST_LAYERS]
WITH_CACHES = [one for one in EXERCISES if one[1].endswith("_backward")]
CLASSES = [one for one in EXERCISES if one[1] in STATELESS_CLASSES | CLASSES_WITHOUT_STATES]


def squeezed(value):
    """The value with every axis of length 1 gone, also inside lists, tuples and dictionaries."""
    if isinstance(value, (np.ndarray, torch.Tensor)):
        return value.squeeze()
    if isinstance(value, dict):
        return {name: squeezed(part) for name, part in value.items()}
    return type(value)(squeezed(part) for part in value) if isinstance(value, (list, tuple)) else value


def method_of(answer):
    return "forward" if issubclass(answer, torch.nn.Module) else "loss"


def replaced_methods(answer, make, *others):
    """A subclass whose ``loss`` or ``forward``, and each of ``others``, is ``make`` of the right one."""
    methods = (method_of(answer), *others)
    return type(answer.__name__, (answer,), {method: make(getattr(answer, method)) for method in methods})


def that_squeezes(namespace, name, returns):
    """Squeeze at the end, but leave caches, and states for the next call, as they are."""

    def squeezing(right):
        def answer(*args, **kwargs):
            result, names = right(*args, **kwargs), (RETURN_STATES | dict(returns)).get(name, ())
            if "cache" not in names:
                return squeezed(result)
            return tuple(part if what == "cache" else squeezed(part) for what, part in zip(names, result, strict=True))

        return answer

    right, others = namespace[name], [ALSO_ANSWER[name]] if name in ALSO_ANSWER else []
    namespace[name] = replaced_methods(right, squeezing, *others) if isinstance(right, type) else squeezing(right)


def that_squeezes_inside(layer):
    """Squeeze what goes into the last layer."""

    def make(right):
        def forward(self, *args):
            hook = getattr(self, layer).register_forward_pre_hook(lambda _, given: given[0].squeeze())
            try:
                return right(self, *args)
            finally:
                hook.remove()

        return forward

    return make


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


def piling_up(right):
    """Results in lists that were made with the object, and are never emptied."""

    def forward(self, *args):
        result = right(self, *args)
        parts = result if isinstance(result, tuple) else (result,)
        self.piles = [
            [*pile, part] for pile, part in zip(getattr(self, "piles", [[]] * len(parts)), parts, strict=True)
        ]
        together = tuple(torch.cat(pile, dim=1) for pile in self.piles)
        return together if isinstance(result, tuple) else together[0]

    return forward


def that_remembers_its_last_call(namespace, name):
    right = namespace[name]
    remembering = piling_up if name in CLASSES_WITHOUT_STATES else going_on
    namespace[name] = replaced_methods(right, remembering if method_of(right) == "forward" else adding_up)


def that_has_two_classes(right):
    """Room for two scores, however many there are."""

    def forward(self, words, lengths):
        scores = self.head.weight.new_zeros(len(words), 2)
        scores[:] = right(self, words, lengths)
        return scores

    return forward


def that_counts_to_four(right):
    """Runs of up to four words, whatever is asked for."""
    return lambda candidates, references, max_n=4: right(candidates, references)


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


@pytest.mark.parametrize(("stage_id", "exercise"), WITH_LAST_LAYERS)
def test_an_answer_that_squeezes_inside_loses_a_little(subject, exercise):
    namespace = subject.reference()
    namespace[exercise] = replaced_methods(namespace[exercise], that_squeezes_inside(LAST_LAYERS[exercise]))
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


@pytest.mark.parametrize(
    ("stage_id", "exercise", "make"),
    [("s05_sequences", "SentimentClassifier", that_has_two_classes), ("s06_captioning", "bleu", that_counts_to_four)],
)
def test_an_answer_with_a_size_written_into_it_loses_a_little(subject, exercise, make):
    namespace = subject.reference()
    right = namespace[exercise]
    namespace[exercise] = replaced_methods(right, make) if isinstance(right, type) else make(right)
    assert_little_is_lost(subject, namespace, exercise)


@pytest.mark.parametrize(("stage_id", "exercise"), SQUEEZED)
def test_a_narrow_case_is_a_small_stated_share_of_its_exercise(subject, exercise):
    """docs/grading.md says about 5 to 10 %."""
    drawn = subject.judge.drawn(exercise)
    weights = [one.case.weight for one in drawn]
    narrow = [one.case.weight for one in drawn if is_narrow(one, drawn[0])]
    assert narrow
    assert all(0.045 <= weight / sum(weights) <= 0.12 for weight in narrow)


def is_narrow(drawn, ordinary):
    """Whether a size is 1 that is not so in the ordinary case; ``max_length`` is a size too."""
    return any(
        value == 1 if name == "max_length" else ones_of(value) - ones_of(ordinary.inputs.get(name, np.empty(0)))
        for name, value in drawn.inputs.items()
        if name not in ALONE
    )


def ones_of(value):
    """The axes of length 1, where there are several axes."""
    return {axis for axis, size in enumerate(value.shape) if size == 1 and value.ndim > 1}
