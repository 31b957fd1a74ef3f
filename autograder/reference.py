"""The master's own answers as callable functions: one of the two oracles, and the soil that mistakes grow on."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from autograder.authoring.master import Master, MasterCell, read_master
from autograder.course import Course, CourseError
from autograder.suite import Mistake


def reference_namespace(
    master: Master, mistake: Mistake | None = None, replaced: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Run the master's given and answer cells in a fresh namespace; with ``mistake``, its edits are made first.

    ``replaced`` has other texts for the answers of some exercises.

    Raises:
        CourseError: the mistake's text does not occur exactly once in the answer, or a cell fails.
    """
    label = f"{master.stage.id}{'' if mistake is None else ':' + mistake.key}"
    module = ModuleType(f"reference_{master.stage.id}")
    for cell in master.cells:
        if cell.role in ("given", "answer"):
            source = (replaced or {}).get(cell.exercise or "") or _edited(cell, mistake)
            _run(module, f"<{label}:{cell.line}>", source)
    return vars(module)


def answers_of(course: Course, stage_id: str) -> dict[str, Any]:
    """The names that a stage's master defines."""
    stage = course.stage(stage_id)
    return reference_namespace(read_master(course.master_path(stage.id), stage))


def _edited(cell: MasterCell, mistake: Mistake | None) -> str:
    source = cell.source
    if mistake is None or cell.exercise != mistake.exercise:
        return source
    for old, new in mistake.edits:
        if source.count(old) != 1:
            raise CourseError(
                f"mistake {mistake.key}: expected the text {old!r} exactly once in the answer of "
                f"{mistake.exercise}, found it {source.count(old)} times; mend autograder/mistakes"
            )
        source = source.replace(old, new)
    return source


def _run(module: ModuleType, filename: str, source: str) -> None:
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    try:
        exec(compile(source, filename, "exec", dont_inherit=True), vars(module))
    except Exception as error:
        raise CourseError(f"{filename}: the master's cell fails with {type(error).__name__}: {error}") from error
