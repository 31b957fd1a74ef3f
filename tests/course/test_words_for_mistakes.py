"""What a student who makes each named mistake reads below the table, word for word."""

import pytest

from seqlab.checking.outcome import replay_case
from seqlab.checking.report import Report, named_mistakes
from tests.conftest import golden
from tests.course.stages import SUBJECTS


def told(subject, mistake):
    """The title of the report and its hints."""
    exercise = subject.checks.exercises[mistake.exercise]
    namespace = subject.reference(mistake)
    outcomes = tuple(replay_case(case, namespace) for case in exercise.cases)
    report = Report(mistake.exercise, outcomes, named_mistakes(outcomes, dict(subject.checks.mistakes)), False)
    return "\n  ".join([f"{mistake.key}: {report.title}", *report.hints()])


@pytest.mark.parametrize("stage_id", list(SUBJECTS))
def test_the_words_for_every_mistake_are_those_that_were_read_and_accepted(subject):
    golden(f"mistakes_{subject.stage.id}", "\n".join(told(subject, mistake) for mistake in subject.suite.mistakes))
