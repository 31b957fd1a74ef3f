"""Bringing data sets: fetch, build, stamp. One that fails costs no other its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from seqlab.data.build.catalogue import BUILDERS
from seqlab.data.build.sources import Sources
from seqlab.data.errors import DataError, DataMissing, WrongContents
from seqlab.data.fetch.fetch import FetchOptions, fetch_set, is_fetched, verify_raw
from seqlab.data.places import Places
from seqlab.data.ready import is_there, make_if_missing
from seqlab.data.registry import DataSet
from seqlab.data.storage.folders import build_folder, faults, only_one, sha256_of


@dataclass(frozen=True)
class Outcome:
    """How it went with one set: it was ready, was made now, or could not be made (then why)."""

    data_set: DataSet
    state: str
    error: str = ""


READY, MADE, FAILED = "ready", "made", "failed"


def prepare(places: Places, chosen: Sequence[DataSet], options: FetchOptions) -> list[Outcome]:
    """Bring some sets and all that they are made from.

    Returns:
        How it went with each, what is needed first. Nothing is raised for a set that cannot be brought.
    """
    outcomes: dict[str, Outcome] = {}
    for data_set in places.registry.with_needs(chosen):
        lost = [name for name in data_set.needs if outcomes[name].state == FAILED]
        if lost:
            why = f"{data_set.name} is made from {', '.join(lost)}, which could not be brought"
            outcomes[data_set.name] = Outcome(data_set, FAILED, why)
            continue
        try:
            state = bring(places, data_set, options)
            outcomes[data_set.name] = Outcome(data_set, state)
        except DataError as error:
            options.show(f"{data_set.name} could not be brought; the reasons follow at the end")
            outcomes[data_set.name] = Outcome(data_set, FAILED, str(error))
    return list(outcomes.values())


def bring(places: Places, data_set: DataSet, options: FetchOptions) -> str:
    """Bring one set, whose needs are there.

    Returns:
        Whether it was ready or is made now. A ready one is compared with its stamp, byte for byte.

    Raises:
        DataError: it cannot be brought; the text says why and what to do.
    """
    installed = {name: _version(name) for name in data_set.installed}
    if not data_set.outputs:
        return READY
    if not wrong_with(places, data_set, thorough=True):
        return READY
    if data_set.seed is not None:
        made = make_if_missing(places, data_set, data_set.seed, options.show, thorough=True)
        return MADE if made else READY
    with only_one(places.cache, data_set.name, options.show):
        wrong = wrong_with(places, data_set, thorough=True)
        if not wrong:
            return READY
        _build(places, data_set, options, installed, wrong[0])
    return MADE


def wrong_with(places: Places, data_set: DataSet, thorough: bool = False) -> list[str]:
    """What is wrong with a built set; nothing if it is ready (see :func:`seqlab.data.storage.folders.faults`)."""
    if not data_set.outputs:
        return []
    return faults(places.built(data_set), data_set.version, data_set.outputs, thorough)


def _build(places: Places, data_set: DataSet, options: FetchOptions, installed: dict[str, str], wrong: str) -> None:
    for line in verify_raw(places, data_set) if is_fetched(places, data_set) else ():
        options.show(line)  # and it is fetched anew
    files = {path.name: path for path in fetch_set(places, data_set, options)}
    needed = {name: places.built(places.registry.find(name)) for name in data_set.needs}
    made_from = {"files": {name: sha256_of(path) for name, path in files.items()}, "installed": installed}
    sources = Sources(files, needed, options.show)
    folder = places.built(data_set)
    why = f": {wrong}" if is_there(folder) else ""
    options.show(f"building {data_set.name}{why} ...")
    build_folder(folder, data_set.version, made_from, lambda fresh: _built(data_set, sources, fresh))


def _built(data_set: DataSet, sources: Sources, folder: Path) -> None:
    """What no builder has foreseen becomes an error of this set alone, so that it costs no other its place."""
    try:
        BUILDERS[data_set.name](sources, folder)
    except (DataError, OSError):
        raise
    except Exception as error:
        files = ", ".join(map(str, sources.files.values())) or "installed packages"
        raise WrongContents(
            f"{data_set.name} cannot be built from {files}: {type(error).__name__}: {error}. If the files are not what "
            "they should be, delete them and fetch them from elsewhere (--mirror); else please report this."
        ) from error


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError as error:
        raise DataMissing(
            f"expected the package {name} to be installed; it is not. Run make setup, or: "
            "pip install -c constraints.txt -e ."
        ) from error
