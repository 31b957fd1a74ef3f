"""Cells that were doubled, retyped, split, merged or renamed, put right where it is clear what the student wrote.

Each step takes the cells and gives them back mended, and says in ``notes`` what it mended.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from autograder.cells import Cell
from autograder.definitions import defined, listed, parsed, same_code
from autograder.template import Template

Step = Callable[[list[Cell], Template, list[str]], list[Cell]]
FENCE = re.compile(r"\A\s*```[\w+-]*\n(.*?)\n?```\s*\Z", re.DOTALL)
MOST_PARTS = 6
SKIP_TAGS = frozenset({"skip-execution", "raises-exception", "remove-cell", "remove_cell", "skip"})


def repaired(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    """The cells as they were meant. ``notes`` are for the student."""
    steps: tuple[Step, ...] = (
        _named, _retyped, _without_magics, _joined, _without_stubs, _renamed, _told_of_skips, _told_of_gaps,
    )  # fmt: skip
    for step in steps:
        cells = step(cells, template, notes)
    return cells


def _named(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    """Know each cell by its metadata, or where those are lost or foreign by its text."""
    by_text = {text.strip(): name for name, text in template.texts.items()}
    made = [replace(cell, name=_name(cell, template, by_text)) for cell in cells]
    places = defaultdict(list)
    for cell in made:
        places[cell.name].append(cell.number)
    for name, numbers in places.items():
        if name and len(numbers) > 1 and name not in template.prose:
            notes.append(f"cells {listed(numbers)} are all called {name}")
    if template.texts and not any(name in template.names for cell in cells for name in cell.names):
        notes.append("the cells have lost their names; they were known by what is in them")
    return made


def _name(cell: Cell, template: Template, by_text: Mapping[str, str]) -> str:
    named = next((name for name in cell.names if name in template.names), "")
    return named or by_text.get(cell.text.strip(), "")


def _retyped(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    """Code in a cell that is no code cell any more, and prose in one that is."""
    answered = {name for cell in cells if cell.kind == "code" for name in _written(cell, template)}
    return [_typed(cell, answered, template, notes) for cell in cells]


def _typed(cell: Cell, answered: set[str], template: Template, notes: list[str]) -> Cell:
    if cell.kind == "code":
        is_prose = cell.text.strip() == template.texts.get(cell.name, "").strip() and cell.name in template.prose
        return replace(cell, kind="markdown") if is_prose else cell
    text = FENCE.sub(r"\1", cell.text)
    found = defined(text) & set(template.exercises)
    was_code = cell.name in template.names - template.prose
    if (was_code and (cell.name not in template.answers or not found & answered)) or found - answered:
        notes.append(f"cell {cell.number} is not a code cell ({cell.kind or 'of no known kind'}); it was taken as one")
        return replace(cell, kind="code", text=text)
    return cell


def _without_magics(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    """An answer under a cell magic (``%%timeit``, ``%%writefile``) is run without it."""
    return [_without_magic(cell, template, notes) for cell in cells]


def _without_magic(cell: Cell, template: Template, notes: list[str]) -> Cell:
    first, _, rest = cell.text.lstrip().partition("\n")
    if cell.kind != "code" or not first.startswith("%%") or not defined(rest) & set(template.exercises):
        return cell
    notes.append(f"cell {cell.number} was run without its first line, {first.split()[0]}")
    return replace(cell, text=rest)


def _joined(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    """Cells that go on inside the function or class of the one before them are put back there."""
    made: list[Cell] = []
    at = 0
    while at < len(cells):
        cell, at = cells[at], at + 1
        while parts := _parts_of(cell, cells[at : at + MOST_PARTS], template):
            notes.append(f"cell {listed(part.number for part in parts)} goes on with cell {cell.number}; run as one")
            cell, at = _as_one(cell, parts), at + len(parts)
        made.append(cell)
    return made


def _parts_of(cell: Cell, following: list[Cell], template: Template) -> list[Cell]:
    """The fewest cells that make an answer of what ``cell`` begins; none, if it needs none."""
    if not following or not _may_go_on(cell, following[0]):
        return []
    for count in range(1, len(following) + 1):
        parts = following[:count]
        if parts[-1].kind != "code":
            break
        if defined(_as_one(cell, parts).text) & set(template.exercises):
            return parts
    return []


def _may_go_on(cell: Cell, following: Cell) -> bool:
    first = next((line for line in following.text.split("\n") if line.strip()), "")
    is_part = first[:1].isspace() or (parsed(cell.text) is None and parsed(following.text) is None)
    return is_part and (cell.kind, following.kind) == ("code", "code")


def _as_one(cell: Cell, parts: list[Cell]) -> Cell:
    return replace(cell, text="\n".join([cell.text, *(part.text for part in parts)]))


def _without_stubs(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    """An untouched copy of an answer cell undoes no answer that stands elsewhere; of two answers the last counts."""
    made = cells
    for name, exercise in template.answers.items():
        here = [cell for cell in made if cell.kind == "code" and exercise in defined(cell.text)]
        stubs = [cell for cell in here if same_code(cell.text, template.texts.get(name, ""))]
        written = [cell for cell in here if cell not in stubs]
        if written and stubs:
            which = listed(cell.number for cell in stubs)
            notes.append(
                f"{exercise} is written in cell {written[-1].number}; its untouched copy in {which} was left out"
            )
            made = [cell for cell in made if cell not in stubs]
        if len(written) > 1:
            notes.append(f"{exercise} is defined in cells {listed(cell.number for cell in written)}; the last counts")
            made = [replace(cell, name="") if cell in written[:-1] and cell.name == name else cell for cell in made]
    return made


def _renamed(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    """A nameless cell that answers an exercise is its answer cell, if no other is."""
    free = {exercise: name for name, exercise in template.answers.items()}
    for cell in cells:
        free.pop(template.answers.get(cell.name, ""), None)
    made = []
    for cell in cells:
        found = [] if cell.name or cell.kind != "code" else sorted(defined(cell.text) & set(free))
        made.append(replace(cell, name=free.pop(found[0])) if found else cell)
        if found and any(cell.name for cell in cells):
            notes.append(f"cell {cell.number} has lost its name; it was taken as the answer to {found[0]}")
    return made


def _told_of_skips(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    for cell in cells:
        tags = ", ".join(sorted(cell.tags & SKIP_TAGS))
        if tags and not template.is_shown_only(cell):
            notes.append(f"cell {cell.number} is tagged {tags}; tags change nothing, it was run")
    return cells


def _told_of_gaps(cells: list[Cell], template: Template, notes: list[str]) -> list[Cell]:
    found = {name for cell in cells if cell.kind == "code" for name in defined(cell.text)}
    names = {cell.name for cell in cells}
    for name, exercise in template.answers.items():
        if exercise not in found and name not in names:
            notes.append(f"the answer cell of {exercise} is gone")
    return cells


def _written(cell: Cell, template: Template) -> set[str]:
    """The exercises that a cell answers, other than by the text that was released."""
    found = defined(cell.text) & set(template.exercises)
    return {name for name in found if not same_code(cell.text, template.texts.get(f"answer-{name}", ""))}
