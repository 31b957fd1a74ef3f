"""Mathematics in LaTeX, from the documentation of installed packages.

Docstrings write formulas as ``:math:`x```, as ```\\alpha``` or as ``$x$`` within a line, and as ``.. math::`` blocks. Paragraphs
that hold any are kept, with ``$x$`` for the former and an equation for the latter. What comes out depends on the packages'
versions.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path


from seqlab.data.build.progress import shown
from seqlab.data.build.sources import Sources
from seqlab.data.layouts.text import write_text
from seqlab.data.errors import DataMissing

PACKAGES = ("sympy", "scipy", "mpmath", "torch", "sklearn", "networkx", "numpy")
HELD_OUT_ONE_IN = 16
RARE_BELOW = 20
INLINE = re.compile(r":math:`([^`]+)`|(?<![`\w:])`([^`]*\\[a-z][^`]*)`(?![`_])", re.DOTALL)
DOLLARS = re.compile(r"(?<![\w$\\])\$[^$\n]*[\\^_=][^$]*\$(?![\w$])")
DISPLAY = re.compile(r"^( *)\.\. math ?::[ ]*(.*)((?:\n[ ]*(?=\n)|\n\1 +\S.*)*)", re.MULTILINE)
WITH_A_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def build_latex(sources: Sources, folder: Path) -> None:
    """Write the mathematics of all modules; about one module in 16 is held out, chosen by its name.

    Raises:
        DataMissing: a package is not installed.
    """
    seen: set[str] = set()
    parts: dict[bool, list[str]] = {False: [], True: []}
    modules = [found for package in PACKAGES for found in _modules(package)]
    for name, path in shown(modules, "reading documentation", "module"):
        fresh = [part for part in mathematics_of(path.read_text(encoding="utf-8", errors="replace")) if part not in seen]
        seen.update(fresh)
        parts[zlib.crc32(name.encode()) % HELD_OUT_ONE_IN == 0] += fresh
    write_text(folder, parts[False], parts[True], RARE_BELOW)


def mathematics_of(source: str) -> Iterator[str]:
    """The paragraphs with mathematics in the docstrings of a Python file, as LaTeX, each ending in an empty line."""
    if not any(pattern.search(source) for pattern in (DISPLAY, INLINE, DOLLARS)):
        return
    try:
        tree = ast.parse(source)
    except SyntaxError:  # packages carry files of other Pythons as test material
        return
    documented = [node for node in ast.walk(tree) if isinstance(node, WITH_A_DOCSTRING)]
    for docstring in filter(None, map(_docstring, documented)):
        yield from paragraphs_with_mathematics(docstring)


def paragraphs_with_mathematics(docstring: str) -> Iterator[str]:
    """Those paragraphs of a docstring that hold formulas, with the formulas as LaTeX."""
    text = DISPLAY.sub(_equation, docstring)
    for paragraph in re.split(r"\n\s*\n", text):
        if ">>>" in paragraph:
            continue
        if r"\begin{equation}" in paragraph or INLINE.search(paragraph) or DOLLARS.search(paragraph):
            yield _tidy(INLINE.sub(_inline, paragraph)) + "\n\n"


def _docstring(node: Documented) -> str | None:
    return ast.get_docstring(node)


def _inline(match: re.Match[str]) -> str:
    return f"${' '.join((match[1] or match[2]).split())}$"


def _equation(match: re.Match[str]) -> str:
    """The block as an equation without empty lines, so that it stays one paragraph."""
    lines = [match[2].strip(), *(line.strip() for line in match[3].splitlines())]
    body = "\n".join(line for line in lines if line and not re.match(r":\w+:", line))
    return f"\n\n\\begin{{equation}}\n{body}\n\\end{{equation}}\n\n" if body else ""


def _tidy(paragraph: str) -> str:
    return "\n".join(line.rstrip() for line in textwrap.dedent(paragraph).strip().splitlines())


def _modules(package: str) -> list[tuple[str, Path]]:
    """The names and files of a package's modules, in order of name."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataMissing(f"expected the package {package} to be installed here, to read its documentation; it is not")
    root = Path(spec.submodule_search_locations[0])
    files = [(path.relative_to(root.parent).as_posix(), path) for path in root.rglob("*.py")]
    return sorted((name, path) for name, path in files if "/tests/" not in name)
