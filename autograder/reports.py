"""The class as a table: on the terminal with reasons, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.course import Stage
from autograder.record import Record
from autograder.spreadsheet import write_rows


def print_scores(console: Console, stage: Stage, records: Sequence[Record]) -> None:
    """Print a table with a row per student and a column per exercise."""
    table = Table(title=f"{stage.id}: {stage.title}", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("student", no_wrap=True)
    for name, points in stage.points.items():
        table.add_column(Text(f"{_stacked(name)}\n/{points:g}"), justify="right", no_wrap=True)
    table.add_column(Text("total\n/100"), justify="right", no_wrap=True)
    for record in records:
        cells = [_score(verdict.score, verdict.points) for verdict in record.verdicts]
        table.add_row(Text(record.student), *cells, _score(record.score, record.points))
    wide_enough(console, table).print(table)


def print_reasons(console: Console, records: Sequence[Record]) -> None:
    """Print, for each student, why points were not given, and what was repaired."""
    for record in records:
        lines = list(reason_lines(record))
        if lines:
            console.print(Text(record.student, style="bold"))
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2)))


def print_changes(console: Console, changed: Mapping[str, Sequence[str]]) -> None:
    """Print, for each student whose score is another than before, what changed and why."""
    for student, lines in changed.items():
        if lines:
            console.print(Text(f"{student}: {lines[0]}"))
        for line in lines[1:]:
            console.print(Padding(Text(line), (0, 0, 0, 2)))


def reason_lines(record: Record) -> list[str]:
    """A line for each exercise that is not full (equal reasons share one), then repairs and cells that failed."""
    if record.refusal:
        return [f"not graded, zero: {record.refusal}", *(f"seen: {note}" for note in record.notes)]
    grouped: dict[str, list[str]] = {}
    for verdict in record.verdicts:
        if not verdict.full:
            grouped.setdefault(verdict.reason, []).append(verdict.exercise)
    lines = [f"{', '.join(names)}: {reason}" for reason, names in grouped.items()]
    lines += [f"cell {problem.cell} did not finish: {problem.reason}" for problem in record.cell_problems]
    return lines + [f"repaired: {note}" for note in record.notes]


def write_grades(path: Path, stage: Stage, records: Sequence[Record]) -> None:
    """Write the table of grades: a row per student, a column per exercise, the total, and the reasons."""
    write_rows(path, _rows(stage, records))


def _rows(stage: Stage, records: Sequence[Record]) -> Iterator[Sequence[object]]:
    yield ("student", "stage", *stage.points, "score", "points", "reasons")
    for record in records:
        scores = [f"{score:g}" for score in record.scores().values()]
        total = [f"{record.score:g}", f"{record.points:g}"]
        yield (record.student, record.stage, *scores, *total, " | ".join(reason_lines(record)))


def wide_enough(console: Console, table: Table) -> Console:
    """A console on the same file in which no column of ``table`` need be cut; a narrow terminal wraps the lines."""
    needed = table.__rich_measure__(console, console.options.update(width=1000)).maximum
    return Console(file=console.file, width=max(console.width, needed), highlight=False)


def _stacked(name: str) -> str:
    """A long name on several short lines, broken after its underscores."""
    return name.replace("_", "_\n")


def _score(score: float, points: float) -> Text:
    style = "green" if score == points else "red" if score == 0 else "yellow"
    return Text(f"{score:g}", style=style)
