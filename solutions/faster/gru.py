"""The GRU of stage 4 for whole sequences (Cho et al. 2014, in the form of PyTorch, with one bias).

``r = sigmoid(x Wxr + h Whr + br)``, ``z`` alike, ``n = tanh(x Wxn + bn + r (h Whn))``, ``h' = (1 - z) n + z h``.
"""

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
class GRUCache:
    """What the backward pass wants to see again, features first."""

    steps: Array  # inputs, (T, N, D)
    Wx: Array
    Wh: Array
    gates: Array  # r, z, n of every step, (T, 3, H, N)
    recalled: Array  # h Whn of every step, (T, H, N)
    states: Array  # (T + 1, H, N)


def gru_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, GRUCache]:
    """Run a GRU over whole sequences.

    Args:
        x: inputs, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: (D, 3H), (H, 3H) and (3H,), in the order r, z, n; the bias belongs to the input's part.

    Returns:
        h: the states after every step, (N, T, H).
        cache: for gru_backward.
    """
    dtype = np.result_type(x, h0, Wx, Wh, b)
    (N, T, _), H = x.shape, h0.shape[1]
    steps = time_first(x, dtype)
    gates = input_parts(steps, Wx, b).reshape(T, 3, H, N)
    states = states_from(h0, T, dtype)
    recalled = np.empty((T, H, N), dtype=dtype)
    recurrent = np.empty((3, H, N), dtype=dtype)
    for t in range(T):
        np.matmul(Wh.T, states[t], out=recurrent.reshape(3 * H, N))
        recalled[t] = recurrent[2]
        _open_gates(gates[t], recurrent)
        _advance(gates[t], states[t], states[t + 1])
    return batch_first(states[1:]), GRUCache(steps, Wx, Wh, gates, recalled, states)


def _open_gates(gates: Array, recurrent: Array) -> None:
    """Turn the input's parts (3, H, N) into r, z, n where they stand; ``recurrent`` is used up."""
    sigmoids, n = gates[:2], gates[2]
    sigmoids += recurrent[:2]
    sigmoids *= 0.5
    np.tanh(sigmoids, out=sigmoids)
    sigmoids *= 0.5
    sigmoids += 0.5
    recurrent[2] *= gates[0]
    n += recurrent[2]
    np.tanh(n, out=n)


def _advance(gates: Array, state: Array, next_state: Array) -> None:
    """Write the next state (H, N): ``n + z (h - n)``."""
    _, z, n = gates
    np.subtract(state, n, out=next_state)
    next_state *= z
    next_state += n


def gru_backward(dh: Array, cache: GRUCache) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through whole sequences.

    Args:
        dh: the gradient that each state receives from its own output, (N, T, H).
        cache: what gru_forward returned.

    Returns:
        dx (N, T, D), dh0 (N, H), dWx (D, 3H), dWh (H, 3H), db (3H,).
    """
    T, _, H, N = cache.gates.shape
    dtype = cache.states.dtype
    dh_blocks = features_first(dh, dtype)
    da, dn_all = np.empty((3 * H, T, N), dtype=dtype), np.empty((H, T, N), dtype=dtype)
    dgates = np.empty((3, H, N), dtype=dtype)
    dstate, past = np.zeros((2, H, N), dtype=dtype)
    dn, work = np.empty((2, H, N), dtype=dtype)
    for t in reversed(range(T)):
        dstate += dh_blocks[t]
        np.multiply(dstate, cache.gates[t, 1], out=past)
        _through_mixture(cache.gates[t], cache.states[t], dstate, past, dgates[1], dn, work)
        _through_recall(cache.gates[t, 0], cache.recalled[t], dn, dgates, work)
        np.matmul(cache.Wh, dgates.reshape(3 * H, N), out=dstate)
        dstate += past
        da[:, t] = dgates.reshape(3 * H, N)
        dn_all[:, t] = dn
    flat = da.reshape(3 * H, T * N)
    dWh = weight_gradient(side_by_side(cache.states[:-1]), flat)
    da[2 * H :] = dn_all  # from here on the input's side, which r does not scale
    dx, dWx, db = input_gradients(flat, cache.steps, cache.Wx)
    return dx, np.ascontiguousarray(dstate.T), dWx, dWh, db


def _through_mixture(gates: Array, state: Array, dstate: Array, past: Array, dz: Array, dn: Array, work: Array) -> None:
    """Through ``h' = (1 - z) n + z h``, with ``past = dh' z``: write dz and dn before their squashing."""
    _, z, n = gates
    dstate -= past  # dh' (1 - z)
    np.multiply(dstate, n, out=work)
    work *= n
    np.subtract(dstate, work, out=dn)  # dh' (1 - z) (1 - n^2)
    np.subtract(state, n, out=work)
    work *= past
    np.multiply(work, z, out=dz)
    np.subtract(work, dz, out=dz)  # dh' (h - n) z (1 - z)


def _through_recall(r: Array, recalled: Array, dn: Array, dgates: Array, work: Array) -> None:
    """Through ``r (h Whn)``: write dr before its squashing, and what reaches ``h Whn`` in n's place."""
    dr, _, drecalled = dgates
    np.multiply(dn, r, out=drecalled)
    np.multiply(drecalled, recalled, out=work)
    np.multiply(work, r, out=dr)
    np.subtract(work, dr, out=dr)  # dn (h Whn) r (1 - r)
