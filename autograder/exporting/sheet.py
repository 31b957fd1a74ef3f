"""A CSV file of which single fields are replaced; every other byte of it stays as it was.

A program that reads a CSV and writes it anew changes quotes, line ends and marks that were none of its business. Here
each field keeps its place in the text, and only the replaced ones are cut out and written again (RFC 4180).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import CourseError

MARK = "\ufeff"  # the byte order mark, with which spreadsheets know UTF-8
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Field:
    """A field's value, and where in the text it stands with its quotes."""

    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Sheet:
    """A CSV file: its text (a byte order mark included), its delimiter, and its fields by row; blank lines are none."""

    text: str
    delimiter: str
    rows: Sequence[Sequence[Field]]

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [field.value for field in self.rows[0]]

    def value(self, row: int, column: int) -> str:
        """A field's value; empty where the row is too short."""
        return self.rows[row][column].value if column < len(self.rows[row]) else ""

    def with_values(self, values: Mapping[tuple[int, int], str]) -> bytes:
        """The file's bytes with some fields, by (row, column), replaced.

        Raises:
            CourseError: a row has no such column.
        """
        parts, done = [], 0
        for row, column in sorted(values):
            if column >= len(self.rows[row]):
                raise CourseError(f"row {row + 1} of the roster has {len(self.rows[row])} columns, its header more")
            field = self.rows[row][column]
            parts += [self.text[done : field.start], quoted(values[row, column], self.delimiter)]
            done = field.end
        return "".join([*parts, self.text[done:]]).encode()


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file; the delimiter is that of which its first line has the most.

    Raises:
        CourseError: it is not UTF-8, a quote does not end, or there is no row below the header.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CourseError(
            f"{path} is not UTF-8 ({error.reason}); save it as CSV UTF-8, or download it again"
        ) from error
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows = [row for row in _rows(text, delimiter, path) if any(field.value for field in row) or len(row) > 1]
    if len(rows) < 2:
        raise CourseError(
            f"expected a table with a header and a row for each student in {path}; found {len(rows)} rows"
        )
    return Sheet(text, delimiter, rows)


def quoted(value: str, delimiter: str = ",") -> str:
    """A value as it stands in a CSV file."""
    special = any(letter in value for letter in (delimiter, '"', "\r", "\n"))
    return '"' + value.replace('"', '""') + '"' if special else value


def _rows(text: str, delimiter: str, path: Path) -> Iterator[list[Field]]:
    mark = re.escape(delimiter)
    pattern = re.compile(rf'("(?:[^"]|"")*"|[^"{mark}\r\n][^{mark}\r\n]*|)({mark}|\r\n|\n|\r|\Z)')
    row: list[Field] = []
    place, line = len(MARK) if text.startswith(MARK) else 0, 1
    while place < len(text) or row:
        found = pattern.match(text, place)
        if found is None:
            raise CourseError(
                f"{path}, line {line}: expected a field of a CSV file; found {text[place : place + 40]!r}"
            )
        row.append(Field(_bare(found[1]), *found.span(1)))
        place = found.end()
        line += found[0].count("\n")
        if found[2] != delimiter:
            yield row
            row = []


def _bare(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text
