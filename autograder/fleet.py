"""Grading many hand-ins: a pure function mapped over Dask, on this machine's cores or on a cluster.

Only what comes back is written down, and only by the caller. A worker that dies takes nothing along: Dask gives what it
was at to another. Some hand-ins are under way at a time, so that a thousand need no more memory than ten.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
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

FEW = 3  # hand-ins for which starting workers takes longer than grading
UNDER_WAY = 2  # hand-ins for each worker


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
    plan: GradingPlan, hand_ins: Iterable[HandIn], workers: int, scheduler: str | None = None
) -> Iterator[Graded | Ungraded]:
    """Grade hand-ins on ``workers`` processes of this machine, or on the cluster at the address ``scheduler``.

    Yields:
        What came of each, as it comes.

    Raises:
        LaunchFailed: a worker's machine cannot run student code.
    """
    rest = iter(hand_ins)
    few = list(itertools.islice(rest, FEW + 1))
    if scheduler is None and (workers < 2 or len(few) <= FEW):
        yield from (grade_one(plan, one.student, *one.read()) for one in itertools.chain(few, rest))
        return
    with _client(workers, scheduler) as client:
        yield from _mapped(client, plan, itertools.chain(few, rest))


def _mapped(client: Any, plan: GradingPlan, hand_ins: Iterator[HandIn]) -> Iterator[Graded | Ungraded]:
    from distributed import as_completed  # noqa: PLC0415 (a second to import; small classes do without)

    def submit(one: HandIn) -> Any:
        return client.submit(grade_one, plan, one.student, *one.read(), pure=False)

    room = UNDER_WAY * max(sum(client.nthreads().values()), 1)
    under_way = as_completed([submit(one) for one in itertools.islice(hand_ins, room)])
    for future in under_way:
        yield future.result()
        under_way.update([submit(one) for one in itertools.islice(hand_ins, 1)])


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    from distributed import Client, LocalCluster  # noqa: PLC0415

    if scheduler is not None:
        with Client(scheduler) as client:
            yield client
        return
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0) as cluster,
        Client(cluster) as client,
    ):
        yield client


@lru_cache(maxsize=1)
def kept_grader(plan: GradingPlan) -> Grader:
    """The grader of this process for a plan."""
    return grader_of(plan)
