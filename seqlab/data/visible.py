"""Text from elsewhere, such as a server's answer, as it may be shown in a terminal."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """``text`` with control characters written out (``\\x1b``): a terminal would obey them. Lines and tabs stay."""
    return "".join(one if one in "\n\t" or unicodedata.category(one) != "Cc" else f"\\x{ord(one):02x}" for one in text)
