"""nbgrader's gradebook and folders, filled from records. The only writer of either besides nbgrader itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import parse_utc

from autograder.annotated import annotated_notebook
from autograder.batch import Graded
from autograder.course import CourseError
from autograder.environment import programs_on_path
from autograder.record import Record, save_record
from autograder.workspace import Workspace

AT_ONCE = 8


def record_batch(workspace: Workspace, released: Mapping[str, Any], batch: Iterable[Graded]) -> None:
    """Write graded work as it comes: graded notebooks, every score into the gradebook, and then the records.

    The record is written last, so that work whose record is there is in the gradebook too: what an interrupted run
    did not come to is graded by the next. Only some at a time are kept in memory.
    """
    rest = iter(batch)
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        while some := list(itertools.islice(rest, AT_ONCE)):
            for graded in some:
                _write_notebook(workspace, released, graded)
                _write_scores(gradebook, graded.record, _timestamp(workspace, graded.record))
            gradebook.db.commit()
            for graded in some:
                save_record(workspace.class_folder, graded.record)


def require_stage(workspace: Workspace, stage: str) -> None:
    """Make sure that the gradebook knows the cells of a stage, before anybody is graded.

    Raises:
        CourseError: it does not.
    """
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        try:
            gradebook.find_notebook(stage, stage)
        except MissingEntry as error:
            raise CourseError(
                f"the gradebook does not know {stage} yet; run make release STAGE={stage} first"
            ) from error


def _write_notebook(workspace: Workspace, released: Mapping[str, Any], graded: Graded) -> None:
    record = graded.record
    notebook = annotated_notebook(released, graded.submission.notebook, record.verdicts)
    path = workspace.step_folder("autograded") / record.student / record.stage / f"{record.stage}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    nbformat.write(notebook, path)


def _timestamp(workspace: Workspace, record: Record) -> datetime | None:
    """When nbgrader's exchange says the work was handed in; None where it does not say, or not clearly."""
    stamp = workspace.step_folder("submitted") / record.student / record.stage / "timestamp.txt"
    try:
        when: datetime = parse_utc(stamp.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None
    return when


def _write_scores(gradebook: Any, record: Record, timestamp: datetime | None) -> None:
    gradebook.update_or_create_student(record.student)
    when = {} if timestamp is None else {"timestamp": timestamp}
    with gradebook.db.no_autoflush:
        gradebook.update_or_create_submission(record.stage, record.student, **when)
    for verdict in record.verdicts:
        grade = gradebook.find_grade(verdict.exercise, record.stage, record.stage, record.student)
        grade.auto_score = verdict.score
        grade.needs_manual_grade = grade.manual_score is not None
