"""The inputs of stage 8: splits of questions to count in, answers of ten people, questions, images and weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.drawing import distinct_sizes
from autograder.suites import s08_vqa_oracles as oracles
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
from seqlab.checking.values import Array

Arrays = dict[str, Array]
Rng = np.random.Generator
UNKNOWN = -1
VOCABULARY = 13
PEOPLE = 10
TRIES = 1000


# ---------------------------------------------------------------- counting


def counted(rng: Rng, unseen: bool = False, unknown: float = 0.0, single: bool = False) -> Arrays:
    """A split to count in, and new questions of another width.

    Among the questions one is another's beginning, and one has another's words in another order; the guesses for these
    differ, and so do the three ways of guessing. ``unseen`` asks new questions about new images too; ``unknown`` is the
    share of answers that are none of those to choose from, beside one question and one image that have no others.
    """
    for _ in range(TRIES):
        arrays = _split(rng, unseen, unknown)
        if tells(arrays):
            return _first_new(arrays) if single else arrays
    raise RuntimeError(f"no telling split in {TRIES} draws")


def _split(rng: Rng, unseen: bool, unknown: float) -> Arrays:
    texts, width = _texts(rng), 6
    N, kinds = int(rng.integers(40, 60)), len(texts) - (2 if unseen else 0)
    which = rng.integers(0, kinds, N)
    numbers = rng.choice(90, 7, replace=False)
    seen = rng.integers(0, 7 - (2 if unseen else 0), N)
    answers = rng.choice(6, N, p=rng.dirichlet(np.full(6, 2.0)))
    if unknown:
        hidden = (rng.random(N) < unknown) | (which == 0) | (seen == 0)
        answers = np.where(hidden, UNKNOWN, answers)
    new_which, new_seen = rng.permutation(len(texts)), rng.permutation(len(texts)) % 7
    return {
        "questions": _rows([texts[one] for one in which], width),
        "images": numbers[seen],
        "answers": answers,
        "new_questions": _rows([texts[one] for one in new_which], width + 2),
        "new_images": numbers[new_seen],
    }


def _texts(rng: Rng) -> list[list[int]]:
    """Eight questions: the second begins like the third, the fourth has the third's words turned round."""
    words = rng.permutation(np.arange(4, VOCABULARY)).tolist()
    third = words[:4]
    others = [words[5:8], words[2:7], words[6:9], [*words[:2], words[8]], words[8:]]
    return [others[0], third[:3], third, third[::-1], *others[1:]]


def _rows(texts: list[list[int]], width: int) -> Array:
    return np.array([text + [0] * (width - len(text)) for text in texts])


def tells(arrays: Arrays) -> bool:
    """Whether the three ways differ pairwise, no guess is always the first answer, and look-alike questions differ."""
    guesses = oracles.priors(**arrays)
    ways = [guesses[name].tolist() for name in ("most_common", "question", "image")]
    own = {tuple(row[row > 0].tolist()): guess for row, guess in zip(arrays["new_questions"], ways[1], strict=True)}
    longest = max(own, key=lambda text: (len(text), text[::-1] in own))
    alike = [own[text] for text in own if sorted(text) == sorted(longest) or text == longest[: len(text)]]
    return len(set(map(tuple, ways))) == 3 and ways[0][0] > 0 and len(set(alike)) == len(alike)


def zero_most_common(rng: Rng) -> Arrays:
    """The same, where the most common answer is number 0."""
    arrays = counted(rng, unseen=True)
    answers, most = arrays["answers"], oracles.priors(**arrays)["most_common"][0]
    swapped = np.where(answers == most, 0, np.where(answers == 0, most, answers))
    return arrays | {"answers": swapped}


def _first_new(arrays: Arrays) -> Arrays:
    """The same with one new question: the first whose guesses are not all alike."""
    guesses = oracles.priors(**arrays)
    told = [len({int(guess[row]) for guess in guesses.values()}) for row in range(len(arrays["new_images"]))]
    row = int(np.argmax(told))
    return arrays | {name: arrays[name][row : row + 1].copy() for name in ("new_questions", "new_images")}


def ties(rng: Rng) -> Arrays:
    """Every question has two answers, equally common, and so has every image; the greater one always comes first."""
    texts = _texts(rng)[:6]
    low, high = np.split(np.sort(rng.choice(np.arange(1, 9), 4, replace=False)), 2)
    pairs = [(int(high[row % 2]), int(low[row % 2])) for row in range(len(texts))]
    numbers = rng.choice(90, len(texts), replace=False)
    order = rng.permutation(len(texts))
    return {
        "questions": _rows([text for text in texts for _ in range(2)], 6),
        "images": np.repeat(numbers, 2),
        "answers": np.array(pairs).ravel(),
        "new_questions": _rows([*(texts[one] for one in order), [VOCABULARY]], 5),
        "new_images": np.append(numbers[order[::-1]], 99),
    }


def people(rng: Rng, unknown: bool = False, few: bool = False, single: bool = False) -> Arrays:
    """What a model said and what people said: every number of agreeing people occurs.

    ``unknown`` puts UNKNOWN among people's answers, and among the model's; ``few``: six people; ``single``: N = 1.
    """
    G = 6 if few else PEOPLE
    counts = np.array([2]) if single else rng.permutation(np.concatenate([np.arange(G + 1), rng.integers(1, 4, 3)]))
    said = rng.integers(0, 7, len(counts))
    rows = [_row(rng, one, count, G, unknown) for one, count in zip(said.tolist(), counts.tolist(), strict=True)]
    if unknown:
        said[: len(said) // 3] = UNKNOWN
        rows = [np.where(row == 0, UNKNOWN, row) for row in rows]
    return {"said": said, "all_answers": np.array(rows)}


def _row(rng: Rng, said: int, count: int, G: int, unknown: bool) -> Array:
    others = np.setdiff1d(np.arange(UNKNOWN if unknown else 0, 7), [said])
    return rng.permutation(np.concatenate([np.full(count, said), rng.choice(others, G - count)]))


# ---------------------------------------------------------------- reading


def asked(rng: Rng, single: bool = False, junk: bool = False, roomy: bool = False) -> Arrays:
    """N, Q, D, H all different, lengths in no order, one of a single word.

    ``junk`` puts words behind the ends, and NULL last; ``roomy`` makes Q greater than the longest question;
    ``single``: N = Q = 1.
    """
    N, Q, D, H = distinct_sizes(rng, 4, low=3)
    N, Q = (1, 1) if single else (N, Q)
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


def meeting(rng: Rng, doubled: bool = False, single: bool = False, places: bool = False) -> Arrays:
    """A question and an image for each of N; H, F and P all different, and from N.

    ``doubled``: the incoming gradient is that of a concatenation; ``places``: for each of N by L; ``single``: N = 1.
    """
    N, L, H, F, P = distinct_sizes(rng, 5)
    leading = (N, L) if places else (1,) if single else (N,)
    inputs = {"question": rng.standard_normal((*leading, H)), "image": rng.standard_normal((*leading, F))}
    inputs["dfused"] = rng.standard_normal((*leading, 2 * P if doubled else P))
    return inputs | weights(rng, meeting_point("", H, F, P))


def meeting_point(prefix: str, H: int, F: int, P: int) -> Shapes:
    """The parameters of a pair of projections."""
    return linear(f"{prefix}question", H, P) | linear(f"{prefix}image", F, P)


# ---------------------------------------------------------------- models


def answering(rng: Rng, doubled: bool = False, single: bool = False, junk: bool = False) -> Arrays:
    """VQAModel with N, Q, D, H, F, P, K all different; ``doubled``: by concatenation; ``single``: N = Q = 1."""
    N, Q, D, H, F, P, K = distinct_sizes(rng, 7, low=3, high=11)
    N, Q = (1, 1) if single else (N, Q)
    shapes = reader("encoder.", D, H) | meeting_point("projections.", H, F, P)
    shapes |= linear("head", 2 * P if doubled else P, K)
    inputs = _questions(rng, N, Q, junk, roomy=junk) | {"image": rng.standard_normal((N, F))}
    return inputs | {"dscores": rng.standard_normal((N, K))} | weights(rng, shapes, 0.7)


def costing(rng: Rng, unknown: bool = False, many: bool = False) -> Arrays:
    """Scores and right answers, the first and the last one among them; ``unknown``: for some there is none.

    ``many`` makes N great, so that rounding in between is seen; the scores themselves are exact in bfloat16.
    """
    arrays = only(answering, ("questions", "lengths", "image", "dscores"))(rng)
    K, N = len(arrays["head.weight"]), 90 if many else int(rng.integers(12, 16))
    answers = rng.integers(0, K, N)
    answers[:2] = 0, K - 1
    if unknown:
        answers[rng.permutation(np.arange(2, N))[: N // 3]] = UNKNOWN
    scores = rng.standard_normal((N, K)) * 2
    return arrays | {"given_scores": np.round(scores * 8) / 8 if many else scores, "right_answers": answers}


def looking(rng: Rng, single: bool = False, junk: bool = False) -> Arrays:
    """AttentionVQA with N, Q, D, H, L, F, P, K all different; ``single``: N = Q = L = 1."""
    N, Q, D, H, L, F, P, K = distinct_sizes(rng, 8, low=3, high=12)
    N, Q, L = (1, 1, 1) if single else (N, Q, L)
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
