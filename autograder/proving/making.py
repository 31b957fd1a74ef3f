"""Making mutants: every place of an answer, every operator, one change at a time."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.authoring.master import BEGIN, END, MasterCell
from autograder.parsing import parse
from autograder.proving.expressions import EXPRESSIONS
from autograder.proving.statements import STATEMENTS

NOT_CODE = ("annotation", "returns", "decorator_list")


@dataclass(frozen=True)
class Mutant:
    """One wrong answer: the lines that were changed, and the cell's whole text with the change.

    ``before`` and ``after`` are the changed lines as ``ast.unparse`` writes them; with the exercise they tell mutants
    apart, whatever else changes in the master.
    """

    exercise: str
    kind: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What the mutant is known by."""
        return f"{self.before} → {self.after}"


@dataclass(frozen=True)
class Place:
    """A node and where it hangs: ``parent.field``, or ``parent.field[index]``."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None


def mutants_of(cell: MasterCell) -> list[Mutant]:
    """All mutants of an answer cell: changes between its markers only, each once."""
    tree = parse(cell.source)
    whole = ast.unparse(tree)
    found: dict[str, Mutant] = {whole: Mutant("", "", "", "", whole)}
    for place in list(_places(tree, _lines_of_the_answer(cell.source))):
        for kind, source in _changed(tree, place):
            if source not in found:
                found[source] = Mutant(str(cell.exercise), kind, *_difference(whole, source), source)
    del found[whole]
    return list(found.values())


def _changed(tree: ast.Module, place: Place) -> Iterator[tuple[str, str]]:
    """Every change at one place, as the text of the whole cell; the tree is put back afterwards."""
    for kind, operator in EXPRESSIONS.items():
        for other in operator(place.node):
            yield from _with(tree, place, kind, other)
    if isinstance(place.node, ast.stmt) and place.index is not None:
        for kind, change in STATEMENTS.items():
            for others in change(place.node):
                yield from _with(tree, place, kind, *others)


def _with(tree: ast.Module, place: Place, kind: str, *others: ast.AST) -> Iterator[tuple[str, str]]:
    holder: Any = getattr(place.parent, place.field)
    if place.index is None:
        setattr(place.parent, place.field, others[0])
    else:
        setattr(place.parent, place.field, [*holder[: place.index], *others, *holder[place.index + 1 :]])
    try:
        yield kind, ast.unparse(ast.fix_missing_locations(tree))
    finally:
        setattr(place.parent, place.field, holder)


def _places(node: ast.AST, lines: set[int]) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field in NOT_CODE or isinstance(node, ast.Raise):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                if getattr(child, "lineno", -1) in lines:
                    yield Place(child, node, field, index)
                yield from _places(child, lines)


def _lines_of_the_answer(source: str) -> set[int]:
    lines: set[int] = set()
    inside = False
    for number, line in enumerate(source.splitlines(), 1):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            lines.add(number)
    return lines


def _difference(whole: str, source: str) -> tuple[str, str]:
    """The lines that were taken out and those that came in, joined by a semicolon."""
    gone, come = list[str](), list[str]()
    for line in difflib.ndiff(whole.splitlines(), source.splitlines()):
        if line.startswith("- "):
            gone.append(line[2:].strip())
        elif line.startswith("+ "):
            come.append(line[2:].strip())
    return "; ".join(gone), "; ".join(come)
