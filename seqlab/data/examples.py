"""What the examples of every task have in common: a length, batches by index, minibatches by a random generator."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

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
        if not isinstance(index, slice) and np.ndim(index) == 0:
            only = self.batch(self._indices([operator.index(cast(int, index))]))
            first: Batch = type(only)(*(None if field is None else field[0] for field in only))  # type: ignore[arg-type]
            return first
        return self.batch(self._indices(cast(Array, index)))

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Every example once, in an order that ``rng`` decides, ``size`` at a time; the last batch may be smaller.

        Raises:
            ValueError: ``size`` is less than 1.
            TypeError: ``rng`` is no NumPy generator.
        """
        require_generator(rng)
        for indices in minibatches(len(self), _at_least_one(size), rng):
            yield self.batch(indices)

    def sample(self, size: int, rng: np.random.Generator) -> Batch:
        """``size`` examples drawn by ``rng``; the same one may be drawn twice.

        Raises:
            ValueError: ``size`` is less than 1.
            TypeError: ``rng`` is no NumPy generator.
        """
        require_generator(rng)
        return self.batch(rng.integers(len(self), size=_at_least_one(size)))

    def torch_batches(
        self, size: int, rng: np.random.Generator, workers: int = 0, epochs: int = 1
    ) -> DataLoader[Batch]:
        """The same minibatches as tensors, from a torch DataLoader whose ``workers`` read ahead.

        The order is decided by ``rng`` in this process, so that it does not depend on how many workers there are. One
        pass through the loader shows everything ``epochs`` times; the next pass draws a new order. Integers come as
        int64, which torch wants of indices and targets. The embedded sets are fastest with no workers.

        Raises:
            ValueError: ``size`` is less than 1.
            TypeError: ``rng`` is no NumPy generator.
        """
        from torch import Generator  # noqa: PLC0415 (NumPy's part of the course does without torch)
        from torch.utils.data import DataLoader  # noqa: PLC0415

        require_generator(rng)
        plan: Any = _Plan(len(self), _at_least_one(size), rng, epochs)
        source: Any = self
        collate: Any = _as_tensors
        own = Generator()  # or the loader would draw from torch's own, on which a student's results may depend
        return DataLoader(source, sampler=plan, batch_size=None, num_workers=workers, collate_fn=collate, generator=own)

    def _indices(self, index: slice | Sequence[int] | Array) -> Array:
        everything = np.arange(len(self))
        if isinstance(index, slice):
            return everything[index]
        wanted = np.asarray(index)
        chosen: Array = everything[wanted if wanted.size else wanted.astype(np.int64)]
        return chosen


def require_generator(rng: object) -> None:
    """See that chance comes from a generator that somebody seeded.

    Raises:
        TypeError: ``rng`` is something else.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"expected a NumPy generator, such as np.random.default_rng(0); found {rng!r}")


@dataclass(frozen=True)
class _Plan:
    """The indices of the minibatches of some epochs; each iteration draws a new order."""

    count: int
    size: int
    rng: np.random.Generator
    epochs: int

    def __len__(self) -> int:
        return self.epochs * -(-self.count // self.size)

    def __iter__(self) -> Iterator[Array]:
        for _ in range(self.epochs):
            yield from minibatches(self.count, self.size, self.rng)


def _as_tensors(batch: tuple[Any, ...]) -> tuple[Any, ...]:
    """The fields of a batch as tensors of their own memory."""
    import torch  # noqa: PLC0415

    def tensor(field: Array | None) -> Any:
        if field is None:
            return None
        return torch.tensor(field, dtype=torch.int64 if field.dtype.kind in "iu" else None)

    fields: Any = type(batch)
    made: tuple[Any, ...] = fields(*map(tensor, batch))
    return made


def _at_least_one(size: int) -> int:
    if size < 1:
        raise ValueError(f"expected minibatches of at least 1 example; found {size}")
    return size
