"""Releasing a stage: master and suite -> build/source -> nbgrader -> assignments. A rebuild is byte-identical."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from nbgrader.apps import NbGraderAPI

from autograder.authoring.audit import audit_release
from autograder.authoring.checks import public_checks
from autograder.authoring.master import Master, read_master
from autograder.authoring.sameness import say_the_same
from autograder.authoring.source import notebook_text, source_notebook
from autograder.course import Course, CourseError, Stage
from autograder.environment import programs_on_path
from autograder.gradebook import require_gradebook
from autograder.suite import load_suite
from autograder.truth import Truth
from autograder.workspace import Workspace
from seqlab.checking.casefile import write_checks


def release_stage(course: Course, stage: Stage, workspace: Workspace) -> Path:
    """Build a stage and release it into ``workspace``, audited; returns the released folder.

    nbgrader's gradebook learns of the stage's cells. All is tried and audited in a folder of its own first, so that
    what was released before stays as it is when something is wrong.

    Raises:
        CourseError: the master or the suite is not sound, nbgrader refuses, or the audit finds something.
        OraclesDisagree: the answers differ from the independent oracle.
    """
    master = read_master(course.master_path(stage.id), stage)
    with tempfile.TemporaryDirectory(prefix="seqlab-release-") as folder:
        trial = Workspace.together(Path(folder))
        _build_source(course, master, trial.source_folder(stage.id))
        generate(stage, trial)
        audit_release(trial.release_folder(stage.id), master)
        replace_folder(workspace.source_folder(stage.id), trial.source_folder(stage.id))
    generate(stage, workspace)
    audit_release(workspace.release_folder(stage.id), master)
    return workspace.release_folder(stage.id)


def generate(stage: Stage, workspace: Workspace) -> None:
    """Let nbgrader make the release of a stage's built source, and tell the gradebook of its cells.

    Raises:
        CourseError: the gradebook cannot be reached, or nbgrader refuses.
    """
    require_gradebook(workspace)
    with programs_on_path():
        outcome = NbGraderAPI(config=workspace.configuration()).generate_assignment(stage.id, force=True, create=True)
    if not outcome["success"]:
        detail = outcome.get("log") or outcome.get("error") or "no reason given"
        raise CourseError(f"nbgrader could not release {stage.id}: {detail.strip()[-1500:]}")


def replace_folder(folder: Path, new: Path) -> None:
    """Put a copy of ``new`` where ``folder`` is."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(new, folder)


def _build_source(course: Course, master: Master, folder: Path) -> None:
    """Fill a source folder: nbgrader copies every file in it, so it holds these two and nothing else.

    The committed checks are kept where they say the same up to rounding.
    """
    committed = course.release_folder(master.stage.id) / "checks.h5"
    suite = load_suite(master.stage)
    checks = public_checks(suite, Truth(master, suite))
    folder.mkdir(parents=True)
    text = notebook_text(source_notebook(master, course.student_zip))
    (folder / f"{master.stage.id}.ipynb").write_text(text, encoding="utf-8")
    write_checks(folder / "checks.h5", checks)
    if say_the_same(committed, folder / "checks.h5"):
        shutil.copyfile(committed, folder / "checks.h5")
