"""One submission at work: its cells run in a child; when the child is lost, a new one replays the cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course import Limits
from autograder.printable import printable
from autograder.sandbox.bench import SandboxBench
from autograder.sandbox.child import Child, ChildLost, Deadline
from autograder.sandbox.launchers import Launcher
from autograder.submission import RunnableCell

MAX_FATAL_CELLS = 3


class SessionOver(Exception):
    """No child can be kept alive for this submission; the text says why."""


@dataclass(frozen=True)
class CellProblem:
    """A cell that did not run to its end: its number in the notebook and why."""

    cell: int
    reason: str


class Session:
    """The children of one submission, one at a time."""

    def __init__(self, launcher: Launcher, cells: Sequence[RunnableCell], limits: Limits) -> None:
        self._launcher = launcher
        self._cells = cells
        self._limits = limits
        self._child: Child | None = None
        self._fatal: dict[int, str] = {}
        self._problems: dict[int, str] = {}
        self._printed = ""
        self._deadline = Deadline(limits.submission_seconds, limits.cpu_seconds)

    def bench(self) -> SandboxBench:
        """A bench with the submission's cells run, on a new child where the last one was lost.

        Raises:
            SessionOver: too many cells end the process, or the submission's time is up.
            LaunchFailed: this machine cannot start a child.
        """
        while self._child is None:
            self._require_time()
            if len(self._fatal) > MAX_FATAL_CELLS:
                raise SessionOver(f"more than {MAX_FATAL_CELLS} cells end the Python process")
            self._child = self._prepared()
        return SandboxBench(self._child, self._limits.case_seconds, self._deadline, self._limits.case_cpu_seconds)

    def abandon(self) -> None:
        """Give up the current child; the next :meth:`bench` starts a new one."""
        if self._child is not None:
            self._printed = self._child.printed()
            self._end(self._child)
            self._child = None

    def problems(self) -> tuple[CellProblem, ...]:
        """The cells that did not run to their end, in order."""
        found = self._problems | self._fatal
        return tuple(CellProblem(cell, found[cell]) for cell in sorted(found))

    def printed(self) -> str:
        """What the latest child printed."""
        return self._printed if self._child is None else self._child.printed()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def _end(self, child: Child) -> None:
        child.close()
        self._deadline.spend(child.used())

    def _require_time(self) -> None:
        try:
            self._deadline.cap(1.0)
        except ChildLost as error:
            raise SessionOver(str(error)) from error

    def _prepared(self) -> Child | None:
        """A child with all harmless cells run, or None when one of them ended it (that one is then known)."""
        child = self._launcher.start()
        for cell in self._cells:
            if cell.number in self._fatal:
                continue
            try:
                allowed = self._deadline.allow(self._limits.cell_seconds, self._limits.cell_cpu_seconds)
                answer, _ = child.request({"action": "cell", "source": cell.source}, allowed)
            except ChildLost as error:
                self._end(child)
                self._fatal[cell.number] = str(error)
                self._printed = child.printed()
                return None
            claim = answer.get("error")
            if isinstance(claim, str) and claim:
                self._problems[cell.number] = printable(claim)
        return child
