"""Late days cost the same by `autograder grade` and by `nbgrader autograde`."""

import shutil

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.environment import programs_on_path
from autograder.gradebook import settle_lateness
from autograder.workspace import Workspace
from tests.integration.nbgrader_tools import write_settings

pytestmark = pytest.mark.sandbox


@pytest.fixture
def late(classroom, stage, tmp_path):
    """Twenty-five hours late with one late day to take, at ten percent for each day begun."""
    shutil.copytree(classroom[0].root, tmp_path / "class")
    workspace = Workspace.together(tmp_path / "class")
    write_settings(workspace, "c.PercentPerDay.percent = 10")
    lines = ['time_zone = "UTC"', "late_days = 1", "[due]", f"{stage.id} = 2030-05-01 12:00:00"]
    (workspace.class_folder / "deadlines.toml").write_text("\n".join(lines))
    (workspace.step_folder("submitted") / "ada" / stage.id / "timestamp.txt").write_text("2030-05-02 13:00:00 UTC")
    return workspace


def test_both_roads_take_the_late_day_and_charge_the_other(late, stage):
    def state():
        with programs_on_path(), Gradebook(late.gradebook_url) as book:
            one = book.find_submission(stage.id, "ada")
            return one.late_submission_penalty, one.extension.days, one.total_seconds_late

    settle_lateness(late, ["ada"])  # what autograder grade does after it recorded somebody
    assert state() == (10.0, 1, 3600)
    with programs_on_path(), Gradebook(late.gradebook_url) as book:
        book.find_submission(stage.id, "ada").extension = None
        book.find_assignment(stage.id).duedate = None
        book.find_submission(stage.id, "ada").notebooks[0].late_submission_penalty = None
        book.db.commit()
    with programs_on_path():
        outcome = NbGraderAPI(config=late.settings()).autograde(stage.id, "ada", force=True)
    assert outcome["success"], outcome.get("log", "")[-3000:]
    assert state() == (10.0, 1, 3600)
