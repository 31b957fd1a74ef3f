"""The suite of stage 8: priors, a reader of questions, the meeting with the image, two models, the measure of VQA."""

from __future__ import annotations

from functools import partial

from autograder.drawing import in_layout, with_other
from autograder.narrow import narrow_cases
from autograder.oracles import one_after_the_other
from autograder.suite import Case, ExerciseSuite, Suite
from autograder.suites import s08_vqa_counting as counting
from autograder.suites import s08_vqa_draws as draws
from autograder.suites import s08_vqa_oracles as oracles
from autograder.suites import s08_vqa_plays as plays
from autograder.suites import s08_vqa_toys as toys
from autograder.suites.s05_sequences import by_input
from autograder.suites.s05_sequences_drawing import as_dtype, only

SINGLE = {
    "N": "a single question",
    "Q": "questions of a single word",
    "D": "word vectors of a single number",
    "H": "states of a single number",
    "F": "images of a single number",
    "P": "a meeting in a single number",
}

PRIORS = ExerciseSuite(
    "answer_priors",
    (
        Case("the three guesses", counting.counted, plays.priors, weight=4),
        Case("answers equally common", counting.ties, plays.priors, weight=4),
        Case("questions and images never seen", partial(counting.counted, unseen=True), plays.priors, weight=3),
        Case("answers that are none to choose from", partial(counting.counted, unknown=0.3), plays.priors, weight=3),
        Case("the first answer is the most common", counting.zero_most_common, plays.priors),
        Case("new questions in fewer columns", partial(counting.counted, narrow=True), plays.priors, weight=2),
        Case("a single new question", partial(counting.counted, single=True), plays.priors, weight=1.2),
        Case("questions of a single word", counting.of_one_word, plays.priors, weight=1.2),
        Case("arrays that do not lie in one piece", in_layout(counting.counted), plays.priors),
        Case(
            "your arguments are left alone",
            partial(counting.counted, unseen=True, unknown=0.2),
            plays.priors,
            guards_inputs=True,
        ),
    ),
    oracles.priors,
    toys.PRIORS(plays.priors),
)
ENCODER = ExerciseSuite(
    "QuestionEncoder",
    (
        Case("questions of unequal lengths, and gradients", draws.asked, plays.states, weight=4),
        Case("a question in company and alone", draws.asked_alone, plays.state_alone, weight=3),
        Case("other words behind the ends", partial(draws.asked, junk=True), plays.states, weight=3),
        Case("more room than the longest needs", partial(draws.asked, roomy=True), plays.states, weight=2),
        *narrow_cases(plays.states, lambda letter: partial(draws.asked, ones=letter), "NQDH", SINGLE, weight=1),
        Case("float32 stays float32", as_dtype(draws.asked, "float32"), plays.states),
        Case("asked twice", only(draws.asked, ("dstates",)), plays.states_twice),
        Case(
            "bfloat16, as on a GPU",
            as_dtype(draws.asked_softly, "float32"),
            plays.states_in_bfloat16,
        ),
    ),
    by_input(oracles.states, questions_alone=oracles.state_alone),
    toys.ENCODER(plays.states_twice),
)
FUSE = ExerciseSuite(
    "fuse",
    (
        Case("the product, and gradients", draws.meeting, plays.by_product, weight=4),
        Case("side by side, and gradients", partial(draws.meeting, doubled=True), plays.by_concatenation, weight=4),
        Case("the product at every position", partial(draws.meeting, places=True), plays.by_product, weight=2),
        Case(
            "side by side at every position", partial(draws.meeting, doubled=True, places=True), plays.by_concatenation
        ),
        *narrow_cases(plays.by_product, lambda letter: partial(draws.meeting, ones=letter), "NHFP", SINGLE, weight=1),
        Case("huge features among ordinary ones", draws.scaled(draws.meeting, "image"), plays.by_product),
        Case("float32 stays float32", as_dtype(draws.meeting, "float32"), plays.by_product),
        Case(
            "both ways at every position, twice",
            only(partial(draws.meeting, places=True), ("dfused",)),
            plays.both_twice,
        ),
        Case("bfloat16, as on a GPU", as_dtype(only(draws.meeting, ("dfused",)), "float32"), plays.both_in_bfloat16),
    ),
    oracles.fused,
    toys.FUSE(plays.by_product),
)
MODEL = ExerciseSuite(
    "VQAModel",
    (
        Case("scores by product, and gradients", draws.answering, plays.answers, weight=5),
        Case("scores by concatenation, and gradients", partial(draws.answering, doubled=True), plays.answers, weight=3),
        Case("other words behind the ends", partial(draws.answering, junk=True), plays.answers, weight=2),
        *narrow_cases(plays.answers, lambda letter: partial(draws.answering, ones=letter), "NQP", SINGLE, weight=1.3),
        Case("float32 stays float32", as_dtype(draws.answering, "float32"), plays.answers),
        Case(
            "one batch of images after another",
            with_other(only(draws.answering, ("dscores",)), "image"),
            plays.answers_about_two,
            weight=1.3,
        ),
        Case(
            "bfloat16, as on a GPU",
            as_dtype(only(draws.answering, ("dscores",)), "float32"),
            plays.answers_in_bfloat16,
        ),
        Case("the loss and its gradient", draws.costing, plays.cost, weight=3),
        Case("the loss where some answers are unknown", partial(draws.costing, unknown=True), plays.cost, weight=4),
        Case("the loss of a single question", draws.costing_once, plays.cost, weight=1.3),
        Case("the loss asked of the class", draws.costing_of_class, plays.cost_of_class, weight=1.3),
        Case("the loss of huge scores", draws.costing_far_apart, plays.cost),
        Case(
            "the loss of scores in bfloat16",
            as_dtype(partial(draws.costing, unknown=True, many=True), "float32"),
            plays.cost_in_bfloat16,
        ),
    ),
    one_after_the_other(oracles.answering),
    toys.MODELS(plays.answers_twice),
)
LOOKING = ExerciseSuite(
    "AttentionVQA",
    (
        Case("scores, weights and gradients", draws.looking, plays.looks, weight=6),
        Case("other words behind the ends", partial(draws.looking, junk=True), plays.looks, weight=2),
        *narrow_cases(plays.looks, lambda letter: partial(draws.looking, ones=letter), "NQP", SINGLE, weight=1),
        Case("a single position", only(partial(draws.looking, ones="L"), ("dscores",)), plays.looks_twice),
        Case("relevances in the thousands", draws.looking_far_apart, plays.looks_twice),
        Case("float32 stays float32", as_dtype(draws.looking, "float32"), plays.looks),
        Case("positions that do not lie in one piece", draws.looking_on_side, plays.looks_at_a_view),
        Case(
            "one batch of images after another",
            with_other(only(draws.looking, ("dscores",)), "positions"),
            plays.looks_at_two,
        ),
        Case("bfloat16, as on a GPU", as_dtype(draws.looking_softly, "float32"), plays.looks_in_bfloat16),
    ),
    one_after_the_other(oracles.looking),
    toys.LOOKS(plays.looks_twice),
)
CONSENSUS = ExerciseSuite(
    "consensus_accuracy",
    (
        Case("ten people", counting.people, plays.consensus, weight=5),
        Case("answers that are none to choose from", partial(counting.people, unknown=True), plays.consensus, weight=3),
        Case("six people", partial(counting.people, few=True), plays.consensus, weight=2),
        Case("many people agree, or nobody", partial(counting.people, clear=True), plays.consensus, weight=2),
        Case("a single question", partial(counting.people, single=True), plays.consensus),
        Case("arrays that do not lie in one piece", in_layout(partial(counting.people, clear=True)), plays.consensus),
        Case(
            "your arguments are left alone",
            partial(counting.people, clear=True),
            plays.consensus,
            guards_inputs=True,
        ),
    ),
    oracles.consensus,
    toys.CONSENSUS(plays.consensus),
)

SUITE = Suite(stage="s08_vqa", returns={}, exercises=(PRIORS, ENCODER, FUSE, MODEL, LOOKING, CONSENSUS))
