"""Tasks that cannot be done without a long memory, drawn fresh for every minibatch."""

from __future__ import annotations

import numpy as np

from seqlab.checking.values import Array


def adding_problem(count: int, length: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Add the two numbers that are marked (Hochreiter and Schmidhuber 1997, section 5.4, with numbers from 0 to 1).

    One mark stands in the first half of a sequence and one in the second. Who always answers 1 has a mean squared error
    of 1/6, the variance of a sum of two such numbers.

    Args:
        count: how many sequences, N.
        length: how many steps, T, at least 2.
        rng: draws numbers and marks.

    Returns:
        x: (N, T, 2) float32; the numbers, uniform on [0, 1), and the marks, 0 or 1.
        sums: (N,) float32.

    Raises:
        ValueError: a sequence of fewer than two steps has no place for two marks.
    """
    if length < 2:
        raise ValueError(f"the adding problem needs a length of 2 or more, for its two marks; found {length}")
    numbers, marks = rng.random((count, length)), np.zeros((count, length))
    rows, half = np.arange(count), length // 2
    marks[rows, rng.integers(0, half, count)] = 1
    marks[rows, rng.integers(half, length, count)] = 1
    x = np.stack([numbers, marks], axis=2).astype(np.float32)
    return x, (numbers * marks).sum(axis=1).astype(np.float32)


def copy_task(
    count: int, delay: int, rng: np.random.Generator, symbols: int = 4, length: int = 4
) -> tuple[Array, Array]:
    """Repeat a few symbols after a delay (after Arjovsky and others 2016, section 4.1).

    A sequence shows ``length`` symbols, then blanks, and a signal to begin just before the last ``length`` steps, at
    which the symbols are to be said in order. Guessing costs ``log(symbols)`` nats a symbol.

    Args:
        count: how many sequences, N.
        delay: how many steps lie between the last symbol and the first answer, at least 1.
        rng: draws the symbols.
        symbols, length: how many different symbols there are, and how many are shown.

    Returns:
        x: (N, 2 * length + delay, symbols + 2) float32, one-hot: the symbols, the blank, the signal.
        shown: (N, length) int64.

    Raises:
        ValueError: the delay leaves no step for the signal.
    """
    if delay < 1:
        raise ValueError(f"the copy task needs a delay of 1 or more, for its signal; found {delay}")
    shown = rng.integers(0, symbols, (count, length))
    codes = np.full((count, 2 * length + delay), symbols)
    codes[:, :length] = shown
    codes[:, length + delay - 1] = symbols + 1
    return np.eye(symbols + 2, dtype=np.float32)[codes], shown
