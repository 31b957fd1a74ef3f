"""Control groups: found where they may be made, limits written, taken away. On a made-up tree, and on a real one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox import cgroup
from autograder.sandbox.cgroup import Group, Groups, find_groups
from tests.conftest import ROOT

MOUNT = "35 24 0:30 {root} {point} rw,nosuid - cgroup2 cgroup2 rw\n"
FILES = ("cgroup.procs", "cgroup.controllers", "cgroup.subtree_control")


def made_up(tmp_path, own, handed_down, root="/"):
    """A /proc/self and a control-group mount, in which groups get the files that a kernel would make."""
    proc, point = tmp_path / "proc", tmp_path / "my mount"
    proc.mkdir()
    (proc / "cgroup").write_text(f"1:name=systemd:/x\n0::{own}\n")
    (proc / "mountinfo").write_text(MOUNT.format(root=root, point=str(point).replace(" ", "\\040")))
    place = point / own.removeprefix(root).strip("/")
    place.mkdir(parents=True)
    for folder in {point, place, place.parent} - {tmp_path}:
        for name in FILES:
            (folder / name).write_text("memory pids cpu" if name != "cgroup.procs" else "")
        (folder / "handed down").write_text(handed_down)
    return proc, place


@pytest.fixture
def kernel(monkeypatch):
    """A folder that is made below a made-up tree gets its files, and goes away with them."""
    make, take = Path.mkdir, Path.rmdir

    def mkdir(path, *args, **kwargs):
        make(path, *args, **kwargs)
        given = path.parent / "handed down"
        if given.exists():
            (path / "cgroup.controllers").write_text(given.read_text())
            for name in ("memory.max", "pids.max", "cpu.max", "cgroup.procs"):
                (path / name).write_text("max")

    def rmdir(path):
        for file in path.iterdir():
            file.unlink()
        take(path)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(Path, "rmdir", rmdir)


def test_a_place_is_found_by_trying_and_the_trial_is_taken_away(tmp_path, kernel):
    proc, place = made_up(tmp_path, "/user.slice/run-1.scope", "memory pids cpu")
    found = find_groups(proc)
    assert found.folder == place
    assert not list(place.glob("seqlab-*"))


def test_a_mount_of_a_part_of_the_tree_is_understood(tmp_path, kernel):
    proc, place = made_up(tmp_path, "/docker/abc/inner", "memory pids", root="/docker/abc")
    assert find_groups(proc).folder == place


@pytest.mark.parametrize("handed_down", ["", "cpu", "memory", "pids cpu"])
def test_without_the_controllers_there_is_no_place(tmp_path, kernel, handed_down):
    proc, _ = made_up(tmp_path, "/user.slice/run-1.scope", handed_down)
    assert find_groups(proc) is None


def test_the_group_above_is_taken_where_the_own_one_hands_nothing_down(tmp_path, kernel):
    proc, place = made_up(tmp_path, "/user.slice/run-1.scope", "memory pids")
    (place / "handed down").write_text("")
    assert find_groups(proc).folder == place.parent


@pytest.mark.parametrize("text", ["1:cpu:/x\n", ""])
def test_without_version_2_there_is_no_place(tmp_path, kernel, text):
    proc, _ = made_up(tmp_path, "/a", "memory pids")
    (proc / "cgroup").write_text(text)
    assert find_groups(proc) is None


def test_without_proc_there_is_no_place(tmp_path):
    assert find_groups(tmp_path / "nothing") is None


def test_a_group_s_limits_are_written_and_what_the_kernel_lacks_is_passed_over(tmp_path, kernel):
    (tmp_path / "handed down").write_text("memory pids cpu")
    group = Groups(tmp_path).child(512 << 20, 64)
    (folder,) = tmp_path.glob("seqlab-*")
    read = {name: (folder / name).read_text().strip() for name in ("memory.max", "pids.max", "cpu.max")}
    assert read == {"memory.max": str(512 << 20), "pids.max": "64", "cpu.max": "100000 100000"}
    assert not (folder / "memory.swap.max").exists()
    group.add([12, 13])
    assert (folder / "cgroup.procs").read_text() == "13\n"
    group.remove()
    assert not folder.exists()


def test_a_group_that_does_not_become_empty_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(cgroup, "GOING", 0.05)
    group = Group(tmp_path / "group", {})
    (tmp_path / "group" / "busy").write_text("")
    group.remove()
    assert (tmp_path / "group").exists()


REAL = """
import subprocess
from pathlib import Path
from autograder.sandbox.cgroup import Group
group = Group(Path("{point}/seqlab-test"), {{"memory.max": 1 << 30}})
process = subprocess.Popen(["sleep", "60"])
group.add([process.pid])
print(Path(f"/proc/{{process.pid}}/cgroup").read_text().split("0::")[1].split()[0])
group.remove()
print(process.wait(5), Path("{point}/seqlab-test").exists())
"""


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="mounting needs Linux and root")
def test_a_real_group_takes_a_process_ends_it_and_goes(tmp_path):
    """In a mount namespace of its own; where version 1 has the controllers, the limits cannot be tried."""
    point = tmp_path / "point"
    point.mkdir()
    script = f"mount -t cgroup2 none {point} && exec {sys.executable} -c '{REAL.format(point=point)}'"
    command = ["unshare", "--mount", "sh", "-c", script]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    if "mount" in done.stderr:
        pytest.skip(f"cgroup v2 cannot be mounted here: {done.stderr}")
    assert done.stdout.split() == ["/seqlab-test", "-9", "False"]
