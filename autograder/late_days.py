"""Late days: how many a student has used and has left. The one place that decides what lateness is.

A due date, an extension and the late days that a hand-in takes become nbgrader's own due date and extension. What is
late even so, nbgrader's plugin (``autograder.late.PercentPerDay``) charges, whoever grades. So both roads agree, and
formgrader shows the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry

from autograder.deadlines import Deadlines, load_deadlines
from autograder.hand_in_times import hand_in_time
from autograder.late import DAY, Lateness


@dataclass(frozen=True)
class Delay:
    """How late a student is with a stage.

    Attributes:
        due: when it was due for this student, extension included.
        handed_in: when it came; None if that is not known, and then it is not late.
        days: days begun after the due date and the grace.
        used: how many of them are late days, which cost nothing.
        left: late days that are left after this stage.
    """

    due: datetime
    handed_in: datetime | None
    days: int
    used: int
    left: int

    @property
    def seconds_late(self) -> float:
        """Seconds after the due date and the late days used."""
        if self.handed_in is None:
            return 0.0
        return max(0.0, (self.handed_in - self.due).total_seconds() - DAY * self.used)


def delays(
    deadlines: Deadlines, student: str, times: Mapping[str, datetime | None], grace_seconds: float
) -> dict[str, Delay]:
    """A student's delay in each stage that is due and of which ``times`` says something, in the stages' order."""
    left, found = deadlines.late_days, {}
    for stage in sorted(deadlines.due.keys() & times.keys()):
        due, handed_in = deadlines.due_of(stage, student), times[stage]
        late = 0.0 if handed_in is None else (handed_in - due).total_seconds() - grace_seconds
        days = max(0, math.ceil(late / DAY))
        used = min(days, left)
        left -= used
        found[stage] = Delay(due, handed_in, days, used, left)
    return found


def times_of(class_folder: Path, student: str, deadlines: Deadlines) -> dict[str, datetime | None]:
    """When a student handed in each stage that lies in ``submitted/``; times know their zone."""
    folders = {stage: class_folder / "submitted" / student / stage for stage in deadlines.due}
    times = {stage: hand_in_time(folder) for stage, folder in folders.items() if folder.is_dir()}
    return {stage: None if when is None else when.replace(tzinfo=UTC) for stage, when in times.items()}


def settle(class_folder: Path, gradebook: Any, lateness: Lateness, students: Iterable[str]) -> None:
    """Write due dates, extensions with late days, and penalties of these students into nbgrader's gradebook.

    All their stages, since a late day that is used in one is missing in the next. Nothing without ``deadlines.toml``:
    then what was entered in formgrader holds.

    Raises:
        CourseError: the file does not say what it should.
    """
    deadlines = load_deadlines(class_folder)
    if deadlines is None:
        return
    for stage, due in deadlines.due.items():
        _set_due(gradebook, stage, due)
    for student in students:
        times = times_of(class_folder, student, deadlines)
        for stage, delay in delays(deadlines, student, times, lateness.grace_seconds).items():
            _settle_one(gradebook, lateness, deadlines.due[stage], (stage, student), delay)
    gradebook.db.commit()


def extension_of(due: datetime, delay: Delay) -> timedelta:
    """How long after ``due`` a student's time ends, late days included; in UTC, since clocks change in between."""
    return delay.due.astimezone(UTC) - due.astimezone(UTC) + timedelta(days=delay.used)


def _set_due(gradebook: Any, stage: str, due: datetime) -> None:
    try:
        gradebook.find_assignment(stage).duedate = _naive(due)
    except MissingEntry:
        return  # not released yet


def _settle_one(gradebook: Any, lateness: Lateness, due: datetime, place: tuple[str, str], delay: Delay) -> None:
    try:
        submission = gradebook.find_submission(*place)
    except MissingEntry:
        return  # not graded yet
    submission.timestamp = None if delay.handed_in is None else _naive(delay.handed_in)
    submission.extension = extension_of(due, delay) or None
    lateness.charge(submission)


def _naive(when: datetime) -> datetime:
    """A time as nbgrader keeps it: UTC, without saying so."""
    return when.astimezone(UTC).replace(tzinfo=None)
