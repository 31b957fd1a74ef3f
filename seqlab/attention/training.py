"""Features of the icons at every place, and a loss in the form that the training loop of stage 6 takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from seqlab.captioning.icons import Task
from seqlab.data.captions import Captions, CaptionSplit

LEAST = np.float32(1e-2)  # added to a spread: a feature that hardly varies should not be blown up
Loss = Callable[[Tensor, Tensor], Tensor]


def standardised_places(captions: Captions) -> tuple[Task, Task]:
    """Training and held-out split with features (N, L, D); each has mean 0 and spread 1 over all training places.

    Raises:
        ValueError: the captions have no spatial features.
    """
    raw = [_places(split) for split in (captions.train, captions.val)]
    mean, spread = raw[0].mean(axis=(0, 1)), raw[0].std(axis=(0, 1)) + LEAST
    scaled = [torch.from_numpy((one - mean) / spread) for one in raw]
    told = [torch.from_numpy(split.captions[:].astype(np.int64)) for split in (captions.train, captions.val)]
    return Task(scaled[0], told[0]), Task(scaled[1], told[1])


def _places(split: CaptionSplit) -> np.ndarray:
    found = split.batch(np.arange(len(split))).features
    if found is None or found.ndim != 3:
        raise ValueError("expected captions with spatial features; load them with features='spatial'")
    return np.asarray(found, dtype=np.float32)


class Learner(nn.Module):
    """What :func:`seqlab.captioning.training.fit` trains, where a loss needs more than scores.

    ``loss(features, captions)`` is called for every minibatch; the parameters of ``model`` learn.
    """

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        """Keep both."""
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, features: Tensor, captions: Tensor) -> Tensor:
        """The loss itself."""
        return self.loss(features, captions)

    def loss_of(self, loss: Tensor, captions: Tensor) -> Tensor:
        """The loss, as forward returned it."""
        return loss
