"""Reading zips and tars of which nothing is taken on trust: names, kinds of members, sizes.

Only the contents of regular files are ever taken out: no rights, owners, links or devices.
"""

from __future__ import annotations

import lzma
import re
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

from seqlab.data.errors import NoSpace, UnsafeArchive, WrongContents
from seqlab.data.storage.folders import clear_about_the_disk

CHUNK = 2**20
MOST_BYTES = 20_000_000_000
MOST_BYTES_OF_A_MEMBER = 2_000_000_000
MOST_MEMBERS = 1_000_000
FOLDER, FILE = "folder", "file"
T = TypeVar("T")
UNREADABLE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, RuntimeError, OSError, ValueError, LookupError, ArithmeticError),
)


def everything(_: str) -> bool:
    """Every member is wanted."""
    return True


def extract(
    archive: Path, folder: Path, wanted: Callable[[str], bool] = everything, max_bytes: int = MOST_BYTES
) -> list[Path]:
    """Write members of a zip or tar into a folder. Everything is looked at before anything is written.

    Args:
        archive: the zip or tar (also .tar.gz, .tar.bz2, .tar.xz).
        folder: where to; it is made if it is not there.
        wanted: which members, by name.
        max_bytes: how many bytes may come out of it.

    Returns:
        The files that were written, in the archive's order.

    Raises:
        UnsafeArchive: a member's name leads out of the folder, a wanted one is neither file nor folder or occurs twice,
            or there are more bytes than ``max_bytes``. No file is left behind.
        WrongContents: it is not a zip or tar, or is damaged.
        NoSpace: the disk has too little room.
        NotWritable: the folder may not be written.
    """
    with _opened(archive) as members:
        chosen = _require_safe(archive, members, wanted, max_bytes)
    targets = {member.name: _target(archive, folder, member) for member in chosen}
    _require_room(archive, folder, sum(member.size for member in chosen))
    written: list[Path] = []
    try:
        with _opened(archive) as members:
            _write(archive, members, targets, written, max_bytes)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def read_member(archive: Path, name: str, max_bytes: int = MOST_BYTES_OF_A_MEMBER) -> bytes:
    """The contents of one file of a zip or tar. For many, :func:`read_members` reads a tar only once.

    Raises:
        UnsafeArchive: it has more than ``max_bytes``.
        WrongContents: there is no such file, or the archive is damaged.
    """
    with _opened(archive) as members:
        for member in members:
            if member.name == name and member.kind == FILE:
                return _contents(archive, member, max_bytes)
    names = member_names(archive)
    raise WrongContents(f"expected a file {name} in {archive}; found {len(names)} others, such as {names[:3]}")


def read_members(
    archive: Path, wanted: Callable[[str], bool], max_bytes: int = MOST_BYTES_OF_A_MEMBER
) -> dict[str, bytes]:
    """The contents of all wanted files of a zip or tar by name, in its order; together at most ``max_bytes``.

    Raises:
        UnsafeArchive: they have more.
        WrongContents: the archive is damaged.
    """
    found: dict[str, bytes] = {}
    left = max_bytes
    with _opened(archive) as members:
        for member in members:
            if member.kind == FILE and wanted(member.name):
                found[member.name] = _contents(archive, member, left)
                left -= len(found[member.name])
    return found


def member_names(archive: Path) -> list[str]:
    """The names of the files in a zip or tar, in its order.

    Raises:
        WrongContents: it is not a zip or tar, or is damaged.
    """
    with _opened(archive) as members:
        return [member.name for member in members if member.kind == FILE]


@dataclass(frozen=True)
class _Member:
    """A member as the archive declares it; ``kind`` is folder, file, or a word for what else it is."""

    name: str
    kind: str
    size: int
    open: Callable[[], IO[bytes]]


@contextmanager
def _opened(archive: Path) -> Iterator[Iterator[_Member]]:
    with ExitStack() as stack:
        with _readable(archive):
            file = stack.enter_context(archive.open("rb"))
            is_zip = file.read(2) == b"PK"
            file.seek(0)
            if is_zip:
                members = _of_zip(stack.enter_context(zipfile.ZipFile(file)))
            else:
                members = _of_tar(stack.enter_context(tarfile.open(fileobj=file)))
        yield _guarded(archive, members)


def _guarded(archive: Path, pieces: Iterator[T]) -> Iterator[T]:
    """``pieces`` as they are; only what goes wrong in reading them is said in our words."""
    while True:
        with _readable(archive):
            try:
                piece = next(pieces)
            except StopIteration:
                return
        yield piece


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise WrongContents(f"expected a whole zip or tar at {archive}; it cannot be read: {error}") from error


def _of_zip(opened: zipfile.ZipFile) -> Iterator[_Member]:
    for info in opened.infolist():
        mode = stat.S_IFMT(info.external_attr >> 16)
        kind = FOLDER if info.is_dir() else FILE if mode in (0, stat.S_IFREG) else "link or device"
        # What stands in the file: zipfile shortens a name at a NUL.
        yield _Member(info.orig_filename, kind, info.file_size, lambda info=info: opened.open(info))  # type: ignore[misc]


def _of_tar(opened: tarfile.TarFile) -> Iterator[_Member]:
    for info in opened:
        kind = FOLDER if info.isdir() else FILE if info.isreg() else "link or device"
        yield _Member(info.name, kind, info.size, lambda info=info: _tar_stream(opened, info))  # type: ignore[misc]


def _tar_stream(opened: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = opened.extractfile(info)
    if stream is None:
        raise tarfile.TarError(f"{info.name} is not a file")
    return stream


def _require_safe(
    archive: Path, members: Iterator[_Member], wanted: Callable[[str], bool], max_bytes: int
) -> list[_Member]:
    chosen: dict[str, _Member] = {}
    total = 0
    for number, member in enumerate(members):
        parts = _parts(archive, member)
        if number >= MOST_MEMBERS:
            raise UnsafeArchive(f"{archive} has more than {MOST_MEMBERS:,} members; nothing was extracted")
        if member.kind == FOLDER or not wanted(member.name):
            continue
        place = "/".join(parts).casefold()
        if member.kind != FILE or place in chosen:
            what = f"is a {member.kind}" if member.kind != FILE else "occurs twice"
            raise UnsafeArchive(f"{archive}: the member {member.name!r} {what}; nothing was extracted")
        total += member.size
        if total > max_bytes:
            raise _too_large(archive, max_bytes)
        chosen[place] = member
    _require_no_file_as_folder(archive, chosen)
    return list(chosen.values())


def _require_no_file_as_folder(archive: Path, chosen: Mapping[str, _Member]) -> None:
    for place, member in chosen.items():
        if any(str(folder) in chosen for folder in PurePosixPath(place).parents):
            raise UnsafeArchive(f"{archive}: {member.name!r} lies in a member that is a file; nothing was extracted")


def _parts(archive: Path, member: _Member) -> list[str]:
    """The folders and the name of a member, all of them plain."""
    name = member.name
    parts = [part for part in PurePosixPath(name).parts if part != "."]
    leads_out = name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name) is not None
    if leads_out or "\\" in name or "\0" in name or (not parts and member.kind != FOLDER):
        raise UnsafeArchive(
            f"{archive}: the name of the member {name!r} leads out of the folder or is none; nothing was extracted"
        )
    return parts


def _target(archive: Path, folder: Path, member: _Member) -> Path:
    target = folder.joinpath(*_parts(archive, member))
    # A link that lies in the folder already must not lead a member elsewhere.
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise UnsafeArchive(f"{archive}: the member {member.name!r} would leave {folder}; nothing was extracted")
    return target


def _require_room(archive: Path, folder: Path, needed: int) -> None:
    nearest = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(nearest).free
    if free < needed:
        raise NoSpace(
            f"{archive} unpacks to {needed / 1e6:,.1f} MB; the disk of {folder} has {free / 1e6:,.1f} MB free. Make "
            "room, or set SEQLAB_CACHE to a folder on another disk."
        )


def _write(
    archive: Path, members: Iterator[_Member], targets: dict[str, Path], written: list[Path], max_bytes: int
) -> None:
    left = max_bytes
    for member in members:
        target = targets.get(member.name)
        if target is None or member.kind != FILE:
            continue
        with clear_about_the_disk(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            sink = target.open("xb")
        written.append(target)
        with sink:
            left -= _pour(archive, member, sink, left)


def _pour(archive: Path, member: _Member, sink: IO[bytes], most: int) -> int:
    count = 0
    for chunk in _chunks(archive, member, most):
        with clear_about_the_disk(Path(sink.name).parent):
            sink.write(chunk)
            sink.flush()  # so that a full disk shows here, and not when the file is closed
        count += len(chunk)
    return count


def _contents(archive: Path, member: _Member, max_bytes: int) -> bytes:
    found = bytearray()
    for chunk in _chunks(archive, member, max_bytes):
        found += chunk
    return bytes(found)


def _chunks(archive: Path, member: _Member, most: int) -> Iterator[bytes]:
    """The contents of a member, as long as they are not more than ``most`` bytes: what it declares, and what comes."""
    came = 0
    if member.size > most:
        raise _too_large(archive, most)
    for chunk in _guarded(archive, _read(member)):
        came += len(chunk)
        if came > most:
            raise _too_large(archive, most)
        yield chunk


def _read(member: _Member) -> Iterator[bytes]:
    with member.open() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _too_large(archive: Path, max_bytes: int) -> UnsafeArchive:
    return UnsafeArchive(f"expected at most {max_bytes:,} bytes to come out of {archive}; found more, and kept nothing")
