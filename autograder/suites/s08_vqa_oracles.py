"""The second oracle of stage 8: each question by itself, without padding, one step at a time; counting by sorting.

Batching, padding and broadcasting are what students get wrong, so nothing here does any of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.oracles import gradient, leaf, numpy_of, plain
from autograder.suites.s05_sequences_oracles import leaves_of
from seqlab.checking.values import Array

Outputs = dict[str, Array]
Leaves = Mapping[str, Tensor]
UNKNOWN = -1


# ---------------------------------------------------------------- counting


def priors(questions: Array, images: Array, answers: Array, new_questions: Array, new_images: Array) -> Outputs:
    """For every new question the training split is searched anew; answers are ranked by sorting."""
    kept = [place for place, answer in enumerate(answers) if answer != UNKNOWN]
    split = [(_text(questions[place]), int(images[place]), int(answers[place])) for place in kept]
    overall = _first([answer for _, _, answer in split])
    new = list(zip(map(_text, new_questions), new_images.tolist(), strict=True))
    asked = [_first([a for text, _, a in split if text == wanted], overall) for wanted, _ in new]
    seen = [_first([a for _, image, a in split if image == wanted], overall) for _, wanted in new]
    guesses = {"most_common": [overall] * len(new), "question": asked, "image": seen}
    return {name: np.array(several, np.int64) for name, several in guesses.items()}


def consensus(said: Array, all_answers: Array) -> Outputs:
    """Every group of all but one is made and counted."""
    rows = zip(said.tolist(), all_answers.tolist(), strict=True)
    return {"accuracy": np.array([_agreement(one, given) for one, given in rows])}


def _text(row: Array) -> str:
    return " ".join(str(word) for word in row.tolist() if word)


def _first(several: list[int], otherwise: int = UNKNOWN) -> int:
    ranked = sorted(several, key=lambda one: (-several.count(one), one))
    return ranked[0] if ranked else otherwise


def _agreement(said: int, given: list[int]) -> float:
    groups = list(itertools.combinations(given, len(given) - 1))
    counts = [sum(one == said and one != UNKNOWN for one in group) for group in groups]
    return sum(min(count, 3) for count in counts) / (3 * len(groups))


# ---------------------------------------------------------------- reading


def states(questions: Array, lengths: Array, dstates: Array | None = None, **weights: Array) -> Outputs:
    """Each question by itself, cut to its length."""
    w = leaves_of(weights)
    read = torch.stack(_read(questions, lengths, w, ""))
    if dstates is None:
        return {"states": numpy_of(read)}
    read.backward(plain(dstates))
    named = {"dembedding": "embedding.weight", "dlstm": "lstm.weight_hh_l0"}
    return {"states": numpy_of(read)} | _gradients(w, named)


def state_alone(
    questions: Array, lengths: Array, questions_alone: Array, length_alone: Array, **weights: Array
) -> Outputs:
    """The batch, and the question by itself."""
    alone = states(questions_alone, length_alone, **weights)["states"]
    return states(questions, lengths, **weights) | {"alone": alone}


def _read(questions: Array, lengths: Array, w: Leaves, prefix: str) -> list[Tensor]:
    parts = [w[f"{prefix}lstm.{part}_l0"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    table = w[f"{prefix}embedding.weight"]
    return [_last(row[:length].tolist(), table, parts) for row, length in zip(questions, lengths, strict=True)]


def _last(words: list[int], table: Tensor, parts: list[Tensor]) -> Tensor:
    h = c = table.new_zeros(1, parts[1].shape[1])
    for word in words:
        h, c = torch.lstm_cell(table[word][None], (h, c), *parts)
    return h[0]


# ---------------------------------------------------------------- meeting


def fused(question: Array, image: Array, dfused: Array | None = None, **weights: Array) -> Outputs:
    """Both ways, or the one that the incoming gradient has the size of, with its gradients."""
    w = leaves_of(weights)
    asked, seen = leaf(question), leaf(image)
    ways = _meet(asked, seen, w, "")
    if dfused is None:
        return {name: numpy_of(value) for name, value in ways.items()}
    way = ways["product" if dfused.shape[-1] == len(w["image.bias"]) else "concatenation"]
    way.backward(plain(dfused))
    named = {"dask": "question.weight", "dsee": "image.weight"}
    return {"fused": numpy_of(way), "dquestion": gradient(asked), "dimage": gradient(seen)} | _gradients(w, named)


def _meet(question: Tensor, image: Tensor, w: Leaves, prefix: str) -> dict[str, Tensor]:
    """Sums written out; tanh by the exponential of twice its argument."""
    sides = []
    for name, given in (("question", question), ("image", image)):
        total = torch.einsum("...i,pi->...p", given, w[f"{prefix}{name}.weight"]) + w[f"{prefix}{name}.bias"]
        sides.append(2 * torch.sigmoid(2 * total) - 1)
    asked, seen = sides
    return {"product": torch.mul(asked, seen), "concatenation": torch.cat((asked, seen), -1)}


# ---------------------------------------------------------------- models


def answering(**inputs: Array) -> Outputs:
    """VQAModel: the loss where scores are given, else the scores."""
    return _cost(inputs) if "given_scores" in inputs else answers(**inputs)


def answers(questions: Array, lengths: Array, image: Array, dscores: Array | None = None, **weights: Array) -> Outputs:
    """Each question by itself: read, met, scored."""
    w, seen = leaves_of(weights), leaf(image)
    read = _read(questions, lengths, w, "encoder.")
    scores = torch.stack([_scored(state, one, w) for state, one in zip(read, seen, strict=True)])
    if dscores is None:
        return {"scores": numpy_of(scores)}
    scores.backward(plain(dscores))
    named = {"dwords": "encoder.embedding.weight", "dsee": "projections.image.weight", "dhead": "head.weight"}
    return {"scores": numpy_of(scores), "dimage": gradient(seen)} | _gradients(w, named)


def _cost(inputs: Mapping[str, Array]) -> Outputs:
    scores = leaf(inputs["given_scores"])
    pairs = zip(scores.log_softmax(dim=1), inputs["right_answers"].tolist(), strict=True)
    surprises = [-row[answer] for row, answer in pairs if answer != UNKNOWN]
    loss = torch.stack(surprises).mean()
    loss.backward()
    return {"loss": numpy_of(loss), "dscores": gradient(scores)}


def looking(features_first: Array | None = None, **inputs: Array) -> Outputs:
    """AttentionVQA; ``features_first`` (N, F, L) stands for positions that are stored on their side."""
    if features_first is not None:
        inputs = inputs | {"positions": np.ascontiguousarray(features_first.transpose(0, 2, 1))}
    return looks(**inputs)


def looks(
    questions: Array, lengths: Array, positions: Array, dscores: Array | None = None, **weights: Array
) -> Outputs:
    """Each question by itself, each position by itself."""
    w, seen = leaves_of(weights), leaf(positions)
    read = _read(questions, lengths, w, "encoder.")
    found = [_looked(state, image, w) for state, image in zip(read, seen, strict=True)]
    scores, shares = (torch.stack([one[k] for one in found]) for k in (0, 1))
    outputs = {"scores": numpy_of(scores), "weights": numpy_of(shares)}
    if dscores is None:
        return outputs
    scores.backward(plain(dscores))
    named = {"dwords": "encoder.embedding.weight", "dlooking": "looking.question.weight"}
    named |= {"dsee": "projections.image.weight", "dhead": "head.weight"}
    return outputs | {"dpositions": gradient(seen)} | _gradients(w, named)


def relevance_of(state: Tensor, image: Tensor, w: Leaves) -> Tensor:
    """How much each position (L, F) of one image has to do with a question: (L,)."""
    met = [_meet(state, position, w, "looking.")["product"] for position in image]
    return torch.stack([torch.dot(one, w["weigh.weight"][0]) for one in met])


def _looked(state: Tensor, image: Tensor, w: Leaves) -> tuple[Tensor, Tensor]:
    relevance = relevance_of(state, image, w)
    share = torch.exp(relevance - torch.logsumexp(relevance, 0))
    return _scored(state, share @ image, w), share


def _scored(state: Tensor, image: Tensor, w: Leaves) -> Tensor:
    ways = _meet(state, image, w, "projections.")
    joint = next(one for one in ways.values() if len(one) == w["head.weight"].shape[1])
    return torch.mv(w["head.weight"], joint) + w["head.bias"]


def encoded(questions: Array, lengths: Array, weights: Mapping[str, Array]) -> Any:
    """The states of questions by the encoder inside a model, and its weights as tensors, for toys."""
    w = leaves_of(weights)
    return _read(questions, lengths, w, "encoder."), w


def _gradients(w: Leaves, names: Mapping[str, str]) -> Outputs:
    return {output: gradient(w[name]) for output, name in names.items()}
