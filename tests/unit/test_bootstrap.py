"""tools/bootstrap.sh on machines that are not as it hopes: made up with fake programs, without the full install."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

TOOLS = (
    "sh",
    "dirname",
    "cat",
    "cksum",
    "rm",
    "head",
    "tail",
    "id",
    "uname",
    "grep",
    "sleep",
    "printf",
    "mkdir",
    "touch",
)


@pytest.fixture
def machine(tmp_path):
    """A course folder with a space in its name, and a PATH with little on it."""
    course, programs = tmp_path / "a course", tmp_path / "bin"
    (course / "tools").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap.sh", course / "tools" / "bootstrap.sh")
    for name in ("pyproject.toml", "constraints.txt"):
        (course / name).write_text("")
    for name in TOOLS:
        (programs / name).symlink_to(shutil.which(name))
    return course, programs


def program(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def bootstrap(machine, **environment):
    course, programs = machine
    done = subprocess.run(
        [course / "tools" / "bootstrap.sh"],
        env={"PATH": str(programs), "HOME": str(course)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


OLD = 'case "$1" in --version) echo Python 3.9.18 ;; *) exit 1 ;; esac'
# A stand-in for Python 3.12 that makes a "virtual environment" whose pip does what $PIP says.
NEW = """
case "$1 $2" in
    "--version "*) echo Python 3.12.1 ;;
    "-m venv") mkdir -p "$3/bin" && cat "$0" >"$3/bin/python" && chmod +x "$3/bin/python" ;;
    "-m pip") sh -c "$PIP" ;;
esac
"""


def test_python_3_9_is_named_and_refused(machine):
    program(machine[1], "python3", OLD)
    code, said = bootstrap(machine)
    assert code == 1
    assert "expected Python 3.11 or newer; found: python3 is Python 3.9.18" in said
    assert "make setup PYTHON=" in said


def test_no_python_at_all_says_what_to_install(machine):
    code, said = bootstrap(machine)
    assert code == 1
    assert "no python3 at all" in said
    assert "apt-get install python3 python3-venv" in said


def test_a_newer_python_beside_an_old_one_is_found(machine):
    program(machine[1], "python3", OLD)
    program(machine[1], "python3.12", NEW)
    (machine[1] / "chmod").symlink_to(shutil.which("chmod"))
    program(machine[1], "bwrap", "exit 0")
    code, said = bootstrap(machine, PIP="true")
    assert code == 0, said
    assert "with Python 3.12.1" in said


def test_a_named_python_that_is_too_old_is_refused(machine):
    program(machine[1], "python3.9", OLD)
    code, said = bootstrap(machine, PYTHON=str(machine[1] / "python3.9"))
    assert code == 1
    assert "is not a working Python 3.11 or newer (Python 3.9.18)" in said


def test_a_python_without_venv_says_what_to_install(machine):
    program(
        machine[1], "python3", 'case "$1" in --version) echo Python 3.12.1 ;; -m) echo no ensurepip >&2; exit 1 ;; esac'
    )
    code, said = bootstrap(machine)
    assert code == 1
    assert "no ensurepip" in said
    assert "sudo apt-get install python3-venv" in said


@pytest.fixture
def ready(machine):
    program(machine[1], "python3", NEW)
    program(machine[1], "bwrap", "exit 0")
    (machine[1] / "chmod").symlink_to(shutil.which("chmod"))
    return machine


def test_a_second_run_does_nothing(ready):
    assert "setup: done." in bootstrap(ready, PIP="true")[1]
    assert bootstrap(ready, PIP="echo ran again; false") == (0, "")


def test_a_failed_install_is_told_and_tried_again(ready):
    code, said = bootstrap(ready, PIP="echo no space left on device >&2; false")
    assert code == 1
    assert "no space left on device" in said
    assert "install.log" in said
    code, said = bootstrap(ready, PIP="true")
    assert code == 0
    assert "done" in said


def test_changed_pins_are_installed(ready):
    bootstrap(ready, PIP="true")
    (ready[0] / "constraints.txt").write_text("numpy==2.0.0\n")
    assert "bringing .venv up to date" in bootstrap(ready, PIP="true")[1]


def test_missing_bubblewrap_without_rights_prints_the_command(ready):
    (ready[1] / "bwrap").unlink()
    program(ready[1], "apt-get", "exit 1")
    (ready[1] / "id").unlink()
    program(ready[1], "id", "echo 1000")
    code, said = bootstrap(ready, PIP="true")
    assert code == 0
    assert "Run: sudo apt-get install -y bubblewrap" in said


def test_missing_bubblewrap_is_installed_by_root(ready):
    (ready[1] / "bwrap").unlink()
    program(ready[1], "apt-get", f'echo "$@" >>"{ready[0]}/apt.log"')
    (ready[1] / "id").unlink()
    program(ready[1], "id", "echo 0")
    bootstrap(ready, PIP="true")
    assert "install -y bubblewrap" in (ready[0] / "apt.log").read_text()


def test_bubblewrap_that_may_not_work_is_told(ready):
    program(ready[1], "bwrap", "exit 1")
    assert "may not make namespaces" in bootstrap(ready, PIP="true")[1]


def test_macos_is_told_what_works(ready):
    (ready[1] / "uname").unlink()
    program(ready[1], "uname", "echo Darwin")
    assert "grading needs Linux" in bootstrap(ready, PIP="true")[1]


def test_python_refuses_to_install_seqlab_on_an_old_python():
    """pip itself reads requires-python; the course's own says 3.11."""
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
    assert sys.version_info >= (3, 11)
    assert os.access(ROOT / "tools" / "bootstrap.sh", os.X_OK)
