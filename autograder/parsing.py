"""Python text to syntax tree, by one thread at a time.

Two reasons, both the interpreter's: it counts how deep it is while it builds a tree in a place that all threads share
(CPython 3.11 and 3.12 then stop with "AST constructor recursion depth mismatch"), and it warns of odd escapes by
filters that are the process's.
"""

from __future__ import annotations

import ast
import threading
import warnings

_ONE_AT_A_TIME = threading.Lock()


def parse(source: str) -> ast.Module:
    """The syntax tree of ``source``; no warning comes of it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as ``ast.parse`` does.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)
