"""What runs in Gradescope's container: grade one submission and write ``results.json``.

Usage: python -m autograder.gradescope.running ROOT, where ROOT is laid out as Gradescope documents (source, submission,
results, submission_metadata.json). Which protection is in force goes to stdout, which instructors see.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.batch import ControlsFailed, check_controls, make_grader
from autograder.course import Course, Stage, load_course
from autograder.gradescope.results import results_of, zero
from autograder.hand_ins import hand_in_of
from autograder.isolation import make_launcher
from autograder.record import Record
from autograder.sandbox.account import AccountLauncher
from autograder.sandbox.bubblewrap import IsolationMissing
from autograder.sandbox.launchers import Launcher
from autograder.secret import BYTES, CourseSecret

ISOLATIONS = ("best", "bubblewrap", "account", "none")


def main(root: Path) -> None:
    """Grade ``root/submission`` and write ``root/results/results.json``."""
    started = time.monotonic()
    said = json.loads((root / "source" / "bundle.json").read_text(encoding="utf-8"))
    course = load_course(root / "source" / "course")
    results = graded(root, course, course.stage(said["stage"]), said)
    results["execution_time"] = round(time.monotonic() - started, 2)
    (root / "results" / "results.json").write_text(json.dumps(results, indent=1, allow_nan=False), encoding="utf-8")


def graded(root: Path, course: Course, stage: Stage, said: Mapping[str, str]) -> dict[str, Any]:
    """The results of the submission; zero, with the reason, where student code cannot be kept apart."""
    try:
        launcher = walls(course, stage, said["isolation"], root / "source")
    except IsolationMissing as error:
        print(f"no isolation: {error}")
        return zero(stage, "student code cannot be isolated in this container. Please tell your instructor.")
    print(f"protection: {launcher.protections}")
    try:
        return results_of(_record(root, course, stage, launcher), said["visibility"])
    except ControlsFailed as error:
        print(error)
        return zero(stage, "the grader's own checks of itself failed. Please tell your instructor.")
    finally:
        launcher.close()


def walls(course: Course, stage: Stage, isolation: str, private: Path) -> Launcher:
    """What student code runs behind; ``best`` is bubblewrap, or an account of its own where that does not work.

    Raises:
        IsolationMissing: it does not work here.
    """
    if isolation == "account":
        return AccountLauncher(course.limits, private)
    try:
        return make_launcher(
            course.limits, "none" if isolation == "none" else "bubblewrap", course.release_folder(stage.id)
        )
    except IsolationMissing as error:
        if isolation != "best":
            raise
        print(f"no bubblewrap: {error}")
        return AccountLauncher(course.limits, private)


def _record(root: Path, course: Course, stage: Stage, launcher: Launcher) -> Record:
    """The record of the submission, once the controls came out right. Nobody, we included, knows the secret again."""
    release = course.release_folder(stage.id)
    grader, master = make_grader(course, stage, release, launcher, None, CourseSecret(secrets.token_bytes(BYTES)))
    check_controls(grader, master, release, _ignore)
    return grader.grade("submission", *hand_in_of(root / "submission", stage).read()).record


def _ignore(record: Record) -> None:
    """Progress that nobody watches."""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
