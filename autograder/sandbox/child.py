"""A child that runs student code, as the judge sees it. Every answer has a deadline."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from autograder.sandbox.drain import Drain
from seqlab.checking.values import Array
from seqlab.checking.wire import Closed, WireError, receive, send

MAX_CLAIMS = 1 << 26  # bytes of arrays in one answer


class ChildLost(Exception):
    """The child is gone, was killed at a deadline, or broke the protocol; the text is fit for a report."""


class HostLost(Exception):
    """What all children stand on went down, and this one with it; that is the machine's fault, never the student's."""


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


class Process(Protocol):
    """What runs a child: a process and all that it started."""

    def kill(self) -> None:
        """End it, and everything inside, at once; nothing happens if it has ended."""

    def wait(self) -> object:
        """Wait until it has ended."""


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
        self._timed_out = False
        self._output = Drain(output, output_bytes)

    def request(
        self, body: Mapping[str, Any], seconds: float, arrays: Mapping[str, Array] | None = None
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """Send a request and wait at most ``seconds`` for its answer.

        Raises:
            ChildLost: there was no proper answer in time.
            HostLost: what the child stands on went down.
        """
        watchdog = threading.Timer(seconds, self._expire)
        watchdog.start()
        try:
            send(self._channel, dict(body), arrays)
            answer, values = receive(self._channel, MAX_CLAIMS)
        except (WireError, OSError) as error:
            up = self._host_is_up()
            self.close()
            if not up:
                raise HostLost("the sandbox went down") from error
            raise ChildLost(self._reason(seconds, error)) from error
        finally:
            watchdog.cancel()
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

    def printed(self) -> str:
        """What the student's code printed so far, up to the cap."""
        return self._output.text()

    def close(self) -> None:
        """Kill the child and everything it started."""
        self._process.kill()
        self._process.wait()
        self._channel.close()
        self._output.finish()
        if self._folder is not None:
            self._folder.cleanup()

    def _expire(self) -> None:
        self._timed_out = True
        self._process.kill()

    def _reason(self, seconds: float, error: Exception) -> str:
        if self._timed_out:
            return f"took longer than {seconds:g} seconds and was stopped"
        if isinstance(error, WireError) and not isinstance(error, Closed):
            return "broke off the grader's protocol"
        return "ended the Python process (exit, crash, or a limit on memory or processor time)"
