"""What stage 2 taught: one-hot vectors, the embedding, the masked loss. torch's ready functions do the work."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import Tensor
from torch.nn import functional

from seqlab.checking.values import Array
from seqlab.earlier.wrapping import loss, pair, plain, tensor_of


@plain(example=lambda rng: {"ids": rng.integers(0, 5, (2, 3)), "V": 5})
def one_hot(ids: Array, V: int, dtype: DTypeLike = np.float64) -> Array:
    """Ids as one-hot vectors.

    Args:
        ids: integers from 0 to V - 1, (N, T).
        V: how many there are.
        dtype: the type of the numbers to return.

    Returns:
        (N, T, V): a 1 at the place of each id, 0 elsewhere.
    """
    return np.asarray(functional.one_hot(tensor_of(np.asarray(ids)).long(), V).numpy()).astype(dtype)


@pair("out", example=lambda rng: {"x": rng.integers(0, 5, (2, 3)), "W": rng.standard_normal((5, 4))})
def word_embedding(x: Tensor, W: Tensor) -> Tensor:
    """Look up the vector of each id.

    Args:
        x: ids, integers, (N, T).
        W: one row for each id, (V, D).

    Returns:
        out: (N, T, D).
        cache: for word_embedding_backward, which returns dW (V, D).
    """
    return functional.embedding(x.long(), W)


@loss(
    example=lambda rng: {
        "x": rng.standard_normal((2, 3, 4)),
        "y": rng.integers(0, 4, (2, 3)),
        "mask": np.array([[True, True, False], [True, True, True]]),
    }
)
def temporal_softmax_loss(x: Tensor, y: Tensor, mask: Tensor, verbose: bool = False) -> Tensor:
    """The surprise about the right ids, summed over time and averaged over the batch.

    Args:
        x: scores, (N, T, V).
        y: the right ids, integers, (N, T).
        mask: whether a place counts, booleans, (N, T).
        verbose: whether to print the shape of the scores.

    Returns:
        loss: in nats.
        dx: gradient of the loss with respect to x, (N, T, V).
    """
    if verbose:
        print("scores", tuple(x.shape))
    surprises: Tensor = functional.cross_entropy(x.flatten(0, 1), y.long().flatten(), reduction="none")
    # where, and not a product: what does not count may be infinite.
    counted = torch.where(mask.bool().flatten(), surprises, torch.zeros_like(surprises))
    return counted.sum() / x.shape[0]


SUPPLIED = (one_hot, word_embedding, temporal_softmax_loss)
