"""What is right: the reference's outputs for a case, granted only where an independent oracle agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from autograder.authoring.master import Master
from autograder.reference import reference_namespace
from autograder.student import Inputs, Play, run_play
from autograder.suite import Case, ExerciseSuite, Suite
from seqlab.checking.compare import agree, precision_of
from seqlab.checking.complaints import StudentError
from seqlab.checking.outcome import fetch
from seqlab.checking.steps import Plan
from seqlab.checking.values import NotAValue, Value, fresh_copies, value_of
from seqlab.checking.workbench import Workbench

Outputs = dict[str, Value]


class OraclesDisagree(Exception):
    """The two oracles differ on a case, so neither may judge a student; the text says where."""


@dataclass(frozen=True, eq=False)
class DrawnCase:
    """A case with its inputs drawn and its truth known; ``plan`` says the same as its play, as data.

    Two of them are the same only if they are one.
    """

    exercise: str
    case: Case
    inputs: Inputs
    expected: Mapping[str, Value]
    plan: Plan


class Truth:
    """The oracles of one stage, with the mistaken namespaces made when first needed."""

    def __init__(self, master: Master, suite: Suite) -> None:
        self.suite = suite
        self.stage = master.stage
        self._master = master
        self._reference = reference_namespace(master)
        self._namespaces: dict[str, dict[str, object]] = {}
        self._mistaken: WeakKeyDictionary[DrawnCase, dict[str, Outputs]] = WeakKeyDictionary()

    def draw(self, exercise: ExerciseSuite, case: Case, rng: np.random.Generator) -> DrawnCase:
        """Draw the inputs of a case and establish its truth.

        Raises:
            OraclesDisagree: the reference fails on the case, or differs from the independent oracle.
        """
        inputs = dict(case.draw(rng))
        where = f"{self.suite.stage}, {exercise.name}, case {case.title!r}"
        plan, expected = self._expected(where, case.play, inputs)
        precision = precision_of(inputs.values())
        other = exercise.oracle(**fresh_copies(inputs))
        for name, value in expected.items():
            if name not in other:
                raise OraclesDisagree(f"{where}: the oracle gives no {name}")
            if not agree(value, value_of(np.asarray(other[name])), precision):
                raise OraclesDisagree(f"{where}: the master's {name} and the oracle's differ")
        return DrawnCase(exercise.name, case, inputs, expected, plan)

    def expected_of(self, play: Play, inputs: Inputs) -> tuple[Plan, Outputs]:
        """The reference's outputs for inputs given from outside (toys)."""
        return self._expected(f"{self.suite.stage}, toy", play, inputs)

    def mistaken(self, drawn: DrawnCase) -> dict[str, Outputs]:
        """What each named mistake of the stage returns for a case, where it differs from the truth.

        The exercise's own mistakes come first, then those of the exercises it builds on. Worked out once for a case.
        """
        if drawn not in self._mistaken:
            own_first = sorted(self.suite.mistakes, key=lambda mistake: mistake.exercise != drawn.exercise)
            outputs = {mistake.key: self._wrong_outputs(mistake.key, drawn) for mistake in own_first}
            self._mistaken[drawn] = {key: values for key, values in outputs.items() if values}
        return self._mistaken[drawn]

    def _expected(self, where: str, play: Play, inputs: Inputs) -> tuple[Plan, Outputs]:
        bench = Workbench(self._reference)
        try:
            plan = run_play(bench, play, inputs, self.suite.returns)
            return plan, {name: bench.value(place) for name, place in plan.outputs.items()}
        except (StudentError, NotAValue) as error:
            raise OraclesDisagree(f"{where}: the master's own answer fails: {error}") from error

    def _wrong_outputs(self, key: str, drawn: DrawnCase) -> Outputs:
        bench = Workbench(self._namespace(key))
        try:
            plan = run_play(bench, drawn.case.play, drawn.inputs, self.suite.returns)
        except StudentError:
            return {}
        got = {name: fetch(bench, place) for name, place in plan.outputs.items()}
        values = {name: value for name, value in got.items() if isinstance(value, Value)}
        precision = precision_of(drawn.inputs.values())
        return {name: value for name, value in values.items() if not agree(drawn.expected[name], value, precision)}

    def _namespace(self, key: str) -> dict[str, object]:
        if key not in self._namespaces:
            mistake = next(mistake for mistake in self.suite.mistakes if mistake.key == key)
            self._namespaces[key] = reference_namespace(self._master, mistake)
        return self._namespaces[key]
