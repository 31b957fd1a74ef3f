"""The class report as tidy CSV files: a row for each student, exercise, case, mistake and thing noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.reporting.classroom import Classroom
from autograder.reporting.figures import Figures
from autograder.spreadsheet import write_rows
from autograder.workspace import Workspace

Row = tuple[object, ...]


def write_tables(workspace: Workspace, classroom: Classroom, figures: Figures) -> list[Path]:
    """Write ``STAGE-report-students.csv`` and the others; returns their paths. Text in them is no formula."""
    tables = {
        "students": _students(classroom, figures),
        "exercises": _exercises(figures),
        "cases": _cases(figures),
        "mistakes": _mistakes(figures),
        "noticed": _noticed(figures),
    }
    stage = classroom.stage.id
    return [write_rows(workspace.report_path(stage, f"report-{name}.csv"), rows) for name, rows in tables.items()]


def _students(classroom: Classroom, figures: Figures) -> Iterator[Row]:
    yield ("student", "handed_in", "percent", "gradings", "percent_before", "seconds_late", "penalty", "talk_about")
    reasons = {one.student: " | ".join(one.reasons) for one in figures.talk_to}
    before = {one.student: one.before for one in figures.changes}
    for work in classroom.works:
        standing = classroom.standings.of(work.student)
        shown = (round(work.percent, 2), len(work.attempts), before.get(work.student, ""))
        late = "" if standing.late_seconds is None else round(standing.late_seconds)
        yield (work.student, "yes", *shown, late, standing.penalty, reasons.get(work.student, ""))
    for student in classroom.ungraded:
        yield (student, "not graded yet", "", 0, "", "", "", "")
    for student in classroom.missing:
        yield (student, "no", "", 0, "", "", "", reasons.get(student, ""))


def _exercises(figures: Figures) -> Iterator[Row]:
    yield ("exercise", "points", "full", "part", "none", "unwritten", "refused", "mean", "points_lost")
    for one in figures.exercises:
        earned = (one.full, one.part, one.none, one.unwritten, one.refused)
        yield (one.exercise, one.points, *earned, round(one.mean, 2), one.lost)


def _cases(figures: Figures) -> Iterator[Row]:
    yield ("exercise", "case", "students", "points_lost")
    yield from ((one.exercise, one.title, len(one.students), one.lost) for one in figures.cases)


def _mistakes(figures: Figures) -> Iterator[Row]:
    yield ("exercise", "mistake", "student", "says", "asks")
    for one in figures.mistakes:
        yield from ((one.exercise, one.key, student, one.says, one.asks) for student in one.students)


def _noticed(figures: Figures) -> Iterator[Row]:
    yield ("kind", "student", "words")
    yield from (("A hand-in that could not be read", student, reason) for student, reason in figures.refusals)
    for group, prefix in ((figures.noticed, ""), (figures.repairs, "Repaired: ")):
        for one in group:
            yield from ((prefix + one.kind.name, student, word) for student, words in one.seen for word in words)
