"""Solved notebooks for the instructor: a master, run from top to bottom and rendered as HTML with its figures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from autograder.authoring.audit import FORBIDDEN
from autograder.authoring.master import Master
from autograder.authoring.source import solved_notebook
from autograder.course import CourseError

SECONDS_PER_CELL = 600


def solve(master: Master, checks: Path, folder: Path, progress: Callable[[], None] = lambda: None) -> Path:
    """Run ``master`` with the public checks at ``checks`` and write ``STAGE.html`` and ``STAGE.ipynb`` to ``folder``.

    ``progress`` is called after each cell.

    Raises:
        CourseError: a cell of the master fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checks, folder / "checks.h5")
    notebook: Any = nbformat.from_dict(solved_notebook(master))
    for cell in notebook.cells:
        cell.source = _without_markers(cell.source)
    try:
        client = NotebookClient(
            notebook,
            timeout=SECONDS_PER_CELL,
            resources={"metadata": {"path": str(folder)}},
            on_cell_complete=lambda cell, cell_index: progress(),
        )
        client.execute(env=_environment(master.path.parents[1]))
    except CellExecutionError as error:
        raise CourseError(f"{master.path}: a cell fails when the master is run: {error}") from error
    nbformat.write(notebook, folder / f"{master.stage.id}.ipynb")
    page, _ = HTMLExporter(embed_images=True).from_notebook_node(notebook)
    path = folder / f"{master.stage.id}.html"
    path.write_text(page, encoding="utf-8")
    return path


def _environment(root: Path) -> dict[str, str]:
    """The kernel's environment: cells for afterwards import the fast forms from ``solutions`` under ``root``."""
    before = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(root), before] if before else [str(root)])}


def _without_markers(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if not FORBIDDEN.search(line))
