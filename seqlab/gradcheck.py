"""Gradients by finite differences: slow, simple, and a fair judge of a backward pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqlab.checking.values import Array


def numeric_gradient(
    f: Callable[[Array], Array | float], x: Array, upstream: Array | float = 1.0, h: float = 1e-5
) -> Array:
    """The gradient of ``sum(f(x) * upstream)`` with respect to ``x``, by central differences.

    Args:
        f: a function of one array; it returns an array or a number.
        x: where to take the gradient; float64, any shape. It is left as it was.
        upstream: the gradient that arrives at ``f(x)``, of its shape; 1.0 for a loss.
        h: half the distance between the two evaluations of each difference.

    Returns:
        An array of the shape of ``x``. The error falls with ``h`` squared until rounding takes over near 1e-6.

    Raises:
        TypeError: ``x`` is not float64, so that differences would drown in rounding.
    """
    if x.dtype != np.float64:
        raise TypeError(f"finite differences need float64; found {x.dtype}. Use x.astype(np.float64).")
    point = x.copy()
    gradient = np.zeros_like(point)
    for place in np.ndindex(point.shape):
        centre = point[place]
        point[place] = centre + h
        above = np.sum(np.asarray(f(point)) * upstream)
        point[place] = centre - h
        below = np.sum(np.asarray(f(point)) * upstream)
        point[place] = centre
        gradient[place] = (above - below) / (2 * h)
    return gradient


def relative_error(a: Array | float, b: Array | float) -> float:
    """The largest ``|a - b|`` over the largest magnitude in either: 0 for equal arrays, at most 2."""
    first, second = np.asarray(a), np.asarray(b)
    scale = max(float(np.abs(first).max(initial=0.0)), float(np.abs(second).max(initial=0.0)), 1e-12)
    return float(np.abs(first - second).max(initial=0.0)) / scale
