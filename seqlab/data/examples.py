"""What the examples of every task have in common: a length, batches by index, minibatches by a random generator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from seqlab.training import minibatches

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

Array = NDArray[Any]
Batch = TypeVar("Batch", bound=tuple[Any, ...])


class Examples(ABC, Generic[Batch]):
    """The examples of one split. A batch is a named tuple of arrays whose first axis counts examples."""

    @abstractmethod
    def __len__(self) -> int:
        """How many examples there are."""

    @abstractmethod
    def batch(self, indices: Array) -> Batch:
        """The examples at ``indices`` (N,), which are in range and not negative."""

    def __getitem__(self, index: int | slice | Sequence[int] | Array) -> Batch:
        """One example (without the first axis), or a batch of those at a slice, a list or an array of indices.

        Raises:
            IndexError: an index is out of range.
        """
        if isinstance(index, int | np.integer):
            only = self.batch(self._indices([int(index)]))
            first: Batch = type(only)(*(None if field is None else field[0] for field in only))  # type: ignore[arg-type]
            return first
        return self.batch(self._indices(index))

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Every example once, in an order that ``rng`` decides, ``size`` at a time; the last batch may be smaller."""
        for indices in minibatches(len(self), size, rng):
            yield self.batch(indices)

    def sample(self, size: int, rng: np.random.Generator) -> Batch:
        """``size`` examples drawn by ``rng``; the same one may be drawn twice."""
        return self.batch(rng.integers(len(self), size=size))

    def torch_batches(
        self, size: int, rng: np.random.Generator, workers: int = 0, epochs: int = 1
    ) -> DataLoader[Batch]:
        """The same minibatches as tensors, from a torch DataLoader whose ``workers`` read ahead.

        The order is decided here, by ``rng``, so that it does not depend on how many workers there are.
        """
        from torch.utils.data import DataLoader  # noqa: PLC0415 (NumPy's part of the course does without torch)

        plan = [batch for _ in range(epochs) for batch in minibatches(len(self), size, rng)]
        return DataLoader(self, sampler=plan, batch_size=None, num_workers=workers)  # type: ignore[arg-type]

    def _indices(self, index: slice | Sequence[int] | Array) -> Array:
        everything = np.arange(len(self))
        if isinstance(index, slice):
            return everything[index]
        wanted = np.asarray(index)
        chosen: Array = everything[wanted if wanted.size else wanted.astype(np.int64)]
        return chosen
