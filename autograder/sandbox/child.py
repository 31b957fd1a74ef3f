"""A child that runs student code, as the judge sees it. Every answer has a deadline."""

from __future__ import annotations

import math
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from autograder.sandbox.drain import Drain
from autograder.sandbox.meter import processor_seconds, tree
from seqlab.checking.values import MAX_BYTES, Array
from seqlab.checking.wire import Closed, WireError, receive, send

POLL = 0.2  # seconds between looks at a child that is still at work


class ChildLost(Exception):
    """The child is gone, was killed at a deadline, or broke the protocol; the text is fit for a report."""


class HostLost(Exception):
    """What all children stand on went down, and this one with it; that is the machine's fault, never the student's."""


class LaunchFailed(Exception):
    """No child could be started; that is the machine's fault, never the student's."""


@dataclass(frozen=True)
class Allowance:
    """What a child may use for one answer: wall time, processor time, and processor time since its start.

    ``cpu_total`` is what the submission may use in all, for the report.
    """

    seconds: float
    cpu_seconds: float = math.inf
    child_cpu_seconds: float = math.inf
    cpu_total: float = math.inf


class Deadline:
    """The wall and processor time that is left to one submission, whatever it does with it."""

    def __init__(self, seconds: float, cpu_seconds: float = math.inf) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._cpu_seconds = cpu_seconds
        self._spent = 0.0

    def spend(self, cpu_seconds: float) -> None:
        """Count the processor time of a child that has ended."""
        self._spent += cpu_seconds

    def allow(self, seconds: float, cpu_seconds: float) -> Allowance:
        """What the next answer may use.

        Raises:
            ChildLost: nothing is left.
        """
        left = self._cpu_seconds - self._spent
        return Allowance(self.cap(seconds), cpu_seconds, left, self._cpu_seconds)

    def cap(self, seconds: float) -> float:
        """``seconds``, or what is left if that is less.

        Raises:
            ChildLost: nothing is left.
        """
        if self._spent >= self._cpu_seconds:
            raise ChildLost(_too_much(self._cpu_seconds))
        left = self._end - time.monotonic()
        if left <= 0:
            raise ChildLost(f"the whole submission took longer than {self._seconds:g} seconds")
        return min(seconds, left)


class Process(Protocol):
    """What runs a child: a process and all that it started."""

    @property
    def pid(self) -> int:
        """Its number, or something below 1 when it has ended."""

    def kill(self) -> None:
        """End it, and everything inside, at once; nothing happens if it has ended."""

    def wait(self) -> object:
        """Wait until it has ended."""


class Room(Protocol):
    """A place of a child's own that is taken away when it has ended, such as a control group."""

    def remove(self) -> None:
        """Take it away."""


class Child:
    """One running child. After :class:`ChildLost` it is dead and stays dead."""

    def __init__(
        self,
        process: Process,
        channel: socket.socket,
        output: int,
        output_bytes: int,
        folder: tempfile.TemporaryDirectory[str] | None = None,
        host_is_up: Callable[[], bool] = lambda: True,
    ) -> None:
        """A child behind ``channel`` that prints into the pipe ``output``, of which ``output_bytes`` are kept."""
        self._folder = folder
        self._host_is_up = host_is_up
        self._process = process
        self._channel = channel
        self._closed = False
        self._rooms: list[Room] = []
        self._stopped = ""  # why we ended it
        self._used = 0.0
        self._looked = time.monotonic()
        self._output = Drain(output, output_bytes)

    def request(
        self, body: Mapping[str, Any], allowed: Allowance | float, arrays: Mapping[str, Array] | None = None
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """Send a request and wait for its answer as long as ``allowed`` (or that many seconds).

        Raises:
            ChildLost: there was no proper answer in time.
            HostLost: what the child stands on went down.
        """
        allowance = allowed if isinstance(allowed, Allowance) else Allowance(allowed)
        answered = threading.Event()
        threading.Thread(target=self._watch, args=(allowance, answered), daemon=True).start()
        try:
            send(self._channel, dict(body), arrays)
            answer, values = receive(self._channel, MAX_BYTES)
        except (WireError, OSError) as error:
            answered.set()
            up = self._host_is_up()
            self.close()
            if not up:
                raise HostLost("the sandbox went down") from error
            raise ChildLost(self._reason(error)) from error
        finally:
            answered.set()
        if not isinstance(answer, dict):
            self.close()
            raise ChildLost("broke off the grader's protocol")
        return answer, values

    def await_ready(self, seconds: float) -> None:
        """Wait for the first word of a new child.

        Raises:
            LaunchFailed: it did not come within ``seconds``.
        """
        self._channel.settimeout(seconds)
        try:
            receive(self._channel)
        except (WireError, OSError) as error:
            self.close()
            said = self.printed().strip()[-500:] or str(error)
            raise LaunchFailed(f"the sandbox did not start within {seconds:g} seconds: {said}") from error
        self._channel.settimeout(None)

    def keep_in(self, room: Room) -> None:
        """Have ``room`` taken away when the child is closed."""
        self._rooms.append(room)

    def pids(self) -> list[int]:
        """The numbers of its processes."""
        return list(tree(self._process.pid))

    def printed(self) -> str:
        """What the student's code printed so far, up to the cap."""
        return self._output.text()

    def used(self) -> float:
        """Seconds of processor time that it and all it started have used; once it has ended, what was seen last."""
        self._used = max(self._used, processor_seconds(self._process.pid))
        self._looked = time.monotonic()
        return self._used

    def close(self) -> None:
        """Kill the child and everything it started."""
        if not self._closed:
            self.used()
        self._closed = True
        self._process.kill()
        self._process.wait()
        self._channel.close()
        self._output.finish()
        while self._rooms:
            self._rooms.pop().remove()
        if self._folder is not None:
            self._folder.cleanup()

    def _watch(self, allowed: Allowance, answered: threading.Event) -> None:
        """End the child when it goes beyond what is allowed, unless it has answered by then."""
        end = time.monotonic() + allowed.seconds
        start = self._used
        if time.monotonic() - self._looked > POLL:
            start = self.used()
        reason = ""
        while not reason and not answered.wait(max(min(POLL, end - time.monotonic()), 0.0)):
            reason = self._excess(allowed, end, start)
        if reason and not answered.is_set():
            self._stopped = reason
            self._process.kill()

    def _excess(self, allowed: Allowance, end: float, start: float) -> str:
        if time.monotonic() >= end:
            return f"took longer than {allowed.seconds:g} seconds and was stopped"
        used = self.used()
        if used > allowed.child_cpu_seconds:
            return _too_much(allowed.cpu_total)
        if used - start > allowed.cpu_seconds:
            return f"used more than {allowed.cpu_seconds:g} seconds of processor time and was stopped"
        return ""

    def _reason(self, error: Exception) -> str:
        if self._stopped:
            return self._stopped
        if isinstance(error, WireError) and not isinstance(error, Closed):
            return "broke off the grader's protocol"
        return "ended the Python process (exit, crash, or a limit on memory or processor time)"


def _too_much(seconds: float) -> str:
    return f"the whole submission used more than {seconds:g} seconds of processor time"
