"""Features of many images: computed in batches, and written as HDF5 that the loaders map into memory."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from seqlab.data.errors import NoSpace
from seqlab.data.features.extractor import CannotExtract, Extractor, Images
from seqlab.data.storage.folders import clear_about_the_disk
from seqlab.data.storage.writing import reserve

__all__ = ["BATCH_SIZE", "KEY", "Batch", "CannotExtract", "Extractor", "extract", "write_features"]

Half = NDArray[np.float16]
Batch = tuple[Half, Half]
KEY = "features"
BATCH_SIZE = 16  # measured with Lite0 on two idle CPU cores: 440 images a second; 390 for 8, 260 for 64
LARGEST_HALF = 65504


def extract(
    images: Sequence[Images] | Iterable[Images] | Any,
    extractor: Extractor,
    batch_size: int = BATCH_SIZE,
    progress: bool = True,
    device: str | torch.device | None = None,
) -> Iterator[Batch]:
    """Features of images, a batch at a time, both kinds from one pass of the network.

    Args:
        images: uint8 in RGB (N, H, W, 3) or in grey (N, H, W): an array, anything that gives some of its rows for a
            slice and has a length (:class:`Rows`), or any iterable of single images. They are used at the size that
            they have, not resized to ``extractor.image_size``.
        extractor: the network.
        batch_size: how many at a time.
        progress: show a progress bar.
        device: where to compute; None for a GPU if there is one, else the CPU.

    Yields:
        Pooled features (B, D) and spatial features (B, L, D_s), positions row by row, both float16, in order.

    Raises:
        CannotExtract: a batch is not uint8 images of one size, the device does not exist, or a feature is not a
            number that float16 can hold.
    """
    if batch_size < 1:
        raise CannotExtract(f"expected a batch size of at least 1; found {batch_size}")
    return _extract(images, extractor, batch_size, progress, choose_device(device))


def choose_device(wish: str | torch.device | None) -> torch.device:
    """The device that was wished for; without a wish a GPU if there is one, else the CPU.

    Raises:
        CannotExtract: torch does not have that device here.
    """
    if wish is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wish)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise CannotExtract(f"expected a device that torch has here, such as cpu; found {wish} ({reason})") from error
    return device


@contextmanager
def one_thread_on(device: torch.device) -> Iterator[None]:
    """On the CPU, compute with one thread.

    Two threads are up to 1.4 times as fast on idle cores, and ten times slower where another process wants one of
    them, since they wait for each other; students' machines are rarely idle.
    """
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _extract(
    images: Any, extractor: Extractor, batch_size: int, progress: bool, device: torch.device
) -> Iterator[Batch]:
    extractor.module.to(device).eval()
    total = len(images) if hasattr(images, "__len__") else None
    with tqdm(total=total, desc=extractor.name, unit="image", disable=not progress) as bar:
        for number, batch in enumerate(_batches(images, batch_size)):
            _require_images(batch)
            with torch.inference_mode(), one_thread_on(device):
                pooled, spatial = _maps(extractor, batch, device)
                features = _half(pooled.mean(dim=1), number * batch_size), _half(spatial, number * batch_size)
            bar.update(len(batch))
            yield features


def _maps(extractor: Extractor, batch: Images, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    try:
        return extractor.maps(extractor.module, extractor.preprocess(batch).to(device))
    except (RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:500]
        raise CannotExtract(
            f"expected {extractor.name} to take {len(batch)} images {batch.shape[1:]} at once; it says: {reason}. "
            "Try another size of images, or smaller batches if memory ran out."
        ) from error


def _batches(images: Any, size: int) -> Iterator[NDArray[Any]]:
    if hasattr(images, "__len__") and hasattr(images, "shape"):
        for start in range(0, len(images), size):
            yield np.asarray(images[start : start + size])
        return
    rest = iter(images)
    while batch := list(itertools.islice(rest, size)):
        shapes = {np.shape(image) for image in batch}
        if len(shapes) > 1:
            raise CannotExtract(f"expected images of one size; found {', '.join(map(str, sorted(shapes)))}")
        yield np.stack(batch)


def _require_images(batch: NDArray[Any]) -> None:
    grey = batch.ndim == 3
    if batch.dtype != np.uint8 or not (grey or (batch.ndim == 4 and batch.shape[-1] == 3)):
        raise CannotExtract(
            f"expected uint8 images, each (H, W, 3) in RGB or (H, W) in grey; found {batch.dtype}, {batch.shape[1:]}"
        )


def _half(features: torch.Tensor, first: int) -> Half:
    """Features as float16, (N, ...); ``first`` is the number of the first image."""
    half = features.half()
    finite = torch.isfinite(half).flatten(1).all(dim=1)
    if not finite.all():
        row = int(torch.nonzero(~finite)[0])
        raise CannotExtract(
            f"expected features that float16 can hold (up to {LARGEST_HALF}); those of image {first + row} (from 0) "
            f"reach {float(features[row].abs().max()):g}. Choose another layer, or a network with smaller outputs."
        )
    result: Half = half.contiguous().cpu().numpy()
    return result


def write_features(path_pooled: Path, path_spatial: Path, batches: Iterable[Batch], count: int) -> None:
    """Write features under the key ``features``, float16, each file in one piece so that it can be mapped into memory.

    Both are written under other names beside their places and renamed when both are whole. What was there before
    stays until then.

    Args:
        path_pooled: for the pooled features (count, D).
        path_spatial: for the spatial features (count, L, D_s).
        batches: what :func:`extract` yields.
        count: how many images there are in all batches.

    Raises:
        CannotExtract: there are no images, or not ``count``, or the shapes of two batches differ.
        NoSpace: the disk has too little room.
        NotWritable: a place may not be written.
    """
    rest = iter(batches)
    first = next(rest, None)
    if first is None or count < 1:
        raise CannotExtract(f"expected features of {count} images, at least one; there are no batches or no images")
    paths = (path_pooled, path_spatial)
    parts = [path.with_name(f".{path.name}.{os.getpid()}.part") for path in paths]
    with clear_about_the_disk(path_pooled.parent):
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        _require_space(path_pooled.parent, count, first)
        try:
            _write_whole(parts, itertools.chain([first], rest), count, first)
            for part, path in zip(parts, paths, strict=True):
                part.replace(path)
        finally:
            for part in parts:
                part.unlink(missing_ok=True)


def _write_whole(paths: Sequence[Path], batches: Iterable[Batch], count: int, example: Batch) -> None:
    shapes = [(count, *features.shape[1:]) for features in example]
    with ExitStack() as stack:
        files = [stack.enter_context(_space_for(path, shape)) for path, shape in zip(paths, shapes, strict=True)]
        start = 0
        for batch in batches:
            stop = start + len(batch[0])
            for file, shape, part in zip(files, shapes, batch, strict=True):
                _require_place(part, start, stop, shape)
                file.write(np.ascontiguousarray(part, np.float16).tobytes())
            start = stop
    if start != count:
        raise CannotExtract(f"expected features of {count} images; the batches ended after {start}")


def _space_for(path: Path, shape: tuple[int, ...]) -> BinaryIO:
    """A new HDF5 file for features, open at the place where their bytes begin."""
    place = reserve(path, {KEY: (shape, np.float16)})[KEY]
    file = path.open("r+b")
    file.seek(place)
    return file


def _require_place(part: Half, start: int, stop: int, shape: tuple[int, ...]) -> None:
    if stop > shape[0] or part.shape != (stop - start, *shape[1:]):
        raise CannotExtract(
            f"expected features of {shape[0]} images, each {shape[1:]}; found those of images {start} to {stop - 1}, "
            f"each {part.shape[1:]}"
        )


def _require_space(folder: Path, count: int, batch: Batch) -> None:
    needed = count * sum(part[0].nbytes for part in batch)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoSpace(
            f"the features need {needed / 1e6:,.1f} MB, and the disk of {folder} has {free / 1e6:,.1f} MB free. "
            "Make room, or write them elsewhere."
        )
