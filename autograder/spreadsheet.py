"""Text from students in the fields of a CSV, which spreadsheets may take for formulas."""

from __future__ import annotations

MAX_FIELD = 8000  # characters; spreadsheets take 32,767
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless_field(text: str) -> str:
    """``text``, cut to what a spreadsheet takes, and kept from being read as a formula."""
    cut = text[:MAX_FIELD]
    return f"'{cut}" if cut.startswith(FORMULA_STARTS) else cut
