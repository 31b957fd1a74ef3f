"""The second oracle of stage 3: torch primitives and autograd, in float64 where the inputs are.

Nothing here may use the master's answers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from autograder.oracles import gradient, leaf, numpy_of, plain
from autograder.suites.s03_gradient_flow_plays import layers
from seqlab.checking.values import Array

Outputs = Mapping[str, Array]


def torch_stack(x: Array, dh: Array | None = None, **per_layer: Array) -> Outputs:
    """One ``nn.RNN`` of a single layer on top of another: ``h[i]``, and all gradients.

    The gradient from outside is ``dh`` at the top layer's states, or ``dh[0]``, ``dh[1]``, ... at each layer's.
    """
    networks = [_network(layers(per_layer, "Wx")[i], Wh, layers(per_layer, "b")[i]) for i, Wh in _numbered(per_layer)]
    starts = [leaf(h0) for h0 in _starts(x, per_layer)]
    x_leaf = leaf(x)
    states = [x_leaf]
    for network, start in zip(networks, starts, strict=True):
        states.append(network(states[-1], start.unsqueeze(0))[0])
    outputs = {f"h[{i}]": numpy_of(h) for i, h in enumerate(states[1:])}
    upstream = layers(per_layer, "dh")
    if dh is None and not upstream:
        return outputs
    if dh is None:
        torch.autograd.backward(states[1:], [plain(array) for array in upstream])
    else:
        states[-1].backward(plain(dh))
    return outputs | {"dx": gradient(x_leaf)} | _stack_gradients(networks, starts)


def torch_norms(h: Array, Wh: Array, dh: Array, **_: Array) -> Outputs:
    """Autograd over the linearised chain: small changes of a state travel to the next through slope and weights.

    Each step is the tangent of ``tanh`` at ``h``, so ``sum(dh * change)`` has the gradients of the network itself.
    """
    slopes, weights = 1 - plain(h) ** 2, plain(Wh)
    pushes = [torch.zeros_like(slopes[:, t]).requires_grad_() for t in range(h.shape[1])]
    change, total = pushes[0], (plain(dh)[:, 0] * pushes[0]).sum()
    for t in range(1, h.shape[1]):
        change = pushes[t] + (change @ weights) * slopes[:, t]
        total = total + (plain(dh)[:, t] * change).sum()
    total.backward()
    return {"norms": numpy_of(torch.stack([torch.linalg.vector_norm(push.grad, dim=1) for push in pushes], dim=1))}


def torch_bounds(h: Array, Wh: Array, dlast: Array) -> Outputs:
    """Products of slopes by a cumulative sum of logarithms, and of ``torch.linalg.svdvals``."""
    sizes = torch.linalg.svdvals(plain(Wh).double())
    slopes = 1 - plain(h).double() ** 2
    size = torch.linalg.vector_norm(plain(dlast).double(), dim=1)
    lower = _product_from_the_end(slopes.amin(dim=2), sizes.min())
    upper = _product_from_the_end(slopes.amax(dim=2), sizes.max())
    return {"lower": numpy_of(lower * size[:, None]), "upper": numpy_of(upper * size[:, None])}


def torch_clip(max_norm: Array, **grads: Array) -> Outputs:
    """The norm of all entries in one long float64 vector, and the arrays scaled where it is too long."""
    whole = torch.cat([plain(array).double().flatten() for array in grads.values()])
    norm = float(torch.linalg.vector_norm(whole / whole.abs().max().clamp(min=1e-300)) * whole.abs().max())
    scale = min(1.0, float(max_norm) / norm) if norm > 0 else 1.0
    second = np.asarray(min(norm, float(max_norm)))
    return {"norm": np.asarray(norm), "second norm": second} | {
        name: array * array.dtype.type(scale) for name, array in grads.items()
    }


def _product_from_the_end(slopes: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """For each step the product of ``slopes * size`` over all later steps; 1 for the last."""
    from_here = torch.log(slopes * size).flip(1).cumsum(1).flip(1)
    return torch.exp(torch.cat([from_here[:, 1:], torch.zeros_like(from_here[:, :1])], dim=1))


def _numbered(per_layer: Mapping[str, Array]) -> list[tuple[int, Array]]:
    return list(enumerate(layers(per_layer, "Wh")))


def _starts(x: Array, per_layer: Mapping[str, Array]) -> list[Array]:
    given = layers(per_layer, "h0")
    return given or [np.zeros((len(x), len(Wh)), x.dtype) for Wh in layers(per_layer, "Wh")]


def _network(Wx: Array, Wh: Array, b: Array) -> torch.nn.RNN:
    network = torch.nn.RNN(Wx.shape[0], Wx.shape[1], batch_first=True).to(plain(b).dtype)
    weights = {"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
    network.load_state_dict({name: plain(array) for name, array in weights.items()})
    return network


def _stack_gradients(networks: list[torch.nn.RNN], starts: list[torch.Tensor]) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for i, (network, start) in enumerate(zip(networks, starts, strict=True)):
        found |= {f"dh0[{i}]": gradient(start), f"dWx[{i}]": gradient(network.weight_ih_l0).T}
        found |= {f"dWh[{i}]": gradient(network.weight_hh_l0).T, f"db[{i}]": gradient(network.bias_ih_l0)}
    return found
