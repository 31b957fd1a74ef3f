"""Each limit of course.toml, reached with a small one; the threat model is in docs/grading.md."""

import os
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox.bench import SandboxBench
from autograder.sandbox.cgroup import Groups
from autograder.sandbox.child import Allowance, ChildLost, Deadline
from autograder.sandbox.inside import namespaces
from autograder.sandbox.meter import processor_seconds
from autograder.session import Session, SessionOver
from autograder.student import run_play
from autograder.submission import RunnableCell
from seqlab.checking.complaints import StudentError
from seqlab.checking.guards import Guard
from seqlab.checking.values import MAX_BYTES, NotAValue, value_of
from seqlab.checking.wire import MAX_HEADER, MAX_PAYLOAD, WireError, receive, send
from tests.attacks.children import LIMITS, printed, run

pytestmark = pytest.mark.sandbox
X = np.arange(4.0)
TWO_BUSY_PROCESSES = "import os\nos.fork()\nwhile True: pass"
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


def played(child, deadline=None, cpu_seconds=60.0):
    bench = SandboxBench(child, 30, deadline or Deadline(60), cpu_seconds)
    plan = run_play(bench, lambda student, x: {"out": student.f(x)}, {"x": X}, {})
    return bench.value(plan.outputs["out"])


def test_processor_time_of_a_cell_counts_all_its_processes(child):
    with pytest.raises(ChildLost, match="more than 1 seconds of processor time"):
        child.request({"action": "cell", "source": TWO_BUSY_PROCESSES}, Allowance(60, cpu_seconds=1))


def test_processor_time_of_a_call_is_limited(child):
    run(child, "def f(x):\n    while True: pass")
    with pytest.raises(ChildLost, match="more than 1 seconds of processor time"):
        played(child, cpu_seconds=1)


def test_sleeping_costs_no_processor_time(child):
    child.request({"action": "cell", "source": "import time; time.sleep(1.5)"}, Allowance(30, cpu_seconds=1))


def test_a_process_that_was_waited_for_still_counts(child):
    source = "import os\nif os.fork() == 0:\n    while sum(os.times()[:2]) < 1: pass\n    os._exit(0)\nos.wait()"
    before = child.used()
    assert run(child, source, 60) == ""
    assert child.used() - before > 0.8


def test_the_submission_s_processor_time_goes_on_in_the_next_child(launcher):
    limits = replace(LIMITS, cell_seconds=60, case_seconds=60, cpu_seconds=3, cell_cpu_seconds=2, case_cpu_seconds=2)
    cells = [RunnableCell(1, "def f(x):\n    while True: pass")]
    with Session(launcher, cells, limits) as session:
        with pytest.raises(ChildLost, match="more than 2 seconds of processor time"):
            run_play(session.bench(), lambda student, x: {"out": student.f(x)}, {"x": X}, {})
        session.abandon()
        with pytest.raises(ChildLost, match="whole submission used more than 3 seconds"):
            run_play(session.bench(), lambda student, x: {"out": student.f(x)}, {"x": X}, {})
        session.abandon()
        with pytest.raises(SessionOver, match="whole submission used more than 3 seconds"):
            session.bench()


def test_a_process_that_is_not_there_has_used_nothing():
    assert processor_seconds(-1) == 0
    assert processor_seconds(2**30) == 0


@pytest.mark.parametrize(
    "value",
    [
        "nested(10**5)",
        "(i for i in range(10**9))",
        "dict.fromkeys(range(10**6))",
        "np.broadcast_to(0.0, 10**9)",
        "torch.zeros(1).expand(10**9)",
        "np.lib.stride_tricks.as_strided(np.zeros(1), (10**5, 10**5), (0, 0))",
        "10**4000",
        "'x' * 10**7",
        "np.zeros(3, dtype=[('a', 'f8')])",
        "type('T' * 10**7, (), {})()",
    ],
)
def test_a_result_too_deep_or_too_large_is_refused_in_the_child(child, value):
    nested = (
        "def nested(depth):\n    found = []\n    for _ in range(depth):\n        found = [found]\n    return found\n"
    )
    run(child, f"import numpy as np, torch\n{nested}def f(x): return {value}")
    with pytest.raises(NotAValue):
        played(child)
    assert run(child, "1") == ""


def test_a_result_at_the_limit_is_let_through():
    assert value_of(np.broadcast_to(np.float32(1), MAX_BYTES // 4)).numbers.nbytes == MAX_BYTES
    with pytest.raises(NotAValue, match="at most 64 MB"):
        value_of(np.broadcast_to(np.float32(1), MAX_BYTES // 4 + 1))


FORGED = {
    "a header of 4 GB": struct.pack(">I", 2**32 - 1),
    "depth": b"[" * 10**5,
    "depth closed": b'{"body":' + b"[" * 10**5 + b"]" * 10**5 + b',"arrays":{}}',
    "a payload of 2 GB": b'{"body":{},"arrays":{"value":{"dtype":"<f8","shape":[268435456],"layout":"C"}}}',
    "infinitely many": b'{"body":{},"arrays":{"value":{"dtype":"<f8","shape":[Infinity],"layout":"C"}}}',
    "nothing, very wide": b'{"body":{},"arrays":{"value":{"dtype":"<f8","shape":[0,%d],"layout":"strided"}}}' % 10**30,
    "objects": b'{"body":{},"arrays":{"value":{"dtype":"|O","shape":[1],"layout":"C"}}}',
    "a negative size": b'{"body":{},"arrays":{"value":{"dtype":"<f8","shape":[-1],"layout":"C"}}}',
    "a long number": b'{"body":' + b"9" * 10**5 + b',"arrays":{}}',
    "seventeen dimensions": b'{"body":{},"arrays":{"value":{"dtype":"<f8","shape":[%s],"layout":"C"}}}'
    % b",".join([b"0"] * 17),
    "not text": b"\xff\xfe",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_message_is_refused_before_it_is_believed(forged):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        data = forged if forged.startswith(b"\xff\xff") else struct.pack(">I", len(forged)) + forged
        writer = threading.Thread(target=theirs.sendall, args=(data,), daemon=True)
        writer.start()
        ours.settimeout(10)
        with pytest.raises(WireError):
            receive(ours, MAX_BYTES)
    writer.join(5)


def test_what_is_too_large_to_read_is_not_sent():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(WireError, match="a header of"):
            send(ours, {"word": "x" * MAX_HEADER})
        with pytest.raises(WireError, match="bytes of arrays"):
            send(ours, {}, {"x": np.broadcast_to(np.float64(0), MAX_PAYLOAD // 8 + 1)})


def peak():
    """The most memory that this process has had, in KiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def test_a_line_of_200_mb_leaves_the_judge_s_memory_flat(child):
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = peak()
    assert run(child, "import sys\nfor _ in range(200): sys.stdout.write('x' * (1 << 20))", 60) == ""
    grown = peak() - before
    assert len(child.printed()) == LIMITS.output_kb << 10
    assert grown < 8 << 10  # KiB


def cgroup2_mount():
    """Where this machine's cgroup v2 can be written; its controllers may all be taken by version 1."""
    lines = (line.split(" ") for line in Path("/proc/self/mountinfo").read_text().splitlines())
    points = [Path(fields[4]) for fields in lines if "cgroup2" in fields]
    return next((point for point in points if os.access(point / "cgroup.procs", os.W_OK)), None)


def test_a_child_is_in_a_group_of_its_own_from_the_start_and_the_group_goes_with_it(launcher, monkeypatch):
    point = cgroup2_mount()
    if point is None:
        pytest.skip("this user may not write to a cgroup v2 here")
    monkeypatch.setattr(launcher, "_groups", Groups(point))
    child = launcher.start()
    try:
        assert run(child, "import subprocess; p = subprocess.Popen(['sleep', '60'])") == ""
        groups = {Path(f"/proc/{pid}/cgroup").read_text().split("0::")[1].split()[0] for pid in child.pids()}
        assert len(child.pids()) == 3
    finally:
        child.close()
    (group,) = groups
    assert group.startswith("/seqlab-")
    assert not (point / group.strip("/")).exists()
    assert "a control group" in launcher.protections


GUARDED = """\
import numpy as np, torch
def f(x):
    return torch.tanh(torch.from_numpy(x)).numpy()
def g(x):
    return np.tanh(x)
def h(x):
    torch.ones(2)
    raise ValueError('no')
"""


def test_the_child_tells_what_was_leaned_on(child):
    assert run(child, GUARDED) == ""
    bench = SandboxBench(child, 30, Deadline(60))
    found = {}
    for name in "fgh":
        bench.guard(Guard(name, ("f", "g", "h"), ("numpy",)))
        with suppress(StudentError):
            run_play(bench, lambda student, x, name=name: {"out": getattr(student, name)(x)}, {"x": X}, {})
        found[name] = bench.guarded()
    assert found == {
        "f": [("f", "called torch.tanh"), ("f", "called torch.Tensor.numpy")],
        "g": [],
        "h": [("h", "called torch.ones")],
    }


def test_a_library_imported_in_a_cell_is_seen_when_it_is_used(child):
    pytest.importorskip("scipy")
    assert run(child, "import numpy as np\nfrom scipy.special import expit\ndef f(x): return expit(x)") == ""
    bench = SandboxBench(child, 30, Deadline(60))
    bench.guard(Guard("f", ("f",), ("numpy",)))
    run_play(bench, lambda student, x: {"out": student.f(x)}, {"x": X}, {})
    assert bench.guarded() == [("f", "used scipy")]
