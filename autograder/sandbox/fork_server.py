"""The warm sandbox: one bubblewrap for many submissions, each of which is a fork in a world of its own.

Starting costs some seconds once (numpy, torch, matplotlib and IPython are imported); a child costs a tenth of one.
What runs inside is ``inside/nursery.py``.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from pathlib import Path

from autograder.course import Limits
from autograder.sandbox import bubblewrap
from autograder.sandbox.cgroup import Groups, find_groups
from autograder.sandbox.child import Child, LaunchFailed
from autograder.sandbox.launchers import PROCESSES, settings

ORDER = b"child"
READY = b"ready"
FALLING = 0.5  # seconds
LAST_WORDS = 4096
WALLS = "bubblewrap, and in it for each child its own user, process, file, IPC and network namespaces, no rights"
LIMITED = "limits on wall and processor time, memory, files, processes, messages and output"


class Forked:
    """The first process of a child's world, known by a descriptor: no number that another process could get."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Its number on this machine, or -1 when it has ended."""
        with self._lock:
            if self._descriptor < 0:
                return -1
            lines = Path(f"/proc/self/fdinfo/{self._descriptor}").read_text(encoding="ascii").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("Pid:")), -1)

    def kill(self) -> None:
        """End it; the kernel ends everything in its world."""
        with self._lock:
            if self._descriptor >= 0:
                try:
                    signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
                except ProcessLookupError:
                    return

    def wait(self) -> None:
        """Wait until it has ended."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            watch = select.poll()
            watch.register(descriptor, select.POLLIN)
            watch.poll()
            os.close(descriptor)


class Nursery:
    """A running fork server."""

    def __init__(self, limits: Limits, files: tuple[tuple[Path, str], ...]) -> None:
        """Start one.

        Raises:
            LaunchFailed: it did not come up in time.
        """
        self._limits = limits
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        walls = os.memfd_create("walls")
        with theirs, os.fdopen(walls, "r+b") as file:
            file.write(bubblewrap.walls(limits.file_mb << 20, files))
            file.seek(0)
            inside = [sys.executable, "-m", bubblewrap.NURSERY, str(theirs.fileno())]
            self._process = subprocess.Popen(
                # bwrap stays on as the first process inside, where student code could read what it was started with.
                [bubblewrap.program(), "--args", str(walls), *inside, settings(limits, home=bubblewrap.HOME)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(), walls),
                env={"LANG": "C.UTF-8"},
            )
        self.found = ""  # what a world inside has, in words
        self._await_ready()

    def child(self) -> Child:
        """Fork a child.

        Raises:
            LaunchFailed: there is none within the time.
            OSError: the fork server is gone.
        """
        ours, theirs = socket.socketpair()
        output, printing = os.pipe()
        try:
            socket.send_fds(self._control, [ORDER], [theirs.fileno(), printing])
        except OSError:
            ours.close()
            os.close(output)
            raise
        finally:
            theirs.close()
            os.close(printing)
        forked = self._forked(ours, output)
        child = Child(forked, ours, output, self._limits.output_kb << 10, host_is_up=self.is_up)
        child.await_ready(self._limits.start_seconds)
        return child

    def is_up(self) -> bool:
        """Whether the fork server is there, asked when a child is lost: if both were killed, it may end a little later.

        It says nothing after its start, so all that can be read is its end.
        """
        try:
            return not select.select([self._control], [], [], FALLING)[0]
        except (OSError, ValueError):  # closed on this side
            return False

    def close(self) -> None:
        """End it, and with it every child."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _await_ready(self) -> None:
        self._control.settimeout(self._limits.start_seconds)
        try:
            word = self._control.recv(LAST_WORDS)
        except OSError as error:
            word = str(error).encode()
        self._control.settimeout(None)
        if word.startswith(READY):
            self.found = word.removeprefix(READY).decode()
        else:
            self._process.kill()
            said = self._process.communicate()[1][-LAST_WORDS:].decode(errors="replace").strip()
            self.close()
            raise LaunchFailed(f"the sandbox did not start within {self._limits.start_seconds:g} seconds: {said}")

    def _forked(self, channel: socket.socket, output: int) -> Forked:
        channel.settimeout(self._limits.start_seconds)
        try:
            _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        except OSError:
            descriptors = []
        channel.settimeout(None)
        if descriptors:
            return Forked(descriptors[0])
        said = os.read(output, LAST_WORDS).decode(errors="replace") if _readable(output) else "it said nothing"
        channel.close()
        os.close(output)
        raise LaunchFailed(f"the sandbox could not make a child: {said}")


class ForkServerLauncher:
    """Children that are forks of a warm process inside bubblewrap; ``files`` are shown read-only in their home.

    It may be used by several threads. A fork server that has died is replaced.
    """

    def __init__(self, limits: Limits, files: tuple[tuple[Path, str], ...] = ()) -> None:
        self._limits = limits
        self._files = files
        self._lock = threading.Lock()
        self._groups = find_groups()
        self._held: list[Nursery] = []  # the one that is at work
        weakref.finalize(self, _close_all, self._held)

    @property
    def protections(self) -> str:
        """What is in force, tried out on this machine.

        Raises:
            LaunchFailed: there is no fork server, and none could be started.
        """
        group = "a control group" if self._groups else "no control group"
        return f"{WALLS}; in each: {self._nursery(None).found or 'unknown'}, {group}; {LIMITED}"

    def start(self) -> Child:
        """Fork a child; it is in its control group, where there is one, before student code runs.

        Raises:
            LaunchFailed: neither the fork server that was there nor a new one could.
        """
        child = self._forked()
        if self._groups is not None:
            self._put_into_group(child, self._groups)
        return child

    def _put_into_group(self, child: Child, groups: Groups) -> None:
        try:
            group = groups.child(self._limits.memory_mb << 20, PROCESSES)
            child.keep_in(group)
            group.add(child.pids())
        except OSError as error:
            child.close()
            raise LaunchFailed(f"a child could not be put into a control group in {groups.folder}: {error}") from error

    def _forked(self) -> Child:
        found = self._nursery(None)
        try:
            return found.child()
        except (OSError, LaunchFailed):
            found = self._nursery(found)
        try:
            return found.child()
        except OSError as error:
            raise LaunchFailed(f"the fork server ended while it made a child: {error}") from error

    def _nursery(self, useless: Nursery | None) -> Nursery:
        """The fork server at work, or a new one where there is none or it is the one found useless."""
        with self._lock:
            if self._held and self._held[0] is useless:
                _close_all(self._held)
            if not self._held:
                self._held.append(Nursery(self._limits, self._files))
            return self._held[0]

    def close(self) -> None:
        """End the fork server, and with it every child."""
        with self._lock:
            _close_all(self._held)


def _close_all(held: list[Nursery]) -> None:
    while held:
        held.pop().close()


def _readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 1.0)[0])
