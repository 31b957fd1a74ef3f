"""Fingerprints of a text by winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003).

Of each run of ``WINDOW`` overlapping pieces of ``PIECE`` tokens the one with the least hash is kept, the last among
equals. So whatever two texts share is found, wherever it stands, if it is at least ``PIECE + WINDOW - 1`` tokens long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from hashlib import blake2b

from autograder.similarity.tokens import CodeToken

PIECE = 10  # tokens: about a line and a half
WINDOW = 5

Fingerprints = Mapping[int, Set[int]]  # of each fingerprint the lines where it stands


def fingerprints(tokens: Sequence[CodeToken]) -> Fingerprints:
    """The fingerprints that winnowing keeps of a text."""
    hashes = _hashes(tokens)
    kept: dict[int, set[int]] = defaultdict(set)
    for start in range(max(1, len(hashes) - WINDOW + 1) if hashes else 0):
        window = hashes[start : start + WINDOW]
        least = min(window)
        place = start + max(place for place, value in enumerate(window) if value == least)
        kept[least].update(token.line for token in tokens[place : place + PIECE])
    return dict(kept)


def all_fingerprints(tokens: Sequence[CodeToken]) -> frozenset[int]:
    """The hash of every piece of a text, kept or not: what is to be subtracted."""
    return frozenset(_hashes(tokens))


def _hashes(tokens: Sequence[CodeToken]) -> list[int]:
    symbols = [token.symbol for token in tokens]
    pieces = ("\0".join(symbols[place : place + PIECE]) for place in range(len(symbols) - PIECE + 1))
    return [int.from_bytes(blake2b(piece.encode("utf-8", "replace"), digest_size=8).digest()) for piece in pieces]
