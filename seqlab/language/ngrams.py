"""An n-gram model of characters, interpolated by Witten and Bell's rule: the baseline beside a language model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqlab.checking.values import Array

LARGEST_KEY = 2**62


@dataclass(frozen=True)
class Table:
    """What was counted for one length k: every k-gram seen, and every context of k - 1 characters.

    Keys write a k-gram as one number in base V, and are sorted.
    """

    grams: Array
    counts: Array
    contexts: Array
    totals: Array
    kinds: Array


class NGram:
    """The chance of a character after the last ``order - 1``, each length blended with the next shorter one.

    Witten and Bell (1991): a context that was seen n times, followed by k different characters, gives its own counts
    the share n / (n + k) and the shorter context the rest. The shortest is uniform, so nothing is impossible.

    Args:
        ids: the text to count, integers (n,).
        order: 1 counts characters, 2 pairs, and so on.
        V: size of the vocabulary.

    Raises:
        ValueError: the order is below 1, or so large that an n-gram no longer fits into one number.
    """

    def __init__(self, ids: Array, order: int, V: int) -> None:
        if order < 1 or V**order > LARGEST_KEY:
            raise ValueError(f"expected an order of at least 1 with V**order below 2**62; found order {order}, V {V}")
        self.order = order
        self.V = V
        self._tables = [_count(_keys(np.asarray(ids), k, V), V) for k in range(1, order + 1)]

    def probabilities(self, ids: Array) -> Array:
        """The probability (n,) that the model gives to each character of ``ids`` (n,), given those before it."""
        text = np.asarray(ids)
        chance = np.full(len(text), 1 / self.V)
        for k, table in enumerate(self._tables[: len(text)], 1):
            chance[k - 1 :] = self._blend(table, _keys(text, k, self.V), chance[k - 1 :])
        return chance

    def distribution(self, context: Array) -> Array:
        """The probability (V,) of each character after ``context`` (any length, integers)."""
        before = np.asarray(context, dtype=np.int64)
        return np.array([self.probabilities(np.append(before, one))[-1] for one in range(self.V)])

    def nats_per_character(self, ids: Array) -> float:
        """The mean negative log probability of the characters of ``ids``, in nats."""
        return float(-np.log(self.probabilities(ids)).mean())

    def _blend(self, table: Table, keys: Array, shorter: Array) -> Array:
        context = keys // self.V
        count = _look_up(table.grams, table.counts, keys)
        total = _look_up(table.contexts, table.totals, context)
        kinds = _look_up(table.contexts, table.kinds, context)
        seen = total > 0
        blended = (count + kinds * shorter) / np.where(seen, total + kinds, 1)
        return np.where(seen, blended, shorter)


def _keys(ids: Array, k: int, V: int) -> Array:
    """Each run of k ids as one number in base V; as many as there are runs."""
    runs = max(len(ids) - k + 1, 0)
    keys = np.zeros(runs, dtype=np.int64)
    for place in range(k):
        keys = keys * V + ids[place : place + runs]
    return keys


def _count(keys: Array, V: int) -> Table:
    grams, counts = np.unique(keys, return_counts=True)
    contexts, first, kinds = np.unique(grams // V, return_index=True, return_counts=True)
    totals = np.add.reduceat(counts, first) if len(first) else counts
    return Table(grams, counts, contexts, totals, kinds)


def _look_up(keys: Array, values: Array, wanted: Array) -> Array:
    """The value beside each wanted key; 0 where the key is not there."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)
