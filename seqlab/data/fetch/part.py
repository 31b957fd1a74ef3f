"""A file on its way: ``NAME.part``, with a note in ``NAME.part.json`` that says what it is the beginning of."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from seqlab.data.fetch.records import write_json
from seqlab.data.registry import SourceFile


@dataclass(frozen=True)
class Note:
    """What a part is the beginning of.

    Attributes:
        origin: the address that it came from, without a password.
        etag, last_modified: what its server said of the whole file.
        total: the whole file's size in bytes, if it is known.
        plain: whether the part's bytes are the file's own, so that it can be gone on with.
    """

    origin: str
    etag: str | None = None
    last_modified: str | None = None
    total: int | None = None
    plain: bool = True

    @property
    def validator(self) -> str | None:
        """What an If-Range header may carry: a strong ETag or a date."""
        strong = self.etag is not None and not self.etag.startswith("W/")
        return self.etag if strong else self.last_modified


@dataclass(frozen=True)
class Part:
    """The part of the file that will be at ``final``."""

    final: Path

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self.final.with_name(f"{self.final.name}.part")

    @property
    def note_path(self) -> Path:
        """Where the note is."""
        return self.final.with_name(f"{self.final.name}.part.json")

    def size(self) -> int:
        """How many bytes there are."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def note(self) -> Note | None:
        """What is known of the part; None if nothing is."""
        try:
            note = Note(**json.loads(self.note_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        texts = (note.origin, note.etag or "", note.last_modified or "")
        return note if all(isinstance(text, str) for text in texts) and isinstance(note.total or 0, int) else None

    def is_whole(self, file: SourceFile) -> bool:
        """Whether there are as many bytes as there should be."""
        note, size = self.note(), self.size()
        return note is not None and note.plain and size > 0 and size in (file.size, note.total)

    def start_for(self, origin: str, file: SourceFile) -> int:
        """At which byte ``origin`` should go on; 0 if nothing can be made of what is there.

        A published hash tells in the end whether halves fit together, so that any address may go on. Without one, only
        the same address may, and only if its server will tell that the file is still the same.
        """
        note, size = self.note(), self.size()
        if note is None or not note.plain or _too_much(size, file.size) or _too_much(size, note.total):
            return 0
        same = note.origin == origin and note.validator is not None
        return size if same or file.hash is not None else 0

    @contextmanager
    def writing(self, note: Note, start: int) -> Iterator[Callable[[bytes], None]]:
        """A function that adds bytes to those that are there, or writes anew where ``start`` is 0.

        Raises:
            OSError: the disk is full, for example. What was written is kept.
        """
        write_json(self.note_path, asdict(note))
        with self.path.open("ab" if start else "wb") as sink:
            yield lambda chunk: _write(sink.fileno(), chunk)

    def discard(self) -> None:
        """Delete the bytes and the note."""
        self.path.unlink(missing_ok=True)
        self.note_path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Put the bytes, which are whole and right, where the file will be."""
        with self.path.open("r+b") as file:
            os.fsync(file.fileno())
        self.path.replace(self.final)
        self.note_path.unlink(missing_ok=True)
        _sync_folder(self.final.parent)


def _write(handle: int, chunk: bytes) -> None:
    # Straight to the system, so that what has come survives a sudden end of this process.
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _too_much(size: int, total: int | None) -> bool:
    return total is not None and size > total


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
