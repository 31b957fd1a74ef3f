"""A bench (:class:`autograder.student.Bench`) whose steps are done by a child in the sandbox."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.printable import LIMIT, printable
from autograder.sandbox.child import Child, Deadline
from seqlab.checking.guards import MAX_HITS, Guard, Hit
from seqlab.checking.steps import Step
from seqlab.checking.values import Array, NotAValue, Value
from seqlab.checking.workbench import StudentError


class SandboxBench:
    """A bench (:class:`autograder.student.Bench`) whose steps are done by a child."""

    def __init__(self, child: Child, call_seconds: float, deadline: Deadline, cpu_seconds: float = math.inf) -> None:
        self._child = child
        self._call_seconds = call_seconds
        self._cpu_seconds = cpu_seconds
        self._deadline = deadline
        self._inputs: dict[str, Array] = {}
        self._guard: Guard | None = None
        self._guarded: list[Hit] = []

    def guard(self, guard: Guard | None) -> None:
        """Have the child watch which libraries the student's code leans on, from the next case on."""
        self._guard = guard
        self._guarded = []

    def guarded(self) -> list[Hit]:
        """What the child says was used against the guard."""
        return self._guarded

    def begin(self, inputs: Mapping[str, Array]) -> None:
        """Lay out the inputs of a case."""
        self._inputs = dict(inputs)
        self._ask({"action": "begin", "guard": self._guard.to_json() if self._guard else None}, self._inputs)

    def run(self, step: Step) -> None:
        """Do a step.

        Raises:
            StudentError: the student's code could not do it.
            ChildLost: there was no proper answer in time.
        """
        self._ask({"action": "step", "step": step.to_json()})

    def value(self, index: int) -> Value:
        """Fetch a result.

        Raises:
            NotAValue: it is not numbers.
        """
        answer, arrays = self._ask({"action": "value", "index": index})
        if "not_a_value" in answer:
            raise NotAValue(_words(answer["not_a_value"], 200))
        kind, dtype = answer.get("kind"), answer.get("dtype")
        if kind not in ("array", "tensor", "number") or not isinstance(dtype, str) or "value" not in arrays:
            raise NotAValue("expected numbers, found something else")
        return Value(kind, printable(dtype, 20), arrays["value"])

    def changed_inputs(self) -> list[str]:
        """The inputs that were written into: the child shows what lies there now, and it is compared here."""
        try:
            _, now = self._ask({"action": "inputs"})
        except StudentError:
            now = {}
        return [name for name, array in self._inputs.items() if not _same(array, now.get(name))]

    def _ask(
        self, body: dict[str, Any], arrays: Mapping[str, Array] | None = None
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        answer, values = self._child.request(body, self._deadline.allow(self._call_seconds, self._cpu_seconds), arrays)
        if "guarded" in answer:
            self._guarded = _hits(answer["guarded"])
        if "student_error" in answer:
            raise StudentError(_words(answer["student_error"]), answer.get("unfinished") is True)
        return answer, values


def _words(claim: object, limit: int = LIMIT) -> str:
    """What should be text; a child that was taken over may send anything."""
    return printable(claim, limit) if isinstance(claim, str) else "(no reason that is text)"


def _same(array: Array, now: Array | None) -> bool:
    return now is not None and now.dtype == array.dtype and np.array_equal(array, now, equal_nan=True)


def _hits(said: Any) -> list[Hit]:
    """The hits among what a child said; what does not look like one is left out."""
    pairs = [pair for pair in said[:MAX_HITS] if isinstance(pair, list)] if isinstance(said, list) else []
    return [(printable(pair[0], 80), printable(pair[1], 120)) for pair in pairs if len(pair) == 2]
