"""Pictures of stage 6. Every function returns a new figure, closed for pyplot (see :mod:`seqlab.plots`)."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from seqlab.checking.values import Array
from seqlab.plots import BLUE, VERMILION


def captioned(images: Array, said: Sequence[str], right: Sequence[str], columns: int = 5, title: str = "") -> Figure:
    """Images (N, height, width) with what was said (blue where it is right, else red) and the name that each has."""
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(2 * columns, 2.3 * rows), layout="constrained", squeeze=False)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[], frame_on=False)
    for axes, image, mine, name in zip(grid.flat, images, said, right, strict=False):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255 if image.max() > 1 else 1)
        axes.set_title(mine, fontsize=9, color=BLUE if mine == name else VERMILION)
        axes.set_xlabel(f"({name})", fontsize=8)  # a label has its room in the layout; a free text would overlap
    figure.suptitle(title)
    plt.close(figure)
    return figure
