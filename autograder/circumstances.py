"""What a grade depended on besides the hand-in: written into each record, so that it can be explained months later."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy
import torch

import seqlab
from autograder.course import Course, Stage

STAFF = Path(__file__).parent
SEQLAB = Path(seqlab.__file__).parent
JUDGING = ("judge.py", "student.py", "submission.py", "truth.py", "oracles.py", "drawing.py", "reference.py")


def suite_digest(course: Course, stage: Stage, release: Path) -> str:
    """SHA-256 of everything that decides what is right and how it is weighed.

    The master, the suite and its mistakes, what students were given, points and limits, and the code that draws, runs
    and compares. Two gradings with the same digest, secret and seed put the same questions and judge alike.
    """
    digest = hashlib.sha256(repr((stage, course.limits)).encode())
    for path in sorted(_deciding_files(course, stage, release)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
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


def _deciding_files(course: Course, stage: Stage, release: Path) -> Iterator[Path]:
    yield course.master_path(stage.id)
    yield from (release / name for name in (f"{stage.id}.ipynb", "checks.h5"))
    for package in ("suites", "mistakes"):
        yield from (STAFF / package).glob(f"{stage.id}*.py")
    yield from (STAFF / name for name in JUDGING)
    yield from (SEQLAB / "checking").glob("*.py")
