"""Grading a class: grade each hand-in on its own, trust the batch only if its controls come out right."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.authoring.master import Master, read_master
from autograder.authoring.source import notebook_text, source_notebook
from autograder.course import Course, CourseError, Limits, Stage
from autograder.hand_ins import HandIn
from autograder.judge import Judge
from autograder.record import Record
from autograder.sandbox.launchers import Launcher
from autograder.session import Session
from autograder.submission import Submission, Template, parse_submission, read_template
from autograder.suite import load_suite
from autograder.truth import Truth

FULL_CONTROL, EMPTY_CONTROL = "(control: the master)", "(control: the untouched release)"
WORKERS = 2


class ControlsFailed(Exception):
    """The batch's controls did not score full and zero, so nothing of the batch may be recorded."""


@dataclass(frozen=True)
class Graded:
    """A parsed submission and the record of its grading."""

    submission: Submission
    record: Record


class Grader:
    """Grades submissions of one stage: bytes in, record out. No submission leaves anything to the next."""

    def __init__(self, judge: Judge, template: Template, launcher: Launcher, limits: Limits) -> None:
        self.judge = judge
        self.template = template
        self._launcher = launcher
        self._limits = limits

    def grade(self, student: str, data: bytes, notes: Sequence[str] = ()) -> Graded:
        """Grade one hand-in; ``notes`` are what is known of its file already."""
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
            **rest,
        )


def make_grader(
    course: Course, stage: Stage, release: Path, launcher: Launcher, seed: int | None = None
) -> tuple[Grader, Master]:
    """Everything that grading a stage needs, with hidden inputs drawn from ``seed`` (default: a fresh one).

    Raises:
        CourseError: the stage is not released, or its master or suite is not sound.
        OraclesDisagree: the answers differ from the independent oracle on a hidden case.
    """
    master = read_master(course.master_path(stage.id), stage)
    truth = Truth(master, load_suite(stage))
    judge = Judge(stage, truth, secrets.randbits(64) if seed is None else seed)
    template = read_template(released_notebook(release, stage), stage.id, stage.points)
    return Grader(judge, template, launcher, course.limits), master


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


def grade_batch(
    grader: Grader, master: Master, release: Path, hand_ins: Sequence[HandIn], progress: Callable[[Record], None]
) -> list[Graded]:
    """Grade the controls first, then every hand-in; ``progress`` is told of each record as it comes.

    Raises:
        ControlsFailed: the master did not score full or the untouched release did not score zero.
    """
    check_controls(grader, master, release, progress)
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(_graded(grader, hand_ins, pool, progress))


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


def _graded(
    grader: Grader, hand_ins: Sequence[HandIn], pool: Executor, progress: Callable[[Record], None]
) -> Iterator[Graded]:
    for graded in pool.map(lambda hand_in: grader.grade(hand_in.student, *hand_in.read()), hand_ins):
        progress(graded.record)
        yield graded
