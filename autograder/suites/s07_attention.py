"""The suite of stage 7: attention by hand and in torch, an LSTM and a captioner that look, REINFORCE."""

from __future__ import annotations

from functools import partial
from typing import Any

from autograder.drawing import in_layout, normal, with_huge, with_other
from autograder.narrow import narrow_cases
from autograder.oracles import one_after_the_other
from autograder.student import Play
from autograder.suite import Case, Draw, ExerciseSuite, Suite
from autograder.suites import s07_attention_draws as draws
from autograder.suites import s07_attention_oracles as oracles
from autograder.suites import s07_attention_plays as plays
from autograder.suites import s07_attention_toys as toys

SCALE = 1.2  # of the numbers drawn: places should weigh differently
FEW = 0.9  # the weight of a case that takes nothing for granted: about 7 % of these exercises
THIN = {"N": "a single image", "H": "states of a single number", "R": "maps of a single row"}
PLACES = THIN | {"L": "a single place", "Q": "queries of a single number", "D": "a single feature at each place"}


def maps(gradient: bool = False, dtype: str = "float64", **sizes: Any) -> Draw:
    """States and maps of places."""
    return normal(partial(draws.look_shapes, gradient=gradient, **sizes), SCALE, dtype)


def map_cases(play: Play, gradient: bool, weight: float) -> tuple[Case, ...]:
    """Maps of 4 by 4, and others for a small share: whoever takes the size of a map for granted keeps most points."""
    return (
        Case("maps of four by four places", maps(gradient), play, weight=weight),
        Case("maps that are not square", maps(gradient, oblong=True), play, weight=FEW),
        *narrow_cases(play, lambda letter: maps(gradient, ones=letter), "NRH", THIN, weight=FEW),
    )


LOOK = ExerciseSuite(
    "dot_product_attention_forward",
    (
        *map_cases(plays.look, gradient=False, weight=5),
        Case("float32 stays float32", draws.measured(maps(dtype="float32")), plays.look_and_measure),
        Case("arrays that do not lie in one piece", in_layout(maps()), plays.look),
        Case("a huge image among ordinary ones", with_huge(maps(), "A"), plays.look),
        Case("your arguments are left alone", maps(), plays.look, guards_inputs=True),
    ),
    oracles.torch_look,
    toys.LOOK(plays.look),
)
LOOK_BACK = ExerciseSuite(
    "dot_product_attention_backward",
    (
        *map_cases(plays.look_back, gradient=True, weight=6),
        Case("float32 stays float32", draws.measured(maps(True, "float32")), plays.look_back_and_measure),
        Case("arrays that do not lie in one piece", in_layout(maps(True)), plays.look_back),
        Case("two looks, back through the first", maps(True, other=True), plays.look_back),
        Case("your arguments are left alone", maps(True), plays.look_back, guards_inputs=True),
    ),
    oracles.torch_look,
    toys.LOOK_BACK(plays.look_back),
)
LOOK_IN_TORCH = ExerciseSuite(
    "dot_product_attention",
    (
        *map_cases(plays.look_in_torch, gradient=True, weight=5),
        Case("float32 stays float32", maps(True, "float32"), plays.look_in_torch),
        Case("huge scores among ordinary ones", with_huge(maps(True), "prev_h"), plays.look_in_torch, weight=0.5),
        Case("bfloat16, as on a GPU", maps(dtype="float32"), plays.look_in_bfloat16),
    ),
    oracles.torch_look,
    toys.LOOK_IN_TORCH(plays.look_in_torch),
)


def asking(gradient: str = "attn", ones: str = "", dtype: str = "float64") -> Draw:
    """Queries, keys and values."""
    return normal(partial(draws.ask_shapes, gradient=gradient, ones=ones), SCALE, dtype)


ASK = ExerciseSuite(
    "additive_attention",
    (
        Case("what is seen", asking(), plays.ask, weight=4),
        Case("where it looks", asking("weights"), plays.ask_for_weights),
        *narrow_cases(plays.ask, lambda letter: asking(ones=letter), "NLQD", PLACES),
        Case("float32 stays float32", asking(dtype="float32"), plays.ask),
        Case("bfloat16, as on a GPU", asking("", dtype="float32"), plays.ask_in_bfloat16),
        Case("huge scores", draws.loud, plays.ask),
    ),
    oracles.torch_ask,
    toys.ASK(plays.ask),
)


def reading(dtype: str = "float64", **sizes: Any) -> Draw:
    """Words, maps and the weights of an LSTM."""
    return normal(partial(draws.read_shapes, **sizes), dtype=dtype)


LSTM = ExerciseSuite(
    "AttentionLSTM",
    (
        Case("one step", normal(draws.step_shapes), plays.step, weight=4),
        Case("states, looks and gradients", reading(), plays.read, weight=6),
        Case("maps that are not square", reading(oblong=True), plays.read),
        *narrow_cases(plays.read, lambda letter: reading(ones=letter), "NTDH", THIN, weight=FEW),
        Case("one batch of images after another", with_other(reading(gradient=False), "x", "A"), plays.read_two_images),
        Case("float32 stays float32", reading("float32"), plays.read),
        Case("bfloat16, as on a GPU", reading("float32", gradient=False), plays.read_in_bfloat16),
    ),
    one_after_the_other(oracles.torch_lstm),
    toys.READ(plays.read),
)
CAPTIONER = ExerciseSuite(
    "AttentionCaptioner",
    (
        Case("scores, looks, loss and gradients", draws.told, plays.caption_loss, weight=6),
        *narrow_cases(
            plays.caption_loss,
            lambda letter: partial(draws.told, ones=letter),
            "NTLH",
            PLACES | {"T": "captions without words"},
            weight=1.3,
        ),
        Case(
            "one batch of images after another",
            with_other(draws.told, "features"),
            plays.caption_two_images,
            weight=1.3,
        ),
        Case("a gradient through the weights", draws.weighed, plays.caption_weights),
        Case("another attend in place of yours: scores", draws.one_place(draws.told), plays.caption_one_place),
        Case("float32 stays float32", partial(draws.told, dtype="float32"), plays.caption_loss),
        Case("bfloat16, as on a GPU", partial(draws.told, dtype="float32"), plays.caption_in_bfloat16),
        Case("the loss of scores in bfloat16", draws.scored, plays.short_scores),
        Case("saying what is seen", draws.speaking, plays.caption_sample, weight=5),
        Case("words that may not be said", partial(draws.speaking, shy=False), plays.caption_sample),
        Case("every row ends early", partial(draws.speaking, brief=True), plays.caption_sample, weight=2),
        Case("another attend in place of yours: words", draws.one_place(draws.speaking), plays.sample_one_place),
        Case("a single word", partial(draws.speaking, N=1, max_length=1), plays.caption_sample, weight=1.3),
    ),
    one_after_the_other(oracles.captioner),
    toys.CAPTIONER(plays.caption_loss),
)
HARD = ExerciseSuite(
    "hard_attention_loss",
    (
        Case("captions of several lengths", draws.drawn, plays.reinforce, weight=5),
        Case("captions that fill their rows", partial(draws.drawn, full=True), plays.reinforce, weight=2),
        *narrow_cases(
            plays.reinforce,
            lambda letter: partial(draws.drawn, ones=letter, full=True),
            "NTL",
            {"N": "a single caption", "T": "captions of a single word", "L": "a single place"},
        ),
        Case("float32 stays float32", partial(draws.drawn, dtype="float32"), plays.reinforce),
    ),
    oracles.hard,
    toys.HARD(plays.reinforce),
)

SUITE = Suite(
    stage="s07_attention",
    returns={
        "dot_product_attention_forward": ("attn", "weights", "cache"),
        "dot_product_attention_backward": ("dprev_h", "dA"),
        "dot_product_attention": ("attn", "weights"),
        "additive_attention": ("attn", "weights"),
        ".forward": ("states or scores", "weights"),
        ".step_forward": ("next_h", "next_c"),
        ".sample": ("captions", "weights"),
    },
    exercises=(LOOK, LOOK_BACK, LOOK_IN_TORCH, ASK, LSTM, CAPTIONER, HARD),
)
