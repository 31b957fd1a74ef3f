"""What an export said of each hand-in besides the file: whose it is there, whether it is late, and when it came.

Kept in ``classroom/collected.json`` by stage and student, outside of the folders that hold students' files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = "collected.json"
CANVAS_LMS, MOODLE_LMS = "canvas", "moodle"


@dataclass(frozen=True)
class Collected:
    """What the LMS's export said of a student's hand-in.

    Attributes:
        name: how the export calls the student.
        number: the LMS's number of the student; Moodle's is one for each assignment.
        late: whether the LMS itself marked the hand-in as late.
        time_from: where the time in ``timestamp.txt`` comes from; empty where collecting wrote none.
        lms: whose the number is; empty if that is not known.
    """

    name: str = ""
    number: str = ""
    late: bool = False
    time_from: str = ""
    lms: str = ""

    def number_at(self, lms: str) -> str:
        """The student's number at an LMS; empty if it is another's. One of which that is not known may be anybody's."""
        return self.number if not self.lms or self.lms == lms else ""


def load_collected(class_folder: Path, stage: str) -> dict[str, Collected]:
    """What is known of the hand-ins of a stage, by student."""
    known = _read(class_folder).get(stage, {})
    return {student: Collected(**said) for student, said in known.items()}


def load_people(class_folder: Path, stage: str) -> dict[str, Collected]:
    """Who is known by which folder: by this stage, else by others, as far as their numbers are the same (Canvas's)."""
    people = load_collected(class_folder, stage)
    for other in _read(class_folder):
        for student, said in load_collected(class_folder, other).items():
            if said.lms == CANVAS_LMS:
                people.setdefault(student, said)
    return people


def save_collected(class_folder: Path, stage: str, said: Mapping[str, Collected]) -> None:
    """Add what an export said of a stage's hand-ins; what it does not speak of stays."""
    known = _read(class_folder)
    known.setdefault(stage, {}).update({student: asdict(one) for student, one in said.items()})
    class_folder.mkdir(parents=True, exist_ok=True)
    partial = class_folder / f".{FILE}.{os.getpid()}.partial"
    partial.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(class_folder / FILE)


def _read(class_folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    path = class_folder / FILE
    known: dict[str, dict[str, dict[str, Any]]] = {}
    if path.is_file():
        known = json.loads(path.read_text(encoding="utf-8"))
    return known
