"""Folders of the cache that are there whole or not at all, with a stamp that says what is in them and what made it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from seqlab.data.errors import NoSpace, NotWritable

STAMP = "built.json"
CHUNK = 2**20
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def clear_about_the_disk(folder: Path) -> Iterator[None]:
    """Turn what the operating system says of a full or read-only disk into what a person can do about it.

    Raises:
        NotWritable: the disk or folder may not be written.
        NoSpace: it is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno in UNWRITABLE:
            raise NotWritable(
                f"expected to be allowed to write into {folder}; the system says: {error.strerror}. If others share "
                "that folder, whoever keeps it has to do this; or choose a place of your own, and name it: "
                "export SEQLAB_CACHE=~/seqlab-data"
            ) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(
                f"the disk of {folder} is full ({error.strerror}). Make room and run the same command again, or put "
                "data elsewhere: set SEQLAB_CACHE to a folder on another disk."
            ) from error
        raise


@contextmanager
def only_one(cache: Path, name: str, show: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of a data set: another process that wants it waits, and is told so.

    A thread may take a lock again that it holds. Raises as :func:`clear_about_the_disk` does.
    """
    path = cache / "locks" / f"{name}.lock"
    with clear_about_the_disk(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, is_singleton=True)
        try:
            lock.acquire(timeout=0.1)
        except Timeout:
            show(f"another process is at work on {name}; waiting for it ...")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def build_folder(folder: Path, version: int, made_from: Mapping[str, Any], write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a new folder, stamp it, and only then put it at ``folder``, in place of what was there.

    The caller holds the set's lock, so what a killed process left half made is nobody's and is cleared away.

    Args:
        folder: where it will be.
        version: of what is built.
        made_from: what it was made from and with, for the stamp (JSON values).
        write: is called with an empty folder to write into.

    Raises:
        NotWritable: the cache may not be written.
        NoSpace: its disk is full.
    """
    with clear_about_the_disk(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".building-{folder.name}."
        for left_over in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        workshop = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
        try:
            fresh = workshop / "new"
            fresh.mkdir()
            write(fresh)
            _stamp(fresh, version, made_from)
            if folder.exists():
                folder.rename(workshop / "old")
            fresh.rename(folder)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)


def read_stamp(folder: Path) -> dict[str, Any] | None:
    """The stamp of a built folder; None where there is none that can be understood.

    Raises:
        PermissionError: it may not be read.
    """
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except PermissionError:
        raise
    except (OSError, ValueError, RecursionError):
        return None
    return stamp if _is_stamp(stamp) else None


def _is_stamp(stamp: Any) -> bool:
    if not isinstance(stamp, dict) or "version" not in stamp or not isinstance(stamp.get("files"), dict):
        return False
    return all(isinstance(said, dict) and {"bytes", "sha256"} <= set(said) for said in stamp["files"].values())


def faults(folder: Path, version: int, outputs: Sequence[str], thorough: bool = False) -> list[str]:
    """What is wrong with a built folder; nothing if it can be used.

    Args:
        folder: the folder.
        version: the version it should have.
        outputs: the files and folders ("name/") that should be in it.
        thorough: compare the contents with the stamp's hashes too, not only the sizes.
    """
    try:
        return _faults(folder, version, outputs, thorough)
    except PermissionError as error:
        who = "whoever keeps this cache has to allow it: chmod -R a+rX"
        return [f"{error.filename or folder} may not be read by you ({who} {folder.parent})"]


def _faults(folder: Path, version: int, outputs: Sequence[str], thorough: bool) -> list[str]:
    stamp = read_stamp(folder)
    if stamp is None:
        return [f"{folder} has no readable {STAMP}"]
    if stamp["version"] != version:
        return [f"{folder} is of version {stamp['version']}, and this seqlab wants version {version}"]
    missing = [name for name in outputs if not _listed(name, stamp["files"])]
    found = [f"{folder / name} is not in its {STAMP}" for name in missing]
    return found + [
        line for name, said in stamp["files"].items() for line in _file_faults(folder / name, said, thorough)
    ]


def _listed(name: str, files: Mapping[str, Any]) -> bool:
    return any(one.startswith(name) for one in files) if name.endswith("/") else name in files


def _file_faults(path: Path, said: Mapping[str, Any], thorough: bool) -> Iterator[str]:
    if not path.is_file():
        yield f"{path} is gone"
    elif path.stat().st_size != said["bytes"]:
        yield f"{path} should have {said['bytes']} bytes and has {path.stat().st_size}"
    elif thorough and sha256_of(path) != said["sha256"]:
        yield f"{path} is not what was written there (its SHA-256 differs)"


def _stamp(folder: Path, version: int, made_from: Mapping[str, Any]) -> None:
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    contents = {"version": version, "made_from": dict(made_from), "files": files}
    with (folder / STAMP).open("w", encoding="utf-8") as file:
        json.dump(contents, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
