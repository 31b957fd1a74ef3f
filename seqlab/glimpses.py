"""Looking at a small square of an image, at a place that may lie between pixels."""

from __future__ import annotations

import torch
from torch import Tensor


def glimpse_at(images: Tensor, places: Tensor, size: int) -> Tensor:
    """Cut a square of ``size`` by ``size`` pixels out of each image.

    Between pixels the image is interpolated linearly in both directions, so that a gradient reaches ``places``
    (bilinear sampling, Jaderberg and others 2015, equation 5). Outside the image all is 0.

    Args:
        images: (N, height, width).
        places: the middle of each square, (N, 2): across, then down; -1 is the middle of the first column (or row) of
            pixels, 1 that of the last.
        size: the side of a square, in pixels.

    Returns:
        The squares, (N, size, size), of the type and on the device of ``images``.
    """
    _, height, width = images.shape
    columns = _tents(places[:, 0], width, size)
    rows = _tents(places[:, 1], height, size)
    return rows @ images @ columns.transpose(1, 2)


def corners(places: Tensor, height: int, width: int, size: int) -> Tensor:
    """The upper left corner of each square in pixels, across and then down; ``places`` (..., 2) as above."""
    last = torch.tensor([width - 1, height - 1], dtype=places.dtype, device=places.device)
    return (places + 1) / 2 * last - (size - 1) / 2


def _tents(middle: Tensor, length: int, size: int) -> Tensor:
    """How much each of ``length`` pixels counts in ``size`` samples around ``middle`` (N,): (N, size, length)."""
    offsets = torch.arange(size, dtype=middle.dtype, device=middle.device) - (size - 1) / 2
    samples = (middle[:, None] + 1) / 2 * (length - 1) + offsets
    pixels = torch.arange(length, dtype=middle.dtype, device=middle.device)
    return torch.relu(1 - (samples[:, :, None] - pixels).abs())
