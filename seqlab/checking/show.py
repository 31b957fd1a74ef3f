"""Showing a result where the student is: as HTML in a notebook, as text in a terminal."""

from __future__ import annotations

from IPython.core.getipython import get_ipython
from IPython.display import display


def show(thing: object) -> None:
    """Display ``thing`` in a notebook, print it elsewhere."""
    if get_ipython() is None:
        print(repr(thing))
    else:
        display(thing)
