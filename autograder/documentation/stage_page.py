"""A stage's page: its released notebook, as students receive it, in MyST markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.source import ANSWER_PREFIX
from autograder.course import Stage

FENCE = "`" * 8  # longer than any that a docstring would hold


def stage_page(notebook_path: Path, stage: Stage) -> str:
    """The cells of a released notebook in order, each code cell under a line that says what it is for."""
    notebook = json.loads(notebook_path.read_text(encoding="utf-8"))
    parts = [part for cell in notebook["cells"] for part in _cell(cell, stage)]
    parts.insert(
        1,
        f"*The notebook `assignments/{stage.id}/{notebook_path.name}`, as students receive it: nothing is filled in.*",
    )
    return "\n\n".join(parts) + "\n"


def _cell(cell: Mapping[str, Any], stage: Stage) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
    elif source.strip():
        options = f":caption: {_caption(cell, stage)}\n:class: {_role(cell)}"
        yield f"{FENCE}{{code-block}} python\n{options}\n\n{source}\n{FENCE}"


def _caption(cell: Mapping[str, Any], stage: Stage) -> str:
    exercise = _exercise(cell)
    if exercise:
        return f"to write · {exercise} · {stage.points[exercise]:g} points"
    return {"given": "given", "demo": "to run and look at", "check": "check"}.get(_role(cell), "to try things out")


def _exercise(cell: Mapping[str, Any]) -> str:
    name = str(cell["id"])
    return name.removeprefix(ANSWER_PREFIX) if name.startswith(ANSWER_PREFIX) else ""


def _role(cell: Mapping[str, Any]) -> str:
    if _exercise(cell):
        return "answer"
    if cell["metadata"].get("nbgrader", {}).get("grade"):
        return "check"
    tags = cell["metadata"].get("tags", [])
    return str(tags[0]) if tags else "scratch"
