"""The second oracle of stage 4: ``nn.LSTM`` and ``nn.GRU`` with autograd, in the dtype of the inputs.

torch orders the LSTM's blocks i, f, g, o, keeps weights transposed and has two biases; the second one is set to zero,
which puts the GRU's only bias outside its reset gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from autograder.oracles import gradient, leaf, numpy_of, plain
from seqlab.checking.values import Array

Outputs = Mapping[str, Array]
SWAPPED = (0, 1, 3, 2)  # from i, f, o, g to i, f, g, o, and back
AS_IS = (0, 1, 2)


def torch_lstm(
    x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array | None = None, c0: Array | None = None
) -> Outputs:
    """``nn.LSTM`` from ``h0`` and ``c0`` (zeros if None): ``h``, the last state and cell, with ``dh`` all gradients."""
    network = _network(torch.nn.LSTM, SWAPPED, Wx, Wh, b)
    x_leaf, h0_leaf, c0_leaf = leaf(x), leaf(h0), leaf(np.zeros_like(h0) if c0 is None else c0)
    h, (_, c_last) = network(x_leaf, (h0_leaf.unsqueeze(0), c0_leaf.unsqueeze(0)))
    outputs = {"h": numpy_of(h), "h_last": numpy_of(h[:, -1]), "c_last": numpy_of(c_last[0])}
    if dh is None:
        return outputs
    h.backward(plain(dh))
    starts = {"dx": gradient(x_leaf), "dh0": gradient(h0_leaf), "dc0": gradient(c0_leaf)}
    return outputs | starts | _weight_gradients(network, SWAPPED)


def torch_lstm_step(
    x: Array,
    prev_h: Array,
    prev_c: Array,
    Wx: Array,
    Wh: Array,
    b: Array,
    dnext_h: Array | None = None,
    dnext_c: Array | None = None,
) -> Outputs:
    """One step of ``nn.LSTM``: ``next_h``, ``next_c``, and all gradients where the two upstream ones are given."""
    network = _network(torch.nn.LSTM, SWAPPED, Wx, Wh, b)
    leaves = {"dx": leaf(x[:, None]), "dprev_h": leaf(prev_h[None]), "dprev_c": leaf(prev_c[None])}
    x_leaf, *memory = leaves.values()
    _, (next_h, next_c) = network(x_leaf, tuple(memory))
    outputs = {"next_h": numpy_of(next_h[0]), "next_c": numpy_of(next_c[0])}
    if dnext_h is None or dnext_c is None:
        return outputs
    torch.autograd.backward([next_h, next_c], [plain(dnext_h[None]), plain(dnext_c[None])])
    shapes = {"dx": x.shape, "dprev_h": prev_h.shape, "dprev_c": prev_c.shape}
    starts = {name: gradient(one).reshape(shapes[name]) for name, one in leaves.items()}
    return outputs | starts | _weight_gradients(network, SWAPPED)


def torch_gru(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array | None = None) -> Outputs:
    """``nn.GRU`` on ``x`` (N, T, D) from ``h0`` (N, H): ``h``, and all gradients where ``dh`` is given."""
    network = _network(torch.nn.GRU, AS_IS, Wx, Wh, b)
    x_leaf, h0_leaf = leaf(x), leaf(h0)
    h, _ = network(x_leaf, h0_leaf.unsqueeze(0))
    if dh is None:
        return {"h": numpy_of(h)}
    h.backward(plain(dh))
    starts = {"dx": gradient(x_leaf), "dh0": gradient(h0_leaf)}
    return {"h": numpy_of(h)} | starts | _weight_gradients(network, AS_IS)


def torch_gru_step(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array | None = None) -> Outputs:
    """One step of ``nn.GRU``: ``next_h``, and all gradients where ``dnext_h`` is given."""
    dh = None if dnext_h is None else dnext_h[:, None]
    long = torch_gru(x[:, None], prev_h, Wx, Wh, b, dh)
    outputs = {"next_h": long["h"][:, 0]}
    if dnext_h is None:
        return outputs
    shared = {name: long[name] for name in ("dWx", "dWh", "db")}
    return outputs | shared | {"dx": long["dx"][:, 0], "dprev_h": long["dh0"]}


def torch_highway(forget_gates: Array) -> Outputs:
    """``dc_T / dc_t`` by autograd: a push is added to every cell of ``c_t = f_t c_(t-1)``; its gradient is read off."""
    gates, pushes = plain(forget_gates), leaf(np.zeros_like(forget_gates))
    cell = torch.zeros_like(gates[:, 0])
    for t in range(gates.shape[1]):
        cell = gates[:, t] * cell + pushes[:, t]
    cell.sum().backward()
    return {"highway": gradient(pushes)}


def torch_lstm_parameters(Wx: Array, Wh: Array, b: Array) -> Outputs:
    """Our parameters as ``nn.LSTM`` holds them."""
    swapped = {name: _reorder(array, SWAPPED) for name, array in {"ih": Wx, "hh": Wh, "b": b}.items()}
    weights = {"weight_ih": swapped["ih"].T, "weight_hh": swapped["hh"].T}
    return weights | {"bias_ih": swapped["b"], "bias_hh": np.zeros_like(b)}


def our_lstm_parameters(weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> Outputs:
    """The parameters of an ``nn.LSTM`` as ours."""
    ours = {name: _reorder(array.T, SWAPPED) for name, array in {"Wx": weight_ih, "Wh": weight_hh}.items()}
    return ours | {"b": _reorder(bias_ih + bias_hh, SWAPPED)}


def _reorder(array: Array, order: tuple[int, ...]) -> Array:
    """The blocks along the last axis in another order."""
    blocks = np.split(array, len(order), axis=-1)
    return np.concatenate([blocks[place] for place in order], axis=-1)


def _network(kind: Any, order: tuple[int, ...], Wx: Array, Wh: Array, b: Array) -> Any:
    network = kind(Wx.shape[0], Wh.shape[0], batch_first=True).to(plain(b).dtype)
    weights = {"weight_ih_l0": Wx, "weight_hh_l0": Wh, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
    network.load_state_dict({name: plain(_reorder(array, order).T) for name, array in weights.items()})
    return network


def _weight_gradients(network: Any, order: tuple[int, ...]) -> dict[str, Array]:
    named = {"dWx": network.weight_ih_l0, "dWh": network.weight_hh_l0, "db": network.bias_ih_l0}
    return {name: _reorder(gradient(parameter).T, order) for name, parameter in named.items()}
