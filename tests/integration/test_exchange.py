"""A stage's round trip through nbgrader's exchange, in folders of its own: from release to the feedback in hand."""

import re
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory

from autograder.batch import released_notebook
from autograder.demo import notebook_with, plain_answer, with_mistake
from autograder.environment import programs_on_path
from autograder.feedback import feedback_path, write_feedback
from autograder.hand_in_times import SECRET
from autograder.record import load_records
from autograder.suite import load_suite
from autograder.workspace import COURSE, Workspace
from seqlab.checking.check import run_check
from tests.integration.nbgrader_tools import nbgrader, write_settings

pytestmark = pytest.mark.sandbox

STUDENTS = ("ada", "chloe")


@dataclass
class Seat:
    """A student at a hub: a home, where nbgrader fetches to, and what it remembers of what was handed in."""

    name: str
    home: Path
    exchange: Path

    def does(self, step, stage, monkeypatch):
        """One of nbgrader's steps for students, as its Assignment List and its commands take it."""
        config = Workspace.together(self.home).configuration()
        config.Exchange.root = str(self.exchange)
        config.Exchange.cache = str(self.home / ".cache")
        config.CourseDirectory.student_id = self.name
        monkeypatch.chdir(self.home)
        folders = CourseDirectory(config=config)
        folders.assignment_id = stage.id
        factory = ExchangeFactory(config=config)
        getattr(factory, step)(coursedir=folders, authenticator=Authenticator(config=config), config=config).start()


@pytest.fixture(scope="module")
def trip(released, stage, master, tmp_path_factory):
    """The whole trip, with what each student had in hand on the way."""
    folder = tmp_path_factory.mktemp("trip")
    teacher = _course(released, folder / "course", folder / "exchange")
    with pytest.MonkeyPatch.context() as patch:
        api = NbGraderAPI(config=_settings(teacher))
        done(api.release_assignment(stage.id))
        seats = [Seat(name, folder / name, folder / "exchange") for name in STUDENTS]
        for seat, answers in zip(seats, _answers(stage, master), strict=True):
            seat.home.mkdir()
            seat.does("FetchAssignment", stage, patch)
            _write(seat.home / stage.id / f"{stage.id}.ipynb", stage, answers)
            seat.does("Submit", stage, patch)
        done(api.collect(stage.id))
        nbgrader(teacher, "autograde", stage.id)
        nbgrader(teacher, "generate_feedback", stage.id)
        release_feedback(teacher, stage)
        for seat in seats:
            seat.does("FetchFeedback", stage, patch)
        yield teacher, seats


def _course(released, folder, exchange):
    shutil.copytree(released.root, folder)
    exchange.mkdir()
    exchange.chmod(0o777)
    workspace = Workspace.together(folder)
    write_settings(workspace, f"c.Exchange.root = {str(exchange)!r}")
    return workspace


def _settings(workspace):
    with programs_on_path():
        return workspace.settings()


def _answers(stage, master):
    right = {name: plain_answer(cell.source) for name, cell in master.answers().items()}
    mistake = load_suite(stage).mistakes[0]
    return right, right | {mistake.exercise: with_mistake(right[mistake.exercise], mistake)}


def _write(path, stage, answers):
    path.write_text(notebook_with(released_notebook(path.parent, stage), answers))


def done(outcome):
    """nbgrader's word on a step."""
    assert outcome["success"], outcome.get("error") or outcome.get("log")


def release_feedback(teacher, stage):
    """nbgrader's own; 0.9.6 leaves the files open that it reads times from."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        done(NbGraderAPI(config=_settings(teacher)).release_feedback(stage.id))


def fetched_feedback(seat, stage):
    (page,) = (seat.home / stage.id / "feedback").rglob("*.html")
    return page.read_text()


def test_what_students_fetch_is_what_was_released_and_its_checks_work_there(trip, stage, master, monkeypatch):
    teacher, seats = trip
    release = teacher.release_folder(stage.id)
    for seat in seats:
        names = {path.name for path in (seat.home / stage.id).iterdir()}
        assert names == {"checks.h5", f"{stage.id}.ipynb", "feedback"}
        assert (seat.home / stage.id / "checks.h5").read_bytes() == (release / "checks.h5").read_bytes()
    monkeypatch.chdir(seats[0].home / stage.id)
    assert run_check(_first_function(stage, master)).passed


def _first_function(stage, master):
    from typing import Any

    import numpy as np

    first = next(iter(stage.points))
    namespace = {"np": np, "Array": np.ndarray, "Any": Any}
    exec(plain_answer(master.answers()[first].source), namespace)
    return namespace[first]


def test_what_was_handed_in_is_collected_and_graded_by_our_judge(trip, stage):
    teacher, seats = trip
    records = {record.student: record for record in load_records(teacher.class_folder, stage.id)}
    with programs_on_path(), Gradebook(teacher.gradebook_url) as book:
        scores = {seat.name: book.find_submission(stage.id, seat.name).score for seat in seats}
        times = [book.find_submission(stage.id, seat.name).timestamp for seat in seats]
    assert scores == {name: records[name].score for name in STUDENTS}
    assert scores["ada"] == 100 > scores["chloe"] > 0
    assert None not in times
    for seat in seats:
        collected = teacher.step_folder("submitted") / seat.name / stage.id
        for name in ("checks.h5", f"{stage.id}.ipynb"):
            assert (collected / name).read_bytes() == (seat.home / stage.id / name).read_bytes()


def test_each_student_finds_their_own_feedback_and_nobody_else_s(trip, stage):
    seats = trip[1]
    first = next(iter(stage.points))
    right, wrong = (fetched_feedback(seat, stage) for seat in seats)
    assert f"{first}: 10 of 10 points" in right
    assert f"{first}: 0 of 10 points" in wrong
    laid_down = list((seats[0].exchange / COURSE / "feedback").iterdir())
    assert len(laid_down) == len(seats)
    assert all(re.fullmatch(r"[0-9a-f]+\.html", path.name) for path in laid_down)


def test_our_own_feedback_pages_travel_the_same_way(trip, stage, monkeypatch):
    """`autograder feedback` after nbgrader's: the pages take the others' places and are released over them."""
    teacher, seats = trip
    write_feedback(teacher, stage, load_records(teacher.class_folder, stage.id))
    release_feedback(teacher, stage)
    seats[1].does("FetchFeedback", stage, monkeypatch)
    laid_down = {path.read_text() for path in (seats[0].exchange / COURSE / "feedback").iterdir()}
    assert laid_down == {feedback_path(teacher, name, stage.id).read_text() for name in STUDENTS}


@pytest.mark.parametrize("secret", ["../../etc/passwd", "0" * 127, "0" * 128 + "\n", "link"])
def test_a_secret_that_the_exchange_did_not_make_is_left_behind(trip, stage, secret, tmp_path):
    from autograder.hand_in_times import copy_exchange_files

    hand_in, graded = tmp_path / "hand-in", tmp_path / "graded"
    hand_in.mkdir()
    graded.mkdir()
    if secret == "link":
        (tmp_path / "other").write_text("0" * 128)
        (hand_in / SECRET).symlink_to(tmp_path / "other")
    else:
        (hand_in / SECRET).write_text(secret)
    copy_exchange_files(hand_in, graded)
    assert list(graded.iterdir()) == []
