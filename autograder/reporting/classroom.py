"""What a class did on a stage, read from records, folders and gradebook: all that the figures are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from autograder.course import Course, CourseError, Stage
from autograder.hand_ins import clean_name
from autograder.record import Record, attempt_paths, load_record
from autograder.standings import Standings, read_standings
from autograder.workspace import Workspace

T = TypeVar("T")


@dataclass(frozen=True)
class Attempt:
    """One grading in short: the SHA-256 of the file, and the score in percent."""

    digest: str
    percent: float


@dataclass(frozen=True)
class Work:
    """One student's work on the stage.

    Attributes:
        record: the latest grading.
        before: the grading before it; None where there was none.
        attempts: all gradings, the oldest first.
        earlier: percent of the latest grading of each earlier stage that was handed in, in the course's order.
    """

    record: Record
    before: Record | None = None
    attempts: tuple[Attempt, ...] = ()
    earlier: Mapping[str, float] = field(default_factory=dict)

    @property
    def student(self) -> str:
        """Whose it is."""
        return self.record.student

    @property
    def percent(self) -> float:
        """The score in percent of the points."""
        return percent_of(self.record.score, self.record.points)


@dataclass(frozen=True)
class Classroom:
    """The class on one stage.

    Attributes:
        works: of everybody who is graded, by name.
        ungraded: who has a hand-in that is not graded yet.
        missing: who is known to the course but handed in nothing, with percent of earlier stages.
        standings: what the gradebook says.
        kept_bytes: how much printed text of a submission is kept.
    """

    stage: Stage
    works: tuple[Work, ...]
    ungraded: tuple[str, ...] = ()
    missing: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    standings: Standings = field(default_factory=Standings)
    kept_bytes: int = 0


def percent_of(score: float, points: float) -> float:
    """A score in percent, between 0 and 100; 0 where there is nothing to divide."""
    if not score > 0 or not points > 0:
        return 0.0
    return min(100.0, 100 * score / points)


def read_classroom(
    course: Course, stage: Stage, workspace: Workspace, progress: Callable[[int], Callable[[], None]]
) -> Classroom:
    """Read everything; ``progress`` is told how many students there are, and gives what to call after each.

    Raises:
        CourseError: a record is damaged, or the gradebook cannot be reached.
    """
    standings = read_standings(workspace, stage.id)
    submitted = _names(workspace.step_folder("submitted"), "*")
    graded = _names(workspace.class_folder / "verdicts", f"*/{stage.id}")
    known = sorted({*submitted, *_names(workspace.class_folder / "verdicts", "*"), *standings.roll})
    before = list(course.stages)[: list(course.stages).index(stage.id)]
    after_each = progress(len(known))
    works, missing = [], {}
    for student in known:
        earlier = dict(_percents(workspace.class_folder, student, before))
        paths = attempt_paths(workspace.class_folder, student, stage.id) if student in graded else []
        if paths:
            works.append(_work(paths, earlier))
        else:
            missing[student] = earlier
        after_each()
    waiting = tuple(sorted(set(missing) & _names(workspace.step_folder("submitted"), f"*/{stage.id}")))
    for student in waiting:
        del missing[student]
    return Classroom(stage, tuple(works), waiting, missing, standings, course.limits.output_kb << 10)


def _names(folder: Path, pattern: str) -> set[str]:
    """The students with a folder of this pattern, by the names under which they are graded."""
    found = (path.relative_to(folder).parts[0] for path in folder.glob(pattern) if path.is_dir())
    return {clean_name(name) for name in found if not name.startswith(".")}


def _percents(class_folder: Path, student: str, stages: Sequence[str]) -> Iterator[tuple[str, float]]:
    for stage in stages:
        if paths := attempt_paths(class_folder, student, stage):
            yield stage, _attempt(paths[-1]).percent


def _work(paths: Sequence[Path], earlier: Mapping[str, float]) -> Work:
    latest = [_read(path, load_record) for path in paths[-2:]]
    short = (Attempt(record.digest, percent_of(record.score, record.points)) for record in latest)
    attempts = (*map(_attempt, paths[:-2]), *short)
    return Work(latest[-1], latest[0] if len(latest) > 1 else None, attempts, earlier)


def _attempt(path: Path) -> Attempt:
    """In short, without making a record of it: a class may have thousands."""
    return _read(path, _in_short)


def _in_short(path: Path) -> Attempt:
    data = json.loads(path.read_text(encoding="utf-8"))
    score, points = (sum(float(verdict[key]) for verdict in data["verdicts"]) for key in ("score", "points"))
    return Attempt(data["digest"], percent_of(round(score, 2), points))


def _read(path: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"the record {path} cannot be read ({type(error).__name__}: {error}); move it away, and grade that student "
            "again with autograder grade"
        ) from error
