"""The inputs of stage 8, second part: questions, images and weights. What is counted is in s08_vqa_counting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.drawing import sizes
from autograder.suites.s05_sequences_drawing import (
    Shapes,
    linear,
    only,
    padded,
    recurrent,
    unequal,
    weights,
    with_shortest,
)
from autograder.suites.s08_vqa_counting import UNKNOWN, VOCABULARY
from seqlab.checking.values import Array

Arrays = dict[str, Array]
Rng = np.random.Generator


# ---------------------------------------------------------------- reading


def asked(rng: Rng, ones: str = "", junk: bool = False, roomy: bool = False) -> Arrays:
    """N, Q, D, H all different, but 1 for the letters in ``ones``; lengths in no order, one of a single word.

    ``junk`` puts words behind the ends, and NULL last; ``roomy`` makes Q greater than the longest question.
    """
    N, Q, D, H = sizes(rng, "NQDH", ones, low=3)
    drawn = _questions(rng, N, Q, junk, roomy) | {"dstates": rng.standard_normal((N, H))}
    return drawn | weights(rng, reader("", D, H), 0.8)


def asked_softly(rng: Rng) -> Arrays:
    """The same with small weights: in a short float, what is rounded in one step is not to be doubled in the next."""
    drawn = only(asked, ("dstates",))(rng)
    return {name: one / 2 if one.dtype.kind == "f" else one for name, one in drawn.items()}


def asked_alone(rng: Rng) -> Arrays:
    """A batch, and one of its shorter questions without filling."""
    return with_shortest(only(asked, ("dstates",))(rng), "questions")


def reader(prefix: str, D: int, H: int) -> Shapes:
    """The parameters of the encoder."""
    return {f"{prefix}embedding.weight": (VOCABULARY, D)} | recurrent(f"{prefix}lstm", 4, D, H)


def _questions(rng: Rng, N: int, Q: int, junk: bool = False, roomy: bool = False) -> Arrays:
    lengths = unequal(rng, N, Q - 1 if roomy else Q)
    words = padded(rng, lengths, Q, VOCABULARY, junk)
    words[lengths < Q, -1] = 0
    return {"questions": words, "lengths": lengths}


# ---------------------------------------------------------------- meeting


def meeting(rng: Rng, doubled: bool = False, ones: str = "", places: bool = False) -> Arrays:
    """A question and an image for each of N; H, F and P all different, and from N, but 1 for the letters in ``ones``.

    ``doubled``: the incoming gradient is that of a concatenation; ``places``: for each of N by L.
    """
    N, L, H, F, P = sizes(rng, "NLHFP", ones)
    leading = (N, L) if places else (N,)
    inputs = {"question": rng.standard_normal((*leading, H)), "image": rng.standard_normal((*leading, F))}
    inputs["dfused"] = rng.standard_normal((*leading, 2 * P if doubled else P))
    return inputs | weights(rng, meeting_point("", H, F, P))


def meeting_point(prefix: str, H: int, F: int, P: int) -> Shapes:
    """The parameters of a pair of projections."""
    return linear(f"{prefix}question", H, P) | linear(f"{prefix}image", F, P)


# ---------------------------------------------------------------- models


def answering(rng: Rng, doubled: bool = False, ones: str = "", junk: bool = False) -> Arrays:
    """VQAModel with N, Q, D, H, F, P, K all different, but 1 for those in ``ones``; ``doubled``: by concatenation."""
    N, Q, D, H, F, P, K = sizes(rng, "NQDHFPK", ones, low=3, high=11)
    shapes = reader("encoder.", D, H) | meeting_point("projections.", H, F, P)
    shapes |= linear("head", 2 * P if doubled else P, K)
    inputs = _questions(rng, N, Q, junk, roomy=junk) | {"image": rng.standard_normal((N, F))}
    return inputs | {"dscores": rng.standard_normal((N, K))} | weights(rng, shapes, 0.7)


def costing(rng: Rng, unknown: bool = False, many: bool = False) -> Arrays:
    """Scores and right answers, the first and the last one among them; ``unknown``: for some there is none.

    ``many`` makes N great, so that rounding in between is seen; the scores themselves are exact in bfloat16.
    """
    arrays = model_alone(rng)
    K, N = len(arrays["head.weight"]), 90 if many else int(rng.integers(12, 16))
    answers = rng.integers(0, K, N)
    answers[:2] = 0, K - 1
    if unknown:
        answers[rng.permutation(np.arange(2, N))[: N // 3]] = UNKNOWN
    scores = rng.standard_normal((N, K)) * 2
    return arrays | {"given_scores": np.round(scores * 8) / 8 if many else scores, "right_answers": answers}


def costing_once(rng: Rng) -> Arrays:
    """Scores and the right answer of a single question."""
    arrays = model_alone(rng)
    K = len(arrays["head.weight"])
    return arrays | {"given_scores": rng.standard_normal((1, K)) * 2, "right_answers": rng.integers(0, K, 1)}


def costing_of_class(rng: Rng) -> Arrays:
    """Scores and right answers for a loss that is asked of the class: there is no model, and no weights."""
    arrays = costing(rng, unknown=True)
    return {name: arrays[name] for name in ("given_scores", "right_answers")} | {"of_class": np.array([1])}


def model_alone(rng: Rng) -> Arrays:
    """The weights of VQAModel alone."""
    return only(answering, ("questions", "lengths", "image", "dscores"))(rng)


def costing_far_apart(rng: Rng) -> Arrays:
    """The same with the last scores a thousand times as great, and the lowest of them that of the right answer."""
    arrays = scaled(costing, "given_scores", 1e3)(rng)
    arrays["right_answers"][-1] = arrays["given_scores"][-1].argmin()
    return arrays


def looking(rng: Rng, ones: str = "", junk: bool = False) -> Arrays:
    """AttentionVQA with N, Q, D, H, L, F, P, K all different, but 1 for the letters in ``ones``."""
    N, Q, D, H, L, F, P, K = sizes(rng, "NQDHLFPK", ones, low=3, high=12)
    shapes = reader("encoder.", D, H) | meeting_point("looking.", H, F, P)
    shapes |= meeting_point("projections.", H, F, P) | linear("head", P, K)
    inputs = _questions(rng, N, Q, junk, roomy=junk) | {"positions": rng.standard_normal((N, L, F))}
    inputs |= {"dscores": rng.standard_normal((N, K))} | weights(rng, shapes, 0.7)
    return inputs | {"weigh.weight": rng.standard_normal((1, P)) * 3}


def looking_far_apart(rng: Rng) -> Arrays:
    """The same, where e is in the thousands: its exponential is beyond every float."""
    arrays = only(looking, ("dscores",))(rng)
    arrays["weigh.weight"] *= 2000
    return arrays


def looking_softly(rng: Rng) -> Arrays:
    """The same, where e is small: what a short float rounds off a large one is no longer small in its exponential."""
    arrays = only(looking, ("dscores",))(rng)
    arrays["weigh.weight"] /= 6
    return arrays


def looking_on_side(rng: Rng) -> Arrays:
    """The positions stored with their features first, (N, F, L)."""
    arrays = only(looking, ("dscores",))(rng)
    return {"features_first": np.ascontiguousarray(arrays.pop("positions").transpose(0, 2, 1))} | arrays


def scaled(draw: Callable[[Rng], Arrays], name: str, factor: float = 1e4) -> Callable[[Rng], Arrays]:
    """The same with one input's last row made huge."""

    def _scaled(rng: Rng) -> Arrays:
        arrays = draw(rng)
        arrays[name][-1] *= factor
        return arrays

    return _scaled
