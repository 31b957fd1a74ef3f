"""Five classes of UCF101: people doing things, filmed (Soomro, Zamir and Shah 2012)."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.data.build.contents import described_as, listed, streamed, wrong
from seqlab.data.build.films import Undecodable, read_frames, require_decoder
from seqlab.data.build.progress import shown
from seqlab.data.build.sources import Sources
from seqlab.data.fetch.archives import extract
from seqlab.data.storage.writing import text_bytes

PARTS = {"train": "train", "val": "test"}
FRAMES, SIDE = 20, 64


class Film(NamedTuple):
    """A film of a class."""

    path: Path
    tag: str


def build_ucf101(sources: Sources, folder: Path) -> None:
    """Write ``videos.h5``: ``S_frames`` (N, 20, 64, 64, 3) uint8, ``S_labels`` (N, 20) int64, ``classes``.

    The published test part is held out. The class of a film is the label of all its frames.

    Raises:
        DataMissing: the package that decodes films is not installed.
        WrongContents: the archive does not hold the films, or some cannot be decoded; all of those are listed.
    """
    require_decoder()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".films-") as workshop:
        sources.show("extracting films ...")
        files = extract(sources.only, Path(workshop), _is_wanted)
        splits = {split: films_of(sources.only, files, part) for split, part in PARTS.items()}
        classes = sorted({film.tag for film in splits["train"]})
        foreign = sorted({film.tag for film in splits["val"]} - set(classes))
        if foreign:
            raise wrong(sources.only, "only classes of train.csv in test.csv", ", ".join(foreign))
        _write(sources, folder / "videos.h5", splits, classes)


def films_of(archive: Path, files: Sequence[Path], part: str) -> list[Film]:
    """The films that PART.csv lists, with their tags, in its order.

    Raises:
        WrongContents: there is no such table, or films that it lists are not there; all are named.
    """
    tables = [path for path in files if path.name == f"{part}.csv"]
    if len(tables) != 1:
        raise wrong(archive, f"one file {part}.csv", f"{len(tables)} among {len(files)} files")
    there = {path.name: path for path in files if path.parent.name == part}
    rows = _rows(archive, tables[0])
    missing = [name for name, _ in rows if name not in there]
    if missing:
        raise wrong(archive, f"all films of {part}.csv in {part}/", f"none for {listed(missing)}")
    return [Film(there[name], tag) for name, tag in rows]


def _rows(archive: Path, table: Path) -> list[tuple[str, str]]:
    """The names of films and their tags. Other columns, such as a number without a heading, do not matter."""
    place = f"{table.name} of {archive}"
    with (
        described_as("a table with columns video_name and tag", place),
        table.open(encoding="utf-8", newline="") as file,
    ):
        rows = [(PurePosixPath(row["video_name"]).name, row["tag"].strip()) for row in csv.DictReader(file)]
    if not rows:
        raise wrong(place, "a table of films", "none")
    return rows


def _is_wanted(name: str) -> bool:
    return PurePosixPath(name).suffix in (".avi", ".csv")


def _write(sources: Sources, path: Path, splits: Mapping[str, Sequence[Film]], classes: Sequence[str]) -> None:
    shapes = {f"{split}_frames": (len(films), FRAMES, SIDE, SIDE, 3) for split, films in splits.items()}
    whole = {f"{split}_labels": _labels(films, classes) for split, films in splits.items()}
    whole["classes"] = text_bytes(json.dumps(list(classes)))
    wanted = [(f"{split}_frames", row, film) for split, films in splits.items() for row, film in enumerate(films)]
    problems: list[str] = []
    with streamed(path, shapes, np.uint8, whole) as arrays:
        for key, row, film in shown(wanted, "decoding films", "film"):
            try:
                arrays[key][row] = read_frames(film.path, FRAMES, SIDE, sources.show)
            except Undecodable as error:
                problems.append(str(error))
    if problems:
        raise wrong(sources.only, f"{len(wanted):,} films that can be decoded", listed(problems))


def _labels(films: Sequence[Film], classes: Sequence[str]) -> NDArray[np.int64]:
    """The class at every frame, (N, 20)."""
    numbers = np.array([classes.index(film.tag) for film in films], np.int64)
    return np.repeat(numbers[:, None], FRAMES, axis=1)
