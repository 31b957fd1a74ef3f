"""A master: one percent-format Python file with prose, given code, answers and demos. Its markers are exact.

Anything that looks like a marker but is not one stops the build, because a marker that is missed
would hand an answer to the class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jupytext

from autograder.course import CourseError, Stage
from autograder.parsing import parse

Role = Literal["prose", "given", "answer", "demo", "scratch", "afterwards"]
TAGGED_ROLES: tuple[Role, ...] = ("given", "demo", "scratch", "afterwards")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
LOOKS_LIKE_A_MARKER = re.compile(r"(begin|end)\W*(solution|hidden|mark scheme)|#\s*solution", re.IGNORECASE)


@dataclass(frozen=True)
class MasterCell:
    """One cell: what it is for, its text, the exercise it answers (answer cells), its line in the file, its type."""

    role: Role
    source: str
    exercise: str | None
    line: int
    markdown: bool


@dataclass(frozen=True)
class Master:
    """A parsed and checked master."""

    stage: Stage
    path: Path
    cells: tuple[MasterCell, ...]

    def answers(self) -> dict[str, MasterCell]:
        """The answer cell of each exercise, in order."""
        return {cell.exercise: cell for cell in self.cells if cell.exercise is not None}

    def released_cells(self) -> tuple[MasterCell, ...]:
        """The cells that students receive, the answers among them as stubs."""
        return tuple(cell for cell in self.cells if cell.role != "afterwards")

    def answer_lines(self) -> set[str]:
        """The stripped lines inside the markers: what no student may receive."""
        return {line for cell in self.cells for line in _inside(cell.source) if line}

    def withheld_lines(self) -> set[str]:
        """The stripped lines of the cells for afterwards, except those that students receive elsewhere."""
        withheld = {line for cell in self.cells if cell.role == "afterwards" for line in _stripped(cell.source)}
        released = {line for cell in self.released_cells() for line in _stripped(cell.source)}
        return withheld - (released - self.answer_lines())


def read_master(path: Path, stage: Stage) -> Master:
    """Read and check the master of ``stage``.

    Raises:
        CourseError: the file is missing or not Python, a cell's role is unknown, a marker is missing, misspelt
            or misplaced, the answers are not exactly the stage's exercises, or released code stands after
            cells for afterwards.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CourseError(f"expected the master of {stage.id} at {path}; there is no such file") from error
    notebook = jupytext.reads(text, fmt="py:percent")
    lines = _cell_lines(text)
    if len(lines) != len(notebook.cells):
        raise CourseError(f"{path}: text stands before the first `# %%` line; every master starts with a cell")
    cells = tuple(_cell(path, cell, line) for cell, line in zip(notebook.cells, lines, strict=True))
    master = Master(stage, path, cells)
    _require_exercises(master)
    _require_afterwards_last(master)
    return master


def _cell_lines(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("# %%")]


def _cell(path: Path, cell: Any, line: int) -> MasterCell:
    where = f"{path}:{line}"
    role, exercise = _role(where, cell)
    markdown = cell.cell_type == "markdown"
    if not markdown:
        _require_python(where, cell.source)
    _require_markers(where, cell.source, role)
    if exercise is not None and exercise not in _defined(cell.source):
        raise CourseError(f"{where}: the answer cell of {exercise} does not define {exercise}")
    return MasterCell(role, cell.source, exercise, line, markdown)


def _role(where: str, cell: Any) -> tuple[Role, str | None]:
    exercise, tags = cell.metadata.get("exercise"), list(cell.metadata.get("tags", []))
    odd = sorted(set(cell.metadata) - {"exercise", "tags", "lines_to_next_cell"})
    if cell.cell_type == "markdown":
        return _role_of_markdown(where, tags, exercise is not None or bool(odd)), None
    if odd or (exercise is None) == (not tags) or (tags and (len(tags) != 1 or tags[0] not in TAGGED_ROLES)):
        raise CourseError(
            f'{where}: a code cell is either `# %% exercise="name"` or `# %% tags=["given"]` '
            f"(or demo, scratch, afterwards); found exercise={exercise!r}, tags={tags}, other metadata {odd}"
        )
    return ("answer", str(exercise)) if exercise is not None else (tags[0], None)


def _role_of_markdown(where: str, tags: list[str], otherwise_marked: bool) -> Role:
    if otherwise_marked or tags not in ([], ["afterwards"]):
        raise CourseError(
            f'{where}: a markdown cell is either `# %% [markdown]` or `# %% [markdown] tags=["afterwards"]`; '
            f"found tags={tags}{' and other metadata' if otherwise_marked else ''}"
        )
    return "afterwards" if tags else "prose"


def _require_python(where: str, source: str) -> None:
    try:
        parse(source)
    except SyntaxError as error:
        raise CourseError(f"{where}: the cell is not Python: {error.msg} in its line {error.lineno}") from error


def _require_markers(where: str, source: str, role: Role) -> None:
    inside = False
    count = 0
    for line in source.splitlines():
        stripped = line.strip()
        if stripped in (BEGIN, END):
            if inside == (stripped == BEGIN):
                raise CourseError(f"{where}: `{stripped}` without its partner before it")
            inside = stripped == BEGIN
            count += inside
        elif LOOKS_LIKE_A_MARKER.search(line):
            raise CourseError(f"{where}: `{stripped}` looks like a marker; the markers are exactly {BEGIN} and {END}")
    if inside:
        raise CourseError(f"{where}: {BEGIN} without {END}; the answer would reach the students")
    if (count > 0) != (role == "answer"):
        problem = "an answer cell needs" if role == "answer" else f"this {role} cell must not have"
        raise CourseError(f"{where}: {problem} the lines {BEGIN} and {END}")


def _inside(source: str) -> Iterator[str]:
    inside = False
    for line in source.splitlines():
        stripped = line.strip()
        if stripped in (BEGIN, END):
            inside = stripped == BEGIN
        elif inside:
            yield stripped


def _stripped(source: str) -> set[str]:
    return {line.strip() for line in source.splitlines()} - {""}


def _defined(source: str) -> set[str]:
    tree = parse(source)
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def _require_exercises(master: Master) -> None:
    found = [cell.exercise for cell in master.cells if cell.exercise is not None]
    wanted = list(master.stage.points)
    if found == wanted:
        return
    missing = [name for name in wanted if name not in found]
    extra = [name for name in dict.fromkeys(found) if name not in wanted or found.count(name) > 1]
    raise CourseError(
        f"{master.path}: answers and course.toml differ; missing here: {missing or 'none'}, "
        f"unknown or twice here: {extra or 'none'}; the order in course.toml is {', '.join(wanted)}"
    )


def _require_afterwards_last(master: Master) -> None:
    """Students do not have what a cell for afterwards defines, so nothing that they run may stand behind one."""
    seen = False
    for cell in master.cells:
        seen = seen or cell.role == "afterwards"
        if seen and cell.role not in ("afterwards", "prose"):
            raise CourseError(
                f"{master.path}:{cell.line}: this {cell.role} cell stands after a cell for afterwards, which "
                "students do not have; cells for afterwards come last"
            )
