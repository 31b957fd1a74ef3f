"""The plays of stage 3: what is done with a student's functions, and which results count.

Layers come as inputs named ``Wx[0]``, ``Wx[1]``, ...: lists cross as lists of inputs, and each layer's results count
by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.student import Handle, Student, tensor
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]
PER_LAYER = ("h0", "Wx", "Wh", "b")


def layers(arrays: Mapping[str, Array], name: str) -> list[Array]:
    """The inputs ``name[0]``, ``name[1]``, ... as a list."""
    found: list[Array] = []
    while f"{name}[{len(found)}]" in arrays:
        found.append(arrays[f"{name}[{len(found)}]"])
    return found


def stack_forward(student: Student, x: Array, **per_layer: Array) -> Outputs:
    """Whole sequences through all layers."""
    h, _ = student.multilayer_rnn_forward(x, *_weights(per_layer))
    return _each(h, "h", per_layer)


def stack_backward(student: Student, x: Array, dh: Array, **per_layer: Array) -> Outputs:
    """Forward, then back through all layers."""
    _, cache = student.multilayer_rnn_forward(x, *_weights(per_layer))
    return _stack_gradients(student, dh, cache, per_layer)


def stack_backward_with_two_caches(
    student: Student, x: Array, dh: Array, other_x: Array, **per_layer: Array
) -> Outputs:
    """Two forward passes, then back through the first: its cache must not have been overwritten."""
    _, cache = student.multilayer_rnn_forward(x, *_weights(per_layer))
    student.multilayer_rnn_forward(other_x, *_weights(per_layer))
    return _stack_gradients(student, dh, cache, per_layer)


def norms(student: Student, h: Array, Wh: Array, dh: Array) -> Outputs:
    """The norm of the gradient at every state."""
    return {"norms": student.state_gradient_norms(h, Wh, dh)}


def bounds(student: Student, h: Array, Wh: Array, dlast: Array) -> Outputs:
    """What the singular values promise about the same norms."""
    lower, upper = student.gradient_norm_bounds(h, Wh, dlast)
    return {"lower": lower, "upper": upper}


def clip(student: Student, max_norm: Array, **grads: Array) -> Outputs:
    """The norm that is returned, and what the dictionary holds afterwards."""
    kept = student.put(dict(grads))
    norm = student.clip_grad_norm(kept, float(max_norm))
    return {"norm": norm} | {name: kept[name] for name in grads}


def clip_twice(student: Student, max_norm: Array, **grads: Array) -> Outputs:
    """Clip, then clip again with a limit twice as wide, which must change nothing."""
    kept = student.put(dict(grads))
    first = student.clip_grad_norm(kept, float(max_norm))
    second = student.clip_grad_norm(kept, 2 * float(max_norm))
    return {"norm": first, "second norm": second} | {name: kept[name] for name in grads}


def module_states(student: Student, x: Array, **per_layer: Array) -> Outputs:
    """The torch module without initial states."""
    return _each(_module(student, x, per_layer)(tensor(x)), "h", per_layer)


def module_twice(student: Student, x: Array, **per_layer: Array) -> Outputs:
    """The torch module called a second time: it must start from zeros again."""
    model = _module(student, x, per_layer)
    model(tensor(x))
    return _each(model(tensor(x)), "h", per_layer)


def module_gradients(student: Student, x: Array, **per_layer: Array) -> Outputs:
    """The torch module with initial states, and what autograd makes of a gradient at every layer's states."""
    model = _module(student, x, per_layer)
    x_leaf = student.put(tensor(x, requires_grad=True))
    starts = [student.put(tensor(h0, requires_grad=True)) for h0 in layers(per_layer, "h0")]
    h = model(x_leaf, starts)
    for layer, dh in enumerate(layers(per_layer, "dh")):
        h[layer].backward(tensor(dh), retain_graph=True)
    lists = {f"d{name}": getattr(model, name) for name in ("Wx", "Wh", "b")} | {"dh0": starts}
    grads = {f"{name}[{i}]": held[i].grad for name, held in lists.items() for i in range(len(starts))}
    return _each(h, "h", per_layer) | {"dx": x_leaf.grad} | grads


def module_in_bfloat16(student: Student, x: Array, **per_layer: Array) -> Outputs:
    """The torch module in the GPU's short float."""
    model = _module(student, x, per_layer).bfloat16()
    return _each(model(student.put(tensor(x)).bfloat16()), "h", per_layer)


def _weights(per_layer: Mapping[str, Array]) -> Sequence[list[Array]]:
    return [layers(per_layer, name) for name in PER_LAYER]


def _each(handle: Handle, name: str, per_layer: Mapping[str, Array]) -> dict[str, Handle]:
    return {f"{name}[{layer}]": handle[layer] for layer in range(len(layers(per_layer, "Wh")))}


def _stack_gradients(student: Student, dh: Array, cache: Handle, per_layer: Mapping[str, Array]) -> Outputs:
    dx, dh0, dWx, dWh, db = student.multilayer_rnn_backward(dh, cache)
    lists = {"dh0": dh0, "dWx": dWx, "dWh": dWh, "db": db}
    parts = [_each(handle, name, per_layer) for name, handle in lists.items()]
    return {"dx": dx} | {name: handle for part in parts for name, handle in part.items()}


def _module(student: Student, x: Array, per_layer: Mapping[str, Array]) -> Any:
    widths = [weights.shape[0] for weights in layers(per_layer, "Wh")]
    model = student.MultilayerRNN(x.shape[2], widths)
    if x.dtype == np.float64:
        model = model.double()
    state = {
        f"{name}.{layer}": tensor(array)
        for name in ("Wx", "Wh", "b")
        for layer, array in enumerate(layers(per_layer, name))
    }
    model.load_state_dict(state)
    return model
