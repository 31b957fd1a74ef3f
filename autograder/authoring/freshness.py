"""Whether what is committed in assignments/ is, byte for byte, what the masters generate today."""

from __future__ import annotations

import filecmp
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.release import generate, release_stage, replace_folder
from autograder.course import Course, CourseError, Stage
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


def introduce_stage(course: Course, stage: Stage, workspace: Workspace) -> None:
    """Tell the gradebook of the cells of a stage that students have; what they received stays as it is.

    Raises:
        CourseError: the master generates something else today, or the gradebook cannot be reached.
    """
    with tempfile.TemporaryDirectory(prefix="seqlab-fresh-") as folder:
        trial = Workspace.together(Path(folder))
        stale = list(_differences(course.release_folder(stage.id), release_stage(course, stage, trial)))
        if stale:
            raise CourseError(
                f"what students received is not what the master of {stage.id} generates today ({'; '.join(stale)}); "
                f"if it should be, run make release STAGE={stage.id}, then grade"
            )
        replace_folder(workspace.source_folder(stage.id), trial.source_folder(stage.id))
    generate(stage, workspace)


def _differences(committed: Path, fresh: Path) -> Iterator[str]:
    names = {path.name for folder in (committed, fresh) if folder.is_dir() for path in folder.iterdir()}
    for name in sorted(names):
        if not (fresh / name).exists():
            yield f"{committed / name} is not something that the master generates"
        elif not (committed / name).exists():
            yield f"{committed / name} is missing"
        elif not filecmp.cmp(committed / name, fresh / name, shallow=False):
            yield f"{committed / name} is not what its master generates today"
