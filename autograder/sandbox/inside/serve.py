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

from seqlab.checking.complaints import StudentError
from seqlab.checking.guards import Guard
from seqlab.checking.steps import Plan
from seqlab.checking.values import MAX_BYTES, Array, NotAValue
from seqlab.checking.wire import Closed, receive, send
from seqlab.checking.workbench import Workbench

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
        except BaseException as error:
            return {"student_error": f"{type(error).__name__}: {error}"[:MAX_REASON], "unfinished": False}, {}

    def _do(self, request: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[Any, dict[str, Array]]:
        action = request["action"]
        if action == "cell":
            return {"error": self._run_cell(request["source"])}, {}
        guard = request.get("guard")
        self._bench.guard(Guard.from_json(guard) if guard else None)
        self._bench.perform(Plan.from_text(request["plan"]), arrays)
        told, numbers = self._results(request["wanted"])
        return {"results": told, "guarded": self._bench.guarded()}, {**_named("in", self._bench.inputs()), **numbers}

    def _results(self, wanted: list[int]) -> tuple[dict[str, Any], dict[str, Array]]:
        """What is said of each wanted result, and their numbers; what goes beyond a message is left out and said."""
        told: dict[str, Any] = {}
        numbers: dict[str, Array] = {}
        room = MAX_BYTES - sum(array.nbytes for array in self._bench.inputs().values())
        for index in map(str, wanted):
            try:
                value = self._bench.value(int(index))
                room -= value.numbers.nbytes
                if room < 0:
                    raise NotAValue(f"the results of a case may have {MAX_BYTES >> 20} MB in all")
            except NotAValue as error:
                told[index] = {"not_a_value": str(error)[:MAX_REASON]}
                continue
            told[index], numbers[index] = {"kind": value.kind, "dtype": value.dtype}, value.numbers
        return told, _named("out", numbers)

    def _run_cell(self, source: str) -> str:
        result = self._shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        return "" if error is None else f"{type(error).__name__}: {error}"[:MAX_REASON]


def _named(side: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{side}/{name}": array for name, array in arrays.items()}


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


def rehearse() -> None:
    """Do once what torch does for the first time slowly (it imports hundreds of modules then), for all children."""
    torch: Any = importlib.import_module("torch")
    for layer in (torch.nn.LSTM, torch.nn.GRU):
        out, _ = layer(1, 1, batch_first=True)(torch.zeros(1, 1, 1))
        out.backward(torch.zeros_like(out))


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
