"""Links of a page: from where a file lies in the course to where it is on the site."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
ELSEWHERE = ("http://", "https://", "mailto:", "#")


def moved_links(text: str, source: Path, page: str, pages: Mapping[Path, str], keep: Callable[[Path], str]) -> str:
    """The text of ``source`` as ``page``: links lead to pages, pictures to what ``keep`` returns for their file.

    ``pages`` has the place on the site of each file that has one. A link to another file becomes the name of that file.
    """

    def moved(match: re.Match[str]) -> str:
        target = match["target"]
        if target.startswith(ELSEWHERE):
            return match[0]
        path, _, anchor = target.partition("#")
        file = Path(os.path.normpath(source.parent / path))
        if match["image"]:
            return f"![{match['text']}]({relative(keep(file), page)})"
        if file not in pages:
            return f"{match['text']} (`{file}`)" if match["text"] != str(file) else f"`{file}`"
        return f"[{match['text']}]({relative(pages[file], page)}{'#' + anchor if anchor else ''})"

    return LINK.sub(moved, text)


def relative(target: str, page: str) -> str:
    """The way from one page of the site to a file of it."""
    return PurePosixPath(os.path.relpath(target, PurePosixPath(page).parent)).as_posix()
