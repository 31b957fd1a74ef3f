"""Starting children: what every launcher has in common, and the one without walls."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import Any, Protocol

from autograder.course import Limits
from autograder.sandbox import bubblewrap
from autograder.sandbox.child import Child

PRELOAD = ("numpy", "numpy.random", "torch", "matplotlib.pyplot", "seqlab")
PROCESSES = 256
OPEN_FILES = 256


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

    def close(self) -> None:
        """Give back what starting children needs; children that are still there end."""


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
        ours, theirs = socket.socketpair()
        output, printing = os.pipe()
        command = [sys.executable, str(bubblewrap.INSIDE / "serve.py"), str(theirs.fileno()), settings(self._limits)]
        with theirs, os.fdopen(printing, "wb") as pipe:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                env=environment,
                cwd=folder.name,
            )
        child = Child(process, ours, output, self._limits.output_kb << 10, folder)
        child.await_ready(self._limits.start_seconds)
        return child

    def close(self) -> None:
        """Nothing is held."""


def settings(limits: Limits, **more: Any) -> str:
    """What the process inside is told, as JSON."""
    numbers = {
        "memory_bytes": limits.memory_mb << 20,
        "cpu_seconds": limits.cpu_seconds,
        "file_bytes": limits.file_mb << 20,
        "processes": PROCESSES,
        "open_files": OPEN_FILES,
        "disk_bytes": limits.file_mb << 20,
    }
    return json.dumps({"preload": PRELOAD, "limits": numbers, **more})
