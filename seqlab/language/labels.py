"""What is true after each character of a text: inside quotes, inside a comment, how far along the line.

``labels[t]`` says what holds once character ``t`` has been read, so that a network which has read it can know. (Whether
a dollar sign opens a formula, and a line is a speaker's name, shows a little later; there it is what the writer means.)
All functions take a text of n characters and return (n,).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from seqlab.checking.values import Array

# Comments, strings and character constants of C, so that nothing inside them is taken for code; then parentheses.
_C = re.compile(
    r"(?P<block>/\*.*?(?:\*/|\Z))"
    r"|(?P<line>//[^\n]*)"
    r'|(?P<string>"(?:\\.|[^"\\\n])*"?)'
    r"|(?P<char>'(?:\\.|[^'\\\n])*'?)"
    r"|(?P<open>(?:(?<![#\w])if[ \t\n]*)?\()"
    r"|(?P<close>\))",
    re.DOTALL,
)
_MATHS = re.compile(
    r"(?<!\\)\$(?:(?!\n\n)[^$])*\$|\\begin\{(?P<name>equation|align|gather)(?P<star>\*?)\}.*?\\end\{(?P=name)(?P=star)\}",
    re.DOTALL,
)
_SPEAKER = re.compile(r"(?:\A|(?<=\n\n))[^\n:]{1,40}:(?=\n)")


def line_position(text: str) -> Array:
    """How many characters of the current line have been read; 0 after a line break. float64."""
    places = np.arange(1, len(text) + 1)
    breaks = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32) == ord("\n")
    return (places - np.maximum.accumulate(np.where(breaks, places, 0))).astype(np.float64)


def indentation(text: str) -> Array:
    """How many tabs the current line began with, as far as it has been read. float64."""
    depths = np.zeros(len(text))
    for match in re.finditer(r"(?m)^(\t+)[^\n]*", text):
        tabs = match.end(1) - match.start()
        depths[match.start() : match.end()] = tabs
        depths[match.start() : match.end(1)] = np.arange(1, tabs + 1)
    return depths


def inside_quotes(text: str) -> Array:
    """Whether we are inside a string of C: from its first quote up to, not including, its last. bool."""
    spans = (match.span() for match in _C.finditer(text) if match["string"])
    return _between(len(text), ((start, end - _closed(text, start, end, '"')) for start, end in spans))


def inside_comment(text: str) -> Array:
    """Whether we are inside a comment of C: from the second character of its opening to its end. bool."""
    found = [match for match in _C.finditer(text) if match["block"] or match["line"]]
    spans = ((one.start() + 1, one.end() - bool(one["block"] and one["block"].endswith("*/"))) for one in found)
    return _between(len(text), spans)


def inside_if(text: str) -> Array:
    """Whether we are inside the parentheses of an ``if`` of C, nested ones included. bool."""
    spans: list[tuple[int, int]] = []
    start, depth = 0, 0
    for match in _C.finditer(text):
        if match["open"] and (depth or match["open"].startswith("if")):
            start = start if depth else match.end() - 1
            depth += 1
        elif match["close"] and depth:
            depth -= 1
            if not depth:
                spans.append((start, match.start()))
    return _between(len(text), spans + ([(start, len(text))] if depth else []))


def inside_maths(text: str) -> Array:
    """Whether we are inside ``$...$`` of one paragraph, or an equation environment, of LaTeX. bool."""
    return _between(len(text), ((match.start(), match.end() - 1) for match in _MATHS.finditer(text)))


def inside_name(text: str) -> Array:
    """Whether we are inside the name of a speaker of a play: a line after an empty one that ends in a colon. bool."""
    return _between(len(text), ((match.start(), match.end() - 1) for match in _SPEAKER.finditer(text)))


def _closed(text: str, start: int, end: int, quote: str) -> int:
    return int(end - start > 1 and text[end - 1] == quote)


def _between(length: int, spans: Iterable[tuple[int, int]]) -> Array:
    inside = np.zeros(length, dtype=bool)
    for start, end in spans:
        inside[start:end] = True
    return inside
