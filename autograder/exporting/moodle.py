"""Moodle's offline grading worksheet.

Documented in Moodle's docs ("Using Assignment", offline grading worksheet) and, exactly, by Moodle's own
``mod/assign/feedback/offline/importgradeslib.php``: it reads ``Identifier`` (``Participant 12345``), ``Grade``,
``Last modified (grade)`` (a grade that was changed later in Moodle is not overwritten) and ``Feedback comments``, each
by its name in the language of whoever uploads. A byte order mark is taken off when read: the worksheet's own is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from autograder.collecting.ledger import MOODLE_LMS, Collected
from autograder.course import CourseError
from autograder.exporting.filling import Filled, number_in, require_same_points
from autograder.exporting.matching import Entry, login_keys, match, name_keys, number_keys
from autograder.exporting.scores import FinalScore, scaled
from autograder.exporting.sheet import Sheet

IDENTIFIER, GRADE, MODIFIED = "Identifier", "Grade", "Last modified (grade)"
MAXIMUM, CHANGEABLE, COMMENTS = "Maximum Grade", "Grade can be changed", "Feedback comments"
CONTACTS = ("ID number", "Email address", "Username")
NEEDED = (IDENTIFIER, GRADE, MODIFIED)


def filled_worksheet(
    sheet: Sheet, scores: Mapping[str, FinalScore], known: Mapping[str, Collected], scale: bool = False
) -> Filled:
    """A downloaded worksheet with grades and short comments; rows that Moodle has locked stay as they are.

    Raises:
        CourseError: it is no worksheet of Moodle's in English, or has other points than the stage.
    """
    places = {name.strip(): place for place, name in enumerate(sheet.header)}
    if missing := [name for name in NEEDED if name not in places]:
        raise CourseError(
            f"expected Moodle's offline grading worksheet; it has no column {', '.join(missing)} but {list(places)}. "
            "Switch Moodle's language to English and download it again"
        )
    found = match({student: known.get(student, Collected()) for student in scores}, _entries(sheet, places), MOODLE_LMS)
    kept = {
        student: why for student, row in found.rows.items() if (why := _why_kept(sheet, row, places, scores[student]))
    }
    rows = {student: row for student, row in found.rows.items() if student not in kept}
    new = {s: _grade(sheet, row, places, scores[s], scale) for s, row in rows.items()}
    values = {(rows[student], places[GRADE]): grade for student, grade in new.items()}
    if COMMENTS in places:
        values |= {(row, places[COMMENTS]): comment(scores[student]) for student, row in rows.items()}
    old = {student: _said(sheet, row, places, GRADE) for student, row in rows.items()}
    return Filled(
        sheet.with_values(values),
        len(new),
        GRADE,
        found.unmatched,
        {entry.label: "nothing graded" for entry in found.left} | kept,
        {s: f"{old[s]} to {new[s]}" for s in new if number_in(old[s]) not in (None, number_in(new[s]))},
    )


def comment(score: FinalScore) -> str:
    """A short text for the student: points by exercise, and what lateness cost. Nothing that a student wrote."""
    parts = [f"{score.score:g} of {score.points:g} points."]
    off = [f"{name} {got:g} of {most:g}" for name, (got, most) in score.exercises.items() if got != most]
    parts += [f"Not full: {', '.join(off)}."] if off else []
    parts += [f"{score.penalty:g} points off for lateness."] if score.penalty else []
    return " ".join(parts)


def _said(sheet: Sheet, row: int, places: Mapping[str, int], name: str) -> str:
    return sheet.value(row, places[name]).strip() if name in places else ""


def _why_kept(sheet: Sheet, row: int, places: Mapping[str, int], score: FinalScore) -> str:
    """Why Moodle would pass over a grade, which it does without a word; empty if it would not."""
    if _said(sheet, row, places, CHANGEABLE).casefold() == "no":
        return "locked in Moodle"
    return "" if score.score <= score.points else f"{score.score:g} is more than Moodle takes; enter it by hand"


def _grade(sheet: Sheet, row: int, places: Mapping[str, int], score: FinalScore, scale: bool) -> str:
    most = number_in(_said(sheet, row, places, MAXIMUM))
    most = require_same_points(most, score.points, f"Moodle's worksheet, row {row + 1},", scale)
    return scaled(score.score, score.points, most)


def _entries(sheet: Sheet, places: Mapping[str, int]) -> list[Entry]:
    rows = range(1, len(sheet.rows))
    people = [(_said(sheet, row, places, IDENTIFIER), _said(sheet, row, places, "Full name")) for row in rows]
    logins = login_keys([[_said(sheet, row, places, column) for column in CONTACTS] for row in rows])
    return [
        Entry(row, name or identifier, number_keys(identifier), keys, name_keys(name))
        for row, (identifier, name), keys in zip(rows, people, logins, strict=True)
    ]
