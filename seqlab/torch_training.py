"""Training torch modules on the course's data: one loop with a progress bar, and words forgotten on purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from seqlab.data.examples import Examples
from seqlab.language.threads import one_thread

Loss = Callable[..., Tensor]


def tensors(fields: Sequence[Any], device: str | torch.device = "cpu") -> tuple[Tensor, ...]:
    """The arrays of a batch as tensors on a device; integers as int64, which torch wants of indices and targets."""
    arrays = [np.asarray(field) for field in fields]
    return tuple(torch.tensor(a, dtype=torch.int64 if a.dtype.kind in "iu" else None, device=device) for a in arrays)


def fit(
    model: nn.Module,
    examples: Examples[Any],
    loss_of: Loss,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    learning_rate: float = 3e-3,
    weight_decay: float = 0.0,
    name: str = "training",
    after_epoch: Callable[[], str] | None = None,
) -> list[float]:
    """Minimise a loss with AdamW (Loshchilov and Hutter 2019) on minibatches.

    The rate is constant for half of the epochs, then falls towards 0 in even steps; gradients are clipped to a norm
    of 1. Works on the device where the parameters are, on one thread of the processor: the products are small.

    Args:
        model: its parameters are changed in place; in training mode while it learns, in evaluation mode afterwards.
        examples: the training part of a data set.
        loss_of: called with the fields of a minibatch as tensors, in their order; returns the loss.
        epochs, batch_size: how often all examples are seen, and how many at a time.
        rng: decides the order.
        learning_rate, weight_decay: of AdamW.
        name: stands before the progress bar.
        after_epoch: called after each epoch, in evaluation mode; what it returns is shown beside the bar.

    Returns:
        The loss of every minibatch, in order.
    """
    device = next(model.parameters()).device
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    losses: list[float] = []
    progress = tqdm(range(epochs), desc=name, unit="epoch")
    with one_thread():
        for epoch in progress:
            model.train()
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * min(1.0, 2 * (1 - epoch / epochs))
            for batch in examples.minibatches(batch_size, rng):
                losses.append(learn(model, loss_of(*tensors(batch, device)), optimizer))
            model.eval()
            if after_epoch is not None:
                progress.set_postfix_str(after_epoch())
    return losses


def forget_entries(embedding: nn.Module, rate: float) -> None:
    """In training mode, set single entries of the vectors to 0 by chance (dropout, Srivastava and others 2014)."""
    embedding.register_forward_hook(lambda module, _, vectors: nn.functional.dropout(vectors, rate, module.training))


def forget_words(embedding: nn.Module, rate: float) -> None:
    """In training mode, set whole vectors to 0 by chance, so that no word can be relied on alone."""

    def _forget(module: nn.Module, _: object, vectors: Tensor) -> Tensor:
        if not module.training:
            return vectors
        kept: Tensor = torch.rand(vectors.shape[:-1], device=vectors.device) >= rate
        return vectors * kept.unsqueeze(-1)

    embedding.register_forward_hook(_forget)


def turned_round(words: Tensor, lengths: Tensor) -> Tensor:
    """Sentences (N, T) with their words in reverse, each within its own length (N,); what stands behind stays."""
    places = torch.arange(words.shape[1], device=words.device).expand_as(words)
    last = lengths.to(words.device)[:, None] - 1
    return words.gather(1, torch.where(places <= last, last - places, places))


def learn(model: nn.Module, loss: Tensor, optimizer: torch.optim.Optimizer, most: float = 1.0) -> float:
    """One step down the gradient of ``loss``, clipped to the norm ``most``; returns the loss as a number."""
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), most)
    optimizer.step()
    return loss.item()
