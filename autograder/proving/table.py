"""The proof as Markdown, for docs/truth.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder.course import CourseError
from autograder.proving.naming import Naming
from autograder.proving.stage import Row

BEGIN, END = "<!-- written by make truth -->", "<!-- end of what make truth writes -->"
TITLES = (
    "exercise", "mutants", "harmless", "killed by hidden cases", "by public ones",
    "mistakes", "named as themselves", "variants", "gradings of right answers", "rejected",
)  # fmt: skip


def lines_of(proofs: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """The table: a row for each exercise, a sum for all."""
    yield f"| {' | '.join(TITLES)} |"
    yield "|---|" + "---:|" * (len(TITLES) - 1)
    for stage, rows in proofs.items():
        yield f"| **{stage}** |" + " |" * (len(TITLES) - 1)
        yield from (_line(f"`{row.exercise}`", [row]) for row in rows)
    yield _line("**all**", [row for rows in proofs.values() for row in rows])


def confusion(proofs: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """The mistakes that are called something else as well, or cost other exercises: a sentence, and a row for each."""
    namings = [(row.exercise, naming) for rows in proofs.values() for row in rows for naming in row.namings]
    confused = [(exercise, naming) for exercise, naming in namings if _also(naming) or not naming.right]
    yield f"Of {len(namings)} mistakes {len(namings) - len(confused)} are called by their own name and by no other."
    if not confused:
        return
    yield ""
    yield "| exercise | the mistake that was made | hidden cases say | public cases say | also costs |"
    yield "|---|---|---|---|---|"
    for exercise, naming in confused:
        said = [", ".join(names) or "nothing" for names in (naming.hidden, naming.public)]
        yield f"| `{exercise}` | {naming.mistake.key} | {' | '.join(said)} | {', '.join(naming.spread) or 'none'} |"


def write_into(path: Path, text: str) -> None:
    """Put ``text`` between the two marks of a file.

    Raises:
        CourseError: the file does not have them.
    """
    page = path.read_text(encoding="utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise CourseError(f"expected the lines {BEGIN!r} and {END!r} once each in {path}")
    path.write_text(
        re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n\n{text}\n\n{END}", page, flags=re.S), encoding="utf-8"
    )


def _also(naming: Naming) -> set[str]:
    return {*naming.hidden, *naming.public} - {naming.mistake.key}


def _line(label: str, rows: Sequence[Row]) -> str:
    mutants, harmless = sum(row.mutants for row in rows), sum(row.equivalent for row in rows)
    telling = mutants - harmless
    hidden, public = (telling - _missed(rows, kind) for kind in ("hidden", "public"))
    namings = [naming for row in rows for naming in row.namings]
    accepted = [row.acceptance for row in rows]
    figures = [
        mutants, harmless, _share(hidden, telling), _share(public, telling),
        len(namings), sum(naming.right for naming in namings),
        sum(len(one.variants) for one in accepted), f"{sum(one.gradings for one in accepted):,}",
        sum(len(one.rejected) for one in accepted),
    ]  # fmt: skip
    return f"| {label} | {' | '.join(map(str, figures))} |"


def _missed(rows: Sequence[Row], kind: str) -> int:
    return sum(kind in missed for row in rows for _, missed in row.survivors)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"
