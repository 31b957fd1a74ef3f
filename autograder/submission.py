"""A hand-in as bytes becomes cells to run. Broken notebooks are repaired where the meaning is clear, else refused.

Refusing never raises: it is a submission without cells and with a reason, and scores zero.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.cells import Cell, read_cells
from autograder.definitions import defined
from autograder.notebook_file import Refused, read_notebook
from autograder.printable import printable
from autograder.repair import repaired
from autograder.template import Template, read_template

__all__ = ["RunnableCell", "Submission", "Template", "parse_submission", "read_template"]


@dataclass(frozen=True)
class RunnableCell:
    """A code cell that is run when grading: its number in the notebook (counted from 1) and its text."""

    number: int
    source: str


@dataclass(frozen=True)
class Submission:
    """A parsed hand-in.

    Attributes:
        digest: SHA-256 of the bytes that were handed in.
        cells: what is run, in order.
        notes: what was repaired or left out, for the student.
        refusal: why nothing can be run; empty if something can.
        notebook: the repaired notebook as JSON, without outputs; None where there is none.
    """

    digest: str
    cells: tuple[RunnableCell, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: str = ""
    notebook: Mapping[str, Any] | None = field(default=None, repr=False)


def parse_submission(data: bytes, template: Template) -> Submission:
    """Parse a hand-in against the template of its stage. Never raises: a refusal says why."""
    digest = hashlib.sha256(data).hexdigest()
    notes: list[str] = []
    try:
        cells = _cells(data, template, notes)
        runnable = tuple(_runnable(cells, template, notes))
    except Refused as refusal:
        return Submission(digest, notes=_printable(notes), refusal=printable(refusal))
    except Exception as error:  # a class is never stopped by one hand-in, whatever it has found in the reader
        return Submission(
            digest, refusal=printable(f"the grader cannot read this file ({type(error).__name__}: {error})")
        )
    notebook = {"cells": [cell.as_json() for cell in cells if cell.kind]}
    return Submission(digest, runnable, _printable(notes), "", notebook)


def _cells(data: bytes, template: Template, notes: list[str]) -> list[Cell]:
    notebook = read_notebook(data, template.exercises, notes)
    stage, kernel = _claims(notebook)
    if stage and stage != template.stage:
        raise Refused(f"this is the notebook of {stage[:40]}, expected that of {template.stage}")
    if kernel not in ("", "python"):
        notes.append(f"the notebook says that it is written in {kernel[:40]}; it was run as Python")
    cells = read_cells(notebook["cells"], notes)
    if not stage:
        _require_relation(cells, template)
    return repaired(cells, template, notes)


def _claims(notebook: Mapping[str, Any]) -> tuple[str, str]:
    """The stage and the language that a notebook's metadata name; empty where they name none."""
    language = _at(notebook, "metadata", "kernelspec", "language") or _at(notebook, "metadata", "language_info", "name")
    return _at(notebook, "metadata", "seqlab", "stage"), language.lower()


def _at(data: Any, *keys: str) -> str:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""


def _require_relation(cells: list[Cell], template: Template) -> None:
    names = {name for cell in cells for name in (*cell.names, *defined(cell.text))}
    if not names & (template.names | set(template.exercises)):
        raise Refused(f"this is not the notebook of {template.stage}: it has none of its cells or functions")


def _runnable(cells: list[Cell], template: Template, notes: list[str]) -> list[RunnableCell]:
    """What is run: no checks, no demos, and given code as it was given.

    A given cell that was changed is run as the student left it and then as released: what the student added to it
    lives on, and what was given is what was given.
    """
    code = [cell for cell in cells if cell.kind == "code" and cell.text.strip()]
    made = _given_first(code, template, notes)
    for cell in code:
        text = _without_demos(cell, template, notes)
        given = template.given.get(cell.name, text)
        if given.strip() != text.strip():
            notes.append(f"cell {cell.number} is given code and was changed; the released text was run after it")
        made += [RunnableCell(cell.number, one) for one in dict.fromkeys([text, given]) if one.strip()]
    return made


def _given_first(code: list[Cell], template: Template, notes: list[str]) -> list[RunnableCell]:
    """Given cells that are gone, or stand after answers that they were released before, are run at the start."""
    first = {cell.name: place for place, cell in reversed(list(enumerate(code)))}
    order = list(template.texts)
    made = []
    for name, source in template.given.items():
        later = order[order.index(name) :] if name in order else []
        needed = min(
            (first[answer] for answer in template.answers if answer in first and answer in later), default=None
        )
        if name not in first:
            notes.append(f"the given cell {name} was missing and was put back at the start")
        elif needed is not None and needed < first[name]:
            notes.append(f"the given cell {name} stands after answers that need it; it was run at the start, too")
        else:
            continue
        made.append(RunnableCell(0, source))
    return made


def _without_demos(cell: Cell, template: Template, notes: list[str]) -> str:
    """The text of a cell without the checks and demos that were merged into it; nothing, if it is one of them.

    A check or demo that now defines an exercise is run after all.
    """
    shown_only = template.is_shown_only(cell)
    if shown_only and not defined(cell.text) & set(template.exercises):
        _tell_of_helpers(cell, template, notes)
        return ""
    text = f"\n{cell.text}\n"
    held = []
    for name in sorted(template.demos | template.graded):
        source = template.texts.get(name, "").strip()
        if source and f"\n{source}\n" in text:
            text = text.replace(f"\n{source}\n", "\n" * (source.count("\n") + 2))
            held.append(name)
    if held not in ([], [cell.name]):
        notes.append(f"cell {cell.number} holds {', '.join(held)} as well; that part was not run")
    return text[1:-1]


def _tell_of_helpers(cell: Cell, template: Template, notes: list[str]) -> None:
    own = defined(cell.text) - defined(template.texts.get(cell.name, ""))
    if own:
        notes.append(f"cell {cell.number} is a check or a demo, and was not run; it defines {', '.join(sorted(own))}")


def _printable(notes: list[str]) -> tuple[str, ...]:
    return tuple(printable(note) for note in notes[:100])
