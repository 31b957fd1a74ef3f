"""Writes the pages of one audience as MyST markdown, ready for Sphinx."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder.authoring.master import read_master
from autograder.course import Course
from autograder.documentation.contents import CARDS, STAFF, Document, chapters, documents
from autograder.documentation.links import moved_links
from autograder.documentation.reference import reference_pages
from autograder.documentation.stage_page import stage_page
from autograder.documentation.syllabus import syllabus

CARDS_HEAD = """\
---
tocdepth: 2
---

# Data cards

What each data set is, who made it, its licence, how it is split, its flaws.

"""


def write_sources(course: Course, audience: str, folder: Path) -> list[str]:
    """Write all pages and their pictures into ``folder``, which is emptied first; returns the pages' names."""
    shutil.rmtree(folder, ignore_errors=True)
    texts = dict(_pages(course, audience, folder))
    for name, text in texts.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _pages(course: Course, audience: str, folder: Path) -> Iterator[tuple[str, str]]:
    found = list(documents(course, audience))
    targets = {document.source: document.target for document in found}
    texts = {one.source: _text(course.root, one, targets, folder) for one in found}
    yield "index", texts[found[0].source] + _contents(course, audience)
    yield from ((one.page, texts[one.source]) for one in found[1:] if not one.is_section)
    yield CARDS, CARDS_HEAD + "".join(demoted(texts[one.source]) for one in found if one.is_section)
    masters = [read_master(course.master_path(stage.id), stage) for stage in course.stages.values()]
    yield "syllabus", syllabus(masters)
    for stage in course.stages.values():
        yield f"stages/{stage.id}", stage_page(course.release_folder(stage.id) / f"{stage.id}.ipynb", stage)
    for package in _packages(audience):
        yield from reference_pages(course.root / package)


def _text(root: Path, document: Document, targets: Mapping[Path, str], folder: Path) -> str:
    text = (root / document.source).read_text(encoding="utf-8")
    return moved_links(text, document.source, document.page, targets, lambda file: _kept_picture(root, file, folder))


def demoted(text: str) -> str:
    """Markdown with each heading one level lower; a line in a code block that starts with # is none."""
    is_code = False
    lines = []
    for line in text.splitlines():
        is_code ^= line.startswith("```")
        lines.append(f"#{line}" if line.startswith("#") and not is_code else line)
    return "\n".join([*lines, "\n"])


def _kept_picture(root: Path, file: Path, folder: Path) -> str:
    target = folder / "pictures" / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / file, target)
    return f"pictures/{file.name}"


def _packages(audience: str) -> tuple[str, ...]:
    return ("seqlab", "autograder") if audience == STAFF else ("seqlab",)


def _contents(course: Course, audience: str) -> str:
    lists = {"The course": ["syllabus", *(f"stages/{stage}" for stage in course.stages)]}
    lists |= {
        chapter.title: list(dict.fromkeys(one.page for one in chapter.documents))
        for chapter in chapters(course, audience)
    }
    lists["Reference"] = [f"api/{package}" for package in _packages(audience)]
    return "".join(_toctree(title, names) for title, names in lists.items())


def _toctree(title: str, names: list[str]) -> str:
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"
