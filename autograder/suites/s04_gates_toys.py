"""The toys of stage 4: tiny cases with every intermediate array, in the order of the computation.

The numbers come from torch or plain formulas here, not from the master; each is a factory that takes the play.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.drawing import linspaces
from autograder.suite import ToyCase, ToyLine
from autograder.suites import s04_gates_oracles as oracles
from seqlab.checking.values import Array

_LSTM = {"Wx": (0.6, -0.6, (2, 8)), "Wh": (-0.5, 0.5, (2, 8)), "b": (-0.4, 0.8, (8,))}
_GRU = {"Wx": (0.6, -0.6, (2, 6)), "Wh": (-0.5, 0.5, (2, 6)), "b": (-0.4, 0.8, (6,))}
_STEP = {"x": (1.0, -0.5, (1, 2)), "prev_h": (0.2, 0.6, (1, 2))}
_SEQUENCE = {"x": (1.0, -0.5, (1, 3, 2)), "h0": (0.2, 0.6, (1, 2))}
_INPUTS = {"x": (1.0, -0.5, (1, 3, 2))}
_CELL = {"prev_c": (0.5, -0.9, (1, 2))}
_TORCHS = {
    "weight_ih": (1.0, 8.0, (4, 2)),
    "weight_hh": (1.0, 4.0, (4, 1)),
    "bias_ih": (1.0, 4.0, (4,)),
    "bias_hh": (0.1, 0.4, (4,)),
}
_OURS = {"Wx": (1.0, 8.0, (2, 4)), "Wh": (1.0, 4.0, (1, 4)), "b": (1.0, 4.0, (4,))}


def lstm_step_lines(x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """The sums, the gates, what is kept and written, cell and state."""
    i, f, o, g = _lstm_gates(x, prev_h, Wx, Wh, b)
    right = oracles.torch_lstm_step(x, prev_h, prev_c, Wx, Wh, b)
    return [
        ToyLine("the sums, i f o g", x @ Wx + prev_h @ Wh + b),
        *(ToyLine(f"gate {name}", gate) for name, gate in zip("ifo", (i, f, o), strict=True)),
        ToyLine("candidate g", g),
        ToyLine("kept", f * prev_c),
        ToyLine("written", i * g),
        ToyLine("next_c", right["next_c"], "next_c"),
        ToyLine("next_h", right["next_h"], "next_h"),
    ]


def lstm_step_back_lines(
    x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array, dnext_c: Array
) -> list[ToyLine]:
    """The complete gradient of the cell, that of the four sums, the six gradients."""
    f = _lstm_gates(x, prev_h, Wx, Wh, b)[1]
    right = oracles.torch_lstm_step(x, prev_h, prev_c, Wx, Wh, b, dnext_h, dnext_c)
    names = ("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db")
    return [
        ToyLine("next_c, from forward", right["next_c"]),
        ToyLine("at next_c in all", right["dprev_c"] / f),
        ToyLine("at the sums, i f o g", right["db"][None]),
        *_gradients(right, names),
    ]


def lstm_lines(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """Input, cell and state of each step."""
    return [line for t in range(x.shape[1]) for line in _lstm_moment(t, x, h0, Wx, Wh, b)]


def lstm_back_lines(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array) -> list[ToyLine]:
    """What arrives at each state and cell from later steps, latest first, and the gradients."""
    right = oracles.torch_lstm(x, h0, Wx, Wh, b, dh)
    arrivals = [line for t in range(x.shape[1] - 2, -1, -1) for line in _lstm_arrivals(t, x, h0, Wx, Wh, b, dh)]
    names = ("dx", "dh0", "dWx", "dWh", "db")
    return [ToyLine("h, from forward", right["h"]), *arrivals, *_gradients(right, names)]


def highway_lines(forget_gates: Array) -> list[ToyLine]:
    """The gates of each step, and the products, latest first."""
    right = oracles.torch_highway(forget_gates)["highway"]
    steps = range(forget_gates.shape[1])
    shown = [ToyLine(f"gates at step {t}", forget_gates[:, t]) for t in steps]
    return shown + [ToyLine(f"highway[:, {t}]", right[:, t], "highway", t) for t in reversed(steps)]


def gru_step_lines(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """The two sides of the sums, the gates, the candidate, the state."""
    r, z, n = _gru_gates(x, prev_h, Wx, Wh, b)
    return [
        ToyLine("input's side, r z n", x @ Wx + b),
        ToyLine("state's side, r z n", prev_h @ Wh),
        *(ToyLine(f"gate {name}", gate) for name, gate in zip("rz", (r, z), strict=True)),
        ToyLine("candidate n", n),
        ToyLine("next_h", oracles.torch_gru_step(x, prev_h, Wx, Wh, b)["next_h"], "next_h"),
    ]


def gru_step_back_lines(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array) -> list[ToyLine]:
    """The gates, the gradients of the sums on either side, the five gradients."""
    right = oracles.torch_gru_step(x, prev_h, Wx, Wh, b, dnext_h)
    r, z, n = _gru_gates(x, prev_h, Wx, Wh, b)
    sums = right["db"][None]
    gated = np.concatenate([*np.split(sums, 3, axis=1)[:2], np.split(sums, 3, axis=1)[2] * r], axis=1)
    return [
        ToyLine("r, z, n, from forward", np.concatenate([r, z, n], axis=1)),
        ToyLine("at the input's side", sums),
        ToyLine("at the state's side", gated),
        *_gradients(right, ("dx", "dprev_h", "dWx", "dWh", "db")),
    ]


def gru_lines(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """The input and the state of each step."""
    h = oracles.torch_gru(x, h0, Wx, Wh, b)["h"]
    return [line for t in range(h.shape[1]) for line in _moment(t, x, h)]


def gru_back_lines(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array) -> list[ToyLine]:
    """What arrives at each state from later steps, latest first, and the gradients."""
    right = oracles.torch_gru(x, h0, Wx, Wh, b, dh)
    arrivals = []
    for t in range(x.shape[1] - 2, -1, -1):
        later = oracles.torch_gru(x[:, t + 1 :], right["h"][:, t], Wx, Wh, b, dh[:, t + 1 :])["dh0"]
        arrivals += [ToyLine(f"to h[:, {t}] from later", later)]
    names = ("dx", "dh0", "dWx", "dWh", "db")
    return [ToyLine("h, from forward", right["h"]), *arrivals, *_gradients(right, names)]


def from_torch_lines(weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> list[ToyLine]:
    """Our three parameters."""
    return _gradients(oracles.our_lstm_parameters(weight_ih, weight_hh, bias_ih, bias_hh), ("Wx", "Wh", "b"))


def to_torch_lines(Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """Torch's four parameters."""
    return _gradients(oracles.torch_lstm_parameters(Wx, Wh, b), ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))


def lstm_module_lines(x: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """Input, cell and state of each step, from zeros, and what is left at the end."""
    zeros = np.zeros((len(x), Wh.shape[0]))
    right = oracles.torch_lstm(x, zeros, Wx, Wh, b)
    return [*lstm_lines(x, zeros, Wx, Wh, b), *_gradients(right, ("h_last", "c_last"))]


def gru_module_lines(x: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """Input and state of each step, from zeros."""
    return gru_lines(x, np.zeros((len(x), Wh.shape[0])), Wx, Wh, b)


def _lstm_gates(x: Array, h: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Array, Array, Array]:
    i, f, o, g = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    return _sigmoid(i), _sigmoid(f), _sigmoid(o), np.tanh(g)


def _gru_gates(x: Array, h: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Array, Array]:
    sees, remembers = np.split(x @ Wx + b, 3, axis=1), np.split(h @ Wh, 3, axis=1)
    r, z = (_sigmoid(sees[k] + remembers[k]) for k in (0, 1))
    return r, z, np.tanh(sees[2] + r * remembers[2])


def _sigmoid(a: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-a)))


def _lstm_moment(t: int, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    so_far = oracles.torch_lstm(x[:, : t + 1], h0, Wx, Wh, b)
    cell = ToyLine(f"cell after step {t}", so_far["c_last"])
    see, show = _moment(t, x, so_far["h"])
    return [see, cell, show]


def _lstm_arrivals(t: int, x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array) -> list[ToyLine]:
    before = oracles.torch_lstm(x[:, : t + 1], h0, Wx, Wh, b)
    later = oracles.torch_lstm(x[:, t + 1 :], before["h_last"], Wx, Wh, b, dh[:, t + 1 :], before["c_last"])
    return [
        ToyLine(f"to h[:, {t}] from later", later["dh0"]),
        ToyLine(f"to cell {t} along the road", later["dc0"]),
    ]


def _moment(t: int, x: Array, h: Array) -> list[ToyLine]:
    return [ToyLine(f"x[:, {t}]", x[:, t]), ToyLine(f"h[:, {t}]", h[:, t], "h", t)]


def _gradients(right: oracles.Outputs, names: tuple[str, ...]) -> list[ToyLine]:
    return [ToyLine(name, right[name], name) for name in names]


_DSTEP = {"dnext_h": (1.0, -1.0, (1, 2))}
_DCELL = {"dnext_c": (0.5, 0.3, (1, 2))}
_DSEQUENCE = {"dh": (1.0, -1.0, (1, 3, 2))}

LSTM_STEP_FORWARD = partial(ToyCase, linspaces(**_STEP, **_CELL, **_LSTM), lines=lstm_step_lines)
LSTM_STEP_BACKWARD = partial(
    ToyCase, linspaces(**_STEP, **_CELL, **_LSTM, **_DSTEP, **_DCELL), lines=lstm_step_back_lines
)
LSTM_FORWARD = partial(ToyCase, linspaces(**_SEQUENCE, **_LSTM), lines=lstm_lines)
LSTM_BACKWARD = partial(ToyCase, linspaces(**_SEQUENCE, **_LSTM, **_DSEQUENCE), lines=lstm_back_lines)
HIGHWAY = partial(ToyCase, linspaces(forget_gates=(0.5, 0.9, (1, 4, 2))), lines=highway_lines)
GRU_STEP_FORWARD = partial(ToyCase, linspaces(**_STEP, **_GRU), lines=gru_step_lines)
GRU_STEP_BACKWARD = partial(ToyCase, linspaces(**_STEP, **_GRU, **_DSTEP), lines=gru_step_back_lines)
GRU_FORWARD = partial(ToyCase, linspaces(**_SEQUENCE, **_GRU), lines=gru_lines)
GRU_BACKWARD = partial(ToyCase, linspaces(**_SEQUENCE, **_GRU, **_DSEQUENCE), lines=gru_back_lines)
FROM_TORCH = partial(ToyCase, linspaces(**_TORCHS), lines=from_torch_lines)
TO_TORCH = partial(ToyCase, linspaces(**_OURS), lines=to_torch_lines)
LSTM_MODULE = partial(ToyCase, linspaces(**_INPUTS, **_LSTM), lines=lstm_module_lines)
GRU_MODULE = partial(ToyCase, linspaces(**_INPUTS, **_GRU), lines=gru_module_lines)
