"""The second oracle of stage 7: torch's ready attention and cells, with autograd. No master's answer is used.

The weights of torch's attention are not told, so its values are the unit vectors: what is seen then are the weights.
torch orders the LSTM's blocks i, f, g, o.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.oracles import gradient, leaf, numpy_of, plain
from autograder.suites.s06_captioning_oracles import surprise, whole
from autograder.suites.s07_attention_plays import LAYERS, WEIGHTS
from seqlab.checking.values import Array

Outputs = Mapping[str, Array]
Leaves = dict[str, Tensor]


def torch_look(prev_h: Array, A: Array, dattn: Array | None = None, **_: Array) -> Outputs:
    """``F.scaled_dot_product_attention`` with one query; gradients where ``dattn`` is given."""
    state, image = leaf(prev_h), leaf(A)
    attn, weights = _looked(state, image)
    longer = {f"too_long_numbers_in_{name}": np.array(0) for name in ("attn", "dprev_h", "dA")}
    outputs = {"attn": numpy_of(attn), "weights": numpy_of(weights)} | longer
    if dattn is None:
        return outputs
    attn.backward(plain(dattn))
    return outputs | {"dprev_h": gradient(state), "dA": gradient(image)}


def torch_ask(
    query: Array, keys: Array, values: Array, v: Array, dattn: Array | None = None, dweights: Array | None = None
) -> Outputs:
    """Scores as sums over a tanh, weights by ``logsumexp``; gradients of what has one."""
    leaves = {"query": leaf(query), "keys": leaf(keys), "values": leaf(values), "v": leaf(v)}
    attn, weights = _compared(*leaves.values())
    outputs = {"attn": numpy_of(attn), "weights": numpy_of(weights)}
    if dattn is not None:
        attn.backward(plain(dattn))
    if dweights is not None:
        torch.autograd.backward([attn, weights], [torch.ones_like(attn), plain(dweights)])
    found = {f"d{name}": gradient(one) for name, one in leaves.items() if one.grad is not None}
    return outputs | found


def torch_lstm(**inputs: Array) -> Outputs:
    """AttentionLSTM by ``torch.lstm_cell`` on word and sight side by side: one step, or a whole sequence."""
    leaves = {name: leaf(inputs[name]) for name in WEIGHTS}
    if "attn" in inputs:
        x, h, c, attn = (plain(inputs[name]) for name in ("x", "prev_h", "prev_c", "attn"))
        h, c = _stepped(leaves, x, h, c, attn)
        return {"next_h": numpy_of(h), "next_c": numpy_of(c)}
    x, A = leaf(inputs["x"]), leaf(inputs["A"])
    h = c = A.flatten(2).mean(dim=2)
    states, looks = list[Tensor](), list[Tensor]()
    for t in range(x.shape[1]):
        attn, weights = _looked(h, A)
        h, c = _stepped(leaves, x[:, t], h, c, attn)
        states, looks = [*states, h], [*looks, weights]
    every = torch.stack(states, dim=1)
    outputs = {"h": numpy_of(every), "weights": numpy_of(torch.stack(looks, dim=1))}
    if "dh" not in inputs:
        return outputs
    every.backward(plain(inputs["dh"]))
    found = {f"d{name}": gradient(one) for name, one in leaves.items()}
    return outputs | found | {"dx": gradient(x), "dA": gradient(A)}


def captioner(special: Array, **inputs: Array) -> Outputs:
    """AttentionCaptioner: what it says where a length is given, else scores, looks, loss and gradients."""
    layers = {name: leaf(inputs[name]) for name in LAYERS}
    if "max_length" in inputs:
        return _said(layers, plain(inputs["features"]), special, int(inputs["max_length"][0]), "one_place" in inputs)
    captions, null = whole(inputs["captions"]), int(special[0])
    if "scores" in inputs:
        return {"loss": numpy_of(surprise(plain(inputs["scores"]).bfloat16().float(), captions, null))}
    features = leaf(inputs["features"])
    scores, weights = teach(layers, features, captions, "one_place" in inputs)
    loss = surprise(scores, captions, null)
    goal = scores.sum() + (weights * plain(inputs["dweights"])).sum() if "dweights" in inputs else loss
    goal.backward()
    outputs = {"scores": scores, "weights": weights, "loss": loss}
    found = {f"d{name}": gradient(one) for name, one in layers.items() if one.grad is not None}
    found |= {"dfeatures": gradient(features)}
    return {name: numpy_of(one) for name, one in outputs.items()} | found


def tempted(special: Array, **inputs: Array) -> Array:
    """What a captioner would say if no word was forbidden."""
    layers = {name: plain(inputs[name]) for name in LAYERS}
    said = _said(layers, plain(inputs["features"]), special, int(inputs["max_length"][0]), one=False, free=True)
    return said["captions"]


def teach(layers: Leaves, features: Tensor, captions: Tensor, one: bool = False) -> tuple[Tensor, Tensor]:
    """Scores (N, T - 1, V) and weights (N, T - 1, L) under teacher forcing; with ``one``, seeing a single place."""
    memory, scores, looks = first(layers, features), list[Tensor](), list[Tensor]()
    for t in range(captions.shape[1] - 1):
        score, weights, memory = _spoken(layers, features, captions[:, t], memory, one)
        scores, looks = [*scores, score], [*looks, weights]
    return torch.stack(scores, dim=1), torch.stack(looks, dim=1)


def first(layers: Leaves, features: Tensor) -> tuple[Tensor, Tensor]:
    """The first state and the first cell."""
    mean = features.sum(dim=1) / features.shape[1]
    pairs = (("first_h_weight", "first_h_bias"), ("first_c_weight", "first_c_bias"))
    h, c = (functional.linear(mean, layers[weight], layers[bias]) for weight, bias in pairs)
    return h, c


def hard(word_log_probs: Array, place_scores: Array, positions: Array, counts: Array, baseline: Array) -> Outputs:
    """The gradients by formula, step by step, in NumPy; the loss from them."""
    N, T = counts.shape
    weights = softmax(place_scores)
    total, dwords, dscores = 0.0, np.zeros_like(word_log_probs), np.zeros_like(weights)
    for n in range(N):
        for t in range(T):
            if counts[n, t]:
                place = positions[n, t]
                reward = sum(word_log_probs[n, k] for k in range(t, T) if counts[n, k])
                total -= word_log_probs[n, t] + (reward - baseline[n, t]) * np.log(weights[n, t, place])
                dwords[n, t] = -1 / N
                dscores[n, t] = (reward - baseline[n, t]) * weights[n, t] / N
                dscores[n, t, place] -= (reward - baseline[n, t]) / N
    gradients = {"dword_log_probs": dwords, "dplace_scores": dscores, "dbaseline": np.zeros_like(baseline)}
    return {"loss": np.array(total / N)} | gradients


def softmax(scores: Array) -> Array:
    """Weights that add up to 1 along the last axis."""
    return numpy_of(torch.softmax(plain(scores), dim=-1))


def _looked(state: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
    places = image.flatten(2).transpose(1, 2)
    unit = torch.eye(places.shape[1], dtype=places.dtype).expand(len(places), -1, -1)
    query = state[:, None]
    attn = functional.scaled_dot_product_attention(query, places, places)[:, 0]
    weights = functional.scaled_dot_product_attention(query, places, unit)[:, 0]
    return attn, weights.view(len(image), *image.shape[2:])


def _compared(query: Tensor, keys: Tensor, values: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = torch.einsum("nls,s->nl", (keys + query.unsqueeze(1)).tanh(), v)
    weights = (scores - scores.logsumexp(dim=1, keepdim=True)).exp()
    return torch.einsum("nl,nld->nd", weights, values), weights


def _stepped(leaves: Leaves, x: Tensor, h: Tensor, c: Tensor, attn: Tensor) -> tuple[Tensor, Tensor]:
    H = h.shape[1]
    order = torch.cat([torch.arange(2 * H), torch.arange(3 * H, 4 * H), torch.arange(2 * H, 3 * H)])
    into = torch.cat([leaves["Wx"], leaves["Wattn"]])[:, order].T
    bias = leaves["b"][order]
    wide = torch.cat([x, attn], dim=1)
    next_h, next_c = torch.lstm_cell(wide, (h, c), into, leaves["Wh"][:, order].T, bias, torch.zeros_like(bias))
    return next_h, next_c


def _spoken(
    layers: Leaves, features: Tensor, words: Tensor, memory: tuple[Tensor, Tensor], one: bool = False
) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    query = functional.linear(memory[0], layers["query_weight"], layers["query_bias"])
    attn, weights = _compared(query, functional.linear(features, layers["key_weight"]), features, layers["v"])
    if one:
        attn = torch.take_along_dim(features, weights.argmax(dim=1)[:, None, None], dim=1)[:, 0]
    cell = [layers[f"cell_{name}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    x = functional.embedding(words, layers["embed_weight"])
    h, c = torch.lstm_cell(torch.hstack([x, attn]), memory, *cell)
    scores = functional.linear(torch.hstack([h, attn]), layers["vocabulary_weight"], layers["vocabulary_bias"])
    return scores, weights, (h, c)


def _said(layers: Leaves, features: Tensor, special: Array, max_length: int, one: bool, free: bool = False) -> Outputs:
    """Greedy over the words that may be said, on and on; what comes after END is cut off at the end."""
    null, start, end = (int(one) for one in special)
    allowed = torch.tensor([word for word in range(len(layers["embed_weight"])) if free or word not in (null, start)])
    memory, said = first(layers, features), [torch.full((len(features),), start)]
    looks = list[Tensor]()
    for _ in range(max_length):
        scores, weights, memory = _spoken(layers, features, said[-1], memory, one)
        said, looks = [*said, allowed[scores[:, allowed].argmax(dim=1)]], [*looks, weights]
    words, every = numpy_of(torch.stack(said[1:], dim=1)), numpy_of(torch.stack(looks, dim=1))
    over = (words == end).cumsum(axis=1) - (words == end) > 0
    return {"captions": np.where(over, null, words), "weights": np.where(over[:, :, None], 0.0, every)}
