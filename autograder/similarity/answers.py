"""What of a hand-in is the answer to which exercise, by its text alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from autograder.authoring.source import ANSWER_PREFIX
from autograder.definitions import parsed_text
from autograder.submission import Submission
from autograder.template import Template

ELSEWHERE = "code elsewhere"
CELL_MAGICS = re.compile(r"\A\s*(?:%%.*\n\s*)+")  # all below them would be one string to Python
LINE_BREAK = re.compile(r"\r\n|\r|\n")  # where Python begins a line, which ``splitlines`` does in more places
BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def answer_texts(submission: Submission, template: Template) -> dict[str, str]:
    """The text for each exercise, and under ``ELSEWHERE`` the student's other code, where there is any.

    A definition counts at any depth. Of two the last is the answer, and the other is code elsewhere. A cell that is not
    Python belongs to the exercise whose ``def`` or ``class`` stands in it first. Of many blank lines one stays.
    """
    given = {text.strip() for text in template.texts.values()}
    own = [cell.source for cell in submission.cells if cell.source.strip() not in given]
    parts = [part for source in own for part in _parts(source, template.exercises)]
    answers = dict(parts)
    last = {name: place for place, (name, _) in enumerate(parts)}
    others = [text for place, (name, text) in enumerate(parts) if name == ELSEWHERE or place != last[name]]
    answers[ELSEWHERE] = "\n".join(others)
    return {name: BLANK_LINES.sub("\n\n", text) for name, text in answers.items() if text.strip()}


def not_found(submission: Submission, template: Template, texts: Iterable[str]) -> list[str]:
    """The exercises that a hand-in with code elsewhere defines nowhere, though what was released is gone too."""
    left = {cell.source.strip() for cell in submission.cells}
    open_ones = [name for name in template.exercises if name not in texts] if ELSEWHERE in texts else []
    return [name for name in open_ones if template.texts.get(ANSWER_PREFIX + name, "").strip() not in left]


def _parts(source: str, exercises: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A cell cut into answers and the code around them, each with its exercise or ``ELSEWHERE``."""
    tree, text = parsed_text(CELL_MAGICS.sub("", source))
    if tree is None:
        yield _first_named(source, exercises), source
        return
    lines = LINE_BREAK.split(text)
    rest = {line for node in tree.body for line in _lines(node)}
    for node in _answers(tree, exercises):
        yield node.name, "\n".join(lines[line] for line in _lines(node))
        rest.difference_update(_lines(node))
    yield ELSEWHERE, "\n".join(lines[line] for line in sorted(rest))


def _answers(tree: ast.Module, exercises: Iterable[str]) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """The definitions of exercises at any depth, none inside another, in order."""
    found = [node for node in ast.walk(tree) if isinstance(node, DEFINITIONS) and node.name in exercises]
    found.sort(key=lambda node: node.lineno)
    outermost: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = []
    for node in found:
        if not outermost or node.lineno > (outermost[-1].end_lineno or 0):
            outermost.append(node)
    return outermost


def _lines(node: ast.stmt) -> range:
    """The lines of a statement, counted from 0, its decorators with it."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return range(min([node.lineno, *(one.lineno for one in decorators)]) - 1, node.end_lineno or node.lineno)


def _first_named(source: str, exercises: Iterable[str]) -> str:
    defined = r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+"
    places = {name: re.search(rf"{defined}{name}\b", source, re.MULTILINE) for name in exercises}
    starts = {name: match.start() for name, match in places.items() if match}
    return min(starts, key=starts.__getitem__, default=ELSEWHERE)
