"""The same class for stock nbgrader: its own Execute, and the hidden cases as cells of the notebook."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder.environment import programs_on_path
from autograder.judge import Judge
from autograder.truth import DrawnCase

Cell = dict[str, Any]


def inlined_notebook(notebook: Mapping[str, Any], judge: Judge) -> dict[str, Any]:
    """A source notebook in which each graded cell holds its hidden cases, as courses on stock nbgrader have it."""
    cells = [_inlined(cell, judge) for cell in notebook["cells"]]
    return {**notebook, "cells": cells}


def set_up(folder: Path, notebook: Mapping[str, Any], stage: str) -> None:
    """A stock course in ``folder``: the stage's source, released by nbgrader."""
    source = folder / "source" / stage / f"{stage}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps(notebook), encoding="utf-8")
    with programs_on_path():
        outcome = NbGraderAPI(config=_configuration(folder)).generate_assignment(stage, force=True, create=True)
    if not outcome["success"]:
        raise RuntimeError(f"stock nbgrader could not release {stage}: {outcome.get('log') or outcome.get('error')}")
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\n")


def _configuration(folder: Path) -> Config:
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "stock"
    config.ClearSolutions.begin_solution_delimeter = "### BEGIN SOLUTION"
    config.ClearSolutions.end_solution_delimeter = "### END SOLUTION"
    return config


def _inlined(cell: Cell, judge: Judge) -> Cell:
    name = cell["id"]
    if name not in judge.stage.points:
        return cell
    data = json.dumps([_case(one) for one in judge.drawn(name)])
    hidden = f"from benchmarks.inlined import replay_inlined\nreplay_inlined({data!r}, globals())"
    return {**cell, "source": f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"}


def _case(one: DrawnCase) -> dict[str, Any]:
    arrays = {f"in/{name}": np.asarray(array) for name, array in one.inputs.items()}
    arrays |= {f"out/{name}": value.numbers for name, value in one.expected.items()}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    kinds = {name: {"kind": value.kind, "dtype": value.dtype} for name, value in one.expected.items()}
    return {
        "title": one.case.title,
        "plan": one.plan.to_text(),
        "inputs": list(one.inputs),
        "expected": kinds,
        "arrays": base64.b64encode(file.getvalue()).decode(),
    }
