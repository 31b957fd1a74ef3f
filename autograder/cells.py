"""The cells of a notebook in one plain form, whatever JSON they were: a kind, a name, tags and a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.definitions import parsed

MAX_SOURCE = 1 << 18  # characters of one cell; to parse it takes a thousand times that in bytes
MOST_CELLS = 3000
MOST_SOURCE = 2 << 20
NO_CHARACTERS = re.compile("[\0\ud800-\udfff]")
KINDS = ("code", "markdown", "raw")


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        number: its place in the notebook, counted from 1; 0 for a cell that the grader puts in.
        kind: ``code``, ``markdown`` or ``raw``; anything else is empty.
        names: what it may be known by: its nbgrader id, then its cell id.
        text: its source, with plain line ends.
        tags: its tags.
        graded: whether its nbgrader metadata call it a graded cell.
        name: which cell of the release it is; empty if none, or not known yet.
    """

    number: int
    kind: str
    text: str
    names: tuple[str, ...] = ()
    tags: frozenset[str] = field(default=frozenset())
    graded: bool = False
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """The cell as a notebook has it, without outputs and with its name as id."""
        return {"cell_type": self.kind, "id": self.name, "metadata": {}, "source": self.text}


def read_cells(cells: list[Any], notes: list[str]) -> list[Cell]:
    """The cells of a notebook's JSON; what is no cell is left out, and noted."""
    odd = [number for number, cell in enumerate(cells, 1) if not isinstance(cell, dict)]
    if odd:
        notes.append(f"{len(odd)} entries in the list of cells are no cells and were left out, the first at {odd[0]}")
    made: list[Cell] = []
    left = MOST_SOURCE
    for number, cell in enumerate(cells[:MOST_CELLS], 1):
        if isinstance(cell, dict) and left > 0:
            made.append(_read(number, cell, notes))
            left -= len(made[-1].text)
    if len(cells) > MOST_CELLS or left <= 0:
        most = f"{MOST_CELLS} cells or {MOST_SOURCE >> 20} MB of text"
        notes.append(f"the notebook has more than {most}; the rest is left out")
    return made


def _read(number: int, cell: Mapping[str, Any], notes: list[str]) -> Cell:
    text = _text(number, cell, notes)
    if len(text) > MAX_SOURCE:
        notes.append(f"cell {number} has {len(text)} characters and was left out")
        text = ""
    if NO_CHARACTERS.search(text):
        notes.append(f"cell {number} holds NUL or half characters; they were taken out")
        text = NO_CHARACTERS.sub("", text)
    kind = cell.get("cell_type")
    nbgrader = _nbgrader(cell)
    names = tuple(name for name in (nbgrader.get("grade_id"), cell.get("id")) if isinstance(name, str) and name)
    return Cell(number, kind if kind in KINDS else "", text, names, _tags(cell), nbgrader.get("grade") is True)


def _text(number: int, cell: Mapping[str, Any], notes: list[str]) -> str:
    source = cell.get("source", cell.get("input", ""))
    parts = source if isinstance(source, list) else [source]
    lines = [part for part in parts if isinstance(part, str)]
    if len(lines) < len(parts):
        notes.append(f"cell {number} has a source that is no text, or not all of it; that part was left out")
    return re.sub(r"\r\n?", "\n", _joined(lines))


def _joined(lines: list[str]) -> str:
    """Lines of a cell end in line breaks; where none does and only that makes them Python, they are put in."""
    text = "".join(lines)
    if len(lines) > 1 and not any("\n" in line for line in lines) and parsed(text) is None:
        return "\n".join(lines)
    return text


def _nbgrader(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    data = _metadata(cell).get("nbgrader")
    return data if isinstance(data, dict) else {}


def _tags(cell: Mapping[str, Any]) -> frozenset[str]:
    tags = _metadata(cell).get("tags")
    return frozenset(_strings(tags if isinstance(tags, list) else []))


def _strings(values: list[Any]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


def _metadata(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = cell.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
