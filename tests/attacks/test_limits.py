"""Each limit of course.toml, reached with a small one; the threat model is in docs/grading.md."""

import time
from dataclasses import replace

import pytest

from autograder.course import load_course
from autograder.isolation import make_launcher
from autograder.sandbox.inside import namespaces
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox
LIMITS = replace(load_course(ROOT).limits, cell_seconds=8, call_seconds=4, file_mb=4, memory_mb=512, output_kb=64)
START_UNTIL_REFUSED = """\
import subprocess
started = []
try:
    while len(started) < 400:
        started.append(subprocess.Popen(['sleep', '60']))
except OSError as error:
    pass
print(f'{len(started)} processes')
"""


@pytest.fixture(scope="module")
def launcher(isolation, released):
    launcher = make_launcher(LIMITS, "bubblewrap", released.release_folder("s01_rnn"))
    yield launcher
    launcher.close()


@pytest.fixture
def child(launcher):
    child = launcher.start()
    yield child
    child.close()


def run(child, source, seconds=8):
    answer, _ = child.request({"action": "cell", "source": source}, seconds)
    return answer["error"]


def printed(child, word):
    """What the child printed, once ``word`` has arrived: output comes by another way than answers."""
    deadline = time.monotonic() + 5
    while word not in child.printed() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert word in child.printed()
    return child.printed()


def test_the_kernel_s_settings_cannot_be_changed(child):
    """To the kernel, a child of root's judge is the owner of /proc/sys: core_pattern would run a program as root."""
    source = "import os\nfor name in ('core_pattern', 'pid_max', 'hostname'):\n"
    source += "    try:\n        os.open(f'/proc/sys/kernel/{name}', os.O_WRONLY); print('open', name)\n"
    assert run(child, source + "    except OSError:\n        pass\nprint('tried')") == ""
    assert "open" not in printed(child, "tried")


def test_the_number_of_processes_is_limited_also_where_root_grades(launcher, child):
    if "own pid_max" not in launcher.protections:
        pytest.skip("this kernel has one pid_max for the whole machine (before Linux 6.14)")
    assert run(child, START_UNTIL_REFUSED, 60) == ""
    count = int(printed(child, "processes").split()[0])
    assert 100 < count <= namespaces.LEAST_PROCESSES


@pytest.mark.parametrize(
    ("release", "own"),
    [("6.18.44-fc", True), ("7.0", True), ("6.14.0", True), ("6.8.0-31-generic", False), ("x", False)],
)
def test_the_machine_s_own_pid_max_is_never_written(release, own):
    assert namespaces.owns_pid_max(release) is own
