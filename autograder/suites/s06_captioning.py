"""The suite of stage 6: a captioner in NumPy and in torch, the image at every step, beam search, BLEU."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from autograder.drawing import in_layout, normal, sizes, with_huge
from autograder.student import Play
from autograder.suite import Case, ExerciseSuite, Suite
from autograder.suites import s06_captioning_draws as draws
from autograder.suites import s06_captioning_oracles as oracles
from autograder.suites import s06_captioning_plays as plays
from autograder.suites import s06_captioning_toys as toys
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

CAPTIONING = ExerciseSuite(
    "CaptioningRNN",
    (
        Case("the known loss of a vanilla captioner", draws.known(lstm=False), plays.caption_loss, weight=0),
        Case("the known loss of an LSTM captioner", draws.known(lstm=True), plays.caption_loss, weight=0),
        *of_both("loss and gradients", draws.taught, plays.caption_loss, weight=5),
        Case("a single image, a caption without words", partial(lstm, single=True), plays.caption_loss),
        Case("float32 stays float32", partial(lstm, dtype="float32"), plays.caption_loss),
        Case("arrays that do not lie in one piece", in_layout(vanilla), plays.caption_loss),
        Case("huge features among ordinary ones", with_huge(lstm, "features"), plays.caption_loss),
        Case("your arguments are left alone", lstm, plays.caption_loss, guards_inputs=True),
        Case("the loss of other images first", partial(draws.taught_twice, lstm=True), plays.caption_twice),
        *of_both("saying what is seen", draws.speaking, plays.caption_sample, weight=5),
        *of_both("words that may not be said", partial(draws.speaking, shy=False), plays.caption_sample),
        Case("a single image", partial(draws.speaking, lstm=True, N=1), plays.caption_sample),
        Case("a single word", partial(draws.speaking, lstm=False, N=1, max_length=1), plays.caption_sample),
    ),
    oracles.captioner,
    toys.CAPTIONING(plays.caption_loss),
)
INJECT_FORWARD = ExerciseSuite(
    "inject_step_forward",
    forward_cases(plays.inject, inject_shapes, "v", narrow=""),
    oracles.torch_inject,
    toys.INJECT_FORWARD(plays.inject),
)
INJECT_BACKWARD = ExerciseSuite(
    "inject_step_backward",
    (
        *backward_cases(plays.inject_back, inject_shapes, narrow=""),
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
        Case("a single image, a caption without words", partial(draws.layered, single=True), plays.module_loss),
        Case("float32 stays float32", partial(draws.layered, dtype="float32"), plays.module_loss),
        Case("bfloat16, as on a GPU", partial(draws.layered, dtype="float32"), plays.module_in_bfloat16),
        Case("the loss of scores in bfloat16", draws.scored, plays.short_scores),
        Case("saying what is seen", draws.speaking_layers, plays.module_sample, weight=4),
        Case("words that may not be said", partial(draws.speaking_layers, shy=False), plays.module_sample),
    ),
    oracles.module,
    toys.CAPTIONER(plays.module_loss),
)
BEAM = ExerciseSuite(
    "beam_search",
    (
        Case("a beam of two", partial(draws.searching, width=2), plays.search, weight=3),
        Case("a beam of three", partial(draws.searching, width=3), plays.search, weight=3),
        Case("a beam of one, which is greedy", partial(draws.searching, width=1), plays.search),
        Case(
            "a beam with room for everything: exhaustive search",
            partial(draws.searching, width=0, V=4, places=4, every=True),
            plays.search,
            weight=4,
        ),
        Case("a beam wider than the vocabulary", partial(draws.searching, width=9), plays.search, weight=2),
        Case("your arguments are left alone", partial(draws.searching, width=3), plays.search, guards_inputs=True),
    ),
    oracles.searched,
    toys.BEAM(plays.search),
)
BLEU = ExerciseSuite(
    "bleu",
    (
        Case("several references", draws.corpus, plays.score, weight=4),
        Case("a single reference each", partial(draws.corpus, several=1), plays.score, weight=2),
        Case("candidates that say too much", partial(draws.corpus, longer=3), plays.score, weight=2),
        Case("candidates that say too little", partial(draws.corpus, longer=-2, kept=0.95), plays.score, weight=2),
        Case("candidates that repeat themselves", draws.repeating, plays.score, weight=2),
        Case("references equally far away in length", draws.ties, plays.score, weight=2),
        Case("pairs as the longest n-grams", partial(draws.corpus, max_n=2), plays.score),
        Case("candidates of a word or two, or none", draws.short_ones, plays.score),
        Case("nothing in common", draws.strangers, plays.score, weight=0.5),
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
