"""The second oracle: the same quantities from torch primitives and autograd, in float64 where the inputs are.

Nothing here may use the masters' answers. ``torch.nn.RNN`` keeps its weights transposed and has two biases;
the second one is set to zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from autograder.suite import Oracle
from seqlab.checking.values import Array

Outputs = Mapping[str, Array]


def torch_rnn(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array | None = None) -> Outputs:
    """``nn.RNN`` on ``x`` (N, T, D) from ``h0`` (N, H): ``h`` (N, T, H), and all gradients where ``dh`` is given."""
    network = _network(Wx, Wh, b)
    x_leaf, h0_leaf = leaf(x), leaf(h0)
    h, _ = network(x_leaf, h0_leaf.unsqueeze(0))
    outputs = {"h": numpy_of(h)}
    if dh is None:
        return outputs
    h.backward(plain(dh))
    return outputs | {
        "dx": gradient(x_leaf),
        "dh0": gradient(h0_leaf),
        "dWx": gradient(network.weight_ih_l0).T,
        "dWh": gradient(network.weight_hh_l0).T,
        "db": gradient(network.bias_ih_l0),
    }


def torch_rnn_step(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array | None = None) -> Outputs:
    """One step of ``nn.RNN``: ``next_h`` (N, H), and all gradients where ``dnext_h`` is given."""
    dh = None if dnext_h is None else dnext_h[:, None]
    long = torch_rnn(x[:, None], prev_h, Wx, Wh, b, dh)
    outputs = {"next_h": long["h"][:, 0]}
    if dnext_h is None:
        return outputs
    shared = {name: long[name] for name in ("dWx", "dWh", "db")}
    return outputs | shared | {"dx": long["dx"][:, 0], "dprev_h": long["dh0"]}


def torch_affine(x: Array, w: Array, b: Array, dout: Array | None = None) -> Outputs:
    """``F.linear`` on the last axis: ``out`` (N, T, M), and all gradients where ``dout`` is given."""
    x_leaf, w_leaf, b_leaf = leaf(x), leaf(w), leaf(b)
    out = F.linear(x_leaf, w_leaf.T, b_leaf)
    outputs = {"out": numpy_of(out)}
    if dout is None:
        return outputs
    out.backward(plain(dout))
    return outputs | {"dx": gradient(x_leaf), "dw": gradient(w_leaf), "db": gradient(b_leaf)}


def torch_row_reader(
    images: Array, labels: Array, Wx: Array, Wh: Array, b: Array, W_out: Array, b_out: Array
) -> Outputs:
    """Many to one: ``nn.RNN`` over ``images`` (N, T, D), the last state to logits, mean cross-entropy, gradients."""
    network = _network(Wx, Wh, b)
    out_leaf, bias_leaf = leaf(W_out), leaf(b_out)
    h, _ = network(plain(images))
    loss = F.cross_entropy(h[:, -1] @ out_leaf + bias_leaf, torch.from_numpy(np.asarray(labels, dtype=np.int64)))
    loss.backward()
    return {
        "loss": numpy_of(loss),
        "dWx": gradient(network.weight_ih_l0).T,
        "dWh": gradient(network.weight_hh_l0).T,
        "db": gradient(network.bias_ih_l0),
        "dW_out": gradient(out_leaf),
        "db_out": gradient(bias_leaf),
    }


def plain(array: Array) -> torch.Tensor:
    """A tensor with a copy of ``array``, of the same dtype."""
    return torch.from_numpy(np.ascontiguousarray(array).copy())


def leaf(array: Array) -> torch.Tensor:
    """A tensor with a copy of ``array`` that collects a gradient."""
    return plain(array).requires_grad_()


def gradient(tensor: Any) -> Array:
    """The gradient that a leaf or parameter collected."""
    return numpy_of(tensor.grad)


def numpy_of(tensor: torch.Tensor) -> Array:
    """The entries of a tensor."""
    return np.asarray(tensor.detach().numpy())


def one_after_the_other(oracle: Oracle) -> Oracle:
    """An oracle for cases with a second input ``other_x`` beside some ``x``: its outputs are called ``other_...``."""

    def _both(**inputs: Array) -> Mapping[str, Array]:
        others = {name: array for name, array in inputs.items() if name.startswith("other_")}
        first = {name: array for name, array in inputs.items() if name not in others}
        if not others:
            return oracle(**inputs)
        second = first | {name.removeprefix("other_"): array for name, array in others.items()}
        return {**oracle(**first), **{f"other_{name}": array for name, array in oracle(**second).items()}}

    return _both


def _network(Wx: Array, Wh: Array, b: Array) -> torch.nn.RNN:
    network = torch.nn.RNN(Wx.shape[0], Wx.shape[1], batch_first=True).to(plain(b).dtype)
    weights = {"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
    network.load_state_dict({name: plain(array) for name, array in weights.items()})
    return network
