"""What a grade depended on besides the hand-in: written into each record, so that it can be explained months later."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import numpy
import torch

import seqlab
from autograder.closure import imported_files
from autograder.course import Course, Stage

STAFF = Path(__file__).parent
SEQLAB = Path(seqlab.__file__).parent
GRADING = ("autograder.batch", "autograder.isolation")  # from reading a hand-in to its score, and where it runs
INSIDE = "sandbox/inside/*.py"  # started there by path: nothing imports them
GIVEN = ("checking/*.py", "earlier/*.py", "glimpses.py")  # of seqlab: what compares, and what answers may call


def suite_digest(course: Course, stage: Stage, release: Path) -> str:
    """SHA-256 of everything that decides what is right and how it is weighed.

    The master, the suite and its mistakes with all that they import, what students were given, points and limits, and
    the code that reads, runs, draws and compares. Two gradings with the same digest, secret and seed put the same
    questions and judge alike.
    """
    digest = hashlib.sha256(repr((stage, course.limits)).encode())
    for name, path in sorted(_deciding_files(course, stage, release)):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Of what computes."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "seqlab": seqlab.__version__,
        "numpy": numpy.__version__,
        "torch": torch.__version__,
    }


def _deciding_files(course: Course, stage: Stage, release: Path) -> Iterator[tuple[str, Path]]:
    """Names that are the same on every machine, and the files."""
    yield "master", course.master_path(stage.id)
    yield from ((f"release/{name}", release / name) for name in (f"{stage.id}.ipynb", "checks.h5"))
    modules = _needed(STAFF.parent, (*GRADING, f"autograder.suites.{stage.id}", f"autograder.mistakes.{stage.id}"))
    for path in (*modules, *STAFF.glob(INSIDE)):
        yield f"autograder/{path.relative_to(STAFF).as_posix()}", path
    for path in chain.from_iterable(map(SEQLAB.glob, GIVEN)):
        yield f"seqlab/{path.relative_to(SEQLAB).as_posix()}", path


@cache
def _needed(root: Path, modules: tuple[str, ...]) -> tuple[Path, ...]:
    """What the modules import; read off once, since a process does not change what it has imported."""
    return tuple(imported_files(root, modules))
