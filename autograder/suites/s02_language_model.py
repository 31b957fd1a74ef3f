"""The suite of stage 2: one-hot vectors, embedding, loss, a character model, truncated backpropagation, cells."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.drawing import distinct_sizes, in_layout, normal, sizes, with_huge
from autograder.narrow import NARROW, narrow_cases
from autograder.student import Play
from autograder.suite import Case, ExerciseSuite, Suite
from autograder.suites import s02_language_model_plays as plays
from autograder.suites import s02_language_model_toys as toys
from autograder.suites.s02_language_model_oracles import (
    numpy_correlation,
    torch_char_rnn,
    torch_embedding,
    torch_one_hot,
    torch_surprise,
    torch_truncated,
    torch_writer,
)
from seqlab.checking.values import Array

Arrays = dict[str, Array]

# ---------------------------------------------------------------- inputs


def ids_alone(rng: np.random.Generator, ones: str = "") -> Arrays:
    """Ids (N, T) with N, T, V all different; the last id of the vocabulary and the first both occur."""
    N, T, V = sizes(rng, "NTV", ones, low=3, high=9)
    ids = rng.integers(0, V, (N, T))
    ids.flat[:2] = (V - 1, 0)
    return {"ids": ids, "V": np.array([V])}


def embedded(rng: np.random.Generator, ones: str = "", back: bool = False, dtype: str = "float64") -> Arrays:
    """Ids with one that is looked up again and again, and the matrix; N, T, V, D all different."""
    N, T, V, D = sizes(rng, "NTVD", ones, low=3, high=9)
    x = rng.integers(0, V, (N, T))
    x[:, -1] = x[0, 0]  # in every row, so that a repeat is certain where there are several
    x.flat[min(1, x.size - 1)] = 0
    arrays = {"x": x, "W": rng.standard_normal((V, D)).astype(dtype)}
    return arrays | ({"dout": rng.standard_normal((N, T, D)).astype(dtype)} if back else {})


def with_other_ids(rng: np.random.Generator) -> Arrays:
    """The same with other ids of the same shape."""
    arrays = embedded(rng, back=True)
    return arrays | {"other_x": (arrays["x"] + 1) % len(arrays["W"])}


def scored(rng: np.random.Generator, ones: str = "", dtype: str = "float64") -> Arrays:
    """Scores, targets and a mask that leaves out a part of each text; N, T, V all different."""
    N, T, V = sizes(rng, "NTV", ones, low=3, high=9)
    lengths = rng.integers(1, T, N) if T > 1 else np.ones(N, dtype=int)
    x = rng.standard_normal((N, T, V)).astype(dtype)
    return {"x": x, "y": rng.integers(0, V, (N, T)), "mask": np.arange(T) < lengths[:, None]}


def unmasked(rng: np.random.Generator) -> Arrays:
    """Every place counts."""
    arrays = scored(rng)
    return arrays | {"mask": np.ones_like(arrays["mask"])}


def weights(rng: np.random.Generator, V: int, D: int, H: int, dtype: str = "float64", scale: float = 0.7) -> Arrays:
    """The parameters of a model, unsaturated."""
    shapes = {"W_embed": (V, D), "Wx": (D, H), "Wh": (H, H), "b": (H,), "W_vocab": (H, V), "b_vocab": (V,)}
    return dict(normal(lambda _: shapes, scale=scale, dtype=dtype)(rng))


def model_pieces(rng: np.random.Generator, ones: str = "", dtype: str = "float64") -> Arrays:
    """A piece of text and a model; N, T, V, D, H all different."""
    N, T, V, D, H = sizes(rng, "NTVDH", ones, low=3, high=10)
    h0 = (rng.standard_normal((N, H)) * 0.5).astype(dtype)
    text = {"inputs": rng.integers(0, V, (N, T)), "targets": rng.integers(0, V, (N, T)), "h0": h0}
    return text | weights(rng, V, D, H, dtype)


def beginnings(rng: np.random.Generator, temperature: float, read: int = 4, length: int = 25, times: int = 1) -> Arrays:
    """A beginning to go on from, chance, and a model whose next character depends a good deal on those before."""
    V, D, H = distinct_sizes(rng, 3, low=5, high=10)
    chance = {"temperature": np.array([temperature]), "rng_seed": rng.integers(0, 2**31, 1)}
    task = {"seed": rng.integers(0, V, read), "length": np.array([length]), "times": np.array([times])}
    return task | chance | weights(rng, V, D, H, scale=1.2)


def chunked(
    rng: np.random.Generator, rest: int = 1, long: int = 3, ones: str = "", learn: int = 0, dtype: str = "float64"
) -> Arrays:
    """A text of three whole chunks of ``long`` characters and ``rest`` more, and a model."""
    N, V, D, H = sizes(rng, "NVDH", ones, low=3, high=9)
    text = rng.integers(0, V, (N, 3 * long + rest + 1))
    h0 = (rng.standard_normal((N, H)) * 0.5).astype(dtype)
    return {"text": text, "chunk": np.array([long]), "learn": np.array([learn]), "h0": h0} | weights(
        rng, V, D, H, dtype
    )


def one_chunk(rng: np.random.Generator) -> Arrays:
    """A chunk that is longer than the text."""
    return chunked(rng) | {"chunk": np.array([50])}


def observed(rng: np.random.Generator, yes_or_no: bool, dtype: str = "float64") -> Arrays:
    """Units of different means and spreads; the label goes best with one of small spread, against its sign."""
    T, H = 40, int(rng.integers(5, 9))
    labels = rng.random(T) < 0.4 if yes_or_no else rng.integers(0, 30, T).astype(np.float64)
    order = rng.permutation(H)
    hidden = rng.standard_normal((T, H)) * 0.3 + rng.uniform(0.2, 0.6, H) * rng.choice([-1, 1], H)
    signal = (labels - labels.mean()) / labels.std()
    hidden[:, order[0]] = 0.4 - 0.02 * signal + 0.01 * rng.standard_normal(T)
    hidden[:, order[1]] = 0.1 + 0.3 * signal + 0.25 * rng.standard_normal(T)
    return {"hidden": hidden.astype(dtype), "labels": labels}


def of_one_unit(rng: np.random.Generator) -> Arrays:
    """A single unit."""
    arrays = observed(rng, yes_or_no=False)
    return arrays | {"hidden": arrays["hidden"][:, :1].copy()}


def with_idle_unit(rng: np.random.Generator) -> Arrays:
    """One unit never changes."""
    arrays = observed(rng, yes_or_no=True)
    arrays["hidden"][:, int(rng.integers(arrays["hidden"].shape[1]))] = 0.0
    return arrays


def with_idle_label(rng: np.random.Generator) -> Arrays:
    """The label never changes."""
    return observed(rng, yes_or_no=True) | {"labels": np.zeros(40, dtype=bool)}


def model_truth(**inputs: Array) -> Mapping[str, Array]:
    """The oracle of CharRNN: ``loss`` and ``sample`` have different inputs."""
    return torch_char_rnn(**inputs) if "inputs" in inputs else torch_writer(**inputs)


# ---------------------------------------------------------------- cases


ONE_CHARACTER = {"T": "several texts of a single character"}


def usual_cases(play: Play, draw: Any, narrow: str, weight: float = 4, small: float = 1) -> tuple[Case, ...]:
    """The cases that every exercise with floating-point inputs meets.

    ``draw`` takes the letters of sizes that are to be 1 as ``ones``; each of ``narrow`` is 1 in a case of its own.
    ``small`` is the weight of a single character; it keeps its share where a suite has many other cases.
    """
    return (
        Case("sizes that all differ", draw, play, weight=weight),
        Case("a single character", partial(draw, ones="NT"), play, weight=small),
        *narrow_cases(play, lambda letter: partial(draw, ones=letter), narrow, ONE_CHARACTER, small * NARROW),
        Case("float32 stays float32", partial(draw, dtype="float32"), play),
        Case("arrays that do not lie in one piece", in_layout(draw), play),
        Case("your arguments are left alone", draw, play, guards_inputs=True),
    )


ONE_HOT = ExerciseSuite(
    "one_hot",
    (
        Case("sizes that all differ", ids_alone, plays.one_hot, weight=4),
        Case("a single text", partial(ids_alone, ones="N"), plays.one_hot),
        *narrow_cases(plays.one_hot, lambda letter: partial(ids_alone, ones=letter), "T", ONE_CHARACTER),
        Case("float32 when asked for", ids_alone, plays.one_hot_in_float32),
        Case("arrays that do not lie in one piece", in_layout(ids_alone), plays.one_hot),
        Case("your arguments are left alone", ids_alone, plays.one_hot, guards_inputs=True),
    ),
    torch_one_hot,
    toys.ONE_HOT(plays.one_hot),
)
EMBED = ExerciseSuite(
    "word_embedding_forward",
    usual_cases(plays.embed, embedded, narrow="TD"),
    torch_embedding,
    toys.EMBED(plays.embed),
)
EMBED_BACK = ExerciseSuite(
    "word_embedding_backward",
    (
        *usual_cases(plays.embed_back, partial(embedded, back=True), narrow="TD", weight=5),
        Case("two forward passes, back through the first", with_other_ids, plays.embed_back_with_two_caches),
    ),
    torch_embedding,
    toys.EMBED_BACK(plays.embed_back),
)
SURPRISE = ExerciseSuite(
    "temporal_softmax_loss",
    (
        *usual_cases(plays.surprise, scored, narrow="T"),
        Case("a mask that leaves nothing out", unmasked, plays.surprise, weight=2),
        Case("scores in the thousands", with_huge(scored, "x"), plays.surprise, weight=2),
    ),
    torch_surprise,
    toys.SURPRISE(plays.surprise),
)
CHAR_RNN = ExerciseSuite(
    "CharRNN",
    (
        *usual_cases(plays.model_loss, model_pieces, narrow="TDH", weight=6, small=2),
        Case("asked twice", model_pieces, plays.model_loss_twice, weight=2 * NARROW),
        Case("writing at temperature 1", partial(beginnings, temperature=1.0), plays.write, weight=4),
        Case("writing when it is hot", partial(beginnings, temperature=1.7), plays.write, weight=2),
        Case("writing when it is cold", partial(beginnings, temperature=0.4), plays.write, weight=2),
        Case("writing near the freezing point", partial(beginnings, temperature=1e-3), plays.write),
        Case("writing on from a single character", partial(beginnings, temperature=1.0, read=1), plays.write),
        Case("writing twice", partial(beginnings, temperature=1.0, length=12, times=2), plays.write),
    ),
    model_truth,
    toys.CHAR_RNN(plays.model_loss),
)
TRUNCATED = ExerciseSuite(
    "truncated_bptt",
    (
        Case("chunks that fit", partial(chunked, rest=0), plays.read_in_chunks, weight=4),
        Case("a last chunk that is shorter", chunked, plays.read_in_chunks, weight=3),
        Case("a chunk that covers the text", one_chunk, plays.read_in_chunks, weight=2),
        Case(
            "chunks of one character, a single text", partial(chunked, long=1, ones="N", rest=0), plays.read_in_chunks
        ),
        *narrow_cases(
            plays.read_in_chunks, lambda letter: partial(chunked, ones=letter), "NDH", {"N": "a single text"}, weight=1
        ),
        Case("learning after each chunk", partial(chunked, learn=1), plays.read_in_chunks, weight=4),
        Case("float32 stays float32", partial(chunked, dtype="float32"), plays.read_in_chunks),
        Case("arrays that do not lie in one piece", in_layout(chunked), plays.read_in_chunks),
        Case("your arguments are left alone", chunked, plays.read_in_chunks, guards_inputs=True),
    ),
    torch_truncated,
    toys.TRUNCATED(plays.read_in_chunks),
)
SELECTIVITY = ExerciseSuite(
    "cell_selectivity",
    (
        Case("a label of numbers", partial(observed, yes_or_no=False), plays.select, weight=4),
        Case("a label of yes and no", partial(observed, yes_or_no=True), plays.select, weight=4),
        Case("a single unit", of_one_unit, plays.select, weight=NARROW),
        Case("a unit that never changes", with_idle_unit, plays.select, weight=2),
        Case("a label that never changes", with_idle_label, plays.scores_only),
        Case("float32 stays float32", partial(observed, yes_or_no=True, dtype="float32"), plays.select),
        Case("arrays that do not lie in one piece", in_layout(partial(observed, yes_or_no=False)), plays.select),
        Case("your arguments are left alone", partial(observed, yes_or_no=False), plays.select, guards_inputs=True),
    ),
    numpy_correlation,
    toys.SELECTIVITY(plays.select),
)


SUITE = Suite(
    stage="s02_language_model",
    returns={
        "word_embedding_forward": ("out", "cache"),
        "temporal_softmax_loss": ("loss", "dx"),
        ".loss": ("loss", "grads", "h_last"),
        "truncated_bptt": ("losses", "grads", "h_last"),
        "cell_selectivity": ("best", "scores"),
    },
    exercises=(ONE_HOT, EMBED, EMBED_BACK, SURPRISE, CHAR_RNN, TRUNCATED, SELECTIVITY),
)
