"""The inputs of stage 6: captions as they are stored, captioners that have something to say, corpora of sentences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from autograder.drawing import distinct_sizes
from autograder.suite import Draw, Oracle
from autograder.suites import s06_captioning_oracles as oracles
from autograder.suites.s06_captioning_plays import PADDING
from seqlab.checking.values import Array

Arrays = dict[str, Array]
TRIES = 400
WORDS = 10**5  # so many that no two drawn by chance are alike

FORBIDDEN = np.array([4.0, 5.0])  # added to the scores of NULL and START where they must be tempting


def taught(rng: np.random.Generator, lstm: bool, ones: str = "", dtype: str = "float64") -> Arrays:
    """Features, captions of several lengths and a captioner; N, T, V, F, W, H as :func:`sizes` has them."""
    N, T, F, W, H, V = sizes(rng, ones=ones)
    special = specials(rng, V)
    task = {"features": normal(rng, (N, F), dtype), "captions": stored(rng, N, T, V, special)}
    return task | {"special": special, "lstm": np.array([int(lstm)])} | captioner(rng, F, W, H, V, lstm, dtype)


def taught_twice(rng: np.random.Generator, lstm: bool) -> Arrays:
    """The same with other images."""
    arrays = taught(rng, lstm)
    return arrays | {"other_features": normal(rng, arrays["features"].shape, "float64")}


def known(lstm: bool) -> Draw:
    """The set-up that the field knows: every weight counts evenly from -1.4 to 1.3."""

    def _draw(rng: np.random.Generator) -> Arrays:
        N, T, V, F, W, H = 10, 13, 3, 20, 30, 40
        first, last = (-0.5, 1.7) if lstm else (-1.5, 0.3)
        features = np.linspace(first, last, N * F).reshape(N, F)
        captions = (np.arange(N * T) % V).reshape(N, T)
        task = {"features": features, "captions": captions, "special": np.array([0, PADDING, PADDING])}
        params = captioner(rng, F, W, H, V, lstm, "float64")
        even = {name: np.linspace(-1.4, 1.3, one.size).reshape(one.shape) for name, one in params.items()}
        return task | {"lstm": np.array([int(lstm)])} | even

    return _draw


def speaking(rng: np.random.Generator, lstm: bool, max_length: int = 8, shy: bool = True, N: int = 6) -> Arrays:
    """A captioner that has something to say: captions of several lengths that hang on the image and on their own words.

    With ``shy`` the two words that may not be said would not be said anyway; without, they often score highest.
    """
    for _ in range(TRIES):
        _, _, F, W, H, V = sizes(rng, low=5)
        special = specials(rng, V)
        task = {"features": normal(rng, (N, F), "float64", 1.0), "special": special, "lstm": np.array([int(lstm)])}
        params = captioner(rng, F, W, H, V, lstm, "float64", scale=1.5)
        params["b_vocab"][special[2]] += 1.5
        params["b_vocab"][special[:2]] += -50.0 if shy else FORBIDDEN
        arrays = task | {"max_length": np.array([max_length])} | params
        if N == 1 or is_rich(oracles.captioner(**arrays)["captions"], special):
            return arrays
    raise RuntimeError(f"no captioner with something to say in {TRIES} draws")


def is_rich(captions: Array, special: Array) -> bool:
    """Whether the captions are of several lengths, and most of them say something of their own."""
    null, _, end = special
    lengths = (captions != null).sum(axis=1)
    words = set(captions.ravel().tolist()) - {int(null), int(end)}
    distinct = {tuple(row) for row in captions.tolist()}
    return len(words) > 3 and len(set(lengths.tolist())) > 2 and len(distinct) > 3


def layered(rng: np.random.Generator, ones: str = "", dtype: str = "float64") -> Arrays:
    """Features, captions and the layers of the torch module; the sizes as :func:`sizes` has them."""
    N, T, F, W, H, V = sizes(rng, ones=ones)
    special = specials(rng, V)
    task = {"features": normal(rng, (N, F), dtype), "captions": stored(rng, N, T, V, special), "special": special}
    return task | layers(rng, F, W, H, V, dtype)


def scored(
    rng: np.random.Generator, captioner: Callable[..., Arrays] = layered, oracle: Oracle = oracles.module
) -> Arrays:
    """Scores for the loss alone, float32, with a good many steps, so that rounding in between is seen.

    ``captioner`` draws features and layers, ``oracle`` knows the loss; both are the torch module's unless told.
    """
    for _ in range(TRIES):
        arrays = captioner(rng, dtype="float32")
        N, T, V = 7, 40, len(arrays["embed_weight"])
        del arrays["features"]
        captions, scores = stored(rng, N, T, V, arrays["special"]), normal(rng, (N, T - 1, V), "float32", 2.0)
        arrays |= {"captions": captions, "scores": scores}
        if _is_between_short_floats(float(oracle(**arrays)["loss"])):
            return arrays
    raise RuntimeError(f"no loss between two short floats in {TRIES} draws")


def _is_between_short_floats(number: float) -> bool:
    """Whether a number lies well between two neighbours in bfloat16: a sum that was made in them cannot hit it."""
    return abs(float(torch.tensor(number).bfloat16()) - number) > 1e-3 * abs(number)


def speaking_layers(rng: np.random.Generator, shy: bool = True, N: int = 6) -> Arrays:
    """The torch module with something to say."""
    for _ in range(TRIES):
        _, _, F, W, H, V = sizes(rng, low=5)
        special = specials(rng, V)
        task = {"features": normal(rng, (N, F), "float64", 1.0), "special": special, "max_length": np.array([8])}
        parts = layers(rng, F, W, H, V, "float64", scale=1.5)
        parts["vocabulary_bias"][special[2]] += 1.5
        parts["vocabulary_bias"][special[:2]] += -50.0 if shy else FORBIDDEN
        arrays = task | parts
        if N == 1 or is_rich(oracles.module(**arrays)["captions"], special):
            return arrays
    raise RuntimeError(f"no captioner with something to say in {TRIES} draws")


def corpus(
    rng: np.random.Generator, several: int = 3, changed: int = 1, longer: int = 0, max_n: int = 4, N: int | None = None
) -> Arrays:
    """Candidates made of the last and shortest of their references; no two words are alike but on purpose.

    In every other candidate the first ``changed`` words are others. ``longer`` says the last word again, or takes words
    away. Lengths grow from row to row, so that what is summed up differs from what each row has.
    """
    N = N or int(rng.integers(4, 8))
    lengths = np.array([9, 8, 6][-several:]) + np.arange(N)[:, None] % 3
    references = padded_words(rng, lengths, WORDS, 11)
    candidates = np.full((N, 16), PADDING)
    for row, (right, length) in enumerate(zip(references, lengths, strict=True)):
        words = right[-1, : length[-1]].copy()
        words[: changed * (row % 2)] += WORDS
        words = np.concatenate([words, words[-1:].repeat(max(longer, 0))])[: len(words) + longer]
        candidates[row, : len(words)] = words
    if several > 1 and longer == 0:
        say_thrice(candidates[0], references[0])
    return {"candidates": candidates, "references": references, "max_n": np.array([max_n])}


def say_thrice(candidate: Array, references: Array) -> None:
    """Let a candidate say three times what two of its references say once: clipping decides what that is worth."""
    phrase = references[0, :4].copy()
    references[1, :4] = phrase
    candidate[:12], candidate[12:] = np.tile(phrase, 3), PADDING


def repeating(rng: np.random.Generator) -> Arrays:
    """Candidates that say a part of their references again and again."""
    arrays = corpus(rng, several=2, changed=0)
    for row, right in zip(arrays["candidates"], arrays["references"], strict=True):
        say_thrice(row, right)
    return arrays


def strangers(rng: np.random.Generator) -> Arrays:
    """Nothing in common with any reference."""
    arrays = corpus(rng)
    said = arrays["candidates"]
    return arrays | {"candidates": np.where(said == PADDING, PADDING, said + 2 * WORDS)}


def ties(rng: np.random.Generator) -> Arrays:
    """For each candidate one reference is as much longer as another is shorter; lengths vary with the row."""
    rows = np.arange(int(rng.integers(4, 8)))
    own, apart = 6 + rows % 2, 1 + rows % 2
    return near_misses(rng, own, np.stack([own + apart, own - apart, own + 4], axis=1), own - apart)


def uneven(rng: np.random.Generator) -> Arrays:
    """For every other candidate one reference is shorter, but not as near as a longer one; else all are longer."""
    odd = np.arange(int(rng.integers(4, 8))) % 2
    own = 6 + odd
    lengths = np.stack([own + 5 + 2 * odd, np.where(odd, own + 5, own - 2), np.where(odd, own + 6, own + 1)], axis=1)
    return near_misses(rng, own, lengths, own - 2)


def near_misses(rng: np.random.Generator, own: Array, lengths: Array, common: Array) -> Arrays:
    """Candidates of lengths ``own`` (N,), whose first ``common`` words begin each of their references as well."""
    candidates = padded_words(rng, own[:, None], WORDS, 12)[:, 0]
    references = padded_words(rng, lengths, WORDS, 14)
    for row, alike in enumerate(common):
        references[row, :, :alike] = candidates[row, :alike]
    return {"candidates": candidates, "references": references, "max_n": np.array([4])}


def short_ones(rng: np.random.Generator) -> Arrays:
    """Some candidates have fewer words than the longest n-gram, and one has none."""
    arrays = corpus(rng, changed=0)
    said = arrays["candidates"]
    said[0], said[1, 2:] = PADDING, PADDING
    return arrays


def terse(rng: np.random.Generator, most: int) -> Arrays:
    """Candidates of at most a few words each, or of none: there are no runs of four."""
    arrays = corpus(rng, changed=0)
    arrays["candidates"][:, most:] = PADDING
    return arrays


def padded_words(rng: np.random.Generator, lengths: Array, V: int, room: int) -> Array:
    """Words (N, R, room) filled up with -1; ``lengths`` (N, R)."""
    words = rng.integers(0, V, (*lengths.shape, room))
    return np.where(np.arange(room) < lengths[..., None], words, PADDING)


def stored(rng: np.random.Generator, N: int, T: int, V: int, special: Array) -> Array:
    """Captions (N, T) of several lengths, as they are stored; a word that is said twice where there is room."""
    null, start, end = special
    words = np.setdiff1d(np.arange(V), special)
    captions = np.full((N, T), null)
    for row in captions:
        length = int(rng.integers(1, T - 1)) if T > 2 else 0
        row[0], row[length + 1] = start, end
        row[1 : length + 1] = rng.choice(words, length)
    if T > 2 and N > 1:
        captions[-1] = null
        captions[-1, :2] = start, end
    if T > 4 and N > 1:
        captions[0] = null
        captions[0, :5] = start, words[0], words[1], words[0], end
        captions[1] = rng.choice(words, T)
        captions[1, 0] = start
    return captions


def specials(rng: np.random.Generator, V: int) -> Array:
    """The numbers of NULL, START and END, anywhere in the vocabulary, but NULL never 0."""
    null = int(rng.integers(1, V))
    start, end = rng.permutation(np.delete(np.arange(V), null))[:2]
    return np.array([null, start, end])


def sizes(rng: np.random.Generator, low: int = 3, ones: str = "") -> tuple[int, ...]:
    """N, T, F, W, H and V, all different, V the largest; but 1 for each letter in ``ones`` (T: one word to say)."""
    *others, V = sorted(distinct_sizes(rng, 6, low=low, high=12))
    drawn = zip("NTFWH", rng.permutation(others), strict=True)
    N, T, F, W, H = (1 if letter in ones else int(size) for letter, size in drawn)
    return N, max(T, 2), F, W, H, V


def normal(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, scale: float = 0.6) -> Array:
    """From a normal distribution."""
    return np.asarray((rng.standard_normal(shape) * scale).astype(dtype))


def captioner(
    rng: np.random.Generator, F: int, W: int, H: int, V: int, lstm: bool, dtype: str, scale: float = 0.6
) -> Arrays:
    """The weights of CaptioningRNN."""
    blocks = 4 if lstm else 1
    shapes: dict[str, tuple[int, ...]] = {
        "W_proj": (F, H),
        "b_proj": (H,),
        "W_embed": (V, W),
        "Wx": (W, blocks * H),
        "Wh": (H, blocks * H),
        "b": (blocks * H,),
        "W_vocab": (H, V),
        "b_vocab": (V,),
    }
    return {name: normal(rng, shape, dtype, scale) for name, shape in shapes.items()}


def layers(rng: np.random.Generator, F: int, W: int, H: int, V: int, dtype: str, scale: float = 0.6) -> Arrays:
    """The layers of Captioner, in torch's shapes."""
    shapes: dict[str, tuple[int, ...]] = {
        "project_weight": (H, F),
        "project_bias": (H,),
        "embed_weight": (V, W),
        "lstm_weight_ih": (4 * H, W),
        "lstm_weight_hh": (4 * H, H),
        "lstm_bias_ih": (4 * H,),
        "lstm_bias_hh": (4 * H,),
        "vocabulary_weight": (V, H),
        "vocabulary_bias": (V,),
    }
    return {name: normal(rng, shape, dtype, scale) for name, shape in shapes.items()}
