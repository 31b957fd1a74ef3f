"""The second oracle of stage 6: torch's cells step by step with autograd, exhaustive search, n-grams by sorting.

torch orders the LSTM's blocks i, f, g, o. No master's answer is used.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.oracles import gradient, leaf, numpy_of, plain
from autograder.suites.s06_captioning_plays import PADDING
from seqlab.checking.values import Array

Outputs = Mapping[str, Array]
Leaves = dict[str, Tensor]
Memory = tuple[Tensor, Tensor]


def captioner(special: Array, lstm: Array, **inputs: Array) -> Outputs:
    """CaptioningRNN: its loss and gradients where captions are given, else what it says."""
    task = ("features", "captions", "max_length", "other_features")
    params = {name: array for name, array in inputs.items() if name not in task}
    leaves = {name: leaf(array) for name, array in params.items()}
    if "captions" not in inputs:
        said = _say(leaves, plain(inputs["features"]), special, bool(lstm[0]), int(inputs["max_length"][0]))
        return {"captions": said}
    scores = teach(leaves, plain(inputs["features"]), whole(inputs["captions"]), bool(lstm[0]))
    loss = surprise(scores, whole(inputs["captions"]), int(special[0]))
    loss.backward()
    return {"loss": numpy_of(loss)} | {f"d{name}": gradient(value) for name, value in leaves.items()}


def torch_inject(
    x: Array,
    prev_h: Array,
    v: Array,
    Wx: Array,
    Wh: Array,
    Wi: Array,
    b: Array,
    dnext_h: Array | None = None,
    **_: Array,
) -> Outputs:
    """``torch.rnn_tanh_cell`` on input and image side by side; all gradients where ``dnext_h`` is given."""
    leaves = {"dx": x, "dprev_h": prev_h, "dv": v, "dWx": Wx, "dWh": Wh, "dWi": Wi, "db": b}
    found = {name: leaf(array) for name, array in leaves.items()}
    wide, weights = torch.cat([found["dx"], found["dv"]], 1), torch.cat([found["dWx"], found["dWi"]])
    no_bias = torch.zeros_like(found["db"])
    next_h = torch.rnn_tanh_cell(wide, found["dprev_h"], weights.T, found["dWh"].T, found["db"], no_bias)
    if dnext_h is None:
        return {"next_h": numpy_of(next_h)}
    next_h.backward(plain(dnext_h))
    return {name: gradient(value) for name, value in found.items()}


def module(special: Array, **inputs: Array) -> Outputs:
    """Captioner: the same cell by cell, with torch's own parameters turned into ours."""
    layers = {name: leaf(array) for name, array in inputs.items() if name.rpartition("_")[0] in _OF_LAYERS}
    ours = _ours(layers)
    if "max_length" in inputs:
        return {"captions": _say(ours, plain(inputs["features"]), special, True, int(inputs["max_length"][0]))}
    captions, null = whole(inputs["captions"]), int(special[0])
    if "scores" in inputs:
        return {"loss": numpy_of(surprise(plain(inputs["scores"]).bfloat16().float(), captions, null))}
    features = leaf(inputs["features"])
    scores = teach(ours, features, captions, True)
    loss = surprise(scores, captions, null)
    loss.backward()
    outputs = {"scores": numpy_of(scores), "loss": numpy_of(loss), "dfeatures": gradient(features)}
    names = ("images", "words", "words_to_choose_from")
    outputs |= {name: np.array(size) for name, size in zip(names, scores.shape, strict=True)}
    return outputs | {f"d{name}": gradient(value) for name, value in layers.items()}


def searched(
    W_embed: Array, Wh: Array, W_vocab: Array, state: Array, special: Array, width: Array, max_length: Array
) -> Outputs:
    """Every sentence tried where the beam has room for all; else the beam as two growing matrices."""
    weights = (plain(W_embed), plain(Wh), plain(W_vocab))
    _, start, end = (int(one) for one in special)
    places = int(max_length[0])
    if int(width[0]) >= len(W_embed) ** places:
        words, total = _exhaustive(weights, plain(state), start, end, places)
    else:
        words, total = _beam(weights, plain(state), start, end, int(width[0]), places)
    return {"caption": np.array(words), "log_prob": np.array(total)}


def counted_bleu(candidates: Array, references: Array, max_n: Array) -> Outputs:
    """n-grams numbered by ``np.unique`` and counted by ``np.bincount``, in logarithms."""
    longest = int(max_n[0])
    c = (candidates != PADDING).sum(axis=1)
    lengths = (references != PADDING).sum(axis=2)
    distances = np.where(lengths > 0, np.abs(lengths - c[:, None]) + lengths * 1e-6, np.inf)
    r = np.take_along_axis(lengths, distances.argmin(axis=1)[:, None], axis=1).sum()
    ratios = [_hits(candidates, references, n) for n in range(1, longest + 1)]
    if min(found for found, _ in ratios) == 0:
        return {"bleu": np.array(0.0)}
    logs = [np.log(found) - np.log(said) for found, said in ratios]
    return {"bleu": np.array(np.exp(sum(logs) / longest + min(0.0, 1 - r / c.sum())))}


def teach(leaves: Leaves, features: Tensor, captions: Tensor, lstm: bool) -> Tensor:
    """Scores (N, T - 1, V) under teacher forcing."""
    memory, scores = _first(leaves, features), []
    for t in range(captions.shape[1] - 1):
        memory = _step(leaves, captions[:, t], memory, lstm)
        scores.append(functional.linear(memory[0], leaves["W_vocab"].T, leaves["b_vocab"]))
    return torch.stack(scores, dim=1)


def surprise(scores: Tensor, captions: Tensor, null: int) -> Tensor:
    """``F.cross_entropy`` of all but the words that are ``null``, summed, over the size of the batch."""
    targets = captions[:, 1:]
    summed = functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=null, reduction="sum")
    return summed / len(captions)


def whole(ids: Array) -> Tensor:
    """Numbers of words as torch wants them."""
    return torch.from_numpy(np.array(ids, dtype=np.int64))


def greedy(arrays: Mapping[str, Array]) -> tuple[list[int], float]:
    """The best word at every step."""
    weights = (plain(arrays["W_embed"]), plain(arrays["Wh"]), plain(arrays["W_vocab"]))
    _, start, end = (int(one) for one in arrays["special"])
    return _beam(weights, plain(arrays["state"]), start, end, 1, int(arrays["max_length"][0]))


def _first(leaves: Leaves, features: Tensor) -> Memory:
    h = functional.linear(features, leaves["W_proj"].T, leaves["b_proj"])
    return h, torch.zeros_like(h)


def _step(leaves: Leaves, words: Tensor, memory: Memory, lstm: bool) -> Memory:
    x = functional.embedding(words, leaves["W_embed"])
    Wx, Wh, b = leaves["Wx"], leaves["Wh"], leaves["b"]
    if not lstm:
        return torch.rnn_tanh_cell(x, memory[0], Wx.T, Wh.T, b, torch.zeros_like(b)), memory[1]
    theirs = [_reordered(one) for one in (Wx.T, Wh.T, b, torch.zeros_like(b))]
    h, c = torch.lstm_cell(x, memory, *theirs)
    return h, c


def _reordered(blocks: Tensor) -> Tensor:
    """From i, f, o, g to i, f, g, o, and back, along the first axis."""
    i, f, third, fourth = blocks.chunk(4)
    return torch.cat([i, f, fourth, third])


def _say(leaves: Leaves, features: Tensor, special: Array, lstm: bool, max_length: int) -> Array:
    """Greedy over the words that may be said, on and on; what comes after END is cut off at the end."""
    null, start, end = (int(one) for one in special)
    allowed = torch.tensor([word for word in range(len(leaves["W_embed"])) if word not in (null, start)])
    with torch.no_grad():
        memory, said = _first(leaves, features), [torch.full((len(features),), start)]
        for _ in range(max_length):
            memory = _step(leaves, said[-1], memory, lstm)
            scores = functional.linear(memory[0], leaves["W_vocab"].T, leaves["b_vocab"])
            said.append(allowed[scores[:, allowed].argmax(dim=1)])
    words = numpy_of(torch.stack(said[1:], dim=1))
    ends_before = (words == end).cumsum(axis=1) - (words == end)
    return np.where(ends_before > 0, null, words)


_OF_LAYERS = ("project", "embed", "lstm", "lstm_weight", "lstm_bias", "vocabulary")


def _ours(layers: Leaves) -> Leaves:
    """The parameters of torch's layers as those of CaptioningRNN; gradients find their way back."""
    names = {"W_proj": "project_weight", "W_vocab": "vocabulary_weight"}
    names |= {"b_proj": "project_bias", "b_vocab": "vocabulary_bias", "W_embed": "embed_weight"}
    ours = {name: layers[other].T if name in ("W_proj", "W_vocab") else layers[other] for name, other in names.items()}
    ours["Wx"], ours["Wh"] = _reordered(layers["lstm_weight_ih"]).T, _reordered(layers["lstm_weight_hh"]).T
    ours["b"] = _reordered(layers["lstm_bias_ih"] + layers["lstm_bias_hh"])
    return ours


Weights = tuple[Tensor, Tensor, Tensor]


def _read(weights: Weights, states: Tensor, words: list[int]) -> tuple[Tensor, Tensor]:
    """Log-probabilities (K, V) and states (K, H) after reading a word in each of K states."""
    W_embed, Wh, W_vocab = weights
    states = torch.tanh(functional.embedding(torch.tensor(words), W_embed) + states @ Wh)
    return torch.log_softmax(states @ W_vocab, dim=1), states


def _exhaustive(weights: Weights, state: Tensor, start: int, end: int, places: int) -> tuple[list[int], float]:
    """Every sentence there is: all rows of words, of which those after END are worth nothing."""
    rows = torch.tensor(list(itertools.product(range(len(weights[0])), repeat=places)))
    states, reads = state.expand(len(rows), -1), [start] * len(rows)
    totals, open_ones = torch.zeros(len(rows), dtype=state.dtype), torch.ones(len(rows), dtype=torch.bool)
    for said in rows.T:
        log_probs, states = _read(weights, states, reads)
        totals = totals + log_probs.gather(1, said[:, None])[:, 0] * open_ones
        open_ones = open_ones & (said != end)
        reads = said.tolist()
    best = int(totals.argmax())
    words = rows[best].tolist()
    return words[: words.index(end) + 1] if end in words else words, float(totals[best])


def _beam(weights: Weights, state: Tensor, start: int, end: int, width: int, places: int) -> tuple[list[int], float]:
    """All in one: a caption that has ended can go on only with END, at no cost."""
    V = len(weights[0])
    sentences, totals, states = [[start]], torch.zeros(1, dtype=state.dtype), state[None]
    for _ in range(places):
        log_probs, states = _read(weights, states, [one[-1] for one in sentences])
        ended = torch.tensor([one[-1] == end and len(one) > 1 for one in sentences])
        log_probs[ended] = -torch.inf
        log_probs[ended, end] = 0.0
        flat = (totals[:, None] + log_probs).flatten()
        totals, places_found = flat.topk(min(width, int(torch.isfinite(flat).sum())))
        origins, words = places_found // V, places_found % V
        sentences = [[*sentences[int(o)], int(w)] for o, w in zip(origins, words, strict=True)]
        states = states[origins]
        if all(one[-1] == end for one in sentences):
            break
    said = sentences[0][1:]
    return said[: said.index(end) + 1] if end in said else said, float(totals[0])


def _hits(candidates: Array, references: Array, n: int) -> tuple[int, int]:
    """How many n-grams of all candidates are found, and how many there are."""
    found = said = 0
    for candidate, right in zip(candidates, references, strict=True):
        rows = [_windows(one, n) for one in (candidate, *right)]
        numbers = np.unique(np.concatenate(rows), axis=0, return_inverse=True)[1].ravel()
        owners = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
        kinds = int(numbers.max(initial=-1)) + 1
        counts = np.array([np.bincount(numbers[owners == one], minlength=kinds) for one in range(len(rows))])
        found += int(np.minimum(counts[0], counts[1:].max(axis=0)).sum())
        said += len(rows[0])
    return found, said


def _windows(padded: Array, n: int) -> Array:
    words = padded[padded != PADDING]
    if len(words) < n:
        return np.empty((0, n), dtype=words.dtype)
    return np.lib.stride_tricks.sliding_window_view(words, n)
