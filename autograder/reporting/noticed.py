"""What a record knows besides scores: limits reached, walls touched, repairs made. It says what was seen, never why.

Most of it comes from the student's own process, in texts that the judge quotes or caps: it may be harmless, and code
that is written to deceive may say anything. So a report gives the words that were seen, and accuses nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.printable import printable
from autograder.record import Record

QUOTED = 200  # characters of what was seen
MOST_QUOTES = 5  # of one kind and student


@dataclass(frozen=True)
class Kind:
    """A kind of thing that is noticed: its name, and what it means in words. ``ask``: whether to talk about it."""

    name: str
    meaning: str
    ask: bool = False


@dataclass(frozen=True)
class Noticed:
    """What was seen of one kind: for each student the words."""

    kind: Kind
    seen: tuple[tuple[str, tuple[str, ...]], ...]


TIME = Kind(
    "A time limit was reached", "The code was stopped, and what it was at earned nothing. Often an endless loop."
)
ENDED = Kind(
    "The Python process ended",
    "A cell or a function ended it all: an exit, a crash, or a limit on memory. The rest was graded in a new process.",
)
PROTOCOL = Kind(
    "The answers were not in the grader's form",
    "The process in which the code ran sent something that the grader does not understand, and was ended. Code that "
    "writes to open files that are not its own can do that by accident.",
    ask=True,
)
LIBRARY = Kind("A library that the exercise may not use", "What it costs is set in course.toml under imports.")
FLOOD = Kind("More was printed than is kept", "The first part is in the record, the rest was dropped.")
LARGE = Kind("A result too large to look at", "The grader looks at no more than 64 MB, and counts it as wrong.")
NETWORK = Kind(
    "The network was asked for",
    "There is none while grading. Downloads in a cell are the usual reason.",
    ask=True,
)
WRITING = Kind(
    "A file could not be written",
    "Nothing may be written outside the code's own folder. Saving plots or models is the usual reason.",
)
FORBIDDEN = Kind("The system said no", "An operation that needs rights, which code has none of while it is graded.")
RESOURCES = Kind("Memory, disk, files or processes ran out", "The limits are in course.toml, under limits.")
STAFF = Kind(
    "Files of the grader or the system are spoken of",
    "What the code printed, or its error, names them. None of these can be read from inside.",
    ask=True,
)
ODD_FILE = Kind(
    "The hand-in's folder held something odd", "A link, a pipe or an odd name; it was not followed and not opened."
)
CELLS = Kind("A cell did not run to its end", "What it defines after that line is missing.")

ENDINGS = (
    (
        TIME,
        re.compile(r"(the whole submission )?(took longer|used more) than \S+ seconds( of processor time)?( and .*)?"),
    ),
    (ENDED, re.compile(r"ended the Python process .*|more than \d+ cells end the Python process")),
    (PROTOCOL, re.compile(r"broke off the grader's protocol")),
)
WORDS = (
    (NETWORK, re.compile(r"network is unreachable|name resolution|name or service not known|connection refused", re.I)),
    (WRITING, re.compile(r"read-only file system", re.I)),
    (FORBIDDEN, re.compile(r"permission denied|operation not permitted|function not implemented", re.I)),
    (
        RESOURCES,
        re.compile(
            r"no space left|file too large|too many open files|disk quota|cannot allocate memory|can't allocate memory|"
            r"\bMemoryError\b|can't start new thread|resource temporarily unavailable",
            re.I,
        ),
    ),
    (STAFF, re.compile(r"/etc/(shadow|passwd)|gradebook\.db|/solutions\b|/autograder\b|hidden tests|/proc/\w", re.I)),
)
ODD = re.compile(r"\bis (a link|a pipe|a socket|a device|a folder)\b|could not be read to its end|folder is called")
ORDER = (
    TIME, ENDED, LIBRARY, CELLS, NETWORK, WRITING, RESOURCES, FORBIDDEN, FLOOD, LARGE, PROTOCOL, STAFF, ODD_FILE,
)  # fmt: skip


def noticed(records: Sequence[Record], kept_bytes: int) -> tuple[Noticed, ...]:
    """What was seen in a class, by kind; kinds that nobody showed are left out."""
    seen: dict[Kind, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for kind, words in dict.fromkeys(_seen(record, kept_bytes)):
            seen[kind][record.student].append(words)
    return tuple(Noticed(kind, _cut(seen[kind])) for kind in ORDER if kind in seen)


def repairs(records: Sequence[Record]) -> tuple[Noticed, ...]:
    """What was repaired, equal repairs together (but for the numbers of cells), the most frequent first."""
    made: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for note in (note for note in record.notes if not ODD.search(note)):
            made[_of_a_kind(note, record)][record.student].append(printable(note, QUOTED))
    found = [Noticed(Kind(name, ""), _cut(who)) for name, who in made.items()]
    return tuple(sorted(found, key=lambda one: -len(one.seen)))


def _cut(who: dict[str, list[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (name, (*words[:MOST_QUOTES], *([f"and {len(words) - MOST_QUOTES} more"] * (len(words) > MOST_QUOTES))))
        for name, words in who.items()
    )


def _of_a_kind(note: str, record: Record) -> str:
    """A note without what is each student's own: numbers of cells and names of exercises."""
    names = "|".join(sorted((verdict.exercise for verdict in record.verdicts), key=len, reverse=True))
    plain = re.sub(rf"\b(answer-)?({names})\b", "…", note) if names else note
    return printable(re.sub(r"\d+((, | and )\d+)*", "…", plain), QUOTED)


def _seen(record: Record, kept_bytes: int) -> Iterator[tuple[Kind, str]]:
    for where, reason in _reasons(record):
        kind = next((kind for kind, pattern in ENDINGS if pattern.fullmatch(reason)), None)
        if kind is not None:
            yield kind, printable(f"{where}: {reason}", QUOTED)
        elif where.startswith("cell "):
            yield CELLS, printable(f"{where}: {reason}", QUOTED)
        yield from ((kind, printable(f"{where}: {reason}", QUOTED)) for kind, what in WORDS if what.search(reason))
    yield from _guarded(record)
    for line in record.printed.splitlines():
        yield from ((kind, printable(f"printed: {line}", QUOTED)) for kind, what in WORDS if what.search(line))
    if kept_bytes and len(record.printed.encode("utf-8", "replace")) >= kept_bytes:
        yield FLOOD, f"more than {kept_bytes >> 10} KB"
    yield from ((ODD_FILE, printable(note, QUOTED)) for note in record.notes if ODD.search(note))


def _reasons(record: Record) -> Iterator[tuple[str, str]]:
    """Where something stopped, and why. A refusal is told elsewhere."""
    for problem in record.cell_problems:
        yield (f"cell {problem.cell}" if problem.cell else "cell (given)"), problem.reason
    for verdict in record.verdicts if not record.refusal else ():
        errors = dict.fromkeys(outcome.error for outcome in verdict.outcomes if outcome.error and not outcome.guarded)
        yield from ((verdict.exercise, error) for error in errors)


def _guarded(record: Record) -> Iterator[tuple[Kind, str]]:
    for verdict in record.verdicts:
        for outcome in verdict.outcomes:
            if outcome.guarded:
                yield LIBRARY, printable(outcome.guarded, QUOTED)
            if any(one.problem == "type" and "MB" in one.found for one in outcome.findings):
                yield LARGE, f"{verdict.exercise}: {printable(outcome.title, QUOTED)}"
