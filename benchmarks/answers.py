"""The master's answers of a stage, for benchmarks that train with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.course import find_root, load_course
from autograder.reference import answers_of


def answers(stage_id: str) -> dict[str, Any]:
    """The names that a stage's master defines, in the course around this file."""
    return answers_of(load_course(find_root(Path(__file__).parent)), stage_id)
