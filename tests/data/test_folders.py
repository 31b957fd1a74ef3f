"""Folders of the cache are there whole or not at all, whatever happens while they are made."""

import errno
import json
import multiprocessing
import os
import signal
import time

import pytest

from seqlab.data.errors import DataError, NoSpace, NotWritable
from seqlab.data.storage import folders
from seqlab.data.storage.folders import build_folder, faults, only_one, read_stamp


def two_files(folder):
    (folder / "a.txt").write_text("alpha")
    (folder / "deep").mkdir()
    (folder / "deep" / "b.txt").write_text("beta")


@pytest.fixture
def built(tmp_path):
    folder = tmp_path / "cache" / "things"
    build_folder(folder, 3, {"files": {"x": "y"}}, two_files)
    return folder


OUTPUTS = ["a.txt", "deep/"]


def test_a_built_folder_has_no_faults_and_says_what_it_is_made_from(built):
    assert faults(built, 3, OUTPUTS, thorough=True) == []
    assert read_stamp(built)["made_from"] == {"files": {"x": "y"}}
    assert [path.name for path in built.parent.iterdir()] == ["things"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "a.txt").unlink(), "a.txt is gone"),
        (lambda folder: (folder / "a.txt").write_text("alph"), "should have 5 bytes and has 4"),
        (lambda folder: (folder / "deep" / "b.txt").write_text("bet"), "should have 4 bytes and has 3"),
        (lambda folder: (folder / "built.json").unlink(), "no readable built.json"),
        (lambda folder: (folder / "built.json").write_text("{"), "no readable built.json"),
        (lambda folder: (folder / "built.json").write_text("[]"), "no readable built.json"),
    ],
)
def test_faults_are_found_and_named(built, harm, said):
    harm(built)
    (line,) = faults(built, 3, OUTPUTS)
    assert said in line
    assert str(built) in line


def test_a_changed_file_of_the_same_size_is_found_by_a_thorough_look(built):
    (built / "a.txt").write_text("aleph")
    assert faults(built, 3, OUTPUTS) == []
    assert "not what was written there" in faults(built, 3, OUTPUTS, thorough=True)[0]


def test_another_version_and_missing_outputs_are_faults(built):
    assert "is of version 3, and this seqlab wants version 4" in faults(built, 4, OUTPUTS)[0]
    assert "c.txt is not in its built.json" in faults(built, 3, ["c.txt"])[0]
    assert "wide is not in its built.json" in faults(built, 3, ["wide/"])[0]


def test_what_fails_half_way_leaves_what_was_there(built):
    def breaks(folder):
        (folder / "a.txt").write_text("half")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        build_folder(built, 3, {}, breaks)
    assert faults(built, 3, OUTPUTS, thorough=True) == []
    assert [path.name for path in built.parent.iterdir()] == ["things"]


def die(folder):
    (folder / "a.txt").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_is_cleared_away_by_the_next_build(tmp_path):
    folder = tmp_path / "cache" / "things"
    killed = multiprocessing.get_context("fork").Process(target=build_folder, args=(folder, 3, {}, die))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert not folder.exists()
    assert any(folder.parent.iterdir())
    build_folder(folder, 3, {}, two_files)
    assert [path.name for path in folder.parent.iterdir()] == ["things"]


def test_a_new_build_takes_the_place_of_the_old_one(built):
    build_folder(built, 4, {}, lambda folder: (folder / "c.txt").write_text("gamma"))
    assert sorted(path.name for path in built.iterdir()) == ["built.json", "c.txt"]


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, NoSpace, "is full.*SEQLAB_CACHE"),
        (errno.EDQUOT, NoSpace, "is full.*SEQLAB_CACHE"),
        (errno.EROFS, NotWritable, "to be allowed to write into .*SEQLAB_CACHE"),
        (errno.EACCES, NotWritable, "to be allowed to write into .*SEQLAB_CACHE"),
    ],
)
def test_the_disk_s_trouble_is_said_in_words(tmp_path, number, kind, said):
    def breaks(folder):
        raise OSError(number, "as the system says")

    with pytest.raises(kind, match=said) as error:
        build_folder(tmp_path / "cache" / "things", 1, {}, breaks)
    assert isinstance(error.value, DataError)
    assert list((tmp_path / "cache").iterdir()) == []


def test_other_trouble_keeps_its_own_name(tmp_path):
    def breaks(folder):
        raise OSError(errno.EIO, "a broken disk")

    with pytest.raises(OSError, match="a broken disk"):
        build_folder(tmp_path / "things", 1, {}, breaks)


def hold(cache, holding, release):
    with only_one(cache, "things", print):
        holding.set()
        release.wait(30)


def test_a_second_process_waits_and_is_told_so(tmp_path):
    context = multiprocessing.get_context("fork")
    holding, release = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, holding, release))
    other.start()
    assert holding.wait(30)
    said = []

    def show(line):
        said.append(line)
        release.set()

    start = time.monotonic()
    with only_one(tmp_path, "things", show):
        assert time.monotonic() - start < 30
    other.join()
    assert said == ["another process is at work on things; waiting for it ..."]


def test_a_lock_may_be_taken_again_by_its_holder(tmp_path):
    with only_one(tmp_path, "things", pytest.fail), only_one(tmp_path, "things", pytest.fail):
        pass


def test_the_stamp_is_readable_json_with_sizes_and_hashes(built):
    stamp = json.loads((built / folders.STAMP).read_text())
    assert stamp["files"]["deep/b.txt"] == {
        "bytes": 4,
        "sha256": "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753",
    }
