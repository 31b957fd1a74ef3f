"""Trying a cell on text that it was not chosen on, and against luck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seqlab.checking.values import Array

Select = Callable[[Array, Array], tuple[int, Array]]
SHIFTS = 20
CLEAR, HINT = 0.6, 0.3  # of a correlation's size; our words for it, not a law


@dataclass(frozen=True)
class Cell:
    """The unit that was chosen for a label, and how it did.

    Attributes:
        unit: which.
        chosen: its correlation with the label on the text that it was chosen on.
        told: the same on other text; the sign is kept.
        luck: the largest size of a correlation that any unit reached on the first text with the label moved along it,
            so that the two have nothing to do with each other; the largest of 20 tries.
        accuracy: for a label of yes and no, the mean of the shares of yes and of no that a threshold, taken from the
            first text, gets right on the other text (0.5 for a coin); None for a label of numbers.
    """

    unit: int
    chosen: float
    told: float
    luck: float
    accuracy: float | None

    @property
    def steady(self) -> bool:
        """Whether the score on other text has the same sign and is above luck."""
        return self.told * self.chosen > 0 and abs(self.told) > self.luck

    @property
    def verdict(self) -> str:
        """What may honestly be said: a cell from 0.6 on, a hint from 0.3 on, and otherwise that there is none."""
        if not self.steady or abs(self.told) < HINT:
            return "no single cell tells this"
        return "a cell" if abs(self.told) >= CLEAR else "a hint, no more: no single cell tells this well"


def examine(select: Select, first: tuple[Array, Array], second: tuple[Array, Array], rng: np.random.Generator) -> Cell:
    """Choose a unit on one text and tell its score on another.

    Args:
        select: ``(hidden (T, H), labels (T,)) -> (unit, scores (H,))``, such as the notebook's ``cell_selectivity``.
        first: hidden states and labels of the text to choose on.
        second: those of the text to tell the score on.
        rng: moves the labels along the text to see what luck reaches.
    """
    hidden, labels = first
    unit, scores = select(hidden, labels)
    _, elsewhere = select(second[0][:, unit : unit + 1], second[1])
    moved = [select(hidden, np.roll(labels, _far(len(labels), rng)))[1] for _ in range(SHIFTS)]
    luck = max(float(np.abs(one).max()) for one in moved)
    accuracy = _accuracy(first, second, unit, bool(scores[unit] > 0)) if labels.dtype == np.bool_ else None
    return Cell(int(unit), float(scores[unit]), float(elsewhere[0]), luck, accuracy)


def balanced_accuracy(said: Array, true: Array) -> float:
    """The mean of the share of yes and the share of no that are right; both bool (T,), and both must occur."""
    return float((said[true].mean() + (~said[~true]).mean()) / 2)


def _accuracy(first: tuple[Array, Array], second: tuple[Array, Array], unit: int, rises: bool) -> float | None:
    (hidden, labels), (other, other_labels) = first, second
    if other_labels.all() or not other_labels.any() or labels.all() or not labels.any():
        return None
    values = hidden[:, unit]
    cuts = np.unique(np.quantile(values, np.linspace(0, 1, 201)))
    shares = [balanced_accuracy((values > cut) == rises, labels) for cut in cuts]
    best = cuts[int(np.argmax(shares))]
    return balanced_accuracy((other[:, unit] > best) == rises, other_labels)


def _far(length: int, rng: np.random.Generator) -> int:
    """A shift of at least a tenth of the text either way round."""
    return int(rng.integers(length // 10, length - length // 10))
