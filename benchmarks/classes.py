"""A class to be graded: the master's answers without demos, as many students as wanted, one in five with a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.master import Master
from autograder.authoring.source import source_notebook
from autograder.demo import notebook_with, plain_answer, with_mistake
from autograder.suite import Mistake

WRONG = 5  # one student in so many


def without_demos(master: Master) -> dict[str, Any]:
    """The source notebook of a stage without training and pictures."""
    notebook = source_notebook(master)
    kept = [cell for cell in notebook["cells"] if "demo" not in cell["metadata"].get("tags", [])]
    return {**notebook, "cells": kept}


def write_hand_ins(folder: Path, released: Mapping[str, Any], master: Master, mistake: Mistake, students: int) -> None:
    """Write ``students`` hand-ins under ``folder``: ``released`` with the answers filled in."""
    right = {name: plain_answer(cell.source) for name, cell in master.answers().items()}
    wrong = right | {mistake.exercise: with_mistake(right[mistake.exercise], mistake)}
    stage = master.stage.id
    for number in range(students):
        # Every hand-in differs, as students' do, so that nothing can be remembered from one to the next.
        signed = {**released, "cells": [*released["cells"], _signature(number)]}
        path = folder / f"s{number:04d}" / stage / f"{stage}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook_with(signed, wrong if number % WRONG == WRONG - 1 else right), encoding="utf-8")


def _signature(number: int) -> dict[str, Any]:
    own: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    return {**own, "id": f"own-{number}", "source": f"student = {number}"}
