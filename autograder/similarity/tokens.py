"""Python text as tokens in which names, comments and layout do not count; it need not be valid Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Token

NAMELESS = "name"
LONGEST = 60_000  # characters of one text; more is no answer, and is cut


@dataclass(frozen=True)
class CodeToken:
    """What a token is once names are gone, and its line, counted from 0."""

    symbol: str
    line: int


def code_tokens(source: str) -> list[CodeToken]:
    """The tokens of some Python that say what it does.

    Variables are all alike, and so are numbers, and strings. What stands behind a dot (``np.tanh``, ``x.T``) is kept,
    unless it is the student's own (``self.anything``), because a library's names cannot be chosen.
    """
    return list(_symbols(source[:LONGEST]))


def _symbols(source: str) -> Iterator[CodeToken]:
    line = 0
    before = ["", ""]
    for kind, text in PythonLexer(stripnl=False).get_tokens(source):
        symbol = _symbol(kind, text, before)
        if symbol:
            yield CodeToken(symbol, line)
            before = [before[1], text]
        line += text.count("\n")


def _symbol(kind: Token, text: str, before: list[str]) -> str:
    if not text.strip() or kind in Comment or kind in String.Doc:
        return ""
    if kind in String:
        return "" if kind in String.Affix else "string"
    if kind in Number:
        return "number"
    if kind in Name and not (before[1] == "." and before[0] != "self"):
        return "self" if text == "self" else NAMELESS
    return text.strip() if kind in Keyword or kind in Name or kind in Operator or kind in Punctuation else ""
