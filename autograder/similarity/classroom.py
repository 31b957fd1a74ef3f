"""The hand-ins of a class as answers to compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from autograder.hand_ins import HandIn
from autograder.similarity.answers import ELSEWHERE, answer_texts, not_found
from autograder.similarity.fingerprints import all_fingerprints, fingerprints
from autograder.similarity.pairs import Answer, Comparison, compare
from autograder.similarity.tokens import LONGEST, code_tokens
from autograder.submission import parse_submission
from autograder.template import Template


@dataclass(frozen=True)
class ClassComparison:
    """The exercises of a stage, compared; how many hand-ins were read, and why others could not be.

    ``cut`` has the exercises of each student whose text was too long to be compared whole, ``not_found`` those that a
    student with other code defines nowhere.
    """

    exercises: tuple[Comparison, ...]
    read: int
    refused: Mapping[str, str]
    cut: Mapping[str, list[str]]
    not_found: Mapping[str, list[str]]


def compare_class(hand_ins: Iterable[HandIn], template: Template, progress: Callable[[], None]) -> ClassComparison:
    """Read every hand-in and compare; ``progress`` is called after each. Never runs anything of them."""
    known = frozenset[int]().union(*(all_fingerprints(code_tokens(text)) for text in template.texts.values()))
    answers: dict[str, list[Answer]] = defaultdict(list)
    refused: dict[str, str] = {}
    cut: dict[str, list[str]] = {}
    missing: dict[str, list[str]] = {}
    read = 0
    for hand_in in hand_ins:
        submission = parse_submission(hand_in.read()[0], template)
        if submission.refusal:
            refused[hand_in.student] = submission.refusal
        texts = answer_texts(submission, template)
        for exercise, text in texts.items():
            answers[exercise].append(_answer(hand_in.student, text, known, exercise == ELSEWHERE))
        cut[hand_in.student] = [exercise for exercise, text in texts.items() if len(text) > LONGEST]
        missing[hand_in.student] = not_found(submission, template, texts)
        read += not submission.refusal
        progress()
    others = answers[ELSEWHERE]
    compared = [compare(name, answers[name], others) for name in template.exercises]
    return ClassComparison(
        (*compared, compare(ELSEWHERE, others)), read, refused, _without_empty(cut), _without_empty(missing)
    )


def _answer(student: str, text: str, known: frozenset[int], elsewhere: bool) -> Answer:
    prints = fingerprints(code_tokens(text))
    own = {one: lines for one, lines in prints.items() if one not in known}
    return Answer(student, text[:LONGEST], own, elsewhere)


def _without_empty(lists: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {student: names for student, names in lists.items() if names}
