"""The vanilla recurrent network of stage 1 for whole sequences: ``h' = tanh(x Wx + h Wh + b)`` (Elman 1990)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from solutions.faster.layout import Array, time_first


@dataclass(frozen=True)
class RNNCache:
    """What the backward pass wants to see again, time first."""

    steps: Array  # inputs, (T, N, D)
    Wx: Array
    Wh: Array
    states: Array  # before and after every step, (T + 1, N, H)


def rnn_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, RNNCache]:
    """Run a recurrent network over whole sequences.

    Args:
        x: inputs, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: the weights, (D, H), (H, H) and (H,).

    Returns:
        h: the states after every step, (N, T, H).
        cache: for rnn_backward.
    """
    dtype = np.result_type(x, h0, Wx, Wh, b)
    (N, T, D), H = x.shape, h0.shape[1]
    steps = time_first(x, dtype)
    states = np.empty((T + 1, N, H), dtype=dtype)
    states[0] = h0
    np.matmul(steps.reshape(T * N, D), Wx, out=states[1:].reshape(T * N, H))  # all inputs in one large product
    states[1:] += b
    recurrent = np.empty((N, H), dtype=dtype)
    for state, next_state in pairwise(states):
        np.matmul(state, Wh, out=recurrent)
        next_state += recurrent
        np.tanh(next_state, out=next_state)
    return np.array(states[1:].swapaxes(0, 1), order="C"), RNNCache(steps, Wx, Wh, states)


def rnn_backward(dh: Array, cache: RNNCache) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through whole sequences.

    Args:
        dh: the gradient that each state receives from its own output, (N, T, H).
        cache: what rnn_forward returned.

    Returns:
        dx (N, T, D), dh0 (N, H), dWx (D, H), dWh (H, H), db (H,).
    """
    steps, states = cache.steps, cache.states
    (T, N, D), H = steps.shape, states.shape[2]
    Wh_back = np.array(cache.Wh.T, dtype=states.dtype, order="C")
    da = np.empty((T, N, H), dtype=states.dtype)
    dstate = np.zeros((N, H), dtype=states.dtype)
    for t in reversed(range(T)):
        dstate += dh[:, t]
        np.multiply(dstate, states[t + 1], out=da[t])
        da[t] *= states[t + 1]
        np.subtract(dstate, da[t], out=da[t])  # dh (1 - h^2)
        np.matmul(da[t], Wh_back, out=dstate)
    sums = da.reshape(T * N, H)
    dWx, dWh = steps.reshape(T * N, D).T @ sums, states[:-1].reshape(T * N, H).T @ sums
    dx = (sums @ cache.Wx.T).reshape(T, N, D)
    return np.array(dx.swapaxes(0, 1), order="C"), dstate, dWx, dWh, sums.sum(axis=0)
