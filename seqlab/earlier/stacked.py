"""What stage 3 taught and later stages use: a stack of vanilla recurrent layers, and clipping by the norm.

Layers are lists of arrays, the bottom layer first, and may be of different widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqlab.checking.steps import Json, Plan, Step
from seqlab.checking.values import Array
from seqlab.earlier.vanilla import recurrent_layer
from seqlab.earlier.wrapping import Played, Recording, array_of, normal, record, tensor_of

Arrays = Sequence[Array]
GRADIENTS = ("dx", "dh0", "dWx", "dWh", "db")
PER_LAYER = ("h0", "Wx", "Wh", "b")
WIDTHS = (4, 2)


@dataclass(frozen=True, repr=False)
class StackCache:
    """What the forward pass keeps for the way back. There is nothing in it to read."""

    recording: Recording


def multilayer_rnn_forward(x: Array, h0: Arrays, Wx: Arrays, Wh: Arrays, b: Arrays) -> tuple[list[Array], StackCache]:
    """A stack of vanilla recurrent layers over whole sequences.

    Args:
        x: inputs of all steps, (N, T, D).
        h0, Wx, Wh, b: lists with one array for each layer, (N, H_l), (H_(l-1), H_l), (H_l, H_l) and (H_l,).

    Returns:
        h: the states of each layer after every step, (N, T, H_l).
        cache: for multilayer_rnn_backward.

    Raises:
        ValueError: the lists are not equally long, or the shapes do not go together.
    """
    layers = list(zip(h0, Wx, Wh, b, strict=True))
    names = [f"{name}[{layer}]" for layer in range(len(layers)) for name in PER_LAYER]
    arrays = [array for layer in layers for array in layer]
    recording = record(_stack, "multilayer_rnn_forward", {"x": x} | dict(zip(names, arrays, strict=True)))
    return [array_of(h) for h in recording.results], StackCache(recording)


def multilayer_rnn_backward(dh: Array, cache: StackCache) -> tuple[Array, *tuple[list[Array], ...]]:
    """The way back through multilayer_rnn_forward.

    Args:
        dh: the gradient that the states of the top layer receive from the outputs, (N, T, H_(K-1)).
        cache: what multilayer_rnn_forward returned.

    Returns:
        dx: (N, T, D).
        dh0, dWx, dWh, db: lists with one array for each layer, the bottom layer first.
    """
    *below, top = cache.recording.results
    upstream = tensor_of(np.asarray(dh)).to(top.dtype)
    dx, *found = cache.recording.gradients((*map(torch.zeros_like, below), upstream))
    return dx, *(found[place :: len(PER_LAYER)] for place in range(len(PER_LAYER)))


def clip_grad_norm(grads: dict[str, Array], max_norm: float) -> float:
    """Shorten a gradient to a largest norm, in place, keeping its direction; ``torch.nn.utils.clip_grad_norm_``.

    Args:
        grads: arrays of any shapes by name; together they are one gradient.
        max_norm: the largest norm that is let through, positive.

    Returns:
        The norm over all entries of all arrays before clipping.
    """
    held = [torch.nn.Parameter(torch.zeros(array.shape, dtype=torch.float64)) for array in grads.values()]
    for parameter, array in zip(held, grads.values(), strict=True):
        parameter.grad = tensor_of(array).double()
    norm = float(torch.nn.utils.clip_grad_norm_(held, max_norm))
    for parameter, array in zip(held, grads.values(), strict=True):
        array[...] = np.asarray(parameter.grad)
    return norm


def _stack(x: Tensor, **per_layer: Tensor) -> tuple[Tensor, ...]:
    tensors = list(per_layer.values())
    layers = [tensors[place : place + len(PER_LAYER)] for place in range(0, len(tensors), len(PER_LAYER))]
    return tuple(accumulate(layers, lambda below, layer: recurrent_layer(below, *layer), initial=x))[1:]


def _stack_plan() -> Plan:
    """Forward through two layers and back."""
    lists: list[Json] = [{"list": [{"input": f"{name}[{k}]"} for k in range(len(WIDTHS))]} for name in PER_LAYER]
    steps = [
        Step("call", "multilayer_rnn_forward", args=({"input": "x"}, *lists), returns=("h", "cache")),
        Step("item", 0, 0),
        Step("item", 0, 1),
        Step("call", "multilayer_rnn_backward", args=({"input": "dh"}, {"step": 2}), returns=GRADIENTS),
        *(Step("item", 3, place) for place in range(len(GRADIENTS))),
    ]
    holders = {"h": 1} | {name: 4 + place for place, name in enumerate(GRADIENTS) if place}
    outputs = {"dx": 4}
    for name, holder in holders.items():
        for layer in range(len(WIDTHS)):
            outputs[f"{name}[{layer}]"] = len(steps)
            steps.append(Step("item", holder, layer))
    return Plan(tuple(steps), outputs)


def _stack_shapes() -> dict[str, Any]:
    shapes: dict[str, Any] = {"x": (2, 5, 3), "dh": (2, 5, WIDTHS[-1])}
    for layer, (below, width) in enumerate(zip((3, *WIDTHS), WIDTHS, strict=False)):
        shapes |= {f"h0[{layer}]": (2, width), f"Wx[{layer}]": (below, width)}
        shapes |= {f"Wh[{layer}]": (width, width), f"b[{layer}]": (width,)}
    return shapes


def _clip_plan() -> Plan:
    """Clip a gradient of two arrays."""
    steps = (
        Step("put", args=({"dict": {"Wx": {"input": "Wx"}, "b": {"input": "b"}}},)),
        Step("call", "clip_grad_norm", args=({"step": 0}, {"literal": 5.0})),
        Step("item", 0, "Wx"),
        Step("item", 0, "b"),
    )
    return Plan(steps, {"norm": 1, "Wx": 2, "b": 3})


SUPPLIED = (
    Played(multilayer_rnn_forward, multilayer_rnn_backward, example=normal(**_stack_shapes()), plan=_stack_plan()),
    Played(clip_grad_norm, example=normal(50.0, Wx=(3, 4), b=(4,)), plan=_clip_plan()),
)
