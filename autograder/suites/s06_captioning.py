"""The suite of stage 6: a captioner in NumPy and in torch, the image at every step, beam search, BLEU."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from autograder.drawing import in_layout, normal, sizes, with_huge
from autograder.narrow import NARROW, narrow_cases
from autograder.student import Play
from autograder.suite import Case, ExerciseSuite, Suite
from autograder.suites import s06_captioning_draws as draws
from autograder.suites import s06_captioning_oracles as oracles
from autograder.suites import s06_captioning_plays as plays
from autograder.suites import s06_captioning_toys as toys
from autograder.suites import s06_captioning_writers as writers
from autograder.suites.s01_rnn import backward_cases, forward_cases

Shape = dict[str, tuple[int, ...]]


def inject_shapes(rng: np.random.Generator, gradient: bool = False, ones: str = "", other: bool = False) -> Shape:
    """N, D, F, H all different, but 1 where their letter is in ``ones``."""
    N, D, F, H = sizes(rng, "NDFH", ones)
    shapes: Shape = {"x": (N, D), "prev_h": (N, H), "v": (N, F), "Wx": (D, H), "Wh": (H, H), "Wi": (F, H), "b": (H,)}
    shapes |= {"dnext_h": (N, H)} if gradient else {}
    return shapes | ({"other_x": (N, D), "other_h": (N, H), "other_v": (N, F)} if other else {})


def of_both(title: str, draw: Callable[..., draws.Arrays], play: Play, weight: float = 1) -> tuple[Case, Case]:
    """A case with a vanilla cell, and one with an LSTM."""
    return (
        Case(f"{title} (rnn)", partial(draw, lstm=False), play, weight=weight),
        Case(f"{title} (lstm)", partial(draw, lstm=True), play, weight=weight),
    )


vanilla, lstm = partial(draws.taught, lstm=False), partial(draws.taught, lstm=True)
SMALL = 1.8  # of CaptioningRNN's forty: about 5 %
TITLES = {"T": "several captions without words", "W": "word vectors of a single number"}

CAPTIONING = ExerciseSuite(
    "CaptioningRNN",
    (
        Case("the known loss of a vanilla captioner", draws.known(lstm=False), plays.caption_loss, weight=0),
        Case("the known loss of an LSTM captioner", draws.known(lstm=True), plays.caption_loss, weight=0),
        *of_both("loss and gradients", draws.taught, plays.caption_loss, weight=5),
        Case("a single image, a caption without words", partial(lstm, ones="NT"), plays.caption_loss, weight=SMALL),
        *narrow_cases(plays.caption_loss, lambda letter: partial(vanilla, ones=letter), "TWH", TITLES, SMALL),
        Case("float32 stays float32", partial(lstm, dtype="float32"), plays.caption_loss),
        Case("arrays that do not lie in one piece", in_layout(vanilla), plays.caption_loss),
        Case("huge features among ordinary ones", with_huge(lstm, "features"), plays.caption_loss),
        Case("your arguments are left alone", lstm, plays.caption_loss, guards_inputs=True),
        Case(
            "the loss of other images first", partial(draws.taught_twice, lstm=True), plays.caption_twice, weight=SMALL
        ),
        *of_both("saying what is seen", draws.speaking, plays.caption_sample, weight=5),
        *of_both("words that may not be said", partial(draws.speaking, shy=False), plays.caption_sample),
        Case("a single image", partial(draws.speaking, lstm=True, N=1), plays.caption_sample, weight=SMALL),
        Case(
            "a single word", partial(draws.speaking, lstm=False, N=1, max_length=1), plays.caption_sample, weight=SMALL
        ),
    ),
    oracles.captioner,
    toys.CAPTIONING(plays.caption_loss),
)
INJECT_FORWARD = ExerciseSuite(
    "inject_step_forward",
    forward_cases(plays.inject, inject_shapes, "v", narrow="DFH"),
    oracles.torch_inject,
    toys.INJECT_FORWARD(plays.inject),
)
INJECT_BACKWARD = ExerciseSuite(
    "inject_step_backward",
    (
        *backward_cases(plays.inject_back, inject_shapes, narrow="DFH"),
        Case(
            "two forward passes, back through the first",
            normal(partial(inject_shapes, gradient=True, other=True)),
            plays.inject_back,
        ),
    ),
    oracles.torch_inject,
    toys.INJECT_BACKWARD(plays.inject_back),
)
CAPTIONER = ExerciseSuite(
    "Captioner",
    (
        Case("scores, loss and gradients", draws.layered, plays.module_loss, weight=6),
        Case("a single image, a caption without words", partial(draws.layered, ones="NT"), plays.module_loss),
        *narrow_cases(plays.module_loss, lambda letter: partial(draws.layered, ones=letter), "TWH", TITLES, weight=1),
        Case("asked twice", draws.layered, plays.module_twice),
        Case("float32 stays float32", partial(draws.layered, dtype="float32"), plays.module_loss),
        Case("bfloat16, as on a GPU", partial(draws.layered, dtype="float32"), plays.module_in_bfloat16),
        Case("the loss of scores in bfloat16", draws.scored, plays.short_scores),
        Case(
            "scores on another device (torch's 'meta', which works out shapes only)",
            draws.layered,
            plays.module_elsewhere,
            weight=0.5,
        ),
        Case("saying what is seen", draws.speaking_layers, plays.module_sample, weight=4),
        Case("words that may not be said", partial(draws.speaking_layers, shy=False), plays.module_sample),
        Case("saying what is seen in a single image", partial(draws.speaking_layers, N=1), plays.module_sample),
    ),
    oracles.module,
    toys.CAPTIONER(plays.module_loss),
)
BEAM = ExerciseSuite(
    "beam_search",
    (
        Case("a beam of two", partial(writers.searching, kind=writers.TWO), plays.search, weight=3),
        Case("a beam of three", partial(writers.searching, kind=writers.THREE), plays.search, weight=3),
        Case("a beam of one, which is greedy", partial(writers.searching, kind=writers.ONE), plays.search, weight=2),
        Case("the best is cut off at the last place", partial(writers.searching, kind=writers.CUT_OFF), plays.search),
        Case(
            "a beam with room for everything: exhaustive search",
            partial(writers.searching, kind=writers.EVERY),
            plays.search,
            weight=2,
        ),
        Case("a beam wider than the vocabulary", partial(writers.searching, kind=writers.WIDE), plays.search),
        Case("room for a single word", partial(writers.searching, kind=writers.SHORT), plays.search, weight=NARROW),
        Case(
            "your arguments are left alone",
            partial(writers.searching, kind=writers.THREE),
            plays.search,
            guards_inputs=True,
        ),
    ),
    oracles.searched,
    toys.BEAM(plays.search),
)
BLEU = ExerciseSuite(
    "bleu",
    (
        Case("several references", draws.corpus, plays.score, weight=4),
        Case("a single reference each", partial(draws.corpus, several=1), plays.score, weight=2),
        Case("candidates that say too much", partial(draws.corpus, longer=4), plays.score, weight=2),
        Case("candidates that say too little", partial(draws.corpus, longer=-2, changed=0), plays.score, weight=2),
        Case("candidates that repeat themselves", draws.repeating, plays.score, weight=2),
        Case("references equally far away in length", draws.ties, plays.score, weight=2),
        Case("references of very unequal lengths", draws.uneven, plays.score, weight=2),
        Case("pairs as the longest n-grams", partial(draws.corpus, max_n=2), plays.score, weight=2),
        Case("words by themselves, no longer n-grams", partial(draws.corpus, max_n=1), plays.score, weight=1.2),
        Case("a single image", partial(draws.corpus, N=1), plays.score, weight=1.2),
        Case("candidates of a word or two, or none", draws.short_ones, plays.score),
        Case("nothing in common", draws.strangers, plays.score, weight=0.5),
        Case("nothing said at all", partial(draws.terse, most=0), plays.score, weight=0.5),
        Case("no candidate with a run of four words", partial(draws.terse, most=3), plays.score, weight=0.5),
    ),
    oracles.counted_bleu,
    toys.BLEU(plays.score),
)

SUITE = Suite(
    stage="s06_captioning",
    returns={
        ".loss": ("loss", "grads"),
        "inject_step_forward": ("next_h", "cache"),
        "inject_step_backward": plays.INJECT,
        "beam_search": ("caption", "log_prob"),
    },
    exercises=(CAPTIONING, INJECT_FORWARD, INJECT_BACKWARD, CAPTIONER, BEAM, BLEU),
)
