"""Pages made from our templates: one file each, no script, nothing loaded from anywhere, everything escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def write_page(path: Path, template: str, **content: Any) -> Path:
    """Write a page to ``path``, with the folders above it; a name that is no proper text is written with ``?``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(page(template, **content).encode("utf-8", "replace"))
    return path


def page(template: str, **content: Any) -> str:
    """The text of a page."""
    return _environment().get_template(template).render(policy=POLICY, **content)


def number(value: float) -> str:
    """A number as a reader wants it, so that sums come out: ``0.25``, ``82.5``, ``83.03``, ``1234``."""
    return f"{round(value, 2):.7g}"


def breakable(name: str) -> Markup:
    """A name, escaped, that a narrow screen may break after its underscores and nowhere else."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("autograder"), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
    )
    made.filters |= {"number": number, "breakable": breakable}
    return made
