"""Which file in a student's folder counts, and that nothing but a plain file is ever read."""

import os

import pytest

from autograder import hand_ins
from autograder.course import Stage
from autograder.hand_ins import clean_name, hand_in_of, read_plain_file

STAGE = Stage("s01_rnn", "The cell", {"RNN": 100.0})


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "ada" / STAGE.id
    made.mkdir(parents=True)
    return made


def write(folder, *names):
    for seconds, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (1_700_000_000 + seconds,) * 2)


@pytest.mark.parametrize(
    "names, taken",
    [
        (["s01_rnn.ipynb", "s01_rnn (1).ipynb", "x.ipynb"], "s01_rnn.ipynb"),
        (["old/s01_rnn.ipynb", "s01_rnn (1).ipynb"], "s01_rnn (1).ipynb"),
        (["scratch.ipynb", "work/s01_rnn.ipynb"], "work/s01_rnn.ipynb"),
        (["scratch.ipynb", "s01_rnn.ipynb.txt"], "s01_rnn.ipynb.txt"),
        (["s01_rnn_helpers.py", "final.ipynb"], "final.ipynb"),
        (["helpers.py", "s01_rnn.py"], "s01_rnn.py"),
        (["s01_rnn (2).ipynb", "s01_rnn (1).ipynb"], "s01_rnn (1).ipynb"),
        ([".~s01_rnn.ipynb", "final.ipynb"], "final.ipynb"),
        ([".ipynb_checkpoints/s01_rnn-checkpoint.ipynb"], ".ipynb_checkpoints/s01_rnn-checkpoint.ipynb"),
        (["a/b/c/d/e/s01_rnn.ipynb", "notes.txt"], "s01_rnn.ipynb"),
    ],
)
def test_the_likeliest_file_counts_and_the_last_changed_of_equals(folder, names, taken):
    write(folder, *names)
    hand_in = hand_in_of(folder, STAGE)
    assert str(hand_in.path.relative_to(folder)) == taken
    assert bool(hand_in.notes) == (taken != "s01_rnn.ipynb" or len(names) == 3)


def test_a_file_that_may_not_be_opened_is_told(folder, monkeypatch):
    write(folder, "s01_rnn.ipynb")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(hand_ins.os, "open", refuse)
    assert read_plain_file(folder / "s01_rnn.ipynb") == (
        b"",
        "s01_rnn.ipynb is a file that may not be opened and was not read (Permission denied)",
    )


def test_no_more_is_read_than_the_grader_takes(folder, monkeypatch):
    write(folder, "s01_rnn.ipynb")
    monkeypatch.setattr(hand_ins, "MAX_BYTES", 4)
    assert read_plain_file(folder / "s01_rnn.ipynb") == (b"s01_r", "")


def test_links_are_not_followed(folder):
    write(folder, "other.txt")
    (folder / "s01_rnn.ipynb").symlink_to(folder / "other.txt")
    data, why_not = read_plain_file(folder / "s01_rnn.ipynb")
    assert data == b""
    assert "s01_rnn.ipynb is a link and was not read" in why_not


def test_devices_are_not_read(tmp_path):
    assert read_plain_file(tmp_path.joinpath("/dev/zero")) == (b"", "zero is a device and was not read")


def test_no_descriptor_is_left_open(folder):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        read_plain_file(folder)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", ["ada", "Zoë 漢字", "=1+1"])
def test_a_printable_name_stays(name):
    assert clean_name(name) == name


def test_names_that_cannot_be_shown_are_changed_and_stay_different():
    names = ["a\nb", "a\tb", os.fsdecode(b"a\xffb"), os.fsdecode(b"a\xfeb")]
    made = {clean_name(name) for name in names}
    assert len(made) == 4
    assert all(name.isprintable() and name.encode() for name in made)
