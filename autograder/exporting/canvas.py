"""Canvas's gradebook CSV.

Documented in the Canvas instructor guide ("How do I import grades in the Gradebook?") and, exactly, by Canvas's own
``lib/gradebook_importer.rb``: a header with ``Student``, ``ID``, maybe ``SIS User ID`` and ``SIS Login ID``, then
``Section`` and a column ``Title (assignment id)`` for each assignment; maybe a row that says which are posted by hand;
a row ``Points Possible``, which also says ``(read only)``; a row for each student. ``EX`` excuses. Canvas writes and
takes UTF-8 with or without a byte order mark: the downloaded file's own choice is kept.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from autograder.collecting.ledger import CANVAS_LMS, Collected
from autograder.course import CourseError, Stage
from autograder.exporting.filling import Filled, number_in, require_same_points
from autograder.exporting.matching import Entry, login_keys, match, name_keys
from autograder.exporting.scores import FinalScore, scaled
from autograder.exporting.sheet import Sheet
from autograder.spreadsheet import harmless_field

PEOPLE = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
POINTS_ROW = "Points Possible"
POSTED_ROW = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE)
ASSIGNMENT = re.compile(r".* \(\d+\)", re.DOTALL)
EXCUSED = "EX"


def filled_gradebook(
    sheet: Sheet,
    stage: Stage,
    scores: Mapping[str, FinalScore],
    known: Mapping[str, Collected],
    column: str = "",
    scale: bool = False,
) -> Filled:
    """A downloaded gradebook with the stage's column filled; excused students stay excused.

    Raises:
        CourseError: it is no gradebook of Canvas's, the stage's column is not found, is read only or has other points.
    """
    if not {"Student", "ID", "Section"} <= set(_header(sheet)):
        raise CourseError(f"expected a gradebook of Canvas's, with columns Student, ID, Section; found {sheet.header}")
    place = _column(sheet, stage, column)
    most = _points(sheet, place, next(iter(scores.values())).points, scale)
    found = match({student: known.get(student, Collected()) for student in scores}, _entries(sheet), CANVAS_LMS)
    excused = {s for s, row in found.rows.items() if sheet.value(row, place).strip().upper() == EXCUSED}
    new = {
        student: scaled(scores[student].score, scores[student].points, most)
        for student in found.rows
        if student not in excused
    }
    data = sheet.with_values({(found.rows[student], place): score for student, score in new.items()})
    old = {student: sheet.value(found.rows[student], place) for student in new}
    return Filled(
        data,
        len(new),
        sheet.header[place],
        found.unmatched,
        {entry.label: "nothing graded" for entry in found.left} | dict.fromkeys(excused, "excused in Canvas (EX)"),
        {s: f"{old[s]} to {new[s]}" for s in new if old[s].strip() and number_in(old[s]) != number_in(new[s])},
    )


def new_gradebook(stage: Stage, scores: Mapping[str, FinalScore], known: Mapping[str, Collected], column: str) -> bytes:
    """A gradebook from what we know alone; Canvas asks which of its assignments the column is, unless it is named."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    points = next(iter(scores.values())).points
    writer.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column or stage.title])
    writer.writerow([f"    {POINTS_ROW}", "", "", "", "", f"{points:g}"])
    for student, score in scores.items():
        said = known.get(student, Collected())
        people = [harmless_field(said.name or student), said.number_at(CANVAS_LMS), "", harmless_field(student), ""]
        writer.writerow([*people, scaled(score.score, score.points, score.points)])
    return text.getvalue().encode()


def _header(sheet: Sheet) -> list[str]:
    return [name.strip() for name in sheet.header]


def _column(sheet: Sheet, stage: Stage, wanted: str) -> int:
    """The place of the stage's column: the named one, else the only assignment with the stage's id or title."""
    header = _header(sheet)
    if wanted:
        fitting = [place for place, name in enumerate(header) if name == wanted.strip() and name not in PEOPLE]
    else:
        asked = [stage.id.casefold(), stage.title.casefold()]
        fitting = [
            place
            for place, name in enumerate(header)
            if ASSIGNMENT.fullmatch(name) and any(text in name.casefold() for text in asked)
        ]
    if len(fitting) == 1:
        return fitting[0]
    assignments = [name for name in header if ASSIGNMENT.fullmatch(name)]
    raise CourseError(
        f"expected one column for {stage.id} ({wanted or stage.title}); {len(fitting)} fit. Name it: --column, one of "
        f"{assignments}"
    )


def _points(sheet: Sheet, place: int, points: float, scale: bool) -> float:
    row = next((row for row in range(1, len(sheet.rows)) if POINTS_ROW in sheet.value(row, 0)), None)
    said = "" if row is None else sheet.value(row, place)
    if "read only" in said:
        raise CourseError(f"the column {sheet.header[place]!r} is read only in Canvas; name another: --column")
    return require_same_points(number_in(said), points, f"Canvas's column {sheet.header[place]!r}", scale)


def _is_person(sheet: Sheet, row: int) -> bool:
    posted = all(POSTED_ROW.fullmatch(field.value) for field in sheet.rows[row])
    return not posted and POINTS_ROW not in sheet.value(row, 0)


def _entries(sheet: Sheet) -> list[Entry]:
    rows = [row for row in range(1, len(sheet.rows)) if _is_person(sheet, row)]
    people = [dict(zip(_header(sheet), (field.value for field in sheet.rows[row]), strict=False)) for row in rows]
    logins = login_keys([[said.get(name, "") for name in ("SIS Login ID", "SIS User ID", "ID")] for said in people])
    return [
        Entry(row, said["Student"], frozenset({said["ID"].strip()} - {""}), keys, name_keys(said["Student"]))
        for row, said, keys in zip(rows, people, logins, strict=True)
    ]
