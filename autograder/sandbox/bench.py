"""A bench (:class:`autograder.student.Bench`) whose steps are done by a child in the sandbox."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.printable import LIMIT, printable
from autograder.sandbox.child import Child, Deadline
from seqlab.checking.complaints import StudentError
from seqlab.checking.guards import MAX_HITS, Guard, Hit
from seqlab.checking.steps import Plan
from seqlab.checking.values import Array, NotAValue, Value


class SandboxBench:
    """A bench (:class:`autograder.student.Bench`) whose steps are done by a child."""

    def __init__(self, child: Child, case_seconds: float, deadline: Deadline, cpu_seconds: float = math.inf) -> None:
        self._child = child
        self._case_seconds = case_seconds
        self._cpu_seconds = cpu_seconds
        self._deadline = deadline
        self._inputs: dict[str, Array] = {}
        self._answer: Mapping[str, Any] = {}
        self._arrays: Mapping[str, Array] = {}
        self._guard: Guard | None = None
        self._guarded: list[Hit] = []

    def guard(self, guard: Guard | None) -> None:
        """Have the child watch which libraries the student's code leans on, from the next case on."""
        self._guard = guard
        self._guarded = []

    def guarded(self) -> list[Hit]:
        """What the child says was used against the guard."""
        return self._guarded

    def perform(self, plan: Plan, inputs: Mapping[str, Array]) -> None:
        """Have a case done: one message there, one back, with all that is wanted of it.

        Raises:
            StudentError: the student's code could not do a step.
            ChildLost: there was no proper answer in time.
        """
        self._inputs, self._answer, self._arrays = dict(inputs), {}, {}
        guard = self._guard.to_json() if self._guard else None
        wanted = sorted(set(plan.outputs.values()))
        body = {"action": "case", "plan": plan.to_text(), "wanted": wanted, "guard": guard}
        allowed = self._deadline.allow(self._case_seconds, self._cpu_seconds)
        self._answer, self._arrays = self._child.request(body, allowed, self._inputs)
        self._guarded = _hits(self._answer.get("guarded"))
        if "student_error" in self._answer:
            raise StudentError(_words(self._answer["student_error"]), self._answer.get("unfinished") is True)

    def value(self, index: int) -> Value:
        """A wanted result.

        Raises:
            NotAValue: it is not numbers.
        """
        results = self._answer.get("results")
        said = results.get(str(index)) if isinstance(results, dict) else None
        told: Mapping[str, Any] = said if isinstance(said, dict) else {}
        if "not_a_value" in told:
            raise NotAValue(_words(told["not_a_value"], 200))
        kind, dtype, numbers = told.get("kind"), told.get("dtype"), self._arrays.get(f"out/{index}")
        if kind not in ("array", "tensor", "number") or not isinstance(dtype, str) or numbers is None:
            raise NotAValue("expected numbers, found something else")
        return Value(kind, printable(dtype, 20), numbers)

    def changed_inputs(self) -> list[str]:
        """The inputs that were written into: the child shows what lies there now, and it is compared here."""
        return [name for name, array in self._inputs.items() if not _same(array, self._arrays.get(f"in/{name}"))]


def _words(claim: object, limit: int = LIMIT) -> str:
    """What should be text; a child that was taken over may send anything."""
    return printable(claim, limit) if isinstance(claim, str) else "(no reason that is text)"


def _same(array: Array, now: Array | None) -> bool:
    return now is not None and now.dtype == array.dtype and np.array_equal(array, now, equal_nan=True)


def _hits(said: Any) -> list[Hit]:
    """The hits among what a child said; what does not look like one is left out."""
    pairs = [pair for pair in said[:MAX_HITS] if isinstance(pair, list)] if isinstance(said, list) else []
    return [(printable(pair[0], 80), printable(pair[1], 120)) for pair in pairs if len(pair) == 2]
