"""nbgrader's own road: `nbgrader autograde` over hand-ins that are no plain files."""

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.environment import programs_on_path

pytestmark = pytest.mark.sandbox


def test_a_link_to_the_answers_earns_nothing(workspace, stage):
    name = f"{stage.id}.ipynb"
    folder = workspace.step_folder("submitted") / "eve" / stage.id
    folder.mkdir(parents=True)
    (folder / name).symlink_to((workspace.source_folder(stage.id) / name).resolve())
    with programs_on_path():
        outcome = NbGraderAPI(config=workspace.configuration()).autograde(stage.id, "eve")
        assert outcome["success"], outcome.get("log", "")[-3000:]
        with Gradebook(workspace.gradebook_url) as gradebook:
            assert gradebook.find_submission(stage.id, "eve").score == 0
    graded = workspace.step_folder("autograded") / "eve" / stage.id / name
    assert "BEGIN SOLUTION" not in graded.read_text()
