"""``autograder explain``: a grade put together again from its record, months later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.circumstances import versions
from autograder.course import Course, CourseError, Stage
from autograder.fleet import GradingPlan, grader_of
from autograder.hand_ins import HandIn, find_hand_ins
from autograder.judge import Verdict
from autograder.record import Record, attempt_paths, load_record
from autograder.secret import load_secret
from autograder.truth import DrawnCase
from autograder.workspace import Workspace
from seqlab.checking.report import describe
from seqlab.suggestion import suggest

SHOWN = 6  # numbers of an array


@dataclass(frozen=True)
class Asked:
    """Whose grade of which exercise, of which attempt (None: the latest), graded again behind which walls."""

    student: str
    exercise: str
    attempt: int | None
    isolation: str


def explain_grade(course: Course, stage: Stage, workspace: Workspace, asked: Asked) -> Iterator[str]:
    """The lines of an explanation: the circumstances, then each case with inputs, expected values and what was off.

    It shows hidden values, so it is for staff.

    Raises:
        CourseError: there is no such grade, or no such exercise.
    """
    if asked.exercise not in stage.points:
        raise CourseError(f"{stage.id} has no exercise {asked.exercise!r}.{suggest(asked.exercise, stage.points)}")
    record = _record(workspace, stage, asked)
    yield from _told(record, asked.exercise)
    secret, release = load_secret(course.root), workspace.release_folder(stage.id)
    grader = grader_of(GradingPlan(course.root, stage.id, release, asked.isolation, record.seed, secret))
    try:
        yield from _differences(record, secret.name, grader.suite)
        data, _ = _hand_in(workspace, stage, asked.student).read()
        if hashlib.sha256(data).hexdigest() != record.digest:
            yield "the hand-in is another file today than the one that was graded, so it is not run again"
            return
        again = next(one for one in grader.grade(asked.student, data).record.verdicts if one.exercise == asked.exercise)
        yield from _cases(again, grader.judge.drawn(asked.exercise))
        yield _same_or_not(record, again)
    finally:
        grader.close()


def _record(workspace: Workspace, stage: Stage, asked: Asked) -> Record:
    paths = attempt_paths(workspace.class_folder, asked.student, stage.id)
    if not paths:
        known = {path.parent.parent.name for path in (workspace.class_folder / "verdicts").glob(f"*/{stage.id}/*.json")}
        if not known:
            raise CourseError(f"nothing of {stage.id} is graded yet; run autograder grade {stage.id} first")
        raise CourseError(f"{asked.student} has no grade of {stage.id}.{suggest(asked.student, sorted(known))}")
    wanted = asked.attempt or len(paths)
    if wanted > len(paths):
        raise CourseError(f"{asked.student} has {len(paths)} gradings of {stage.id}; there is no number {wanted}")
    return load_record(paths[wanted - 1])


def _told(record: Record, exercise: str) -> Iterator[str]:
    verdict = next(one for one in record.verdicts if one.exercise == exercise)
    yield f"{record.student}, {record.stage}, {exercise}: {verdict.score:g} of {verdict.points:g} points"
    yield f"  graded {record.graded_at or '(time not recorded)'}, seed {record.seed}, secret {record.secret or '?'}"
    yield f"  hand-in {record.digest[:12]}, suite {record.suite[:12] or '?'}, {_versions(record.versions)}"
    yield f"  behind {record.protections}"
    if verdict.reason:
        yield f"  reason given: {verdict.reason}"


def _versions(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in found.items()) or "versions not recorded"


def _differences(record: Record, secret: str, suite: str) -> Iterator[str]:
    """What is another today, so that the same inputs or verdicts cannot be promised."""
    if record.secret != secret:
        yield f"  TODAY the course secret is another ({secret}): the hidden inputs below are not those of then"
    if record.suite != suite:
        yield f"  TODAY suite, release or judging code differ ({suite[:12]}): check out the course as it was then"
    for name, version in versions().items():
        if record.versions.get(name) != version:
            yield f"  TODAY {name} is {version}"


def _hand_in(workspace: Workspace, stage: Stage, student: str) -> HandIn:
    found = [one for one in find_hand_ins(workspace.step_folder("submitted"), stage) if one.student == student]
    return found[0] if found else HandIn(student, Path("nowhere"))


def _cases(verdict: Verdict, drawn: Sequence[DrawnCase]) -> Iterator[str]:
    for outcome, weight, case in zip(verdict.outcomes, verdict.weights, drawn, strict=True):
        yield f"case {outcome.title!r}: {outcome.share:.0%} of weight {weight:g}"
        yield from (f"    input    {name} {_array(array)}" for name, array in case.inputs.items())
        yield from (f"    expected {name} {_array(value.numbers)}" for name, value in case.expected.items())
        yield from (f"    {line}" for line in describe(outcome))


def _array(array: object) -> str:
    numbers = np.asarray(array)
    first = ", ".join(f"{number:.6g}" for number in numbers.ravel()[:SHOWN])
    return f"{numbers.shape} {numbers.dtype}: {first}{', ...' if numbers.size > SHOWN else ''}"


def _same_or_not(record: Record, again: Verdict) -> str:
    then = next(one for one in record.verdicts if one.exercise == again.exercise)
    if then.score == again.score:
        return f"graded again now: {again.score:g} of {again.points:g}, as recorded"
    return f"graded again now: {again.score:g} of {again.points:g}; {then.score:g} was recorded"
