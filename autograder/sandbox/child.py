"""A child that runs student code, and the launchers that start one. Every answer has a deadline."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from autograder.course import Limits
from autograder.printable import printable
from autograder.sandbox import bubblewrap
from seqlab.checking.steps import Step
from seqlab.checking.values import Array, NotAValue, Value
from seqlab.checking.wire import WireError, receive, send
from seqlab.checking.workbench import StudentError

PRELOAD = ("numpy", "torch", "matplotlib.pyplot", "seqlab")
PROCESSES = 256
OPEN_FILES = 256


class ChildLost(Exception):
    """The child is gone, was killed at a deadline, or broke the protocol; the text is fit for a report."""


class LaunchFailed(Exception):
    """No child could be started; that is the machine's fault, never the student's."""


class Deadline:
    """The time that is left to one submission, whatever it does with it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def cap(self, seconds: float) -> float:
        """``seconds``, or what is left if that is less.

        Raises:
            ChildLost: nothing is left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise ChildLost(f"the whole submission took longer than {self._seconds:g} seconds")
        return min(seconds, left)


class Child:
    """One running child. After :class:`ChildLost` it is dead and stays dead."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        channel: socket.socket,
        output_bytes: int,
        folder: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self._folder = folder
        self._process = process
        self._channel = channel
        self._timed_out = False
        self._output = _Drain(process, output_bytes)

    def request(
        self, body: Mapping[str, Any], seconds: float, arrays: Mapping[str, Array] | None = None
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """Send a request and wait at most ``seconds`` for its answer.

        Raises:
            ChildLost: there was no proper answer in time.
        """
        watchdog = threading.Timer(seconds, self._expire)
        watchdog.start()
        try:
            send(self._channel, dict(body), arrays)
            answer, values = receive(self._channel)
        except (WireError, OSError) as error:
            self.close()
            raise ChildLost(self._reason(seconds, error)) from error
        finally:
            watchdog.cancel()
        if not isinstance(answer, dict):
            self.close()
            raise ChildLost("broke off the grader's protocol")
        return answer, values

    def printed(self) -> str:
        """What the student's code printed so far, up to the cap."""
        return self._output.text()

    def close(self) -> None:
        """Kill the child and everything it started."""
        self._process.kill()
        self._process.wait()
        self._channel.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _expire(self) -> None:
        self._timed_out = True
        self._process.kill()

    def _reason(self, seconds: float, error: Exception) -> str:
        if self._timed_out:
            return f"took longer than {seconds:g} seconds and was stopped"
        if isinstance(error, WireError) and self._process.returncode is None:
            return "broke off the grader's protocol"
        return "ended the Python process (exit, crash, or a limit on memory or processor time)"


class _Drain(threading.Thread):
    """Reads what a child prints, keeps the first ``limit`` bytes and drops the rest as it comes."""

    def __init__(self, process: subprocess.Popen[bytes], limit: int) -> None:
        super().__init__(daemon=True)
        self._stream = process.stdout
        self._limit = limit
        self._kept = bytearray()
        self.start()

    def run(self) -> None:
        """Read until the stream ends."""
        assert self._stream is not None
        while chunk := os.read(self._stream.fileno(), 1 << 16):
            room = self._limit - len(self._kept)
            self._kept += chunk[: max(room, 0)]
        self._stream.close()

    def text(self) -> str:
        """What was kept, as text."""
        return bytes(self._kept).decode("utf-8", "replace")


class Launcher(Protocol):
    """Starts children. ``protections`` says in words what is in force."""

    @property
    def protections(self) -> str:
        """What stands between student code and this machine."""

    def start(self) -> Child:
        """Start a child that is ready for its first request.

        Raises:
            LaunchFailed: it did not come up.
        """


class BubblewrapLauncher:
    """Children inside bubblewrap; ``files`` are shown read-only in the student's home."""

    protections = "bubblewrap: no network, own user, process and file namespaces, limits on time, memory and files"

    def __init__(self, limits: Limits, files: tuple[tuple[Path, str], ...] = ()) -> None:
        self._limits = limits
        self._files = files

    def start(self) -> Child:
        """Start a child.

        Raises:
            LaunchFailed: it did not come up.
        """
        walls = os.memfd_create("walls")
        with os.fdopen(walls, "r+b") as file:
            file.write(bubblewrap.walls(self._limits.file_mb << 20, self._files))
            file.seek(0)
            command = [bubblewrap.program(), "--args", str(walls), sys.executable, bubblewrap.SERVE]
            # bwrap stays on as the first process inside, where student code can read what it was started with.
            return _start(command, self._limits, {"LANG": "C.UTF-8"}, shared=(walls,))


class PlainLauncher:
    """Children without walls, for submissions that are trusted like one's own code."""

    protections = "NONE (--isolation none): student code runs with your rights"

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def start(self) -> Child:
        """Start a child in a new temporary folder.

        Raises:
            LaunchFailed: it did not come up.
        """
        folder = tempfile.TemporaryDirectory(prefix="seqlab-", ignore_cleanup_errors=True)
        library = str(bubblewrap.SEQLAB.parent)
        environment = bubblewrap.environment() | {"HOME": folder.name, "PYTHONPATH": library, "IPYTHONDIR": folder.name}
        environment["PATH"] = os.environ.get("PATH", "")
        command = [sys.executable, str(bubblewrap.INSIDE / "serve.py")]
        return _start(command, self._limits, environment, folder=folder)


def _start(
    command: list[str],
    limits: Limits,
    environment: dict[str, str],
    shared: tuple[int, ...] = (),
    folder: tempfile.TemporaryDirectory[str] | None = None,
) -> Child:
    ours, theirs = socket.socketpair()
    settings = json.dumps({"preload": PRELOAD, "limits": _numbers(limits)})
    with theirs:
        process = subprocess.Popen(
            [*command, str(theirs.fileno()), settings],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(), *shared),
            env=environment,
            cwd=None if folder is None else folder.name,
        )
    child = Child(process, ours, limits.output_kb << 10, folder)
    _await_ready(child, ours, limits.start_seconds)
    return child


def _await_ready(child: Child, channel: socket.socket, seconds: float) -> None:
    channel.settimeout(seconds)
    try:
        receive(channel)
    except (WireError, OSError) as error:
        child.close()
        said = child.printed().strip()[-500:] or str(error)
        raise LaunchFailed(f"the sandbox did not start within {seconds:g} seconds: {said}") from error
    channel.settimeout(None)


def _numbers(limits: Limits) -> dict[str, int]:
    return {
        "memory_bytes": limits.memory_mb << 20,
        "cpu_seconds": limits.cpu_seconds,
        "file_bytes": limits.file_mb << 20,
        "processes": PROCESSES,
        "open_files": OPEN_FILES,
    }


class SandboxBench:
    """A bench (:class:`autograder.student.Bench`) whose steps are done by a child."""

    def __init__(self, child: Child, call_seconds: float, deadline: Deadline) -> None:
        self._child = child
        self._call_seconds = call_seconds
        self._deadline = deadline

    def begin(self, inputs: Mapping[str, Array]) -> None:
        """Lay out the inputs of a case."""
        self._ask({"action": "begin"}, dict(inputs))

    def run(self, step: Step) -> None:
        """Do a step.

        Raises:
            StudentError: the student's code could not do it.
            ChildLost: there was no proper answer in time.
        """
        self._ask({"action": "step", "step": step.to_json()})

    def value(self, index: int) -> Value:
        """Fetch a result.

        Raises:
            NotAValue: it is not numbers.
        """
        answer, arrays = self._ask({"action": "value", "index": index})
        kind, dtype = answer.get("kind"), answer.get("dtype")
        if kind not in ("array", "tensor", "number") or not isinstance(dtype, str) or "value" not in arrays:
            raise NotAValue("expected numbers, found something else")
        return Value(kind, printable(dtype, 20), arrays["value"])

    def changed_inputs(self) -> list[str]:
        """The inputs that were written into."""
        answer, _ = self._ask({"action": "changed"})
        changed = answer.get("changed")
        return [printable(name, 40) for name in changed] if isinstance(changed, list) else ["(unknown)"]

    def _ask(
        self, body: dict[str, Any], arrays: Mapping[str, Array] | None = None
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        answer, values = self._child.request(body, self._deadline.cap(self._call_seconds), arrays)
        if "student_error" in answer:
            raise StudentError(printable(answer["student_error"]), answer.get("unfinished") is True)
        if "not_a_value" in answer:
            raise NotAValue(printable(answer["not_a_value"], 200))
        return answer, values
