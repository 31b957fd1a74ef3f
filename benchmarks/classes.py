"""A class to be graded: the master's answers without demos, as many students as wanted, one in five with a mistake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.master import Master
from autograder.authoring.source import ANSWER_PREFIX, source_notebook
from autograder.demo import plain_answer
from autograder.suite import Mistake

WRONG = 5  # one student in so many


def without_demos(master: Master) -> dict[str, Any]:
    """The source notebook of a stage without training and pictures."""
    notebook = source_notebook(master)
    kept = [cell for cell in notebook["cells"] if "demo" not in cell["metadata"].get("tags", [])]
    return {**notebook, "cells": kept}


def write_hand_ins(folder: Path, released: Mapping[str, Any], master: Master, mistake: Mistake, students: int) -> None:
    """Write ``students`` hand-ins under ``folder``: ``released`` with the answers filled in."""
    right = {ANSWER_PREFIX + name: plain_answer(cell.source) for name, cell in master.answers().items()}
    place = ANSWER_PREFIX + mistake.exercise
    wrong = right | {place: _edited(right[place], mistake)}
    stage = master.stage.id
    for number in range(students):
        answers = wrong if number % WRONG == WRONG - 1 else right
        cells = [{**cell, "source": answers.get(cell["id"], cell["source"])} for cell in released["cells"]]
        # Every hand-in differs, as students' do, so that nothing can be remembered from one to the next.
        cells.append(_signature(number))
        path = folder / f"s{number:04d}" / stage / f"{stage}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({**released, "cells": cells}), encoding="utf-8")


def _signature(number: int) -> dict[str, Any]:
    own: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    return {**own, "id": f"own-{number}", "source": f"student = {number}"}


def _edited(source: str, mistake: Mistake) -> str:
    for old, new in mistake.edits:
        source = source.replace(old, new)
    return source
