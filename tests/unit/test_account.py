"""What runs as the student's account ends with the child, also where a process looks as if it had ended already."""

import os
import platform
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.sandbox import account

ACCOUNT = 60_000 + os.getpid() % 4000  # not the real one: tests beside this one may use that
EXIT = {"x86_64": 60, "aarch64": 93}  # the system call that ends one thread
HALF_ENDED = f"""\
import ctypes, os, threading, time
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(*3 * [{ACCOUNT}])
    os.setresuid(*3 * [{ACCOUNT}])
if os.fork():
    time.sleep(60)
os.setsid()
threading.Thread(target=time.sleep, args=(60,)).start()
print(os.getpid(), flush=True)
ctypes.CDLL(None).syscall({EXIT.get(platform.machine())}, 0)
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in EXIT, reason="knows the system calls of Linux on x86 and ARM"
)


@pytest.fixture
def started(monkeypatch):
    """A child that started another, whose first thread left and whose second sleeps on; and its number."""
    monkeypatch.setattr(account, "STUDENT_ID", ACCOUNT)
    child = subprocess.Popen([sys.executable, "-I", "-c", HALF_ENDED], stdout=subprocess.PIPE)
    other = int(child.stdout.readline())
    await_state(Path("/proc", str(other)), "Z")
    yield child, other
    for pid in (child.pid, other):
        subprocess.run(["kill", "-9", str(pid)], check=False, capture_output=True)
    child.wait()
    child.stdout.close()


def await_state(process, state):
    for _ in range(500):
        if account._state(process) == state:
            return
        time.sleep(0.01)
    pytest.fail(f"{process} is {account._state(process)}; expected {state}")


def test_a_process_without_its_first_thread_has_not_ended_while_another_runs(started):
    child, other = started
    assert not account._ended(Path("/proc", str(other)))
    os.kill(child.pid, 9)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert account._ended(Path("/proc", str(child.pid)))  # it is only waited for


@pytest.mark.skipif(os.geteuid() != 0, reason="an account of its own needs root")
def test_a_process_without_its_first_thread_is_ended_with_the_child(started):
    child, other = started
    assert other in account._living()
    account._Account(child).kill()
    child.wait()
    assert select.select([child.stdout], [], [], 5)[0]
    assert child.stdout.read() == b""  # the end: nobody holds it open
    assert list(account._living()) == []
