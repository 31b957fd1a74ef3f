"""Whether what is committed in assignments/ is, byte for byte, what the masters generate today."""

from __future__ import annotations

import filecmp
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.release import release_stage
from autograder.course import Course, Stage
from autograder.workspace import Workspace


def stale_files(course: Course, stage: Stage) -> list[str]:
    """Rebuild a stage elsewhere and name what differs from its committed release, with the reason.

    Raises:
        CourseError: the stage cannot be built.
    """
    committed = course.release_folder(stage.id)
    with tempfile.TemporaryDirectory(prefix="seqlab-fresh-") as folder:
        fresh = release_stage(course, stage, Workspace.together(Path(folder)))
        return list(_differences(committed, fresh))


def _differences(committed: Path, fresh: Path) -> Iterator[str]:
    names = {path.name for folder in (committed, fresh) if folder.is_dir() for path in folder.iterdir()}
    for name in sorted(names):
        if not (fresh / name).exists():
            yield f"{committed / name} is not something that the master generates"
        elif not (committed / name).exists():
            yield f"{committed / name} is missing"
        elif not filecmp.cmp(committed / name, fresh / name, shallow=False):
            yield f"{committed / name} is not what its master generates today"
