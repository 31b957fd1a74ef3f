"""Copying a file from a folder of this machine, such as a university's mounted mirror."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seqlab.data.fetch.contents import other_size
from seqlab.data.fetch.options import FetchOptions
from seqlab.data.fetch.part import Note, Part
from seqlab.data.fetch.progress import measuring
from seqlab.data.fetch.trouble import Absent, AddressFailed, OtherFile
from seqlab.data.registry import SourceFile

CHUNK = 2**20


def copy(source: Path, file: SourceFile, part: Part, options: FetchOptions) -> None:
    """Copy a file into ``part``, whole.

    Raises:
        AddressFailed: it is not there, cannot be read, or has another size.
        OSError: the disk is full, for example.
    """
    size = _size(source)
    if file.size not in (None, size):
        raise OtherFile(other_size(size, file))
    with (
        measuring(file.name, 0, size, options) as count,
        part.writing(Note(str(source), total=size, plain=False), 0) as write,
    ):
        for chunk in _chunks(source):
            write(chunk)
            count(len(chunk))


def _size(source: Path) -> int:
    try:
        if source.is_file():
            return source.stat().st_size
    except OSError as error:
        raise AddressFailed(f"cannot be read ({error.strerror})") from error
    raise Absent("there is no such file")


def _chunks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise AddressFailed(f"cannot be read ({error.strerror})") from error
