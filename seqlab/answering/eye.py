"""A small network for images: what is seen at each position of a coarse grid."""

from __future__ import annotations

import torch
from torch import Tensor, nn

STRIDE = 8  # pixels from one position to the next, along either side


class Eye(nn.Module):
    """Four convolutions with batch normalisation (Ioffe and Szegedy 2015) that see where they are.

    Two more channels tell each pixel's place, across and down (Liu and others 2018), so that *left* can be seen.
    """

    def __init__(self, channels: int) -> None:
        """Make the layers; a position has F = 4 * channels features."""
        super().__init__()
        widths = (5, channels, 2 * channels, 4 * channels, 4 * channels)
        shapes = ((5, 2), (3, 2), (3, 2), (3, 1))  # side and stride of each
        layers: list[nn.Module] = []
        for before, after, (side, stride) in zip(widths, widths[1:], shapes, strict=False):
            layers += [nn.Conv2d(before, after, side, stride, side // 2), nn.BatchNorm2d(after), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.features = widths[-1]

    def forward(self, images: Tensor) -> Tensor:
        """What is seen in images (N, height, width, 3) of 0 to 255: positions (N, L, F), row by row.

        L is (height / 8) * (width / 8), rounded up.
        """
        colours = images.permute(0, 3, 1, 2).float() / 51 - 4  # the pale backgrounds come to lie near 0
        seen: Tensor = self.layers(torch.cat([colours, _places(colours)], dim=1))
        return seen.flatten(2).transpose(1, 2)


def strongest(positions: Tensor) -> Tensor:
    """The greatest value of each feature anywhere in an image: positions (N, L, F) become one vector (N, F)."""
    return positions.amax(dim=1)


def _places(like: Tensor) -> Tensor:
    N, _, height, width = like.shape
    across = torch.linspace(-1, 1, width, device=like.device).expand(height, width)
    down = torch.linspace(-1, 1, height, device=like.device)[:, None].expand(height, width)
    return torch.stack([across, down]).expand(N, -1, -1, -1)
