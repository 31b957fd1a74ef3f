"""Feedback pages: for each student what is right, what is off, and the question that leads on. Never a hidden case.

Pages go where nbgrader keeps feedback, so that ``nbgrader release_feedback`` delivers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from autograder.course import Stage
from autograder.gradebook import copy_exchange_files
from autograder.judge import Verdict
from autograder.record import Record
from autograder.workspace import Workspace
from seqlab.checking.outcome import CaseOutcome
from seqlab.checking.report import MAX_NAMED, rows


def write_feedback(workspace: Workspace, stage: Stage, records: Sequence[Record]) -> Path:
    """Write a page per student and an overview for the instructor; returns the overview's path."""
    pages = _pages()
    for record in records:
        path = feedback_path(workspace, record.student, stage.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages.get_template("feedback.html").render(_content(stage, record)), encoding="utf-8")
        copy_exchange_files(workspace.step_folder("submitted") / record.student / stage.id, path.parent)
    overview = workspace.report_path(stage.id, "feedback.html")
    folder = Path("..") / workspace.step_folder("feedback").name
    links = [(record, f"{folder / record.student / stage.id / stage.id}.html") for record in records]
    overview.parent.mkdir(parents=True, exist_ok=True)
    overview.write_text(pages.get_template("overview.html").render(stage=stage, links=links), encoding="utf-8")
    return overview


def feedback_path(workspace: Workspace, student: str, stage: str) -> Path:
    """Where a student's page is."""
    return workspace.step_folder("feedback") / student / stage / f"{stage}.html"


def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("autograder"), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
    )


def _content(stage: Stage, record: Record) -> dict[str, Any]:
    return {"stage": stage, "record": record, "exercises": [_exercise(verdict) for verdict in record.verdicts]}


def _exercise(verdict: Verdict) -> dict[str, Any]:
    total = sum(verdict.weights)
    cases = [
        _case(outcome, lines, verdict.points * weight / total)
        for (outcome, lines), weight in zip(rows(verdict.outcomes, reveal=False), verdict.weights, strict=True)
    ]
    state = "full" if verdict.full else "none" if verdict.score == 0 else "part"
    mistakes = () if verdict.full else verdict.mistakes[:MAX_NAMED]
    return {"verdict": verdict, "cases": cases, "state": state, "mistakes": mistakes}


def _case(outcome: CaseOutcome, lines: list[str], points: float) -> dict[str, Any]:
    shown = [] if outcome.right and not outcome.carried else lines
    return {"outcome": outcome, "lines": shown, "points": points, "earned": points * outcome.share}
