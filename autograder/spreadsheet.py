"""Text from students in the fields of a CSV, which spreadsheets may take for formulas."""

from __future__ import annotations

import re

MAX_FIELD = 8000  # characters; spreadsheets take 32,767
SIGNS = "=+@\uff1d\uff0b\uff20\uff0d-"  # with which a formula begins; Japanese ones take the wide forms too
BEFORE_SIGN = re.compile(rf'(?<![\s";])[\s";]++(?=[{SIGNS}])')  # all of it at once: a long run costs one look
ENDS_CELL = re.compile(r"[;\t\r\n]")


def harmless_field(text: str) -> str:
    """``text``, cut to what a spreadsheet takes, and kept from being read as a formula.

    An apostrophe before a sign does it: where the text begins, and behind whatever may begin a cell inside it. Where
    numbers have a decimal comma, spreadsheets split lines at semicolons, also at those between our quotes.
    """
    cut = BEFORE_SIGN.sub(_guarded, text[:MAX_FIELD])
    return f"'{cut}" if cut.startswith(("\t", "\r")) or cut.lstrip().startswith(tuple(SIGNS)) else cut


def _guarded(match: re.Match[str]) -> str:
    return f"{match[0]}'" if ENDS_CELL.search(match[0]) else match[0]
