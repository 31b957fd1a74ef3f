"""Where a data set is, if it is there; synthesised ones are made on the spot. Nothing is fetched here.

Every loader begins with :func:`folder_of`.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from pathlib import Path

from seqlab.data.errors import DataMissing, UnknownSet
from seqlab.data.places import Places, find_places
from seqlab.data.registry import DataSet
from seqlab.data.storage.folders import build_folder, faults, only_one, read_stamp
from seqlab.data.synthesis.catalogue import GENERATORS
from seqlab.suggestion import suggest


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
    data_set = _of_task(where, name, task)
    if data_set.seed is not None:
        return synthesised(where, data_set, data_set.seed if seed is None else _whole_seed(seed))
    if seed is not None:
        raise DataMissing(f"{name} is not synthesised, so there is only one of it; expected no seed, found {seed}")
    folder = where.built(data_set)
    wrong = faults(folder, data_set.version, data_set.outputs)
    if wrong:
        raise DataMissing(_not_here(where, data_set, wrong))
    return folder


def _whole_seed(seed: int) -> int:
    """A seed as a plain number: it becomes part of a folder's name, and is written down as JSON."""
    whole = int(operator.index(seed))
    if whole < 0:
        raise ValueError(f"expected a seed of 0 or more; found {whole}")
    return whole


def synthesised(
    places: Places, data_set: DataSet, seed: int, show: Callable[[str], None] | None = None, thorough: bool = False
) -> Path:
    """The folder of a synthesised set with this seed, which is made if it is not there; raises as the next does."""
    make_if_missing(places, data_set, seed, show, thorough)
    return places.built(data_set, seed)


def make_if_missing(
    places: Places, data_set: DataSet, seed: int, show: Callable[[str], None] | None = None, thorough: bool = False
) -> bool:
    """Make a synthesised set if it is not there; ``thorough`` compares what is there with its stamp, byte for byte.

    Returns:
        Whether it was made now, and by this process.

    Raises:
        DataMissing: what it is made from is not there.
        NotWritable, NoSpace: it cannot be kept.
    """
    folder = places.built(data_set, seed)
    if not faults(folder, data_set.version, data_set.outputs, thorough):
        return False
    say = show or _to_stderr
    needed = {name: folder_of(name, task=places.registry.find(name).task, places=places) for name in data_set.needs}
    with only_one(places.cache, folder.name, say):
        if not faults(folder, data_set.version, data_set.outputs, thorough):
            return False
        say(f"making {data_set.name} from seed {seed} ...")
        made_from = {"seed": seed, "needs": {name: read_stamp(place) for name, place in needed.items()}}
        make = GENERATORS[data_set.name]
        build_folder(folder, data_set.version, made_from, lambda fresh: make(fresh, needed, seed))
    return True


def is_there(folder: Path) -> bool:
    """Whether there is a folder, even one that may not be looked into."""
    try:
        return folder.exists()
    except PermissionError:
        return True


def command_for(data_set: DataSet) -> str:
    """The command that brings a set."""
    make = "make download-data" if data_set.tier == "embedded" else f"make download-data SET={data_set.name}"
    return f"seqlab data fetch {data_set.name} (or, in a clone with make: {make})"


def _not_here(places: Places, data_set: DataSet, wrong: list[str]) -> str:
    folder = places.built(data_set)
    missing = [
        one for one in places.registry.with_needs([data_set]) if faults(places.built(one), one.version, one.outputs)
    ]
    size = sum(one.download_size for one in missing)
    told = f"at most {size / 1e6:,.1f} MB to fetch" if size else "nothing to fetch"
    state = wrong[0] if is_there(folder) else f"expected it in {folder}"
    return (
        f"the data set {data_set.name} ({data_set.title}) is not ready: {state}. "
        f"Bring it with: {command_for(data_set)}; {told}."
    )


def _of_task(places: Places, name: str, task: str) -> DataSet:
    """The set called ``name``, if a loader for ``task`` can read it."""
    suited = [one.name for one in places.registry.sets.values() if one.task == task]
    suited += [other for other, tasks in _FURTHER_TASKS.items() if task in tasks]
    if name not in places.registry.sets:
        raise UnknownSet(f"there is no data set of {task} called {name!r}.{suggest(name, suited)}")
    data_set = places.registry.find(name)
    if name in suited:
        return data_set
    if data_set.task == "raw":
        raise DataMissing(f"{name} is kept as it came and has no loader; its card, {places.cards}/{name}.md, says more")
    there = f"There are for {task}: {', '.join(suited)}."
    raise DataMissing(f"{name} is a data set of {data_set.task}, and {task} were asked for. {there}")


_FURTHER_TASKS = {"digit_scenes": ("questions",)}


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)
