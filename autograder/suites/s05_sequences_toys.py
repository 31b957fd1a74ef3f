"""The toys of stage 5: tiny cases step by step. The numbers come from the oracle, not from the master."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.suite import Draw, ToyCase, ToyLine
from autograder.suites import s05_sequences_drawing as drawing
from autograder.suites import s05_sequences_oracles as oracles
from seqlab.checking.values import Array

SHORT = 2
COUNT = 4


def fixed(seed: int, weights: drawing.Shapes, **inputs: Array) -> Draw:
    """The given inputs and small round weights, the same every time."""

    def _draw(_: np.random.Generator) -> drawing.Arrays:
        drawn = drawing.weights(np.random.default_rng(seed), weights, 1.0)
        return inputs | {name: np.round(array, 1) for name, array in drawn.items()}

    return _draw


def glimpse_lines(images: Array, dscores: Array, **weights: Array) -> list[ToyLine]:
    """The image, and for each look where it was and what is believed after it."""
    right = oracles.looking(images, dscores, **weights)
    shown = [ToyLine("the image", images[0])]
    for t in range(dscores.shape[1]):
        shown += [ToyLine(f"places[:, {t}]", right["places"][:, t], "places", t)]
        shown += [ToyLine(f"scores[:, {t}]", right["scores"][:, t], "scores", t)]
    return shown


def drawer_lines(labels: Array, uniform: Array, **weights: Array) -> list[ToyLine]:
    """For each row what goes in, the probabilities, the numbers of chance, and what is drawn."""
    drawn = oracles.drawing(labels, uniform, **weights)["drawn"]
    scores = oracles.drawing_lesson(labels, drawn, **weights)["scores"]
    before = np.concatenate([np.zeros_like(drawn[:, :1]), drawn[:, :-1]], axis=1)
    shown = []
    for t in range(drawn.shape[1]):
        shown += [
            ToyLine(f"goes in at row {t}", before[:, t]),
            ToyLine("probabilities", 1 / (1 + np.exp(-scores[:, t]))),
        ]
        shown += [ToyLine("chance", uniform[:, t]), ToyLine(f"drawn[:, {t}]", drawn[:, t], "drawn", t)]
    return shown


def sentiment_lines(words: Array, lengths: Array, **weights: Array) -> list[ToyLine]:
    """The words, the lengths, the scores."""
    right = oracles.verdicts(words, lengths, **weights)["scores"]
    return [ToyLine("words", words), ToyLine("lengths", lengths), ToyLine("scores", right, "scores")]


def seq2seq_lines(source: Array, lengths: Array, target: Array, **weights: Array) -> list[ToyLine]:
    """The source, and for each step what goes in and what is said."""
    words = oracles.translation(source, lengths, target, **weights)["words"]
    shown = [ToyLine("source", source), ToyLine("lengths", lengths)]
    inputs = np.concatenate([np.full((len(words), 1), oracles.START), words[:, :-1]], axis=1)
    for t in range(words.shape[1]):
        shown += [ToyLine(f"goes in at step {t}", inputs[:, t]), ToyLine(f"words[:, {t}]", words[:, t], "words", t)]
    return shown


def labeller_lines(frames: Array, dscores: Array, **weights: Array) -> list[ToyLine]:
    """The scores frame by frame, and what is left at the end."""
    right = oracles.labels(frames, **weights)
    steps = range(frames.shape[1])
    shown = [ToyLine(f"scores[:, {t}]", right["scores"][:, t], "scores", t) for t in steps]
    return [*shown, ToyLine("state", right["state"], "state"), ToyLine("cell", right["cell"], "cell")]


IMAGE = np.round(np.linspace(0, 1, 25).reshape(1, 5, 5) ** 2, 2)
LOOKER = drawing.recurrent("cell", 3, 6, 2, "") | drawing.linear("look", 2, 2) | drawing.linear("read", 2, 3)
PEN = {"start.weight": (2, 3)} | drawing.recurrent("gru", 3, 4, 3) | drawing.linear("ink", 3, 4)
WORDS = np.array([[4, 3, 5, 0], [3, 4, 4, 5]])
BOTH_WAYS = drawing.recurrent("lstm", 4, 2, 2) | drawing.recurrent("lstm", 4, 2, 2, "_l0_reverse")
READER = {"embedding.weight": (6, 2)} | BOTH_WAYS | drawing.linear("head", 4, 2)
TWO_SIDES = drawing.recurrent("encoder", 4, 3, 4) | drawing.recurrent("decoder", 4, 3, 4)
SPEAKER = (
    {"source_embedding.weight": (6, 3), "target_embedding.weight": (7, 3)} | TWO_SIDES | drawing.linear("head", 4, 7)
)
EYE = {"eye.0.weight": (1, 1, 5, 5), "eye.0.bias": (1,), "eye.2.weight": (2, 1, 3, 3), "eye.2.bias": (2,)}
WATCHER = EYE | drawing.linear("eye.5", 2, 2) | drawing.recurrent("lstm", 4, 2, 2) | drawing.linear("head", 2, 3)
FRAMES = np.linspace(-1, 1, 32).reshape(1, SHORT, 4, 4)

GLIMPSES = partial(ToyCase, fixed(3, LOOKER, images=IMAGE, dscores=np.ones((1, SHORT, 3))), lines=glimpse_lines)
DRAWER = partial(
    ToyCase,
    fixed(4, PEN, labels=np.array([1, 0]), uniform=np.round(np.random.default_rng(1).random((2, 3, 4)), 2)),
    lines=drawer_lines,
)
SENTIMENT = partial(ToyCase, fixed(5, READER, words=WORDS, lengths=np.array([3, 4])), lines=sentiment_lines)
SEQ2SEQ = partial(
    ToyCase,
    fixed(6, SPEAKER, source=WORDS, lengths=np.array([3, 4]), target=np.zeros((2, COUNT + 1), np.int64)),
    lines=seq2seq_lines,
)
LABELLER = partial(ToyCase, fixed(7, WATCHER, frames=FRAMES, dscores=np.ones((1, SHORT, 3))), lines=labeller_lines)
