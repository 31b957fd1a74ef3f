"""The suite of stage 5: five modules, one for each shape of a problem with sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from autograder.narrow import NARROW, narrow_cases
from autograder.student import Play
from autograder.suite import Case, ExerciseSuite, Suite
from autograder.suites import s05_sequences_drawing as drawing
from autograder.suites import s05_sequences_oracles as oracles
from autograder.suites import s05_sequences_plays as plays
from autograder.suites import s05_sequences_toys as toys
from autograder.suites import s05_sequences_word_plays as word_plays
from autograder.suites.s05_sequences_drawing import as_dtype, only
from seqlab.checking.values import Array

Oracle = Callable[..., Mapping[str, Array]]
GRADIENTS = ("dscores", "dplaces")
ELSEWHERE = "on another device (torch's 'meta', which works out shapes only)"
even = partial(drawing.sentences, even=True)
even_pairs = partial(drawing.pairs, even=True)
ONE_LOOK = {"T": "several images, a single look", "S": "glimpses of a single pixel"}
ONE_ROW = {"T": "several drawings of a single row", "W": "rows of a single pixel"}
ONE_WORD = {"T": "several sentences of a single word", "D": "word vectors of a single number", "C": "a single score"}
ONE_EACH = ONE_WORD | {"S": "several sources of a single word", "T": "several targets that hold only END"}
ONE_FRAME = {"T": "several films of a single frame"}


def narrow(
    play: Play, draw: Callable[..., drawing.Arrays], letters: str, titles: Mapping[str, str], weight: float = 1
) -> tuple[Case, ...]:
    """A case for each size that is 1."""
    return narrow_cases(play, lambda letter: partial(draw, ones=letter), letters, titles, weight)


def by_input(ordinary: Oracle, **others: Oracle) -> Oracle:
    """An oracle that asks the one named after an input of the case, or the ordinary one."""

    def _ask(**inputs: Any) -> Mapping[str, Array]:
        return next((oracle for name, oracle in others.items() if name in inputs), ordinary)(**inputs)

    return _ask


GLIMPSES = ExerciseSuite(
    "GlimpseClassifier",
    (
        Case("scores, places and gradients", drawing.looking, plays.glimpses, weight=6),
        Case("a single look at a single image", partial(drawing.looking, ones="NT"), plays.glimpses),
        *narrow(plays.glimpses, drawing.looking, "THS", ONE_LOOK, NARROW),
        Case("float32 stays float32", as_dtype(drawing.calm_looking, "float32"), plays.glimpses),
        Case("asked twice", only(drawing.looking, ("dplaces",)), plays.glimpses_twice),
        Case("images that do not lie in one piece", drawing.looking_on_side, plays.glimpses_transposed),
        Case(ELSEWHERE, only(drawing.looking, ("dplaces",)), plays.glimpses_elsewhere, weight=0.5),
    ),
    by_input(oracles.looking, images_on_side=oracles.looking_on_side),
    toys.GLIMPSES,
)
DRAWER = ExerciseSuite(
    "SequenceDrawer",
    (
        Case("scores from the true rows, and gradients", drawing.drawing, plays.drawing_lesson, weight=4),
        Case("two drawings that begin alike", drawing.two_endings, plays.two_endings, weight=2),
        Case("a single row", partial(drawing.drawing, ones="NT"), plays.drawing_lesson),
        *narrow(plays.drawing_lesson, drawing.drawing, "TWH", ONE_ROW),
        Case("float32 stays float32", as_dtype(drawing.drawing, "float32"), plays.drawing_lesson),
        Case(
            "bfloat16, as on a GPU",
            as_dtype(only(drawing.drawing, GRADIENTS), "float32"),
            plays.drawing_lesson_in_bfloat16,
        ),
        Case("a drawing by given chance", drawing.chance, plays.drawing, weight=5),
        Case("a drawing of a single row", partial(drawing.chance, ones="NT"), plays.drawing),
        Case("a drawing with rows of a single pixel", partial(drawing.chance, ones="W"), plays.drawing),
        Case("a drawing in float32", as_dtype(drawing.chance, "float32"), plays.drawing),
        Case("drawing twice", drawing.chance, plays.drawing_twice),
        Case(ELSEWHERE, drawing.lesson_and_chance, plays.drawing_elsewhere, weight=0.5),
    ),
    by_input(oracles.drawing_lesson, other_rows=oracles.two_endings, uniform=oracles.drawing_of_all),
    toys.DRAWER,
)
SENTIMENT = ExerciseSuite(
    "SentimentClassifier",
    (
        Case("sentences of one length, and gradients", even, word_plays.verdicts, weight=6),
        Case("sentences of unequal lengths, and gradients", drawing.sentences, word_plays.verdicts, weight=4),
        Case("a sentence in company and alone", drawing.sentence_alone, word_plays.verdict_alone, weight=2),
        Case("other words behind the ends", partial(drawing.sentences, junk=True), word_plays.verdicts, weight=2),
        Case("more room than the longest needs", partial(even, roomy=True), word_plays.verdicts),
        Case("a single word", partial(drawing.sentences, ones="NT"), word_plays.verdicts, weight=1.2),
        *narrow(word_plays.verdicts, even, "TDHC", ONE_WORD, 1.2),
        Case("more than two classes", partial(even, C=8), word_plays.verdicts, weight=1.2),
        Case("float32 stays float32", as_dtype(even, "float32"), word_plays.verdicts),
        Case("asked twice", only(even, GRADIENTS), word_plays.verdicts_twice, weight=0.5),
        Case(
            "bfloat16, as on a GPU",
            as_dtype(only(even, GRADIENTS), "float32"),
            word_plays.verdicts_in_bfloat16,
            weight=0.5,
        ),
    ),
    by_input(oracles.verdicts, words_alone=oracles.verdict_alone),
    toys.SENTIMENT,
)
SEQ2SEQ = ExerciseSuite(
    "Seq2Seq",
    (
        Case("what is handed over, scores, gradients", drawing.pairs, word_plays.lesson, weight=5),
        Case("more room than the longest needs", partial(drawing.pairs, roomy=True), word_plays.lesson),
        Case("a single word", partial(drawing.pairs, ones="NST"), word_plays.lesson, weight=1.5),
        *narrow(word_plays.lesson, even_pairs, "STDH", ONE_EACH, 1.5),
        Case("asked twice", only(even_pairs, GRADIENTS), word_plays.lesson_twice, weight=1.5),
        Case("float32 stays float32", as_dtype(even_pairs, "float32"), word_plays.lesson),
        Case("bfloat16, as on a GPU", as_dtype(only(even_pairs, GRADIENTS), "float32"), word_plays.lesson_in_bfloat16),
        Case("the loss and its gradients", only(even_pairs, GRADIENTS), word_plays.cost, weight=4),
        Case("the loss with more padding", only(drawing.padded_targets, GRADIENTS), word_plays.cost, weight=2),
        Case("translations, some of which end", drawing.translated, word_plays.translation, weight=5),
        Case("a translation of one word", partial(drawing.translated, ones="NST"), word_plays.translation, weight=1.5),
        Case("a sentence in company and alone", drawing.translation_alone, word_plays.translation_alone, weight=3),
    ),
    oracles.translator,
    toys.SEQ2SEQ,
)
LABELLER = ExerciseSuite(
    "FrameLabeller",
    (
        Case("scores of every frame, and gradients", drawing.films, plays.labels, weight=5),
        Case("two films that begin alike", drawing.two_films, plays.two_films, weight=2),
        Case("the second part of a film, from the state", drawing.cut_films, plays.continued, weight=6),
        Case("a film again, after its second part", drawing.cut_films, plays.begun_again),
        Case("a single frame", partial(drawing.films, ones="NT"), plays.labels),
        *narrow(plays.labels, drawing.films, "TDH", ONE_FRAME),
        Case("float32 stays float32", as_dtype(drawing.films, "float32"), plays.labels),
        Case("films that do not lie in one piece", drawing.films_by_time, plays.labels_of_a_view),
        Case("bfloat16, as on a GPU", as_dtype(only(drawing.films, GRADIENTS), "float32"), plays.labels_in_bfloat16),
        Case(ELSEWHERE, only(drawing.films, GRADIENTS), plays.labels_elsewhere, weight=0.5),
    ),
    by_input(
        oracles.labels,
        other_frames=oracles.two_films,
        later_frames=oracles.continued,
        frames_by_time=oracles.labels_of_a_view,
    ),
    toys.LABELLER,
)

SUITE = Suite(stage="s05_sequences", returns={}, exercises=(GLIMPSES, DRAWER, SENTIMENT, SEQ2SEQ, LABELLER))
