"""Doing the steps of a case with a student's own functions, in the process where those live."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType

import numpy as np

from seqlab.checking.guards import Guard, Hit, Watch
from seqlab.checking.steps import Json, Plan, Step
from seqlab.checking.values import Array, Value, describe_type, fresh_copies, value_of

MAX_MESSAGE = 2000
PACKAGE = str(Path(__file__).parents[1])


class StudentError(Exception):
    """The student's code could not do a step. The text is written for the student.

    ``unfinished`` is true where the reason is a stub that was not filled in yet.
    """

    def __init__(self, message: str, unfinished: bool = False) -> None:
        super().__init__(message[:MAX_MESSAGE])
        self.unfinished = unfinished


class Workbench:
    """A namespace of student functions, the inputs of one case, and the results of the steps so far."""

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._namespace = namespace
        self._originals: dict[str, Array] = {}
        self._inputs: dict[str, Array] = {}
        self._results: list[object] = []
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
        parent = self._target(step)
        try:
            if step.op == "attr":
                return getattr(parent, str(step.key))
            return parent[step.key]  # type: ignore[index]
        except Exception as error:
            raise StudentError(f"expected a result with {step.key!r}, found {describe_type(parent)}") from error

    def _call(self, step: Step) -> object:
        function = self._target(step)
        label = step.target if isinstance(step.target, str) else getattr(function, "__qualname__", "the object")
        args = [self._decode(arg) for arg in step.args]
        kwargs = {name: self._decode(arg) for name, arg in step.kwargs.items()}
        try:
            result = function(*args, **kwargs)  # type: ignore[operator]
        except NotImplementedError as error:
            raise StudentError(_explain(str(label), error), unfinished=True) from error
        except Exception as error:
            raise StudentError(_explain(str(label), error)) from error
        _require_count(str(label), step.returns, result)
        return result

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


def _require_count(label: str, names: tuple[str, ...], result: object) -> None:
    if len(names) < 2 or (isinstance(result, (tuple, list)) and len(result) == len(names)):
        return
    wanted = ", ".join(names)
    raise StudentError(f"{label} should return {len(names)} things ({wanted}), yours returned {describe_type(result)}")


def _explain(label: str, error: BaseException) -> str:
    if isinstance(error, NotImplementedError):
        inner = _last_function(error.__traceback__)
        return f"{inner or label} is not written yet"
    line = _last_line(error.__traceback__)
    where = f", at `{line}`" if line else ""
    return f"{label} stopped with {type(error).__name__}: {error}{where}"


def _last_line(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    own = [frame.line for frame in frames if not frame.filename.startswith(PACKAGE) and frame.line]
    return own[-1].strip() if own else ""


def _last_function(trace: TracebackType | None) -> str:
    codes = [frame.f_code for frame, _ in traceback.walk_tb(trace)]
    own = [code.co_qualname for code in codes if code.co_filename != __file__]
    return own[-1] if own else ""
