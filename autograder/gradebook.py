"""nbgrader's gradebook and folders, filled from records. The only writer of either besides nbgrader itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.utils import compute_checksum, is_solution

from autograder.annotated import annotated_notebook
from autograder.batch import Graded
from autograder.course import CourseError
from autograder.database import open_gradebook
from autograder.deadlines import load_deadlines
from autograder.hand_in_times import copy_exchange_files, hand_in_time
from autograder.late import Lateness
from autograder.late_days import settle
from autograder.record import Record, save_record
from autograder.workspace import Workspace

AT_ONCE = 8


def record_batch(workspace: Workspace, released: Mapping[str, Any], batch: Iterable[Graded]) -> None:
    """Write graded work as it comes: graded notebooks, every score into the gradebook, and then the records.

    Manual scores, extra credit and comments in the gradebook stay; penalties for lateness are reckoned anew. The record
    is written last, so that work whose record is there is in the gradebook too: what an interrupted run did not come to
    is graded by the next. Only some at a time are kept in memory.

    Raises:
        CourseError: the gradebook cannot be reached, or does not know an exercise.
    """
    lateness = Lateness(workspace.settings())
    rest = iter(batch)
    with open_gradebook(workspace.gradebook_url) as gradebook:
        while some := list(itertools.islice(rest, AT_ONCE)):
            for graded in some:
                _write_graded(workspace, released, graded, gradebook, lateness)
            gradebook.db.commit()
            settle(workspace.class_folder, gradebook, lateness, [graded.record.student for graded in some])
            for graded in some:
                save_record(workspace.class_folder, graded.record)


def _write_graded(
    workspace: Workspace, released: Mapping[str, Any], graded: Graded, gradebook: Any, lateness: Lateness
) -> None:
    record = graded.record
    notebook = _write_notebook(workspace, released, graded)
    _write_scores(gradebook, record, hand_in_time(_hand_in(workspace, record)))
    _write_comments(gradebook, record, notebook)
    lateness.charge(gradebook.find_submission(record.stage, record.student))


def settle_lateness(workspace: Workspace, students: Iterable[str]) -> None:
    """Reckon due dates, late days and penalties of these students anew; nobody is graded.

    Raises:
        CourseError: the gradebook cannot be reached, or ``deadlines.toml`` does not say what it should.
    """
    if load_deadlines(workspace.class_folder) is None:
        return
    with open_gradebook(workspace.gradebook_url) as gradebook:
        settle(workspace.class_folder, gradebook, Lateness(workspace.settings()), students)


def require_stage(workspace: Workspace, stage: str) -> None:
    """Make sure that the gradebook is there and knows the cells of a stage, before anybody is graded.

    Raises:
        CourseError: it cannot be reached, or does not know them.
    """
    if not knows_stage(workspace, stage):
        raise CourseError(f"the gradebook does not know {stage} yet; run make release STAGE={stage} first")


def knows_stage(workspace: Workspace, stage: str) -> bool:
    """Whether the gradebook knows the cells of a stage.

    Raises:
        CourseError: it cannot be reached.
    """
    with open_gradebook(workspace.gradebook_url) as gradebook:
        try:
            gradebook.find_notebook(stage, stage)
        except MissingEntry:
            return False
        return True


def require_gradebook(workspace: Workspace) -> None:
    """Make sure that the gradebook can be reached, and make its tables where it is new.

    Raises:
        CourseError: it cannot.
    """
    workspace.class_folder.mkdir(parents=True, exist_ok=True)
    with open_gradebook(workspace.gradebook_url):
        pass


def _hand_in(workspace: Workspace, record: Record) -> Path:
    return workspace.step_folder("submitted") / record.student / record.stage


def _write_notebook(workspace: Workspace, released: Mapping[str, Any], graded: Graded) -> Any:
    record = graded.record
    notebook = annotated_notebook(released, graded.submission.notebook, record.verdicts)
    folder = workspace.step_folder("autograded") / record.student / record.stage
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{record.stage}.ipynb").unlink(missing_ok=True)
    nbformat.write(notebook, folder / f"{record.stage}.ipynb")
    copy_exchange_files(_hand_in(workspace, record), folder)
    return notebook


def _write_scores(gradebook: Any, record: Record, timestamp: datetime | None) -> None:
    gradebook.update_or_create_student(record.student)
    with gradebook.db.no_autoflush:
        gradebook.update_or_create_submission(record.stage, record.student, timestamp=timestamp)
    notebook = gradebook.find_submission_notebook(record.stage, record.stage, record.student)
    grades = {grade.name: grade for grade in notebook.grades}
    for verdict in record.verdicts:
        if verdict.exercise not in grades:
            raise CourseError(
                f"the gradebook has no place for {verdict.exercise} of {record.student}: {record.stage} has changed "
                f"since it was released; run make release STAGE={record.stage}"
            )
        grade = grades[verdict.exercise]
        grade.auto_score = verdict.score
        grade.needs_manual_grade = grade.manual_score is not None


def _write_comments(gradebook: Any, record: Record, notebook: Any) -> None:
    """nbgrader's own remark where an answer is as it was released; what an instructor wrote is another field."""
    untouched = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
        for cell in notebook.cells
        if is_solution(cell)
    }
    submitted = gradebook.find_submission_notebook(record.stage, record.stage, record.student)
    for comment in submitted.comments:
        comment.auto_comment = "No response." if untouched.get(comment.name) else None
