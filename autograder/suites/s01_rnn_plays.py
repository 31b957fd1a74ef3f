"""The plays of stage 1: what is done with a student's functions, and which results count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.student import Handle, Student, tensor
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]


def step_forward(student: Student, x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """One step."""
    next_h, _ = student.rnn_step_forward(x, prev_h, Wx, Wh, b)
    return {"next_h": next_h}


def step_backward(student: Student, x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array) -> Outputs:
    """One step forward, then back through it."""
    _, cache = student.rnn_step_forward(x, prev_h, Wx, Wh, b)
    return _step_gradients(student, dnext_h, cache)


def step_backward_with_two_caches(
    student: Student, x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array, **other: Array
) -> Outputs:
    """Two steps forward, then back through the first: its cache must not have been overwritten."""
    _, cache = student.rnn_step_forward(x, prev_h, Wx, Wh, b)
    student.rnn_step_forward(other["other_x"], other["other_h"], Wx, Wh, b)
    return _step_gradients(student, dnext_h, cache)


def forward(student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """A whole sequence."""
    h, _ = student.rnn_forward(x, h0, Wx, Wh, b)
    return {"h": h}


def backward(student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array) -> Outputs:
    """A whole sequence forward, then back through time."""
    _, cache = student.rnn_forward(x, h0, Wx, Wh, b)
    return _sequence_gradients(student, dh, cache)


def backward_with_two_caches(
    student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array, **other: Array
) -> Outputs:
    """Two sequences forward, then back through the first."""
    _, cache = student.rnn_forward(x, h0, Wx, Wh, b)
    student.rnn_forward(other["other_x"], other["other_h"], Wx, Wh, b)
    return _sequence_gradients(student, dh, cache)


def affine_forward(student: Student, x: Array, w: Array, b: Array) -> Outputs:
    """The output layer at every step."""
    out, _ = student.temporal_affine_forward(x, w, b)
    return {"out": out}


def affine_backward(student: Student, x: Array, w: Array, b: Array, dout: Array) -> Outputs:
    """The output layer forward and back."""
    _, cache = student.temporal_affine_forward(x, w, b)
    dx, dw, db = student.temporal_affine_backward(dout, cache)
    return {"dx": dx, "dw": dw, "db": db}


def affine_backward_with_two_caches(
    student: Student, x: Array, w: Array, b: Array, dout: Array, other_x: Array
) -> Outputs:
    """Two output layers forward, then back through the first."""
    _, cache = student.temporal_affine_forward(x, w, b)
    student.temporal_affine_forward(other_x, w, b)
    dx, dw, db = student.temporal_affine_backward(dout, cache)
    return {"dx": dx, "dw": dw, "db": db}


def read_rows(student: Student, images: Array, labels: Array, **params: Array) -> Outputs:
    """Loss and gradients of a reader with known parameters."""
    reader = student.RowReader(dict(params))
    loss, grads = reader.loss(images, labels)
    return {"loss": loss} | {f"d{name}": grads[name] for name in params}


def read_rows_twice(student: Student, images: Array, labels: Array, **params: Array) -> Outputs:
    """The same reader asked a second time: nothing of the first may linger."""
    reader = student.RowReader(dict(params))
    reader.loss(images, labels)
    loss, grads = reader.loss(images, labels)
    return {"loss": loss} | {f"d{name}": grads[name] for name in params}


def module_forward(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The torch module without an initial state."""
    return {"h": _module(student, x, Wx, Wh, b)(tensor(x))}


def module_twice(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The torch module called a second time: it must start from zeros again."""
    model = _module(student, x, Wx, Wh, b)
    model(tensor(x))
    return {"h": model(tensor(x))}


def module_gradients(student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array) -> Outputs:
    """The torch module with an initial state, and what autograd makes of it."""
    model = _module(student, x, Wx, Wh, b)
    x_leaf, h0_leaf = student.put(tensor(x, requires_grad=True)), student.put(tensor(h0, requires_grad=True))
    h = model(x_leaf, h0_leaf)
    h.backward(tensor(dh))
    grads = {"dx": x_leaf.grad, "dh0": h0_leaf.grad}
    return {"h": h} | grads | {f"d{name}": getattr(model, name).grad for name in ("Wx", "Wh", "b")}


def module_in_bfloat16(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The torch module in the GPU's short float."""
    model = _module(student, x, Wx, Wh, b).bfloat16()
    return {"h": model(student.put(tensor(x)).bfloat16())}


def _module(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Any:
    model = student.RNN(Wx.shape[0], Wx.shape[1])
    if x.dtype == np.float64:
        model = model.double()
    model.load_state_dict({"Wx": tensor(Wx), "Wh": tensor(Wh), "b": tensor(b)})
    return model


def _step_gradients(student: Student, dnext_h: Array, cache: Handle) -> Outputs:
    dx, dprev_h, dWx, dWh, db = student.rnn_step_backward(dnext_h, cache)
    return {"dx": dx, "dprev_h": dprev_h, "dWx": dWx, "dWh": dWh, "db": db}


def _sequence_gradients(student: Student, dh: Array, cache: Handle) -> Outputs:
    dx, dh0, dWx, dWh, db = student.rnn_backward(dh, cache)
    return {"dx": dx, "dh0": dh0, "dWx": dWx, "dWh": dWh, "db": db}
