"""What the three networks share: the way into the features-first layout, and the way out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
GAP = 16


def time_first(x: Array, dtype: np.dtype[Any]) -> Array:
    """A contiguous copy of ``x`` (N, T, D) with time in front, (T, N, D)."""
    return np.array(x.swapaxes(0, 1), dtype=dtype, order="C")


def input_parts(steps: Array, Wx: Array, b: Array) -> Array:
    """The input's part of every step's sum, ``x_t Wx + b``, features first: (T, G, N).

    Args:
        steps: inputs, (T, N, D).
        Wx: (D, G), where G is H for each gate.
        b: (G,).
    """
    T, N, D = steps.shape
    G = len(b)
    flat = np.matmul(Wx.T, steps.reshape(T * N, D).T)
    parts = np.empty((T, G, N), dtype=steps.dtype)
    parts.swapaxes(0, 1)[:] = flat.reshape(G, T, N)
    # Spread over the batch first: adding two arrays of one shape is many times faster than a broadcast over rows of N.
    parts += np.repeat(b, N).reshape(G, N).astype(steps.dtype, copy=False)
    return parts


def states_from(h0: Array, T: int, dtype: np.dtype[Any]) -> Array:
    """A work array for the states before and after every step, (T + 1, H, N), that starts with ``h0`` (N, H)."""
    states = np.empty((T + 1, h0.shape[1], h0.shape[0]), dtype=dtype)
    states[0] = h0.T
    return states


def batch_first(states: Array) -> Array:
    """A contiguous copy of ``states`` (T, H, N) as the world wants it, (N, T, H)."""
    return np.ascontiguousarray(states.transpose(2, 0, 1))


def features_first(dh: Array, dtype: np.dtype[Any]) -> Array:
    """A copy of ``dh`` (N, T, H) as the loop wants it, (T, H, N)."""
    N, T, H = dh.shape
    # Walking down a column whose rows are a power of two apart, all entries compete for the same few places of the
    # processor's cache; a first copy with a gap after every row makes the transposition up to five times faster.
    apart = np.empty((T, N, H + GAP), dtype=dtype)[:, :, :H]
    apart[:] = dh.swapaxes(0, 1)
    return np.ascontiguousarray(apart.swapaxes(1, 2))


def side_by_side(blocks: Array) -> Array:
    """A copy of ``blocks`` (T, G, N) as one matrix (G, T N), every step beside the one before."""
    T, G, N = blocks.shape
    return np.ascontiguousarray(blocks.swapaxes(0, 1)).reshape(G, T * N)


def weight_gradient(inputs: Array, da: Array) -> Array:
    """The gradient (K, G) of the weights that took ``inputs`` to the sums, over all steps at once.

    BLAS is fastest with the transposed product, so what comes back is a transposed view of it.

    Args:
        inputs: what the weights were multiplied by, all steps side by side, (K, T N).
        da: the gradients of all sums, (G, T N).
    """
    product: Array = np.matmul(da, inputs.T)
    return product.T


def input_gradients(da: Array, steps: Array, Wx: Array) -> tuple[Array, Array, Array]:
    """The gradients of the inputs, of ``Wx`` and of the bias: one product, one product, one sum.

    Args:
        da: the gradients of all sums, all steps side by side, (G, T N).
        steps: inputs, (T, N, D).
        Wx: (D, G).

    Returns:
        dx (N, T, D), dWx (D, G), db (G,).
    """
    T, N, D = steps.shape
    dx = np.matmul(da.T, Wx.T).reshape(T, N, D)
    return np.ascontiguousarray(dx.swapaxes(0, 1)), weight_gradient(steps.reshape(T * N, D).T, da), da.sum(axis=1)
