"""Timing that a noisy machine disturbs as little as possible."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A line of the table: what was measured, the figure with its unit, and what it should reach."""

    what: str
    figure: str
    aim: str = ""


def best_seconds(
    runs: int, *tasks: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """The shortest time of each task by ``clock``; they take turns, so that a busy moment hits all alike."""
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(runs):
        for task, taken in zip(tasks, times, strict=True):
            start = clock()
            task()
            taken.append(clock() - start)
    return [min(taken) for taken in times]


def print_table(title: str, lines: Sequence[Line]) -> None:
    """Print lines as a Markdown table."""
    print(f"\n### {title}\n\n| what | measured | aim |\n|---|---|---|")
    for line in lines:
        print(f"| {line.what} | {line.figure} | {line.aim} |")


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
