"""How much processor time a process and all that it started have used, seen from outside. Linux; elsewhere nothing.

Source: proc(5), the files ``stat`` (fields 14 to 17) and ``task/*/children``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
MOST = 2048  # processes that are looked at


def processor_seconds(pid: int) -> float:
    """Seconds of processor time used by ``pid``, its descendants, and those of them that were waited for.

    A descendant that ended without being waited for (its parent ignores SIGCHLD) is missed; the limit that each
    process has is there for that.
    """
    ticks = sum(_ticks(one) for one in tree(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> Iterator[int]:
    """``pid`` and its descendants; nothing if there is no such process."""
    waiting = [pid] if pid > 0 else []
    for _ in range(MOST):
        if not waiting:
            return
        one = waiting.pop()
        yield one
        waiting += _children(one)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in (PROC / str(pid) / "task").glob("*/children"):
        try:
            found += [int(word) for word in path.read_text(encoding="ascii").split()]
        except OSError:  # it has just ended
            continue
    return found


def _ticks(pid: int) -> int:
    try:
        text = (PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return 0
    return sum(int(word) for word in text.rpartition(b")")[2].split()[11:15])
