"""The table that ``nbgrader export`` writes (``nbgrader.plugins.CsvExportPlugin``), with its columns and its zeros for
students without a hand-in; fields are quoted where need be, which nbgrader 0.9.6 does not do."""

from __future__ import annotations

import csv
import io
from typing import Any

from nbgrader.api import MissingEntry

from autograder.database import open_gradebook
from autograder.spreadsheet import harmless_field
from autograder.workspace import Workspace

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def nbgrader_table(workspace: Workspace, stage: str) -> bytes:
    """A row for every student in the gradebook."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    with open_gradebook(workspace.gradebook_url) as gradebook:
        assignment = gradebook.find_assignment(stage)
        for student in gradebook.students:
            writer.writerow(_row(gradebook, assignment, student))
    return text.getvalue().encode()


def _row(gradebook: Any, assignment: Any, student: Any) -> list[str]:
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
        timestamp, raw, penalty = submission.timestamp, submission.score, submission.late_submission_penalty
    except MissingEntry:
        timestamp, raw, penalty = None, 0.0, 0.0
    who = (student.id, student.last_name, student.first_name, student.email)
    people = [harmless_field(str(text or "")) for text in who]
    times = [str(time or "") for time in (assignment.duedate, timestamp)]
    return [assignment.name, *times, *people, *map(str, (raw, penalty, max(0.0, raw - penalty), assignment.max_score))]
