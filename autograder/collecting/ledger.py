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


@dataclass(frozen=True)
class Collected:
    """What the LMS's export said of a student's hand-in.

    Attributes:
        name: how the export calls the student.
        number: the LMS's number of the student; Moodle's is one for each assignment.
        late: whether the LMS itself marked the hand-in as late.
        time_from: where the time in ``timestamp.txt`` comes from; empty where collecting wrote none.
    """

    name: str = ""
    number: str = ""
    late: bool = False
    time_from: str = ""


def load_collected(class_folder: Path, stage: str) -> dict[str, Collected]:
    """What is known of the hand-ins of a stage, by student."""
    known = _read(class_folder).get(stage, {})
    return {student: Collected(**said) for student, said in known.items()}


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
