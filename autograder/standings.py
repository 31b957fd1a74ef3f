"""What the gradebook says of hand-ins besides the judge's scores: lateness, penalties, what instructors did by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import Assignment, Comment, Grade, MissingEntry, SubmittedAssignment, SubmittedNotebook

from autograder.authoring.source import ANSWER_PREFIX
from autograder.database import open_gradebook
from autograder.workspace import Workspace


@dataclass(frozen=True)
class ByHand:
    """What an instructor did to an exercise in formgrader: ``score`` (None: left it), ``extra`` points, a comment."""

    score: float | None = None
    extra: float = 0.0
    comment: str = ""


@dataclass(frozen=True)
class Standing:
    """One student's hand-in in the gradebook.

    Attributes:
        late_seconds: how late it was, extensions counted; None where the time of handing in or the due date is unknown.
        penalty: points that lateness costs.
        by_hand: for each exercise that an instructor touched, what was done.
    """

    late_seconds: float | None = None
    penalty: float = 0.0
    by_hand: Mapping[str, ByHand] = field(default_factory=dict)


@dataclass(frozen=True)
class Standings:
    """A class in the gradebook: whether the stage has a due date, everybody's name, and who handed in how."""

    has_due_date: bool = False
    roll: frozenset[str] = frozenset()
    students: Mapping[str, Standing] = field(default_factory=dict)

    def of(self, student: str) -> Standing:
        """The standing of a student; an empty one where the gradebook has none."""
        return self.students.get(student, Standing())


def read_standings(workspace: Workspace, stage_id: str) -> Standings:
    """Read the gradebook; a class without one has no standings, and none is made.

    Raises:
        CourseError: the gradebook cannot be reached.
    """
    if workspace.database is None and not (workspace.class_folder / "gradebook.db").is_file():
        return Standings()
    with open_gradebook(workspace.gradebook_url) as gradebook:
        roll = frozenset(student.id for student in gradebook.students)
        try:
            assignment = gradebook.find_assignment(stage_id)
        except MissingEntry:
            return Standings(roll=roll)
        by_hand = _all_by_hand(gradebook, stage_id)
        students = {
            one.student_id: Standing(_late(one), one.late_submission_penalty, by_hand.get(one.student_id, {}))
            for one in assignment.submissions
        }
        return Standings(assignment.duedate is not None, roll, students)


def _late(submission: Any) -> float | None:
    if submission.timestamp is None or submission.duedate is None:
        return None
    late: float = submission.total_seconds_late
    return late


def _all_by_hand(gradebook: Any, stage_id: str) -> dict[str, dict[str, ByHand]]:
    """For each student and exercise what was done by hand; asked at once, since a class may have a thousand."""
    done: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for grade in _touched(gradebook, Grade, stage_id, Grade.manual_score, Grade.extra_credit):
        done[grade.student.id][_exercise(grade)] |= {"score": grade.manual_score, "extra": grade.extra_credit or 0.0}
    for comment in _touched(gradebook, Comment, stage_id, Comment.manual_comment):
        if comment.manual_comment.strip():
            done[comment.student.id][_exercise(comment)]["comment"] = comment.manual_comment
    return {
        student: {exercise: ByHand(**what) for exercise, what in touched.items()} for student, touched in done.items()
    }


def _touched(gradebook: Any, kind: Any, stage_id: str, *columns: Any) -> Iterator[Any]:
    query = gradebook.db.query(kind).join(SubmittedNotebook, kind.notebook_id == SubmittedNotebook.id)
    query = query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    query = query.join(Assignment, SubmittedAssignment.assignment_id == Assignment.id).filter(
        Assignment.name == stage_id
    )
    for column in columns:
        yield from query.filter(column.is_not(None))


def _exercise(cell: Any) -> str:
    name: str = cell.name
    return name.removeprefix(ANSWER_PREFIX)
