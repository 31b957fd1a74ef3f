"""Formulas as MathML, which browsers draw themselves: no script, no font from elsewhere, readable offline.

A Sphinx extension; set ``html_math_renderer = "mathml"``.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

TEXT = re.compile(r"\\text(?:bf|it|tt|rm)?\{[^{}]*\}")


def as_mathml(tex: str, display: str) -> str:
    """A formula of LaTeX as a ``<math>`` element; ``display`` is ``inline`` or ``block``.

    Raises:
        ValueError: a command is unknown to the converter and would be shown as it is.
    """
    plain = TEXT.sub(lambda match: match[0].replace(r"\_", "_"), tex)
    made = str(convert(plain, display=display))
    left = re.search(r">[^<]*(\\[A-Za-z]+)", made)
    if left:
        raise ValueError(f"expected LaTeX that latex2mathml knows; found {left[1]} in {tex!r}")
    return made


def _inline(translator: Any, node: nodes.Element) -> None:
    translator.body.append(as_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _display(translator: Any, node: nodes.Element) -> None:
    translator.body.append(f'<div class="formula">{as_mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
