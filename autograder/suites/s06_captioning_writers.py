"""Writers for the cases of beam search: tiny models of words on which wrong searches find other sentences.

Writers of whom that holds for every wrong search at once are rare, one in some thousands, so each kind knows the seed
of one that was found by trying. A case takes it, turned and with a little noise, and asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seqlab.checking.values import Array

Arrays = dict[str, Array]
Kept = tuple[float, tuple[int, ...], Array]
TRIES = 400
EVERYTHING = 150  # as wide a beam as finds what an exhaustive search finds, in writers as small as these


@dataclass(frozen=True)
class Search:
    """A way to search; all but the defaults are wrong. ``ended``: what becomes of captions that have ended."""

    width: int
    ended: Literal["stay", "go on", "are lost", "are saved", "are saved late"] = "stay"
    state: Literal["own", "shared", "old"] = "own"
    stops: Literal["all", "any"] = "all"
    ranks: Literal["sum", "mean"] = "sum"
    best: Literal["sum", "mean", "ended"] = "sum"


def wrong_searches(width: int) -> tuple[Search, ...]:
    """What students write in place of a beam of ``width``, where the best sentence ends early."""
    right = Search(width)
    ends = [replace(right, ended="go on"), replace(right, ended="are lost"), replace(right, stops="any")]
    ends += [replace(right, ended="are saved"), replace(right, ended="are saved late")]
    states = [replace(right, state="shared"), replace(right, state="old")]
    return (Search(1), *wider(width), *ends, *states, replace(right, ranks="mean"), replace(right, best="mean"))


def wider(width: int) -> tuple[Search, ...]:
    """Beams that keep more than they should."""
    return tuple(Search(other) for other in (width + 1, 2 * width, EVERYTHING))


@dataclass(frozen=True)
class Kind:
    """A kind of writers.

    Attributes:
        width, places, V: of the beam, of the longest sentence, of the vocabulary.
        ends: whether the best sentence ends before there is no more room; None where either will do.
        wrong: the searches that must find another sentence.
        seed: of a writer that is of this kind.
    """

    width: int
    places: int
    V: int
    ends: bool | None
    wrong: tuple[Search, ...]
    seed: int


_ONE, _TWO, _NINE, _ALL = Search(1), Search(2), Search(9), Search(256)
ONE = Kind(1, 7, 6, True, (*wider(1), replace(_ONE, ended="are saved"), replace(_ONE, state="old")), seed=7)
TWO = Kind(2, 7, 6, True, wrong_searches(2), seed=35438)
THREE = Kind(3, 7, 6, True, wrong_searches(3), seed=45060)
CUT_OFF = Kind(
    2, 5, 6, False,
    (_ONE, *wider(2), replace(_TWO, state="shared"), replace(_TWO, state="old"), replace(_TWO, best="ended"),
     replace(_TWO, stops="any")),
    seed=24196,
)  # fmt: skip
WIDE = Kind(
    9, 7, 6, True,
    (_ONE, *wider(9), replace(_NINE, state="shared"), replace(_NINE, ended="go on"), replace(_NINE, best="mean"),
     replace(_NINE, stops="any")),
    seed=16408,
)  # fmt: skip
SHORT = Kind(2, 1, 6, None, (replace(_TWO, best="ended"),), seed=1)
EVERY = Kind(
    256, 4, 4, None,
    (_ONE, _TWO, Search(3), replace(_ALL, state="shared"), replace(_ALL, state="old"), replace(_ALL, best="ended")),
    seed=6157,
)  # fmt: skip


def searching(rng: np.random.Generator, kind: Kind) -> Arrays:
    """A writer of a kind: words and units change places, units change their signs, every number moves a little.

    The hyperbolic tangent allows other signs.

    Raises:
        RuntimeError: none was found; the seed does not fit what is asked of a kind.
    """
    for _ in range(TRIES):
        arrays = turned(rng, writer(kind, kind.seed))
        if is_telling(arrays, kind):
            return arrays
    raise RuntimeError(f"no writer of the kind {kind} in {TRIES} draws")


def writer(kind: Kind, seed: int) -> Arrays:
    """The writer of a seed, with the task that a kind sets."""
    rng = np.random.default_rng(seed)
    V, H = kind.V, int(rng.integers(7, 10))
    shapes: dict[str, tuple[int, ...]] = {"state": (H,), "W_embed": (V, H), "Wh": (H, H), "W_vocab": (H, V)}
    arrays = {name: np.asarray(rng.standard_normal(shape) * 1.3) for name, shape in shapes.items()}
    start, null, end = rng.permutation(V)[:3]
    task = {"special": [null, start, end], "max_length": [kind.places], "width": [kind.width]}
    return arrays | {name: np.array(one) for name, one in task.items()}


def turned(rng: np.random.Generator, base: Arrays, noise: float = 0.002) -> Arrays:
    """The same writer with its words and units in another order, other signs, and a little noise."""
    V, H = base["W_embed"].shape
    words, units, signs = rng.permutation(V), rng.permutation(H), rng.choice([-1.0, 1.0], H)
    moved = {
        "state": base["state"][units] * signs,
        "W_embed": base["W_embed"][words][:, units] * signs,
        "Wh": base["Wh"][units][:, units] * signs * signs[:, None],
        "W_vocab": base["W_vocab"][units][:, words] * signs[:, None],
    }
    noisy = {name: one + noise * rng.standard_normal(one.shape) for name, one in moved.items()}
    return base | noisy | {"special": np.argsort(words)[base["special"]]}


def is_telling(arrays: Arrays, kind: Kind) -> bool:
    """Whether the right search finds a sentence of the right sort, and every wrong one another."""
    found, end = find(arrays, Search(kind.width)), int(arrays["special"][2])
    early = found[-1] == end and 1 < len(found) < kind.places
    if kind.ends is not None and early != kind.ends:
        return False
    return all(find(arrays, wrong) != found for wrong in kind.wrong)


def find(arrays: Arrays, way: Search) -> tuple[int, ...]:
    """The sentence that is found in one way or another."""
    end = int(arrays["special"][2])
    beam: list[Kept] = [(0.0, (), arrays["state"])]
    saved: list[Kept] = []
    longer: list[Kept] = []
    for _ in range(int(arrays["max_length"][0])):
        longer = _longer(arrays, beam, way)
        if way.ended == "are saved":
            saved, longer = saved + _ended(longer, end), _open(longer, end)
        beam = sorted(longer, key=_measure(way.ranks), reverse=True)[: way.width]
        if way.ended == "are saved late":
            saved, beam = saved + _ended(beam, end), _open(beam, end)
        enough = any if way.stops == "any" else all
        if enough(kept[1][-1] == end for kept in beam):
            break
    pool = beam + saved or longer or [(0.0, (end,), arrays["state"])]
    if way.best == "ended":
        pool = _ended(pool, end) or pool
    return max(pool, key=_measure("mean" if "mean" in (way.best, way.ranks) else "sum"))[1]


def lists(arrays: Arrays) -> Iterator[list[Kept]]:
    """The right list after each step."""
    way, end = Search(int(arrays["width"][0])), int(arrays["special"][2])
    beam: list[Kept] = [(0.0, (), arrays["state"])]
    for _ in range(int(arrays["max_length"][0])):
        beam = sorted(_longer(arrays, beam, way), key=_measure("sum"), reverse=True)[: way.width]
        yield beam
        if not _open(beam, end):
            break


def _longer(arrays: Arrays, beam: list[Kept], way: Search) -> list[Kept]:
    _, start, end = (int(one) for one in arrays["special"])
    grown: list[Kept] = []
    for kept in beam:
        total, words, memory = kept
        if words and words[-1] == end and way.ended != "go on":
            grown += [kept] if way.ended == "stay" else []
            continue
        log_probs, after = _read(arrays, beam[0][2] if way.state == "shared" else memory, words[-1] if words else start)
        state = memory if way.state == "old" else after
        grown += [(total + float(one), (*words, word), state) for word, one in enumerate(log_probs)]
    return grown


def _read(arrays: Arrays, state: Array, word: int) -> tuple[Array, Array]:
    state = np.tanh(arrays["W_embed"][word] + state @ arrays["Wh"])
    scores = state @ arrays["W_vocab"]
    return scores - np.logaddexp.reduce(scores), state


def _ended(captions: list[Kept], end: int) -> list[Kept]:
    return [kept for kept in captions if kept[1][-1:] == (end,)]


def _open(captions: list[Kept], end: int) -> list[Kept]:
    return [kept for kept in captions if kept[1][-1:] != (end,)]


def _measure(by: str) -> Callable[[Kept], float]:
    return (lambda kept: kept[0] / max(len(kept[1]), 1)) if by == "mean" else (lambda kept: kept[0])
