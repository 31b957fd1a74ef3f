"""Training a captioner of torch: minibatches, a rate that rises and falls, a bar that shows where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from seqlab.captioning.icons import Task
from seqlab.torch_training import learn

AT_A_TIME = 1024


@dataclass(frozen=True)
class Share:
    """Which part of every minibatch a process learns from: every ``processes``-th image, from the ``number``-th on."""

    number: int = 0
    processes: int = 1

    def of(self, whole: Tensor) -> Tensor:
        """This process's rows; those that cannot be shared out evenly are left out by all."""
        even = len(whole) - len(whole) % self.processes
        return whole[self.number : even : self.processes]


ALONE = Share()


def fit(
    model: Any,
    train: Task,
    held_out: Task,
    *,
    epochs: int,
    rate: float = 2e-3,
    drop: float = 0.5,
    batch: int = 64,
    share: Share = ALONE,
    short: bool = False,
) -> tuple[list[float], list[float]]:
    """Train by AdamW, with features left out at random (``drop``), gradients clipped to norm 5.

    Args:
        model: has ``forward(features, captions)`` and ``loss_of(scores, captions)``, as stage 6's Captioner; it may
            be inside DistributedDataParallel.
        train, held_out: on the model's device.
        epochs: how often the training split is seen.
        rate: the highest learning rate.
        drop: how many of an image's features are set to zero in training, as a share.
        batch: how many images at a time, those of all processes together.
        share: what of them is for this process.
        short: compute the scores in bfloat16 where torch thinks it safe (autocast); parameters stay float32.

    Returns:
        The loss of every minibatch, as this process has it, and the loss on the held-out split after every epoch.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
    steps = epochs * -(-len(train) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    chance = torch.Generator().manual_seed(0)  # the same in every process: all draw the whole minibatch
    losses, held_out_losses = list[float](), list[float]()
    progress = tqdm(range(epochs), desc="training", unit="epoch", disable=share.number > 0)
    for _ in progress:
        for part in _parts(train, batch, drop, chance):
            mine = Task(share.of(part.features), share.of(part.captions))
            losses.append(_learn(model, optimizer, mine, short))
            schedule.step()
        held_out_losses.append(loss_on(inner(model), held_out))
        progress.set_postfix(loss=f"{losses[-1]:.2f}", held_out=f"{held_out_losses[-1]:.2f}")
    return losses, held_out_losses


@torch.no_grad()
def loss_on(model: Any, task: Task) -> float:
    """The loss of a model on a whole split, a mean over its captions; worked out for some of them at a time."""
    total = 0.0
    for rows in torch.arange(len(task), device=task.captions.device).split(AT_A_TIME):
        part = task.part(rows)
        total += float(model.loss_of(model(part.features, part.captions), part.captions)) * len(rows)
    return total / len(task)


def inner(model: Any) -> Any:
    """The model itself, where it is inside DistributedDataParallel."""
    return model.module if isinstance(model, nn.parallel.DistributedDataParallel) else model


def _learn(model: Any, optimizer: torch.optim.Optimizer, part: Task, short: bool) -> float:
    with torch.autocast(part.images.device.type, torch.bfloat16, enabled=short):
        scores = model(part.features, part.captions)
    return learn(model, inner(model).loss_of(scores, part.captions), optimizer, most=5.0)


def _parts(task: Task, size: int, drop: float, chance: torch.Generator) -> Iterator[Task]:
    """Minibatches in a random order, some of their features set to zero and the others made larger."""
    for rows in torch.randperm(len(task), generator=chance).split(size):
        part = task.part(rows.to(task.captions.device))
        kept = torch.rand(part.images.shape, generator=chance).to(part.images.device) >= drop
        yield Task(part.images * kept / (1 - drop), part.captions)
