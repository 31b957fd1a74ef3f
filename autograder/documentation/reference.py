"""Pages of the API reference: one for each module or package directly below ``seqlab`` or ``autograder``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.documentation.contents import HIDDEN_PACKAGES


def reference_pages(package: Path) -> Iterator[tuple[str, str]]:
    """Names and texts of the pages on a package's folder; the first is on the package itself, with links to all."""
    parts = sorted(_parts(package))
    listed = "\n".join(f"{package.name}.{part}" for part in parts)
    toctree = f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    head = _directive(package.name, ("members", "no-index"))
    yield f"api/{package.name}", f"# {package.name}\n\n{head}\n{toctree}"
    for part in parts:
        modules = list(_modules(package / part, f"{package.name}.{part}"))
        sections = [f"## {name}\n\n{_directive(name)}" if name != modules[0] else _directive(name) for name in modules]
        yield f"api/{package.name}.{part}", "\n".join([f"# {package.name}.{part}\n", *sections])


def _parts(package: Path) -> Iterator[str]:
    for path in package.iterdir():
        is_module = path.suffix == ".py" and not path.stem.startswith("__")
        if (is_module or (path / "__init__.py").is_file()) and path.stem not in HIDDEN_PACKAGES:
            yield path.stem


def _modules(path: Path, name: str) -> Iterator[str]:
    """The module itself, and where it is a package all that is below it; what lies deeper comes later."""
    yield name
    for below in sorted(path.rglob("*.py"), key=lambda one: (len(one.parts), one)) if path.is_dir() else ():
        parts = below.relative_to(path).with_suffix("").parts
        if parts[-1] != "__main__" and parts != ("__init__",):
            yield ".".join([name, *(part for part in parts if part != "__init__")])


def _directive(module: str, options: tuple[str, ...] = ("members", "ignore-module-all")) -> str:
    """What a module defines itself; what it only passes on is described where it comes from."""
    lines = "".join(f"   :{option}:\n" for option in options)
    return f"```{{eval-rst}}\n.. automodule:: {module}\n{lines}```\n"
