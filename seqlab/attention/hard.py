"""Hard attention: a captioner that sees one place at a time, drawn by chance, and what it may expect of a look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

DRAWN, LIKELIEST, BLENDED = "drawn", "likeliest", "blended"


class DrawsPlaces(nn.Module):
    """Put before a captioner in the list of base classes: ``attend`` then shows one place in place of a mean.

    ``looks`` says how: "drawn" with the captioner's own weights as probabilities, "likeliest", or "blended" as the
    captioner itself does. The places of all looks since :meth:`forget` are in ``places``, (N,) for each.
    """

    def __init__(self, *sizes: Any, **names: Any) -> None:
        """The same arguments as the captioner's."""
        super().__init__(*sizes, **names)
        self.forget()

    def forget(self, looks: str = DRAWN) -> None:
        """Begin anew, looking in this way."""
        self.looks, self.places = looks, list[Tensor]()

    def attend(self, prev_h: Tensor, features: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """What is seen, (N, D), and the weights of all places, (N, L)."""
        softly: Any = super()
        blend, weights = softly.attend(prev_h, features, keys)
        if self.looks == BLENDED:
            return blend, weights
        place = torch.multinomial(weights.detach(), 1)[:, 0] if self.looks == DRAWN else weights.argmax(dim=1)
        self.places.append(place)
        return features[torch.arange(len(features), device=place.device), place], weights


def log_probs_of(scores: Tensor, words: Tensor) -> Tensor:
    """The log-probabilities of words (N, T) under scores (N, T, V)."""
    return torch.log_softmax(scores, dim=-1).gather(2, words[:, :, None])[:, :, 0]


def no_baseline(model: Any, features: Tensor, captions: Tensor) -> Tensor:
    """Nothing is expected: zeros (N, T - 1)."""
    return torch.zeros(captions[:, 1:].shape, device=features.device)


@torch.no_grad()
def blended_baseline(model: Any, features: Tensor, captions: Tensor) -> Tensor:
    """What the captioner would earn from each step on if it blended all places, (N, T - 1).

    Like the other baselines it may know the image and the words, but no place that was drawn.
    """
    return _earned(model, features, captions, BLENDED)


@torch.no_grad()
def other_draws(model: Any, features: Tensor, captions: Tensor, draws: int = 4) -> Tensor:
    """What the captioner earns from each step on in other draws, on average, (N, T - 1)."""
    each = [_earned(model, features, captions, DRAWN) for _ in range(draws)]
    return torch.stack(each).mean(dim=0)


@torch.no_grad()
def batch_baseline(model: Any, features: Tensor, captions: Tensor) -> Tensor:
    """The same, averaged over the batch: one number for each step, (N, T - 1)."""
    each = other_draws(model, features, captions)
    return each.mean(dim=0).expand_as(each)


def _earned(model: Any, features: Tensor, captions: Tensor, looks: str) -> Tensor:
    model.forget(looks)
    scores, _ = model(features, captions)
    words = log_probs_of(scores, captions[:, 1:]) * (captions[:, 1:] != model.null)
    earned: Tensor = words @ torch.ones_like(words[0]).diag().cumsum(dim=0)
    return earned


HardLoss = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
Baseline = Callable[[Any, Tensor, Tensor], Tensor]


def loss_by_chance(
    model: Any, loss: HardLoss, features: Tensor, captions: Tensor, baseline: Baseline = blended_baseline
) -> Tensor:
    """Let a captioner draw where to look for every word of some captions, and take your hard_attention_loss of it.

    Args:
        model: an AttentionCaptioner behind DrawsPlaces.
        loss: your hard_attention_loss.
        features, captions: (N, L, D) and (N, T).
        baseline: what is expected, from the model, the features and the captions.
    """
    expected = baseline(model, features, captions)
    model.forget(DRAWN)
    scores, weights = model(features, captions)
    targets = captions[:, 1:]
    places = torch.stack(model.places, dim=1)
    return loss(log_probs_of(scores, targets), weights, places, targets != model.null, expected)


def spread_of_gradient(
    model: Any, loss: HardLoss, features: Tensor, captions: Tensor, baseline: Baseline, draws: int = 40
) -> float:
    """How much the gradient of what decides where to look changes from draw to draw, on the same batch.

    Returns:
        The variances over the draws, summed over the parameters of ``query`` and ``key``.
    """
    parameters = [*model.query.parameters(), *model.key.parameters()]
    found = []
    for _ in range(draws):
        one = loss_by_chance(model, loss, features, captions, baseline)
        found.append(torch.cat([part.flatten() for part in torch.autograd.grad(one, parameters)]))
    return float(torch.stack(found).var(dim=0).sum())
