"""Sentences of film reviews with the mean rating of about 20 people, from the sources of vaderSentiment."""

from __future__ import annotations

import html
import io
import tarfile
from pathlib import Path

import numpy as np

from seqlab.data.layouts.sentences import Rated, write_sentences
from seqlab.data.build.sources import Sources
from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import read_member

INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
TABLE = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
SENTENCES = 10_605
CLEAR = 0.5
HELD_OUT = 0.2
AT_LEAST = 2
SPLIT_SEED = 0


def build_sentiment(sources: Sources, folder: Path) -> None:
    """Write the sentences that people were clear about: a mean rating above 0.5 in size. A fifth is held out by lot.

    Raises:
        WrongContents: the archive does not hold the sentences.
    """
    rated = [rated_of(line) for line in _table(sources.only).splitlines() if line.strip()]
    if len(rated) != SENTENCES:
        raise WrongContents(f"expected {SENTENCES:,} sentences in {TABLE} of {sources.only}; found {len(rated):,}")
    clear = [one for one in rated if abs(one.rating) > CLEAR]
    order = np.random.default_rng(SPLIT_SEED).permutation(len(clear))
    cut = round(len(clear) * HELD_OUT)
    splits = {"train": [clear[i] for i in order[cut:]], "val": [clear[i] for i in order[:cut]]}
    write_sentences(folder, splits, AT_LEAST)


def rated_of(line: str) -> Rated:
    """A line of the table: number, mean rating in [-4, 4], sentence."""
    _, rating, text = line.split("\t", 2)
    clean = " ".join(html.unescape(text).replace("''", '"').split())
    return Rated(clean, float(rating), int(float(rating) > 0))


def _table(path: Path) -> str:
    inner = io.BytesIO(read_member(path, INNER))
    with tarfile.open(fileobj=inner) as archive:
        member = archive.extractfile(TABLE)
        if member is None:
            raise WrongContents(f"expected the file {TABLE} in {INNER} of {path}; it is something else")
        return member.read().decode("utf-8")
