"""Which of our modules a program needs: those that it imports, and those that they import, read off the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.parsing import parse

OURS = "autograder"


def imported_files(root: Path, modules: Iterable[str]) -> list[Path]:
    """The files of ``autograder`` that these modules need, below the folder ``root`` that holds the package."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        path = _file_of(root, waiting.pop())
        if path is not None and path not in found:
            found.add(path)
            waiting += _imports(path.read_text(encoding="utf-8"))
    return sorted(found)


def foreign_imports(files: Iterable[Path]) -> set[str]:
    """The top names of all that the files import and that is not ours."""
    names = {name.split(".")[0] for path in files for name in _imports(path.read_text(encoding="utf-8"), OURS)}
    return names - {OURS}


def _imports(text: str, but: str = "") -> Iterator[str]:
    """The modules that a text names in imports, anywhere in it; of ``from a import b`` both a and a.b, and parents."""
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] != but:
                yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def _file_of(root: Path, module: str) -> Path | None:
    if module.split(".", maxsplit=1)[0] != OURS:
        return None
    place = root.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
