"""Text coloured by one number for each character: blue where it is low, red where it is high."""

from __future__ import annotations

import html
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from seqlab.checking.values import Array

BLUE, WHITE, RED = (np.array(colour) for colour in ((86, 160, 240), (255, 255, 255), (240, 100, 80)))
TAB = 4
LINE_BREAK = "↵"
FRAME = "line-height:1.5;tab-size:4;white-space:pre-wrap;color:#000;background:#fff;padding:0.5em;overflow-x:auto"


def colour_of(value: float) -> str:
    """``#rrggbb``: blue at -1, white at 0, red at 1; what lies outside is cut off."""
    share = min(abs(value), 1.0)
    mixed = (1 - share) * WHITE + share * (RED if value > 0 else BLUE)
    return "#" + "".join(f"{round(float(part)):02x}" for part in mixed)


def coloured_html(text: str, values: Array) -> str:
    """A piece of HTML that shows ``text`` with the background of each character coloured by its value.

    Args:
        text: n characters; they are escaped, so that nothing in them acts as HTML.
        values: (n,), in [-1, 1].

    Raises:
        ValueError: there is not one finite value for each character.
    """
    numbers = _require_one_each(text, values)
    spans = (_span(character, float(value)) for character, value in zip(text, numbers, strict=True))
    return f'<pre style="{FRAME}">{"".join(spans)}</pre>'


def coloured_figure(text: str, values: Array, title: str = "", width: int = 84) -> Figure:
    """A figure that shows the same; lines longer than ``width`` go on in the next row.

    Raises:
        ValueError: there is not one finite value for each character.
    """
    cells = list(_places(text, _require_one_each(text, values), width))
    rows = 1 + max((row for row, *_ in cells), default=0)
    figure, axes = plt.subplots(figsize=(0.12 * width, 0.24 * rows + 0.4), layout="constrained")
    axes.set(xlim=(0, width), ylim=(rows, 0))
    axes.set_title(title, loc="left", fontsize=10)
    axes.axis("off")
    for row, column, room, character, value in cells:
        axes.add_patch(Rectangle((column, row), room, 1, facecolor=colour_of(value), linewidth=0))
        # A dollar sign is a dollar sign here, not the beginning of a formula.
        axes.text(
            column + 0.5,
            row + 0.55,
            character,
            family="monospace",
            fontsize=8,
            ha="center",
            va="center",
            parse_math=False,
        )
    plt.close(figure)
    return figure


def _span(character: str, value: float) -> str:
    shown = LINE_BREAK + "\n" if character == "\n" else html.escape(character)
    return f'<span style="background:{colour_of(value)}" title="{value:.2f}">{shown}</span>'


def _places(text: str, values: Array, width: int) -> Iterator[tuple[int, int, int, str, float]]:
    """Row, column, room, character and value of each character of the text."""
    row = column = 0
    for character, value in zip(text, values, strict=True):
        room = TAB - column % TAB if character == "\t" else 1
        if column + room > width:
            row, column, room = row + 1, 0, 1
        yield row, column, room, LINE_BREAK if character == "\n" else character.replace("\t", " "), float(value)
        row, column = (row + 1, 0) if character == "\n" else (row, column + room)


def _require_one_each(text: str, values: Array) -> Array:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (len(text),) or not np.isfinite(numbers).all():
        raise ValueError(f"expected one finite value for each of {len(text)} characters; found shape {numbers.shape}")
    return numbers
