"""What of a hand-in is the answer to which exercise, by its text alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from autograder.definitions import parsed
from autograder.submission import Submission
from autograder.template import Template

ELSEWHERE = "code elsewhere"


def answer_texts(submission: Submission, template: Template) -> dict[str, str]:
    """The text for each exercise, and under ``ELSEWHERE`` the student's other code, where there is any.

    Of two definitions the last counts. A cell that is not Python belongs to the exercise whose ``def`` or ``class``
    stands in it first.
    """
    found: dict[str, str] = {}
    given = {text.strip() for text in template.texts.values()}
    for cell in submission.cells:
        if cell.source.strip() not in given:
            _add(found, cell.source, template.exercises)
    return {name: text for name, text in found.items() if text.strip()}


def _add(found: dict[str, str], source: str, exercises: Iterable[str]) -> None:
    tree = parsed(source)
    lines = source.split("\n")
    if tree is None:
        found[_first_named(source, exercises)] = source
        return
    for node in tree.body:
        text = "\n".join(lines[_start(node) - 1 : node.end_lineno])
        name = getattr(node, "name", "")
        if name in exercises:
            found[name] = text
        else:
            found[ELSEWHERE] = f"{found.get(ELSEWHERE, '')}{text}\n"


def _start(node: ast.stmt) -> int:
    """The first line of a statement, its decorators with it."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _first_named(source: str, exercises: Iterable[str]) -> str:
    places = {name: re.search(rf"^(?:def|class)\s+{name}\b", source, re.MULTILINE) for name in exercises}
    starts = {name: match.start() for name, match in places.items() if match}
    return min(starts, key=starts.__getitem__, default=ELSEWHERE)
