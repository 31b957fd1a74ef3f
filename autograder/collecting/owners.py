"""Whose each file of an export is, by the ways in which Moodle, Canvas and people name files and folders."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from autograder.collecting.ledger import CANVAS_LMS, MOODLE_LMS, Collected

MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_[a-z]+_?.*", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_/]+)(?P<late>_LATE)?_(?P<number>\d+)_(?P<file>\d+)_.+", re.DOTALL)
LONGEST_NAME = 80


@dataclass(frozen=True)
class Owner:
    """Who handed a file in, as far as the export says: a name, and the LMS's number where it gives one.

    ``late`` is Canvas's own mark on this file, ``lms`` whose the number is; they make nobody another.
    """

    name: str
    number: str = ""
    late: bool = field(default=False, compare=False)
    lms: str = field(default="", compare=False)


@dataclass(frozen=True)
class Reading:
    """How the paths of an export are read. A student may choose the names below the folder that the LMS made, so these
    count only where the whole export is named so.

    Attributes:
        wrapped: how many leading folders all files share that are the export's own and no student's.
        canvas: whether it is Canvas's: all notebooks are named its way, and lie in one folder that is no student's.
        moodle: to which depth a folder named Moodle's way is Moodle's: all, where every notebook lies in one.
        wrapper: the names of the leading folders that are passed over.
    """

    wrapped: int
    canvas: bool
    moodle: int
    wrapper: str

    def owner_of(self, parts: Sequence[str], stage_id: str) -> Owner | None:
        """The owner of a file by its folders (the stage's own not among them) and name; None if they do not say."""
        if self.canvas and (found := CANVAS.fullmatch(parts[-1])):
            return Owner(found["name"], found["number"], found["late"] is not None, CANVAS_LMS)
        below = parts[self.wrapped :]
        for folder in parts[:-1][: self.moodle]:
            if found := MOODLE.fullmatch(folder):
                return Owner(found["name"], found["number"], lms=MOODLE_LMS)
        if len(below) > 1:
            return Owner(below[0])
        stem = re.sub(r"\.(ipynb|py)(\.txt|\.json)?$", "", parts[-1], flags=re.IGNORECASE)
        rest = re.sub(rf"[ _.-]*{re.escape(stage_id)}([ _-]*\(?\d*\)?)?[ _.-]*", "", stem, flags=re.IGNORECASE)
        return Owner(rest) if rest.strip() else None

    def note(self, owner: Owner, parts: Sequence[str]) -> str:
        """What was a guess in reading an owner, for a person to look at; empty if nothing was."""
        passed_over = parts[0] if owner.lms and len(parts) > 1 and not MOODLE.fullmatch(parts[0]) else self.wrapper
        if passed_over:
            return f"the folder {passed_over!r} was taken for the export's own, not for a student's"
        named_so = not owner.lms and CANVAS.fullmatch(parts[-1])
        return "a name as Canvas gives, but not the whole export is named so; its number was not used" * bool(named_so)


def reading_of(paths: Sequence[tuple[str, ...]], students: Collection[str]) -> Reading:
    """How to read the paths of an export; a folder whose name is in ``students`` (casefolded) is no wrapper."""
    wrapped = _without_wrapper(paths, students)
    canvas = not any(_in_moodle_s(path) for path in paths) and _is_canvas(paths, students)
    return Reading(wrapped, canvas, _depth_of_moodle(paths, students), "/".join(paths[0][:wrapped]) if paths else "")


def _in_moodle_s(path: tuple[str, ...]) -> bool:
    return any(MOODLE.fullmatch(folder) for folder in path[:-1])


def _depth_of_moodle(paths: Sequence[tuple[str, ...]], students: Collection[str]) -> int:
    """The first folder, and that below the folders which all files share; any, if every notebook lies in Moodle's."""
    if any(_known(path[0], students) for path in paths if len(path) > 1):
        return 1
    if all(_in_moodle_s(path) for path in paths):
        return max(map(len, paths), default=0)
    levels = zip(*(path[:-1] for path in paths), strict=False)
    return sum(1 for _ in takewhile(lambda folders: len(set(folders)) == 1, levels)) + 1


def _is_canvas(paths: Sequence[tuple[str, ...]], students: Collection[str]) -> bool:
    """In a folder it takes two people to tell Canvas's export from one student's folder."""
    found = [CANVAS.fullmatch(path[-1]) for path in paths]
    folders = {path[:-1] for path in paths}
    if len(folders) != 1 or not all(found):
        return False
    people = {(one["name"], one["number"]) for one in found if one}
    return folders == {()} or (len(people) > 1 and not any(_known(folder, students) for folder in folders.pop()))


def _without_wrapper(paths: Sequence[tuple[str, ...]], students: Collection[str]) -> int:
    count = 0
    while paths and len({path[count] for path in paths}) == 1 and all(len(path) > count + 2 for path in paths):
        if MOODLE.fullmatch(paths[0][count]) or _known(paths[0][count], students):
            break
        count += 1
    return count


def _known(folder: str, students: Collection[str]) -> bool:
    return clean(folder).casefold() in students


def students(owners: Iterable[Owner], known: Mapping[str, Collected]) -> dict[Owner, str]:
    """A folder's name for each owner: that which has the owner's number in ``known``, else one made of the name.

    Names that come out the same, or are another's in ``known``, are told apart by number, and where that does not do,
    by a mark. No two owners get the same, but for those who have one number.
    """
    given = dict.fromkeys(owners)
    fixed = {owner: folder for owner in given if (folder := _folder_of(owner, known))}
    tries = dict.fromkeys((owner for owner in given if owner not in fixed), 0)
    others = {folder.casefold(): said for folder, said in known.items()}
    while True:
        names = {owner: _candidate(owner, tried) for owner, tried in tries.items()}
        used = Counter(name.casefold() for name in (*names.values(), *set(fixed.values())))
        clashing = [o for o, name in names.items() if used[name.casefold()] > 1 or _is_another_s(o, name, others)]
        if not clashing:
            return {owner: fixed.get(owner) or names[owner] for owner in given}
        tries |= {owner: tries[owner] + 1 for owner in clashing}


def _folder_of(owner: Owner, known: Mapping[str, Collected]) -> str:
    fitting = (folder for folder, said in known.items() if owner.number and said.number_at(owner.lms) == owner.number)
    return next(fitting, "")


def _is_another_s(owner: Owner, name: str, known: Mapping[str, Collected]) -> bool:
    said = known.get(name.casefold(), Collected())
    return bool(owner.number and said.number) and said.number_at(owner.lms) != owner.number


def _candidate(owner: Owner, tried: int) -> str:
    """The name to try after so many were in use."""
    name = clean(owner.name)
    if tried < 2:
        return f"{name}-{owner.number or _mark(owner.name)}" if tried else name
    return f"{name}-{_mark(f'{owner.name}/{owner.number}/{tried}')}"


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
