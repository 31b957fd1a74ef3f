"""The inputs of stage 7: maps that are not square, captioners that have something to say, places that were drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder import drawing
from autograder.drawing import distinct_sizes
from autograder.suite import Draw
from autograder.suites import s06_captioning_draws
from autograder.suites import s07_attention_oracles as oracles
from autograder.suites.s06_captioning_draws import is_rich, normal, specials, stored
from seqlab.checking.values import Array

Arrays = dict[str, Array]
Shape = dict[str, tuple[int, ...]]
TRIES = 400
SIDE = 4


def look_shapes(
    rng: np.random.Generator, gradient: bool = False, other: bool = False, oblong: bool = False, ones: str = ""
) -> Shape:
    """N and H differ, and are not 4: maps are 4 by 4, as in most courses, or ``oblong``, with no side of 4.

    The letters in ``ones`` are sizes that are 1: N, H, or R, the rows of a map, which then has other columns than 4.
    """
    N, H, rows, columns = (1 if letter in ones else size for letter, size in zip("NHRC", _not(SIDE, rng), strict=False))
    R, C = (rows, columns) if oblong or "R" in ones else (SIDE, SIDE)
    shapes: Shape = {"prev_h": (N, H), "A": (N, H, R, C)}
    shapes |= {"dattn": (N, H)} if gradient else {}
    return shapes | ({"other_h": (N, H), "other_A": (N, H, R, C)} if other else {})


def _not(size: int, rng: np.random.Generator, high: int = 8) -> tuple[int, ...]:
    """The sizes from 2 on below ``high`` but for one, in any order."""
    return tuple(one for one in distinct_sizes(rng, high - 2, high=high) if one != size)


def ask_shapes(rng: np.random.Generator, gradient: str = "", ones: str = "") -> Shape:
    """N, L, Q, D all different, but 1 for the letters in ``ones``; ``gradient`` names what has one."""
    N, L, Q, D = drawing.sizes(rng, "NLQD", ones)
    shapes: Shape = {"query": (N, Q), "keys": (N, L, Q), "values": (N, L, D), "v": (Q,)}
    of = {"attn": (N, D), "weights": (N, L)}
    return shapes | ({f"d{gradient}": of[gradient]} if gradient else {})


def loud(rng: np.random.Generator) -> Arrays:
    """Scores near 2000 for some images and near -2000 for others: their exponentials are no numbers, or all zero.

    Within an image they differ by ordinary amounts. If they differed by thousands, gradients would be what rounding
    leaves of differences that vanish, and two right answers would not agree.
    """
    arrays = {name: rng.standard_normal(shape) for name, shape in ask_shapes(rng, gradient="attn").items()}
    arrays["keys"][:, :, -1] = np.where(np.arange(len(arrays["keys"])) % 2, -50.0, 50.0)[:, None]
    arrays["v"][-1] = 2000.0
    return arrays


def step_shapes(rng: np.random.Generator) -> Shape:
    """One step; N, D, H all different."""
    N, D, H = distinct_sizes(rng, 3)
    return {"x": (N, D), "prev_h": (N, H), "prev_c": (N, H), "attn": (N, H)} | _weights(D, H)


def read_shapes(rng: np.random.Generator, gradient: bool = True, oblong: bool = False, ones: str = "") -> Shape:
    """A whole sequence over maps as in :func:`look_shapes`; N, T, D, H all different, but 1 for those in ``ones``."""
    drawn = zip("NTDHRC", _not(SIDE, rng, high=9), strict=True)
    N, T, D, H, rows, columns = (1 if letter in ones else size for letter, size in drawn)
    R, C = (rows, columns) if oblong else (SIDE, SIDE)
    shapes: Shape = {"x": (N, T, D), "A": (N, H, R, C)}
    return shapes | ({"dh": (N, T, H)} if gradient else {}) | _weights(D, H)


def _weights(D: int, H: int) -> Shape:
    return {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "Wattn": (H, 4 * H), "b": (4 * H,)}


def told(rng: np.random.Generator, ones: str = "", dtype: str = "float64") -> Arrays:
    """Features, captions of several lengths and a captioner; all sizes different.

    Sizes are 1 for the letters in ``ones``; with T, captions have one place more: ``<START>`` and ``<END>``.
    """
    drawn = zip("NTLDWHQV", sizes(rng), strict=True)
    N, T, L, D, W, H, Q, V = (1 if letter in ones else size for letter, size in drawn)
    T = 2 if "T" in ones else T
    special = specials(rng, V)
    features, captions = normal(rng, (N, L, D), dtype, 1.0), stored(rng, N, T, V, special)
    return {"features": features, "captions": captions, "special": special} | layers(rng, D, W, H, Q, V, dtype)


def weighed(rng: np.random.Generator) -> Arrays:
    """As told, with a gradient for the weights."""
    arrays = told(rng)
    (N, L, _), T = arrays["features"].shape, arrays["captions"].shape[1]
    return arrays | {"dweights": normal(rng, (N, T - 1, L), "float64", 2.0)}


def measured(draw: Draw) -> Draw:
    """With the number of bytes that a number should take, for plays that measure it."""

    def _measured(rng: np.random.Generator) -> Mapping[str, Array]:
        arrays = draw(rng)
        return {**arrays, "size": np.array([arrays["A"].itemsize])}

    return _measured


def one_place(draw: Draw) -> Draw:
    """The same captioner, for a play that replaces its ``attend``."""
    return lambda rng: {**draw(rng), "one_place": np.array([1])}


def scored(rng: np.random.Generator) -> Arrays:
    """Scores for the loss alone, as in stage 6."""
    return s06_captioning_draws.scored(rng, told, oracles.captioner)


def speaking(
    rng: np.random.Generator, shy: bool = True, max_length: int = 8, N: int = 6, brief: bool = False
) -> Arrays:
    """A captioner with something to say: captions of several lengths that hang on the image and on their own words.

    With ``brief`` every row ends before its last place: of many images those are kept of which little is said.
    With ``shy`` the two words that may not be said would not be said anyway; without, they often score highest.
    """
    for _ in range(TRIES):
        _, _, L, D, W, H, Q, V = sizes(rng)
        special = specials(rng, V)
        task = {"features": normal(rng, (10 * N if brief else N, L, D), "float64", 1.5), "special": special}
        parts = layers(rng, D, W, H, Q, V, "float64", scale=1.5)
        parts["vocabulary_bias"][special[2]] += 1.5
        parts["vocabulary_bias"][special[:2]] += -50.0 if shy else 1.0
        arrays = task | {"max_length": np.array([max_length])} | parts
        said = oracles.captioner(**arrays)["captions"]
        rows = np.flatnonzero((said[:, -2:] == special[0]).all(axis=1) | (not brief))[:N]
        arrays["features"], said = arrays["features"][rows], said[rows]
        if N == 1 or (len(rows) == N and is_rich(said, special) and (shy or _would_say_both(arrays))):
            return arrays
    raise RuntimeError(f"no captioner with something to say in {TRIES} draws")


def _would_say_both(arrays: Arrays) -> bool:
    """Whether, if they were not forbidden, NULL would be the first to come in some rows, and START in others."""
    null, start, end = arrays["special"]
    rows = [row[np.isin(row, (null, start, end))] for row in oracles.tempted(**arrays)]
    return {null, start} <= {row[0] for row in rows if len(row)}


def drawn(rng: np.random.Generator, ones: str = "", full: bool = False, dtype: str = "float64") -> Arrays:
    """Places drawn from their weights, and captions of several lengths; ``full`` leaves no step out.

    N, T, L all different, but 1 for the letters in ``ones``.
    """
    N, T, L = drawing.sizes(rng, "NTL", ones, low=3)
    lengths = rng.permutation(np.r_[T, max(T - 2, 1), rng.integers(1, T + 1, N)][:N])
    counts = np.arange(T) < (T if full else lengths[:, None])
    scores = rng.standard_normal((N, T, L))
    cuts = rng.random((N, T, 1)) < oracles.softmax(scores).cumsum(axis=2)
    floats = {
        "word_log_probs": np.log(rng.uniform(0.05, 0.9, (N, T))),
        "place_scores": scores,
        "baseline": rng.normal(-1.0, 0.7, (N, T)),
    }
    whole = {"positions": cuts.argmax(axis=2), "counts": np.broadcast_to(counts, (N, T)).copy()}
    return {name: array.astype(dtype) for name, array in floats.items()} | whole


def sizes(rng: np.random.Generator) -> tuple[int, ...]:
    """N, T, L, D, W, H, Q and V, all different, V the largest."""
    *others, V = sorted(distinct_sizes(rng, 8, low=3, high=12))
    return (*(int(size) for size in rng.permutation(others)), V)


def layers(rng: np.random.Generator, D: int, W: int, H: int, Q: int, V: int, dtype: str, scale: float = 0.6) -> Arrays:
    """The layers of AttentionCaptioner, in torch's shapes."""
    shapes: Shape = {
        "first_h_weight": (H, D),
        "first_h_bias": (H,),
        "first_c_weight": (H, D),
        "first_c_bias": (H,),
        "embed_weight": (V, W),
        "query_weight": (Q, H),
        "query_bias": (Q,),
        "key_weight": (Q, D),
        "v": (Q,),
        "cell_weight_ih": (4 * H, W + D),
        "cell_weight_hh": (4 * H, H),
        "cell_bias_ih": (4 * H,),
        "cell_bias_hh": (4 * H,),
        "vocabulary_weight": (V, H + D),
        "vocabulary_bias": (V,),
    }
    parts = {name: normal(rng, shape, dtype, scale) for name, shape in shapes.items()}
    return parts | {"v": np.asarray(parts["v"] * parts["v"].dtype.type(2))}
