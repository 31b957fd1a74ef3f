"""Screenshots as small files: a screen has few colours, and a README is read over slow lines too."""

import io

from PIL import Image

COLOURS = 256
MOST_BYTES = 150_000


def save_picture(path, png):
    """Write a screenshot with few colours and no more bytes than a README should load."""
    few = (
        Image.open(io.BytesIO(png))
        .convert("RGB")
        .quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    )
    few.save(path, optimize=True)
    size = path.stat().st_size
    assert size < MOST_BYTES, f"{path} has {size} bytes, expected fewer than {MOST_BYTES}; show less in it"
