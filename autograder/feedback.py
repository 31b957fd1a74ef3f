"""Feedback pages: for each student what is right, what is off, and the question that leads on. Never a hidden case.

Pages go where nbgrader keeps feedback, so that ``nbgrader release_feedback`` delivers them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.course import Stage
from autograder.feedback_words import (
    carried_from,
    final_score,
    headline,
    how_earned,
    meaning,
    reckoning,
    start_here,
)
from autograder.hand_in_times import copy_exchange_files
from autograder.judge import Verdict
from autograder.pages import write_page
from autograder.record import Record, is_unwritten, told_mistakes
from autograder.standings import ByHand, Standing, read_standings
from autograder.workspace import Workspace
from seqlab.checking.outcome import CaseOutcome
from seqlab.checking.report import rows


def write_feedback(workspace: Workspace, stage: Stage, records: Sequence[Record]) -> Path:
    """Write a page per student and an overview for the instructor; returns the overview's path.

    Penalties, points and comments that instructors gave by hand are those of the gradebook.

    Raises:
        CourseError: the gradebook cannot be reached.
    """
    standings = read_standings(workspace, stage.id)
    for record in records:
        path = feedback_path(workspace, record.student, stage.id)
        write_page(path, "feedback.html", **_content(stage, record, standings.of(record.student)))
        copy_exchange_files(workspace.step_folder("submitted") / record.student / stage.id, path.parent)
    overview = workspace.report_path(stage.id, "feedback.html")
    links = [(record, feedback_link(workspace, record.student, stage.id)) for record in records]
    report = workspace.report_path(stage.id, "report.html")
    return write_page(overview, "overview.html", stage=stage, links=links, report=report.name * report.is_file())


def feedback_path(workspace: Workspace, student: str, stage: str) -> Path:
    """Where a student's page is."""
    return workspace.step_folder("feedback") / student / stage / f"{stage}.html"


def feedback_link(workspace: Workspace, student: str, stage: str) -> str:
    """The address of a student's page as seen from the pages on the class."""
    inside = feedback_path(workspace, student, stage).relative_to(workspace.class_folder)
    return "../" + quote(inside.as_posix().encode("utf-8", "surrogateescape"))


def _content(stage: Stage, record: Record, standing: Standing) -> dict[str, Any]:
    return {
        "stage": stage,
        "record": record,
        "score": final_score(record, standing),
        "headline": headline(record),
        "reckoning": reckoning(record, standing),
        "notes": [(note, meaning(note)) for note in record.notes],
        "start": start_here(record.verdicts),
        "exercises": [_exercise(verdict, record, standing) for verdict in record.verdicts],
    }


def _exercise(verdict: Verdict, record: Record, standing: Standing) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "cases": list(_cases(verdict)),
        "state": "full" if verdict.full else "none" if verdict.score == 0 else "part",
        "unwritten": is_unwritten(verdict),
        "how": how_earned(verdict),
        "carried": carried_from(verdict, record.verdicts),
        "leaned": next((outcome.guarded for outcome in verdict.outcomes if outcome.guarded), ""),
        "mistakes": told_mistakes(verdict),
        "comment": standing.by_hand.get(verdict.exercise, ByHand()).comment,
    }


def _cases(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """What is shown of each case; where every case stopped for the same reason, one line says it for all."""
    errors = {outcome.error for outcome in verdict.outcomes}
    if len(errors) == 1 and "" not in errors and len(verdict.outcomes) > 1:
        yield _case(CaseOutcome("every case"), list(errors), verdict.points)
        return
    for (outcome, lines), points in zip(rows(verdict.outcomes, reveal=False), verdict.worth, strict=True):
        yield _case(outcome, lines, points)


def _case(outcome: CaseOutcome, lines: list[str], points: float) -> dict[str, Any]:
    mark = "right" if outcome.right else "part" if outcome.share > 0 else "off"
    shown = [] if outcome.right and not outcome.carried else lines
    return {"title": outcome.title, "mark": mark, "lines": shown, "points": points, "earned": points * outcome.share}
