"""Grading a class: grade each hand-in on its own, trust the batch only if its controls come out right."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.authoring.master import Master, read_master
from autograder.authoring.source import notebook_text, source_notebook
from autograder.circumstances import suite_digest, versions
from autograder.course import Course, CourseError, Limits, Stage
from autograder.judge import Judge
from autograder.record import Record
from autograder.sandbox.child import HostLost, LaunchFailed
from autograder.sandbox.launchers import Launcher
from autograder.secret import CourseSecret, load_secret
from autograder.session import Session
from autograder.submission import Submission, Template, parse_submission, read_template
from autograder.suite import load_suite
from autograder.truth import Truth

FULL_CONTROL, EMPTY_CONTROL = "(control: the master)", "(control: the untouched release)"
FALLS = 3  # of the sandbox itself, during one hand-in


class ControlsFailed(Exception):
    """The batch's controls did not score full and zero, so nothing of the batch may be recorded."""


@dataclass(frozen=True)
class Graded:
    """A parsed submission and the record of its grading."""

    submission: Submission
    record: Record


class Grader:
    """Grades submissions of one stage: bytes in, record out. No submission leaves anything to the next."""

    def __init__(self, judge: Judge, template: Template, launcher: Launcher, limits: Limits, suite: str = "") -> None:
        self.judge = judge
        self.template = template
        self.suite = suite
        self._launcher = launcher
        self._limits = limits

    def grade(self, student: str, data: bytes, notes: Sequence[str] = ()) -> Graded:
        """Grade one hand-in; ``notes`` are what is known of its file already.

        What is lost because the sandbox itself went down is graded again.

        Raises:
            LaunchFailed: the sandbox cannot be kept up.
        """
        for _ in range(FALLS):
            try:
                return self._grade(student, data, notes)
            except HostLost:
                continue
        raise LaunchFailed(f"the sandbox went down {FALLS} times while the hand-in of {student} was graded")

    @property
    def protections(self) -> str:
        """What stands between student code and this machine."""
        return self._launcher.protections

    def close(self) -> None:
        """Give back what the sandbox holds."""
        self._launcher.close()

    def _grade(self, student: str, data: bytes, notes: Sequence[str]) -> Graded:
        submission = parse_submission(data, self.template)
        submission = replace(submission, notes=(*notes, *submission.notes))
        if submission.refusal:
            verdicts = self.judge.refuse(submission.refusal)
            return Graded(submission, self._record(student, submission, verdicts, refusal=submission.refusal))
        with Session(self._launcher, submission.cells, self._limits) as session:
            verdicts = self.judge.judge(session)
            problems, printed = session.problems(), session.printed()
        record = self._record(student, submission, verdicts, cell_problems=problems, printed=printed)
        return Graded(submission, record)

    def _record(self, student: str, submission: Submission, verdicts: Any, **rest: Any) -> Record:
        return Record(
            student=student,
            stage=self.judge.stage.id,
            digest=submission.digest,
            seed=self.judge.seed,
            protections=self._launcher.protections,
            verdicts=verdicts,
            notes=submission.notes,
            secret=self.judge.secret.name,
            suite=self.suite,
            versions=versions(),
            graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
            **rest,
        )


def make_grader(
    course: Course,
    stage: Stage,
    release: Path,
    launcher: Launcher,
    seed: int | None = None,
    secret: CourseSecret | None = None,
) -> tuple[Grader, Master]:
    """Everything that grading a stage needs.

    Hidden inputs are drawn from ``secret`` (default: the course's own) and ``seed`` (default: a fresh one).

    Raises:
        CourseError: the stage is not released, or its master or suite is not sound.
        OraclesDisagree: the answers differ from the independent oracle on a hidden case.
    """
    master = read_master(course.master_path(stage.id), stage)
    truth = Truth(master, load_suite(stage))
    judge = Judge(stage, truth, fresh_seed() if seed is None else seed, secret or load_secret(course.root))
    template = read_template(released_notebook(release, stage), stage.id, stage.points)
    return Grader(judge, template, launcher, course.limits, suite_digest(course, stage, release)), master


def fresh_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbits(63)


def released_notebook(release: Path, stage: Stage) -> dict[str, Any]:
    """The released notebook of a stage as parsed JSON.

    Raises:
        CourseError: there is none.
    """
    path = release / f"{stage.id}.ipynb"
    if not path.is_file():
        raise CourseError(f"stage {stage.id} is not released: {path} does not exist; run make release STAGE={stage.id}")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def check_controls(grader: Grader, master: Master, release: Path, progress: Callable[[Record], None]) -> None:
    """Grade the master and the untouched release.

    Raises:
        ControlsFailed: they do not score full and zero.
    """
    full = grader.grade(FULL_CONTROL, notebook_text(source_notebook(master)).encode()).record
    progress(full)
    empty = grader.grade(EMPTY_CONTROL, (release / f"{grader.judge.stage.id}.ipynb").read_bytes()).record
    progress(empty)
    problems = [
        f"{v.exercise} of the master scores {v.score:g} of {v.points:g}: {v.reason}"
        for v in full.verdicts
        if not v.full
    ]
    problems += [f"{v.exercise} of the untouched release scores {v.score:g}" for v in empty.verdicts if v.score != 0]
    if problems:
        raise ControlsFailed("the controls are off, so nothing was recorded: " + "; ".join(problems))
