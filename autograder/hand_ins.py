"""Finding the hand-ins of a class in ``submitted/STUDENT/STAGE``, whatever else lies there, and reading their bytes.

Nothing is followed out of a student's folder, and nothing that is no plain file is opened to be read.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Stage
from autograder.notebook_file import MAX_BYTES
from autograder.printable import printable

MOST_FILES = 2000
DEEPEST = 3
ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json", ".py")
HIDDEN_COPIES = ".ipynb_checkpoints"
LONGEST_NAME = 100


@dataclass(frozen=True)
class HandIn:
    """One student's file, and what was odd about where it lay."""

    student: str
    path: Path
    notes: tuple[str, ...] = ()

    def read(self) -> tuple[bytes, tuple[str, ...]]:
        """The bytes of the file and the notes on it; what is missing, a link, or not a plain file reads as empty."""
        data, why_not = read_plain_file(self.path)
        return data, (*self.notes, *([why_not] if why_not else []))


def find_hand_ins(submitted: Path, stage: Stage) -> list[HandIn]:
    """The hand-ins of a stage, by student: every folder ``submitted/STUDENT/STAGE``, whatever is in it."""
    folders = [folder for folder in sorted(submitted.glob(f"*/{stage.id}")) if folder.is_dir()]
    return [hand_in_of(folder, stage) for folder in folders]


def hand_in_of(folder: Path, stage: Stage) -> HandIn:
    """What counts as the hand-in among the files of one folder ``submitted/STUDENT/STAGE``."""
    path, notes = _chosen(folder, stage.id)
    name = folder.parent.name
    student = clean_name(name)
    renamed = [] if student == name else [f"the student's folder is called {printable(name, LONGEST_NAME)}"]
    return HandIn(student, path, (*renamed, *notes))


def clean_name(name: str) -> str:
    """A name that the gradebook, a terminal and a page can hold: unprintable ones are changed, and stay different."""
    if name.isprintable():
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)[:LONGEST_NAME]}-{mark}"


def read_plain_file(path: Path) -> tuple[bytes, str]:
    """The bytes of a plain file, at most one more than the grader takes; or none, and why."""
    try:
        # Without NONBLOCK a pipe that nobody writes into would hold the class up for good.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b"", ""
    except OSError as error:
        return b"", f"{_shown(path)} is {_kind(path)} and was not read ({error.strerror})"
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b"", f"{_shown(path)} is {_kind(path)} and was not read"
        return _read(descriptor), ""
    except OSError as error:
        return b"", f"{_shown(path)} could not be read to its end ({error.strerror})"
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(MAX_BYTES + 1)


def _kind(path: Path) -> str:
    mode = path.lstat().st_mode
    kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    kinds |= {stat.S_IFREG: "a file that may not be opened"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _chosen(folder: Path, stage_id: str) -> tuple[Path, list[str]]:
    """The file that counts: the one with the stage's name; else the likeliest, the last changed among equals."""
    named = folder / f"{stage_id}.ipynb"
    files = sorted(_plain_files(folder), key=lambda path: (_rank(path, folder, stage_id), -_changed(path), str(path)))
    taken = files[0] if files else named
    odd = [] if taken == named or not os.path.lexists(named) else [f"{_shown(named)} is {_kind(named)}"]
    if taken != named:
        odd.append(f"{_shown(taken.relative_to(folder))} was taken as {named.name}")
    others = [path for path in files[1:] if HIDDEN_COPIES not in path.parts]
    if others:
        listed = ", ".join(_shown(path.relative_to(folder)) for path in others[:3])
        odd.append(f"{len(files)} files might be the hand-in; {_shown(taken)} counts, not {listed}")
    return taken, odd


def _rank(path: Path, folder: Path, stage_id: str) -> Sequence[int]:
    """How unlike the expected place and name a file's are; the smallest is taken."""
    inside = path.relative_to(folder)
    name = path.name.casefold()
    is_hidden = any(part.startswith(".") for part in inside.parts)
    ending = next(place for place, ending in enumerate(ENDINGS) if name.endswith(ending))
    is_exact = path.name == f"{stage_id}.ipynb"
    return is_hidden, name.endswith(".py"), stage_id not in name, len(inside.parts), ending, not is_exact


def _changed(path: Path) -> float:
    return path.lstat().st_mtime


def _plain_files(folder: Path) -> Iterator[Path]:
    """Files that may be a notebook, in the folder and a few below it; links are not followed."""
    seen = 0
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(folders)[:MOST_FILES] if depth < DEEPEST else []
        for name in sorted(names):
            seen += 1
            if seen > MOST_FILES:
                return
            path = Path(place, name)
            if name.casefold().endswith(ENDINGS) and not name.startswith("._") and stat.S_ISREG(path.lstat().st_mode):
                yield path


def _shown(path: Path) -> str:
    return printable(path if len(path.parts) < DEEPEST + 2 and not path.is_absolute() else path.name, LONGEST_NAME)
