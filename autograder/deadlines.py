"""When the stages are due: ``classroom/deadlines.toml``, with extensions and late days. It belongs to a class, not to
the course: it names students and is not committed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.course import CourseError
from seqlab.suggestion import suggest

FILE = "deadlines.toml"
EXAMPLE = """\
time_zone = "Europe/Berlin"
late_days = 5                 # for each student over the whole course; taken by themselves, stage by stage

[due]
s01_rnn = 2026-11-02 23:59:00

[extensions.s01_rnn]          # for single students: a time of their own, or days more
ada = 2026-11-05 23:59:00
ben = 2
"""
KEYS = {"time_zone", "late_days", "due", "extensions"}


@dataclass(frozen=True)
class Deadlines:
    """The due dates of a class; every time knows its zone.

    Attributes:
        zone: of times that do not say theirs, and of those that are shown.
        due: by stage.
        extended: the later due dates of single students, by stage and student.
        late_days: how many days late each student may be in all, without a penalty.
    """

    zone: ZoneInfo
    due: Mapping[str, datetime]
    extended: Mapping[str, Mapping[str, datetime]]
    late_days: int = 0

    def due_of(self, stage: str, student: str) -> datetime:
        """When a stage is due for a student."""
        return self.extended.get(stage, {}).get(student, self.due[stage])

    def require_stages(self, stages: Iterable[str]) -> None:
        """Make sure that every stage with a due date exists.

        Raises:
            CourseError: one does not; the text suggests the nearest name.
        """
        known = list(stages)
        for stage in self.due:
            if stage not in known:
                raise CourseError(f"{FILE}: [due] names a stage {stage!r}, which there is not.{suggest(stage, known)}")


def load_deadlines(class_folder: Path) -> Deadlines | None:
    """The due dates of a class; None where it has no ``deadlines.toml``.

    Raises:
        CourseError: the file does not say what it should.
    """
    path = class_folder / FILE
    if not path.is_file():
        return None
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is not TOML: {error}. It looks like this:\n{EXAMPLE}") from error
    tables = [data.get("due", {}), data.get("extensions", {}), *_values(data.get("extensions"))]
    if set(data) - KEYS or not all(isinstance(table, dict) for table in tables):
        raise CourseError(f"{path}: expected {', '.join(sorted(KEYS))}; found {', '.join(data)}. Like this:\n{EXAMPLE}")
    zone = time_zone(f"{path}: time_zone", data.get("time_zone"))
    due = {stage: _time(f"{path}: due.{stage}", when, zone) for stage, when in data.get("due", {}).items()}
    extended = {
        stage: _extensions(f"{path}: extensions.{stage}", table, due.get(stage), zone)
        for stage, table in data.get("extensions", {}).items()
    }
    return Deadlines(zone, due, extended, _days(path, data.get("late_days", 0)))


def _values(table: object) -> list[Any]:
    return list(table.values()) if isinstance(table, dict) else []


def time_zone(where: str, name: object) -> ZoneInfo:
    """The time zone of a name such as ``Europe/Berlin``.

    Raises:
        CourseError: there is none.
    """
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CourseError(f"{where}: expected a time zone such as Europe/Berlin; found {name!r}") from error


def _days(path: Path, days: object) -> int:
    if isinstance(days, bool) or not isinstance(days, int) or days < 0:
        raise CourseError(f"{path}: expected late_days to be a whole number of days, 0 or more; found {days!r}")
    return days


def _time(where: str, said: object, zone: ZoneInfo) -> datetime:
    """A time; in the hour that a clock goes through twice, the later one."""
    try:
        when = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    except ValueError:
        raise CourseError(f"{where}: expected a time such as 2026-11-02 23:59:00; found {said!r}") from None
    return when if when.tzinfo is not None else when.replace(tzinfo=zone, fold=1)


def _extensions(where: str, table: Mapping[str, object], due: datetime | None, zone: ZoneInfo) -> dict[str, datetime]:
    if due is None:
        raise CourseError(f"{where}: the stage has no due date under [due]")
    found = {}
    for student, said in table.items():
        when = _extended(f"{where}.{student}", said, due, zone)
        if when < due:
            raise CourseError(f"{where}.{student}: {said} is before the stage is due for everybody ({due})")
        found[student] = when
    return found


def _extended(where: str, said: object, due: datetime, zone: ZoneInfo) -> datetime:
    if isinstance(said, bool) or not isinstance(said, int):
        return _time(where, said, zone)
    try:
        return due + timedelta(days=said)
    except OverflowError:
        raise CourseError(f"{where}: expected a time or a number of days; found {said}") from None
