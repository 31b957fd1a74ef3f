"""Pairs of students whose answers to an exercise share more than the exercise brings about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from autograder.similarity.fingerprints import Fingerprints

SHORTEST = 20  # fingerprints of an answer without the template; below that everybody writes the same
COMMON_SHARE = 0.2  # of the answers: what so many hold is the exercise's doing,
COMMON_LEAST = 4  # and never what only so few hold
LISTED_SHARE = 0.5
LISTED_LEAST = 10  # fingerprints that two answers share


@dataclass(frozen=True)
class Answer:
    """A student's text for an exercise and its fingerprints, without those of the template."""

    student: str
    text: str
    prints: Fingerprints


@dataclass(frozen=True)
class Pair:
    """Two answers that are alike.

    ``share`` is the part of the shorter answer's fingerprints (without the template's) that the other has too and that
    are not common in the class; ``lines`` are the lines of each answer in which they stand.
    """

    exercise: str
    answers: tuple[Answer, Answer]
    shared: frozenset[int]

    @property
    def share(self) -> float:
        return len(self.shared) / min(len(answer.prints) for answer in self.answers)

    def lines(self, answer: Answer) -> frozenset[int]:
        """The lines of one of the two answers that the other has too."""
        return frozenset[int]().union(*(answer.prints[one] for one in self.shared))


@dataclass(frozen=True)
class Comparison:
    """One exercise: how many answers were compared and how many are too short, how many fingerprints are common; the
    pairs that are alike, the most alike first."""

    exercise: str
    judged: int
    too_short: int
    common: int
    pairs: tuple[Pair, ...]


def compare(exercise: str, answers: list[Answer]) -> Comparison:
    """Compare every two answers to an exercise."""
    judged = [answer for answer in answers if len(answer.prints) >= SHORTEST]
    holders = _holders(judged)
    most = max(COMMON_LEAST, COMMON_SHARE * len(judged))
    rare = {one: places for one, places in holders.items() if len(places) <= most}
    pairs = sorted(_pairs(exercise, judged, rare), key=lambda pair: (-pair.share, *_students(pair)))
    return Comparison(exercise, len(judged), len(answers) - len(judged), len(holders) - len(rare), tuple(pairs))


def _holders(answers: list[Answer]) -> Mapping[int, list[int]]:
    """The places of the answers that hold each fingerprint."""
    holders = defaultdict(list)
    for place, answer in enumerate(answers):
        for one in answer.prints:
            holders[one].append(place)
    return holders


def _pairs(exercise: str, answers: list[Answer], rare: Mapping[int, list[int]]) -> Iterator[Pair]:
    counts = Counter(pair for places in rare.values() for pair in combinations(places, 2))
    for (first, second), count in counts.items():
        one, other = answers[first], answers[second]
        if count >= max(LISTED_LEAST, LISTED_SHARE * min(len(one.prints), len(other.prints))):
            shared = frozenset(rare) & one.prints.keys() & other.prints.keys()
            yield Pair(exercise, (one, other), shared)


def _students(pair: Pair) -> tuple[str, str]:
    first, second = pair.answers
    return first.student, second.student
