"""Image files as square arrays, and the images of a folder. Nothing here imports torch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from seqlab.data.errors import DataError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")  # whatever a file's name: Pillow would run Ghostscript on PostScript
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
Images = NDArray[np.uint8]


class UnreadableImages(DataError):
    """Files that should be images are not; the text lists all of them with reasons."""


@dataclass(frozen=True)
class ImageFolder:
    """The images of a folder by name, in order, and how many other entries it has (which are left alone)."""

    folder: Path
    names: tuple[str, ...]
    others: int


def find_images(folder: Path) -> ImageFolder:
    """The files of a folder that end in .png, .jpg, .jpeg, .bmp, .gif or .webp, in large or small letters, sorted.

    Folders inside and hidden files (such as the ``._photo.jpg`` that macOS leaves on foreign disks) are not images.

    Raises:
        UnreadableImages: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise UnreadableImages(f"expected a folder of images at {folder}; there is none")
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    names = tuple(entry.name for entry in entries if _is_image(entry))
    if not names:
        raise UnreadableImages(
            f"expected images ({', '.join(SUFFIXES)}) in {folder}; found {len(entries)} other entries. "
            "Images in folders inside it are not looked for: name the folder that holds them."
        )
    return ImageFolder(folder, names, len(entries) - len(names))


def read_image(source: Path | BinaryIO, size: int) -> Images:
    """An image as a square: turned as its camera says, its middle cut out, resized; transparent parts become white.

    Of an animation, the first frame; of 16-bit grey, the upper 8 bits.

    Args:
        source: a file, or its contents.
        size: the side of the square in pixels.

    Returns:
        RGB, (size, size, 3), uint8.

    Raises:
        UnreadableImages: it cannot be read to its end, or has so many pixels that it may be a decompression bomb
            (Pillow's limit, 89 million).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as image:
                return _square(image, size)
    # Pillow's readers raise almost anything on damaged files; whatever it is, the file and the reason are reported.
    except Exception as error:
        raise UnreadableImages(f"{_name(source)}: {_reason(error)}") from error


def read_images(found: ImageFolder, size: int) -> Iterator[Images | UnreadableImages]:
    """Every image of a folder, in order, as :func:`read_image` returns it, or the error in its place."""
    for name in found.names:
        try:
            _require_plain_name(name)
            yield read_image(found.folder / name, size)
        except UnreadableImages as error:
            yield error


def _is_image(entry: Path) -> bool:
    return entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".") and entry.is_file()


def _require_plain_name(name: str) -> None:
    """A name becomes a line of images.txt."""
    if len(name.splitlines()) != 1 or not name.isprintable():
        raise UnreadableImages(f"{name!r}: its name cannot be written as a line of text; rename it")


def _square(image: Image.Image, size: int) -> Images:
    image.draft("RGB", (2 * size, 2 * size))  # a JPEG far larger than this is decoded at a fraction of its size
    whole = _on_white(ImageOps.exif_transpose(image))
    side = min(whole.size)
    left, top = ((length - side) / 2 for length in whole.size)
    box = (left, top, left + side, top + side)
    # Cutting and resizing at once: a strip of 50,000 by 1 pixels never becomes 50,000 times the square.
    return np.asarray(whole.resize((size, size), Image.Resampling.BICUBIC, box))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # convert("RGB") would make everything above 255 white
        return Image.fromarray((np.asarray(image) // 256).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    drawn = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB")


def _name(source: Path | BinaryIO) -> str:
    return str(source) if isinstance(source, Path) else str(getattr(source, "name", "an image"))


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "this is not an image of a known kind"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels; make it smaller"
    return " ".join(str(error).split()) or type(error).__name__
