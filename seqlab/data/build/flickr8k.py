"""Flickr8k: photographs of people and dogs doing things, each described by five people."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from seqlab.data.build.captioned_photographs import Photograph, write_captioned
from seqlab.data.build.contents import described_as, lines_of, opened_zip, wrong
from seqlab.data.build.sources import Sources

FOLDER = "Flicker8k_Dataset"  # sic
CAPTIONS = "Flickr8k.token.txt"
LISTS = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
KEPT = ("train", "val")


def build_flickr8k(sources: Sources, folder: Path) -> None:
    """Write captions, images and features of the published training and development photographs.

    The published test photographs are kept out, so that results on them can still be compared.

    Raises:
        WrongContents: an archive does not hold the photographs, captions or lists.
    """
    texts, archive = sources.files["Flickr8k_text.zip"], sources.files["Flickr8k_Dataset.zip"]
    lists = {split: [line.strip() for line in lines_of(texts, member)] for split, member in LISTS.items()}
    _require_disjoint(texts, lists)
    captions = captions_of(texts)
    _tell_what_is_left_out(sources.show, captions, _names_in(archive), set(itertools.chain(*lists.values())))
    splits = {
        split: [Photograph(f"{FOLDER}/{name}", tuple(captions.get(name, ()))) for name in lists[split]]
        for split in KEPT
    }
    write_captioned(archive, splits, folder, sources.needed["lite0"])


def captions_of(archive: Path) -> dict[str, list[str]]:
    """The captions of each photograph's name, from lines ``name.jpg#0<TAB>caption``.

    Raises:
        WrongContents: a line is another.
    """
    captions: dict[str, list[str]] = {}
    for number, line in enumerate(lines_of(archive, CAPTIONS), start=1):
        with described_as("name.jpg#0, a tab and a caption", f"line {number} of {CAPTIONS} of {archive}"):
            name, caption = line.split("\t")
            captions.setdefault(name[: name.rindex("#")], []).append(caption)
    return captions


def _names_in(archive: Path) -> set[str]:
    """The photographs' names. Those of macOS's side files, ``__MACOSX/...``, lie in another folder."""
    with opened_zip(archive) as file:
        paths = [PurePosixPath(name) for name in file.namelist()]
    return {path.name for path in paths if path.parts == (FOLDER, path.name) and path.suffix == ".jpg"}


def _require_disjoint(archive: Path, lists: Mapping[str, list[str]]) -> None:
    for one, other in itertools.combinations(lists, 2):
        shared = set(lists[one]) & set(lists[other])
        if shared:
            raise wrong(
                archive, f"no photograph in both {LISTS[one]} and {LISTS[other]}", ", ".join(sorted(shared)[:5])
            )


def _tell_what_is_left_out(
    show: Callable[[str], None], captions: Mapping[str, list[str]], there: set[str], in_lists: set[str]
) -> None:
    """Known flaws of the files: captions of a photograph that does not exist (its name ends in .jpg.1), and
    photographs that are in none of the lists."""
    unknown = [name for name in captions if name not in there | in_lists]
    if unknown:
        lines = sum(len(captions[name]) for name in unknown)
        show(f"flickr8k: skipped {lines} captions of photographs that are not there ({', '.join(unknown[:5])})")
    if there - in_lists:
        show(f"flickr8k: left out {len(there - in_lists)} photographs that are in none of the published lists")
