"""Frames of a film, with the package av (FFmpeg). It is imported only here, and only when films are decoded."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.errors import DataError, DataMissing

Array = NDArray[np.uint8]
MOST_FRAMES = 20_000  # of a small film all frames are in memory at once, 16 kB each


class Undecodable(DataError):
    """A film cannot be decoded."""


def require_decoder() -> None:
    """See that films can be decoded, before anything else is done.

    Raises:
        DataMissing: the package av is not installed.
    """
    if importlib.util.find_spec("av") is None:
        raise DataMissing(
            "expected the package av, which decodes films, to be installed; it is not. Install it with: pip install av"
        )


def read_frames(path: Path, count: int, side: int, show: Callable[[str], None]) -> Array:
    """Frames from the first to the last at equal distances; the middle of each, resized.

    A film with fewer frames than asked for repeats some. One that breaks off is used up to there if it has enough.

    Args:
        path: the film.
        count: how many frames.
        side: of the square, in pixels.
        show: is told of a film that breaks off.

    Returns:
        (count, side, side, 3) uint8, RGB.

    Raises:
        Undecodable: nothing of it, or too little, can be decoded.
    """
    frames, trouble = _decoded(path, side)
    if not frames or (trouble and len(frames) < count):
        raise Undecodable(f"{path.name}: {trouble or 'it has no frames'} (after {len(frames)} frames)")
    if trouble:
        show(f"{path.name}: {trouble} after {len(frames)} frames, which are used")
    places = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return np.stack([frames[place] for place in places])


def _decoded(path: Path, side: int) -> tuple[list[Array], str]:
    """All frames, and why there are no more; nothing if the film has ended."""
    import av  # noqa: PLC0415 (only who wants films needs the package)

    frames: list[Array] = []
    try:
        # Only this format: others, such as lists of films, would have FFmpeg open further files.
        with av.open(str(path), format="avi") as container:
            for frame in container.decode(video=0):
                frames.append(_square(frame, side))
                if len(frames) >= MOST_FRAMES:
                    return frames, f"more than {MOST_FRAMES:,} frames"
    except (av.FFmpegError, IndexError, ValueError) as error:  # IndexError: there is no picture in it
        return frames, " ".join(str(error).split()).replace(str(path), path.name)
    return frames, ""


def _square(frame: Any, side: int) -> Array:
    """The middle of a frame, (side, side, 3): resized by its shorter side, and what is over is cut off."""
    shorter = min(frame.width, frame.height)
    width, height = (max(side, round(length * side / shorter)) for length in (frame.width, frame.height))
    small: Array = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray()
    left, top = (width - side) // 2, (height - side) // 2
    return small[top : top + side, left : left + side].copy()
