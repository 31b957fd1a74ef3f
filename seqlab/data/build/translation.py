"""Names of emoji in several languages, from the package emoji: short phrases that were translated by people."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqlab.data.layouts.pairs import Pair, write_pairs
from seqlab.data.build.sources import Sources
from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import read_member
from seqlab.data.words import words_of

FOLDER = "emoji/unicode_codes"
LANGUAGES = ("fr", "es")
EMOJI = 5_244
TONES_KEPT = 2  # of the five skin tones of each emoji, so that they do not outnumber everything else
TONE = "skin tone"
HELD_OUT = 0.15
SPLIT_SEED = 0


def build_translation(sources: Sources, folder: Path) -> None:
    """Write ``pairs_en_LANGUAGE.h5`` for each language.

    Raises:
        WrongContents: the archive does not hold the names.
    """
    english = _names(sources.only, "emoji.json")
    if len(english) != EMOJI:
        raise WrongContents(f"expected {EMOJI:,} emoji in {sources.only}; found {len(english):,}")
    sources_by_emoji = {emoji: entry["en"] for emoji, entry in english.items()}
    for language in LANGUAGES:
        targets = _names(sources.only, f"emoji_{language}.json")
        pairs = thinned([(name, targets[emoji]) for emoji, name in sources_by_emoji.items() if emoji in targets])
        write_pairs(folder / f"pairs_en_{language}.h5", split_with_known_words(pairs))


def thinned(names: Sequence[Pair]) -> list[Pair]:
    """Plain phrases, each source once: at most two skin tones of an emoji, none that names two tones."""
    pairs = {plain(source): plain(target) for source, target in names}
    kept = set(_kept(pairs))
    return sorted((source, target) for source, target in pairs.items() if source in kept)


def plain(name: str) -> str:
    """``:woman_walking:`` as words; accents and apostrophes stay."""
    return " ".join(name.strip(":").replace("_", " ").lower().split())


def split_with_known_words(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Hold out a share by lot, but only phrases whose every word also occurs, on its side, among those that stay.

    Nobody can translate a word they never saw; what is asked is whether known words are put together rightly. Skin
    tones have no larger part there than elsewhere.
    """
    stay = Counter(word for pair in pairs for word in _sided_words(pair))
    room = {tone: HELD_OUT * sum(_has_tone(pair) == tone for pair in pairs) for tone in (False, True)}
    held_out: set[Pair] = set()
    for i in np.random.default_rng(SPLIT_SEED).permutation(len(pairs)):
        words, tone = Counter(_sided_words(pairs[i])), _has_tone(pairs[i])
        if room[tone] >= 1 and all(stay[word] > count for word, count in words.items()):
            held_out.add(pairs[i])
            room[tone] -= 1
            stay -= words
    return {
        "train": [pair for pair in pairs if pair not in held_out],
        "val": [pair for pair in pairs if pair in held_out],
    }


def _has_tone(pair: Pair) -> bool:
    return TONE in pair[0]


def _sided_words(pair: Pair) -> Iterator[tuple[int, str]]:
    for side, text in enumerate(pair):
        yield from ((side, word) for word in words_of(text))


def _kept(pairs: dict[str, str]) -> Iterator[str]:
    """The sources that stay; which tones of an emoji stay is decided by a hash, so that all tones occur."""
    by_base: dict[str, list[str]] = {}
    for source in pairs:
        tones = source.count(TONE)
        if tones == 0:
            yield source
        elif tones == 1:
            base = re.sub(r"(medium-light|medium-dark|light|medium|dark) skin tone", "", source)
            by_base.setdefault(base, []).append(source)
    for variants in by_base.values():
        yield from sorted(variants, key=lambda source: zlib.crc32(source.encode()))[:TONES_KEPT]


def _names(path: Path, name: str) -> dict[str, Any]:
    names = json.loads(read_member(path, f"{FOLDER}/{name}"))
    if not isinstance(names, dict):
        raise WrongContents(f"expected names by emoji in {FOLDER}/{name} of {path}; found a {type(names).__name__}")
    return names
