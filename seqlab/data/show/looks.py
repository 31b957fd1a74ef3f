"""What there is to see of a data set, by task: images with a line of text under each, and lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.data.captions import load_captions
from seqlab.data.digits import load_digits
from seqlab.data.errors import DataMissing
from seqlab.data.pairs import load_pairs
from seqlab.data.places import Places
from seqlab.data.questions import load_questions
from seqlab.data.registry import DataSet
from seqlab.data.sentences import load_sentences
from seqlab.data.text import load_text
from seqlab.data.videos import load_videos

Array = NDArray[Any]
PIECE, PIECES = 420, 3


@dataclass(frozen=True)
class Look:
    """Some examples: ``images`` with ``titles``, or only ``lines`` of text; ``facts`` say how many there are."""

    facts: str
    lines: Sequence[str]
    images: Sequence[Array] = ()
    titles: Sequence[str] = ()
    columns: int = 6


def look_at(places: Places, data_set: DataSet, split: str, rng: np.random.Generator, count: int) -> Look:
    """Some examples of a set, drawn by ``rng``.

    Raises:
        DataMissing: it is not there, or there is nothing to see in it.
        DataError: as its loader does.
    """
    look = LOOKS.get(data_set.task)
    if look is None:
        raise DataMissing(f"{data_set.name} holds {data_set.task}, of which there is nothing to see")
    return look(places, data_set.name, split, rng, count)


def _digits(places: Places, name: str, split: str, rng: np.random.Generator, count: int) -> Look:
    digits = load_digits(name, places=places)
    batch = getattr(digits, split).sample(count, rng)
    facts = f"{len(digits.train):,} digits for training, {len(digits.val):,} held out; images {batch.images.shape[1:]}"
    titles = [str(label) for label in batch.labels]
    return Look(facts, titles, [1 - image for image in batch.images], titles, columns=10)


def _text(places: Places, name: str, split: str, rng: np.random.Generator, count: int) -> Look:
    text = load_text(name, places=places)
    counts = f"{len(text.train):,} characters for training, {len(text.val):,} held out"
    facts = f"{counts}, {len(text.vocabulary)} different ones"
    length = min(PIECE, len(getattr(text, split)) - 1)
    pieces = text.pieces(PIECES, length, rng, split).inputs
    return Look(facts, [text.decode(piece) for piece in pieces])


def _sentences(places: Places, name: str, split: str, rng: np.random.Generator, count: int) -> Look:
    sentences = load_sentences(name, places=places)
    part = getattr(sentences, split)
    chosen = rng.integers(len(part), size=count)
    facts = (
        f"{len(sentences.train):,} sentences for training, {len(sentences.val):,} held out, "
        f"{len(sentences.vocabulary):,} words; {part.labels[:].mean():.1%} favourable"
    )
    lines = [f"{float(part.ratings[int(i)]):+.1f}  {textwrap.shorten(part.texts.text(int(i)), 150)}" for i in chosen]
    return Look(facts, lines)


def _pairs(places: Places, name: str, split: str, rng: np.random.Generator, count: int) -> Look:
    pairs = load_pairs(name, places=places)
    part = getattr(pairs, split)
    facts = (
        f"{len(pairs.train):,} pairs for training, {len(pairs.val):,} held out; "
        f"{len(pairs.source_vocabulary):,} words to {len(pairs.target_vocabulary):,}"
    )
    return Look(facts, ["  →  ".join(part.texts(int(i))) for i in rng.integers(len(part), size=count)])


def _videos(places: Places, name: str, split: str, rng: np.random.Generator, count: int) -> Look:
    videos = load_videos(name, places=places)
    batch = getattr(videos, split).sample(max(count // 5, 2), rng)
    T = batch.frames.shape[1]
    counts = f"{len(videos.train):,} films for training, {len(videos.val):,} held out"
    facts = f"{counts}; {T} frames of {batch.frames.shape[2:]}"
    titles = [videos.classes[label] if t == 0 else "" for labels in batch.labels for t, label in enumerate(labels)]
    frames = [frame for film in batch.frames for frame in film]
    return Look(facts, [title for title in titles if title], frames, titles, columns=min(T, 10))


def _captions(places: Places, name: str, split: str, rng: np.random.Generator, count: int) -> Look:
    captions = load_captions(name, None, places=places)
    part = captions.split(split)
    chosen = rng.integers(len(part), size=count)
    facts = (
        f"{len(captions.train):,} captions for training, {len(captions.val):,} held out, "
        f"{len(captions.vocabulary):,} words, up to {part.captions.shape[1] - 2} a caption"
    )
    titles = [captions.vocabulary.sentence(caption) for caption in part.captions[chosen]]
    images = [] if part.images is None else list(part.images[part.image_idxs[chosen]])
    return Look(facts, titles, images, titles)


def _questions(places: Places, name: str, split: str, rng: np.random.Generator, count: int) -> Look:
    questions = load_questions(name, places=places)
    batch = getattr(questions, split).sample(count, rng)
    facts = (
        f"{len(questions.train):,} questions for training, {len(questions.val):,} held out, "
        f"{len(questions.answers)} answers; kinds: {', '.join(questions.kinds)}"
    )
    asked = [
        questions.vocabulary.sentence(row[:length]) for row, length in zip(batch.questions, batch.lengths, strict=True)
    ]
    answers = [questions.answers[i] if i >= 0 else "(another answer)" for i in batch.answers]
    titles = [f"{question.replace(' ?', '?')} → {answer}" for question, answer in zip(asked, answers, strict=True)]
    return Look(facts, titles, [] if batch.images is None else list(batch.images), titles)


LOOKS: Mapping[str, Callable[[Places, str, str, np.random.Generator, int], Look]] = {
    "digits": _digits,
    "text": _text,
    "sentences": _sentences,
    "pairs": _pairs,
    "videos": _videos,
    "captions": _captions,
    "questions": _questions,
}
