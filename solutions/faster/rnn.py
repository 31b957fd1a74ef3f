"""The vanilla recurrent network of stage 1 for whole sequences: ``h' = tanh(x Wx + h Wh + b)`` (Elman 1990)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solutions.faster.layout import (
    Array,
    batch_first,
    input_gradients,
    input_parts,
    states_from,
    time_first,
    weight_gradient,
)


@dataclass(frozen=True)
class RNNCache:
    """What the backward pass wants to see again, features first."""

    steps: Array  # inputs, (T, N, D)
    Wx: Array
    Wh: Array
    states: Array  # (T + 1, H, N)


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
    steps = time_first(x, dtype)
    parts = input_parts(steps, Wx, b)
    states = states_from(h0, len(steps), dtype)
    for part, state, next_state in zip(parts, states[:-1], states[1:], strict=True):
        np.matmul(Wh.T, state, out=next_state)
        next_state += part
        np.tanh(next_state, out=next_state)
    return batch_first(states[1:]), RNNCache(steps, Wx, Wh, states)


def rnn_backward(dh: Array, cache: RNNCache) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through whole sequences.

    Args:
        dh: the gradient that each state receives from its own output, (N, T, H).
        cache: what rnn_forward returned.

    Returns:
        dx (N, T, D), dh0 (N, H), dWx (D, H), dWh (H, H), db (H,).
    """
    states = cache.states
    T, (H, N) = len(states) - 1, states[0].shape
    dh_steps = time_first(dh, states.dtype)
    da = np.empty((H, T, N), dtype=states.dtype)
    dstate, dsum = np.zeros((2, H, N), dtype=states.dtype)
    for t in reversed(range(T)):
        dstate += dh_steps[t].T
        np.multiply(dstate, states[t + 1], out=dsum)
        dsum *= states[t + 1]
        np.subtract(dstate, dsum, out=dsum)  # dh (1 - h^2)
        np.matmul(cache.Wh, dsum, out=dstate)
        da[:, t] = dsum
    before = np.ascontiguousarray(states[:-1].swapaxes(1, 2))
    dx, dWx, db = input_gradients(da, cache.steps, cache.Wx)
    return dx, np.ascontiguousarray(dstate.T), dWx, weight_gradient(before, da), db
