"""The LSTM of stage 4 for whole sequences (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solutions.faster.layout import (
    Array,
    batch_first,
    features_first,
    input_gradients,
    input_parts,
    side_by_side,
    states_from,
    time_first,
    weight_gradient,
)


@dataclass(frozen=True)
class LSTMCache:
    """What the backward pass wants to see again, features first."""

    steps: Array  # inputs, (T, N, D)
    Wx: Array
    Wh: Array
    gates: Array  # i, f, o, g of every step, (T, 4, H, N)
    states: Array  # (T + 1, H, N)
    cells: Array  # (T + 1, H, N)
    squashed: Array  # tanh of the cells after every step, (T, H, N)


def lstm_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, LSTMCache]:
    """Run an LSTM over whole sequences, from a cell state of zeros.

    Args:
        x: inputs, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: (D, 4H), (H, 4H) and (4H,), the gates in the order i, f, o, g.

    Returns:
        h: the states after every step, (N, T, H).
        cache: for lstm_backward.
    """
    dtype = np.result_type(x, h0, Wx, Wh, b)
    (N, T, _), H = x.shape, h0.shape[1]
    steps = time_first(x, dtype)
    gates = input_parts(steps, Wx, b).reshape(T, 4, H, N)
    states = states_from(h0, T, dtype)
    cells = states_from(np.zeros_like(h0), T, dtype)
    squashed = np.empty((T, H, N), dtype=dtype)
    recurrent = np.empty((4 * H, N), dtype=dtype)
    for t in range(T):
        np.matmul(Wh.T, states[t], out=recurrent)
        gates[t] += recurrent.reshape(4, H, N)
        _open_gates(gates[t])
        _advance(gates[t], cells[t], cells[t + 1], squashed[t], states[t + 1])
    return batch_first(states[1:]), LSTMCache(steps, Wx, Wh, gates, states, cells, squashed)


def _open_gates(gates: Array) -> None:
    """Turn the four sums (4, H, N) into i, f, o, g where they stand, with one tanh for all."""
    sigmoids = gates[:3]
    sigmoids *= 0.5
    np.tanh(gates, out=gates)
    sigmoids *= 0.5
    sigmoids += 0.5


def _advance(gates: Array, cell: Array, next_cell: Array, squashed: Array, next_state: Array) -> None:
    """Write the next cell, its tanh and the next state, all (H, N)."""
    i, f, o, g = gates
    np.multiply(i, g, out=next_cell)
    np.multiply(f, cell, out=squashed)
    next_cell += squashed
    np.tanh(next_cell, out=squashed)
    np.multiply(o, squashed, out=next_state)


def lstm_backward(dh: Array, cache: LSTMCache) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through whole sequences.

    Args:
        dh: the gradient that each state receives from its own output, (N, T, H).
        cache: what lstm_forward returned.

    Returns:
        dx (N, T, D), dh0 (N, H), dWx (D, 4H), dWh (H, 4H), db (4H,).
    """
    T, _, H, N = cache.gates.shape
    dtype = cache.states.dtype
    dh_blocks = features_first(dh, dtype)
    da = np.empty((4 * H, T, N), dtype=dtype)
    dgates = np.empty((4, H, N), dtype=dtype)
    dstate, dcell = np.zeros((2, H, N), dtype=dtype)
    work = np.empty((2, H, N), dtype=dtype)
    for t in reversed(range(T)):
        dstate += dh_blocks[t]
        _through_output(cache.gates[t, 2], cache.squashed[t], dstate, dcell, dgates[2], work)
        _through_cell(cache.gates[t], cache.cells[t], dcell, dgates, work)
        dsums = dgates.reshape(4 * H, N)
        np.matmul(cache.Wh, dsums, out=dstate)
        da[:, t] = dsums
    flat = da.reshape(4 * H, T * N)
    dx, dWx, db = input_gradients(flat, cache.steps, cache.Wx)
    dWh = weight_gradient(side_by_side(cache.states[:-1]), flat)
    return dx, np.ascontiguousarray(dstate.T), dWx, dWh, db


def _through_output(o: Array, squashed: Array, dstate: Array, dcell: Array, do: Array, work: Array) -> None:
    """Through ``h = o tanh(c)``: write ``do = dh tanh(c) o (1 - o)``, and add ``dh o (1 - tanh(c)^2)`` to ``dcell``.

    A slope such as ``o (1 - o)`` is never made: ``v (1 - o)`` is ``v - v o``, and the products are shared.
    """
    dsquashed, v = work
    np.multiply(dstate, o, out=dsquashed)
    np.multiply(dsquashed, squashed, out=v)
    np.multiply(v, o, out=do)
    np.subtract(v, do, out=do)
    v *= squashed
    dsquashed -= v
    dcell += dsquashed


def _through_cell(gates: Array, cell: Array, dcell: Array, dgates: Array, work: Array) -> None:
    """Through ``c' = i g + f c``: write di, df and dg before their squashing, and carry ``dcell`` back to ``c``."""
    i, f, _, g = gates
    di, df, _, dg = dgates
    u, v = work
    np.multiply(dcell, i, out=u)
    np.multiply(u, g, out=v)
    np.multiply(v, i, out=di)
    np.subtract(v, di, out=di)  # dc g i (1 - i)
    v *= g
    np.subtract(u, v, out=dg)  # dc i (1 - g^2)
    dcell *= f
    np.multiply(dcell, cell, out=u)
    np.multiply(u, f, out=df)
    np.subtract(u, df, out=df)  # dc c f (1 - f)
