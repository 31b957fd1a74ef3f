"""Text that came out of student code, made safe to print: no control characters, no endless length."""

from __future__ import annotations

LIMIT = 2000
PLACEHOLDER = "\N{REPLACEMENT CHARACTER}"


def printable(text: object, limit: int = LIMIT) -> str:
    """``text`` without terminal escapes and other control characters, cut to ``limit``; line breaks become spaces."""
    flat = " ".join(str(text)[: 4 * limit].split())
    return "".join(letter if letter.isprintable() else PLACEHOLDER for letter in flat)[:limit]
