"""``python -m benchmarks.ours FOLDER STAGE WORKERS``: grade the class in FOLDER as ``autograder grade`` does."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path

from autograder.course import find_root, load_course
from autograder.grading import Wishes, grade_class
from autograder.workspace import Workspace

EVERY = 100


def main(folder: str, stage: str, workers: str) -> None:
    """Grade, and print the peak of this process's memory after each hundred."""
    course = load_course(find_root(Path(__file__).parent))
    workspace = Workspace.together(Path(folder))
    grade_class(course, course.stage(stage), workspace, Wishes(workers=int(workers)), _counted)


def _counted(total: int) -> Callable[[], None]:
    done = iter(range(1, total + 1))

    def one_more() -> None:
        number = next(done)
        if number % EVERY == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(f"{number} {peak}", flush=True)

    return one_more


if __name__ == "__main__":
    main(*sys.argv[1:])
