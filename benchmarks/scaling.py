"""How grading scales with Dask workers of one thread each: warm workers, the same hand-ins."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from distributed import Client, LocalCluster

from autograder.authoring.master import read_master
from autograder.authoring.release import release_stage
from autograder.batch import released_notebook
from autograder.course import find_root, load_course
from autograder.fleet import GradingPlan, graded_by_fleet
from autograder.hand_ins import HandIn, find_hand_ins
from autograder.secret import load_secret
from autograder.suite import load_suite
from autograder.workspace import Workspace
from benchmarks.classes import write_hand_ins
from benchmarks.measuring import Line, cores, print_table

STAGE, HAND_INS, WARMING, TURNS = "s01_rnn", 80, 12, 3
WORKERS = (1, 2, 4)


def measure() -> Iterator[Line]:
    """Time the same class on growing numbers of workers, in turns."""
    course = load_course(find_root(Path(__file__).parent))
    stage = course.stage(STAGE)
    with tempfile.TemporaryDirectory(prefix="seqlab-bench-") as name:
        workspace = Workspace.together(Path(name))
        release = release_stage(course, stage, workspace)
        master = read_master(course.master_path(STAGE), stage)
        submitted = workspace.step_folder("submitted")
        write_hand_ins(submitted, released_notebook(release, stage), master, load_suite(stage).mistakes[0], HAND_INS)
        plan = GradingPlan(course.root, STAGE, release, "bubblewrap", 1, load_secret(course.root))
        rates = _rates(plan, find_hand_ins(submitted, stage))
    for workers in WORKERS[1:]:
        busy = min(workers, cores())
        yield Line(
            f"{workers} Dask workers on {cores()} cores against one, per core that they can have",
            f"{rates[workers] / rates[1] / busy:.2f} ({rates[workers]:.1f} and {rates[1]:.1f} hand-ins a second)",
            "at least 0.9",
        )


def _rates(plan: GradingPlan, hand_ins: list[HandIn]) -> dict[int, float]:
    """Hand-ins a second by number of workers; the best of some turns."""
    best = dict.fromkeys(WORKERS, 0.0)
    for _ in range(TURNS):
        for workers in WORKERS:
            best[workers] = max(best[workers], _rate(plan, hand_ins, workers))
    return best


def _rate(plan: GradingPlan, hand_ins: list[HandIn], workers: int) -> float:
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=0)
    with cluster, Client(cluster):
        address = cluster.scheduler_address
        list(graded_by_fleet(plan, hand_ins[:WARMING], workers, address))
        start = time.perf_counter()
        count = len(list(graded_by_fleet(plan, hand_ins, workers, address)))
        return count / (time.perf_counter() - start)


if __name__ == "__main__":
    print_table("Scaling", list(measure()))
