"""The toys of stage 7: tiny cases with every intermediate array. The numbers come from torch or plain formulas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.drawing import linspaces
from autograder.oracles import numpy_of, plain
from autograder.suite import Draw, ToyCase, ToyLine
from autograder.suites import s07_attention_oracles as oracles
from autograder.suites.s06_captioning_oracles import whole
from seqlab.checking.values import Array

_LOOK = {"prev_h": (0.5, -1.0, (1, 2)), "A": (1.0, -1.5, (1, 2, 1, 3))}
_ASK = {
    "query": (0.5, -0.5, (1, 2)), "keys": (1.0, -1.0, (1, 3, 2)), "values": (1.0, 6.0, (1, 3, 2)),
    "v": (1.0, 2.0, (2,)),
}  # fmt: skip
_READ = {
    "x": (0.3, -0.6, (1, 2, 1)), "A": (1.0, -0.8, (1, 2, 1, 3)), "Wx": (0.8, -0.7, (1, 8)), "Wh": (-0.5, 0.6, (2, 8)),
    "Wattn": (0.9, -0.4, (2, 8)), "b": (0.1, -0.1, (8,)), "dh": (1.0, 1.0, (1, 2, 2)),
}  # fmt: skip
_LAYERS = {
    "first_h_weight": (0.5, -0.4, (2, 2)), "first_h_bias": (0.1, -0.1, (2,)), "first_c_weight": (-0.3, 0.6, (2, 2)),
    "first_c_bias": (0.2, 0.0, (2,)), "embed_weight": (-0.6, 0.9, (5, 2)), "query_weight": (0.7, -0.9, (2, 2)),
    "query_bias": (0.0, 0.1, (2,)), "key_weight": (1.0, -0.5, (2, 2)), "v": (1.0, 2.0, (2,)),
    "cell_weight_ih": (0.8, -0.7, (8, 4)), "cell_weight_hh": (-0.5, 0.6, (8, 2)), "cell_bias_ih": (0.1, -0.1, (8,)),
    "cell_bias_hh": (0.0, 0.1, (8,)), "vocabulary_weight": (-1.0, 1.0, (5, 4)), "vocabulary_bias": (0.2, -0.2, (5,)),
}  # fmt: skip
_CAT = {"captions": np.array([[1, 3, 4, 2, 0]]), "special": np.array([0, 1, 2])}  # START cat asleep END NULL
_DRAWN = {
    "place_scores": np.array([[[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]]]),
    "positions": np.array([[0, 1, 0]]),
    "counts": np.array([[True, True, False]]),
    "word_log_probs": np.log(np.array([[0.8, 0.5, 0.1]])),
    "baseline": np.array([[-1.0, -0.5, -2.0]]),
}


def look_lines(prev_h: Array, A: Array, **_: Array) -> list[ToyLine]:
    """Scores, weights and what is seen."""
    right = oracles.torch_look(prev_h, A)
    products = np.tensordot(prev_h[0], A[0], axes=1)[None]
    return [
        ToyLine("state times each place", products),
        ToyLine("scores", products / np.sqrt(prev_h.shape[1])),
        ToyLine("weights", right["weights"], "weights"),
        ToyLine("attn", right["attn"], "attn"),
    ]


def look_back_lines(prev_h: Array, A: Array, dattn: Array) -> list[ToyLine]:
    """What arrives at the weights and at the scores, and the gradients."""
    right = oracles.torch_look(prev_h, A, dattn)
    products = plain(np.tensordot(prev_h[0], A[0], axes=1)[None]) / prev_h.shape[1] ** 0.5
    scores = products.requires_grad_()
    weights = scores.flatten().softmax(dim=0).view(scores.shape)
    seen = torch.einsum("nrc,nhrc->nh", weights, plain(A))
    arrives = torch.autograd.grad(seen, [weights, scores], plain(dattn))
    return [
        ToyLine("weights", right["weights"]),
        ToyLine("arrives at the weights", numpy_of(arrives[0])),
        ToyLine("arrives at the scores", numpy_of(arrives[1])),
        ToyLine("dprev_h", right["dprev_h"], "dprev_h"),
        ToyLine("dA", right["dA"], "dA"),
    ]


def ask_lines(query: Array, keys: Array, values: Array, v: Array, dattn: Array) -> list[ToyLine]:
    """The comparisons, scores, weights, and what is seen."""
    right = oracles.torch_ask(query, keys, values, v, dattn)
    compared = np.tanh(query[:, None] + keys)
    return [
        ToyLine("query and keys compared", compared),
        ToyLine("scores", compared @ v),
        *(ToyLine(name, value, name) for name, value in right.items()),
    ]


def read_lines(**inputs: Array) -> list[ToyLine]:
    """The first state, the looks and the states of every step."""
    right = oracles.torch_lstm(**inputs)
    lines = [ToyLine("h0 and c0", inputs["A"].mean(axis=(2, 3)))]
    for t in range(inputs["x"].shape[1]):
        lines.append(ToyLine(f"weights of step {t}", right["weights"][:, t], "weights", t))
        lines.append(ToyLine(f"state after step {t}", right["h"][:, t], "h", t))
    return [*lines, ToyLine("dA, for dh of ones", right["dA"], "dA")]


def caption_lines(features: Array, captions: Array, special: Array, **layers: Array) -> list[ToyLine]:
    """The first memories, the looks, scores and surprises, the loss."""
    right = oracles.captioner(features=features, captions=captions, special=special, **layers)
    h, c = oracles.first({name: plain(array) for name, array in layers.items()}, plain(features))
    return [
        ToyLine("reads", captions[:, :-1]),
        ToyLine("first state", numpy_of(h)),
        ToyLine("first cell", numpy_of(c)),
        ToyLine("weights", right["weights"], "weights"),
        ToyLine("scores", right["scores"], "scores"),
        ToyLine("surprise at the right words", -_right_ones(plain(right["scores"]), captions)),
        ToyLine("which count", captions[:, 1:] != special[0]),
        ToyLine("loss", right["loss"], "loss"),
    ]


def hard_lines(
    word_log_probs: Array, place_scores: Array, positions: Array, counts: Array, baseline: Array
) -> list[ToyLine]:
    """Weights, rewards, what they are above the baseline, the looks, the loss and its gradients."""
    right = oracles.hard(word_log_probs, place_scores, positions, counts, baseline)
    weights, T = oracles.softmax(place_scores), counts.shape[1]
    rewards = np.array([[(word_log_probs * counts)[0, t:].sum() for t in range(T)]])
    looks = np.log(np.take_along_axis(weights, positions[:, :, None], axis=2))[:, :, 0]
    lines = {"rewards": rewards, "above the baseline": rewards - baseline, "log-probabilities of looks": looks}
    return [
        ToyLine("weights", weights),
        *(ToyLine(label, np.where(counts, array, 0.0)) for label, array in lines.items()),
        *(ToyLine(name, right[name], name) for name in ("loss", "dword_log_probs", "dplace_scores")),
    ]


def _right_ones(scores: Tensor, captions: Array) -> Array:
    chances = torch.log_softmax(scores, dim=-1)
    return numpy_of(chances.gather(2, whole(captions[:, 1:])[..., None])[..., 0])


def _with(fixed: Mapping[str, Array], **specs: Any) -> Draw:
    """Fixed arrays, in fresh copies, and evenly counting ones."""
    return lambda rng: {name: array.copy() for name, array in fixed.items()} | dict(linspaces(**specs)(rng))


LOOK = partial(ToyCase, linspaces(**_LOOK), lines=look_lines)
LOOK_BACK = partial(ToyCase, linspaces(**_LOOK, dattn=(1.0, 0.5, (1, 2))), lines=look_back_lines)
LOOK_IN_TORCH = partial(ToyCase, linspaces(**_LOOK, dattn=(1.0, 0.5, (1, 2))), lines=look_lines)
ASK = partial(ToyCase, linspaces(**_ASK, dattn=(1.0, 0.5, (1, 2))), lines=ask_lines)
READ = partial(ToyCase, linspaces(**_READ), lines=read_lines)
CAPTIONER = partial(ToyCase, _with(_CAT, features=(1.0, -0.5, (1, 3, 2)), **_LAYERS), lines=caption_lines)
HARD = partial(ToyCase, _with(_DRAWN), lines=hard_lines)
