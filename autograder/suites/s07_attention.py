"""The suite of stage 7: attention by hand and in torch, an LSTM and a captioner that look, REINFORCE."""

from __future__ import annotations

from functools import partial

from autograder.drawing import in_layout, normal, with_huge
from autograder.suite import Case, ExerciseSuite, Suite
from autograder.suites import s07_attention_draws as draws
from autograder.suites import s07_attention_oracles as oracles
from autograder.suites import s07_attention_plays as plays
from autograder.suites import s07_attention_toys as toys

SCALE = 1.2  # of the numbers drawn: places should weigh differently
looks = normal(draws.look_shapes, SCALE)
looks_back = normal(partial(draws.look_shapes, gradient=True), SCALE)

LOOK = ExerciseSuite(
    "dot_product_attention_forward",
    (
        Case("maps that are not square", looks, plays.look, weight=4),
        Case("a single image", normal(draws.single_shapes, SCALE), plays.look, weight=2),
        Case("maps of a single row", normal(draws.row_shapes, SCALE), plays.look),
        Case("states of a single number", normal(draws.thin_shapes, SCALE), plays.look, weight=1.5),
        Case(
            "float32 stays float32", draws.measured(normal(draws.look_shapes, SCALE, "float32")), plays.look_and_measure
        ),
        Case("arrays that do not lie in one piece", in_layout(looks), plays.look),
        Case("a huge image among ordinary ones", with_huge(looks, "A"), plays.look),
        Case("your arguments are left alone", looks, plays.look, guards_inputs=True),
    ),
    oracles.torch_look,
    toys.LOOK(plays.look),
)
LOOK_BACK = ExerciseSuite(
    "dot_product_attention_backward",
    (
        Case("maps that are not square", looks_back, plays.look_back, weight=5),
        Case("a single image", normal(partial(draws.single_shapes, gradient=True), SCALE), plays.look_back, weight=2),
        Case("maps of a single row", normal(partial(draws.row_shapes, gradient=True), SCALE), plays.look_back),
        Case(
            "states of a single number",
            normal(partial(draws.thin_shapes, gradient=True), SCALE),
            plays.look_back,
            weight=1.5,
        ),
        Case(
            "float32 stays float32",
            draws.measured(normal(partial(draws.look_shapes, gradient=True), SCALE, "float32")),
            plays.look_back_and_measure,
        ),
        Case("arrays that do not lie in one piece", in_layout(looks_back), plays.look_back),
        Case(
            "two looks, back through the first",
            normal(partial(draws.look_shapes, gradient=True, other=True), SCALE),
            plays.look_back,
        ),
        Case("your arguments are left alone", looks_back, plays.look_back, guards_inputs=True),
    ),
    oracles.torch_look,
    toys.LOOK_BACK(plays.look_back),
)
LOOK_IN_TORCH = ExerciseSuite(
    "dot_product_attention",
    (
        Case("maps that are not square", looks_back, plays.look_in_torch, weight=4),
        Case("a single image", normal(partial(draws.single_shapes, gradient=True), SCALE), plays.look_in_torch),
        Case(
            "float32 stays float32",
            normal(partial(draws.look_shapes, gradient=True), SCALE, "float32"),
            plays.look_in_torch,
        ),
        Case("huge scores among ordinary ones", with_huge(looks_back, "prev_h"), plays.look_in_torch, weight=0.5),
        Case("bfloat16, as on a GPU", normal(draws.look_shapes, SCALE, "float32"), plays.look_in_bfloat16),
    ),
    oracles.torch_look,
    toys.LOOK_IN_TORCH(plays.look_in_torch),
)
ASK = ExerciseSuite(
    "additive_attention",
    (
        Case("what is seen", normal(partial(draws.ask_shapes, gradient="attn"), SCALE), plays.ask, weight=4),
        Case("where it looks", normal(partial(draws.ask_shapes, gradient="weights"), SCALE), plays.ask_for_weights),
        Case("one place", normal(partial(draws.ask_shapes, gradient="attn", single=True), SCALE), plays.ask),
        Case("float32 stays float32", normal(partial(draws.ask_shapes, gradient="attn"), SCALE, "float32"), plays.ask),
        Case("bfloat16, as on a GPU", normal(draws.ask_shapes, SCALE, "float32"), plays.ask_in_bfloat16),
        Case("huge scores", draws.loud, plays.ask),
    ),
    oracles.torch_ask,
    toys.ASK(plays.ask),
)
LSTM = ExerciseSuite(
    "AttentionLSTM",
    (
        Case("one step", normal(draws.step_shapes), plays.step, weight=4),
        Case("states, looks and gradients", normal(draws.read_shapes), plays.read, weight=6),
        Case("a single step", normal(partial(draws.read_shapes, single=True)), plays.read, weight=2),
        Case("float32 stays float32", normal(draws.read_shapes, dtype="float32"), plays.read),
        Case(
            "bfloat16, as on a GPU",
            normal(partial(draws.read_shapes, gradient=False), dtype="float32"),
            plays.read_in_bfloat16,
        ),
    ),
    oracles.torch_lstm,
    toys.READ(plays.read),
)
CAPTIONER = ExerciseSuite(
    "AttentionCaptioner",
    (
        Case("scores, looks, loss and gradients", draws.told, plays.caption_loss, weight=6),
        Case("a single image, a caption without words", partial(draws.told, single=True), plays.caption_loss),
        Case("a gradient through the weights", draws.weighed, plays.caption_weights),
        Case("another attend in place of yours: scores", draws.one_place(draws.told), plays.caption_one_place),
        Case("float32 stays float32", partial(draws.told, dtype="float32"), plays.caption_loss),
        Case("bfloat16, as on a GPU", partial(draws.told, dtype="float32"), plays.caption_in_bfloat16),
        Case("the loss of scores in bfloat16", draws.scored, plays.short_scores),
        Case("saying what is seen", draws.speaking, plays.caption_sample, weight=5),
        Case("words that may not be said", partial(draws.speaking, shy=False), plays.caption_sample),
        Case("every row ends early", partial(draws.speaking, brief=True), plays.caption_sample, weight=2),
        Case("another attend in place of yours: words", draws.one_place(draws.speaking), plays.sample_one_place),
        Case("a single word", partial(draws.speaking, N=1, max_length=1), plays.caption_sample),
    ),
    oracles.captioner,
    toys.CAPTIONER(plays.caption_loss),
)
HARD = ExerciseSuite(
    "hard_attention_loss",
    (
        Case("captions of several lengths", draws.drawn, plays.reinforce, weight=5),
        Case("captions that fill their rows", partial(draws.drawn, full=True), plays.reinforce, weight=2),
        Case("a single word", partial(draws.drawn, single=True, full=True), plays.reinforce),
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
