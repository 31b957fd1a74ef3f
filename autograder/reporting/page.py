"""The class report as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.feedback import feedback_link, feedback_path
from autograder.pages import write_page
from autograder.reporting.classroom import Classroom
from autograder.reporting.figures import Figures, headline
from autograder.reporting.pictures import histogram, parts
from autograder.workspace import Workspace

MOST_CASES = 15
MOST_MISTAKES = 10
FEWEST = 3  # students of whom a histogram is drawn


def write_report(workspace: Workspace, classroom: Classroom, figures: Figures) -> Path:
    """Write the page of a class; returns its path."""
    stage = classroom.stage.id
    return write_page(report_path(workspace, stage), "report.html", **_content(workspace, classroom, figures))


def report_path(workspace: Workspace, stage: str) -> Path:
    """Where the report on a class is."""
    return workspace.report_path(stage, "report.html")


def _content(workspace: Workspace, classroom: Classroom, figures: Figures) -> dict[str, Any]:
    spread = figures.spread
    return {
        "stage": classroom.stage,
        "headline": headline(classroom, figures),
        "graded_at": max((work.record.graded_at for work in classroom.works), default="")[:16].replace("T", " "),
        "figures": figures,
        "picture": histogram(spread) if spread is not None and spread.count >= FEWEST else None,
        "exercises": [(one, parts(one)) for one in figures.exercises],
        "most_cases": MOST_CASES,
        "most_mistakes": MOST_MISTAKES,
        "has_due_date": classroom.standings.has_due_date,
        "ungraded": classroom.ungraded,
        "missing": list(classroom.missing),
        "regraded": sum(work.before is not None for work in classroom.works),
        "students": [(work, _link(workspace, work.student, classroom.stage.id)) for work in classroom.works],
        "contents": _contents(classroom, figures),
    }


def _contents(classroom: Classroom, figures: Figures) -> list[tuple[str, str]]:
    """The sections that the page has, by id."""
    regraded = any(work.before is not None for work in classroom.works)
    sections = (
        ("scores", "Scores", True),
        ("talk", "Students to talk to", figures.talk_to),
        ("exercises", "Exercises", figures.exercises),
        ("cases", "Where points are lost", figures.cases),
        ("mistakes", "Named mistakes", figures.mistakes),
        ("noticed", "Limits reached, and what else was noticed", figures.noticed),
        ("repairs", "Files that were refused or repaired", figures.refusals or figures.repairs),
        ("late", "Late and missing", True),
        ("changes", "Changes since the grading before", regraded),
        ("students", "Everybody", classroom.works),
    )
    return [(place, title) for place, title, shown in sections if shown]


def _link(workspace: Workspace, student: str, stage: str) -> str:
    """The address of a student's page; empty where it is not written yet."""
    return feedback_link(workspace, student, stage) if feedback_path(workspace, student, stage).is_file() else ""
