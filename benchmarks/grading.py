"""Grading against stock ``nbgrader autograde``: the same class, the same hidden cases, in one run.

Both command lines are run with their start and their gradebook. ``python -m benchmarks.grading HAND_INS MANY`` takes
other numbers than :data:`HAND_INS` and :data:`MANY`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.master import Master, read_master
from autograder.authoring.release import release_stage
from autograder.course import Course, find_root, load_course
from autograder.judge import Judge
from autograder.secret import VARIABLE, load_secret
from autograder.suite import load_suite
from autograder.truth import Truth
from autograder.workspace import Workspace
from benchmarks.classes import without_demos, write_hand_ins
from benchmarks.measuring import Line, cores, print_table
from benchmarks.processes import Cost, cost_of
from benchmarks.stock import inlined_notebook, set_up

HAND_INS, MANY = 40, 1000
SEED = 1
AIMS = {"s01_rnn": 20}  # how many times less processor time: 20 where the notebook imports torch, else 10


@dataclass(frozen=True)
class Site:
    """A place to measure in: the course, the master of one stage, and a temporary folder."""

    course: Course
    master: Master
    folder: Path

    def ours(self, hand_ins: int) -> Cost:
        """What our grading of a class costs, and what it said."""
        workspace = Workspace.together(self.folder / f"ours-{hand_ins}")
        release_stage(self.course, self.master.stage, workspace)
        self._write_class(workspace.root, workspace.release, hand_ins)
        stage = self.master.stage.id
        command = [sys.executable, "-m", "benchmarks.ours", str(workspace.root), stage, str(cores())]
        return cost_of(command, self.folder, self._environment())

    def stock(self, hand_ins: int) -> Cost:
        """What nbgrader's costs."""
        folder, master = self.folder / "stock", self.master
        judge = Judge(master.stage, Truth(master, load_suite(master.stage)), SEED, load_secret(self.course.root))
        set_up(folder, inlined_notebook(without_demos(master), judge), master.stage.id)
        self._write_class(folder, "release", hand_ins)
        return cost_of([sys.executable, "-m", "nbgrader", "autograde", master.stage.id], folder, self._environment())

    def _write_class(self, root: Path, release: str, hand_ins: int) -> None:
        stage = self.master.stage.id
        released = json.loads((root / release / stage / f"{stage}.ipynb").read_text(encoding="utf-8"))
        kept = [cell for cell in released["cells"] if "demo" not in cell["metadata"].get("tags", [])]
        mistake = load_suite(self.master.stage).mistakes[0]
        write_hand_ins(root / "submitted", {**released, "cells": kept}, self.master, mistake, hand_ins)

    def _environment(self) -> dict[str, str]:
        """Nothing of the user's settings; the course and the programs beside our interpreter."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        library = os.pathsep.join(filter(None, [str(self.course.root), os.environ.get("PYTHONPATH", "")]))
        own = {"HOME": str(self.folder), "JUPYTER_CONFIG_DIR": str(self.folder / "jupyter")}
        return {"PATH": path, "PYTHONPATH": library, VARIABLE: str(self.folder / "secret"), **own}


def measure(hand_ins: int = HAND_INS, many: int = MANY) -> Iterator[Line]:
    """Grade a class of each measured stage with both, and a large one with ours."""
    course = load_course(find_root(Path(__file__).parent))
    for stage_id, aim in AIMS.items():
        with tempfile.TemporaryDirectory(prefix="seqlab-bench-") as folder:
            master = read_master(course.master_path(stage_id), course.stage(stage_id))
            yield from _lines(Site(course, master, Path(folder)), aim, hand_ins, many)


def _lines(site: Site, aim: int, hand_ins: int, many: int) -> Iterator[Line]:
    stage = site.master.stage.id
    ours, stock, crowd = site.ours(hand_ins), site.stock(hand_ins), site.ours(many)
    further = (crowd.cpu - ours.cpu) / (many - hand_ins)
    per_stock = stock.cpu / hand_ins
    yield Line(
        f"{stage}: processor time per hand-in, {hand_ins} of them, nbgrader's over ours",
        f"{stock.cpu / ours.cpu:.1f} times ({per_stock:.2f} s and {ours.cpu / hand_ins:.3f} s)",
        f"at least {aim}",
    )
    yield Line(
        f"{stage}: the same for each further hand-in, up to {many}",
        f"{per_stock / further:.1f} times ({further:.3f} s)",
        f"at least {aim}",
    )
    yield Line(
        f"{stage}: wall time for {hand_ins}, nbgrader's over ours on {cores()} cores",
        f"{stock.wall / ours.wall:.1f} times ({stock.wall:.0f} s and {ours.wall:.1f} s)",
        "at least 15",
    )
    yield Line(f"{stage}: {many} hand-ins in one run", _memory(crowd), "flat memory")


def _memory(crowd: Cost) -> str:
    """What :mod:`benchmarks.ours` said of its memory while it graded."""
    peaks = [int(line.split()[1]) / 1024 for line in crowd.printed.splitlines()]
    if len(peaks) < 2:
        return f"{crowd.wall:.0f} s"
    return f"{crowd.wall:.0f} s; the parent's peak {peaks[0]:.0f} MB after 100, {peaks[-1]:.0f} MB at the end"


if __name__ == "__main__":
    print_table("Grading", list(measure(*map(int, sys.argv[1:3]))))
