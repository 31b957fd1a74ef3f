"""``check(rnn_step_forward)``: replay the public cases of an exercise on the student's own code."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from seqlab.checking.locate import checks_of, exercise_name, namespace_of
from seqlab.checking.outcome import replay_case
from seqlab.checking.report import Report, named_mistakes
from seqlab.checking.show import show


class CheckFailed(AssertionError):
    """At least one public case is not right yet; the table that was shown says which and how.

    An AssertionError, so that ``nbgrader validate`` and plain ``assert`` habits work.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(report.title)
        self.report = report

    def _render_traceback_(
        self, etype: type | None = None, value: object = None, tb: TracebackType | None = None
    ) -> list[str]:
        """One line in the notebook in place of a stack trace: the table under the check has the details."""
        return [f"{self.report.title}. The table under the check says what is right and what is off."]


def check(student_object: Callable[..., object]) -> None:
    """Check one exercise against its public cases and show what is right and what is off.

    Args:
        student_object: the function or class itself, as in ``check(rnn_step_forward)``.

    Raises:
        CheckFailed: at least one case is not right.
        TypeError: the argument is not a function or class.
        UnknownExercise: there is no exercise of that name.
        CheckFileError: the file of checks is missing, damaged or of another version.
    """
    report = run_check(student_object)
    show(report)
    if not report.passed:
        raise CheckFailed(report)


def run_check(student_object: Callable[..., object]) -> Report:
    """Do what :func:`check` does and return the report, without showing or raising."""
    name = exercise_name(student_object)
    checks, exercise = checks_of(name)
    namespace = namespace_of(student_object)
    outcomes = tuple(replay_case(case, namespace, exercise.guard) for case in exercise.cases)
    return Report(name, outcomes, named_mistakes(outcomes, dict(checks.mistakes)), exercise.toy is not None)
