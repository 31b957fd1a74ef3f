"""Which row of an LMS's table is whose: by the LMS's number, else by login, else by name; never by a guess.

A grade in a stranger's row is the worst that can happen here, so whatever fits more than one is told and left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
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
    namesakes: dict[str, str] = field(default_factory=dict)


def match(students: Mapping[str, Collected], entries: Sequence[Entry], lms: str) -> Matching:
    """Find the row of each student in a table of ``lms``; ``students`` has what is known of each from collecting.

    The surest keys come first. Whoever fits several rows by a key, or shares the row with another, gets none. A row
    with another number than the student's at this LMS is another's, whatever its login and name.
    """
    found = Matching(left=list(entries))
    for tier in ("numbers", "logins", "names"):
        _match_by(tier, students, found, lms)
    for student in students:
        if student not in found.rows:
            why = found.namesakes.get(student, "no row has this number, login or name")
            found.unmatched.setdefault(student, why)
    return found


def number_keys(text: str) -> Keys:
    """The number at the end of a text such as ``Participant 12345``."""
    digits = re.search(r"\d+$", text.strip())
    return frozenset({digits[0]} if digits else ())


def login_keys(rows: Sequence[Sequence[str]]) -> list[Keys]:
    """The keys of each row of logins and addresses, as ``collect`` would name a folder after them.

    An address counts whole; what stands before its @ is a key only in a column of addresses that share a domain, since
    ``ada`` may be another at each domain, and people may choose their address.
    """
    domains = [_shared_domain(column) for column in zip(*rows, strict=True)]
    return [frozenset().union(*map(_logins, row, domains)) for row in rows]


def _shared_domain(column: Iterable[str]) -> str:
    """The domain of a column's addresses, if it is mostly addresses and all have the same; else none."""
    logins = [text.strip() for text in column if text.strip()]
    domains = [text.rpartition("@")[2].casefold() for text in logins if "@" in text]
    return domains[0] if len(set(domains)) == 1 and 2 * len(domains) > len(logins) else ""


def _logins(text: str, domain: str) -> Keys:
    start, at, end = text.strip().rpartition("@")
    parts = {text.strip(), start if at and end.casefold() == domain else ""} - {""}
    return frozenset(clean(part).casefold() for part in parts)


def name_keys(*texts: str) -> Keys:
    """Names without marks and case: as they stand, first and last name swapped at a comma, and with words sorted."""
    keys = set()
    for text in texts:
        last, comma, first = text.partition(",")
        keys |= {_plain(text), _plain(first + last) if comma else "", " ".join(sorted(_words(text)))}
    return frozenset(keys - {""})


def _match_by(tier: str, students: Mapping[str, Collected], found: Matching, lms: str) -> None:
    claims: dict[int, list[str]] = {}
    for student, known in students.items():
        if student in found.rows or student in found.unmatched:
            continue
        number = known.number_at(lms)
        keys = _keys_of(student, known.name, number)[tier]
        alike = [entry for entry in found.left if keys & getattr(entry, tier)]
        fitting = [entry for entry in alike if not number or not entry.numbers or number in entry.numbers]
        for entry in alike if not fitting else ():
            found.namesakes[student] = _why_another_s(entry, tier, number)
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


def _why_another_s(entry: Entry, tier: str, number: str) -> str:
    theirs = ", ".join(sorted(entry.numbers))
    return f"row {entry.row + 1} fits by {tier}, but its number is {theirs}, not {number}"


def _keys_of(student: str, name: str, number: str) -> dict[str, Keys]:
    return {
        "numbers": frozenset({number} - {""}),
        "logins": _logins(student, ""),
        "names": name_keys(student, name),
    }


def _plain(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())
