"""Boxes in an image, and a square grid of cells laid over it: what attention is scored by where boxes are known."""

from __future__ import annotations

import numpy as np

from seqlab.checking.values import Array


def covered(boxes: Array, grid: int, side: int) -> Array:
    """Which part of each cell of a grid lies inside each box: (R, grid, grid).

    Args:
        boxes: left, top, right, bottom in pixels, (R, 4); right and bottom are beyond the last pixel.
        grid: cells along each side.
        side: of the image in pixels.
    """
    size = side / grid
    edges = np.arange(grid) * size
    across, down = (
        np.clip(np.minimum(boxes[:, k + 2, None], edges + size) - np.maximum(boxes[:, k, None], edges), 0, None)
        for k in (0, 1)
    )
    return np.asarray(down[:, :, None] * across[:, None, :] / size**2)


def middles_inside(boxes: Array, grid: int, side: int) -> Array:
    """Whether the middle of each cell lies inside each box, (R, grid, grid); arguments as in :func:`covered`."""
    middles = (np.arange(grid) + 0.5) * side / grid
    across, down = ((boxes[:, k, None] <= middles) & (middles < boxes[:, k + 2, None]) for k in (0, 1))
    return np.asarray(down[:, :, None] & across[:, None, :])
