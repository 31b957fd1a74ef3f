"""The course secret is made once, is kept from others, and decides what is drawn; changed grades tell their causes."""

import multiprocessing
import os
import shutil
import stat
from dataclasses import replace

import numpy as np
import pytest

from autograder import circumstances
from autograder.circumstances import suite_digest, versions
from autograder.course import CourseError
from autograder.history import changes
from autograder.secret import VARIABLE, CourseSecret, load_secret, secret_path
from tests.conftest import ROOT
from tests.unit.test_record import RECORD, VERDICT


@pytest.fixture
def place(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "secret"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_a_secret_is_made_on_first_use_for_its_owner_only_and_stays(place, tmp_path):
    first, again = load_secret(tmp_path / "course"), load_secret(tmp_path / "course")
    assert first == again
    assert len(first.key) == 32
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [path.name for path in place.parent.iterdir()] == ["secret"]
    assert first.key.hex() not in repr(first) + first.name


def told(folder, queue):
    queue.put(load_secret(folder).name)


def test_of_several_that_start_at_once_all_get_the_same_secret(place, tmp_path):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    workers = [context.Process(target=told, args=(tmp_path / "course", queue)) for _ in range(8)]
    for worker in workers:
        worker.start()
    assert len({queue.get(timeout=30) for _ in workers}) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_that_others_may_read_is_refused(place, tmp_path, mode):
    load_secret(tmp_path / "course")
    place.chmod(mode)
    with pytest.raises(CourseError, match=rf"mode {mode:03o}.*chmod 600 .*secret"):
        load_secret(tmp_path / "course")


@pytest.mark.parametrize("text", ["", "abc", "0" * 62, "zz" * 32])
def test_what_is_no_secret_is_refused(place, tmp_path, text):
    place.parent.mkdir()
    place.write_text(text)
    place.chmod(0o600)
    with pytest.raises(CourseError, match="expected 32 bytes in hexadecimal"):
        load_secret(tmp_path / "course")


def test_a_secret_inside_the_course_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "course" / "secret"))
    with pytest.raises(CourseError, match="must lie outside the course"):
        load_secret(tmp_path / "course")


def test_a_place_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "secret"))
    with pytest.raises(CourseError, match=f"Set {VARIABLE} to another place"):
        load_secret(tmp_path / "course")


def test_without_a_name_it_is_in_the_user_s_configuration(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert secret_path() == tmp_path / "seqlab" / "secret"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert secret_path() == tmp_path / "home" / ".config" / "seqlab" / "secret"


def drawn(secret, seed, *place):
    return secret.generator(seed, *place).integers(2**62)


def test_what_is_drawn_depends_on_secret_seed_and_place_and_on_nothing_else():
    one, other = CourseSecret(bytes(32)), CourseSecret(bytes(31) + b"\1")
    calls = [(one, 1, "s", "e", "c"), (other, 1, "s", "e", "c"), (one, 2, "s", "e", "c"), (one, 1, "s", "e", "d")]
    numbers = [drawn(*call) for call in calls]
    assert len(set(numbers)) == 4
    np.random.seed(0)
    assert [drawn(*call) for call in calls] == numbers


def test_the_suite_s_digest_changes_with_what_decides(course, stage, released, tmp_path):
    release = released.release_folder(stage.id)
    first = suite_digest(course, stage, release)
    assert suite_digest(course, stage, release) == first
    other = replace(stage, points={**stage.points, "RNN": 11})
    assert suite_digest(course, other, release) != first
    for name in (f"{stage.id}.ipynb", "checks.h5"):
        (tmp_path / name).write_bytes((release / name).read_bytes())
    assert suite_digest(course, stage, tmp_path) == first
    (tmp_path / "checks.h5").write_bytes(b"other")
    assert suite_digest(course, stage, tmp_path) != first


@pytest.fixture(scope="module")
def our_code(tmp_path_factory):
    """A copy of the code, to be changed."""
    root = tmp_path_factory.mktemp("code")
    for package in ("autograder", "seqlab"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    return root


ALL = {"s01", "s02", "s03", "s04", "s05", "s06", "s07", "s08"}


@pytest.mark.parametrize(
    ("changed", "stages"),
    [
        ("autograder/suites/s01_rnn.py", {"s01", "s04", "s06"}),
        ("autograder/suites/s05_sequences_toys.py", {"s05", "s08"}),
        ("autograder/suites/s06_captioning_plays.py", {"s06", "s07"}),
        ("autograder/mistakes/s02_language_model_text.py", {"s02"}),
        *((f"autograder/{name}.py", ALL) for name in ("suite", "narrow", "judge", "truth", "drawing", "reference")),
        *((f"autograder/{name}.py", ALL) for name in ("session", "repair", "cells", "definitions", "template")),
        *((f"autograder/sandbox/{name}.py", ALL) for name in ("child", "fork_server", "inside/serve")),
        *((f"seqlab/{name}.py", ALL) for name in ("checking/compare", "earlier/gated", "glimpses")),
        *((f"autograder/{name}.py", set()) for name in ("feedback", "gradescope/bundle", "reports")),
        ("seqlab/pictures_gates.py", set()),
    ],
)
def test_the_digests_that_change_with_our_code_are_those_of_the_stages_that_use_it(
    course, our_code, monkeypatch, changed, stages
):
    monkeypatch.setattr(circumstances, "STAFF", our_code / "autograder")
    monkeypatch.setattr(circumstances, "SEQLAB", our_code / "seqlab")
    before = {one.id: suite_digest(course, one, course.release_folder(one.id)) for one in course.stages.values()}
    assert len(set(before.values())) == len(before)
    with (our_code / changed).open("a") as file:
        file.write("\n")
    after = {one.id: suite_digest(course, one, course.release_folder(one.id)) for one in course.stages.values()}
    assert {stage[:3] for stage in before if after[stage] != before[stage]} == stages


def test_the_digest_does_not_depend_on_where_the_code_lies(course, stage, our_code, monkeypatch):
    release = course.release_folder(stage.id)
    monkeypatch.setattr(circumstances, "STAFF", our_code / "autograder")
    names = [name for name, _ in circumstances._deciding_files(course, stage, release)]
    assert len(set(names)) == len(names)
    assert not any(str(our_code) in name for name in names)


BEFORE = replace(RECORD, secret="a", suite="s", versions=versions())


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"digest": "another"}, "another file was handed in"),
        ({"suite": "t"}, "the suite, the release or the judging code is another"),
        ({"seed": 8}, "the hidden inputs were drawn anew"),
        ({"secret": "b"}, "the hidden inputs were drawn anew"),
        ({"versions": {**versions(), "numpy": "9"}}, "numpy is 9 and was"),
        ({}, "graded again under the same circumstances and came out differently"),
    ],
)
def test_a_changed_grade_is_told_with_its_cause(change, because):
    after = replace(BEFORE, verdicts=(replace(VERDICT, score=10.0, reason=""),), **change)
    first, line = changes(BEFORE, after)
    assert first.startswith("5 to 10 of 10, because ")
    assert because in first
    assert line == "step: 5 to 10 (full)"


def test_what_is_not_full_now_is_told_with_the_reason_of_now():
    after = replace(BEFORE, verdicts=(replace(VERDICT, score=7.0, reason="what is off now"),))
    assert changes(BEFORE, after)[1:] == ["step: 5 to 7 (what is off now)"]


def test_an_exercise_that_the_suite_gained_or_lost_is_told():
    gained = replace(VERDICT, exercise="new", score=10.0, reason="")
    after = replace(BEFORE, verdicts=(gained,), suite="t")
    first, *lines = changes(BEFORE, after)
    assert first == "5 to 10 of 10, because the suite, the release or the judging code is another"
    assert lines == ["new: not graded to 10 (full)", "step: 5 to no longer asked"]


def test_a_grade_that_stays_is_not_told():
    assert changes(BEFORE, replace(BEFORE, seed=9, digest="another")) == []


def test_importing_the_secret_does_not_make_one(place):
    assert not place.exists()
    assert os.environ[VARIABLE] == str(place)
