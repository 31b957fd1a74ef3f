"""Tables as CSV, in which no text of a student is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

MAX_FIELD = 8000  # characters; spreadsheets take 32,767
SIGNS = "=+@\uff1d\uff0b\uff20\uff0d-"  # with which a formula begins; Japanese ones take the wide forms too
BEFORE_SIGN = re.compile(rf'(?<![\s";])[\s";]++(?=[{SIGNS}])')  # all of it at once: a long run costs one look
ENDS_CELL = re.compile(r"[;\t\r\n]")


def write_rows(path: Path, rows: Iterable[Sequence[object]], mode: Literal["w", "x"] = "w") -> Path:
    """Write a table, with the folders above it; every text in it is made harmless. ``x`` writes new files only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode, newline="", encoding="utf-8", errors="replace") as file:
        csv.writer(file).writerows([_field(value) for value in row] for row in rows)
    return path


def harmless_field(text: str) -> str:
    """``text``, cut to what a spreadsheet takes, and kept from being read as a formula.

    An apostrophe before a sign does it: where the text begins, and behind whatever may begin a cell inside it. Where
    numbers have a decimal comma, spreadsheets split lines at semicolons, also at those between our quotes.
    """
    cut = BEFORE_SIGN.sub(_guarded, text[:MAX_FIELD])
    return f"'{cut}" if cut.startswith(("\t", "\r")) or cut.lstrip().startswith(tuple(SIGNS)) else cut


def _field(value: object) -> object:
    return harmless_field(value) if isinstance(value, str) else value


def _guarded(match: re.Match[str]) -> str:
    return f"{match[0]}'" if ENDS_CELL.search(match[0]) else match[0]
