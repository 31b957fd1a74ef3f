"""Which row of an LMS's table is whose: by the LMS's number, else by login, else by name; never by a guess.

A grade in a stranger's row is the worst that can happen here, so whatever fits more than one is told and left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.collecting.ledger import Collected
from autograder.collecting.owners import clean

Keys = frozenset[str]


@dataclass(frozen=True)
class Entry:
    """A person in an LMS's table: the row, what to call them, and the keys by which they are known there."""

    row: int
    label: str
    numbers: Keys = frozenset()
    logins: Keys = frozenset()
    names: Keys = frozenset()


@dataclass
class Matching:
    """Who is in which row, which students have none and why, and the entries that nobody fits."""

    rows: dict[str, int] = field(default_factory=dict)
    unmatched: dict[str, str] = field(default_factory=dict)
    left: list[Entry] = field(default_factory=list)


def match(students: Mapping[str, Collected], entries: Sequence[Entry]) -> Matching:
    """Find the row of each student; ``students`` has what is known of each from collecting.

    The surest keys come first. Whoever fits several rows by a key, or shares the row with another, gets none.
    """
    found = Matching(left=list(entries))
    for tier in ("numbers", "logins", "names"):
        _match_by(tier, students, found)
    for student in students:
        if student not in found.rows:
            found.unmatched.setdefault(student, "no row has this number, login or name")
    return found


def number_keys(text: str) -> Keys:
    """The number at the end of a text such as ``Participant 12345``."""
    digits = re.search(r"\d+$", text.strip())
    return frozenset({digits[0]} if digits else ())


def login_keys(*texts: str) -> Keys:
    """Logins and addresses, whole and before the @, as ``collect`` would name a folder after them."""
    parts = {part for text in texts for part in (text.strip(), text.strip().split("@")[0]) if part}
    return frozenset(clean(part).casefold() for part in parts)


def name_keys(*texts: str) -> Keys:
    """Names without marks and case: as they stand, first and last name swapped at a comma, and with words sorted."""
    keys = set()
    for text in texts:
        last, comma, first = text.partition(",")
        keys |= {_plain(text), _plain(first + last) if comma else "", " ".join(sorted(_words(text)))}
    return frozenset(keys - {""})


def _match_by(tier: str, students: Mapping[str, Collected], found: Matching) -> None:
    claims: dict[int, list[str]] = {}
    for student, known in students.items():
        if student in found.rows or student in found.unmatched:
            continue
        keys = _keys_of(student, known)[tier]
        fitting = [entry for entry in found.left if keys & getattr(entry, tier)]
        if len(fitting) > 1:
            told = ", ".join(f"{entry.label} (row {entry.row + 1})" for entry in fitting)
            found.unmatched[student] = f"several rows fit by {tier}: {told}"
        for entry in fitting:
            claims.setdefault(entry.row, []).append(student)
    for row, claimants in claims.items():
        if len(claimants) == 1 and claimants[0] not in found.unmatched:
            found.rows[claimants[0]] = row
        for student in claimants if len(claimants) > 1 else ():
            found.unmatched.setdefault(student, f"row {row + 1} fits several by {tier}: {', '.join(claimants)}")
    found.left = [entry for entry in found.left if entry.row not in found.rows.values()]


def _keys_of(student: str, known: Collected) -> dict[str, Keys]:
    numbers = frozenset({known.number} - {""})
    return {"numbers": numbers, "logins": login_keys(student), "names": name_keys(student, known.name)}


def _plain(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())
