"""How good captions are: exact agreement and CIDEr. (BLEU is an exercise of stage 6.)"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

Words = Sequence[str]
Gram = tuple[str, ...]
Vector = Mapping[Gram, float]
LONGEST = 4


def exact_match(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """The share of candidates that are, word for word, one of their references.

    Args:
        candidates: for each image what was said, as a list of words.
        references: for each image one right caption or more.

    Raises:
        ValueError: there are no candidates, or not as many as images with references.
    """
    _require_pairs(candidates, references)
    hits = [list(said) in [list(one) for one in right] for said, right in zip(candidates, references, strict=True)]
    return sum(hits) / len(hits)


def cider(candidates: Sequence[Words], references: Sequence[Sequence[Words]], spread: float = 6.0) -> float:
    """CIDEr-D (Vedantam, Zitnick and Parikh 2015), without stemming; 10 is the best for perfect agreement.

    An n-gram weighs the more, the fewer images have it in their references: ``ln(I / images that have it)``, where I is
    the number of images. For n = 1 to 4 a candidate is compared with each reference by the cosine of the weighted
    counts, where a count beyond the reference's is cut; captions of other lengths are penalised by
    ``exp(-difference^2 / (2 spread^2))``. The mean over references, n and images, times 10. Captions shorter than n
    words have no n-grams and earn nothing for that n, so a perfect score on short captions is below 10.

    Args:
        candidates: for each image what was said, as a list of words.
        references: for each image one right caption or more.
        spread: the standard deviation of the penalty on length, in words.

    Raises:
        ValueError: there are no candidates, or not as many as images with references.
    """
    _require_pairs(candidates, references)
    seen = Counter(gram for right in references for gram in {gram for one in right for gram in _counts(one)})
    weights = {gram: math.log(len(references) / count) for gram, count in seen.items()}
    rare = math.log(len(references))
    scores = [
        sum(_likeness(said, one, weights, rare, spread) for one in right) / len(right)
        for said, right in zip(candidates, references, strict=True)
    ]
    return 10 * sum(scores) / len(scores)


def _likeness(said: Words, right: Words, weights: Mapping[Gram, float], rare: float, spread: float) -> float:
    """The mean over n of the cosines of a candidate and one reference, with the penalty on length."""
    mine, theirs = ({g: k * weights.get(g, rare) for g, k in _counts(words).items()} for words in (said, right))
    penalty = math.exp(-((len(said) - len(right)) ** 2) / (2 * spread**2))
    return penalty * sum(_cosine(_of(mine, n), _of(theirs, n)) for n in range(1, LONGEST + 1)) / LONGEST


def _cosine(mine: Vector, theirs: Vector) -> float:
    """The cosine of two vectors, where an entry of the first counts at most as much as that of the second."""
    common = sum(min(value, theirs[gram]) * theirs[gram] for gram, value in mine.items() if gram in theirs)
    lengths = math.hypot(*mine.values()) * math.hypot(*theirs.values())
    return common / lengths if lengths else 0.0


def _of(vector: Vector, n: int) -> Vector:
    return {gram: value for gram, value in vector.items() if len(gram) == n}


def _counts(words: Words) -> Counter[Gram]:
    """How often each n-gram occurs, for n = 1 to 4."""
    whole = list(words)
    return Counter(
        tuple(whole[place : place + n]) for n in range(1, LONGEST + 1) for place in range(len(whole) - n + 1)
    )


def _require_pairs(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> None:
    if not candidates or len(candidates) != len(references):
        raise ValueError(
            f"expected as many candidates as images, at least one; found {len(candidates)} and {len(references)}"
        )
