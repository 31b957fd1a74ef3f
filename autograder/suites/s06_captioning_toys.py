"""The toys of stage 6: tiny cases with every intermediate array. The numbers come from torch or plain formulas."""

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
from autograder.suites import s06_captioning_oracles as oracles
from autograder.suites import s06_captioning_writers as writers
from autograder.suites.s06_captioning_plays import PADDING
from seqlab.checking.values import Array

CAT = np.array([[1, 3, 4, 2, 0]])  # START cat asleep END NULL
SPECIAL = np.array([0, 1, 2])
_PARAMS = {
    "W_proj": (0.5, -0.4, (2, 3)), "b_proj": (0.1, -0.1, (3,)), "W_embed": (-0.6, 0.9, (5, 2)),
    "Wx": (0.8, -0.7, (2, 3)), "Wh": (-0.5, 0.6, (3, 3)), "b": (0.1, -0.1, (3,)),
    "W_vocab": (-1.0, 1.0, (3, 5)), "b_vocab": (0.2, -0.2, (5,)),
}  # fmt: skip
_LAYERS = {
    "project_weight": (0.5, -0.4, (2, 2)), "project_bias": (0.1, -0.1, (2,)), "embed_weight": (-0.6, 0.9, (5, 2)),
    "lstm_weight_ih": (0.8, -0.7, (8, 2)), "lstm_weight_hh": (-0.5, 0.6, (8, 2)), "lstm_bias_ih": (0.1, -0.1, (8,)),
    "lstm_bias_hh": (0.0, 0.1, (8,)), "vocabulary_weight": (-1.0, 1.0, (5, 2)), "vocabulary_bias": (0.2, -0.2, (5,)),
}  # fmt: skip
_STEP = {
    "x": (0.2, -0.5, (1, 2)), "prev_h": (0.3, -0.3, (1, 2)), "v": (1.0, -0.5, (1, 3)),
    "Wx": (0.4, -0.6, (2, 2)), "Wh": (-0.5, 0.5, (2, 2)), "Wi": (0.7, -0.2, (3, 2)), "b": (0.1, -0.1, (2,)),
}  # fmt: skip
WRITER_SHAPES = {"state": (2,), "W_embed": (5, 2), "Wh": (2, 2), "W_vocab": (2, 5)}
WRITER_SEED = 6393  # of one whose list tells a beam from greedy, and shows a caption that ends and stays


def caption_lines(features: Array, captions: Array, special: Array, lstm: Array, **params: Array) -> list[ToyLine]:
    """What is read and asked for, the first state, the scores and surprises, the loss and the gradients."""
    leaves = {name: plain(array) for name, array in params.items()}
    scores = oracles.teach(leaves, plain(features), oracles.whole(captions), bool(lstm[0]))
    right = oracles.captioner(features=features, captions=captions, special=special, lstm=lstm, **params)
    return [
        ToyLine("reads", captions[:, :-1]),
        ToyLine("should say", captions[:, 1:]),
        ToyLine("h0, from the image", features @ params["W_proj"] + params["b_proj"]),
        *_spoken(scores, captions, special),
        *(ToyLine(name, value, name) for name, value in right.items()),
    ]


def module_lines(features: Array, captions: Array, special: Array, **layers: Array) -> list[ToyLine]:
    """The first state, the scores and surprises, the loss, and some gradients."""
    right = oracles.module(features=features, captions=captions, special=special, **layers)
    first = features @ layers["project_weight"].T + layers["project_bias"]
    return [
        ToyLine("reads", captions[:, :-1]),
        ToyLine("h0, from the image", first),
        ToyLine("scores", right["scores"], "scores"),
        *_spoken(torch.from_numpy(right["scores"]), captions, special)[1:],
        ToyLine("loss", right["loss"], "loss"),
        ToyLine("dfeatures", right["dfeatures"], "dfeatures"),
    ]


def inject_lines(x: Array, prev_h: Array, v: Array, Wx: Array, Wh: Array, Wi: Array, b: Array) -> list[ToyLine]:
    """The three products, their sum, and the state."""
    right = oracles.torch_inject(x, prev_h, v, Wx, Wh, Wi, b)["next_h"]
    parts = {"x Wx": x @ Wx, "prev_h Wh": prev_h @ Wh, "v Wi": v @ Wi}
    total = sum(parts.values()) + b
    lines = [ToyLine(name, value) for name, value in parts.items()]
    return [*lines, ToyLine("sum, with the bias", total), ToyLine("next_h", right, "next_h")]


def inject_back_lines(dnext_h: Array, **inputs: Array) -> list[ToyLine]:
    """What arrives, what is left of it behind the squashing, and the gradients."""
    next_h = oracles.torch_inject(**inputs)["next_h"]
    right = oracles.torch_inject(**inputs, dnext_h=dnext_h)
    return [
        ToyLine("next_h", next_h),
        ToyLine("arrives at next_h", dnext_h),
        ToyLine("arrives at the sum", right["db"][None]),
        *(ToyLine(name, value, name) for name, value in right.items()),
    ]


def beam_lines(
    W_embed: Array, Wh: Array, W_vocab: Array, state: Array, special: Array, width: Array, max_length: Array
) -> list[ToyLine]:
    """The greedy caption for comparison; then the list after each step (-1 fills up what has ended), and the best."""
    task = {"W_embed": W_embed, "Wh": Wh, "W_vocab": W_vocab, "state": state, "special": special}
    task |= {"max_length": max_length, "width": width}
    said, total = oracles.greedy(task)
    right = oracles.searched(**task)
    shown = [ToyLine("a greedy one would be", np.array(said)), ToyLine("with log-probability", np.array(total))]
    for t, kept in enumerate(writers.lists(task), 1):
        captions = np.array([(*words, *([PADDING] * t))[:t] for _, words, _ in kept])
        shown += [ToyLine(f"the list after step {t}", captions)]
        shown += [ToyLine("its log-probabilities", np.array([total for total, _, _ in kept]))]
    return [
        *shown,
        ToyLine("caption", right["caption"], "caption"),
        ToyLine("log_prob", right["log_prob"], "log_prob"),
    ]


def bleu_lines(candidates: Array, references: Array, max_n: Array) -> list[ToyLine]:
    """Candidates and references as numbers of words (-1 fills up), precisions, lengths, BLEU."""
    c, r = (candidates != PADDING).sum(), (references[:, 0] != PADDING).sum()
    shorter = [oracles.counted_bleu(candidates, references, np.array([n])) for n in range(1, int(max_n[0]))]
    return [
        ToyLine("said", candidates),
        ToyLine("right", references[:, 0]),
        ToyLine("words said and words right", np.array([c, r])),
        *(ToyLine(f"BLEU-{n}", one["bleu"]) for n, one in enumerate(shorter, 1)),
        ToyLine(f"BLEU-{int(max_n[0])}", oracles.counted_bleu(candidates, references, max_n)["bleu"], "bleu"),
    ]


def _spoken(scores: Tensor, captions: Array, special: Array) -> list[ToyLine]:
    chances = torch.log_softmax(scores, dim=-1)
    right = chances.gather(2, oracles.whole(captions[:, 1:])[..., None])[..., 0]
    return [
        ToyLine("scores of every word", numpy_of(scores)),
        ToyLine("surprise at the right words", -numpy_of(right)),
        ToyLine("which count", captions[:, 1:] != special[0]),
    ]


def tiny_writer(seed: int) -> dict[str, Array]:
    """A search with a beam of two, and a writer of few, round numbers."""
    rng = np.random.default_rng(seed)
    drawn = {name: np.round(rng.standard_normal(shape) * 1.5, 1) for name, shape in WRITER_SHAPES.items()}
    return {name: array.copy() for name, array in _SEARCH.items()} | drawn


def _with(fixed: Mapping[str, Array], **specs: Any) -> Draw:
    """Fixed arrays, in fresh copies, and evenly counting ones."""
    return lambda rng: {name: array.copy() for name, array in fixed.items()} | dict(linspaces(**specs)(rng))


_TASK = {"captions": CAT, "special": SPECIAL}
_SEARCH = {"special": SPECIAL, "width": np.array([2]), "max_length": np.array([4])}
_ARROW = {
    "candidates": np.array([[0, 1, 3, 4, PADDING], [5, 6, 7, 8, 9]]),
    "references": np.array([[[0, 1, 2, 3, 4]], [[5, 6, 7, 8, PADDING]]]),
    "max_n": np.array([4]),
}

CAPTIONING = partial(
    ToyCase, _with(_TASK | {"lstm": np.array([0])}, features=(1.0, -0.5, (1, 2)), **_PARAMS), lines=caption_lines
)
INJECT_FORWARD = partial(ToyCase, linspaces(**_STEP), lines=inject_lines)
INJECT_BACKWARD = partial(ToyCase, linspaces(**_STEP, dnext_h=(1.0, -1.0, (1, 2))), lines=inject_back_lines)
CAPTIONER = partial(ToyCase, _with(_TASK, features=(1.0, -0.5, (1, 2)), **_LAYERS), lines=module_lines)
BEAM = partial(ToyCase, lambda rng: tiny_writer(WRITER_SEED), lines=beam_lines)
BLEU = partial(ToyCase, _with(_ARROW), lines=bleu_lines)
