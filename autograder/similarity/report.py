"""The report on similar answers: a page that stands alone, without scripts, and a table as CSV."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder import pages
from autograder.course import Stage
from autograder.printable import printable
from autograder.similarity.answers import ELSEWHERE
from autograder.similarity.classroom import ClassComparison
from autograder.similarity.pairs import SHORTEST, Answer, Comparison, Pair
from autograder.similarity.tokens import LONGEST
from autograder.spreadsheet import write_rows

MOST_SHOWN = 60  # pairs of an exercise that the page shows side by side; the CSV has all
LONGEST_LINE = 400
MOST_LINES = 400  # of one answer on the page


def write_page(path: Path, stage: Stage, found: ClassComparison) -> None:
    """Write the page for an instructor."""
    content = {
        "stage": stage,
        "found": found,
        "shortest": SHORTEST,
        "longest": LONGEST,
        "exercises": [_exercise(one) for one in found.exercises],
        "people": people(found)[:MOST_SHOWN],
    }
    pages.write_page(path, "similar.html", **content)


def write_table(path: Path, found: ClassComparison) -> None:
    """Write a row for each pair of answers that are alike."""
    write_rows(path, _rows(found))


def _rows(found: ClassComparison) -> Iterator[Sequence[object]]:
    yield ("exercise", "student", "other", "share", "fingerprints shared", "of student", "of other")
    for pair in _all_pairs(found):
        names = [answer.student for answer in pair.answers]
        sizes = [len(answer.prints) for answer in pair.answers]
        yield (pair.exercise, *names, f"{pair.share:.2f}", len(pair.shared), *sizes)


def people(found: ClassComparison) -> list[tuple[tuple[str, str], list[Pair]]]:
    """Two students and the exercises in which they are alike; those with most of them first."""
    together: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in _all_pairs(found):
        first, second = sorted(answer.student for answer in pair.answers)
        together[first, second].append(pair)
    return sorted(together.items(), key=lambda item: (-len(item[1]), -sum(pair.share for pair in item[1]), item[0]))


def _all_pairs(found: ClassComparison) -> Iterator[Pair]:
    return (pair for exercise in found.exercises for pair in exercise.pairs)


def _exercise(one: Comparison) -> dict[str, Any]:
    return {"one": one, "pairs": [_pair(pair) for pair in one.pairs[:MOST_SHOWN]]}


def _pair(pair: Pair) -> dict[str, Any]:
    return {"pair": pair, "sides": [(_label(answer), _lines(pair, answer)) for answer in pair.answers]}


def _label(answer: Answer) -> str:
    return f"{answer.student} ({ELSEWHERE})" if answer.elsewhere else answer.student


def _lines(pair: Pair, answer: Answer) -> list[tuple[bool, str]]:
    """The lines of an answer as text, and whether the other has them too; of a long one those, and some around."""
    marked = pair.lines(answer)
    lines = answer.text.split("\n")
    places = sorted(sorted(range(len(lines)), key=lambda place: place not in marked)[:MOST_LINES])
    shown: list[tuple[bool, str]] = []
    for place, before in zip([*places, len(lines)], [-1, *places], strict=True):
        if place - before > 1:
            shown.append((False, f"... {place - before - 1} more lines"))
        if place < len(lines):
            shown.append((place in marked, _shown(lines[place])))
    return shown


def _shown(line: str) -> str:
    """A line with its indentation, made printable."""
    body = line.lstrip(" ")
    return " " * min(len(line) - len(body), LONGEST_LINE) + printable(body, LONGEST_LINE)
