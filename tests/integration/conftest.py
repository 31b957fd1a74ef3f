"""A graded class for the tests of grading: made once, looked at from many sides."""

import shutil
from dataclasses import replace

import pytest

from autograder.batch import check_controls, make_grader, released_notebook
from autograder.demo import write_class
from autograder.gradebook import record_batch
from autograder.hand_ins import find_hand_ins
from autograder.isolation import make_launcher
from autograder.suite import load_suite
from autograder.workspace import Workspace


@pytest.fixture(scope="session")
def classroom(course, stage, master, released, isolation, tmp_path_factory):
    """A workspace with the demo's class of six graded and recorded, and the records in it by student."""
    folder = tmp_path_factory.mktemp("classroom") / "class"
    shutil.copytree(released.root, folder)
    workspace = Workspace.together(folder)
    release = workspace.release_folder(stage.id)
    notebook = released_notebook(release, stage)
    write_class(workspace.step_folder("submitted"), notebook, master, load_suite(stage).mistakes[0])
    brisk = replace(course, limits=replace(course.limits, case_seconds=4))
    launcher = make_launcher(brisk.limits, "bubblewrap", release)
    grader, _ = make_grader(brisk, stage, release, launcher, seed=5)
    check_controls(grader, master, release, lambda record: None)
    hand_ins = find_hand_ins(workspace.step_folder("submitted"), stage)
    batch = [grader.grade(one.student, *one.read()) for one in hand_ins]
    record_batch(workspace, notebook, batch)
    grader.close()
    return workspace, {graded.record.student: graded.record for graded in batch}
