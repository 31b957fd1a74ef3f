"""The record of a graded submission: everything a report, a feedback page and the gradebook need. Kept as JSON."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.judge import Verdict
from autograder.session import CellProblem
from seqlab.checking.casefile import NamedMistake
from seqlab.checking.compare import Finding, Mismatch
from seqlab.checking.outcome import CaseOutcome
from seqlab.checking.report import MAX_NAMED

DIGITS = 4


@dataclass(frozen=True)
class Record:
    """What came of grading one submission.

    Attributes:
        student, stage: whose, and of what.
        digest: SHA-256 of the bytes that were handed in.
        seed: what the hidden inputs were drawn from, together with the course secret.
        protections: what stood between the student's code and the machine.
        verdicts: one for each exercise, in order.
        notes: what was repaired or left out.
        cell_problems: cells that did not run to their end.
        refusal: why nothing could be run, or empty.
        printed: what the student's code printed, up to the cap.
        secret: the name of the course secret.
        suite: SHA-256 of everything that decides what is right (see :func:`autograder.circumstances.suite_digest`).
        versions: of Python and the libraries that the grader used.
        graded_at: when, in UTC, ISO 8601.
    """

    student: str
    stage: str
    digest: str
    seed: int
    protections: str
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()
    cell_problems: tuple[CellProblem, ...] = ()
    refusal: str = ""
    printed: str = ""
    secret: str = ""
    suite: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    graded_at: str = ""

    @property
    def score(self) -> float:
        """Points earned in all."""
        return round(sum(verdict.score for verdict in self.verdicts), 2)

    @property
    def points(self) -> float:
        """Points that could be earned."""
        return sum(verdict.points for verdict in self.verdicts)

    def scores(self) -> dict[str, float]:
        """The score of each exercise."""
        return {verdict.exercise: verdict.score for verdict in self.verdicts}


def told_mistakes(verdict: Verdict) -> Sequence[NamedMistake]:
    """The named mistakes that a student is told of."""
    return () if verdict.full else verdict.mistakes[:MAX_NAMED]


def is_unwritten(verdict: Verdict) -> bool:
    """Whether nothing of an exercise was filled in."""
    return bool(verdict.outcomes) and all(outcome.unfinished for outcome in verdict.outcomes)


def attempt_paths(class_folder: Path, student: str, stage: str) -> list[Path]:
    """The records of all gradings of a student's work on a stage, the oldest first."""
    return sorted((class_folder / "verdicts" / student / stage).glob("[0-9]" * DIGITS + ".json"))


def save_record(class_folder: Path, record: Record) -> Path:
    """Write a record as the student's next attempt; an earlier one is never overwritten, none is met half written."""
    folder = class_folder / "verdicts" / record.student / record.stage
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{os.getpid()}.partial"
    partial.write_text(json.dumps(_strict(asdict(record)), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    try:
        return _as_next(folder, partial, len(attempt_paths(class_folder, record.student, record.stage)))
    finally:
        partial.unlink()


def load_record(path: Path) -> Record:
    """Read one record."""
    return _record(json.loads(path.read_text(encoding="utf-8")))


def load_records(class_folder: Path, stage: str) -> list[Record]:
    """The latest record of each student for a stage, by student's name."""
    students = sorted(folder.parent.name for folder in (class_folder / "verdicts").glob(f"*/{stage}"))
    paths = [attempt_paths(class_folder, student, stage) for student in students]
    return [load_record(attempts[-1]) for attempts in paths if attempts]


def _as_next(folder: Path, partial: Path, known: int) -> Path:
    """Link a written file under the next free number; of two processes at once each gets its own."""
    for number in itertools.count(known + 1):
        path = folder / f"{number:0{DIGITS}d}.json"
        try:
            os.link(partial, path)
        except FileExistsError:
            continue
        return path
    raise AssertionError("numbers do not end")


def _strict(data: Any) -> Any:
    """JSON knows no nan and no inf: write them as text, which ``float`` reads back."""
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if isinstance(data, dict):
        return {name: _strict(item) for name, item in data.items()}
    return [_strict(item) for item in data] if isinstance(data, (list, tuple)) else data


def _record(data: Mapping[str, Any]) -> Record:
    verdicts = tuple(_verdict(item) for item in data["verdicts"])
    problems = tuple(CellProblem(**item) for item in data["cell_problems"])
    return Record(**{**data, "verdicts": verdicts, "cell_problems": problems, "notes": tuple(data["notes"])})


def _verdict(data: Mapping[str, Any]) -> Verdict:
    outcomes = tuple(_outcome(item) for item in data["outcomes"])
    mistakes = tuple(NamedMistake(**item) for item in data["mistakes"])
    return Verdict(**{**data, "outcomes": outcomes, "mistakes": mistakes, "weights": tuple(data["weights"])})


def _outcome(data: Mapping[str, Any]) -> CaseOutcome:
    findings = tuple(_finding(item) for item in data["findings"])
    keys = {name: tuple(data.get(name, ())) for name in ("mistakes", "possible", "ruled_out")}
    return CaseOutcome(**{**data, "findings": findings, **keys})


def _finding(data: Mapping[str, Any]) -> Finding:
    return Finding(**{**data, "mismatch": None if data["mismatch"] is None else _mismatch(data["mismatch"])})


def _mismatch(data: Mapping[str, Any]) -> Mismatch:
    numbers = {name: float(data[name]) for name in ("largest", "got", "expected")}
    return Mismatch(**{**data, **numbers, "first": tuple(data["first"])})
