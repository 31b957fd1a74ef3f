"""The second oracle of stage 2: torch primitives and autograd, and NumPy's correlation; no master's answer is used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

from autograder.oracles import gradient, leaf, numpy_of, plain
from autograder.suites.s02_language_model_plays import LEARNING_RATE
from seqlab.checking.values import Array

Outputs = Mapping[str, Array]
Leaves = dict[str, torch.Tensor]


def torch_one_hot(ids: Array, V: Array) -> Outputs:
    """``F.one_hot``: (N, T, V)."""
    return {"out": numpy_of(functional.one_hot(whole(ids), int(V[0])).double())}


def torch_embedding(x: Array, W: Array, dout: Array | None = None, **_: Array) -> Outputs:
    """``F.embedding``: ``out`` (N, T, D), and ``dW`` where ``dout`` is given."""
    weight = leaf(W)
    out = functional.embedding(whole(x), weight)
    if dout is None:
        return {"out": numpy_of(out)}
    out.backward(plain(dout))
    return {"dW": gradient(weight)}


def torch_surprise(x: Array, y: Array, mask: Array) -> Outputs:
    """``F.cross_entropy`` of the places that count, summed, over the size of the batch; and ``dx``."""
    scores = leaf(x)
    loss = (_surprises(scores, whole(y)) * plain(mask)).sum() / len(x)
    loss.backward()
    return {"loss": numpy_of(loss), "dx": gradient(scores)}


def torch_char_rnn(inputs: Array, targets: Array, h0: Array, **params: Array) -> Outputs:
    """Embedding, a loop of tanh steps, output layer, loss; gradients by autograd."""
    leaves = {name: leaf(array) for name, array in params.items()}
    loss, state = _piece(leaves, whole(inputs), whole(targets), plain(h0))
    loss.backward()
    return {"loss": numpy_of(loss), "h_last": numpy_of(state)} | _gradients(leaves)


def torch_writer(
    seed: Array, length: Array, temperature: Array, rng_seed: Array, times: Array, **params: Array
) -> Outputs:
    """Sampling by comparing a uniform number with the cumulative probabilities of ``torch.softmax``."""
    leaves = {name: plain(array).double() for name, array in params.items()}
    rng = np.random.default_rng(int(rng_seed[0]))
    for _ in range(int(times[0])):
        written = _write(leaves, [int(one) for one in seed], int(length[0]), float(temperature[0]), rng)
    return {"written": np.array(written)}


def torch_truncated(text: Array, chunk: Array, h0: Array, learn: Array, **params: Array) -> Outputs:
    """Chunks with a detached state; gradients add up in the leaves, or ``torch.optim.Adagrad`` takes them."""
    leaves = {name: leaf(array) for name, array in params.items()}
    optimizer = torch.optim.Adagrad(list(leaves.values()), lr=LEARNING_RATE)
    ids, state, losses = whole(text), plain(h0), []
    for piece, ahead in zip(ids[:, :-1].split(int(chunk[0]), 1), ids[:, 1:].split(int(chunk[0]), 1), strict=True):
        loss, state = _piece(leaves, piece, ahead, state.detach())
        loss.backward()
        losses.append(loss)
        if learn[0]:
            optimizer.step()
            optimizer.zero_grad()
    told = {"first_loss": losses[0], "last_loss": losses[-1], "h_last": state}
    outputs = {name: numpy_of(value) for name, value in told.items()}
    return outputs | ({name: numpy_of(value) for name, value in leaves.items()} if learn[0] else _gradients(leaves))


def numpy_correlation(hidden: Array, labels: Array) -> Outputs:
    """``np.corrcoef`` of each unit that changes with the label."""
    scores = np.zeros(hidden.shape[1])
    for unit in range(hidden.shape[1]):
        if len(set(hidden[:, unit].tolist())) > 1 and len(set(labels.tolist())) > 1:
            scores[unit] = np.corrcoef(hidden[:, unit].astype(np.float64), labels.astype(np.float64))[0, 1]
    return {"best": np.array(np.abs(scores).argmax()), "scores": scores}


def whole(ids: Array) -> torch.Tensor:
    """Ids as torch wants them."""
    return torch.from_numpy(np.array(ids, dtype=np.int64))


def _surprises(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape)


def _piece(
    leaves: Leaves, inputs: torch.Tensor, targets: torch.Tensor, state: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    loss = torch.zeros((), dtype=state.dtype)
    for t in range(inputs.shape[1]):
        state, scores = _step(leaves, inputs[:, t], state)
        loss = loss + functional.cross_entropy(scores, targets[:, t])
    return loss, state


def _step(leaves: Leaves, ids: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    x = functional.embedding(ids, leaves["W_embed"])
    state = torch.tanh(x @ leaves["Wx"] + state @ leaves["Wh"] + leaves["b"])
    return state, state @ leaves["W_vocab"] + leaves["b_vocab"]


def _write(leaves: Leaves, reads: list[int], length: int, temperature: float, rng: np.random.Generator) -> list[int]:
    state, written = torch.zeros(1, leaves["Wh"].shape[0], dtype=torch.float64), list[int]()
    while len(written) < length:
        for one in reads:
            state, scores = _step(leaves, torch.tensor([one]), state)
        reached = torch.softmax(scores[0] / temperature, dim=0).cumsum(dim=0)
        chosen = int((reached <= rng.random()).sum())
        written.append(min(chosen, len(reached) - 1))
        reads = written[-1:]
    return written


def _gradients(leaves: Leaves) -> dict[str, Array]:
    return {f"d{name}": gradient(value) for name, value in leaves.items()}
