"""Mutants that are no mistakes: each was read, and stands in ``equivalent.toml`` with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from autograder.course import CourseError
from autograder.proving.making import Mutant

FILE = Path(__file__).with_name("equivalent.toml")
Reasons = Mapping[tuple[str, str], str]


def read_equivalents(path: Path = FILE) -> Reasons:
    """The reason why a mutant is no mistake, by its exercise and name.

    Raises:
        CourseError: the file is no TOML, or an entry lacks something.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
        return {(one["exercise"], name): one["reason"] for one in entries for name in one["mutants"]}
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise CourseError(f"{path}: expected [[equivalent]] with exercise, reason and mutants ({error})") from error


def reason_for(mutant: Mutant, reasons: Reasons) -> str:
    """Why the mutant is no mistake; empty where nobody has said so."""
    return reasons.get((mutant.exercise, mutant.name), "")
