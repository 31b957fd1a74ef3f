"""Pairs of students whose answers to an exercise share more than the exercise brings about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
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
    """A student's text for an exercise, or code elsewhere, and its fingerprints without those of the template."""

    student: str
    text: str
    prints: Fingerprints
    elsewhere: bool = False


@dataclass(frozen=True)
class Pair:
    """Two answers that are alike.

    ``share`` is the part of the shorter answer's fingerprints (without the template's) that the other has too and that
    are not common in the class; ``lines`` are the lines of each answer in which they stand.
    """

    exercise: str
    answers: tuple[Answer, Answer]
    shared: Set[int]

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


def compare(exercise: str, answers: list[Answer], elsewhere: Iterable[Answer] = ()) -> Comparison:
    """Compare every two answers to an exercise, and each with the code that others have ``elsewhere``."""
    judged = _long_enough(answers)
    holders = _holders(judged)
    most = max(COMMON_LEAST, COMMON_SHARE * len(judged))
    rare = {one: places for one, places in holders.items() if len(places) <= most}
    found = [*_pairs(exercise, judged, rare), *_across(exercise, judged, _long_enough(elsewhere), rare)]
    pairs = _one_of_each(sorted(found, key=lambda pair: (-pair.share, *_students(pair))))
    return Comparison(exercise, len(judged), len(answers) - len(judged), len(holders) - len(rare), tuple(pairs))


def _long_enough(answers: Iterable[Answer]) -> list[Answer]:
    return [answer for answer in answers if len(answer.prints) >= SHORTEST]


def _one_of_each(pairs: Iterable[Pair]) -> list[Pair]:
    """The first of the pairs of each two students."""
    first: dict[frozenset[str], Pair] = {}
    for pair in pairs:
        first.setdefault(frozenset(_students(pair)), pair)
    return list(first.values())


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
        yield from _listed(exercise, answers[first], answers[second], count, rare)


def _across(
    exercise: str, answers: list[Answer], elsewhere: list[Answer], rare: Mapping[int, list[int]]
) -> Iterator[Pair]:
    """Pairs of one student's answer and another's code elsewhere."""
    for other in elsewhere:
        counts = Counter(place for one in other.prints for place in rare.get(one, ()))
        for place, count in counts.items():
            if answers[place].student != other.student:
                yield from _listed(exercise, answers[place], other, count, rare)


def _listed(exercise: str, one: Answer, other: Answer, count: int, rare: Mapping[int, list[int]]) -> Iterator[Pair]:
    """The pair of two answers, if the ``count`` of fingerprints that they share is high enough."""
    if count >= max(LISTED_LEAST, LISTED_SHARE * min(len(one.prints), len(other.prints))):
        yield Pair(exercise, (one, other), rare.keys() & one.prints.keys() & other.prints.keys())


def _students(pair: Pair) -> tuple[str, str]:
    first, second = pair.answers
    return first.student, second.student
