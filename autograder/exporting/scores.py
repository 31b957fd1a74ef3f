"""The final scores of a stage: nbgrader's, with manual scores, extra credit and penalties for lateness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.course import CourseError
from autograder.database import open_gradebook
from autograder.workspace import Workspace


@dataclass(frozen=True)
class FinalScore:
    """What a student has for a stage.

    Attributes:
        earned: points before the penalty.
        penalty: points that lateness costs.
        points: points that there are.
        exercises: points earned and points that there are, by exercise.
        pending: how many cells still ask for an instructor's look in formgrader.
    """

    earned: float
    penalty: float
    points: float
    exercises: Mapping[str, tuple[float, float]]
    pending: int = 0

    @property
    def score(self) -> float:
        """The final score, as ``nbgrader export`` has it."""
        return max(0.0, round(self.earned - self.penalty, 2))


def final_scores(workspace: Workspace, stage: str) -> dict[str, FinalScore]:
    """The score of everybody whose work on a stage is in the gradebook, by student.

    Raises:
        CourseError: nothing of the stage is graded, or the gradebook cannot be reached.
    """
    scores = graded_scores(workspace, stage)
    if not scores:
        raise CourseError(f"nothing of {stage} is in the gradebook yet; run autograder grade {stage} first")
    return scores


def graded_scores(workspace: Workspace, stage: str) -> dict[str, FinalScore]:
    """The same, and nothing where nothing is graded.

    Raises:
        CourseError: the gradebook cannot be reached.
    """
    with open_gradebook(workspace.gradebook_url) as gradebook:
        scores = {one.student_id: _final(one) for one in gradebook.assignment_submissions(stage)}
    return dict(sorted(scores.items()))


def scaled(score: float, points: float, most: float) -> str:
    """A score out of ``points`` as a number out of ``most``, with no more than two decimals."""
    return f"{round(score * most / points, 2):.2f}".rstrip("0").rstrip(".")


def _final(submission: Any) -> FinalScore:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    exercises = {grade.name: (float(grade.score), float(grade.max_score)) for grade in grades}
    return FinalScore(
        float(submission.score),
        float(submission.late_submission_penalty),
        float(submission.assignment.max_score),
        exercises,
        sum(bool(grade.needs_manual_grade) for grade in grades),
    )
