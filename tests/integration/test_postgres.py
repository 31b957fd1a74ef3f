"""The gradebook on a real PostgreSQL server: the same grades, nbgrader's own tools, and clear words of failure."""

import csv
import shutil
import sys
import threading
from dataclasses import replace

import pytest

pytest.importorskip("psycopg", reason="the driver psycopg is not installed: pip install -e '.[postgres]'")

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.authoring.release import generate
from autograder.batch import Graded, released_notebook
from autograder.course import CourseError
from autograder.database import database_address, open_gradebook
from autograder.environment import programs_on_path
from autograder.gradebook import record_batch, require_stage
from autograder.judge import Verdict
from autograder.record import Record
from autograder.submission import parse_submission, read_template
from autograder.workspace import Workspace
from tests.integration.nbgrader_tools import nbgrader
from tests.integration.postgres import ESCAPED, PASSWORD, own_server

STUDENTS = [f"student{number:02}" for number in range(12)]


@pytest.fixture(scope="module")
def server():
    with own_server() as running:
        yield running


@pytest.fixture(scope="module")
def workspace(server, stage, released, tmp_path_factory):
    """A workspace whose gradebook is on the server, with the stage released into it by nbgrader."""
    together = Workspace.together(tmp_path_factory.mktemp("postgres"))
    shutil.copytree(released.source_folder(stage.id), together.source_folder(stage.id))
    made = replace(together, database=database_address(server.create("gradebook")))
    generate(stage, made)
    return made


@pytest.fixture(scope="module")
def batch(workspace, stage):
    """Twelve records with scores from nothing to all; no sandbox is needed to write them down."""
    released = workspace.release_folder(stage.id) / f"{stage.id}.ipynb"
    notebook = released_notebook(released.parent, stage)
    submission = parse_submission(released.read_bytes(), read_template(notebook, stage.id, stage.points))
    return [
        Graded(submission, _record(student, stage, number / len(STUDENTS))) for number, student in enumerate(STUDENTS)
    ]


def _record(student, stage, share):
    verdicts = tuple(
        Verdict(
            exercise=name,
            points=points,
            score=round(points * share, 2),
            reason="",
            outcomes=(),
            weights=(),
            mistakes=(),
        )
        for name, points in stage.points.items()
    )
    return Record(student, stage.id, "0" * 64, 1, "none", verdicts)


def test_a_batch_is_recorded_while_others_read(workspace, stage, batch):
    """A reader on another connection sees whole students, never a part of one, and keeps nobody waiting."""
    seen, done = [], threading.Event()

    def read():
        while not done.is_set():
            with open_gradebook(workspace.gradebook_url) as gradebook:
                seen.append([row.score for row in gradebook.assignment_submissions(stage.id)])

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        record_batch(workspace, released_notebook(workspace.release_folder(stage.id), stage), batch)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert scores(workspace, stage) == {graded.record.student: graded.record.score for graded in batch}
    whole = {graded.record.score for graded in batch}
    assert {round(score, 2) for scores_then in seen for score in scores_then} <= whole


def scores(workspace, stage):
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        return {one.student_id: round(one.score, 2) for one in gradebook.assignment_submissions(stage.id)}


def test_nbgrader_makes_feedback_and_exports_from_it(workspace, stage, batch, tmp_path):
    record_batch(workspace, released_notebook(workspace.release_folder(stage.id), stage), batch)
    with programs_on_path():
        outcome = NbGraderAPI(config=workspace.configuration()).generate_feedback(stage.id, STUDENTS[-1])
    assert outcome["success"], outcome.get("log", "")[-3000:]
    assert (workspace.step_folder("feedback") / STUDENTS[-1] / stage.id / f"{stage.id}.html").is_file()
    nbgrader(workspace, "export", f"--to={tmp_path / 'grades.csv'}", address=workspace.database)
    rows = list(csv.DictReader((tmp_path / "grades.csv").read_text().splitlines()))
    expected = {graded.record.student: graded.record.score for graded in batch}
    assert {row["student_id"]: round(float(row["score"]), 2) for row in rows} == expected


def test_the_sqlite_file_is_not_made(workspace):
    assert not (workspace.class_folder / "gradebook.db").exists()


def test_the_environment_names_the_gradebook_of_the_course_alone(server, workspace, stage, monkeypatch, tmp_path):
    monkeypatch.setenv("SEQLAB_GRADEBOOK", server.address("gradebook"))
    require_stage(Workspace.of_course(tmp_path), stage.id)
    assert Workspace.together(tmp_path).gradebook_url.startswith("sqlite:///")
    assert ESCAPED not in repr(Workspace.of_course(tmp_path))


def test_formgrader_does_not_show_the_password(workspace):
    """Its page shows the whole configuration unless it is told not to."""
    assert workspace.configuration().FormgradeExtension.debug is False


def refusal(address):
    with pytest.raises(CourseError) as raised, open_gradebook(database_address(address)):
        pass
    told = str(raised.value)
    assert PASSWORD not in told
    assert ESCAPED not in told
    assert raised.value.__cause__ is None
    return told


def test_a_wrong_password_is_told_without_it(server):
    told = refusal(server.address("gradebook", "wr0ngword"))
    assert "password authentication failed" in told
    assert "check" in told
    assert "wr0ngword" not in told


def test_a_database_that_is_not_there_is_told(server):
    assert 'database "nowhere" does not exist' in refusal(server.address("nowhere"))


def test_a_server_that_is_down_is_told_and_the_rerun_is_whole(server, workspace, stage, batch):
    notebook = released_notebook(workspace.release_folder(stage.id), stage)
    server.control("stop", "-m", "fast")
    try:
        told = refusal(server.address("gradebook"))
        with pytest.raises(CourseError, match="did not do what was asked"):
            record_batch(workspace, notebook, batch)
    finally:
        server.start()
    assert f"PostgreSQL database gradebook on 127.0.0.1:{server.port}" in told
    record_batch(workspace, notebook, batch)
    assert len(scores(workspace, stage)) == len(STUDENTS)


def test_a_server_lost_on_the_way_is_told(server, workspace):
    def lose():
        with open_gradebook(workspace.gradebook_url) as book:
            book.students  # noqa: B018
            server.control("stop", "-m", "immediate")
            server.start()
            book.students  # noqa: B018

    with pytest.raises(CourseError, match="did not do what was asked"):
        lose()


def test_a_missing_driver_says_what_to_install(server, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install -c constraints.txt -e '.[postgres]'" in refusal(server.address("gradebook"))


def test_release_into_a_gradebook_that_is_away_says_so(stage, tmp_path):
    away = replace(Workspace.together(tmp_path), database=database_address("postgresql://seqlab@127.0.0.1:1/gradebook"))
    with pytest.raises(CourseError, match="PostgreSQL database gradebook on 127.0.0.1:1"):
        generate(stage, away)
