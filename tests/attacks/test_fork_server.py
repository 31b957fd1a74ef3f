"""The warm sandbox: every child a world of its own, nothing left for the next, and a fork server that may be killed."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest

from autograder.isolation import make_launcher
from autograder.sandbox.bench import SandboxBench
from autograder.sandbox.child import ChildLost, Deadline, HostLost
from autograder.student import run_play
from tests.attacks.children import LIMITS, run

pytestmark = pytest.mark.sandbox


@pytest.fixture
def pair(launcher):
    """Two children at the same time."""
    children = launcher.start(), launcher.start()
    yield children
    for child in children:
        child.close()


def said(child, source):
    """What a cell prints: it runs, then what has come through the pipe is read."""
    assert run(child, source) == ""
    deadline = time.monotonic() + 5
    while "\n" not in child.printed() and time.monotonic() < deadline:
        time.sleep(0.01)
    return child.printed().strip()


def test_a_child_has_no_rights_and_cannot_get_any(child):
    source = (
        "import re, ctypes\n"
        "text = open('/proc/self/status').read()\n"
        "sets = re.findall(r'Cap\\w+:\\s*(\\w+)', text)\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "tried = [libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, None), libc.setuid(0),\n"
        "         libc.umount2(b'/proc', 2), libc.sethostname(b'x', 1)]\n"
        "print(set(sets), re.search(r'NoNewPrivs:\\s*(\\d)', text)[1], tried)"
    )
    assert said(child, source) == "{'0000000000000000'} 1 [-1, -1, -1, -1, -1]"


def test_a_child_sees_only_its_own_processes(pair):
    for one in pair:
        assert said(
            one, "import os; print(sorted(int(x) for x in os.listdir('/proc') if x.isdigit()), os.getpid())"
        ) == ("[1, 2] 2")


def test_children_share_no_file_no_socket_no_terminal_and_no_memory(pair):
    first, second = pair
    leave = (
        "import os, socket, pty\n"
        "from multiprocessing import shared_memory\n"
        "for place in ('/tmp', '/home/student', '/dev/shm'):\n"
        "    open(f'{place}/left', 'w').write('x')\n"
        "os.mkfifo('/tmp/fifo')\n"
        "kept = shared_memory.SharedMemory('left_here', create=True, size=64)\n"
        "meeting = socket.socket(socket.AF_UNIX); meeting.bind('\\0meeting'); meeting.listen()\n"
        "terminal = pty.openpty()\n"
        "net = socket.socket(); net.bind(('127.0.0.1', 4321)); net.listen()"
    )
    assert "OSError" in run(first, leave) or run(first, "pass") == ""
    look = (
        "import os, socket\n"
        "places = ('/tmp', '/home/student', '/dev/shm')\n"
        "found = [name for place in places for name in os.listdir(place) if name != 'checks.h5']\n"
        "found += [name for name in os.listdir('/dev/pts') if name.isdigit()]\n"
        "for family, address in ((socket.AF_UNIX, '\\0meeting'), (socket.AF_INET, ('127.0.0.1', 4321))):\n"
        "    try:\n"
        "        socket.socket(family).connect(address); found.append(address)\n"
        "    except OSError:\n"
        "        pass\n"
        "print(found)"
    )
    assert said(second, look) == "[]"


def test_children_share_no_keys(pair):
    """add_key and keyctl_search, by their numbers."""
    first, second = pair
    common = (
        "import ctypes, platform\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "add, ctl = (248, 250) if platform.machine() == 'x86_64' else (217, 219)\n"
    )
    run(first, common + "libc.syscall(add, b'user', b'canary', b'secret', 6, -3)")
    found = said(
        second, common + "print([libc.syscall(ctl, 10, ring, b'user', b'canary', 0) for ring in (-3, -4, -5)])"
    )
    assert found == "[-1, -1, -1]"


def test_a_child_can_signal_and_trace_nobody(pair, launcher):
    first, second = pair
    source = (
        "import os, ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "hit = []\n"
        "for pid in range(3, 400):\n"
        "    try:\n"
        "        os.kill(pid, 0); hit.append(pid)\n"
        "    except ProcessLookupError:\n"
        "        pass\n"
        "print(hit, [pid for pid in range(3, 400) if libc.ptrace(16, pid, 0, 0) == 0])"
    )
    assert said(first, source) == "[] []"
    with pytest.raises(ChildLost):
        run(
            first,
            "import os\nfor pid in (1, -1):\n    try:\n        os.kill(pid, 9)\n    finally:\n        os._exit(1)",
        )
    assert run(second, "1") == ""
    assert launcher.start().close() is None


def test_only_the_judge_s_channel_and_the_printing_pipe_are_open(child):
    source = (
        "import os\n"
        "names = {int(fd): os.readlink(f'/proc/self/fd/{fd}').split(':')[0] for fd in os.listdir('/proc/self/fd')\n"
        "         if os.path.exists(f'/proc/self/fd/{fd}') or True and int(fd) < 4}\n"
        "print([names[fd] for fd in sorted(names)][:4], len([fd for fd in names if fd > 3]))"
    )
    assert said(child, source) == "['/dev/null', 'pipe', 'pipe', 'socket'] 0"


def test_nothing_of_one_child_reaches_the_next(launcher):
    spoiled = launcher.start()
    spoil = (
        "import numpy as np, torch, sys, builtins, random\n"
        "np.tanh = None; np.ndarray.__module__; torch.tanh = None; builtins.len = None; sys.modules['seqlab'] = None\n"
        "get_ipython().ast_transformers.append(None)\n"
        "left = 1"
    )
    with suppress(ChildLost):
        run(spoiled, spoil)
    spoiled.close()
    fresh = launcher.start()
    source = (
        "import numpy as np, torch, seqlab\n"
        "print(np.tanh(0.0), torch.tanh(torch.zeros(1)).item(), len('ab'), 'left' in globals())"
    )
    assert said(fresh, source) == "0.0 0.0 2 False"
    fresh.close()


def test_children_draw_different_numbers(pair):
    source = "import random, numpy as np; print(random.random(), np.random.rand())"
    first, second = (said(one, source).split() for one in pair)
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_the_number_of_files_is_limited(child):
    error = run(child, "for i in range(20000):\n    open(f'/tmp/{i}', 'w').close()")
    assert "No space left" in error


def test_what_a_child_left_running_ends_with_it(launcher):
    child = launcher.start()
    source = (
        "import subprocess, os\n"
        "subprocess.Popen(['sleep', '987'], start_new_session=True)\n"
        "if os.fork() == 0:\n    os.setsid()\n    os.execlp('sleep', 'sleep', '986')"
    )
    assert run(child, source) == ""
    child.close()
    time.sleep(0.2)
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 987" not in running
    assert "sleep 986" not in running


def fork_servers():
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [
        int(pid) for pid, parent, command in rows if command.split()[0].endswith("bwrap") and int(parent) == os.getpid()
    ]


def test_a_fork_server_that_is_killed_is_replaced_and_its_children_are_lost(launcher):
    child = launcher.start()
    os.kill(launcher._held[0]._process.pid, signal.SIGKILL)
    with pytest.raises(HostLost):
        run(child, "while True: pass")
    after = launcher.start()
    assert run(after, "1") == ""
    after.close()


def test_closing_ends_the_fork_server_and_every_child(isolation, released):
    launcher = make_launcher(LIMITS, "bubblewrap", released.release_folder("s01_rnn"))
    before = set(fork_servers())
    child = launcher.start()
    (server,) = set(fork_servers()) - before
    launcher.close()
    assert server not in fork_servers()
    with pytest.raises(HostLost):
        run(child, "1")


def test_many_threads_may_start_children_at_once(launcher):
    def work(number):
        child = launcher.start()
        try:
            assert run(child, f"def f(x):\n    return x + {number}") == ""
            bench = SandboxBench(child, 5, Deadline(60))
            x = np.arange(3.0)
            plan = run_play(bench, lambda student, x: {"y": student.f(x)}, {"x": x}, {})
            return bench.value(plan.outputs["y"]).numbers.tolist()
        finally:
            child.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(8))) == [[float(n), n + 1.0, n + 2.0] for n in range(8)]


def test_warm_children_cost_less_than_cold_ones(launcher):
    """The figure is in docs/benchmarks.md; here only that importing is not paid for each."""
    launcher.start().close()
    start = time.perf_counter()
    launcher.start().close()
    warm = time.perf_counter() - start
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numpy, torch, IPython"], check=True)
    assert warm < time.perf_counter() - start
