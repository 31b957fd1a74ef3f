"""What is in an export, a folder or a zip: every file with a way to read it, or the reason why it is not read.

Nothing is unpacked. Names are only looked at; where a file is put is decided elsewhere, never by its name alone.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from autograder.course import CourseError
from autograder.hand_ins import read_plain_file
from autograder.notebook_file import MAX_BYTES

MOST_FILES = 100_000
MOST_BYTES = 16 << 30
ENCRYPTED = 0x1
EXTRA_HEAD, EXTENDED = struct.Struct("<HH"), struct.Struct("<Bi")
EXTENDED_TIMESTAMP = 0x5455
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


class Unreadable(Exception):
    """A file of the export cannot be taken; the text says why."""


@dataclass(frozen=True)
class Item:
    """A file in an export.

    Attributes:
        parts: its folders and its name, below the export's root.
        name: how the export calls it.
        read: gives its bytes, or raises :class:`Unreadable`.
        problem: why it is not to be read; empty if it may.
        when: the file's date in a zip: with its zone if the zip says it (UTC), else local where it was packed.
    """

    parts: tuple[str, ...]
    name: str
    read: Callable[[], bytes]
    problem: str = ""
    when: datetime | None = None


def items(source: Path) -> list[Item]:
    """The files of an export, in its order.

    Raises:
        CourseError: it is neither a folder nor a zip.
    """
    if source.is_dir():
        return list(_of_folder(source))
    try:
        with zipfile.ZipFile(source) as archive:
            return list(_of_zip(source, archive))
    except DAMAGED as error:
        raise CourseError(f"expected a folder or a zip at {source}; it cannot be read as either: {error}") from error


def _of_folder(source: Path) -> Iterator[Item]:
    count = 0
    for place, folders, names in os.walk(source):
        folders.sort()
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted([*names, *links]):
            count += 1
            if count > MOST_FILES:
                yield Item((), source.name, _nothing, f"there are more than {MOST_FILES} files; the rest was not seen")
                return
            yield _file(source, Path(place, name))


def _file(source: Path, path: Path) -> Item:
    inside = path.relative_to(source)
    mode = path.lstat().st_mode
    problem = "" if stat.S_ISREG(mode) else _odd_kind(stat.S_IFMT(mode))
    return Item(inside.parts, str(inside), partial(_read_file, path), problem)


def _odd_kind(kind: int) -> str:
    return "a link, which is not followed" if kind == stat.S_IFLNK else "not a plain file"


def _read_file(path: Path) -> bytes:
    data, why_not = read_plain_file(path)
    if why_not or not path.exists():
        raise Unreadable(why_not or "it is gone")
    if len(data) > MAX_BYTES:
        raise Unreadable(_TOO_LARGE)
    return data


def _of_zip(source: Path, archive: zipfile.ZipFile) -> Iterator[Item]:
    total = 0
    for count, info in enumerate(archive.infolist()):
        if count >= MOST_FILES:
            yield Item((), source.name, _nothing, f"there are more than {MOST_FILES} members; the rest was not seen")
            return
        if not info.is_dir():
            total += info.file_size
            parts, problem = _parts(info.orig_filename)
            problem = problem or _member_problem(info, total)
            yield Item(parts, info.orig_filename, partial(_read_member, source, info), problem, _date(info))


def _parts(name: str) -> tuple[tuple[str, ...], str]:
    """The plain parts of a member's name; Windows' separators count. None, if it leads out of the archive."""
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or "\0" in name:
        return (), "its name is absolute or holds a NUL"
    parts = tuple(part for part in re.split(r"[/\\]", name) if part not in ("", "."))
    if not parts or ".." in parts:
        return (), "its name leads out of the archive" if parts else "it has no name"
    return parts, ""


def _date(info: zipfile.ZipInfo) -> datetime | None:
    """A member's date: UTC of the extended timestamp (Info-ZIP's extra field), else MS-DOS' local time."""
    extra = info.extra
    while len(extra) >= EXTRA_HEAD.size:
        kind, length = EXTRA_HEAD.unpack_from(extra)
        body, extra = extra[EXTRA_HEAD.size :][:length], extra[EXTRA_HEAD.size + length :]
        if kind == EXTENDED_TIMESTAMP and len(body) >= EXTENDED.size and body[0] & 1:
            return datetime.fromtimestamp(EXTENDED.unpack_from(body)[1], UTC)
    try:
        return datetime(*info.date_time)
    except ValueError:
        return None


def _member_problem(info: zipfile.ZipInfo, total: int) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if kind not in (0, stat.S_IFREG):
        return _odd_kind(kind)
    if info.file_size > MAX_BYTES:
        return _TOO_LARGE
    return "" if total <= MOST_BYTES else f"the archive unpacks to more than {MOST_BYTES >> 30} GB"


def _read_member(source: Path, info: zipfile.ZipInfo) -> bytes:
    try:
        with zipfile.ZipFile(source) as archive, archive.open(info) as stream:
            data = stream.read(MAX_BYTES + 1)
    except DAMAGED as error:
        raise Unreadable(f"it is damaged ({error})") from error
    if len(data) > MAX_BYTES or len(data) != info.file_size:
        raise Unreadable(_TOO_LARGE if len(data) > MAX_BYTES else "it is damaged (not as long as it says)")
    return data


def _nothing() -> bytes:
    raise Unreadable("it is no file")


_TOO_LARGE = f"it has more than {MAX_BYTES >> 20} MB"
