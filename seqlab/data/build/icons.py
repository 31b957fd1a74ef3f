"""Icons and their names: Material Design Icons, from the font that the package qtawesome carries."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from seqlab.data.layouts.captions import Captioned, write_captions
from seqlab.data.build.photographs import write_features_of
from seqlab.data.build.sources import Sources
from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import read_member
from seqlab.data.storage.writing import write_arrays

Array = NDArray[Any]
FONT = "qtawesome/fonts/materialdesignicons6-webfont-6.9.96.ttf"
CHARACTERS = "qtawesome/fonts/materialdesignicons6-webfont-charmap-6.9.96.json"
ICONS = 7_367
SIDE, KEPT_SIDE = 128, 64  # pixels: for the CNN, and for looking at
GLYPH = 104
WORDS = range(2, 6)
SEEN_AT_LEAST = 6
HELD_OUT = 1 / 6
SPLIT_SEED = 0
# Signs of companies and products are names, not descriptions.
BRANDS = frozenset({"apple", "github", "google", "language", "microsoft", "xbox"})
BRAND_ICONS = frozenset({"z-wave"})


def build_icons(sources: Sources, folder: Path) -> None:
    """Write captions, images and features of the icons whose names describe them; a sixth is held out by lot.

    Raises:
        WrongContents: the archive does not hold the icons.
    """
    codes = json.loads(read_member(sources.only, CHARACTERS))
    if len(codes) != ICONS:
        raise WrongContents(f"expected {ICONS:,} icons in {sources.only}; found {len(codes):,}")
    names = described(codes)
    images = draw_icons(read_member(sources.only, FONT), [int(codes[name], 16) for name in names])
    order = np.random.default_rng(SPLIT_SEED).permutation(len(names))
    cut = round(len(names) * HELD_OUT)
    places = {"train": np.sort(order[cut:]), "val": np.sort(order[:cut])}
    _write(sources, folder, names, images, places)


def described(names: Iterable[str]) -> list[str]:
    """The names that can serve as captions: two to five words, each of which is common among them; no brands."""
    words = {name: name.split("-") for name in names if not BRANDS & set(name.split("-")) and name not in BRAND_ICONS}
    counts = Counter(word for parts in words.values() for word in parts)
    return [
        name
        for name, parts in words.items()
        if len(parts) in WORDS and all(counts[word] >= SEEN_AT_LEAST for word in parts)
    ]


def draw_icons(font_file: bytes, codes: Sequence[int]) -> Array:
    """Characters of a font, black on white and in the middle; (N, 128, 128) uint8."""
    font = ImageFont.truetype(io.BytesIO(font_file), GLYPH)
    images = np.empty((len(codes), SIDE, SIDE), np.uint8)
    for place, code in zip(images, codes, strict=True):
        canvas = Image.new("L", (SIDE, SIDE), 255)
        ImageDraw.Draw(canvas).text((SIDE / 2, SIDE / 2), chr(code), fill=0, font=font, anchor="mm")
        place[:] = np.asarray(canvas)
    return images


def smaller(images: Array) -> Array:
    """Images (N, 2H, 2W) as (N, H, W), each pixel the mean of four."""
    N, H, W = images.shape
    means: Array = images.reshape(N, H // 2, 2, W // 2, 2).mean(axis=(2, 4))
    return means.round().astype(np.uint8)


def _write(sources: Sources, folder: Path, names: Sequence[str], images: Array, places: dict[str, Array]) -> None:
    captions = {
        split: [Captioned(names[i].replace("-", " "), image) for image, i in enumerate(chosen)]
        for split, chosen in places.items()
    }
    write_captions(folder, captions)
    write_arrays(folder / "images.h5", {f"{split}_images": smaller(images[i]) for split, i in places.items()})
    for split, chosen in places.items():
        write_features_of(images[chosen], split, folder, sources.needed["lite0"])
