"""Grading many hand-ins: a pure function mapped over this machine's cores or, by Dask, over processes or a cluster.

Only what comes back is written down, and only by the caller. A worker that dies takes nothing along: Dask gives what it
was at to another. Some hand-ins are under way at a time, so that a thousand need no more memory than ten.

The grader mostly waits for its sandbox, so some hand-ins at a time share a process, its libraries and its warm sandbox;
more processes are started where one would be too busy.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.batch import Graded, Grader, make_grader
from autograder.course import load_course
from autograder.hand_ins import HandIn
from autograder.isolation import make_launcher
from autograder.sandbox.child import LaunchFailed
from autograder.secret import CourseSecret

UNDER_WAY = 2  # hand-ins for each one that is graded at a time
TOGETHER = 4  # hand-ins graded at a time in one process
_MAKING = threading.Lock()


@dataclass(frozen=True)
class GradingPlan:
    """What a worker needs to make its grader: places (which all workers see), isolation, secret and seed."""

    course_root: Path
    stage: str
    release: Path
    isolation: str
    seed: int
    secret: CourseSecret


@dataclass(frozen=True)
class Ungraded:
    """A hand-in that the grader itself stumbled over. It has no score, and is not recorded."""

    student: str
    reason: str


def grader_of(plan: GradingPlan) -> Grader:
    """A grader for a plan; not kept."""
    course = load_course(plan.course_root)
    launcher = make_launcher(course.limits, plan.isolation, plan.release)
    return make_grader(course, course.stage(plan.stage), plan.release, launcher, plan.seed, plan.secret)[0]


def grade_one(plan: GradingPlan, student: str, data: bytes, notes: Sequence[str] = ()) -> Graded | Ungraded:
    """Grade one hand-in: bytes in, verdicts out. A worker makes its grader once.

    Raises:
        LaunchFailed: this machine cannot run student code.
    """
    try:
        return kept_grader(plan).grade(student, data, notes)
    except LaunchFailed:
        raise
    except Exception as error:
        return Ungraded(student, f"{type(error).__name__}: {error}")


def graded_by_fleet(
    plan: GradingPlan, hand_ins: Iterable[HandIn], workers: int, scheduler: str | None = None, together: int = TOGETHER
) -> Iterator[Graded | Ungraded]:
    """Grade hand-ins, ``workers`` at a time on this machine, or on the Dask cluster at the address ``scheduler``.

    Up to ``together`` of them share a process; if that is enough, it is this one.

    Yields:
        What came of each, as it comes.

    Raises:
        LaunchFailed: a worker's machine cannot run student code.
    """
    if scheduler is None and workers <= together:
        with ThreadPoolExecutor(workers) as here:
            yield from _mapped(here, workers, plan, hand_ins)
        return
    with _client(workers, scheduler, together) as client:
        at_a_time = max(sum(client.nthreads().values()), 1)
        with client.get_executor(pure=False) as there:
            yield from _mapped(there, at_a_time, plan, hand_ins)


def _mapped(
    executor: Executor, at_a_time: int, plan: GradingPlan, hand_ins: Iterable[HandIn]
) -> Iterator[Graded | Ungraded]:
    rest = iter(hand_ins)
    under_way: dict[Future[Graded | Ungraded], str] = {}
    try:
        while True:
            for one in itertools.islice(rest, UNDER_WAY * at_a_time - len(under_way)):
                under_way[executor.submit(grade_one, plan, one.student, *one.read())] = one.student
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield _came_of(future, under_way.pop(future))
    finally:
        for future in under_way:
            future.cancel()


def _came_of(future: Future[Graded | Ungraded], student: str) -> Graded | Ungraded:
    """What a worker says; where workers died again and again over a hand-in, it is not graded, and the others are."""
    try:
        return future.result()
    except LaunchFailed:
        raise
    except Exception as error:
        return Ungraded(student, f"{type(error).__name__}: {error}")


@contextmanager
def _client(workers: int, scheduler: str | None, together: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster  # noqa: PLC0415 (a second to import; small classes do without)

    if scheduler is not None:
        with Client(scheduler) as client:
            yield client
        return
    processes = -(-workers // together)
    with (
        LocalCluster(
            n_workers=processes,
            threads_per_worker=-(-workers // processes),
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def kept_grader(plan: GradingPlan) -> Grader:
    """The grader of this process for a plan; made once, whoever asks first."""
    with _MAKING:
        return _kept_grader(plan)


@lru_cache(maxsize=1)
def _kept_grader(plan: GradingPlan) -> Grader:
    return grader_of(plan)
