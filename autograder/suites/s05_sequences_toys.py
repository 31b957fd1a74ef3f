"""The toys of stage 5: tiny cases step by step. The numbers come from the oracle, not from the master.

Each is small enough to follow with a pencil, and shows the classic mistakes: its seed was found by trying.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

from autograder.oracles import numpy_of, plain
from autograder.student import Handle, Student, tensor
from autograder.suite import Draw, ToyCase, ToyLine
from autograder.suites import s05_sequences_drawing as drawing
from autograder.suites import s05_sequences_oracles as oracles
from autograder.suites import s05_sequences_plays as plays
from autograder.suites import s05_sequences_word_plays as word_plays
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]


def fixed(seed: int, weights: drawing.Shapes, never: tuple[str, int] | None = None, **inputs: Array) -> Draw:
    """The given inputs and small round weights, the same every time; of a bias, the first ``never`` are far below."""

    def _draw(_: np.random.Generator) -> drawing.Arrays:
        drawn = {
            name: np.round(array, 1)
            for name, array in drawing.weights(np.random.default_rng(seed), weights, 1.2).items()
        }
        if never:
            drawn[never[0]][: never[1]] = -9.0
        return inputs | drawn

    return _draw


# ---------------------------------------------------------------- plays with inputs that a reader understands


def look(student: Student, images: Array, looks: Array, **weights: Array) -> Outputs:
    """A number of looks."""
    result = plays.looker(student, int(looks[0]), weights)(tensor(images))
    return {"scores": result[0], "places": result[1]}


def judge(student: Student, words: Array, lengths: Array, **weights: Array) -> Outputs:
    """The scores of a batch of sentences."""
    return word_plays.verdicts_twice(student, words, lengths, **weights)


def translate(student: Student, source: Array, lengths: Array, max_length: Array, **weights: Array) -> Outputs:
    """What is handed over, and what is said."""
    model = word_plays.translator(student, weights)
    given, known = student.put(tensor(source)), student.put(tensor(lengths))
    state = model.encode(given, known)
    return {"state": state[0], "cell": state[1], "words": model.translate(given, known, int(max_length[0]))}


# ---------------------------------------------------------------- what is computed, in order


def glimpse_lines(images: Array, looks: Array, **weights: Array) -> list[ToyLine]:
    """For each look the place, the glimpse, the state and what is believed after it."""
    w = oracles.leaves_of(weights)
    parts = [w[f"cell.{part}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    h, shown = torch.zeros(1, parts[1].shape[1], dtype=parts[1].dtype), []
    for t in range(int(looks[0])):
        place = torch.tanh(oracles.linear(w, "look", h))
        glimpse = oracles.square(plain(images)[0], place[0], 2)
        h = torch.gru_cell(torch.cat([glimpse.reshape(1, -1), place], dim=1), h, *parts)
        scores = oracles.linear(w, "read", h)
        shown += [
            ToyLine(f"places[:, {t}]", numpy_of(place), "places", t),
            ToyLine("the glimpse there", numpy_of(glimpse)),
            ToyLine("the state after it", numpy_of(h)),
            ToyLine(f"scores[:, {t}]", numpy_of(scores), "scores", t),
        ]
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
    """The states word by word in both directions, each sentence by itself; then the two ends, and the scores."""
    w = oracles.leaves_of(weights)
    shown, ends = [], []
    for n, length in enumerate(lengths.tolist()):
        vectors = functional.embedding(torch.from_numpy(words[n, :length].copy()), w["embedding.weight"])
        forwards, backwards = (
            oracles.read(row, None, w, "lstm", suffix)[0]
            for row, suffix in ((vectors, ""), (vectors.flip(0), "_reverse"))
        )
        shown += [
            ToyLine(f"sentence {n}: states forwards, first word first", numpy_of(forwards)[:, 0]),
            ToyLine(f"sentence {n}: states backwards, last word first", numpy_of(backwards)[:, 0]),
        ]
        ends.append(torch.cat([forwards[-1], backwards[-1]]))
    right = oracles.verdicts(words, lengths, **weights)["scores"]
    both = numpy_of(torch.stack(ends))
    return [*shown, ToyLine("the two ends, side by side", both), ToyLine("scores", right, "scores")]


def seq2seq_lines(source: Array, lengths: Array, max_length: Array, **weights: Array) -> list[ToyLine]:
    """What is handed over, and for each step what goes in, the scores, and what is said."""
    w, count = oracles.leaves_of(weights), int(max_length[0])
    words = oracles.translation(source, lengths, np.zeros((1, count + 1)), **weights)["words"]
    inputs = np.concatenate([np.full((len(words), 1), oracles.START), words], axis=1)
    pairs = zip(source, lengths, strict=True)
    ends = [oracles.end_of(torch.from_numpy(row[:length].copy()), w) for row, length in pairs]
    state, cell = (numpy_of(torch.stack([end[k] for end in ends]))[None] for k in (0, 1))
    spoken = [
        oracles.scores_of_words(torch.from_numpy(row[:-1].copy()), end, w)
        for row, end in zip(inputs, ends, strict=True)
    ]
    scores = numpy_of(torch.stack(spoken))
    shown = [ToyLine("handed over: state", state, "state"), ToyLine("handed over: cell", cell, "cell")]
    for t in range(count):
        shown += [ToyLine(f"goes in at step {t}", inputs[:, t]), ToyLine("scores of the words", scores[:, t])]
        shown += [ToyLine(f"words[:, {t}]", words[:, t], "words", t)]
    return shown


def labeller_lines(frames: Array, later_frames: Array, **weights: Array) -> list[ToyLine]:
    """What the eye makes of each frame, the scores frame by frame, and those of the second part."""
    w = oracles.leaves_of(weights)
    whole = np.concatenate([frames, later_frames], axis=1)
    seen = np.array([[numpy_of(oracles.features_of(plain(frame), w)) for frame in film] for film in whole])
    right = oracles.continued(frames, later_frames, **weights)
    first = oracles.labels(frames, **weights)
    steps = range(frames.shape[1])
    return [
        *(ToyLine(f"features of frame {t} of each film", seen[:, t]) for t in steps),
        *(ToyLine(f"scores[:, {t}]", right["scores"][:, t], "scores", t) for t in steps),
        ToyLine("state after the first part", first["state"], "state"),
        ToyLine("cell after the first part", first["cell"], "cell"),
        ToyLine("features of the later frame", seen[:, frames.shape[1]]),
        ToyLine("later_scores", right["later_scores"], "later_scores"),
    ]


def label(student: Student, frames: Array, later_frames: Array, **weights: Array) -> Outputs:
    """The first part of a film, and the second from where it stopped."""
    model = plays.labeller(student, weights, frames.shape[-1])
    first = model(tensor(frames))
    later = model(tensor(later_frames), first[1])
    named = {"scores": first[0], "state": first[1][0], "cell": first[1][1]}
    return named | {"later_scores": later[0]}


IMAGE = np.round(np.linspace(0, 1, 25).reshape(1, 5, 5) ** 2, 2)
LOOKER = drawing.linear("look", 2, 2) | drawing.linear("read", 2, 3) | drawing.recurrent("cell", 3, 6, 2, "")
PEN = {"start.weight": (2, 2)} | drawing.linear("ink", 2, 3) | drawing.recurrent("gru", 3, 3, 2)
UNIFORM = np.round(np.random.default_rng(1).uniform(0.2, 0.8, (2, 3, 3)), 2)
WORDS = np.array([[4, 3, 0, 0], [3, 4, 4, 3]])
LENGTHS = np.array([2, 4])
BOTH_WAYS = drawing.recurrent("lstm", 4, 1, 1) | drawing.recurrent("lstm", 4, 1, 1, "_l0_reverse")
READER = {"embedding.weight": (5, 1)} | drawing.linear("head", 2, 2) | BOTH_WAYS
TWO_SIDES = drawing.recurrent("encoder", 4, 1, 1) | drawing.recurrent("decoder", 4, 1, 1)
SPEAKER = (
    {"source_embedding.weight": (5, 1), "target_embedding.weight": (6, 1)} | drawing.linear("head", 1, 6) | TWO_SIDES
)
EYE = {"eye.0.weight": (1, 1, 5, 5), "eye.0.bias": (1,), "eye.2.weight": (2, 1, 3, 3), "eye.2.bias": (2,)}
WATCHER = drawing.linear("head", 1, 2) | drawing.linear("eye.5", 2, 1) | drawing.recurrent("lstm", 4, 1, 1) | EYE
FRAMES = np.array([[[[1, 0], [0, 0]], [[0, 1], [0, 0]]], [[[0, 0], [1, 1]], [[1, 1], [0, 1]]]], np.float64)
LATER = np.array([[[[0, 0], [0, 1]]], [[[1, 0], [1, 0]]]], np.float64)

GLIMPSES = ToyCase(fixed(181, LOOKER, images=IMAGE, looks=np.array([2])), look, glimpse_lines)
DRAWER = ToyCase(fixed(8, PEN, labels=np.array([1, 0]), uniform=UNIFORM), plays.drawing, drawer_lines)
SENTIMENT = ToyCase(fixed(448, READER, words=WORDS, lengths=LENGTHS), judge, sentiment_lines)
SEQ2SEQ = ToyCase(
    fixed(15606, SPEAKER, ("head.bias", 2), source=WORDS, lengths=LENGTHS, max_length=np.array([4])),
    translate,
    seq2seq_lines,
)
LABELLER = ToyCase(fixed(3, WATCHER, frames=FRAMES, later_frames=LATER), label, labeller_lines)
