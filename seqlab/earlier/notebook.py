"""A student's own notebook of an earlier stage: read, and run without its checks, demos and scratch cells."""

from __future__ import annotations

import io
import linecache
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from seqlab.earlier.taught import EarlierError

LEFT_OUT = {"demo", "scratch"}
RUN_ANYWAY = ("time", "timeit", "capture", "prun")  # magics whose text is Python of the notebook


@dataclass(frozen=True)
class OwnNotebook:
    """A notebook: where it lies, its stage, and the cells to run by their number in it, counted from 1."""

    path: Path
    stage: str
    cells: Mapping[int, str]


def read_notebook(path: str | PathLike[str]) -> OwnNotebook:
    """Read a notebook of the course.

    Raises:
        EarlierError: it is not there, or is no notebook of the course.
    """
    place = Path(path)
    if not place.is_file():
        raise EarlierError(f"there is no file {place} (looked for from {Path.cwd()})")
    try:
        # Not nbformat.reads: it validates, and what it finds, such as a cell without an id, is no trouble here.
        data = nbformat.convert(nbformat.reader.reads(place.read_text(encoding="utf-8")), 4)
        stage = data.metadata.get("seqlab", {}).get("stage", "")
        cells = {number: cell.source for number, cell in enumerate(data.cells, 1) if _is_run(cell)}
    except Exception as error:  # nbformat raises a different thing for each way of being no notebook
        raise EarlierError(f"{place} is not a notebook that can be read ({type(error).__name__}: {error})") from error
    if not isinstance(stage, str) or not stage:
        raise EarlierError(f"{place} is a notebook, but not one of this course: it does not say of which stage it is")
    return OwnNotebook(place, stage, cells)


def _is_run(cell: Mapping[str, Any]) -> bool:
    metadata = cell["metadata"]
    graded = metadata.get("nbgrader", {}).get("grade", False)
    return cell["cell_type"] == "code" and not graded and not LEFT_OUT & set(metadata.get("tags", []))


def run_notebook(notebook: OwnNotebook) -> tuple[dict[str, Any], list[str]]:
    """Run the cells in fresh names, in the notebook's folder, out of sight.

    Returns:
        The names that the cells defined, and a line for each cell that stopped.
    """
    module = ModuleType("__main__")
    stopped = []
    with chdir(notebook.path.parent), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for number, source in notebook.cells.items():
            error = _run(module, f"<{notebook.path.name}, cell {number}>", source)
            if error is not None:
                stopped.append(f"cell {number} stopped with {type(error).__name__}: {error}")
    return vars(module), stopped


def _run(module: ModuleType, filename: str, source: str) -> BaseException | None:
    """Run one cell and return what stopped it."""
    names = vars(module)
    names["get_ipython"] = lambda: QuietShell(module, filename)
    try:
        text = TransformerManager().transform_cell(source)
        linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
        exec(compile(text, filename, "exec"), names)
    except (Exception, SystemExit) as error:
        return error
    return None


class QuietShell:
    """What ``get_ipython()`` is in those cells: magics that time Python run it, all others do nothing."""

    def __init__(self, module: ModuleType, filename: str) -> None:
        self._module = module
        self._filename = filename

    def run_line_magic(self, name: str, line: str, *_: object, **__: object) -> None:
        """``%time x = 1``."""
        self.run_cell_magic(name, "", line)

    def run_cell_magic(self, name: str, _: str, body: str) -> None:
        """``%%time`` over a cell."""
        if name in RUN_ANYWAY:
            exec(compile(body, self._filename, "exec"), vars(self._module))

    def system(self, *_: object) -> None:
        """``!ls``."""

    def getoutput(self, *_: object) -> list[str]:
        """``files = !ls``."""
        return []
