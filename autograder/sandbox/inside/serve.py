"""Run a student's cells and do steps with their functions, as told over a socket. Runs inside the sandbox.

Usage: serve.py SOCKET_FD LIMITS_JSON. Nothing here is trusted by the judge: after the first student cell this
process may say anything. It therefore only ever sends claims about values, which the judge compares outside.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import socket
import sys
from collections.abc import Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from seqlab.checking.guards import Guard
from seqlab.checking.steps import Step
from seqlab.checking.values import Array, NotAValue
from seqlab.checking.wire import Closed, receive, send
from seqlab.checking.workbench import StudentError, Workbench

MAX_REASON = 2000


class Server:
    """One student's namespace behind a socket."""

    def __init__(self, channel: socket.socket, shell: InteractiveShell) -> None:
        self._channel = channel
        self._shell = shell
        self._bench = Workbench(shell.user_ns)

    def serve(self) -> None:
        """Say that the child is ready, then answer requests until the judge hangs up."""
        send(self._channel, {"ready": True})
        while True:
            try:
                request, arrays = receive(self._channel)
            except Closed:
                return
            send(self._channel, *self._answer(request, arrays))

    def _answer(self, request: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[Any, dict[str, Array]]:
        try:
            return self._do(request, arrays)
        except StudentError as error:
            said = {"student_error": str(error), "unfinished": error.unfinished, "guarded": self._bench.guarded()}
            return said, {}
        except NotAValue as error:
            return {"not_a_value": str(error)[:MAX_REASON]}, {}
        except BaseException as error:
            return {"student_error": f"{type(error).__name__}: {error}"[:MAX_REASON], "unfinished": False}, {}

    def _do(self, request: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[Any, dict[str, Array]]:
        action = request["action"]
        if action == "cell":
            return {"error": self._run_cell(request["source"])}, {}
        if action == "begin":
            guard = request.get("guard")
            self._bench.guard(Guard.from_json(guard) if guard else None)
            self._bench.begin(arrays)
            return {}, {}
        if action == "step":
            self._bench.run(Step.from_json(request["step"]))
            return {"guarded": self._bench.guarded()}, {}
        if action == "inputs":
            return {}, self._bench.inputs()
        value = self._bench.value(request["index"])
        return {"kind": value.kind, "dtype": value.dtype}, {"value": value.numbers}

    def _run_cell(self, source: str) -> str:
        result = self._shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        return "" if error is None else f"{type(error).__name__}: {error}"[:MAX_REASON]


class Shell(InteractiveShell):
    """A shell in which ``%matplotlib inline`` is as harmless as in a notebook."""

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window to wait for."""


def make_shell() -> InteractiveShell:
    """An IPython shell, so that magics work; it keeps no history and has no colours."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return Shell.instance(config=config)


def preload(modules: list[str]) -> None:
    """Import what student code will import, before the limits bind."""
    for name in modules:
        importlib.import_module(name)


def address_space() -> int:
    """How many bytes of address space this process uses."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def limit(limits: Mapping[str, int], in_use: int) -> None:
    """Set the limits of this process for good: memory on top of what is in use, CPU time, file size, no core."""
    for name, amount in (
        (resource.RLIMIT_AS, in_use + limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (amount, amount))


def main() -> None:
    """Set up, say so, serve."""
    settings = json.loads(sys.argv[2])
    preload(settings["preload"])
    channel = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(channel.fileno(), False)
    shell = make_shell()
    if sys.platform.startswith("linux"):
        limit(settings["limits"], address_space())
    sys.argv[1:] = []
    Server(channel, shell).serve()


if __name__ == "__main__":
    main()
