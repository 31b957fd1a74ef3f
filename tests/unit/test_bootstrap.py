"""tools/bootstrap.sh on machines that are not as it hopes: made up with fake programs, without the full install."""

import os
import shutil
import subprocess
import sys
import time

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


def bootstrap(machine, *extra, **environment):
    course, programs = machine
    done = subprocess.run(
        [course / "tools" / "bootstrap.sh", *extra],
        env={"PATH": str(programs), "HOME": str(course)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


SUDO = "" if os.getuid() == 0 else "sudo "
OLD = 'case "$1" in --version) echo Python 3.9.18 ;; *) exit 1 ;; esac'
# A stand-in for Python 3.12 that makes a "virtual environment" whose pip does what $PIP says.
NEW = """
case "$1 $2" in
    "--version "*) echo Python 3.12.1 ;;
    "-c import sys; print(sys._base_executable)") echo "BASE" ;;
    "-m venv") mkdir -p "$3/bin" && cat "$0" >"$3/bin/python" && chmod +x "$3/bin/python" ;;
    "-m pip") sh -c "$PIP" ;;
esac
"""


def new_python(folder, name, version="3.12.1"):
    program(folder, name, NEW.replace("BASE", str(folder / name)).replace("3.12.1", version))


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
    new_python(machine[1], "python3.12")
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
    assert f"{SUDO}apt-get install python3.12-venv" in said


@pytest.fixture
def ready(machine):
    new_python(machine[1], "python3")
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


def test_an_unfinished_setup_is_made_anew(ready):
    """What a stopped pip or venv leaves behind is not trusted: it may look installed and lack half of its files."""
    left = ready[0] / ".venv" / "bin"
    left.mkdir(parents=True)
    program(left, "python", NEW.replace('sh -c "$PIP"', "exit 1"))
    (ready[0] / ".venv" / "half").touch()
    code, said = bootstrap(ready, PIP="true")
    assert code == 0, said
    assert "making .venv" in said
    assert not (ready[0] / ".venv" / "half").exists()


def test_a_killed_setup_leaves_no_lock_and_is_made_anew(ready):
    course, programs = ready
    environment = {"PATH": str(programs), "HOME": str(course), "PIP": f"exec {shutil.which('sleep')} 30"}
    running = subprocess.Popen(
        [course / "tools" / "bootstrap.sh"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lock = course / "build" / "setup.pid"
    with running:
        wait_for((course / ".venv" / "install.log").exists)
        assert lock.read_text().strip() == str(running.pid)
        code, said = bootstrap(ready, PIP="true")
        assert code == 1
        assert "another setup" in said
        running.terminate()
        running.communicate(timeout=20)
    assert not lock.exists()
    assert "making .venv" in bootstrap(ready, PIP="true")[1]


def test_a_lock_whose_process_is_gone_is_taken(ready):
    (ready[0] / "build").mkdir()
    gone = subprocess.Popen([shutil.which("true")])
    gone.wait()
    (ready[0] / "build" / "setup.pid").write_text(f"{gone.pid}\n")
    assert "setup: done." in bootstrap(ready, PIP="true")[1]


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_copied_course_gets_an_environment_of_its_own(ready, tmp_path):
    """The scripts in .venv and the link to the packages name the folder that they were made in."""
    bootstrap(ready, PIP="true")
    copy = tmp_path / "a copy"
    shutil.copytree(ready[0], copy, symlinks=True)
    code, said = bootstrap((copy, ready[1]), PIP="true")
    assert code == 0, said
    assert "making .venv" in said
    assert bootstrap((copy, ready[1]), PIP="false") == (0, "")


def test_a_named_python_stays_without_being_named_again(ready):
    (ready[1] / "python3").unlink()
    new_python(ready[1], "mine")
    program(ready[1], "python3", OLD)
    assert bootstrap(ready, PYTHON=str(ready[1] / "mine"), PIP="true")[0] == 0
    assert bootstrap(ready, PIP="false") == (0, "")


def test_another_python_makes_it_anew(ready):
    bootstrap(ready, PIP="true")
    new_python(ready[1], "other", version="3.13.0")
    said = bootstrap(ready, PYTHON=str(ready[1] / "other"), PIP="true")[1]
    assert "making .venv with Python 3.13.0" in said


def test_the_environment_s_own_python_on_the_path_is_not_what_it_is_made_from(ready):
    """Someone who has activated .venv, and whose setup must be made anew, has its python3 first on PATH."""
    course, programs = ready
    bootstrap(ready, PIP="true")
    (course / ".venv" / ".seqlab-stamp").unlink()
    own = course / ".venv" / "bin"
    shutil.copy(own / "python", own / "python3")
    code, said = bootstrap(ready, PATH=f"{own}:{programs}", PIP="true")
    assert code == 0, said


def test_settings_of_other_projects_do_not_reach_pip(ready):
    pip = 'echo "user=$PIP_USER path=${PYTHONPATH-unset} target=${PIP_TARGET-unset}"; false'
    said = bootstrap(ready, PIP=pip, PIP_USER="1", PYTHONPATH="/elsewhere", PIP_TARGET="/elsewhere")[1]
    assert "user=0 path=unset target=unset" in said


def test_changed_pins_are_installed(ready):
    bootstrap(ready, PIP="true")
    (ready[0] / "constraints.txt").write_text("numpy==2.0.0\n")
    assert "bringing .venv up to date" in bootstrap(ready, PIP="true")[1]


def test_an_extra_is_installed_when_first_wanted_and_again_when_pins_change(ready):
    def runs_of_pip():
        return len((ready[0] / "pip.log").read_text().splitlines())

    said = bootstrap(ready, PIP="echo ran >>pip.log")[1]
    assert runs_of_pip() == 1
    assert "adding the packages" not in said
    code, said = bootstrap(ready, "docs", PIP="echo ran >>pip.log")
    assert code == 0, said
    assert "adding the packages for docs" in said
    assert runs_of_pip() == 2
    assert bootstrap(ready, "docs", PIP="echo ran >>pip.log") == (0, "")
    assert runs_of_pip() == 2
    (ready[0] / "constraints.txt").write_text("numpy==2.0.0\n")
    assert "adding the packages for docs" in bootstrap(ready, "docs", PIP="echo ran >>pip.log")[1]
    assert runs_of_pip() == 4
    assert not (ready[0] / "build" / "setup.pid").exists()


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


@pytest.mark.parametrize(
    ("setting", "value", "advice"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", 1, "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", 0, "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", 0, "user.max_user_namespaces=15000"),
        ("none/of/them", 0, "In a container"),
    ],
)
def test_bubblewrap_that_may_not_work_says_what_to_change(ready, setting, value, advice):
    program(ready[1], "bwrap", "exit 1")
    cat = shutil.which("cat")
    (ready[1] / "cat").unlink()
    cases = f'/proc/sys/{setting}) echo {value} ;; /proc/*) exit 1 ;; *) exec {cat} "$@" ;;'
    program(ready[1], "cat", f'case "$1" in {cases} esac')
    code, said = bootstrap(ready, PIP="true")
    assert code == 0
    assert "may not make namespaces" in said
    assert advice in said


def test_macos_is_told_what_works(ready):
    (ready[1] / "uname").unlink()
    program(ready[1], "uname", "echo Darwin")
    assert "grading needs Linux" in bootstrap(ready, PIP="true")[1]


def test_python_refuses_to_install_seqlab_on_an_old_python():
    """pip itself reads requires-python; the course's own says 3.11."""
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
    assert sys.version_info >= (3, 11)
    assert os.access(ROOT / "tools" / "bootstrap.sh", os.X_OK)
