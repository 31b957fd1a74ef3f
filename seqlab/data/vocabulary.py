"""Vocabularies: which number stands for which word or character."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.errors import DataDamaged

Array = NDArray[Any]
NULL, START, END, UNK = "<NULL>", "<START>", "<END>", "<UNK>"
SPECIAL_TOKENS = (NULL, START, END, UNK)
NULL_ID, START_ID, END_ID, UNK_ID = range(4)


@dataclass(frozen=True)
class Vocabulary:
    """Tokens, numbered by their places. Those of words begin with ``<NULL> <START> <END> <UNK>``."""

    tokens: tuple[str, ...]

    @classmethod
    def of_words(cls, sentences: Iterable[Iterable[str]], at_least: int = 1) -> Vocabulary:
        """The special tokens, then every word that occurs ``at_least`` times, the most frequent first."""
        counts = Counter(word for sentence in sentences for word in sentence)
        words = sorted((word for word, count in counts.items() if count >= at_least), key=lambda w: (-counts[w], w))
        return cls((*SPECIAL_TOKENS, *words))

    @classmethod
    def of_characters(cls, text: str) -> Vocabulary:
        """Every character of ``text`` in the order of Unicode, and nothing else."""
        return cls(tuple(sorted(set(text))))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read the JSON that :meth:`save` writes, which is also that of the known COCO files.

        Raises:
            DataDamaged: the file is no vocabulary.
        """
        try:
            tokens = tuple(json.loads(path.read_text(encoding="utf-8"))["idx_to_word"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataDamaged(f"expected a vocabulary with idx_to_word in {path}; found {error!r}") from error
        return cls(tokens)

    def save(self, path: Path) -> None:
        """Write ``idx_to_word`` and ``word_to_idx`` as JSON."""
        contents = {"idx_to_word": list(self.tokens), "word_to_idx": dict(self.word_to_idx)}
        path.write_text(json.dumps(contents, ensure_ascii=False, indent=0), encoding="utf-8")

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} tokens: {' '.join(map(repr, self.tokens[:6]))} ...)"

    @property
    def idx_to_word(self) -> tuple[str, ...]:
        """The token of each number."""
        return self.tokens

    @cached_property
    def word_to_idx(self) -> Mapping[str, int]:
        """The number of each token."""
        return {token: number for number, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> Array:
        """The numbers (T,) of some tokens, int32; an unknown word becomes ``<UNK>``.

        Raises:
            ValueError: a token is unknown, and the vocabulary has no ``<UNK>``.
        """
        given = list(tokens)
        unknown = self.word_to_idx.get(UNK)
        numbers = [self.word_to_idx.get(token, unknown) for token in given]
        if None in numbers:
            odd = sorted({token for token in given if token not in self.word_to_idx})
            raise ValueError(f"expected characters of this vocabulary of {len(self)}; found {odd}")
        return np.array(numbers, dtype=np.int32)

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """The tokens of some numbers.

        Raises:
            IndexError: a number is not one of this vocabulary's.
        """
        given = [int(number) for number in numbers]
        odd = [number for number in given if not 0 <= number < len(self)]
        if odd:
            raise IndexError(f"expected numbers from 0 to {len(self) - 1}; found {odd[:5]}")
        return [self.tokens[number] for number in given]

    def sentence(self, numbers: Iterable[int]) -> str:
        """The words up to ``<END>``, without special tokens, joined by spaces."""
        words = self.decode(numbers)
        whole = words[: words.index(END)] if END in words else words
        return " ".join(word for word in whole if word not in (NULL, START))


def pad_captions(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary, length: int | None = None) -> Array:
    """Sentences as captions: START, words, END, then NULL; (N, T) int32.

    Args:
        sentences: the words of each.
        vocabulary: gives the numbers.
        length: T; None for what the longest needs. Longer sentences are cut, and end without END.
    """
    T = max((len(words) for words in sentences), default=0) + 2 if length is None else length
    captions = np.full((len(sentences), T), NULL_ID, dtype=np.int32)
    for row, words in zip(captions, sentences, strict=True):
        numbers = [START_ID, *vocabulary.encode(words), END_ID][:T]
        row[: len(numbers)] = numbers
    return captions
