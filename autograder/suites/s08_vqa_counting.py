"""The inputs of stage 8, first part: splits of questions to count in, and answers of ten people."""

from __future__ import annotations

import numpy as np

from autograder.suites import s08_vqa_oracles as oracles
from seqlab.checking.values import Array

Arrays = dict[str, Array]
Rng = np.random.Generator
UNKNOWN = -1
VOCABULARY = 13
PEOPLE = 10
TRIES = 10_000


def counted(rng: Rng, unseen: bool = False, unknown: float = 0.0, single: bool = False, narrow: bool = False) -> Arrays:
    """A split to count in, and new questions of another width; no two answers are equally common anywhere.

    Among the questions one is another's beginning, and one has another's words in another order; the guesses for these
    differ, and so do the three ways of guessing. ``unseen`` asks new questions about new images too; ``unknown`` is the
    share of answers that are none of those to choose from, beside one question and one image that have no others;
    ``narrow`` keeps of the new questions the short ones, and of their columns no more than these need.
    """
    for _ in range(TRIES):
        arrays = _split(rng, unseen, unknown)
        if tied(arrays) or not tells(arrays):
            continue
        if not narrow:
            return _first_new(arrays) if single else arrays
        if tells_when_cut(arrays := _short(arrays)):
            return arrays
    raise RuntimeError(f"no telling split in {TRIES} draws")


def _split(rng: Rng, unseen: bool, unknown: float) -> Arrays:
    texts, width = _texts(rng), 6
    N, kinds = int(rng.integers(70, 100)), len(texts) - (2 if unseen else 0)
    which = rng.integers(0, kinds, N)
    numbers = rng.choice(90, 7, replace=False)
    seen = rng.integers(0, 7 - (2 if unseen else 0), N)
    answers = _answers(rng, which, seen)
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


def _answers(rng: Rng, which: Array, seen: Array) -> Array:
    """Every question has a favourite among six answers, every image too; the rest is chance, so that ties are rare."""
    of_questions, of_images = rng.integers(0, 6, which.max() + 1)[which], rng.integers(0, 6, seen.max() + 1)[seen]
    others = rng.choice(6, len(which), p=rng.dirichlet(np.full(6, 2.0)))
    kind = rng.choice(3, len(which), p=[0.45, 0.35, 0.2])
    return np.choose(kind, [of_questions, of_images, others])


def tied(arrays: Arrays) -> bool:
    """Whether two answers are equally common in the split, to any question or about any image."""
    known = arrays["answers"] >= 0
    answers = arrays["answers"][known]
    _, texts = np.unique(arrays["questions"][known], axis=0, return_inverse=True)
    groups = [(texts.ravel() == one) for one in range(texts.max() + 1)]
    groups += [arrays["images"][known] == one for one in np.unique(arrays["images"][known])]
    return any(_top_two_alike(answers[group]) for group in [np.full(len(answers), True), *groups])


def _top_two_alike(answers: Array) -> bool:
    second, first = np.sort(np.append(np.bincount(answers), 0))[-2:]
    return bool(first == second)


def _short(arrays: Arrays) -> Arrays:
    """The same with those new questions alone that have three words at most, in three columns."""
    rows = (arrays["new_questions"] > 0).sum(axis=1) <= 3
    return arrays | {
        "new_questions": arrays["new_questions"][rows, :3].copy(),
        "new_images": arrays["new_images"][rows],
    }


def tells_when_cut(arrays: Arrays) -> bool:
    """Whether other guesses come out where the split's questions are cut to the new ones' width."""
    cut = arrays | {"questions": arrays["questions"][:, : arrays["new_questions"].shape[1]]}
    return bool((oracles.priors(**cut)["question"] != oracles.priors(**arrays)["question"]).any())


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


def of_one_word(rng: Rng) -> Arrays:
    """Questions of a single word in a single column, in the split and among the new ones; no ties, and three ways."""
    for _ in range(TRIES):
        which, seen = rng.integers(0, 5, 60), rng.integers(0, 4, 60)
        words, numbers = rng.choice(np.arange(4, VOCABULARY), 6, replace=False), rng.choice(90, 5, replace=False)
        asked, shown = rng.permutation(6), rng.integers(0, 5, 6)
        arrays = {
            "questions": words[which][:, None],
            "images": numbers[seen],
            "answers": _answers(rng, which, seen),
            "new_questions": words[asked][:, None],
            "new_images": numbers[shown],
        }
        if not tied(arrays) and len({tuple(one) for one in oracles.priors(**arrays).values()}) == 3:
            return arrays
    raise RuntimeError(f"no telling split in {TRIES} draws")


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
    """Every question has three answers, equally common, and so have every image and the whole split.

    The smallest never comes first nor last; the greatest comes first in one half and last in the other.
    """
    texts = _texts(rng)[:6]
    low, middle, high = np.sort(rng.choice(np.arange(1, 9), (3, 2), replace=False), axis=0)
    kinds = np.array([[middle[0], low[0], high[0]], [high[1], low[1], middle[1]]])
    answers = np.tile(kinds, (len(texts) // 2, 1))
    numbers = rng.choice(90, len(texts), replace=False)
    order = rng.permutation(len(texts))
    return {
        "questions": _rows([text for text in texts for _ in range(3)], 6),
        "images": np.repeat(numbers, 3),
        "answers": answers.ravel(),
        "new_questions": _rows([*(texts[one] for one in order), [VOCABULARY]], 5),
        "new_images": np.append(numbers[order[::-1]], 99),
    }


def people(rng: Rng, unknown: bool = False, few: bool = False, single: bool = False, clear: bool = False) -> Arrays:
    """What a model said and what people said: every number of agreeing people occurs.

    ``unknown`` puts UNKNOWN among people's answers, and among the model's; ``few``: six people; ``single``: N = 1;
    ``clear``: at least four people agree with the model, or nobody, so that it does not matter who is left out.
    """
    G = 6 if few else PEOPLE
    doubtful = rng.integers(1, 4, 3)
    counts = np.delete(np.arange(G + 1), [1, 2, 3]) if clear else np.concatenate([np.arange(G + 1), doubtful])
    counts = np.array([2]) if single else rng.permutation(counts)
    said = rng.integers(0, 7, len(counts))
    rows = [_row(rng, one, count, G, unknown) for one, count in zip(said.tolist(), counts.tolist(), strict=True)]
    if unknown:
        said[: len(said) // 3] = UNKNOWN
        rows = [np.where(row == 0, UNKNOWN, row) for row in rows]
    return {"said": said, "all_answers": np.array(rows)}


def _row(rng: Rng, said: int, count: int, G: int, unknown: bool) -> Array:
    others = np.setdiff1d(np.arange(UNKNOWN if unknown else 0, 7), [said])
    return rng.permutation(np.concatenate([np.full(count, said), rng.choice(others, G - count)]))
