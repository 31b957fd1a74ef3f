"""Collecting the hand-ins of a stage from an export. Every file of it is accounted for; nothing is ever overwritten."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from autograder.collecting.ledger import Collected, load_collected, load_people, save_collected
from autograder.collecting.owners import Owner, clean, reading_of, students
from autograder.collecting.sources import Item, Unreadable, items
from autograder.course import Stage
from autograder.hand_in_times import STAMP, write_hand_in_time
from autograder.hand_ins import ENDINGS, HIDDEN_COPIES, read_plain_file
from autograder.workspace import Workspace

TAKEN, UNCHANGED, LEFT_OUT = "taken", "unchanged", "left out"


@dataclass(frozen=True)
class Row:
    """What became of one file of the export: whose it is (as far as known), its name there, and why."""

    outcome: str
    student: str
    file: str
    why: str = ""


def collect(source: Path, stage: Stage, workspace: Workspace, zone: tzinfo | None = None) -> list[Row]:
    """Put the hand-ins found in a folder or zip at ``submitted/STUDENT/STAGE/STAGE.ipynb``.

    With ``zone``, the dates in a zip are taken as times of handing in; where they are local ones, they are read in it.

    A student's earlier hand-in is moved to ``earlier/STUDENT/STAGE/NUMBER/``.

    Raises:
        CourseError: the source is neither a folder nor a zip.
    """
    found = items(source)
    odd = {item: why for item in found if (why := item.problem or _why_not(item))}
    good = [item for item in found if item not in odd]
    paths = {item: _without_stage(item.parts, stage.id) for item in good}
    reading = reading_of(list(paths.values()), _folders(workspace.step_folder("submitted")))
    said = {item: reading.owner_of(parts, stage.id) for item, parts in paths.items()}
    owners = {item: owner for item, owner in said.items() if owner is not None}
    names = students(owners.values(), load_people(workspace.class_folder, stage.id))
    notes = {
        item: _joined(reading.note(owner, paths[item]), _told_apart(owner, names)) for item, owner in owners.items()
    }
    rows = [Row(LEFT_OUT, "", item.name, why) for item, why in odd.items()]
    rows += [Row(LEFT_OUT, "", item.name, "it does not say whose it is") for item in good if item not in owners]
    for student, own in _by_student(owners, names).items():
        rows += _placed(own, student, stage.id, workspace, notes)
    _remember(rows, {item.name: (item, owner) for item, owner in owners.items()}, stage.id, workspace, zone)
    return rows


def _remember(
    rows: Iterable[Row],
    found: Mapping[str, tuple[Item, Owner]],
    stage_id: str,
    workspace: Workspace,
    zone: tzinfo | None,
) -> None:
    """Keep what the export says of those whose hand-in was taken, and its time if it is asked for and not known yet."""
    known, said = load_collected(workspace.class_folder, stage_id), {}
    for row in rows:
        if row.outcome == LEFT_OUT:
            continue
        item, owner = found[row.file]
        folder = workspace.step_folder("submitted") / row.student / stage_id
        before = known.get(row.student, Collected())
        time_from = before.time_from if row.outcome == UNCHANGED else ""
        if zone is not None and item.when is not None and not os.path.lexists(folder / STAMP):
            time_from = f"the zip, read in {zone}" if item.when.tzinfo is None else "the zip, in UTC"
            write_hand_in_time(folder, item.when if item.when.tzinfo else item.when.replace(tzinfo=zone, fold=1))
        whose = owner if owner.number else before  # a folder without a number takes none away
        said[row.student] = Collected(owner.name, whose.number, owner.late, time_from, whose.lms)
    save_collected(workspace.class_folder, stage_id, said)


def _why_not(item: Item) -> str:
    """Why a file is no hand-in by its name; empty if it may be one."""
    name = item.parts[-1].casefold()
    if "__MACOSX" in item.parts or name.startswith("._") or HIDDEN_COPIES in item.parts:
        return "a hidden copy that the system or Jupyter made"
    if name.endswith((".zip", ".tar", ".gz", ".7z", ".rar")):
        return "an archive within the export; unpack it and collect again, or put the notebook in its place by hand"
    return "" if name.endswith(ENDINGS) else "not a notebook by its name"


def _without_stage(parts: tuple[str, ...], stage_id: str) -> tuple[str, ...]:
    return (*(folder for folder in parts[:-1] if folder.casefold() != stage_id), parts[-1])


def _by_student(owners: Mapping[Item, Owner], names: Mapping[Owner, str]) -> dict[str, list[Item]]:
    by_student: dict[str, list[Item]] = defaultdict(list)
    for item, owner in owners.items():
        by_student[names[owner]].append(item)
    return by_student


def _folders(submitted: Path) -> frozenset[str]:
    """The students who have a folder, casefolded."""
    return frozenset(path.name.casefold() for path in submitted.iterdir()) if submitted.is_dir() else frozenset()


def _told_apart(owner: Owner, names: Mapping[Owner, str]) -> str:
    """Says so, where other people's names come out as the same, in this export or in one before."""
    others = [one for one in names if one != owner and clean(one.name).casefold() == clean(owner.name).casefold()]
    another = others or names[owner].casefold() != clean(owner.name).casefold()
    return "others have the same name; told apart by what stands behind it" if another else ""


def _joined(*texts: str) -> str:
    return "; ".join(text for text in texts if text)


def _placed(
    own: Iterable[Item], student: str, stage_id: str, workspace: Workspace, notes: Mapping[Item, str]
) -> Iterator[Row]:
    """Take one student's likeliest file; the next likeliest, where one cannot be read."""
    taken = ""
    last_first = list(own)[::-1]
    for item in sorted(last_first, key=lambda item: _rank(item, stage_id)):
        if taken:
            yield Row(LEFT_OUT, student, item.name, f"{taken} was taken")
            continue
        try:
            outcome, why = _put(item.read(), student, stage_id, workspace)
        except (Unreadable, OSError) as error:
            yield Row(LEFT_OUT, student, item.name, str(error))
            continue
        taken = item.name
        yield Row(outcome, student, item.name, _joined(why, notes[item]))


def _rank(item: Item, stage_id: str) -> tuple[int, int, int]:
    """How unlike the expected file one is; of equals the last in the export is taken."""
    name = item.parts[-1].casefold()
    ending = next(place for place, ending in enumerate(ENDINGS) if name.endswith(ending))
    return ending, stage_id not in name, len(item.parts)


def _put(data: bytes, student: str, stage_id: str, workspace: Workspace) -> tuple[str, str]:
    """Write a hand-in to its place; what lay there is kept as an earlier attempt."""
    folder = workspace.step_folder("submitted") / student / stage_id
    target = folder / f"{stage_id}.ipynb"
    _require_inside(folder, workspace.step_folder("submitted"))
    folder.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(target) and read_plain_file(target) == (data, ""):
        return UNCHANGED, "the same file was collected before"
    partial = folder / f".{target.name}.partial"
    partial.unlink(missing_ok=True)
    with partial.open("xb") as file:
        file.write(data)
    kept = _keep_earlier(target, student, stage_id, workspace)
    partial.rename(target)
    return TAKEN, kept


def _require_inside(folder: Path, submitted: Path) -> None:
    if not folder.resolve().is_relative_to(submitted.resolve()):
        raise Unreadable(f"{folder} is a link that leads out of {submitted}; nothing was written")


def _keep_earlier(target: Path, student: str, stage_id: str, workspace: Workspace) -> str:
    if not os.path.lexists(target):
        return ""
    kept = _next_number(workspace.class_folder / "earlier" / student / stage_id)
    for path in (target, target.with_name(STAMP)):
        if os.path.lexists(path):
            path.rename(kept / path.name)
    return f"an earlier hand-in is kept as {kept.relative_to(workspace.class_folder)}"


def _next_number(folder: Path) -> Path:
    """A new folder ``001``, ``002``, ... in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    made = folder / f"{max(numbers, default=0) + 1:03}"
    made.mkdir()
    return made
