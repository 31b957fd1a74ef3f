"""How often answers are right, by the kind of the question; and which image of another split is most alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seqlab.checking.values import Array

ALL = "all"
THUMBNAIL = 8  # the side of the images that are compared


def shares_right(said: Array, answers: Array, kinds: Array, names: Sequence[str]) -> dict[str, float]:
    """The share of right answers for each kind of question, and for all of them together.

    Args:
        said: a model's answers, (N,).
        answers: the right ones, (N,); where one is -1, nothing is right.
        kinds: the number of each question's kind, (N,).
        names: of the kinds.
    """
    right = (said == answers) & (answers >= 0)
    shares = {name: float(right[kinds == number].mean()) for number, name in enumerate(names)}
    return shares | {ALL: float(right.mean())}


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Shares as a table of text: a line for each answerer, a column for each kind, in percent."""
    first = max(map(len, rows))
    columns = list(next(iter(rows.values())))
    widths = [max(len(column), 7) for column in columns]
    lines = [" " * first + "  " + "  ".join(c.rjust(w) for c, w in zip(columns, widths, strict=True))]
    for name, shares in rows.items():
        cells = (f"{100 * shares[c]:.1f} %".rjust(w) for c, w in zip(columns, widths, strict=True))
        lines.append(name.ljust(first) + "  " + "  ".join(cells))
    return "\n".join(lines)


def nearest_images(known: Array, new: Array) -> Array:
    """For each new image (M, height, width, 3) the number of the known one (I, ...) that looks most like it: (M,).

    Images are made small (8 by 8) and compared pixel by pixel (Euclidean distance).
    """
    mine, theirs = _small(known), _small(new)
    squares = (mine**2).sum(axis=1)
    return np.array([int(np.argmin(squares - 2 * mine @ one)) for one in theirs])


def _small(images: Array) -> Array:
    N, height, width, colours = images.shape
    rows, columns = height // THUMBNAIL, width // THUMBNAIL
    cut = images[:, : rows * THUMBNAIL, : columns * THUMBNAIL].reshape(N, THUMBNAIL, rows, THUMBNAIL, columns, colours)
    return np.asarray(cut.mean(axis=(2, 4), dtype=np.float64).reshape(N, -1))
