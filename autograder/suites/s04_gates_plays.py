"""The plays of stage 4: what is done with a student's functions, and which results count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.student import Handle, Student, tensor
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]
LSTM_STEP = ("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db")
GRU_STEP = ("dx", "dprev_h", "dWx", "dWh", "db")
SEQUENCE = ("dx", "dh0", "dWx", "dWh", "db")


def lstm_step(student: Student, x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """One step of the LSTM."""
    next_h, next_c, _ = student.lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)
    return {"next_h": next_h, "next_c": next_c}


def lstm_step_back(
    student: Student,
    x: Array,
    prev_h: Array,
    prev_c: Array,
    Wx: Array,
    Wh: Array,
    b: Array,
    dnext_h: Array,
    dnext_c: Array,
    **other: Array,
) -> Outputs:
    """One step forward, then back through it; where another input is given, another step is taken in between."""
    _, _, cache = student.lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)
    if other:
        student.lstm_step_forward(other["other_x"], other["other_h"], other["other_c"], Wx, Wh, b)
    return dict(zip(LSTM_STEP, student.lstm_step_backward(dnext_h, dnext_c, cache), strict=True))


def lstm(student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """A whole sequence through the LSTM."""
    h, _ = student.lstm_forward(x, h0, Wx, Wh, b)
    return {"h": h}


def lstm_back(
    student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array, **other: Array
) -> Outputs:
    """A whole sequence forward, then back through time; another sequence in between where one is given."""
    _, cache = student.lstm_forward(x, h0, Wx, Wh, b)
    if other:
        student.lstm_forward(other["other_x"], other["other_h"], Wx, Wh, b)
    return dict(zip(SEQUENCE, student.lstm_backward(dh, cache), strict=True))


def highway(student: Student, forget_gates: Array) -> Outputs:
    """The product of the forget gates along the direct path."""
    return {"highway": student.cell_highway(forget_gates)}


def gru_step(student: Student, x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """One step of the GRU."""
    next_h, _ = student.gru_step_forward(x, prev_h, Wx, Wh, b)
    return {"next_h": next_h}


def gru_step_back(
    student: Student, x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array, **other: Array
) -> Outputs:
    """One step forward, then back through it; where another input is given, another step is taken in between."""
    _, cache = student.gru_step_forward(x, prev_h, Wx, Wh, b)
    if other:
        student.gru_step_forward(other["other_x"], other["other_h"], Wx, Wh, b)
    return dict(zip(GRU_STEP, student.gru_step_backward(dnext_h, cache), strict=True))


def gru(student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """A whole sequence through the GRU."""
    h, _ = student.gru_forward(x, h0, Wx, Wh, b)
    return {"h": h}


def gru_back(
    student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array, **other: Array
) -> Outputs:
    """A whole sequence forward, then back through time; another sequence in between where one is given."""
    _, cache = student.gru_forward(x, h0, Wx, Wh, b)
    if other:
        student.gru_forward(other["other_x"], other["other_h"], Wx, Wh, b)
    return dict(zip(SEQUENCE, student.gru_backward(dh, cache), strict=True))


def from_torch(student: Student, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> Outputs:
    """Parameters of torch turned into ours."""
    Wx, Wh, b = student.lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh)
    return {"Wx": Wx, "Wh": Wh, "b": b}


def to_torch(student: Student, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """Our parameters turned into torch's."""
    weight_ih, weight_hh, bias_ih, bias_hh = student.lstm_to_torch(Wx, Wh, b)
    return {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}


def lstm_module(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The LSTM module from nothing."""
    return _lstm_outputs(_module(student.LSTM, 4, x, Wx, Wh, b)(tensor(x)))


def lstm_module_twice(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The LSTM module called a second time: it must start from zeros again."""
    model = _module(student.LSTM, 4, x, Wx, Wh, b)
    model(tensor(x))
    return _lstm_outputs(model(tensor(x)))


def lstm_module_gradients(
    student: Student, x: Array, h0: Array, c0: Array, Wx: Array, Wh: Array, b: Array, dh: Array
) -> Outputs:
    """The LSTM module from a state and a cell, and what autograd makes of it."""
    model = _module(student.LSTM, 4, x, Wx, Wh, b)
    leaves = {name: student.put(tensor(array, requires_grad=True)) for name, array in _named(x, h0, c0).items()}
    outputs = _lstm_outputs(model(leaves["dx"], [leaves["dh0"], leaves["dc0"]]))
    outputs["h"].backward(tensor(dh))
    return outputs | {name: one.grad for name, one in leaves.items()} | _parameter_gradients(model)


def lstm_module_in_bfloat16(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The LSTM module in the GPU's short float."""
    model = _module(student.LSTM, 4, x, Wx, Wh, b).bfloat16()
    return _lstm_outputs(model(student.put(tensor(x)).bfloat16()))


def gru_module(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The GRU module from nothing."""
    return {"h": _module(student.GRU, 3, x, Wx, Wh, b)(tensor(x))}


def gru_module_twice(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The GRU module called a second time: it must start from zeros again."""
    model = _module(student.GRU, 3, x, Wx, Wh, b)
    model(tensor(x))
    return {"h": model(tensor(x))}


def gru_module_gradients(student: Student, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array) -> Outputs:
    """The GRU module from a state, and what autograd makes of it."""
    model = _module(student.GRU, 3, x, Wx, Wh, b)
    leaves = {name: student.put(tensor(array, requires_grad=True)) for name, array in _named(x, h0).items()}
    h = model(leaves["dx"], leaves["dh0"])
    h.backward(tensor(dh))
    return {"h": h} | {name: one.grad for name, one in leaves.items()} | _parameter_gradients(model)


def gru_module_in_bfloat16(student: Student, x: Array, Wx: Array, Wh: Array, b: Array) -> Outputs:
    """The GRU module in the GPU's short float."""
    model = _module(student.GRU, 3, x, Wx, Wh, b).bfloat16()
    return {"h": model(student.put(tensor(x)).bfloat16())}


def _named(*leaves: Array) -> dict[str, Array]:
    return dict(zip(("dx", "dh0", "dc0"), leaves, strict=False))


def _lstm_outputs(result: Any) -> dict[str, Any]:
    last = result[1]
    return {"h": result[0], "h_last": last[0], "c_last": last[1]}


def _parameter_gradients(model: Any) -> dict[str, Any]:
    return {f"d{name}": getattr(model, name).grad for name in ("Wx", "Wh", "b")}


def _module(make: Any, blocks: int, x: Array, Wx: Array, Wh: Array, b: Array) -> Any:
    model = make(Wx.shape[0], Wx.shape[1] // blocks)
    if x.dtype == np.float64:
        model = model.double()
    model.load_state_dict({"Wx": tensor(Wx), "Wh": tensor(Wh), "b": tensor(b)})
    return model
