"""A hand-in as bytes becomes cells to run. Broken notebooks are repaired where the meaning is clear, else refused.

Refusing never raises: it is a submission without cells and with a reason, and scores zero.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.printable import printable

MAX_BYTES = 256 << 20
MAX_SOURCE = 1 << 18  # characters of one cell; to parse it takes a thousand times that in bytes
MAX_SOURCES = 1 << 21  # of all cells
ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class RunnableCell:
    """A code cell that is run when grading: its number in the notebook (counted from 1) and its text."""

    number: int
    source: str


@dataclass(frozen=True)
class Template:
    """What the grader knows of the released notebook of a stage."""

    stage: str
    exercises: tuple[str, ...]
    given: Mapping[str, str]
    graded: frozenset[str]
    demos: frozenset[str]


@dataclass(frozen=True)
class Submission:
    """A parsed hand-in.

    Attributes:
        digest: SHA-256 of the bytes that were handed in.
        cells: what is run, in order.
        notes: what was repaired or left out, for the student.
        refusal: why nothing can be run; empty if something can.
    """

    digest: str
    cells: tuple[RunnableCell, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: str = ""
    notebook: Mapping[str, Any] | None = field(default=None, repr=False)


class Refused(Exception):
    """The bytes are not a notebook of the stage; the text says what they are."""


def read_template(notebook: Mapping[str, Any], stage: str, exercises: Iterable[str]) -> Template:
    """Read a released notebook (as parsed JSON) as the template of its stage."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return Template(
        stage,
        tuple(exercises),
        {_name(cell): _text(cell) for cell in cells if _has_tag(cell, "given")},
        frozenset(_name(cell) for cell in cells if _nbgrader(cell).get("grade") is True),
        frozenset(_name(cell) for cell in cells if _has_tag(cell, "demo")),
    )


def parse_submission(data: bytes, template: Template) -> Submission:
    """Parse a hand-in against the template of its stage. Never raises: a refusal says why."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        notebook = _notebook(data)
        _require_stage(notebook, template)
    except Refused as refusal:
        return Submission(digest, refusal=printable(refusal))
    code = [(number, cell) for number, cell in enumerate(_cells(notebook), 1) if cell.get("cell_type") == "code"]
    kept = [(number, cell) for number, cell in code if not _is_skipped(cell, template)]
    cells, notes = _with_given_cells(kept, template)
    return Submission(digest, tuple(cells), tuple(notes), "", notebook)


def _notebook(data: bytes) -> dict[str, Any]:
    if not data.strip():
        raise Refused("there is no notebook in the hand-in, or it is empty")
    if len(data) > MAX_BYTES:
        raise Refused(f"the file has {len(data) / 2**20:.0f} MB; at most {MAX_BYTES >> 20} MB are read")
    try:
        notebook = json.loads(_decoded(data))
    except (ValueError, RecursionError) as error:
        raise Refused(
            f"the file is not a notebook: it is not JSON ({_first_line(error)}); was it cut short while it was saved?"
        ) from error
    if not isinstance(notebook, dict) or not (isinstance(notebook.get("cells"), list) or "worksheets" in notebook):
        raise Refused("the file is JSON, but not a notebook: it has no list of cells")
    return notebook


def _decoded(data: bytes) -> str:
    for mark, encoding in ENCODINGS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return data.decode("utf-8")


def _cells(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    if isinstance(notebook.get("cells"), list):
        cells = notebook["cells"]
    else:
        sheets = notebook.get("worksheets")
        found = [sheet.get("cells") for sheet in _list(sheets) if isinstance(sheet, dict)]
        cells = [cell for group in found for cell in _list(group)]
    return [cell for cell in cells if isinstance(cell, dict)]


def _list(thing: object) -> list[Any]:
    return thing if isinstance(thing, list) else []


def _require_stage(notebook: Mapping[str, Any], template: Template) -> None:
    metadata = notebook.get("metadata")
    seqlab = metadata.get("seqlab") if isinstance(metadata, dict) else None
    stage = seqlab.get("stage") if isinstance(seqlab, dict) else None
    if isinstance(stage, str) and stage != template.stage:
        raise Refused(f"this is the notebook of {stage[:40]}, expected that of {template.stage}")
    length = sum(len(_text(cell)) for cell in _cells(notebook))
    if length > MAX_SOURCES:
        raise Refused(f"its cells have {length} characters; at most {MAX_SOURCES} are read")
    names = {name for cell in _cells(notebook) for name in _defined(_text(cell))}
    known = template.graded | set(template.given) | set(template.exercises)
    if stage is None and not known & (names | {_name(cell) for cell in _cells(notebook)}):
        raise Refused(f"this is not the notebook of {template.stage}: it has none of its cells or functions")


def _is_skipped(cell: Mapping[str, Any], template: Template) -> bool:
    """Check cells and demos are not run; a demo that now defines an exercise is run after all."""
    if _name(cell) in template.graded or _nbgrader(cell).get("grade") is True:
        return not set(template.exercises) & _defined(_text(cell))
    if _name(cell) in template.demos or _has_tag(cell, "demo"):
        return not set(template.exercises) & _defined(_text(cell))
    return False


def _with_given_cells(
    code: list[tuple[int, dict[str, Any]]], template: Template
) -> tuple[list[RunnableCell], list[str]]:
    """Put the released text of given cells back: in place where they stand, at the start where they are gone.

    A given cell that was changed is run as the student left it and then as released: what the student added to it
    lives on, and what was given is what was given.
    """
    present = {_name(cell) for _, cell in code}
    notes = []
    cells = []
    for name, source in template.given.items():
        if name not in present:
            cells.append(RunnableCell(0, source))
            notes.append(f"the given cell {name} was missing and was put back at the start")
    for number, cell in code:
        source = _text(cell)
        given = template.given.get(_name(cell))
        if given is not None and given.strip() != source.strip():
            notes.append(f"cell {number} is given code and was changed; the released text was run after it")
        if len(source) > MAX_SOURCE:
            notes.append(f"cell {number} has {len(source)} characters and was left out")
            continue
        texts = [source] if given is None else dict.fromkeys([source, given])
        cells += [RunnableCell(number, text) for text in texts]
    return cells, notes


def _name(cell: Mapping[str, Any]) -> str:
    """What a cell is known by: its nbgrader id, else its cell id."""
    name = _nbgrader(cell).get("grade_id") or cell.get("id") or ""
    return name if isinstance(name, str) else ""


def _nbgrader(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = cell.get("metadata")
    data = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return data if isinstance(data, dict) else {}


def _has_tag(cell: Mapping[str, Any], tag: str) -> bool:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and tag in tags


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return without_surrogates(source) if isinstance(source, str) else ""


def without_surrogates(text: str) -> str:
    """``text`` as it can be written to a file: JSON may hold halves of characters, UTF-8 may not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _defined(source: str) -> set[str]:
    if len(source) > MAX_SOURCE:
        return set()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
