"""The audit: what is about to reach students holds no line of an answer or of a cell for afterwards, no hidden region
and no unlisted file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from autograder.authoring.master import Master
from autograder.course import CourseError

SHORTEST_TELLTALE = 12
FORBIDDEN = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN)|\bgrade\(", re.IGNORECASE)
WHOLE_IMPORT = re.compile(r"import \w+")
ARITHMETIC = re.compile(r"[-+*/@%]")
LONG = 40  # characters but for spaces
STUB = "raise NotImplementedError()"


class AuditFailed(CourseError):
    """Something that students must not see is in what they would receive; the text lists it."""


def audit_release(folder: Path, master: Master) -> None:
    """Check a released stage folder.

    Raises:
        AuditFailed: the files are not exactly the notebook and its checks, or the notebook gives something away.
    """
    notebook_name = f"{master.stage.id}.ipynb"
    problems = [f"unlisted file {name}" for name in _unlisted(folder, {notebook_name, "checks.h5"})]
    problems += [f"missing file {name}" for name in (notebook_name, "checks.h5") if not (folder / name).is_file()]
    if not problems:
        notebook = json.loads((folder / notebook_name).read_text(encoding="utf-8"))
        problems += _notebook_problems(notebook, master)
        problems += leaks((folder / "checks.h5").read_bytes().decode("latin-1"), master, "checks.h5")
    if problems:
        raise AuditFailed(f"the audit of {folder} found: " + "; ".join(problems))


def leaks(text: str, master: Master, where: str, own: bool = True) -> list[str]:
    """The lines of the master's answers and cells for afterwards that stand in ``text``; spaces do not matter.

    Elsewhere than in the stage's ``own`` release, a line that any program might hold gives nothing away.
    """
    squeezed, answers = _squeeze(text), master.answer_lines()
    lines = [line for line in telltale_lines(master) if own or is_peculiar(line)]
    found = [line for line in lines if _squeeze(line) in squeezed]
    return [f"{where} holds {_kind(line, answers)} line `{line}`" for line in found]


def _kind(line: str, answers: set[str]) -> str:
    return "the answer's" if line in answers else "the withheld"


def telltale_lines(master: Master) -> list[str]:
    """The lines that no student may receive and that tell something, in sorted order.

    Neither a short line does, nor the import of a whole module in a cell for afterwards.
    """
    withheld = {line for line in master.withheld_lines() if not WHOLE_IMPORT.fullmatch(line)}
    return sorted(line for line in master.answer_lines() | withheld if len(_squeeze(line)) >= SHORTEST_TELLTALE)


def is_peculiar(line: str) -> bool:
    """Whether a line is more than housekeeping: it computes something, or it is long."""
    return ARITHMETIC.search(line) is not None or len(_squeeze(line)) >= LONG


def _unlisted(folder: Path, allowed: Iterable[str]) -> list[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return sorted(found - set(allowed))


def _notebook_problems(notebook: dict[str, Any], master: Master) -> Iterator[str]:
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        yield from leaks(source, master, f"cell {cell['id']}")
        if FORBIDDEN.search(source):
            yield f"cell {cell['id']} holds a marker or a grading call"
        if cell.get("outputs"):
            yield f"cell {cell['id']} holds outputs"
    stubs = sum(STUB in "".join(cell["source"]) for cell in notebook["cells"])
    if stubs < len(master.answers()):
        yield f"{stubs} stubs for {len(master.answers())} answers"


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)
