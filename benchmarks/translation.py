"""Stage 5's Seq2Seq on every split there is: ``python -m benchmarks.translation`` (a quarter of an hour).

The same answer and the same training as in the notebook; what differs is what is held out. Exact means right to the
last word. It shows how much of a figure is made by the choice of the split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.answers import answers
from benchmarks.measuring import Line, print_table
from seqlab import torch_training
from seqlab.data import load_pairs
from seqlab.data.examples import Examples
from seqlab.data.pairs import PairBatch, Pairs

Array = NDArray[Any]
SEEDS = (0, 1, 2)
TONE = "skin tone"


@dataclass(frozen=True)
class Chosen(Examples[PairBatch]):
    """Some pairs, whatever part of the set they come from."""

    pairs: Pairs
    places: Array

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, indices: Array) -> PairBatch:
        """The pairs at ``indices`` (N,), padded to one length for both parts."""
        return PairBatch(*(field[self.places[indices]] for field in self._whole))

    @cached_property
    def _whole(self) -> list[Array]:
        return [_joined(*parts) for parts in zip(self.pairs.train[:], self.pairs.val[:], strict=True)]


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained; the defaults are the notebook's."""

    dim: int = 192
    tied: bool = True
    forget: float = 0.3
    epochs: int = 25
    learning_rate: float = 4e-3
    batch_size: int = 32


def measure() -> Iterator[Line]:
    """A line for each split and recipe."""
    french = load_pairs("translation")
    tone = np.array([TONE in french.val.texts(n)[0] for n in range(len(french.val))])
    for title, recipe in (("", Recipe()), (", weights not tied", Recipe(tied=False))):
        exact = [trained(french, french.train, french.val, recipe, seed) for seed in SEEDS]
        yield Line(f"English to French, the course's split{title}", spread(exact), "93 %")
        yield Line(
            "— with a skin tone, without",
            f"{np.mean(exact, 0)[tone].mean():.1%}, {np.mean(exact, 0)[~tone].mean():.1%}",
        )
    spanish = load_pairs("translation", language="es")
    yield Line("English to Spanish", spread([trained(spanish, spanish.train, spanish.val, Recipe(), s) for s in SEEDS]))
    yield from dates()


def dates() -> Iterator[Line]:
    """The same dates, held out by days or by lot."""
    dated = load_pairs("dates", "character")
    plain = Recipe(dim=96, tied=False, forget=0.0, epochs=15, learning_rate=6e-3, batch_size=64)
    yield Line("dates, days never seen", spread([trained(dated, dated.train, dated.val, plain, s) for s in SEEDS]))
    order = np.random.default_rng(0).permutation(len(dated.train) + len(dated.val))
    seen, unseen = Chosen(dated, order[len(dated.val) :]), Chosen(dated, order[: len(dated.val)])
    yield Line("dates, held out by lot", spread([trained(dated, seen, unseen, plain, s) for s in SEEDS]), "99 %")


def spread(exact: list[Array]) -> str:
    """The shares of several seeds."""
    shares = [one.mean() for one in exact]
    return f"{np.mean(shares):.1%} ({min(shares):.1%} to {max(shares):.1%}, {len(shares)} seeds)"


def trained(
    pairs: Pairs, train: Examples[PairBatch], held_out: Examples[PairBatch], recipe: Recipe, seed: int
) -> Array:
    """Train the master's answer; whether each held-out pair is exactly right (N,)."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = _model(pairs, recipe)
        torch_training.fit(
            model,
            train,
            lambda source, lengths, target, _: model.loss(
                torch_training.turned_round(source, lengths), lengths, target
            ),
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            rng=np.random.default_rng(seed),
            learning_rate=recipe.learning_rate,
            weight_decay=0.01,
            name=f"{pairs.name}, seed {seed}",
        )
    source, lengths, target, _ = torch_training.tensors(held_out[:])
    said = model.translate(torch_training.turned_round(source, lengths), lengths, target.shape[1] - 1)
    exact: Array = (said == target[:, 1:]).all(dim=1).numpy()
    return exact


def _model(pairs: Pairs, recipe: Recipe) -> Any:
    sizes = len(pairs.source_vocabulary), len(pairs.target_vocabulary)
    model = answers("s05_sequences")["Seq2Seq"](*sizes, recipe.dim, recipe.dim)
    if recipe.tied:
        nn.init.normal_(model.target_embedding.weight, std=0.1)
        model.head.weight = model.target_embedding.weight
    torch_training.forget_entries(model.source_embedding, recipe.forget)
    model.head.register_forward_pre_hook(
        lambda head, states: (nn.functional.dropout(states[0], recipe.forget, head.training),)
    )
    return model


def _joined(first: Array, second: Array) -> Array:
    """Two arrays below one another, NULL (0) where the narrower one ends."""
    if first.ndim == 1:
        return np.concatenate([first, second])
    width = max(first.shape[1], second.shape[1])
    return np.concatenate([np.pad(one, ((0, 0), (0, width - one.shape[1]))) for one in (first, second)])


if __name__ == "__main__":
    print_table("Translation: what is held out decides", list(measure()))
