"""Places for data that a test may fill: the course's registry with an empty cache, and a class of small sets in it."""

import dataclasses

import numpy as np
import pytest

from seqlab.data.layouts.captions import Captioned, write_captions
from seqlab.data.layouts.pairs import write_pairs
from seqlab.data.layouts.questions import Asked, write_questions
from seqlab.data.layouts.sentences import Rated, write_sentences
from seqlab.data.layouts.text import write_text
from seqlab.data.places import Places
from seqlab.data.registry import load_registry
from seqlab.data.storage.folders import build_folder
from seqlab.data.storage.writing import write_arrays
from tests.conftest import ROOT

REGISTRY = ROOT / "datasets" / "registry.toml"


@pytest.fixture(scope="session")
def registry():
    return load_registry(REGISTRY)


@pytest.fixture
def places(registry, tmp_path):
    """The course's data sets, with an empty cache."""
    return Places(registry, tmp_path / "cache")


def put(places, name, write, **changes):
    """Write a set into the cache as if it had been brought."""
    data_set = dataclasses.replace(places.registry.find(name), **changes)
    folder = places.built(data_set)
    build_folder(folder, data_set.version, {}, write)
    return folder


def small_digits(folder, per_split=60):
    rng = np.random.default_rng(5)
    arrays = {}
    for split in ("train", "val"):
        images = rng.integers(0, 256, (per_split, 28, 28), dtype=np.uint8)
        images[:, :4] = 0
        arrays |= {f"{split}_images": images, f"{split}_labels": np.arange(per_split) % 10}
    write_arrays(folder / "digits.h5", arrays)


def small_captions(folder):
    splits = {
        "train": [Captioned("a red cat", 0), Captioned("a cat sits", 0), Captioned("a dog", 2)],
        "val": [Captioned("a red dog", 1), Captioned("a blue cat", 0)],
    }
    write_captions(folder, splits)
    rng = np.random.default_rng(6)
    images = {f"{split}_images": rng.integers(0, 256, (3, 8, 8), dtype=np.uint8) for split in splits}
    write_arrays(folder / "images.h5", images)
    for split in splits:
        pooled = rng.standard_normal((3, 5)).astype(np.float16)
        write_arrays(folder / f"{split}_features.h5", {"features": pooled})
        write_arrays(folder / f"{split}_spatial.h5", {"features": rng.standard_normal((3, 4, 6)).astype(np.float16)})


def small_sentences(folder):
    train = [Rated("A fine, fine film.", 2.5, 1), Rated("Dull.", -1.0, 0), Rated("Not a fine film", -2.0, 0)]
    write_sentences(folder, {"train": train, "val": [Rated("A dull enigma", -0.6, 0)]}, at_least=1)


def small_questions(folder):
    asked = [Asked("What is it?", "cat", 1, "shape"), Asked("Is it red?", "yes", 0, "yes or no")]
    later = [Asked("Is it a submarine?", "perhaps", 1, "yes or no")]
    write_questions(folder, {"train": asked, "val": later}, ["cat", "no", "yes"])
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    write_arrays(folder / "images.h5", {"train_images": images, "val_images": images})


def small_pairs(folder):
    pairs = {"train": [("a cat", "un chat"), ("a dog", "un chien noir")], "val": [("a bird", "un chat")]}
    for language in ("fr", "es"):
        write_pairs(folder / f"pairs_en_{language}.h5", pairs)


@pytest.fixture
def stocked(places):
    """A cache with a miniature of every task's embedded set."""
    put(places, "mnist5k", small_digits)
    put(places, "icons", small_captions)
    put(places, "sentiment", small_sentences)
    put(places, "easy_vqa", small_questions)
    put(places, "translation", small_pairs)
    put(places, "plays", lambda folder: write_text(folder, ["abc\n" * 50], ["cab\n"]))
    return places
