"""Children under an account of their own, for containers in which bubblewrap may not make its walls.

What Gradescope's guide to secure autograders advises: student code as a user without rights, and everything of the
grader's readable for root alone. It is less than bubblewrap: the network is open, other processes can be seen (not
touched), and whatever is readable for everybody in the container can be read. It takes root, and ``setpriv``.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from autograder.course import Limits
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import IsolationMissing
from autograder.sandbox.child import Child
from autograder.sandbox.launchers import settings

STUDENT_ID = 64_321  # of user and group; a number that nothing else in a container has
OTHERS = stat.S_IRWXG | stat.S_IRWXO
LOOKS, BETWEEN_LOOKS = 200, 0.02  # seconds
ENDED = ("Z", "X")


def without_rights(*command: str) -> list[str]:
    """A command that runs ``command`` as the student's account: no groups, no capabilities, no way to gain rights."""
    account = [f"--reuid={STUDENT_ID}", f"--regid={STUDENT_ID}", "--clear-groups"]
    return ["setpriv", *account, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--", *command]


def require_account(private: Path) -> None:
    """Try whether an account can be kept out of ``private``, and can run Python.

    Raises:
        IsolationMissing: it cannot.
    """
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        raise IsolationMissing("student code can be given an account of its own only by root and with setpriv")
    if private.stat().st_mode & OTHERS:
        raise IsolationMissing(f"others may enter {private}; expected mode 700")
    look = f"import os; os.chdir('/'); import numpy; os.listdir({str(private)!r})"
    command = without_rights(sys.executable, "-P", "-c", look)
    tried = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd="/", env={})
    if "PermissionError" not in tried.stderr or str(private) not in tried.stderr:
        said = (tried.stderr.strip() or "it could read the folder").splitlines()[-1]
        raise IsolationMissing(f"the account does not work as it should: {said}")


class AccountLauncher:
    """Starts children as the student's account, with a readable copy of what they need and nothing else of ours."""

    protections = (
        "an account without rights (no bubblewrap here): the grader's files are closed to it; the network is open, and "
        "files that everybody may read can be read"
    )

    def __init__(self, limits: Limits, private: Path) -> None:
        """Children that are kept out of ``private``.

        Raises:
            IsolationMissing: they cannot be.
        """
        require_account(private)
        self._limits = limits
        self._library = tempfile.TemporaryDirectory(prefix="seqlab-library-", dir="/tmp", ignore_cleanup_errors=True)
        for folder in (bubblewrap.SEQLAB, bubblewrap.INSIDE):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(folder, Path(self._library.name) / folder.name, ignore=ignore)
        _open_to_all(Path(self._library.name))

    def start(self) -> Child:
        """Start a child in a new home folder.

        Raises:
            LaunchFailed: it did not come up.
        """
        home = tempfile.TemporaryDirectory(prefix="seqlab-home-", dir="/tmp", ignore_cleanup_errors=True)
        os.chown(home.name, STUDENT_ID, STUDENT_ID)
        variables = {"HOME": home.name, "TMPDIR": home.name, "PYTHONPATH": self._library.name}
        folders = {"IPYTHONDIR": home.name, "MPLCONFIGDIR": home.name}
        ours, theirs = socket.socketpair()
        output, printing = os.pipe()
        serve = str(Path(self._library.name) / bubblewrap.INSIDE.name / "serve.py")
        with theirs, os.fdopen(printing, "wb") as pipe:
            process = subprocess.Popen(
                without_rights(sys.executable, serve, str(theirs.fileno()), settings(self._limits)),
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                env=bubblewrap.environment() | variables | folders,
                cwd=home.name,
            )
        child = Child(_Account(process), ours, output, self._limits.output_kb << 10, home)
        child.await_ready(self._limits.start_seconds)
        return child

    def close(self) -> None:
        """Take away the copy."""
        self._library.cleanup()


class _Account:
    """A child's process, and with it all that runs as the student's account: nothing of it outlives the child."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def wait(self) -> int:
        """Wait until the child's first process has ended."""
        return self._process.wait()

    def kill(self) -> None:
        """End every process of the account, also those that left the child's session or start while we look."""
        self._process.kill()
        for _ in range(LOOKS):
            living = list(_living())
            if not living:
                return
            for pid in living:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(BETWEEN_LOOKS)


def _living() -> Iterator[int]:
    """The account's processes that have not ended; what is only waited for has."""
    for entry in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            if entry.name.isdecimal() and entry.stat().st_uid == STUDENT_ID and not _ended(entry):
                yield int(entry.name)


def _ended(process: Path) -> bool:
    """Whether every thread of a process in ``/proc`` has: one whose first thread left shows as ended and still runs."""
    return all(_state(thread) in ENDED for thread in (process / "task").iterdir())


def _state(thread: Path) -> str:
    """The state of a thread: a letter, ``X`` where it went while we looked."""
    try:
        return (thread / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
