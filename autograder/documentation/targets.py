"""Whether every link within a built site leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from autograder.course import CourseError

REFERENCE = re.compile(r"""<[a-z][^>]*?\s(?:href|src)="([^"]*)\"""")
FROM_ELSEWHERE = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*?\s(?:href|src)="(https?:)?//[^"]*\"""")
NAME = re.compile(r"""\sid="([^"]*)\"""")
OUTSIDE = re.compile(r"[a-z]+:|//")


def check_targets(folder: Path) -> int:
    """Follow every link within the site in ``folder``; returns how many there were.

    Raises:
        CourseError: one leads nowhere, or a page loads something from elsewhere.
    """
    found = [(path, target) for path in sorted(folder.rglob("*.html")) for target in _targets(path)]
    dead = sorted({f"{path.relative_to(folder)} -> {target}" for path, target in found if not _exists(path, target)})
    dead += [f"{path.name} loads from elsewhere" for path in sorted(folder.rglob("*.html")) if _is_fed(path)]
    if dead:
        raise CourseError(f"{len(dead)} links of the site lead nowhere: " + "; ".join(dead[:20]))
    return len(found)


def _targets(path: Path) -> Iterator[str]:
    return (target for target in REFERENCE.findall(_text(path)) if target and not OUTSIDE.match(target))


def _is_fed(path: Path) -> bool:
    return FROM_ELSEWHERE.search(_text(path)) is not None


def _exists(page: Path, target: str) -> bool:
    way, _, anchor = target.partition("#")
    file = page.parent / unquote(way.partition("?")[0]) if way else page
    if not file.is_file():
        return False
    return not anchor or file.suffix != ".html" or unquote(anchor) in _names(file.resolve())


@lru_cache(maxsize=1024)
def _names(path: Path) -> frozenset[str]:
    return frozenset(NAME.findall(_text(path)))


@lru_cache(maxsize=1024)
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
