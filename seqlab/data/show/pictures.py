"""A look at a data set as a figure."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.figure import Figure

from seqlab.data.show.looks import Look

DPI = 80
WIDTH = 9  # inches
TITLE_SIZE, LINE_SIZE = 8, 10  # points
TITLE_WIDTH, LINE_WIDTH, FACTS_WIDTH = 22, 100, 120  # characters, what these sizes leave room for
TITLE_INCHES, LINE_INCHES = 0.15, 0.181
TOP_INCHES, HEADING_INCHES = 0.05, 0.6
LEFT = 0.01
FURTHER = "    "  # before the further lines of a line that is too long
BETWEEN = "\n\n" + "· " * 40 + "\n\n"
PLAIN: dict[str, Any] = {"parse_math": False}  # or matplotlib sets what stands between two dollars as mathematics


def picture_of(look: Look, title: str) -> Figure:
    """A contact sheet of images, or a page of text."""
    figure = _sheet(look) if look.images else _page(look)
    heading = f"{title}\n{textwrap.fill(look.facts, FACTS_WIDTH)}"
    # The layout finds a sheet's place for it, if it is given none.
    place = {} if look.images else {"y": 1 - TOP_INCHES / figure.get_figheight(), "va": "top"}
    figure.suptitle(heading, fontsize=9, x=LEFT, ha="left", **place, **PLAIN)
    return figure


def _sheet(look: Look) -> Figure:
    rows = -(-len(look.images) // look.columns)
    titles = [textwrap.fill(title, TITLE_WIDTH) for title in look.titles]
    lines = max((title.count("\n") + 1 for title in titles if title), default=0)
    height = rows * (WIDTH / look.columns + TITLE_INCHES * lines) + HEADING_INCHES
    figure = Figure(figsize=(WIDTH, height), layout="constrained", dpi=DPI)
    for axes in figure.subplots(rows, look.columns, squeeze=False).flat:
        axes.axis("off")
    for axes, image, title in zip(figure.axes, look.images, titles, strict=False):
        axes.imshow(image, cmap="gray", interpolation="nearest", vmin=0, vmax=_white(image))
        # To the left: a title that is wider than its image runs over the next ones and not out of the picture.
        axes.set_title(title, fontsize=TITLE_SIZE, loc="left", **PLAIN)
    return figure


def _white(image: Any) -> int:
    return 255 if image.dtype == "uint8" else 1


def _page(look: Look) -> Figure:
    blocks = [_wrapped(line) for line in look.lines]
    text = (BETWEEN if any("\n" in line for line in look.lines) else "\n").join(blocks)
    height = (text.count("\n") + 1) * LINE_INCHES + HEADING_INCHES
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    top = 1 - HEADING_INCHES / height
    figure.text(LEFT, top, text, va="top", family="monospace", fontsize=LINE_SIZE, **PLAIN)
    return figure


def _wrapped(text: str) -> str:
    return "\n".join(_wrapped_line(line.expandtabs()) for line in text.splitlines())


def _wrapped_line(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line.strip(), LINE_WIDTH, initial_indent=indent, subsequent_indent=indent + FURTHER)
