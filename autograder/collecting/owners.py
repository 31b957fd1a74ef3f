"""Whose each file of an export is, by the ways in which Moodle, Canvas and people name files and folders."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_[a-z]+_?.*", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_/]+)(?P<late>_LATE)?_(?P<number>\d+)_(?P<file>\d+)_.+", re.DOTALL)
LONGEST_NAME = 80


@dataclass(frozen=True)
class Owner:
    """Who handed a file in, as far as the export says: a name, and the LMS's number where it gives one.

    ``late`` is Canvas's own mark on this file; it makes nobody another.
    """

    name: str
    number: str = ""
    late: bool = field(default=False, compare=False)


def owner_of(parts: Sequence[str], stage_id: str) -> Owner | None:
    """The owner of a file by its folders (the stage's own not among them) and name; None if they do not say."""
    for folder in parts[:-1]:
        if found := MOODLE.fullmatch(folder):
            return Owner(found["name"], found["number"])
    if found := CANVAS.fullmatch(parts[-1]):
        return Owner(found["name"], found["number"], found["late"] is not None)
    if len(parts) > 1:
        return Owner(parts[0])
    stem = re.sub(r"\.(ipynb|py)(\.txt|\.json)?$", "", parts[-1], flags=re.IGNORECASE)
    rest = re.sub(rf"[ _.-]*{re.escape(stage_id)}([ _-]*\(?\d*\)?)?[ _.-]*", "", stem, flags=re.IGNORECASE)
    return Owner(rest) if rest.strip() else None


def without_wrapper(paths: Sequence[tuple[str, ...]]) -> int:
    """How many leading folders all files share that are the export's own and no student's."""
    count = 0
    while paths and len({path[count] for path in paths}) == 1 and all(len(path) > count + 2 for path in paths):
        if MOODLE.fullmatch(paths[0][count]):
            break
        count += 1
    return count


def students(owners: Iterable[Owner]) -> dict[Owner, str]:
    """A folder's name for each owner; those whose names come out the same are told apart by number or by a mark."""
    by_name: dict[str, list[Owner]] = defaultdict(list)
    for owner in dict.fromkeys(owners):
        by_name[clean(owner.name).casefold()].append(owner)
    return {
        owner: clean(owner.name) if len(same) == 1 else f"{clean(owner.name)}-{owner.number or _mark(owner.name)}"
        for same in by_name.values()
        for owner in same
    }


def clean(name: str) -> str:
    """A name as a folder can have it anywhere: letters, digits, dots and dashes; never empty, never hidden."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in plain)
    short = re.sub(r"-{2,}", "-", kept)[:LONGEST_NAME].strip("-.")
    while len(short.encode()) > 2 * LONGEST_NAME:
        short = short[:-1]
    return short or f"student-{_mark(name)}"


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
