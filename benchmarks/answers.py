"""The master's answers of a stage, for benchmarks that train with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.authoring.master import read_master
from autograder.course import find_root, load_course
from autograder.reference import reference_namespace


def answers(stage_id: str) -> dict[str, Any]:
    """The names that a stage's master defines."""
    course = load_course(find_root(Path(__file__).parent))
    stage = course.stage(stage_id)
    return reference_namespace(read_master(course.master_path(stage.id), stage))
