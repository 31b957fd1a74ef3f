"""Doing the steps of a case with a student's own functions, in the process where those live."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import numpy as np

from seqlab.checking.complaints import (
    Names,
    StudentError,
    called,
    gradient_that_does_not_fit,
    nothing_returned,
    nothing_there,
    stopped,
    tensor_in_place_of_several,
    wrong_count,
)
from seqlab.checking.guards import Guard, Hit, Watch
from seqlab.checking.steps import Json, Plan, Step
from seqlab.checking.values import Array, Value, fresh_copies, value_of


class Workbench:
    """A namespace of student functions, the inputs of one case, and the results of the steps so far."""

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._namespace = namespace
        self._originals: dict[str, Array] = {}
        self._inputs: dict[str, Array] = {}
        self._results: list[object] = []
        self._plan = Plan((), {})
        self._labels: dict[int, str] = {}
        self._watch: Watch | None = None

    def guard(self, guard: Guard | None) -> None:
        """Watch, from now on, which libraries the student's code leans on; what was found before is forgotten."""
        self._watch = Watch(guard) if guard else None

    def guarded(self) -> list[Hit]:
        """What the steps since :meth:`guard` used against it."""
        return self._watch.hits() if self._watch else []

    def perform(self, plan: Plan, inputs: Mapping[str, Array]) -> None:
        """Start a case: forget all results, lay out fresh copies of its inputs, do each step and keep its result.

        Raises:
            StudentError: the student's code raised, is missing, or returned the wrong number of values.
        """
        self._originals = fresh_copies(inputs)
        self._inputs = fresh_copies(inputs)
        self._results = []
        self._plan = plan
        self._labels = {}
        with self._watch.watching() if self._watch else nullcontext():
            for step in plan.steps:
                self._results.append(self._do(step))

    def value(self, index: int) -> Value:
        """The result of step ``index`` as data.

        Raises:
            NotAValue: the result is not an array, tensor or number.
        """
        return value_of(self._results[index])

    def changed_inputs(self) -> list[str]:
        """The names of the inputs that the student's code wrote into since :meth:`begin`."""
        pairs = ((name, self._originals[name], self._inputs[name]) for name in self._inputs)
        return [name for name, old, new in pairs if not np.array_equal(old, new, equal_nan=True)]

    def inputs(self) -> dict[str, Array]:
        """The inputs as they are now, whatever was written into them."""
        return dict(self._inputs)

    def _do(self, step: Step) -> object:
        if step.op == "put":
            return self._decode(step.args[0])
        if step.op == "call":
            return self._call(step)
        return self._taken(step, self._target(step))

    def _taken(self, step: Step, parent: object) -> object:
        """An attribute or an item of an earlier result."""
        if step.op == "item" and (trouble := tensor_in_place_of_several(self._names(), step, parent)):
            raise StudentError(trouble)
        try:
            return getattr(parent, str(step.key)) if step.op == "attr" else parent[step.key]  # type: ignore[index]
        except Exception as error:
            raise StudentError(nothing_there(self._names(), step, parent)) from error

    def _names(self) -> Names:
        return Names(self._plan, self._labels)

    def _call(self, step: Step) -> object:
        function = self._target(step)
        label = self._labels[len(self._results)] = called(step, function)
        args = [self._decode(arg) for arg in step.args]
        kwargs = {name: self._decode(arg) for name, arg in step.kwargs.items()}
        self._require_fitting_gradient(step, args)
        try:
            result = function(*args, **kwargs)  # type: ignore[operator]
        except NotImplementedError as error:
            raise StudentError(stopped(label, error), unfinished=True) from error
        except Exception as error:
            raise StudentError(stopped(label, error)) from error
        if result is None and (step.returns or len(self._results) in self._plan.outputs.values()):
            raise StudentError(nothing_returned(label))
        if len(step.returns) > 1 and not (isinstance(result, (tuple, list)) and len(result) == len(step.returns)):
            raise StudentError(wrong_count(label, step.returns, result))
        return result

    def _require_fitting_gradient(self, step: Step, args: Sequence[object]) -> None:
        method = self._plan.steps[step.target] if isinstance(step.target, int) else step
        if method.op != "attr" or method.key != "backward" or not isinstance(method.target, int) or not args:
            return
        if trouble := gradient_that_does_not_fit(self._names(), method, self._results[method.target], args[0]):
            raise StudentError(trouble)

    def _target(self, step: Step) -> object:
        if isinstance(step.target, int):
            return self._results[step.target]
        name = str(step.target)
        if name not in self._namespace:
            raise StudentError(f"{name} is not defined: run the cell that defines it first", unfinished=True)
        return self._namespace[name]

    def _decode(self, encoded: Json) -> object:
        if "literal" in encoded:
            return encoded["literal"]
        if "input" in encoded:
            return self._inputs[encoded["input"]]
        if "tensor" in encoded:
            torch = importlib.import_module("torch")
            tensor = torch.from_numpy(np.ascontiguousarray(self._inputs[encoded["tensor"]]).copy())
            return tensor.requires_grad_(encoded["requires_grad"])
        if "step" in encoded:
            return self._results[encoded["step"]]
        if "list" in encoded:
            return [self._decode(item) for item in encoded["list"]]
        return {name: self._decode(item) for name, item in encoded["dict"].items()}
