"""What student code can reach and use up inside the sandbox. The threat model is in docs/grading.md."""

import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox.bench import SandboxBench
from autograder.sandbox.child import ChildLost, Deadline
from autograder.sandbox.launchers import PlainLauncher
from autograder.session import Session, SessionOver
from autograder.student import run_play
from autograder.submission import RunnableCell
from seqlab.checking.complaints import StudentError
from tests.attacks.children import LIMITS, printed, run
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox
X = np.arange(4.0)
WRITE_EVERYWHERE = """\
import os
for fd in range(3, 50):
    try:
        os.write(fd, {data!r})
    except OSError:
        pass
"""


@pytest.fixture(scope="module")
def shared(launcher):
    """One child for all tests that leave it alive and well."""
    child = launcher.start()
    yield child
    child.close()


def played(child, name="f"):
    bench = SandboxBench(child, LIMITS.case_seconds, Deadline(60))
    plan = run_play(bench, lambda student, x: {"out": getattr(student, name)(x)}, {"x": X}, {})
    return bench.value(plan.outputs["out"]).numbers


def test_ordinary_work_works(shared):
    assert run(shared, "import numpy as np\ndef f(x): return 2 * x") == ""
    assert np.array_equal(played(shared), 2 * X)


def test_ipython_magics_work(shared):
    assert run(shared, "%time y = 1\n!true\nf = lambda x: x + y") == ""
    assert np.array_equal(played(shared), X + 1)


@pytest.mark.parametrize(
    "path",
    [
        str(ROOT / "solutions"),
        str(ROOT / "autograder"),
        str(ROOT / "course.toml"),
        str(ROOT / "assignments"),
        str(ROOT / "classroom"),
        str(ROOT / ".git"),
        "/root/.ssh",
        "/etc/shadow",
        "/etc/passwd",
        "/var",
        "/sys",
    ],
)
def test_nothing_of_ours_or_the_machine_s_can_be_seen(shared, path):
    assert "FileNotFoundError" in run(shared, f"import os; os.stat({path!r})")


def test_neither_autograder_nor_the_masters_can_be_imported(shared):
    assert "ModuleNotFoundError" in run(shared, "import autograder")
    assert "ModuleNotFoundError" in run(shared, "import solutions.s01_rnn")


def test_the_environment_tells_nothing(shared):
    run(shared, "import os; print(sorted(os.environ))")
    names = set(printed(shared, "PYTHONPATH").split("'"))
    assert not {"USER", "SSH_AUTH_SOCK", "VIRTUAL_ENV", "PIP_CONFIG_FILE"} & names


def test_no_process_inside_tells_the_instructor_s_environment_or_paths(launcher, monkeypatch):
    """Bubblewrap itself is the first process inside; what it was started with can be read by all the others."""
    monkeypatch.setenv("SECRET_TOKEN", "canary-7d1f")
    child = launcher.start()
    try:
        source = "from glob import glob\nfor p in glob('/proc/[0-9]*/environ') + glob('/proc/[0-9]*/cmdline'):\n"
        run(child, source + "    print(p, open(p).read())\nprint('looked')")
        text = printed(child, "looked")
        assert "canary-7d1f" not in text
        assert str(ROOT / "assignments") not in text
        assert "checks.h5" not in text
    finally:
        child.close()


def test_nothing_the_child_started_outlives_it(launcher):
    child = launcher.start()
    run(child, "import subprocess; subprocess.Popen(['sleep', '86399'], start_new_session=True)")
    assert _running("86399")
    child.close()
    deadline = time.monotonic() + 5
    while _running("86399") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _running("86399")


def _running(word):
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return any(word.encode() in line.split(b"\0") for line in lines)


def test_there_is_no_network(shared):
    source = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=2)"
    assert "Error" in run(shared, source)
    run(shared, "import os; print(os.listdir('/proc/sys/net/ipv4/conf'), len(open('/proc/net/dev').readlines()))")
    assert "eth0" not in printed(shared, "'lo'")


def test_other_processes_cannot_be_seen(shared):
    run(shared, "import os; print('pids', [p for p in os.listdir('/proc') if p.isdigit()])")
    assert len(printed(shared, "pids").split("pids")[1].split("]")[0].split(",")) < 6


@pytest.mark.parametrize("folder", ["/usr", "/opt/seqlab/seqlab", "/opt", "/", "/dev", "/etc"])
def test_libraries_are_read_only(shared, folder):
    assert "Error" in run(shared, f"open({folder + '/evil.py'!r}, 'w')")


def test_what_one_child_writes_the_next_does_not_find(launcher):
    first, second = launcher.start(), launcher.start()
    try:
        assert run(first, "open('/tmp/note', 'w').write('hi'); open('note', 'w').write('hi')") == ""
        assert "FileNotFoundError" in run(second, "open('/tmp/note')")
        assert "FileNotFoundError" in run(second, "open('note')")
    finally:
        first.close()
        second.close()


def test_an_endless_loop_is_stopped(child):
    with pytest.raises(ChildLost, match="took longer than 1 seconds"):
        run(child, "while True: pass", seconds=1)


def test_a_slow_trickle_of_bytes_does_not_extend_the_deadline(child):
    source = WRITE_EVERYWHERE.format(data=b"\0") + "import time; time.sleep(60)"
    with pytest.raises(ChildLost, match="took longer than 2 seconds"):
        run(child, source, seconds=2)


def test_memory_is_limited_and_the_child_lives_on(child):
    assert "MemoryError" in run(child, "import numpy as np; a = np.ones(10**9)")
    assert run(child, "b = 1") == ""


def test_file_size_and_disk_are_limited(child):
    assert "Error" in run(child, "open('big', 'wb').write(b'x' * (8 << 20))")
    source = "for i in range(40):\n    open(f'/tmp/{i}', 'wb').write(b'x' * (1 << 20))"
    assert "No space left" in run(child, source)


def test_shared_memory_is_limited_too(child):
    source = "for i in range(3):\n    open(f'/dev/shm/{i}', 'wb').write(b'x' * (3 << 20))"
    assert "No space left" in run(child, source)


def test_output_is_kept_up_to_a_cap_and_dropped_beyond(child):
    assert run(child, "print('x' * (20 << 20))") == ""
    assert len(child.printed()) <= LIMITS.output_kb << 10


def test_leaving_or_crashing_is_a_lost_child_not_an_error_of_ours(launcher):
    for source in (
        "import os; os._exit(0)",
        "import ctypes; ctypes.string_at(0)",
        "import os; os.kill(os.getpid(), 9)",
    ):
        child = launcher.start()
        with pytest.raises(ChildLost, match="ended the Python process"):
            run(child, source)


@pytest.mark.parametrize(
    "source", ["raise SystemExit(3)", "import sys; sys.exit()", "quit()", "raise KeyboardInterrupt", "input()"]
)
def test_polite_ways_to_leave_end_the_cell_only(shared, source):
    run(shared, source)
    assert run(shared, "f = lambda x: x") == ""
    assert np.array_equal(played(shared), X)


@pytest.mark.parametrize("value", ["{'a': 1}", "'text'", "object()", "(1, 2)", "np.array([object()])"])
def test_what_is_not_numbers_never_becomes_a_value(shared, value):
    run(shared, f"import numpy as np\nf = lambda x: {value}")
    from seqlab.checking.values import NotAValue

    with pytest.raises(NotAValue):
        played(shared)


def test_nothing_is_not_a_value_either(shared):
    run(shared, "f = lambda x: None")
    with pytest.raises(StudentError, match="returned None: is a `return` missing"):
        played(shared)


def test_a_lying_array_is_taken_at_its_bytes(shared):
    run(
        shared,
        "import numpy as np\nclass Liar(np.ndarray):\n    def __eq__(self, other): return True\n"
        "    def __array__(self, *a, **k): return np.full(4, 7.0)\nf = lambda x: np.zeros(4).view(Liar)",
    )
    assert not np.array_equal(played(shared), X)


def test_a_forged_answer_is_only_a_claim_about_a_value(child):
    """Writing a made-up reply on the socket gets the child killed or its value compared, never a score."""
    forged = textwrap.indent(WRITE_EVERYWHERE.format(data=b"\0\0\0\2{}"), "    ")
    run(child, f"def f(x):\n{forged}    return x")
    with pytest.raises((ChildLost, StudentError)):
        played(child)


def test_patching_numpy_inside_changes_nothing_outside(child):
    run(
        child,
        "import numpy as np\nnp.array_equal = np.isclose = np.allclose = lambda *a, **k: True\nf = lambda x: x * 0",
    )
    assert np.array_equal(played(child), X * 0)
    assert not np.allclose(X, X + 1)


def test_a_cell_that_kills_is_left_out_and_the_rest_is_replayed(launcher):
    cells = [
        RunnableCell(1, "a = 1"),
        RunnableCell(2, "import os; os._exit(1)"),
        RunnableCell(3, "f = lambda x: x + a"),
    ]
    with Session(launcher, cells, LIMITS) as session:
        bench = session.bench()
        plan = run_play(bench, lambda student, x: {"out": student.f(x)}, {"x": X}, {})
        assert np.array_equal(bench.value(plan.outputs["out"]).numbers, X + 1)
        (problem,) = session.problems()
        assert problem.cell == 2


def test_too_many_killing_cells_end_the_session(launcher):
    cells = [RunnableCell(number, "import os; os._exit(1)") for number in range(1, 7)]
    with Session(launcher, cells, LIMITS) as session, pytest.raises(SessionOver, match="more than 3 cells"):
        session.bench()


def call_again_and_again(bench):
    for _ in range(9):
        run_play(bench, lambda student, x: {"out": student.f(x)}, {"x": X}, {})


def test_many_slow_cells_and_calls_end_with_the_submission_s_time(launcher):
    """Each stays below its own limit; the whole does not, and what is tried after that fails at once."""
    short = replace(LIMITS, submission_seconds=7)
    cells = [
        RunnableCell(1, "import time\ndef f(x):\n    time.sleep(1.5)\n    return x"),
        RunnableCell(2, "time.sleep(1)"),
    ]
    with Session(launcher, cells, short) as session:
        bench = session.bench()
        with pytest.raises(ChildLost):
            call_again_and_again(bench)
        session.abandon()
        with pytest.raises(SessionOver, match="the whole submission took longer than 7 seconds"):
            session.bench()


def test_without_walls_the_same_protocol_works():
    child = PlainLauncher(LIMITS).start()
    try:
        assert run(child, "f = lambda x: x * 3") == ""
        assert np.array_equal(played(child), X * 3)
    finally:
        child.close()
