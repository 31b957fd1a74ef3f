"""How sentences become words: lower case, punctuation by itself, apostrophes kept inside words."""

from __future__ import annotations

import re

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


def words_of(text: str) -> list[str]:
    """The words of a text: ``"It's late, Sam."`` gives ``it's late , sam .``"""
    return WORD.findall(text.lower())
