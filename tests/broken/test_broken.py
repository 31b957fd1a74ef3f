"""A class of all kinds of broken hand-ins is graded in one batch, in the sandbox: each is judged as the table says.

Two sound hand-ins stand at the class's ends, and odd students hand in sound work: nobody's neighbour suffers.
"""

import shutil
from dataclasses import replace

import nbformat
import pytest

from autograder.batch import make_grader, released_notebook
from autograder.feedback import write_feedback
from autograder.gradebook import record_batch
from autograder.hand_ins import clean_name, find_hand_ins
from autograder.isolation import make_launcher
from autograder.record import load_records
from autograder.reports import reason_lines, write_grades
from autograder.workspace import Workspace
from tests.broken.kinds_of_folders import NAME, ODD_STUDENTS
from tests.broken.make_corpus import CORPUS, whole
from tests.broken.table import KINDS
from tests.grade_all import grade_all

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
SOUND = ("000-first", "zzz-last", *ODD_STUDENTS)


def lay_out(submitted, stage):
    """Every kind as the hand-in of a student called by its key, and the sound ones."""
    base = whole()
    sound = (CORPUS / "whole.handin").read_bytes()
    for student, kind in {**{kind.key: kind for kind in KINDS}, **dict.fromkeys(SOUND)}.items():
        folder = submitted / student / stage.id
        folder.mkdir(parents=True)
        kept = CORPUS / f"{student}.handin"
        if kind is None or kind.lay is not None:
            (kind.lay if kind else write_plainly)(folder, sound)
        else:
            write_plainly(folder, kind.data(base) if kind.big else kept.read_bytes())


def write_plainly(folder, data):
    (folder / NAME).write_bytes(data)


@pytest.fixture(scope="module")
def batch(course, stage, workspace_of_broken):
    """The graded class: records by student."""
    workspace = workspace_of_broken
    lay_out(workspace.step_folder("submitted"), stage)
    release = workspace.release_folder(stage.id)
    limits = replace(course.limits, cell_seconds=8, case_seconds=6, submission_seconds=60, output_kb=64)
    launcher = make_launcher(limits, "bubblewrap", release)
    grader, master = make_grader(replace(course, limits=limits), stage, release, launcher, seed=11)
    hand_ins = find_hand_ins(workspace.step_folder("submitted"), stage)
    try:
        graded = grade_all(grader, master, release, hand_ins)
    finally:
        launcher.close()
    record_batch(workspace, released_notebook(release, stage), graded)
    return {one.record.student: one.record for one in graded}


@pytest.fixture(scope="module")
def workspace_of_broken(released, tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken") / "class"
    shutil.copytree(released.root, folder)
    return Workspace.together(folder)


def told(record):
    return "\n".join(reason_lines(record))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_each_kind_gets_what_the_table_says(kind, batch, stage):
    record = batch[kind.key]
    lost = stage.points if kind.refused else kind.loses
    expected = {name: 0.0 if name in lost else points for name, points in stage.points.items()}
    assert record.scores() == expected, told(record)
    assert kind.words in told(record)
    assert not kind.refused or kind.words


@pytest.mark.parametrize("student", SOUND)
def test_the_neighbours_do_not_suffer(student, batch):
    record = batch[clean_name(student)]
    assert record.score == 100
    assert record.cell_problems == ()


def test_everybody_is_recorded_and_can_be_shown(batch, workspace_of_broken, stage, tmp_path):
    assert len(batch) == len(KINDS) + len(SOUND)
    records = load_records(workspace_of_broken.class_folder, stage.id)
    assert {record.student for record in records} == set(batch)
    write_feedback(workspace_of_broken, stage, records)
    write_grades(tmp_path / "grades.csv", stage, records)
    for record in records:
        path = workspace_of_broken.step_folder("autograded") / record.student / stage.id / NAME
        nbformat.validate(nbformat.read(path, as_version=4))
        assert path.stat().st_size < 1 << 20
