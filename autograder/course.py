"""``course.toml``: stages in order, exercises, points and limits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from seqlab.checking.guards import LIBRARIES, Guard
from seqlab.suggestion import suggest

STAGE_ID = re.compile(r"s\d\d_[a-z][a-z0-9_]*")
EXERCISE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
ADDRESS = re.compile(r"(https?|file)://\S+")
FULL_POINTS = 100
REPORT = "report"
COSTS = ("exercise", "case", REPORT)


class CourseError(Exception):
    """Something the staff wrote does not fit; the text says what was expected, found, where, and what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use while it is graded; the units are in the names."""

    start_seconds: float
    cell_seconds: float
    case_seconds: float
    submission_seconds: float
    cell_cpu_seconds: float
    case_cpu_seconds: float
    cpu_seconds: int
    memory_mb: int
    file_mb: int
    output_kb: int


@dataclass(frozen=True)
class Imports:
    """The libraries that an exercise is to be written with, and what it costs to lean on others.

    ``cost`` is ``exercise`` (its points), ``case`` (the points of the case in which it was seen) or ``report``
    (nothing; the verdict tells it).
    """

    allowed: tuple[str, ...]
    forbidden: tuple[str, ...] = ()
    cost: str = COSTS[0]


ANY_LIBRARY = Imports(("numpy", *sorted(LIBRARIES)))  # seqlab.earlier is watched still


@dataclass(frozen=True)
class Stage:
    """One stage: its id, its title and the points of its exercises, in the notebook's order.

    ``imports`` has an entry for each exercise whose libraries are watched.
    """

    id: str
    title: str
    points: Mapping[str, float]
    imports: Mapping[str, Imports] = field(default_factory=dict)

    def rules(self, exercise: str) -> Imports:
        """What an exercise may be written with; any library, where course.toml has no rules."""
        return self.imports.get(exercise, ANY_LIBRARY)

    def guard(self, exercise: str) -> Guard:
        """What is watched while an exercise is at work."""
        rules = self.rules(exercise)
        return Guard(exercise, tuple(self.points), rules.allowed, rules.forbidden, self.id)


@dataclass(frozen=True)
class Course:
    """The course and the folder it lives in.

    ``student_zip`` is the address from which a notebook on Colab gets the student zip; empty where there is none.
    """

    root: Path
    name: str
    limits: Limits
    stages: Mapping[str, Stage]
    student_zip: str = ""

    def stage(self, stage_id: str) -> Stage:
        """The stage called ``stage_id``.

        Raises:
            CourseError: there is none; the text suggests the nearest name.
        """
        if stage_id in self.stages:
            return self.stages[stage_id]
        raise CourseError(f"there is no stage called {stage_id!r}.{suggest(stage_id, self.stages)}")

    def master_path(self, stage_id: str) -> Path:
        """The authored master of a stage."""
        return self.root / "solutions" / f"{stage_id}.py"

    def release_folder(self, stage_id: str) -> Path:
        """The generated folder that students receive."""
        return self.root / "assignments" / stage_id


def find_root(start: Path) -> Path:
    """The nearest folder at or above ``start`` that holds a course.toml.

    Raises:
        CourseError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "course.toml").is_file():
            return folder
    raise CourseError(f"expected to be inside a course; found no course.toml in {start} or above it")


def load_course(root: Path) -> Course:
    """Read and check ``course.toml``.

    Raises:
        CourseError: the file is missing, not TOML, or does not describe a course.
    """
    path = root / "course.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CourseError(f"expected the course's description at {path}; there is no such file") from error
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not TOML: {error}") from error
    limits = _limits(path, data.get("limits", {}))
    stages = {stage_id: _stage(path, stage_id, table) for stage_id, table in data.get("stages", {}).items()}
    _require_unique_exercises(path, stages.values())
    return Course(root, str(data.get("name", root.name)), limits, stages, _student_zip(path, data))


def _student_zip(path: Path, data: Mapping[str, Any]) -> str:
    address = data.get("student_zip", "")
    if isinstance(address, str) and (not address or ADDRESS.fullmatch(address)):
        return address
    raise CourseError(
        f'{path}: student_zip should be the address of the student zip, "https://..." (or "" if there is none); '
        f"found {address!r}"
    )


def _limits(path: Path, table: Mapping[str, Any]) -> Limits:
    wanted = {field.name for field in fields(Limits)}
    if set(table) != wanted:
        odd = ", ".join(sorted(wanted ^ set(table)))
        raise CourseError(f"{path}: [limits] should set {', '.join(sorted(wanted))}; missing or unknown: {odd}")
    return Limits(**table)


def _stage(path: Path, stage_id: str, table: Mapping[str, Any]) -> Stage:
    where = f"{path}: [stages.{stage_id}]"
    if not STAGE_ID.fullmatch(stage_id):
        raise CourseError(f"{where}: a stage id looks like s04_gates (s, two digits, _, small letters)")
    if not isinstance(table.get("title"), str) or not isinstance(table.get("points"), dict):
        raise CourseError(f'{where}: expected title = "..." and a table [stages.{stage_id}.points]')
    points = {name: float(value) for name, value in table["points"].items()}
    odd = [name for name in points if not EXERCISE_NAME.fullmatch(name)]
    if odd:
        raise CourseError(f"{where}: an exercise is named by the function or class a student writes; found {odd}")
    if sum(points.values()) != FULL_POINTS or min(points.values()) <= 0:
        raise CourseError(
            f"{where}: points must be positive and add up to {FULL_POINTS}; they give {sum(points.values()):g}"
        )
    return Stage(stage_id, table["title"], points, _imports(f"{where[:-1]}.imports]", table.get("imports"), points))


def _imports(where: str, table: Mapping[str, Any] | None, exercises: Iterable[str]) -> dict[str, Imports]:
    """What stands under ``imports``: keys for all exercises, and tables of the same keys for single ones."""
    if table is None:
        return {}
    general = {key: value for key, value in table.items() if not isinstance(value, dict)}
    single = {key: value for key, value in table.items() if isinstance(value, dict)}
    odd = [name for name in single if name not in exercises]
    if odd:
        raise CourseError(f"{where}: there is no exercise {odd[0]!r}.{suggest(odd[0], exercises)}")
    return {name: _rules(where, general | single.get(name, {})) for name in exercises}


def _rules(where: str, table: Mapping[str, Any]) -> Imports:
    lists = {key: table.get(key, []) for key in ("allowed", "forbidden")}
    texts = all(isinstance(value, list) and all(isinstance(name, str) for name in value) for value in lists.values())
    cost = table.get("cost", COSTS[0])
    if not texts or not lists["allowed"] or cost not in COSTS or set(table) - {*lists, "cost"}:
        raise CourseError(
            f"{where}: expected allowed (a list of libraries), and if need be forbidden (a list of names) and cost "
            f"(one of {', '.join(COSTS)}); found {dict(table)}"
        )
    return Imports(tuple(lists["allowed"]), tuple(lists["forbidden"]), cost)


def _require_unique_exercises(path: Path, stages: Iterable[Stage]) -> None:
    owner: dict[str, str] = {}
    for stage in stages:
        for name in stage.points:
            if name in owner:
                raise CourseError(
                    f"{path}: exercise {name} stands in both {owner[name]} and {stage.id}; names are unique"
                )
            owner[name] = stage.id
