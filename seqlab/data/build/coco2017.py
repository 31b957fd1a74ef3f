"""COCO 2017: the 5,000 validation photographs, which are few enough for a laptop, with their captions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seqlab.data.build.captioned_photographs import Photograph, write_captioned
from seqlab.data.build.contents import described_as, json_of, wrong
from seqlab.data.build.sources import Sources

ANNOTATIONS = "annotations/captions_val2017.json"
FOLDER = "val2017"
HELD_OUT = 0.1
SPLIT_SEED = 0


def build_coco2017(sources: Sources, folder: Path) -> None:
    """Write captions, images and features; a tenth of the photographs is held out by lot, with all their captions.

    Raises:
        WrongContents: an archive does not hold the photographs or captions.
    """
    photographs = photographs_of(sources.files["annotations_trainval2017.zip"])
    order = np.random.default_rng(SPLIT_SEED).permutation(len(photographs))
    cut = round(len(photographs) * HELD_OUT)
    places = {"train": np.sort(order[cut:]), "val": np.sort(order[:cut])}
    splits = {split: [photographs[i] for i in chosen] for split, chosen in places.items()}
    write_captioned(sources.files["val2017.zip"], splits, folder, sources.needed["lite0"])


def photographs_of(archive: Path) -> list[Photograph]:
    """The photographs in the order of their ids, with the captions that the annotations give them.

    Raises:
        WrongContents: the annotations are not those of captions.
    """
    table = json_of(archive, ANNOTATIONS)
    place = f"{ANNOTATIONS} of {archive}"
    with described_as("images (id, file_name) and annotations (image_id of one of them, caption)", place):
        names = {int(image["id"]): str(image["file_name"]) for image in table["images"]}
        captions: dict[int, list[str]] = {number: [] for number in sorted(names)}
        for annotation in table["annotations"]:
            captions[int(annotation["image_id"])].append(str(annotation["caption"]))
    if len(names) < round(1 / HELD_OUT):
        raise wrong(place, "thousands of images", str(len(names)))
    return [Photograph(f"{FOLDER}/{names[number]}", tuple(texts)) for number, texts in captions.items()]
