"""Which pages each audience gets, in order, and which file of the course each is made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course

STUDENTS, STAFF = "students", "staff"
AUDIENCES = (STUDENTS, STAFF)
FOR_ALL = ("docs/data.md", "docs/symbols.md")
CARDS = "cards"
STAFF_ORDER = ("grading", "truth", "benchmarks", "authoring")
HIDDEN_PACKAGES = ("suites", "mistakes")


@dataclass(frozen=True)
class Document:
    """A file of the course, and the page on which its text stands, without ending.

    A file that shares its page with others is a section there.
    """

    source: Path
    page: str
    is_section: bool = False

    @property
    def target(self) -> str:
        """Where on the site it begins, as links name it; sections are called by their file's name."""
        return f"{self.page}.md#{self.source.stem}" if self.is_section else f"{self.page}.md"


@dataclass(frozen=True)
class Chapter:
    """Pages that stand together in the table of contents."""

    title: str
    documents: tuple[Document, ...]


def front_page(audience: str) -> Path:
    """The authored front page, relative to the course."""
    return Path("docs/site") / f"{audience}.md"


def chapters(course: Course, audience: str) -> list[Chapter]:
    """The chapters whose pages are files of the course."""
    cards = sorted((course.root / "datasets" / "cards").glob("*.md"))
    for_all = [_document(course, name) for name in FOR_ALL]
    for_all += [Document(card.relative_to(course.root), CARDS, is_section=True) for card in cards]
    made = [Chapter("Working with it", tuple(for_all))]
    return made if audience == STUDENTS else [*_staff_chapters(course), *made]


def documents(course: Course, audience: str) -> Iterator[Document]:
    """All of them, the front page first."""
    yield Document(front_page(audience), "index")
    for chapter in chapters(course, audience):
        yield from chapter.documents


def _staff_chapters(course: Course) -> list[Chapter]:
    found = {path.stem for path in (course.root / "docs").glob("*.md")} - {Path(name).stem for name in FOR_ALL}
    order = [name for name in STAFF_ORDER if name in found]
    names = [*order, *sorted(found - set(order))]
    maintainers = (_document(course, "CONTRIBUTING.md"), _document(course, "CHANGELOG.md"))
    return [
        Chapter("For instructors", tuple(_document(course, f"docs/{name}.md") for name in names)),
        Chapter("For maintainers", maintainers),
    ]


def _document(course: Course, name: str) -> Document:
    source = Path(name)
    if not (course.root / source).is_file():
        raise FileNotFoundError(f"the site needs {course.root / source}; it does not exist")
    return Document(source, source.stem.lower())
