"""Training in NumPy: minibatches, Adam, Adagrad, and a loop that shows where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from tqdm.auto import tqdm

from seqlab.checking.values import Array

Params = dict[str, Array]
LossAndGradients = Callable[[Array], tuple[float, Mapping[str, Array]]]


@dataclass
class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) on a dictionary of parameters, which it updates in place."""

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    steps: int = 0
    means: Params = field(default_factory=dict)
    squares: Params = field(default_factory=dict)

    def update(self, params: Params, grads: Mapping[str, Array]) -> None:
        """One step. ``grads`` has the keys and shapes of ``params``.

        Raises:
            KeyError: a parameter has no gradient.
        """
        self.steps += 1
        for name in params:
            grad = grads[name]
            mean = self.means.setdefault(name, np.zeros_like(params[name]))
            square = self.squares.setdefault(name, np.zeros_like(params[name]))
            mean += (1 - self.beta1) * (grad - mean)
            square += (1 - self.beta2) * (grad**2 - square)
            corrected = mean / (1 - self.beta1**self.steps)
            spread = np.sqrt(square / (1 - self.beta2**self.steps)) + self.epsilon
            params[name] -= self.learning_rate * corrected / spread


@dataclass
class Adagrad:
    """Adagrad (Duchi, Hazan and Singer 2011) on a dictionary of parameters, which it updates in place.

    Each entry's step is divided by the root of the sum of all its squared gradients so far. ``clip`` first limits each
    entry of a gradient to ``[-clip, clip]``; None leaves gradients as they are.
    """

    learning_rate: float = 0.1
    clip: float | None = None
    epsilon: float = 1e-10
    squares: Params = field(default_factory=dict)

    def update(self, params: Params, grads: Mapping[str, Array]) -> None:
        """One step. ``grads`` has the keys and shapes of ``params``; it is left as it is.

        Raises:
            KeyError: a parameter has no gradient.
        """
        for name in params:
            grad = grads[name] if self.clip is None else np.clip(grads[name], -self.clip, self.clip)
            square = self.squares.setdefault(name, np.zeros_like(params[name]))
            square += grad**2
            params[name] -= self.learning_rate * grad / (np.sqrt(square) + self.epsilon)


def minibatches(count: int, size: int, rng: np.random.Generator) -> Iterator[Array]:
    """The indices ``0 .. count - 1`` in a random order, ``size`` at a time; the last batch may be smaller."""
    order = rng.permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def train(
    params: Params,
    loss_and_gradients: LossAndGradients,
    count: int,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    optimizer: Adam,
    after_epoch: Callable[[int], str] | None = None,
) -> list[float]:
    """Minimise a loss with minibatches.

    Args:
        params: the parameters, updated in place.
        loss_and_gradients: called with the indices of a minibatch; returns its loss and the gradients.
        count: how many examples there are.
        epochs, batch_size: how often all are seen, and how many at a time.
        rng: decides the order.
        optimizer: makes the steps.
        after_epoch: called with the number of the epoch; what it returns is shown beside the progress bar.

    Returns:
        The loss of every minibatch, in order.
    """
    losses: list[float] = []
    progress = tqdm(range(epochs), desc="training", unit="epoch")
    for epoch in progress:
        for batch in minibatches(count, batch_size, rng):
            loss, grads = loss_and_gradients(batch)
            optimizer.update(params, grads)
            losses.append(float(loss))
        if after_epoch is not None:
            progress.set_postfix_str(after_epoch(epoch))
    return losses
