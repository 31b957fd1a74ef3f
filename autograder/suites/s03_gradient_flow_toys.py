"""The toys of stage 3: tiny cases with every intermediate array, in the order of the computation.

The numbers come from torch or plain formulas here, not from the master; each is a factory that takes the play.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.drawing import linspaces
from autograder.suite import ToyCase, ToyLine
from autograder.suites.s03_gradient_flow_oracles import torch_bounds, torch_clip, torch_norms, torch_stack
from seqlab.checking.values import Array

_FIRST = {"Wx[0]": (0.5, -0.5, (2, 3)), "Wh[0]": (-0.4, 0.4, (3, 3)), "b[0]": (0.1, 0.3, (3,))}
_SECOND = {"Wx[1]": (-0.6, 0.4, (3, 2)), "Wh[1]": (0.2, 0.5, (2, 2)), "b[1]": (0.0, 0.1, (2,))}
_STARTS = {"h0[0]": (0.2, 0.6, (1, 3)), "h0[1]": (-0.3, 0.3, (1, 2))}
_WITHOUT_STATES = {"x": (1.0, -0.5, (1, 3, 2))} | _FIRST | _SECOND
_STACK = _WITHOUT_STATES | _STARTS
_CHAIN = {"h": (-0.6, 0.8, (1, 3, 2)), "Wh": (0.3, 0.9, (2, 2))}
_GRADS = {"max_norm": (5.0, 5.0, ()), "Wx": (1.0, 3.0, (2, 2)), "b": (8.0, 2.0, (2,))}


def forward_lines(x: Array, **per_layer: Array) -> list[ToyLine]:
    """The states of each layer, which the next one reads."""
    right = torch_stack(x, **per_layer)
    upper = ToyLine("h[0], read by layer 1", right["h[0]"], "h[0]")
    return [ToyLine("x, read by layer 0", x), upper, ToyLine("h[1], the top layer", right["h[1]"], "h[1]")]


def backward_lines(x: Array, dh: Array, **per_layer: Array) -> list[ToyLine]:
    """What the lower layer hears from the upper one, and every gradient, the upper layer's first."""
    right = torch_stack(x, dh, **per_layer)
    states = torch_stack(x, **per_layer)["h[0]"]
    upper = {f"{name}[0]": per_layer[f"{name}[1]"] for name in ("h0", "Wx", "Wh", "b")}
    heard = torch_stack(states, dh, **upper)["dx"]
    names = [f"{name}[{layer}]" for layer in (1, 0) for name in ("dh0", "dWx", "dWh", "db")]
    gradients = [ToyLine(name, right[name], name) for name in (*names, "dx")]
    return [ToyLine("to h[1] from outside", dh), ToyLine("to h[0] from layer 1", heard), *gradients]


def norm_lines(h: Array, Wh: Array, dh: Array) -> list[ToyLine]:
    """The slopes, what arrives at each state from later, latest first, and the norms."""
    slopes = 1 - h**2
    arrives, lines = np.zeros_like(dh[:, 0]), [ToyLine("slopes of tanh", slopes)]
    for t in range(h.shape[1] - 1, -1, -1):
        total = arrives + dh[:, t]
        lines += [ToyLine(f"to h[:, {t}] from later", arrives), ToyLine(f"to h[:, {t}] in all", total)]
        arrives = np.einsum("nj,nj,ij->ni", total, slopes[:, t], Wh)
    return [*lines, ToyLine("norms", torch_norms(h, Wh, dh)["norms"], "norms")]


def bound_lines(h: Array, Wh: Array, dlast: Array) -> list[ToyLine]:
    """The singular values, the smallest and largest slope of each step, and the bounds."""
    slopes = 1 - h**2
    right = torch_bounds(h, Wh, dlast)
    return [
        ToyLine("singular values of Wh", np.sqrt(np.abs(np.linalg.eigvalsh(Wh.T @ Wh)))[::-1]),
        ToyLine("smallest slope", slopes.min(axis=2)),
        ToyLine("largest slope", slopes.max(axis=2)),
        ToyLine("norm of dlast", np.sqrt((dlast**2).sum(axis=1))),
        ToyLine("lower", right["lower"], "lower"),
        ToyLine("upper", right["upper"], "upper"),
    ]


def clip_lines(max_norm: Array, **grads: Array) -> list[ToyLine]:
    """The squares that each array adds, the norm, and the arrays afterwards."""
    right = torch_clip(max_norm, **grads)
    squares = [ToyLine(f"sum of squares of {name}", np.asarray((array**2).sum())) for name, array in grads.items()]
    after = [ToyLine(f"{name}, afterwards", right[name], name) for name in grads]
    return [*squares, ToyLine("norm", right["norm"], "norm"), *after]


STACK_FORWARD = partial(ToyCase, linspaces(**_STACK), lines=forward_lines)
STACK_BACKWARD = partial(ToyCase, linspaces(**_STACK, dh=(1.0, -1.0, (1, 3, 2))), lines=backward_lines)
NORMS = partial(ToyCase, linspaces(**_CHAIN, dh=(0.1, 1.0, (1, 3, 2))), lines=norm_lines)
BOUNDS = partial(ToyCase, linspaces(**_CHAIN, dlast=(3.0, 4.0, (1, 2))), lines=bound_lines)
CLIP = partial(ToyCase, linspaces(**_GRADS), lines=clip_lines)
MODULE = partial(ToyCase, linspaces(**_WITHOUT_STATES), lines=forward_lines)
