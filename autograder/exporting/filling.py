"""What every LMS's table has in common: filling scores into a downloaded table, and telling what was not filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.course import CourseError


@dataclass
class Filled:
    """A filled table.

    Attributes:
        data: the bytes of the file.
        filled: how many scores were put in.
        unmatched: students without a row, and why.
        untouched: people of the table who got no score, and why.
        replaced: students in whose row another score stood, and which.
        column: the column that was filled.
    """

    data: bytes
    filled: int
    column: str
    unmatched: Mapping[str, str] = field(default_factory=dict)
    untouched: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)


def number_in(text: str) -> float | None:
    """A number as an LMS writes it, also with a comma for the point; None for anything else."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def require_same_points(most: float | None, points: float, where: str, scale: bool) -> float:
    """How many points full marks are in an LMS's table.

    Raises:
        CourseError: it says another number than the stage has, and nobody asked to convert.
    """
    if most is None or most == points:
        return points
    if not scale or most <= 0:
        raise CourseError(
            f"{where} gives {most:g} points, the stage {points:g}; change it in the LMS and download again, or say "
            "--scale to convert the scores"
        )
    return most
