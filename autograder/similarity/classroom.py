"""The hand-ins of a class as answers to compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from autograder.hand_ins import HandIn
from autograder.similarity.answers import ELSEWHERE, answer_texts
from autograder.similarity.fingerprints import all_fingerprints, fingerprints
from autograder.similarity.pairs import Answer, Comparison, compare
from autograder.similarity.tokens import code_tokens
from autograder.submission import parse_submission
from autograder.template import Template


@dataclass(frozen=True)
class ClassComparison:
    """The exercises of a stage, compared; how many hand-ins were read, and why others could not be."""

    exercises: tuple[Comparison, ...]
    read: int
    refused: Mapping[str, str]


def compare_class(hand_ins: Iterable[HandIn], template: Template, progress: Callable[[], None]) -> ClassComparison:
    """Read every hand-in and compare; ``progress`` is called after each. Never runs anything of them."""
    known = frozenset[int]().union(*(all_fingerprints(code_tokens(text)) for text in template.texts.values()))
    answers: dict[str, list[Answer]] = defaultdict(list)
    refused: dict[str, str] = {}
    read = 0
    for hand_in in hand_ins:
        submission = parse_submission(hand_in.read()[0], template)
        if submission.refusal:
            refused[hand_in.student] = submission.refusal
        for exercise, text in answer_texts(submission, template).items():
            answers[exercise].append(_answer(hand_in.student, text, known))
        read += not submission.refusal
        progress()
    order = [*template.exercises, ELSEWHERE]
    return ClassComparison(tuple(compare(name, answers[name]) for name in order), read, refused)


def _answer(student: str, text: str, known: frozenset[int]) -> Answer:
    prints = fingerprints(code_tokens(text))
    return Answer(student, text, {one: lines for one, lines in prints.items() if one not in known})
