"""IMDB: 50,000 film reviews with the stars that their writers gave (Maas et al. 2011)."""

from __future__ import annotations

import gzip
import html
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


from seqlab.data.build.contents import described_as, wrong
from seqlab.data.build.progress import shown
from seqlab.data.build.sources import Sources
from seqlab.data.layouts.sentences import Rated, write_sentences

# A third folder, unsup, holds reviews without a label.
REVIEW = re.compile(r"(?:\./)?aclImdb/(train|test)/(pos|neg)/(\d+)_(\d+)\.txt")
SPLITS = {"train": "train", "test": "val"}
STARS = {"pos": range(7, 11), "neg": range(1, 5)}
LONGEST = 2**20  # bytes; the longest review has fourteen thousand
AT_LEAST = 20


class Review(NamedTuple):
    """A review of the training or test part."""

    split: str
    number: int
    rated: Rated


def build_imdb(sources: Sources, folder: Path) -> None:
    """Write all reviews that have a label; the published test part is held out. About 1.2 GB of memory are needed.

    Raises:
        WrongContents: the archive does not hold the reviews.
    """
    # In the archive all favourable ones stand together; by number they alternate.
    reviews = sorted(reviews_in(sources.only), key=lambda one: (one.number, one.rated.label))
    splits = {split: [one.rated for one in reviews if one.split == split] for split in SPLITS.values()}
    for split, rated in splits.items():
        favourable = sum(one.label for one in rated)
        if not 0 < favourable < len(rated):
            found = f"{favourable:,} and {len(rated) - favourable:,}"
            raise wrong(sources.only, f"favourable and unfavourable reviews for {split}", found)
    write_sentences(folder, splits, AT_LEAST)


def reviews_in(path: Path) -> Iterator[Review]:
    """Every review that has a label, in the order of the archive, which is read once from front to back.

    Raises:
        WrongContents: it is no whole tar.gz archive, or a review is not what its name says.
    """
    try:
        # Not mode "r|gz": there, tarfile takes an archive that is cut short for one that ends.
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in shown(archive, "reading reviews", "file"):
                match = REVIEW.fullmatch(member.name)
                if match and member.isfile():
                    yield _review(path, archive, member, match)
            while stream.read(LONGEST):  # what follows the last member has to be whole too
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise wrong(path, "a whole tar.gz archive", f"one that ends in an error ({error})") from error


def plain(text: str) -> str:
    """A review without the traces of its web page: line breaks and coded characters."""
    return " ".join(html.unescape(re.sub(r"<br\s*/?>", " ", text)).split())


def _review(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, match: re.Match[str]) -> Review:
    part, opinion, number, stars = match.groups()
    file = archive.extractfile(member)
    place = f"{member.name} of {path}"
    if file is None or member.size > LONGEST or int(stars) not in STARS[opinion]:
        expected = f"a review with {STARS[opinion][0]} to {STARS[opinion][-1]} stars"
        raise wrong(place, expected, f"{member.size:,} bytes, {stars} stars")
    with described_as("text in UTF-8", place):
        text = plain(file.read().decode("utf-8"))
    return Review(SPLITS[part], int(number), Rated(text, float(stars), int(opinion == "pos")))
