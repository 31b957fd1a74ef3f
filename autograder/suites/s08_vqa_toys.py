"""The toys of stage 8: tiny cases step by step. The numbers come from the oracles, not from the master."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.oracles import numpy_of, plain
from autograder.suite import ToyCase, ToyLine
from autograder.suites import s08_vqa_draws as draws
from autograder.suites import s08_vqa_oracles as oracles
from autograder.suites.s05_sequences_drawing import linear
from autograder.suites.s05_sequences_toys import fixed
from seqlab.checking.values import Array

D, H, F, P, K = 2, 2, 3, 2, 3


def priors_lines(
    questions: Array, images: Array, answers: Array, new_questions: Array, new_images: Array
) -> list[ToyLine]:
    """How often each answer was given: at all, to each new question, about each new image; and the guesses.

    About the first new image two answers were given equally often.
    """
    right = oracles.priors(questions, images, answers, new_questions, new_images)
    asked = [(questions == row[: questions.shape[1]]).all(axis=1) for row in new_questions]
    ways = {
        "in the split": [np.full(len(answers), True)],
        "to each new question": asked,
        "about each new image": [images == one for one in new_images],
    }
    K = answers.max() + 1
    shown = [
        ToyLine(f"how often each answer was given {name}", _counts(answers, groups, K)) for name, groups in ways.items()
    ]
    return [*shown, *(ToyLine(f'"{name.replace("_", " ")}"', guess, name) for name, guess in right.items())]


def _counts(answers: Array, groups: list[Array], K: int) -> Array:
    return np.stack([np.bincount(answers[group], minlength=K) for group in groups])


def consensus_lines(said: Array, all_answers: Array) -> list[ToyLine]:
    """How many people agree with what was said, and the accuracies."""
    agree = [sum(one == answer >= 0 for one in row) for answer, row in zip(said, all_answers, strict=True)]
    right = oracles.consensus(said, all_answers)["accuracy"]
    return [ToyLine("how many agree", np.array(agree)), ToyLine("accuracy", right, "accuracy")]


def encoder_lines(questions: Array, lengths: Array, **weights: Array) -> list[ToyLine]:
    """The state after every word of the longest question, and the last one of each."""
    right = oracles.states(questions, lengths, **weights)["states"]
    shown = []
    for t in range(int(lengths[0])):
        part = oracles.states(questions[:1], np.array([t + 1]), **weights)["states"]
        shown.append(ToyLine(f"the first question's state after {t + 1} of its words", part))
    return [*shown, ToyLine("states", right, "states")]


def fuse_lines(question: Array, image: Array, dfused: Array, **weights: Array) -> list[ToyLine]:
    """Both sides projected and squashed, and the product."""
    both = oracles.fused(question, image, **weights)["concatenation"]
    shown = [ToyLine("a, the question's side", both[:, :P]), ToyLine("s, the image's side", both[:, P:])]
    return [*shown, ToyLine("fused, by product", oracles.fused(question, image, dfused, **weights)["fused"], "fused")]


def answer_lines(questions: Array, lengths: Array, image: Array, **weights: Array) -> list[ToyLine]:
    """The states of the questions, and the scores."""
    states, _ = oracles.encoded(questions, lengths, weights)
    right = oracles.answers(questions, lengths, image, **weights)["scores"]
    shown = [ToyLine("states of the questions", np.stack([numpy_of(one) for one in states]))]
    return [*shown, ToyLine("scores", right, "scores")]


def looking_lines(questions: Array, lengths: Array, positions: Array, **weights: Array) -> list[ToyLine]:
    """The states of the questions, what each position has to do with them, the weights, the scores."""
    states, w = oracles.encoded(questions, lengths, weights)
    pairs = zip(states, plain(positions), strict=True)
    relevance = np.stack([numpy_of(oracles.relevance_of(state, image, w)) for state, image in pairs])
    right = oracles.looks(questions, lengths, positions, **weights)
    shown = [ToyLine("e of each position", relevance)]
    shown += [ToyLine("weights", right["weights"], "weights")]
    shown += [ToyLine("what is seen", np.einsum("nl,nlf->nf", right["weights"], positions))]
    return [*shown, ToyLine("scores", right["scores"], "scores")]


QUESTIONS = np.array([[5, 4, 6, 0], [4, 6, 6, 5]])
LENGTHS = np.array([3, 4])
IMAGE = np.array([[0.5, -1.0, 0.2], [-0.3, 0.8, 1.0]])
POSITIONS = np.round(np.linspace(-1, 1, 18).reshape(2, 3, F), 1)
READER = draws.reader("encoder.", D, H)
MEETING = draws.meeting_point("projections.", H, F, P)
MODEL = READER | MEETING | linear("head", P, K)
LOOKING = MODEL | draws.meeting_point("looking.", H, F, P) | {"weigh.weight": (1, P)}
SPLIT = {  # the six questions of the notebook: is it red, what shape, is it big; answers no, yes, circle
    "questions": np.array([[4, 5, 6, 7], [4, 5, 6, 7], [4, 5, 6, 7], [8, 9, 7, 0], [8, 9, 7, 0], [4, 5, 10, 7]]),
    "images": np.array([1, 2, 3, 1, 2, 2]),
    "answers": np.array([1, 0, 0, 2, 2, 0]),
    "new_questions": np.array([[4, 5, 6, 7, 0], [8, 9, 7, 0, 0], [4, 5, 11, 7, 0]]),
    "new_images": np.array([1, 4, 2]),
}
TEN = np.array([[2, 2, 2, 2, 5, 5, 5, 1, 3, 4]] * 4)

PRIORS = partial(ToyCase, lambda _: {name: one.copy() for name, one in SPLIT.items()}, lines=priors_lines)
CONSENSUS = partial(
    ToyCase, lambda _: {"said": np.array([2, 5, 1, 0]), "all_answers": TEN.copy()}, lines=consensus_lines
)
ENCODER = partial(
    ToyCase,
    fixed(3, draws.reader("", D, H), questions=QUESTIONS, lengths=LENGTHS),
    lines=encoder_lines,
)
FUSE = partial(
    ToyCase,
    fixed(4, draws.meeting_point("", H, F, P), question=IMAGE[:, :H].copy(), image=IMAGE, dfused=np.ones((2, P))),
    lines=fuse_lines,
)
MODELS = partial(ToyCase, fixed(5, MODEL, questions=QUESTIONS, lengths=LENGTHS, image=IMAGE), lines=answer_lines)
LOOKS = partial(
    ToyCase, fixed(6, LOOKING, questions=QUESTIONS, lengths=LENGTHS, positions=POSITIONS), lines=looking_lines
)
