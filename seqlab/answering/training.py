"""Training a model that answers, with or without the network that sees, and asking it afterwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from seqlab.answering.by_image import Group, QuestionsByImage
from seqlab.checking.values import Array
from seqlab.language.threads import one_thread
from seqlab.torch_training import learn

See = Callable[[QuestionsByImage, Tensor], Tensor]  # numbers of images (B,) become positions (B, L, F)
Score = Callable[[Tensor, Tensor, Tensor], Tensor]  # questions, lengths, positions (N, L, F) become scores (N, K)
Loss = Callable[[Tensor, Tensor], Tensor]
CHUNK = 64  # images that are looked at together when nothing is learned


def fit(
    learner: nn.Module,
    see: See,
    score: Score,
    loss_of: Loss,
    asked: QuestionsByImage,
    *,
    epochs: int,
    rng: np.random.Generator,
    rate: float = 4e-3,
    images: int = 16,
    name: str = "training",
) -> list[float]:
    """Train by AdamW with a rate that rises and falls (Smith and Topin 2017), gradients clipped to norm 1.

    Works where the parameters are, on one thread of the processor.

    Args:
        learner: everything that learns: the model, and the eye with it where that is to learn too.
        see: makes positions of images; it may look them up where they are known (:func:`known`).
        score: scores of questions with the positions of the image of each.
        loss_of: the loss of scores (N, K) and right answers (N,).
        asked: the training split.
        epochs: how often it is seen.
        rng: decides the order.
        rate: the highest learning rate.
        images: how many images, with all their questions, make a minibatch.
        name: stands before the progress bar.

    Returns:
        The loss of every minibatch, in order.
    """
    optimizer = torch.optim.AdamW(learner.parameters(), lr=rate, weight_decay=0.01)
    steps = epochs * -(-len(asked.images) // images)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.2)
    losses: list[float] = []
    progress = tqdm(range(epochs), desc=name, unit="epoch")
    learner.train()
    with one_thread():
        for _ in progress:
            for group in asked.minibatches(images, rng):
                loss = loss_of(_scores(see, score, asked, group), group.answers)
                losses.append(learn(learner, loss, optimizer))
                schedule.step()
            progress.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
    learner.eval()
    return losses


@torch.no_grad()
def answers_of(see: See, score: Score, asked: QuestionsByImage) -> Array:
    """What a model answers to each question of a split: (N,) int64."""
    said = np.empty(len(asked), np.int64)
    with one_thread():
        for group in asked.minibatches(CHUNK):
            said[group.rows.cpu().numpy()] = _scores(see, score, asked, group).argmax(dim=1).cpu().numpy()
    return said


@torch.no_grad()
def seen_by(eye: nn.Module, asked: QuestionsByImage) -> Tensor:
    """What an eye sees in every image of a split, once and for all: positions (I, L, F)."""
    with one_thread():
        return torch.cat([eye(part) for part in asked.images.split(CHUNK)])


def known(*splits: tuple[QuestionsByImage, Tensor]) -> See:
    """A way of seeing that only looks up what an eye saw before (:func:`seen_by`): the eye learns no more."""

    def _see(asked: QuestionsByImage, images: Tensor) -> Tensor:
        return next(positions for split, positions in splits if split is asked)[images]

    return _see


def by(eye: nn.Module) -> See:
    """A way of seeing by an eye that learns with the model."""

    def _see(asked: QuestionsByImage, images: Tensor) -> Tensor:
        positions: Tensor = eye(asked.images[images])
        return positions

    return _see


def _scores(see: See, score: Score, asked: QuestionsByImage, group: Group) -> Tensor:
    return score(group.questions, group.lengths, see(asked, group.images)[group.places])
