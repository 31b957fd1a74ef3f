"""What lateness costs, and how the address of a gradebook is read."""

from types import SimpleNamespace

import pytest
from traitlets.config import Config

from autograder.course import CourseError
from autograder.database import chosen_database, database_address
from autograder.late import DAY, Lateness, PercentPerDay
from autograder.workspace import Workspace


@pytest.mark.parametrize(
    "late, penalty",
    [(600, None), (601, 8.0), (DAY + 600, 8.0), (DAY + 601, 16.0), (30 * DAY, 80.0)],
)
def test_each_day_begun_costs_its_percent_after_the_grace_and_never_more_than_all(late, penalty):
    plugin = PercentPerDay(percent=10, grace_minutes=10)
    assert plugin.late_submission_penalty("ada", 80.0, late) == penalty


def test_lateness_costs_nothing_until_the_course_says_so():
    assert PercentPerDay().late_submission_penalty("ada", 80.0, 10 * DAY) is None


def submission(score, late):
    notebook = SimpleNamespace(score=score, late_submission_penalty=55.0)
    return SimpleNamespace(student_id="ada", total_seconds_late=late, notebooks=[notebook])


def test_any_plugin_of_nbgrader_s_kind_is_asked_and_an_earlier_penalty_goes():
    config = Config()
    config.AssignLatePenalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
    config.LateSubmissionPlugin.penalty_method = "zero"
    late, punctual = submission(40.0, 60), submission(40.0, 0)
    for one in (late, punctual):
        Lateness(config).charge(one)
    assert [one.notebooks[0].late_submission_penalty for one in (late, punctual)] == [40.0, None]


def test_a_workspace_reads_what_the_course_says_of_lateness(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.PercentPerDay.percent = 25\n")
    config = Workspace.together(tmp_path).settings()
    assert config.PercentPerDay.percent == 25
    assert config.AssignLatePenalties.plugin_class == "autograder.late.PercentPerDay"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_psycopg_and_does_not_wait_for_ever(scheme):
    address = database_address(f"{scheme}://me:p%40ss@db/grades")
    assert address == "postgresql+psycopg://me:p%40ss@db/grades?connect_timeout=10"


def test_a_bound_on_the_wait_that_was_given_is_kept():
    assert "connect_timeout=3" in database_address("postgresql://db/grades?connect_timeout=3")


def test_what_is_no_address_is_refused_without_being_repeated(monkeypatch):
    monkeypatch.setenv("SEQLAB_GRADEBOOK", "my secr3t")
    with pytest.raises(CourseError, match="SEQLAB_GRADEBOOK is not the address of a database") as raised:
        chosen_database()
    assert "secr3t" not in str(raised.value)


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("SEQLAB_GRADEBOOK", " ")
    assert chosen_database() is None
