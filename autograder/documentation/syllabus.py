"""The syllabus, from course.toml and the masters: stages, what each teaches, its exercises and their points."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.authoring.master import Master, MasterCell
from autograder.parsing import parse

SECTION = re.compile(r"^## (?:\d+\.\d+ )?(.+)$", re.MULTILINE)
CLOSING = "What you have now"


def syllabus(masters: list[Master]) -> str:
    """The page. Of an answer it has the first line of the docstring, which students see in the stub."""
    stages = [master.stage for master in masters]
    exercises = sum(len(stage.points) for stage in stages)
    head = (
        "# Syllabus\n\n"
        f"{len(stages)} stages with {exercises} exercises. Each stage is a notebook of its own, is graded alone and "
        f"has {sum(stages[0].points.values()):g} points. Shapes of what is to be written are in the notebooks.\n"
    )
    return "\n".join([head, *(line for master in masters for line in _stage(master))]) + "\n"


def _stage(master: Master) -> Iterator[str]:
    stage = master.stage
    yield f"## {_title(master)}\n\n[The notebook](stages/{stage.id}.md), as students receive it.\n"
    yield "\n".join(f"- {topic}" for topic in _topics(master)) + "\n"
    yield "| exercise | points | written with |\n|---|---:|---|"
    for name, cell in master.answers().items():
        allowed = ", ".join(stage.imports[name].allowed) if name in stage.imports else "any library"
        yield f"| `{name}` {_purpose(cell, name)} | {stage.points[name]:g} | {allowed} |"
    yield ""


def _title(master: Master) -> str:
    return next(cell for cell in master.cells if cell.markdown).source.splitlines()[0].removeprefix("# ")


def _topics(master: Master) -> list[str]:
    prose = [cell.source for cell in master.released_cells() if cell.markdown]
    return [topic for text in prose for topic in SECTION.findall(text) if topic != CLOSING]


def _purpose(cell: MasterCell, exercise: str) -> str:
    nodes = [node for node in parse(cell.source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    text = next((ast.get_docstring(node) or "" for node in nodes if node.name == exercise), "")
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")
