"""What a collection came to, as a table: who was taken, what was left out, and why."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.collecting.collect import LEFT_OUT, Row
from autograder.printable import printable

STYLES = {LEFT_OUT: "yellow"}


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print a row for every file of the export: those that were taken first."""
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("student", "file", "outcome", "why"):
        table.add_column(title, overflow="fold")
    for row in sorted(rows, key=lambda row: (row.outcome == LEFT_OUT, row.student, row.file)):
        texts = (Text(printable(text)) for text in (row.student, row.file))
        table.add_row(*texts, Text(row.outcome, style=STYLES.get(row.outcome, "green")), Text(printable(row.why)))
    console.print(table)
