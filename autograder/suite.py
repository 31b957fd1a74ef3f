"""What a suite is made of. Suites live in ``autograder/suites``, mistakes in ``autograder/mistakes``."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from autograder.course import CourseError, Stage
from autograder.student import Play, Returns
from seqlab.checking.values import Array

Draw = Callable[[np.random.Generator], Mapping[str, Array]]
Oracle = Callable[..., Mapping[str, Array]]


@dataclass(frozen=True)
class Case:
    """One call with inputs.

    Attributes:
        title: what the case looks at, in words that may be shown to students.
        draw: makes the inputs from a random generator; a known case ignores the generator.
        play: what is done with the inputs and which results count.
        weight: the case's part of the exercise's points when grading; 0 keeps it out of the hidden cases.
        public: whether the stage's ``checks.h5`` carries it (with inputs of its own).
        guards_inputs: whether writing into an input costs the case.
    """

    title: str
    draw: Draw
    play: Play
    weight: float = 1.0
    public: bool = True
    guards_inputs: bool = False


@dataclass(frozen=True)
class ToyLine:
    """One line of a toy: a label, the array, and the output (and time step) it is the student's turn to show."""

    label: str
    numbers: Array
    output: str | None = None
    step: int | None = None


@dataclass(frozen=True)
class ToyCase:
    """A tiny case and a function that computes every intermediate array from its inputs, in order."""

    draw: Draw
    play: Play
    lines: Callable[..., Sequence[ToyLine]]


@dataclass(frozen=True)
class ExerciseSuite:
    """The cases of one exercise, the independent oracle that its truth is checked against, and its toy.

    ``oracle(**inputs)`` returns the outputs of the plays by name, computed without the master's answers.
    """

    name: str
    cases: tuple[Case, ...]
    oracle: Oracle
    toy: ToyCase | None = None


@dataclass(frozen=True)
class Mistake:
    """A named wrong answer: the exercise's own answer with some text replaced.

    ``edits`` are pairs (text of the answer, what a student writes instead); each must occur exactly once.
    """

    key: str
    exercise: str
    edits: tuple[tuple[str, str], ...]
    says: str
    asks: str


@dataclass(frozen=True)
class Suite:
    """The cases of a stage, and the names of the values its functions return."""

    stage: str
    returns: Returns
    exercises: tuple[ExerciseSuite, ...]
    mistakes: tuple[Mistake, ...] = field(default=())

    def exercise(self, name: str) -> ExerciseSuite:
        """The suite of one exercise."""
        return next(exercise for exercise in self.exercises if exercise.name == name)


def load_suite(stage: Stage) -> Suite:
    """Import the suite and the mistakes of a stage and check them against course.toml.

    Raises:
        CourseError: a module is missing, or it names exercises that the stage does not have, or misses some.
    """
    suite_module, mistake_module = f"autograder.suites.{stage.id}", f"autograder.mistakes.{stage.id}"
    for module in (suite_module, mistake_module):
        if importlib.util.find_spec(module) is None:
            raise CourseError(f"stage {stage.id} needs the file {module.replace('.', '/')}.py; it does not exist")
    found: Suite = importlib.import_module(suite_module).SUITE
    mistakes: tuple[Mistake, ...] = importlib.import_module(mistake_module).MISTAKES
    suite = Suite(found.stage, found.returns, found.exercises, mistakes)
    problems = list(_problems(suite, stage))
    if problems:
        raise CourseError(f"the suite of {stage.id} does not fit course.toml: " + "; ".join(problems))
    return suite


def _problems(suite: Suite, stage: Stage) -> Iterator[str]:
    if suite.stage != stage.id:
        yield f"it says it is the suite of {suite.stage}"
    names = [exercise.name for exercise in suite.exercises]
    for name in dict.fromkeys([*names, *stage.points]):
        if names.count(name) != 1 or name not in stage.points:
            known = (
                "is not in course.toml" if name not in stage.points else f"has {names.count(name)} suites, expected 1"
            )
            yield f"exercise {name} {known}"
    for exercise in suite.exercises:
        if sum(case.weight for case in exercise.cases) <= 0 or not any(case.public for case in exercise.cases):
            yield f"exercise {exercise.name} needs at least one hidden case with a weight and one public case"
    yield from (
        f"mistake {m.key} is for {m.exercise}, which has no suite" for m in suite.mistakes if m.exercise not in names
    )
    keys = [mistake.key for mistake in suite.mistakes]
    yield from (f"mistake {key} stands twice" for key in dict.fromkeys(keys) if keys.count(key) > 1)
