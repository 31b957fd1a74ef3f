"""Where a data set is, if it is there; synthesised ones are made on the spot. Nothing is fetched here.

Every loader begins with :func:`folder_of`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from seqlab.data.errors import DataMissing
from seqlab.data.places import Places, find_places
from seqlab.data.registry import DataSet
from seqlab.data.storage.folders import build_folder, faults, only_one, read_stamp
from seqlab.data.synthesis.catalogue import GENERATORS


def folder_of(name: str, *, task: str, seed: int | None = None, places: Places | None = None) -> Path:
    """The folder of a built data set.

    Args:
        name: the set.
        task: what the caller loads; the set must have it.
        seed: of a synthesised set; None for the registry's.
        places: where to look; None for the course's.

    Raises:
        UnknownSet: there is no such set.
        DataMissing: it is not there, is of an older version, or is cut short, or it is for another task; the text
            says what to do.
        NotWritable, NoSpace: a synthesised set has to be made, and cannot be kept.
    """
    where = places or find_places()
    data_set = where.registry.find(name)
    _require_task(where, data_set, task)
    if data_set.seed is not None:
        return synthesised(where, data_set, data_set.seed if seed is None else seed)
    if seed is not None:
        raise DataMissing(f"{name} is not synthesised, so there is only one of it; expected no seed, found {seed}")
    folder = where.built(data_set)
    wrong = faults(folder, data_set.version, data_set.outputs)
    if wrong:
        raise DataMissing(_not_here(data_set, folder, wrong))
    return folder


def synthesised(
    places: Places, data_set: DataSet, seed: int, show: Callable[[str], None] | None = None, thorough: bool = False
) -> Path:
    """The folder of a synthesised set with this seed, which is made if it is not there.

    ``thorough`` compares what is there with its stamp, byte for byte.

    Raises:
        DataMissing: what it is made from is not there.
        NotWritable, NoSpace: it cannot be kept.
    """
    folder = places.built(data_set, seed)
    if not faults(folder, data_set.version, data_set.outputs, thorough):
        return folder
    say = show or _to_stderr
    needed = {name: folder_of(name, task=places.registry.find(name).task, places=places) for name in data_set.needs}
    with only_one(places.cache, folder.name, say):
        if faults(folder, data_set.version, data_set.outputs, thorough):
            say(f"making {data_set.name} from seed {seed} ...")
            made_from = {"seed": seed, "needs": {name: read_stamp(place) for name, place in needed.items()}}
            make = GENERATORS[data_set.name]
            build_folder(folder, data_set.version, made_from, lambda fresh: make(fresh, needed, seed))
    return folder


def command_for(data_set: DataSet) -> str:
    """The command that brings a set."""
    make = "make download-data" if data_set.tier == "embedded" else f"make download-data SET={data_set.name}"
    return f"{make} (or, without make: seqlab data fetch {data_set.name})"


def _not_here(data_set: DataSet, folder: Path, wrong: list[str]) -> str:
    size = f"{max(data_set.download_size / 1e6, 0.1):,.1f} MB to fetch" if data_set.files else "nothing to fetch"
    state = wrong[0] if folder.exists() else f"expected it in {folder}"
    return (
        f"the data set {data_set.name} ({data_set.title}) is not ready: {state}. "
        f"Bring it with: {command_for(data_set)}; {size}."
    )


def _require_task(places: Places, data_set: DataSet, task: str) -> None:
    if data_set.task == task or task in _FURTHER_TASKS.get(data_set.name, ()):
        return
    suited = [one.name for one in places.registry.sets.values() if one.task == task]
    further = [name for name, tasks in _FURTHER_TASKS.items() if task in tasks]
    raise DataMissing(
        f"{data_set.name} is a data set of {data_set.task}, and {task} were asked for. "
        f"There are for {task}: {', '.join([*suited, *further])}."
    )


_FURTHER_TASKS = {"digit_scenes": ("questions",)}


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)
