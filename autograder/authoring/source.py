"""The source notebook: a master's cells in nbgrader's form. Cell ids derive from stage and exercise, nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from autograder.authoring.master import Master, MasterCell
from autograder.authoring.setup_cell import ROLE as SETUP
from autograder.authoring.setup_cell import setup_source

Cell = dict[str, Any]
ANSWER_PREFIX = "answer-"


def source_notebook(master: Master, student_zip: str = "") -> dict[str, Any]:
    """The notebook that nbgrader releases from, as JSON: answers in it, graded cells after each answer.

    Its first code cell sets the notebook up where seqlab is missing, from the student zip at an address.
    """
    return _notebook(master, master.released_cells(), student_zip)


def solved_notebook(master: Master) -> dict[str, Any]:
    """The whole master in the same form, with the cells for afterwards, which are never released."""
    return _notebook(master, master.cells, "")


def notebook_text(notebook: dict[str, Any]) -> str:
    """A notebook as the text of a file: sorted keys, one space of indentation, like Jupyter."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _notebook(master: Master, cells: Iterable[MasterCell], student_zip: str) -> dict[str, Any]:
    return {
        "cells": _with_setup(list(_cells(master, cells)), master.stage.id, student_zip),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "seqlab": {"stage": master.stage.id},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _with_setup(cells: list[Cell], stage: str, student_zip: str) -> list[Cell]:
    """The cells with the one for setting up before all other code; both JupyterLab and Colab show it folded."""
    made = _code_cell(f"{stage}-{SETUP}", setup_source(student_zip))
    made["metadata"] = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": [SETUP]}
    made["metadata"]["nbgrader"] = _nbgrader(made["id"], locked=True)
    first = next((place for place, cell in enumerate(cells) if cell["cell_type"] == "code"), len(cells))
    return [*cells[:first], made, *cells[first:]]


def _cells(master: Master, cells: Iterable[MasterCell]) -> Iterator[Cell]:
    seen: Counter[str] = Counter()
    for cell in cells:
        if cell.exercise is not None:
            yield _answer_cell(cell, cell.exercise)
            yield _graded_cell(cell.exercise, master.stage.points[cell.exercise])
            continue
        seen[cell.role] += 1
        yield _plain_cell(cell, f"{master.stage.id}-{cell.role}-{seen[cell.role]}")


def _plain_cell(cell: MasterCell, cell_id: str) -> Cell:
    if cell.markdown:
        return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": cell.source}
    made = _code_cell(cell_id, cell.source)
    made["metadata"]["tags"] = [cell.role]
    if cell.role == "given":
        made["metadata"]["nbgrader"] = _nbgrader(cell_id, locked=True)
    return made


def _answer_cell(cell: MasterCell, exercise: str) -> Cell:
    made = _code_cell(ANSWER_PREFIX + exercise, cell.source)
    made["metadata"]["nbgrader"] = _nbgrader(ANSWER_PREFIX + exercise, solution=True)
    return made


def _graded_cell(exercise: str, points: float) -> Cell:
    source = f"check({exercise})\n### BEGIN HIDDEN TESTS\ngrade({exercise})\n### END HIDDEN TESTS"
    made = _code_cell(exercise, source)
    made["metadata"]["nbgrader"] = _nbgrader(exercise, locked=True, grade=True, points=points)
    return made


def _code_cell(cell_id: str, source: str) -> Cell:
    return {
        "cell_type": "code", "execution_count": None, "id": cell_id, "metadata": {}, "outputs": [], "source": source,
    }  # fmt: skip


def _nbgrader(
    grade_id: str, *, locked: bool = False, grade: bool = False, solution: bool = False, points: float | None = None
) -> dict[str, Any]:
    data: dict[str, Any] = {"grade": grade, "grade_id": grade_id, "locked": locked, "solution": solution}
    data |= {"schema_version": 3, "task": False}
    return data if points is None else data | {"points": points}
