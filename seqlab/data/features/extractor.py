"""A network that turns images into features, with what has to be known to use it: Lite0, or any torch module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqlab.data.errors import DataError
from seqlab.data.features.lite0 import Lite0, load_lite0
from seqlab.data.features.lite0 import preprocess as lite0_preprocess
from seqlab.suggestion import did_you_mean

Images = NDArray[np.uint8]
Maps = tuple[Tensor, Tensor]
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
LITE0_SIZE = 128
LISTED_LAYERS = 20


class CannotExtract(DataError):
    """Features cannot be computed as asked; the text says what was expected and what was found."""


@dataclass(frozen=True)
class Extractor:
    """A network and how it is used. ``torchvision.models.resnet18`` and the like fit through :meth:`of_module`.

    Attributes:
        name: for people.
        module: the network. Extracting moves it to the device and puts it into evaluation mode.
        maps: called with the module and preprocessed images; returns two maps (N, positions, channels) from one pass:
            the one whose mean is the pooled features, and the spatial features.
        image_size: the side in pixels of the square that images of a folder are brought to.
        preprocess: makes a float32 tensor (N, 3, H, W) of images (N, H, W, 3) in RGB or (N, H, W) in grey, uint8.
    """

    name: str
    module: nn.Module
    maps: Callable[[nn.Module, Tensor], Maps]
    image_size: int
    preprocess: Callable[[Images], Tensor]

    @classmethod
    def lite0(cls, weights: Path, image_size: int = LITE0_SIZE) -> Extractor:
        """EfficientNet-Lite0: pooled (N, 1280) and, for 128 pixels, spatial (N, 64, 112).

        Folded batch norms and channels that are last in memory made it 2.3 times as fast on two idle CPU cores (440
        images a second instead of 190, in batches of 16). They change the features by less than float16 can tell.

        Raises:
            DataMissing, DataDamaged: see :func:`load_lite0`.
        """
        # mypy does not know that a module may be moved to a memory format alone.
        network = load_lite0(weights).fold().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls("EfficientNet-Lite0", network, _lite0_maps, image_size, lite0_preprocess)

    @classmethod
    def of_module(
        cls,
        module: nn.Module,
        layer_name: str,
        size: int = 224,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> Extractor:
        """Features from one layer of any network.

        Args:
            module: takes (N, 3, H, W), float32.
            layer_name: a name of ``module.named_modules()``. The layer's output is a map (N, D, h, w), or positions
                (N, L, D), or one vector (N, D), which counts as one position.
            size: the side in pixels of the square that images of a folder are brought to.
            mean, std: of the three channels, of images in [0, 1]; the usual ones of ImageNet.

        Returns:
            An extractor of spatial features (N, L, D), and of their mean over the positions as pooled features (N, D).

        Raises:
            CannotExtract: the network has no such layer; the text suggests the nearest name.
        """
        _require_layer(module, layer_name)

        def maps(network: nn.Module, images: Tensor) -> Maps:
            with _kept_output(network.get_submodule(layer_name)) as outputs:
                network(images)
            found = positions(_one_tensor(outputs, layer_name), layer_name)
            return found, found

        return cls(f"{type(module).__name__}.{layer_name}", module, maps, size, standardiser(mean, std))


def standardiser(mean: Sequence[float], std: Sequence[float]) -> Callable[[Images], Tensor]:
    """The preprocessing (x / 255 - mean) / std with a mean and a deviation for each of the three channels.

    Raises:
        CannotExtract: there are not three of each, or a deviation is not positive.
    """
    if not len(mean) == len(std) == 3 or min(std) <= 0:
        raise CannotExtract(f"expected three means and three positive deviations; found {mean!r} and {std!r}")
    means = torch.tensor(mean, dtype=torch.float32)[:, None, None]
    stds = torch.tensor(std, dtype=torch.float32)[:, None, None]

    def standardise(images: Images) -> Tensor:
        x = torch.from_numpy(images.astype(np.float32, order="C")).div_(255)
        x = x[:, None].expand(-1, 3, -1, -1) if x.ndim == 3 else x.permute(0, 3, 1, 2)
        return (x - means) / stds

    return standardise


def positions(output: Tensor, layer_name: str) -> Tensor:
    """A layer's output as (N, positions, channels), positions row by row.

    Raises:
        CannotExtract: it is not a map (N, D, h, w), positions (N, L, D) or a vector (N, D).
    """
    if output.ndim == 4:
        return output.flatten(2).transpose(1, 2)
    if output.ndim == 3:
        return output
    if output.ndim == 2:
        return output[:, None]
    raise CannotExtract(
        f"expected layer {layer_name} to give (N, D, h, w), (N, L, D) or (N, D); found {tuple(output.shape)}. "
        "Choose another layer."
    )


def _lite0_maps(network: nn.Module, images: Tensor) -> Maps:
    assert isinstance(network, Lite0)
    spatial = network.spatial(images)
    return positions(network.final_of(spatial), "head"), positions(spatial, "blocks.10")


def _require_layer(module: nn.Module, layer_name: str) -> None:
    known = [name for name, _ in module.named_modules() if name]
    if layer_name in known:
        return
    more = f" and {len(known) - LISTED_LAYERS} more" if len(known) > LISTED_LAYERS else ""
    raise CannotExtract(
        f"{type(module).__name__} has no layer called {layer_name!r}.{did_you_mean(layer_name, known)} "
        f"There are: {', '.join(known[:LISTED_LAYERS])}{more}."
    )


@contextmanager
def _kept_output(layer: nn.Module) -> Iterator[list[Any]]:
    """What the layer returns inside the block, one entry for each time that it is used."""
    outputs: list[Any] = []

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        # A later layer that works in place, such as ReLU(inplace=True), would change what is kept.
        outputs.append(output.clone() if isinstance(output, Tensor) else output)

    handle = layer.register_forward_hook(keep)
    try:
        yield outputs
    finally:
        handle.remove()


def _one_tensor(outputs: list[Any], layer_name: str) -> Tensor:
    if len(outputs) == 1 and isinstance(outputs[0], Tensor):
        return outputs[0]
    found = f"{len(outputs)} calls" if len(outputs) != 1 else type(outputs[0]).__name__
    raise CannotExtract(
        f"expected layer {layer_name} to be used once for an image, and to return one tensor; found {found}. "
        "Choose another layer."
    )
