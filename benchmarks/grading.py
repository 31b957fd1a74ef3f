"""Grading against stock ``nbgrader autograde``: the same class, the same hidden cases, in one run."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.master import Master, read_master
from autograder.authoring.release import release_stage
from autograder.course import Course, find_root, load_course
from autograder.judge import Judge
from autograder.secret import load_secret
from autograder.suite import load_suite
from autograder.truth import Truth
from autograder.workspace import Workspace
from benchmarks.classes import without_demos, write_hand_ins
from benchmarks.measuring import Line
from benchmarks.processes import Cost, cost_of
from benchmarks.stock import inlined_notebook, set_up

STUDENTS = 40
SEED = 1
AIMS = {"s01_rnn": 20}  # a notebook that imports torch; the other kind is to cost a tenth


def measure(students: int = STUDENTS) -> Iterator[Line]:
    """Grade a class of each measured stage with both, and compare."""
    course = load_course(find_root(Path(__file__).parent))
    for stage, aim in AIMS.items():
        with tempfile.TemporaryDirectory(prefix="seqlab-bench-") as folder:
            ours, stock = _costs(course, stage, Path(folder), students)
        yield Line(
            f"{stage}: processor time for each of {students} hand-ins, nbgrader's over ours",
            f"{stock.cpu / ours.cpu:.1f} times ({stock.cpu / students:.2f} s and {ours.cpu / students:.3f} s)",
            f"at least {aim}",
        )
        yield Line(
            f"{stage}: wall time for the class, nbgrader's over ours on {_cores()} cores",
            f"{stock.wall / ours.wall:.1f} times ({stock.wall:.0f} s and {ours.wall:.1f} s)",
            "at least 15",
        )


def _costs(course: Course, stage_id: str, folder: Path, students: int) -> tuple[Cost, Cost]:
    stage = course.stage(stage_id)
    master = read_master(course.master_path(stage_id), stage)
    environment = environment_in(folder)
    workspace = Workspace.together(folder / "ours")
    release_stage(course, stage, workspace)
    _write_class(workspace.root, workspace.release, master, students)
    set_up(folder / "stock", inlined_notebook(without_demos(master), _judge(course, master)), stage_id)
    _write_class(folder / "stock", "release", master, students)
    python = sys.executable
    ours = cost_of([python, "-m", "benchmarks.ours", str(workspace.root), stage_id, str(_cores())], folder, environment)
    stock = cost_of([python, "-m", "nbgrader", "autograde", stage_id], folder / "stock", environment)
    return ours, stock


def _write_class(root: Path, release: str, master: Master, students: int) -> None:
    stage = master.stage.id
    released = json.loads((root / release / stage / f"{stage}.ipynb").read_text(encoding="utf-8"))
    kept = [cell for cell in released["cells"] if "demo" not in cell["metadata"].get("tags", [])]
    mistake = load_suite(master.stage).mistakes[0]
    write_hand_ins(root / "submitted", {**released, "cells": kept}, master, mistake, students)


def _judge(course: Course, master: Master) -> Judge:
    return Judge(master.stage, Truth(master, load_suite(master.stage)), SEED, load_secret(course.root))


def environment_in(folder: Path) -> dict[str, str]:
    """Nothing of the user's settings; the course and the programs beside our interpreter."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    course = str(find_root(Path(__file__).parent))
    library = os.pathsep.join(filter(None, [course, os.environ.get("PYTHONPATH", "")]))
    return {"PATH": path, "PYTHONPATH": library, "HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / "jupyter")}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    from benchmarks.measuring import print_table

    print_table("Grading", list(measure(int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS)))
