"""Whether a file is what the registry describes: size, hash, and, where none is published, the look of its kind."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqlab.data.errors import WrongContents
from seqlab.data.registry import SourceFile

CHUNK = 2**20
HEAD = 1024
FAR_OFF = 4


@dataclass(frozen=True)
class Contents:
    """What a file is: how many bytes, and its SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


def require_contents(path: Path, file: SourceFile) -> Contents:
    """What ``path`` is.

    Raises:
        WrongContents: it is not ``file``; the text says what was expected and what was found.
    """
    size = path.stat().st_size
    if file.size not in (None, size):
        raise WrongContents(f"{other_size(size, file)}{_web_page(path)}")
    found = digests(path)
    if file.hash is None:
        _require_kind(path, file.name)
    elif file.hash not in found.values():
        kind = file.hash.partition(":")[0]
        raise WrongContents(f"expected {file.hash}, found {found[kind]}{_web_page(path)}")
    return Contents(size, found["sha256"].partition(":")[2])


def other_size(size: int, file: SourceFile) -> str:
    """What to say of a file whose size in bytes is not the registry's."""
    return f"expected {file.size:,} bytes, found {size:,}"


def digests(path: Path) -> dict[str, str]:
    """The hashes of a file by kind, as the registry writes them (``sha256:...``)."""
    kinds = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            for digest in kinds.values():
                digest.update(chunk)
    return {kind: f"{kind}:{digest.hexdigest()}" for kind, digest in kinds.items()}


def looks_far_off(size: int, file: SourceFile) -> bool:
    """Whether a size that nothing can be compared with is far from what the registry expects."""
    unknown = file.size is None and file.hash is None
    return unknown and not file.about_size / FAR_OFF <= size <= file.about_size * FAR_OFF


def _require_kind(path: Path, name: str) -> None:
    """No hash is published, so that a login page of a network would pass for any text."""
    head = _head(path)
    if not head:
        raise WrongContents(f"expected about the size of {name}, found an empty file")
    kinds = [kind for kind in KINDS if name.lower().endswith(kind)]
    if kinds and not KINDS[kinds[0]](path):
        raise WrongContents(f"expected a whole {kinds[0]} file, found one that begins {head[:40]!r}{_web_page(path)}")
    if _web_page(path) and not name.lower().endswith((".html", ".htm")):
        raise WrongContents(f"expected {name}, found one that begins {head[:40]!r}{_web_page(path)}")


def _web_page(path: Path) -> str:
    start = _head(path).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_page = start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))
    return ": that is a web page, perhaps the network's login page or a notice that the file is gone" if is_page else ""


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _begins(*starts: bytes) -> Callable[[Path], bool]:
    return lambda path: _head(path).startswith(starts)


def _is_zip(path: Path) -> bool:
    # The directory stands at the end, so a zip that was cut short is not one.
    return _head(path).startswith(b"PK") and zipfile.is_zipfile(path)


def _is_json(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.read(HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        file.seek(max(0, path.stat().st_size - HEAD))
        last = file.read().rstrip()[-1:]
    return (first, last) in {(b"{", b"}"), (b"[", b"]")}


KINDS: dict[str, Callable[[Path], bool]] = {
    ".zip": _is_zip,
    ".whl": _is_zip,
    ".npz": _is_zip,
    ".gz": _begins(b"\x1f\x8b"),
    ".tgz": _begins(b"\x1f\x8b"),
    ".npy": _begins(b"\x93NUMPY"),
    ".h5": _begins(b"\x89HDF\r\n\x1a\n"),
    ".json": _is_json,
    ".pt": _begins(b"PK", b"\x80"),
    ".pth": _begins(b"PK", b"\x80"),
}
