"""The toys of stage 2: tiny cases with every intermediate array. The numbers come from torch or plain formulas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.drawing import linspaces
from autograder.suite import Draw, ToyCase, ToyLine
from autograder.suites.s02_language_model_oracles import (
    numpy_correlation,
    torch_char_rnn,
    torch_embedding,
    torch_one_hot,
    torch_surprise,
    torch_truncated,
)
from seqlab.checking.values import Array

HELLO = np.array([[0, 1, 2, 2, 3]])  # h e l l o
READ, NEXT = HELLO[:, :-1].copy(), HELLO[:, 1:].copy()
_WEIGHTS = {
    "W_embed": (-0.6, 0.9, (4, 2)), "Wx": (0.8, -0.7, (2, 3)), "Wh": (-0.5, 0.6, (3, 3)),
    "b": (0.1, -0.1, (3,)), "W_vocab": (-1.0, 1.0, (3, 4)), "b_vocab": (0.2, -0.2, (4,)),
}  # fmt: skip
_STATE = {"h0": (0.1, 0.3, (1, 3))}


def one_hot_lines(ids: Array, V: Array) -> list[ToyLine]:
    """The ids, and each as a vector."""
    out = torch_one_hot(ids, V)["out"]
    return [ToyLine("ids", ids), *(ToyLine(f"out[:, {t}]", out[:, t], "out", t) for t in range(ids.shape[1]))]


def embed_lines(x: Array, W: Array) -> list[ToyLine]:
    """The matrix, and what is looked up at each step."""
    out = torch_embedding(x, W)["out"]
    return [
        ToyLine("ids", x),
        ToyLine("W", W),
        *(ToyLine(f"out[:, {t}]", out[:, t], "out", t) for t in range(x.shape[1])),
    ]


def embed_back_lines(x: Array, W: Array, dout: Array) -> list[ToyLine]:
    """What arrives at each step, and the gradient."""
    arrivals = [ToyLine(f"to row {x[0, t]} from step {t}", dout[:, t]) for t in range(x.shape[1])]
    return [*arrivals, ToyLine("dW", torch_embedding(x, W, dout)["dW"], "dW")]


def surprise_lines(x: Array, y: Array, mask: Array) -> list[ToyLine]:
    """Probabilities, surprises, which of them count, the loss and the gradient."""
    chances = torch.softmax(torch.from_numpy(x), dim=-1).numpy()
    surprises = -np.log(np.take_along_axis(chances, y[..., None], axis=-1)[..., 0])
    right = torch_surprise(x, y, mask)
    return [
        ToyLine("as probabilities", chances),
        ToyLine("the right ids", y),
        ToyLine("surprise at each", surprises),
        ToyLine("which count", mask),
        ToyLine("loss", right["loss"], "loss"),
        ToyLine("dx", right["dx"], "dx"),
    ]


def model_lines(inputs: Array, targets: Array, h0: Array, **params: Array) -> list[ToyLine]:
    """What is looked up, the loss of each beginning of the text, the loss, the last state and the gradients."""
    right = torch_char_rnn(inputs, targets, h0, **params)
    growing = [torch_char_rnn(inputs[:, :t], targets[:, :t], h0, **params) for t in range(1, inputs.shape[1] + 1)]
    return [
        ToyLine("vectors read", params["W_embed"][inputs]),
        *(ToyLine(f"state after step {t}", one["h_last"]) for t, one in enumerate(growing)),
        ToyLine("loss up to each step", np.array([one["loss"] for one in growing])),
        *(ToyLine(name, value, name) for name, value in right.items()),
    ]


def truncated_lines(text: Array, chunk: Array, h0: Array, learn: Array, **params: Array) -> list[ToyLine]:
    """What each chunk reads and is asked for, the states at the cuts, and what counts."""
    lines, state, size = [], h0, int(chunk[0])
    for start in range(0, text.shape[1] - 1, size):
        inputs, targets = text[:, :-1][:, start : start + size], text[:, 1:][:, start : start + size]
        part = torch_char_rnn(inputs, targets, state, **params)
        lines += [ToyLine("a chunk reads", inputs), ToyLine("is asked for", targets), ToyLine("begins with", state)]
        lines += [ToyLine("its loss", part["loss"])]
        state = part["h_last"]
    right = torch_truncated(text, chunk, h0, learn, **params)
    return [*lines, *(ToyLine(name, value, name) for name, value in right.items())]


def selectivity_lines(hidden: Array, labels: Array) -> list[ToyLine]:
    """Distances from the means, what they have in common, the scores."""
    from_mean, label_from_mean = hidden - hidden.mean(axis=0), labels - labels.mean()
    right = numpy_correlation(hidden, labels)
    return [
        ToyLine("units from their means", from_mean),
        ToyLine("label from its mean", label_from_mean),
        ToyLine("sums of products", label_from_mean @ from_mean),
        ToyLine("scores", right["scores"], "scores"),
        ToyLine("best", right["best"], "best"),
    ]


def _with(fixed: Mapping[str, Array], **specs: Any) -> Draw:
    """Fixed arrays, in fresh copies, and evenly counting ones."""
    return lambda rng: {name: array.copy() for name, array in fixed.items()} | dict(linspaces(**specs)(rng))


_SCORES = _with({"y": NEXT, "mask": np.array([[True, True, True, False]])}, x=(-1.0, 2.0, (1, 4, 4)))
_CHUNKS = {"text": HELLO, "chunk": np.array([3]), "learn": np.array([0])}
_LABEL = {
    "labels": np.array([False, False, True, True]),
    "hidden": np.array([[-0.9, 0.5], [-0.7, 0.4], [0.8, 0.1], [0.6, 0.5]]),
}

ONE_HOT = partial(ToyCase, _with({"ids": READ, "V": np.array([4])}), lines=one_hot_lines)
EMBED = partial(ToyCase, _with({"x": READ}, W=(0.1, 0.8, (4, 2))), lines=embed_lines)
EMBED_BACK = partial(
    ToyCase, _with({"x": READ}, W=(0.1, 0.8, (4, 2)), dout=(1.0, -1.0, (1, 4, 2))), lines=embed_back_lines
)
SURPRISE = partial(ToyCase, _SCORES, lines=surprise_lines)
CHAR_RNN = partial(ToyCase, _with({"inputs": READ, "targets": NEXT}, **_STATE, **_WEIGHTS), lines=model_lines)
TRUNCATED = partial(ToyCase, _with(_CHUNKS, **_STATE, **_WEIGHTS), lines=truncated_lines)
SELECTIVITY = partial(ToyCase, _with(_LABEL), lines=selectivity_lines)
