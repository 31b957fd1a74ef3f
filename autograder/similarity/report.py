"""The report on similar answers: a page that stands alone, without scripts, and a table as CSV."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder import pages
from autograder.course import Stage
from autograder.printable import printable
from autograder.similarity.classroom import ClassComparison
from autograder.similarity.pairs import SHORTEST, Answer, Comparison, Pair
from autograder.spreadsheet import harmless_field

MOST_SHOWN = 60  # pairs of an exercise that the page shows side by side; the CSV has all
LONGEST_LINE = 400


def write_page(path: Path, stage: Stage, found: ClassComparison) -> None:
    """Write the page for an instructor."""
    content = {
        "stage": stage,
        "found": found,
        "shortest": SHORTEST,
        "exercises": [_exercise(one) for one in found.exercises],
        "people": people(found)[:MOST_SHOWN],
    }
    pages.write_page(path, "similar.html", **content)


def write_table(path: Path, found: ClassComparison) -> None:
    """Write a row for each pair of answers that are alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow(["exercise", "student", "other", "share", "fingerprints shared", "of student", "of other"])
        for pair in _all_pairs(found):
            names = [harmless_field(answer.student) for answer in pair.answers]
            sizes = [len(answer.prints) for answer in pair.answers]
            writer.writerow([pair.exercise, *names, f"{pair.share:.2f}", len(pair.shared), *sizes])


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
    return {"pair": pair, "sides": [(answer.student, _lines(pair, answer)) for answer in pair.answers]}


def _lines(pair: Pair, answer: Answer) -> list[tuple[bool, str]]:
    """The lines of an answer as text, and whether the other has them too."""
    marked = pair.lines(answer)
    lines = answer.text.split("\n")
    return [(number in marked, _shown(line)) for number, line in enumerate(lines)]


def _shown(line: str) -> str:
    """A line with its indentation, made printable."""
    body = line.lstrip(" ")
    return " " * min(len(line) - len(body), LONGEST_LINE) + printable(body, LONGEST_LINE)
