"""Drawing the inputs of stage 5: weights under the names of state dicts, and sentences of unequal lengths."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from autograder.drawing import sizes
from autograder.suites import s05_sequences_oracles as oracles
from seqlab.checking.values import Array

Arrays = dict[str, Array]
Rng = np.random.Generator
Shapes = dict[str, tuple[int, ...]]


def weights(rng: Rng, shapes: Shapes, scale: float = 0.5) -> Arrays:
    """A normal array for each shape."""
    return {name: rng.standard_normal(shape) * scale for name, shape in shapes.items()}


def linear(name: str, inputs: int, outputs: int) -> Shapes:
    """The parameters of ``nn.Linear``."""
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def recurrent(name: str, blocks: int, inputs: int, hidden: int, suffix: str = "_l0") -> Shapes:
    """The parameters of one layer with ``blocks`` blocks: 4 of an LSTM, 3 of a GRU."""
    shapes: Shapes = {"weight_ih": (blocks * hidden, inputs), "weight_hh": (blocks * hidden, hidden)}
    shapes |= {"bias_ih": (blocks * hidden,), "bias_hh": (blocks * hidden,)}
    return {f"{name}.{part}{suffix}": shape for part, shape in shapes.items()}


def as_dtype(draw: Callable[[Rng], Arrays], dtype: str) -> Callable[[Rng], Arrays]:
    """The same with all floating arrays in ``dtype``."""

    def _typed(rng: Rng) -> Arrays:
        return {name: a.astype(dtype) if a.dtype.kind == "f" else a for name, a in draw(rng).items()}

    return _typed


def only(draw: Callable[[Rng], Arrays], without: tuple[str, ...]) -> Callable[[Rng], Arrays]:
    """The same without some arrays, for plays that do not take them."""
    return lambda rng: {name: array for name, array in draw(rng).items() if name not in without}


# ---------------------------------------------------------------- one to one, by looking


def looking(rng: Rng, ones: str = "") -> Arrays:
    """N, T, H, C, height and width all different, glimpses of 2 or 3 pixels; but 1 for each of N, T, H, S in ``ones``.

    S is the side of a glimpse.
    """
    N, T, H, C = sizes(rng, "NTHC", ones)
    height, width = sizes(rng, "YX", low=6, high=11)
    size = 1 if "S" in ones else int(rng.integers(2, 4))
    shapes = recurrent("cell", 3, size * size + 2, H, "") | linear("look", H, 2) | linear("read", H, C)
    inputs = {"images": rng.random((N, height, width)), "dscores": rng.standard_normal((N, T, C))}
    return inputs | {"dplaces": rng.standard_normal((N, T, 2))} | weights(rng, shapes, 0.7)


def calm_looking(rng: Rng) -> Arrays:
    """Places that hang little on states: neither gradients nor the roundings of float32 grow from look to look."""
    drawn = looking(rng)
    drawn["look.weight"] *= 0.3
    return drawn


def looking_on_side(rng: Rng) -> Arrays:
    """The images stored column by column."""
    drawn = looking(rng)
    drawn.pop("dplaces")
    return {"images_on_side": np.ascontiguousarray(drawn.pop("images").transpose(0, 2, 1))} | drawn


# ---------------------------------------------------------------- one to many


def drawing(rng: Rng, ones: str = "") -> Arrays:
    """N, T, W (the width), H, C all different, but 1 where their letter is in ``ones``. Each class may occur twice."""
    N, T, width, H, C = sizes(rng, "NTWHC", ones, low=3, high=9)
    shapes: Shapes = {"start.weight": (C, H)} | recurrent("gru", 3, width, H) | linear("ink", H, width)
    rows = np.asarray(rng.random((N, T, width)) < 0.5, np.float64)
    inputs = {"labels": rng.integers(0, C, N), "rows": rows, "dscores": rng.standard_normal((N, T, width))}
    return inputs | weights(rng, shapes, 0.8)


def two_endings(rng: Rng) -> Arrays:
    """Two drawings that differ from the middle on."""
    drawn = drawing(rng)
    drawn.pop("dscores")
    other = drawn["rows"].copy()
    middle = other.shape[1] // 2
    other[:, middle:] = 1 - other[:, middle:]
    return {"other_rows": other} | drawn


def chance(rng: Rng, ones: str = "") -> Arrays:
    """Labels and a number for every pixel, near its probability, so that what a step sees decides many pixels."""
    return only(partial(lesson_and_chance, ones=ones), ("rows",))(rng)


def lesson_and_chance(rng: Rng, ones: str = "") -> Arrays:
    """The same with the drawing that comes of it, which was chosen first."""
    drawn = only(partial(drawing, ones=ones), ("dscores",))(rng)
    drawn["ink.weight"] *= 0.5  # no probability is so near to 0 or 1 that nothing fits between
    rows = drawn["rows"]
    probability = 1 / (1 + np.exp(-oracles.drawing_lesson(**drawn)["scores"]))
    apart = rng.uniform(0.02, 0.1, rows.shape) * np.where(rows == 1, probability, 1 - probability)
    return {"uniform": probability + np.where(rows == 1, -apart, apart)} | drawn


# ---------------------------------------------------------------- many to one


def sentences(
    rng: Rng, ones: str = "", junk: bool = False, roomy: bool = False, even: bool = False, C: int = 2
) -> Arrays:
    """N, T, D, H, V all different, but 1 where their letter is in ``ones``; lengths in no order, one of a single word.

    ``junk`` puts words behind the ends; ``roomy`` makes T greater than the longest sentence; ``even``: all are of one
    length.
    """
    N, T, D, H = sizes(rng, "NTDH", ones, low=3)
    V, C = 9, 1 if "C" in ones else C
    longest = T - 1 if roomy else T
    lengths = np.full(N, longest) if even else unequal(rng, N, longest)
    shapes: Shapes = {"embedding.weight": (V, D)} | recurrent("lstm", 4, D, H)
    shapes |= recurrent("lstm", 4, D, H, "_l0_reverse") | linear("head", 2 * H, C)
    words = padded(rng, lengths, T, V, junk)
    inputs = {"words": words, "lengths": lengths, "dscores": rng.standard_normal((N, C))}
    return inputs | weights(rng, shapes, 0.8)


def sentence_alone(rng: Rng) -> Arrays:
    """A batch, and its shortest sentence without padding."""
    drawn = only(sentences, ("dscores",))(rng)
    return with_shortest(drawn, "words")


def with_shortest(drawn: Arrays, name: str) -> Arrays:
    """Add the sentence next to the shortest as a batch of its own: ``<name>_alone`` and ``length_alone``."""
    row = int(np.argsort(drawn["lengths"], kind="stable")[1])
    length = drawn["lengths"][row]
    alone = drawn[name][row : row + 1, :length].copy()
    return {f"{name}_alone": alone, "length_alone": np.array([length])} | drawn


def unequal(rng: Rng, count: int, longest: int) -> Array:
    """Lengths from 1 to ``longest``, both of them present, and neither falling nor rising where there are three."""
    if count < 3:
        return np.full(count, longest)
    middle = rng.integers(1, longest + 1, count - 3)
    return np.concatenate([[max(1, longest // 2)], middle, [longest, 1]]).astype(np.int64)


def padded(rng: Rng, lengths: Array, length: int, vocabulary: int, junk: bool) -> Array:
    """Words from 3 up, then NULL, or with ``junk`` other words."""
    words = rng.integers(3, vocabulary, (len(lengths), length))
    behind = np.arange(length) >= lengths[:, None]
    return np.where(behind & (not junk), 0, words)


# ---------------------------------------------------------------- many to many, of another length


def pairs(rng: Rng, ones: str = "", roomy: bool = False, scale: float = 0.8, even: bool = False) -> Arrays:
    """N, S, T, D, H all different, two vocabularies; but 1 where a letter is in ``ones``: T, a single word to say.

    ``roomy``: all are padded further than they need; ``even``: all sources are of one length.
    """
    N, S, T, D, H = sizes(rng, "NSTDH", ones, low=3, high=9)
    T = max(T, 2)
    extra = 2 if roomy else 0
    lengths, spoken = np.full(N, S) if even else unequal(rng, N, S), unequal(rng, N, T - 1)[::-1] - 1
    shapes: Shapes = {"source_embedding.weight": (10, D), "target_embedding.weight": (9, D)}
    shapes |= recurrent("encoder", 4, D, H) | recurrent("decoder", 4, D, H) | linear("head", H, 9)
    inputs = {"source": padded(rng, lengths, S + extra, 10, False), "lengths": lengths}
    inputs["target"] = framed(padded(rng, spoken, T - 2 + extra, 9, False), spoken)
    inputs["dscores"] = rng.standard_normal((N, T - 1 + extra, 9))
    return inputs | weights(rng, shapes, scale)


def framed(words: Array, lengths: Array) -> Array:
    """START, the words, END, then NULL: (N, T + 2)."""
    target = np.zeros((len(words), words.shape[1] + 2), np.int64)
    target[:, 0] = oracles.START
    target[:, 1:-1] = words
    target[np.arange(len(words)), lengths + 1] = oracles.END
    return target


def padded_targets(rng: Rng) -> Arrays:
    """Sources of one length without padding, and targets with more room than the longest needs."""
    drawn = pairs(rng, roomy=True, even=True)
    return drawn | {"source": drawn["source"][:, : drawn["lengths"][0]].copy()}


def translated(rng: Rng, ones: str = "", even: bool = True) -> Arrays:
    """A model that ends some sentences and not others, with at least three different words, and no close call."""
    while True:
        drawn = only(partial(pairs, ones=ones), ("dscores",))(rng) if ones else _wide(rng, even)
        drawn["head.bias"][: oracles.END] -= 90  # whether START and NULL may be said is left open
        drawn["head.weight"] *= 2
        if ones or telling(oracles.translation(**drawn)["words"]):
            return drawn


def translation_alone(rng: Rng) -> Arrays:
    """The same, with one sentence as a batch of its own."""
    return with_shortest(translated(rng, even=False), "source")


def _wide(rng: Rng, even: bool) -> Arrays:
    """A batch with room for six words, and weights that make sentences differ."""
    drawn = pairs(rng, scale=1.3, even=even)
    drawn.pop("dscores")
    target = np.zeros((len(drawn["target"]), 7 + int(rng.integers(0, 3))), np.int64)
    return drawn | {"target": target}


def telling(words: Array) -> bool:
    """Whether translations tell right from wrong: an early END, none, and a word that follows another one."""
    ends = (words == oracles.END).any(axis=1)
    early = (words == oracles.NULL).any()
    spoken = len(np.unique(words[words > oracles.END]))
    changes = (words[:, 1:] != words[:, :-1])[words[:, 1:] > oracles.END].sum()
    own = len(np.unique(words, axis=0)) >= 3
    return bool(early and ends.any() and not ends.all() and spoken >= 3 and changes >= 3 and own)


# ---------------------------------------------------------------- many to many, aligned


def films(rng: Rng, ones: str = "") -> Arrays:
    """N, T, H, C, D (features) all different, but 1 where their letter is in ``ones``; frames of 5 to 7 pixels."""
    N, T, H, C, D = sizes(rng, "NTHCD", ones)
    size, channels = int(rng.integers(5, 8)), 2
    side = -(-size // 4)
    shapes: Shapes = {"eye.0.weight": (channels, 1, 5, 5), "eye.0.bias": (channels,)}
    shapes |= {"eye.2.weight": (2 * channels, channels, 3, 3), "eye.2.bias": (2 * channels,)}
    shapes |= linear("eye.5", 2 * channels * side * side, D) | recurrent("lstm", 4, D, H) | linear("head", H, C)
    inputs = {"frames": rng.standard_normal((N, T, size, size)), "dscores": rng.standard_normal((N, T, C))}
    return inputs | weights(rng, shapes, 0.4)


def two_films(rng: Rng) -> Arrays:
    """Two films that differ in the last frame only."""
    drawn = only(films, ("dscores",))(rng)
    other = drawn["frames"].copy()
    other[:, -1] += 2
    return {"other_frames": other} | drawn


def cut_films(rng: Rng) -> Arrays:
    """Films in two parts of different lengths."""
    drawn = only(films, ("dscores",))(rng)
    N, T, height, width = drawn["frames"].shape
    return {"later_frames": rng.standard_normal((N, T + 1, height, width))} | drawn


def films_by_time(rng: Rng) -> Arrays:
    """Films stored frame by frame."""
    drawn = only(films, ("dscores",))(rng)
    return {"frames_by_time": np.ascontiguousarray(np.swapaxes(drawn.pop("frames"), 0, 1))} | drawn
