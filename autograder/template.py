"""What the grader knows of the released notebook of a stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.authoring.setup_cell import ROLE as SETUP
from autograder.authoring.source import ANSWER_PREFIX
from autograder.cells import Cell, read_cells

SHOWN_ONLY = frozenset({"demo", SETUP})


@dataclass(frozen=True)
class Template:
    """The cells of a stage's released notebook by role.

    Attributes:
        stage: the stage's id.
        exercises: what students write, in order.
        given: the text of each given cell by name, in order.
        graded: the names of the check cells.
        demos: the names of the demos, and of the cell that sets the notebook up.
        texts: the text of every released cell by name, in order.
        prose: the names of the cells that are not code.
    """

    stage: str
    exercises: tuple[str, ...]
    given: Mapping[str, str]
    graded: frozenset[str]
    demos: frozenset[str]
    texts: Mapping[str, str] = field(default_factory=dict)
    prose: frozenset[str] = frozenset()

    @property
    def answers(self) -> dict[str, str]:
        """The exercise of each answer cell, by the cell's name."""
        return {ANSWER_PREFIX + exercise: exercise for exercise in self.exercises}

    @property
    def names(self) -> frozenset[str]:
        """The names of all cells that have one."""
        return frozenset(self.texts) | set(self.given) | self.graded | self.demos | set(self.answers)

    def is_shown_only(self, cell: Cell) -> bool:
        """Whether a cell is a check, a demo or the setup, which grading does not run."""
        if cell.name in self.given:
            return False
        return cell.name in self.graded | self.demos or cell.graded or bool(cell.tags & SHOWN_ONLY)


def read_template(notebook: Mapping[str, Any], stage: str, exercises: Iterable[str]) -> Template:
    """Read a released notebook (as parsed JSON) as the template of its stage."""
    cells = [cell for cell in read_cells(notebook["cells"], []) if cell.names]
    code = [cell for cell in cells if cell.kind == "code"]
    return Template(
        stage,
        tuple(exercises),
        {cell.names[0]: cell.text for cell in code if "given" in cell.tags},
        frozenset(cell.names[0] for cell in code if cell.graded),
        frozenset(cell.names[0] for cell in code if cell.tags & SHOWN_ONLY),
        {cell.names[0]: cell.text for cell in cells},
        frozenset(cell.names[0] for cell in cells if cell.kind != "code"),
    )
