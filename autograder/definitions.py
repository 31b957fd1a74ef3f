"""What a cell's text defines, seen without running it. IPython's own lines (``%time``, ``!ls``) are no obstacle."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from autograder.parsing import parse

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell; None where it has none."""
    return parsed_text(source)[0]


@lru_cache(maxsize=512)
def parsed_text(source: str) -> tuple[ast.Module | None, str]:
    """The syntax tree of a cell, and the text whose lines the tree counts: IPython's lines become other ones."""
    tree = _tree(source)
    if tree is not None or not any(sign in source for sign in "%!?"):
        return tree, source
    try:
        plain: str = TransformerManager().transform_cell(source)
    except UNPARSABLE:
        return None, source
    return _tree(plain), plain


def defined(source: str) -> set[str]:
    """The functions and classes that a cell defines at its top level."""
    tree = parsed(source)
    nodes = [] if tree is None else tree.body
    return {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def same_code(source: str, other: str) -> bool:
    """Whether two cells are the same to Python; comments and blank lines do not count."""
    if source.strip() == other.strip():
        return True
    return _dump(source) == _dump(other) != ""


def listed(numbers: Iterable[int]) -> str:
    """``6, 9 and 12``."""
    words = [str(number) for number in numbers]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


@lru_cache(maxsize=512)
def _dump(source: str) -> str:
    """The syntax tree of a cell as text; empty where it has none."""
    tree = parsed(source)
    try:
        return "" if tree is None else ast.dump(tree)
    except RecursionError:
        return ""


def _tree(source: str) -> ast.Module | None:
    try:
        return parse(source)
    except UNPARSABLE:
        return None
