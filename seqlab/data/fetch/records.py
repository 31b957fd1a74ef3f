"""What is written down about fetched files: ``verified.json`` beside them, and ``trusted.json`` in the cache.

The first says what was verified, so that nothing has to be read again to know that a set is there. The second says what
files without a published hash were when they were first fetched; it stays when they are deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seqlab.data.errors import DataDamaged, WrongContents
from seqlab.data.fetch.contents import Contents
from seqlab.data.places import Places
from seqlab.data.registry import DataSet, SourceFile
from seqlab.data.storage.folders import only_one

VERIFIED = "verified.json"
TRUSTED = "trusted.json"


@dataclass(frozen=True)
class Entry:
    """What is known of one file.

    Attributes:
        bytes: its size.
        sha256: its SHA-256 in hexadecimal.
        registered: the hash that the registry had; None if it had none.
        origin: where it came from.
        date: when, in UTC.
        doubted: a later look found something else in its place.
    """

    bytes: int
    sha256: str
    registered: str | None
    origin: str
    date: str
    doubted: bool = False


Entries = dict[str, Entry]


def new_entry(contents: Contents, file: SourceFile, origin: str) -> Entry:
    """What is known of a file that was verified now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Entry(contents.bytes, contents.sha256, file.hash, origin, now)


def read_verified(folder: Path) -> Entries:
    """The entries of a folder of fetched files by name. What cannot be read is as if nothing had been verified."""
    try:
        return _read(folder / VERIFIED)
    except (OSError, ValueError):
        return {}


def note_verified(folder: Path, name: str, entry: Entry) -> None:
    """Write an entry into a folder's ``verified.json``."""
    write_json(folder / VERIFIED, _as_json(read_verified(folder) | {name: entry}))


def note_doubt(folder: Path, name: str) -> None:
    """Write down that a file is no longer what was verified, so that it is fetched anew."""
    entry = read_verified(folder).get(name)
    if entry is not None:
        note_verified(folder, name, replace(entry, doubted=True))


def require_trusted(places: Places, data_set: DataSet, file: SourceFile, found: Contents) -> None:
    """Compare a file without a published hash with the first that was fetched, if one was.

    Raises:
        WrongContents: it is another; the text says how to accept it.
        DataDamaged: ``trusted.json`` cannot be read.
    """
    if file.hash is not None:
        return
    known = _first_known(places, data_set, file)
    if known and next(iter(known.values())).sha256 != found.sha256:
        raise WrongContents(_changed(found, known))


def note_trusted(
    places: Places, data_set: DataSet, file: SourceFile, entry: Entry, show: Callable[[str], None]
) -> None:
    """Write down what a file without a published hash is, if this is its first time."""
    path = places.cache / TRUSTED
    key = _key(data_set, file)
    if file.hash is not None or key in _read_trusted(path):
        return
    with only_one(places.cache, TRUSTED, show):
        write_json(path, _as_json(_read_trusted(path) | {key: entry}))
    show(
        f"{file.name}: no hash is published, so this one is trusted from now on: sha256 {entry.sha256} "
        f"({entry.bytes:,} bytes; written down in {path})"
    )


def _first_known(places: Places, data_set: DataSet, file: SourceFile) -> dict[str, Entry]:
    """The entries that say what the first was, each under words for where it stands."""
    path, key = places.cache / TRUSTED, _key(data_set, file)
    trusted = _read_trusted(path).get(key)
    verified = read_verified(places.raw(data_set)).get(file.name)
    known = {f'"{key}" in {path}': trusted, f'"{file.name}" in {places.raw(data_set) / VERIFIED}': verified}
    return {where: entry for where, entry in known.items() if entry is not None}


def _changed(found: Contents, known: Mapping[str, Entry]) -> str:
    first = next(iter(known.values()))
    return (
        f"expected what was fetched first, sha256:{first.sha256} ({first.bytes:,} bytes, on {first.date} from "
        f"{first.origin}), found sha256:{found.sha256} ({found.bytes:,} bytes). No hash is published, so the first is "
        f"trusted. If you know that the file was changed by its makers, delete the entry {' and '.join(known)}, and "
        "run the same command again"
    )


def _key(data_set: DataSet, file: SourceFile) -> str:
    return f"{data_set.name}/{file.name}"


def _read_trusted(path: Path) -> Entries:
    try:
        return _read(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataDamaged(
            f"expected in {path} what files without a published hash were when they were first fetched; it cannot be "
            f"read ({error}). Restore it, or delete it to trust the next download of each."
        ) from error


def _read(path: Path) -> Entries:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(written, dict) or not isinstance(written.get("files"), dict):
        raise ValueError('expected {"files": {...}}')
    try:
        return {str(name): Entry(**entry) for name, entry in written["files"].items()}
    except TypeError as error:
        raise ValueError(f"expected entries with {', '.join(Entry.__dataclass_fields__)}") from error


def _as_json(entries: Mapping[str, Entry]) -> dict[str, Any]:
    return {"files": {name: asdict(entry) for name, entry in sorted(entries.items())}}


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` so that at any moment either the old or the new text is there, whole."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
