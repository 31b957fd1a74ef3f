"""Right answers in other clothes, on many seeds: not one may lose a point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from autograder.authoring.master import Master
from autograder.judge import Judge
from autograder.proving.local import LocalSession
from autograder.reference import reference_namespace
from autograder.secret import CourseSecret
from autograder.suite import Suite
from autograder.truth import Truth

Variant = Callable[[dict[str, object]], None]
MASTERS_OWN = "the master's own"


@dataclass
class Acceptance:
    """What came of the right answers to one exercise.

    Attributes:
        variants: the names of the variants that answer it in another way.
        gradings: how often an answer was graded, each with fresh inputs for all its cases.
        rejected: what was off, with the variant and the seed.
    """

    variants: list[str] = field(default_factory=list)
    gradings: int = 0
    rejected: list[str] = field(default_factory=list)


def accepted(master: Master, suite: Suite, variants: Sequence[Variant], seeds: range) -> dict[str, Acceptance]:
    """Grade the master's answer and every variant of it with each seed, exercise by exercise."""
    truth = Truth(master, suite)
    found = {exercise.name: Acceptance() for exercise in suite.exercises}
    answers = [(MASTERS_OWN, reference_namespace(master), list(found))]
    for variant in variants:
        after = reference_namespace(master)  # its functions look each other up here, so it is changed in place
        before = dict(after)
        variant(after)
        answers.append((variant.__name__, after, [name for name in found if after[name] is not before[name]]))
    for label, _, names in answers[1:]:
        for name in names:
            found[name].variants.append(label)
    for seed in seeds:
        judge = Judge(master.stage, truth, seed, CourseSecret(bytes(32)))
        for label, namespace, names in answers:
            for name in names:
                _grade(judge, namespace, name, f"{label}, seed {seed}", found[name])
    return found


def _grade(judge: Judge, namespace: dict[str, object], name: str, where: str, found: Acceptance) -> None:
    found.gradings += 1
    bench = LocalSession(namespace).bench()
    off = [one.case.title for one in judge.drawn(name) if not judge.outcome(bench, one).right]
    found.rejected.extend(f"{name}, {where}: {title}" for title in off)
