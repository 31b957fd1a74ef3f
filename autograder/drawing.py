"""Drawing the inputs of cases: unsaturated numbers, sizes that all differ, and the odd layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from autograder.suite import Draw
from seqlab.checking.values import Array, Layout, with_layout

Shapes = Callable[[np.random.Generator], Mapping[str, tuple[int, ...]]]


def distinct_sizes(rng: np.random.Generator, count: int, low: int = 2, high: int = 8) -> tuple[int, ...]:
    """``count`` sizes in ``[low, high)``, no two alike, so that a mixed-up axis cannot pass."""
    return tuple(int(size) for size in rng.permutation(np.arange(low, high))[:count])


def sizes(rng: np.random.Generator, letters: str, ones: str = "", low: int = 2, high: int = 8) -> tuple[int, ...]:
    """A size for each letter, no two alike, but 1 for the letters that are also in ``ones``."""
    drawn = distinct_sizes(rng, len(letters), low, high)
    return tuple(1 if letter in ones else size for letter, size in zip(letters, drawn, strict=True))


def normal(shapes: Shapes, scale: float = 0.5, dtype: str = "float64") -> Draw:
    """Draw each array from a normal distribution of standard deviation ``scale``."""

    def _draw(rng: np.random.Generator) -> dict[str, Array]:
        return {name: (rng.standard_normal(shape) * scale).astype(dtype) for name, shape in shapes(rng).items()}

    return _draw


def with_huge(draw: Draw, name: str, factor: float = 1e4) -> Draw:
    """Make the last row of one array huge; the other rows stay ordinary, so that they still tell right from wrong."""

    def _outlying(rng: np.random.Generator) -> dict[str, Array]:
        arrays = dict(draw(rng))
        arrays[name] = arrays[name].copy()
        arrays[name][-1] *= factor
        return arrays

    return _outlying


def with_other(draw: Draw, *names: str) -> Draw:
    """For each input ``x`` of those named another one, ``other_x``: the same numbers in another order."""

    def _doubled(rng: np.random.Generator) -> dict[str, Array]:
        arrays = dict(draw(rng))
        return arrays | {f"other_{name}": rng.permuted(arrays[name]) for name in names}

    return _doubled


def in_layout(draw: Draw, layouts: tuple[Layout, ...] = ("strided", "F")) -> Draw:
    """The same numbers in memory that is not C contiguous, the layouts taken in turn."""

    def _scattered(rng: np.random.Generator) -> dict[str, Array]:
        arrays = draw(rng)
        return {name: with_layout(array, layouts[i % len(layouts)]) for i, (name, array) in enumerate(arrays.items())}

    return _scattered


def with_integers(draw: Draw, name: str, like: Callable[[Mapping[str, Array]], tuple[int, int]]) -> Draw:
    """Add an int64 vector ``name``; ``like(arrays)`` gives its length and the number of classes."""

    def _labelled(rng: np.random.Generator) -> dict[str, Array]:
        arrays = dict(draw(rng))
        length, classes = like(arrays)
        return arrays | {name: rng.integers(0, classes, size=length)}

    return _labelled


def linspaces(**specs: tuple[float, float, tuple[int, ...]]) -> Draw:
    """Known inputs: each array counts evenly from its first number to its second, in the given shape."""

    def _draw(rng: np.random.Generator) -> dict[str, Array]:
        return {name: np.linspace(a, b, int(np.prod(shape))).reshape(shape) for name, (a, b, shape) in specs.items()}

    return _draw
