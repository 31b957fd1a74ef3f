"""The public cases of a stage as data: draw them, take the truth and every mistake's outputs, record the plan."""

from __future__ import annotations

import hashlib

import numpy as np

from autograder.course import REPORT
from autograder.suite import ExerciseSuite, Suite, ToyCase, ToyLine
from autograder.truth import DrawnCase, Truth
from seqlab.checking.casefile import CheckFile, ExerciseChecks, NamedMistake, PublicCase, Toy, ToyRow
from seqlab.checking.values import value_of


def public_checks(suite: Suite, truth: Truth) -> CheckFile:
    """Everything that ``checks.h5`` holds for a stage; the same suite gives the same checks.

    Raises:
        OraclesDisagree: the two oracles differ on a public case.
    """
    exercises = {exercise.name: _exercise_checks(exercise, truth) for exercise in suite.exercises}
    mistakes = {m.key: NamedMistake(m.key, m.exercise, m.says, m.asks) for m in suite.mistakes}
    return CheckFile(suite.stage, exercises, mistakes)


def public_generator(stage: str, exercise: str, title: str) -> np.random.Generator:
    """The generator of a public case's inputs; it depends on the names only, never on the hidden cases' seed."""
    digest = hashlib.sha256(f"public/{stage}/{exercise}/{title}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def public_draws(exercise: ExerciseSuite, truth: Truth) -> list[DrawnCase]:
    """The public cases of an exercise, always with the same inputs."""
    place = (truth.stage.id, exercise.name)
    return [truth.draw(exercise, case, public_generator(*place, case.title)) for case in exercise.cases if case.public]


def _exercise_checks(exercise: ExerciseSuite, truth: Truth) -> ExerciseChecks:
    stage = truth.stage.id
    drawn = public_draws(exercise, truth)
    guard = None if truth.stage.rules(exercise.name).cost == REPORT else truth.stage.guard(exercise.name)
    toy = None if exercise.toy is None else _toy(stage, exercise.name, exercise.toy, truth)
    return ExerciseChecks(exercise.name, tuple(_public_case(one, truth) for one in drawn), toy, guard)


def _public_case(drawn: DrawnCase, truth: Truth) -> PublicCase:
    case = drawn.case
    return PublicCase(case.title, drawn.plan, drawn.inputs, drawn.expected, truth.mistaken(drawn), case.guards_inputs)


def _toy(stage: str, name: str, toy: ToyCase, truth: Truth) -> Toy:
    inputs = dict(toy.draw(public_generator(stage, name, "toy")))
    plan, expected = truth.expected_of(toy.play, inputs)
    rows = tuple(_row(line) for line in toy.lines(**inputs))
    return Toy(PublicCase("toy", plan, inputs, expected), rows)


def _row(line: ToyLine) -> ToyRow:
    return ToyRow(line.label, value_of(np.asarray(line.numbers)).numbers, line.output, line.step)
