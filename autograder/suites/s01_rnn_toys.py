"""The toys of stage 1: tiny cases with every intermediate array, in the order of the computation.

The numbers come from torch or plain formulas here, not from the master; each is a factory that takes the play.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.drawing import linspaces
from autograder.oracles import torch_affine, torch_rnn, torch_rnn_step, torch_row_reader
from autograder.suite import ToyCase, ToyLine
from seqlab.checking.values import Array

_WEIGHTS = {"Wx": (0.5, -0.5, (2, 3)), "Wh": (-0.4, 0.4, (3, 3)), "b": (0.1, 0.3, (3,))}
_STEP = {"x": (1.0, -0.5, (1, 2)), "prev_h": (0.2, 0.6, (1, 3))} | _WEIGHTS
_SEQUENCE = {"x": (1.0, -0.5, (1, 3, 2)), "h0": (0.2, 0.6, (1, 3))} | _WEIGHTS
_AFFINE = {"x": (-1.0, 1.0, (1, 2, 3)), "w": (0.1, 0.6, (3, 2)), "b": (0.5, -0.5, (2,))}
_READER_OUT = {"W_out": (-0.5, 0.5, (3, 2)), "b_out": (0.1, -0.1, (2,)), "labels": (1, 1, (1,))}
_READER = {"images": (0.0, 1.0, (1, 3, 2))} | _WEIGHTS | _READER_OUT


def step_forward_lines(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """The two parts of the sum, the sum, the new state."""
    sees, remembers = x @ Wx, prev_h @ Wh
    next_h = torch_rnn_step(x, prev_h, Wx, Wh, b)["next_h"]
    return [
        ToyLine("from the input", sees),
        ToyLine("from the state", remembers),
        ToyLine("their sum, with b", sees + remembers + b),
        ToyLine("next_h", next_h, "next_h"),
    ]


def step_backward_lines(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, dnext_h: Array) -> list[ToyLine]:
    """The state, the gradient before the squashing, the five gradients."""
    right = torch_rnn_step(x, prev_h, Wx, Wh, b, dnext_h)
    gradients = [ToyLine(name, right[name], name) for name in ("dx", "dprev_h", "dWx", "dWh", "db")]
    return [
        ToyLine("next_h, from forward", right["next_h"]),
        ToyLine("gradient before tanh", right["db"][None]),
        *gradients,
    ]


def forward_lines(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """The input and the state of each step."""
    h = torch_rnn(x, h0, Wx, Wh, b)["h"]
    return [line for t in range(h.shape[1]) for line in _forward_step(t, x, h)]


def backward_lines(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, dh: Array) -> list[ToyLine]:
    """What arrives at each state, latest first, and the gradients that add up on the way."""
    right = torch_rnn(x, h0, Wx, Wh, b, dh)
    T = x.shape[1]
    arrivals = []
    for t in range(T - 1, -1, -1):
        state = h0 if t == 0 else right["h"][:, t - 1]
        after = (
            torch_rnn(x[:, t + 1 :], right["h"][:, t], Wx, Wh, b, dh[:, t + 1 :])["dh0"]
            if t + 1 < T
            else np.zeros_like(state)
        )
        arrivals += [ToyLine(f"to h[:, {t}] from later", after), ToyLine(f"to h[:, {t}] in all", after + dh[:, t])]
    gradients = [ToyLine(name, right[name], name) for name in ("dx", "dh0", "dWx", "dWh", "db")]
    return [ToyLine("h, from forward", right["h"]), *arrivals, *gradients]


def affine_forward_lines(x: Array, w: Array, b: Array) -> list[ToyLine]:
    """The scores at each step."""
    out = torch_affine(x, w, b)["out"]
    return [ToyLine(f"out[:, {t}]", out[:, t], "out", t) for t in range(out.shape[1])]


def affine_backward_lines(x: Array, w: Array, b: Array, dout: Array) -> list[ToyLine]:
    """What each step adds to the gradient of w, and the three gradients."""
    right = torch_affine(x, w, b, dout)
    shares = [torch_affine(x[:, t : t + 1], w, b, dout[:, t : t + 1])["dw"] for t in range(x.shape[1])]
    parts = [ToyLine(f"to dw from step {t}", share) for t, share in enumerate(shares)]
    return [*parts, *(ToyLine(name, right[name], name) for name in ("dx", "dw", "db"))]


def reader_lines(
    images: Array, labels: Array, Wx: Array, Wh: Array, b: Array, W_out: Array, b_out: Array
) -> list[ToyLine]:
    """The states, the scores, the probabilities, the loss and its gradients."""
    h = torch_rnn(images, np.zeros((len(images), Wh.shape[0])), Wx, Wh, b)["h"]
    scores = h[:, -1] @ W_out + b_out
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    right = torch_row_reader(images, labels, Wx, Wh, b, W_out, b_out)
    names = ("loss", "dWx", "dWh", "db", "dW_out", "db_out")
    return [
        ToyLine("the states", h),
        ToyLine("the last state", h[:, -1]),
        ToyLine("its scores", scores),
        ToyLine("as probabilities", chances),
        *(ToyLine(name, right[name], name) for name in names),
    ]


def module_lines(x: Array, Wx: Array, Wh: Array, b: Array) -> list[ToyLine]:
    """The input and the state of each step, from a state of zeros."""
    h = torch_rnn(x, np.zeros((len(x), Wh.shape[0])), Wx, Wh, b)["h"]
    return [line for t in range(h.shape[1]) for line in _forward_step(t, x, h)]


def _forward_step(t: int, x: Array, h: Array) -> list[ToyLine]:
    return [ToyLine(f"x[:, {t}]", x[:, t]), ToyLine(f"h[:, {t}]", h[:, t], "h", t)]


def _labels_as_integers(rng: np.random.Generator) -> dict[str, Array]:
    arrays = dict(linspaces(**_READER)(rng))
    return arrays | {"labels": arrays["labels"].astype(np.int64)}


_DSTEP = {"dnext_h": (1.0, -1.0, (1, 3))}
_DSEQUENCE = {"dh": (1.0, -1.0, (1, 3, 3))}
_DAFFINE = {"dout": (1.0, -1.0, (1, 2, 2))}
_WITHOUT_STATE = {name: spec for name, spec in _SEQUENCE.items() if name != "h0"}

STEP_FORWARD = partial(ToyCase, linspaces(**_STEP), lines=step_forward_lines)
STEP_BACKWARD = partial(ToyCase, linspaces(**_STEP, **_DSTEP), lines=step_backward_lines)
FORWARD = partial(ToyCase, linspaces(**_SEQUENCE), lines=forward_lines)
BACKWARD = partial(ToyCase, linspaces(**_SEQUENCE, **_DSEQUENCE), lines=backward_lines)
AFFINE_FORWARD = partial(ToyCase, linspaces(**_AFFINE), lines=affine_forward_lines)
AFFINE_BACKWARD = partial(ToyCase, linspaces(**_AFFINE, **_DAFFINE), lines=affine_backward_lines)
ROW_READER = partial(ToyCase, _labels_as_integers, lines=reader_lines)
MODULE = partial(ToyCase, linspaces(**_WITHOUT_STATE), lines=module_lines)
