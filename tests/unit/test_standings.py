"""What the gradebook says of hand-ins: lateness with extensions, penalties, points and comments by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook

from autograder.environment import programs_on_path
from autograder.standings import ByHand, Standing, Standings, read_standings
from autograder.workspace import Workspace

DUE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Ann is late by an hour and has points by hand; ben has an extension; cy has no time; dee handed in nothing."""
    made = Workspace.together(tmp_path_factory.mktemp("class"))
    with programs_on_path(), Gradebook(made.gradebook_url) as book:
        book.add_assignment("s01_rnn", duedate=DUE)
        book.add_assignment("s02_language_model")
        for stage, exercise in (("s01_rnn", "step"), ("s02_language_model", "one_hot")):
            book.add_notebook(stage, stage)
            book.add_grade_cell(exercise, stage, stage, max_score=40, cell_type="code")
            book.add_solution_cell(f"answer-{exercise}", stage, stage)
        for student in ("ann", "ben", "cy", "dee"):
            book.add_student(student)
        late = DUE + timedelta(hours=1)
        for stage, student, when in (
            ("s01_rnn", "ann", late), ("s01_rnn", "ben", late), ("s01_rnn", "cy", None),
            ("s02_language_model", "ann", late),
        ):  # fmt: skip
            book.add_submission(stage, student, timestamp=when)
        book.find_submission("s01_rnn", "ben").extension = timedelta(days=1)
        (notebook,) = book.find_submission("s01_rnn", "ann").notebooks
        notebook.late_submission_penalty = 3.5
        notebook.grades[0].manual_score, notebook.grades[0].extra_credit = 35.0, 1.0
        notebook.comments[0].manual_comment = "Well thought."
        book.find_submission("s02_language_model", "ann").notebooks[0].grades[0].manual_score = 1.0
        book.db.commit()
    return made


def test_lateness_penalty_and_what_was_done_by_hand(workspace):
    standings = read_standings(workspace, "s01_rnn")
    assert standings.has_due_date
    assert standings.roll == {"ann", "ben", "cy", "dee"}
    assert standings.of("ann") == Standing(3600.0, 3.5, {"step": ByHand(35.0, 1.0, "Well thought.")})
    assert standings.of("ben") == Standing(0.0, 0.0)
    assert standings.of("cy") == Standing(None, 0.0)
    assert standings.of("dee") == Standing()


def test_without_a_due_date_nobody_is_late(workspace):
    standings = read_standings(workspace, "s02_language_model")
    assert not standings.has_due_date
    assert standings.of("ann").late_seconds is None


def test_a_stage_that_the_gradebook_does_not_know_has_a_roll_only(workspace):
    assert read_standings(workspace, "s03_gradient_flow") == Standings(roll=frozenset({"ann", "ben", "cy", "dee"}))


def test_without_a_gradebook_there_is_nothing_and_none_is_made(tmp_path):
    assert read_standings(Workspace.together(tmp_path), "s01_rnn") == Standings()
    assert list(tmp_path.iterdir()) == []
