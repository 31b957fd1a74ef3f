"""English sentences and their French translations by volunteers (Tatoeba), as the PyTorch tutorial hands them out."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from seqlab.data.build.contents import described_as, lines_of, wrong
from seqlab.data.build.sources import Sources
from seqlab.data.layouts.pairs import Pair, split_by_source, write_pairs

MEMBER = "data/eng-fra.txt"
HELD_OUT = 0.05
SPLIT_SEED = 0


def build_eng_fra(sources: Sources, folder: Path) -> None:
    """Write ``pairs.h5``; a twentieth of the English sentences is held out by lot, with all their translations.

    Raises:
        WrongContents: the archive does not hold the pairs.
    """
    splits = split_by_source(pairs_in(sources.only), HELD_OUT, SPLIT_SEED)
    if not all(splits.values()):
        found = ", ".join(f"{len(pairs)} for {split}" for split, pairs in splits.items())
        raise wrong(f"{MEMBER} of {sources.only}", "thousands of pairs", found)
    write_pairs(folder / "pairs.h5", splits)


def pairs_in(archive: Path) -> list[Pair]:
    """The pairs in the order of the file, each once.

    Raises:
        WrongContents: a line is not two sentences with a tab between them.
    """
    pairs: dict[Pair, None] = {}
    for number, line in enumerate(lines_of(archive, MEMBER), start=1):
        with described_as("two sentences and a tab between them", f"line {number} of {MEMBER} of {archive}"):
            source, target = map(plain, line.split("\t"))
            pairs[source, target] = None
    return list(pairs)


def plain(sentence: str) -> str:
    """A sentence in Unicode's composed form, with single plain spaces: French puts narrow ones before ! and ?

    The same sentence would else be written in several ways, and a model would have to learn each.
    """
    return " ".join(unicodedata.normalize("NFC", sentence).split())
