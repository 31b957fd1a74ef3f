"""Grading a class of attackers and honest neighbours through the real grader, with canaries in all that is secret."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.master import read_master
from autograder.batch import Grader, released_notebook
from autograder.course import Course, Stage
from autograder.demo import plain_answer
from autograder.environment import programs_on_path
from autograder.feedback import write_feedback
from autograder.gradebook import record_batch
from autograder.hand_ins import find_hand_ins
from autograder.isolation import make_launcher
from autograder.judge import Judge
from autograder.record import Record
from autograder.reporting.classroom import read_classroom
from autograder.reporting.figures import figures_of
from autograder.reporting.page import write_report
from autograder.reporting.tables import write_tables
from autograder.reports import write_grades
from autograder.sandbox.launchers import Launcher
from autograder.secret import CourseSecret
from autograder.submission import read_template
from autograder.suite import load_suite
from autograder.truth import Truth
from autograder.workspace import Workspace
from tests.attacks import corpus_escape, corpus_forgery, corpus_leaks, corpus_liars, corpus_protocol, corpus_resources
from tests.attacks import corpus_scripts as scripts
from tests.attacks.hostile import HandInCase
from tests.attacks.oddities import odd_hand_ins
from tests.grade_all import grade_all as grade_together

SEED = 11
WORD = "SEQLAB" + "CANARY"
EVIL_NAMES = {"<script>alert(31337)<": "prose_with_html", "=1+1|cmd": "formulas", "\x1b[2J\udcff": "terminal_escapes"}
CORPUS = (corpus_forgery, corpus_leaks, corpus_escape, corpus_resources, corpus_protocol, corpus_liars, scripts)


@dataclass
class Arena:
    """A graded class."""

    cases: dict[str, HandInCase]
    workspace: Workspace
    course: Path
    canary: str
    records: dict[str, Record] = field(default_factory=dict)
    alone: dict[str, Record] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def files(self) -> Iterator[tuple[Path, str]]:
        """All that grading wrote, as text."""
        for step in ("verdicts", "autograded", "feedback", "reports"):
            for path in sorted(self.workspace.step_folder(step).rglob("*")):
                if path.is_file():
                    yield path, path.read_bytes().decode("utf-8", "replace")


def attacks(folders: list[str]) -> list[HandInCase]:
    """The whole corpus."""
    return [attack for module in CORPUS for attack in module.ATTACKS] + [corpus_leaks.looking_into(folders)]


def prepare(course: Course, stage: Stage, released: Workspace, folder: Path) -> tuple[Arena, Course]:
    """A course with canaries in the master, and a class folder with everybody's hand-ins."""
    canary = f"{WORD}-{secrets.token_hex(8)}"
    root, workspace = folder / "course", Workspace.together(folder / "course" / "classroom")
    shutil.copytree(released.root, workspace.root)
    master = course.master_path(stage.id).read_text()
    (root / "solutions").mkdir()
    spoken = master.replace("### BEGIN SOLUTION", f"### BEGIN SOLUTION\n    # {canary}-master")
    (root / "solutions" / f"{stage.id}.py").write_text(spoken)
    (root / "secret").write_text(f"{canary}-secret")
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        gradebook.update_or_create_student("other", last_name=f"{canary}-gradebook")
    answers = {n: plain_answer(c.source) for n, c in read_master(course.master_path(stage.id), stage).answers().items()}
    hand_ins = attacks([str(root), str(course.root), str(workspace.root)]) + list(odd_hand_ins(answers))
    hand_ins += _neighbours(answers, canary)
    cases = {case.name: case for case in hand_ins}
    assert len(cases) == len(hand_ins)
    cases |= {name: cases[like] for name, like in EVIL_NAMES.items()}
    notebook = released_notebook(workspace.release_folder(stage.id), stage)
    for name, case in cases.items():
        path = workspace.step_folder("submitted") / name / stage.id / f"{stage.id}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(case.notebook(notebook))
    return Arena(cases, workspace, root, canary), replace(course, root=root)


def _neighbours(answers: dict[str, str], canary: str) -> list[HandInCase]:
    half = dict(list(answers.items())[:4])
    private = f"# {canary}-neighbour\nimport os\nprint(sorted(os.listdir('.')), sorted(os.listdir('/tmp')))"
    return [
        HandInCase("neighbour_right", "neighbour", private, answers, earns=100.0),
        HandInCase("neighbour_half", "neighbour", private, half, earns=55.0),
        HandInCase("neighbour_wrong", "neighbour", private, {}, earns=0.0),
    ]


def grader_with_canaries(arena: Arena, course: Course, stage: Stage, launcher: Launcher) -> tuple[Grader, Any]:
    """As :func:`autograder.batch.make_grader` makes one, with canaries in the suite, its mistakes and the truth."""
    master, suite = read_master(course.master_path(stage.id), stage), load_suite(stage)
    suite = replace(suite, returns={**suite.returns, f"{arena.canary}-suite": (f"{arena.canary}-value",)})
    judge = Judge(stage, Truth(master, suite), SEED, CourseSecret(bytes(32)))
    release = arena.workspace.release_folder(stage.id)
    template = read_template(released_notebook(release, stage), stage.id, stage.points)
    for drawn in (one for group in judge._drawn.values() for one in group):
        arena.answers += [repr(float(n)) for v in drawn.expected.values() for n in v.numbers.astype(float).flat[:3]]
    return Grader(judge, template, launcher, course.limits), master


def grade_all(course: Course, stage: Stage, released: Workspace, folder: Path) -> Arena:
    """Grade the neighbours alone, then everybody; write records, gradebook, notebooks, pages and grades."""
    brisk = replace(course.limits, cell_seconds=4, case_seconds=2, submission_seconds=40, cpu_seconds=20)
    small = replace(brisk, memory_mb=768, file_mb=16, output_kb=256)
    arena, course = prepare(replace(course, limits=small), stage, released, folder)
    release = arena.workspace.release_folder(stage.id)
    hand_ins = find_hand_ins(arena.workspace.step_folder("submitted"), stage)
    start = time.monotonic()
    with pytest.MonkeyPatch.context() as patch, unchanged_host(arena):
        patch.setenv("SEQLAB_TOKEN", f"{arena.canary}-environment")
        launcher = make_launcher(small, "bubblewrap", release)
        grader, master = grader_with_canaries(arena, course, stage, launcher)
        for one in hand_ins:
            if one.student.startswith("neighbour"):
                arena.alone[one.student] = grader.grade(one.student, *one.read()).record
        batch = grade_together(grader, master, release, hand_ins)
        launcher.close()
    arena.seconds = time.monotonic() - start
    record_batch(arena.workspace, released_notebook(release, stage), batch)
    arena.records = {graded.record.student: graded.record for graded in batch}
    write_feedback(arena.workspace, stage, list(arena.records.values()))
    write_grades(arena.workspace.report_path(stage.id, "grades.csv"), stage, list(arena.records.values()))
    classroom = read_classroom(course, stage, arena.workspace, lambda total: lambda: None)
    for write in (write_report, write_tables):
        write(arena.workspace, classroom, figures_of(classroom))
    return arena


@contextmanager
def unchanged_host(arena: Arena) -> Iterator[None]:
    """Note in the arena what is different on this machine afterwards."""
    before, clock = _host(arena.course), time.time() - time.monotonic()
    yield
    deadline = time.monotonic() + 5
    while (after := _host(arena.course)) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    arena.differences = [json.dumps([key, before[key], after[key]]) for key in before if before[key] != after[key]]
    if abs(time.time() - time.monotonic() - clock) > 5:
        arena.differences.append("the clock")


def _host(course: Path) -> dict[str, Any]:
    marked = ("seqlab_evil", "evil", "sitecustomize.py", "ipykernel_launcher.py")
    homes = (Path("/tmp"), Path.home(), Path("/dev/shm"), Path("/var/tmp"), Path("/"), Path.cwd(), course)
    listed = (path for home in homes for path in home.iterdir())
    return {
        "hostname": socket.gethostname(),
        "course": sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in course.rglob("*") if p.is_file()),
        "marked": sorted(str(path) for path in listed if path.name.startswith(marked)),
        "sleepers": sum(b"31337" in words for words in _command_lines()),
        "children": sorted(_children()),
    }


def _command_lines() -> Iterator[list[bytes]]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().split(b"\0")
        except OSError:
            continue


def _children() -> list[str]:
    """Sandboxes that this process runs."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [pid for path in tasks for pid in path.read_text().split()]
    names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids if Path(f"/proc/{pid}/comm").exists()]
    return [name for name in names if name == "bwrap"]
