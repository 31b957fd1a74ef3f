"""The student as a suite sees it: call their functions as if they were local.

A *play* is a plain function ``play(student, **inputs)`` that returns named results. What it does with
``student`` becomes a plan (:mod:`seqlab.checking.steps`), which is done on a bench: the reference's own (truth), the
notebook's (public checks) or the sandbox's (grading). A play may hand over only the case's inputs, earlier results and
plain scalars, and sees no values, so that each case is data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from seqlab.checking.steps import Json, Plan, Step
from seqlab.checking.values import Array, Value

Inputs = Mapping[str, Array]
Returns = Mapping[str, tuple[str, ...]]


class Bench(Protocol):
    """Where plans are done."""

    def perform(self, plan: Plan, inputs: Inputs) -> None:
        """Start a case and do its steps."""

    def value(self, index: int) -> Value:
        """The result of a step as data."""

    def changed_inputs(self) -> list[str]:
        """The inputs that were written into."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """An input that is to arrive as a torch tensor, with or without a gradient."""

    array: Array
    requires_grad: bool = False


def tensor(array: Array, requires_grad: bool = False) -> Tensor:
    """Hand over ``array`` as a torch tensor of the same dtype and shape."""
    return Tensor(array, requires_grad)


def answered_twice(student: Student, model: Handle, *arrays: Array) -> Any:
    """What a model returns when it is put the same tensors, of ``arrays``, a second time."""
    given = [student.put(tensor(array)) for array in arrays]
    model(*given)
    return model(*given)


class Handle:
    """A result that stays with the student's code; call it, or take attributes and items of it."""

    __slots__ = ("_index", "_play")

    def __init__(self, play: PlayRun, index: int) -> None:
        self._play = play
        self._index = index

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return self._play.call(self._index, args, kwargs)

    def __getattr__(self, name: str) -> Handle:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._play.do(Step("attr", self._index, name))

    def __getitem__(self, key: str | int) -> Handle:
        return self._play.do(Step("item", self._index, key))

    def __iter__(self) -> Any:
        raise TypeError("a play can unpack only the result of a function whose values the suite's `returns` names")


class Student:
    """``student.rnn_step_forward(x, ...)`` in a play."""

    def __init__(self, play: PlayRun) -> None:
        self._play = play

    def put(self, value: object) -> Handle:
        """Lay an input in place and return its handle, to read its gradient later."""
        return self._play.do(Step("put", args=(self._play.encode(value),)))

    def taken_of(self, name: str, attribute: str) -> Handle:
        """An attribute of one of the student's own classes, such as a static method; nothing is made of the class."""
        return self._play.do(Step("attr", name, attribute))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._play.call(name, args, kwargs)


Play = Callable[..., Mapping[str, Handle]]


class PlayRun:
    """One run of a play: turns what the play does into steps, and remembers them."""

    def __init__(self, inputs: Inputs, returns: Returns) -> None:
        self._inputs = inputs
        self._returns = returns
        self._steps: list[Step] = []

    def call(self, target: str | int, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        """Call a student's function (by name) or an earlier result; unpack what it is known to return."""
        names = self._returns.get(self._called(target), ())
        encoded = tuple(self.encode(arg) for arg in args)
        step = Step("call", target, None, encoded, {k: self.encode(v) for k, v in kwargs.items()}, names)
        whole = self.do(step)
        return whole if len(names) < 2 else tuple(whole[place] for place in range(len(names)))

    def do(self, step: Step) -> Handle:
        """Note a step, and hand out what stands for its result."""
        self._steps.append(step)
        return Handle(self, len(self._steps) - 1)

    def encode(self, argument: object) -> Json:
        """Write an argument down as data.

        Raises:
            TypeError: it is neither an input, a result, a scalar, nor a list or dict of those.
        """
        if isinstance(argument, Handle):
            return {"step": argument._index}
        if isinstance(argument, Tensor):
            return {"tensor": self._input_name(argument.array), "requires_grad": argument.requires_grad}
        if isinstance(argument, np.ndarray):
            return {"input": self._input_name(argument)}
        if isinstance(argument, (list, tuple)):
            return {"list": [self.encode(item) for item in argument]}
        if isinstance(argument, dict):
            return {"dict": {str(name): self.encode(item) for name, item in argument.items()}}
        if argument is None or isinstance(argument, (bool, int, float, str)):
            return {"literal": argument}
        raise TypeError(f"a play cannot hand over {type(argument).__name__}; pass an input, a result or a scalar")

    def plan(self, outputs: Mapping[str, Handle]) -> Plan:
        """What was done, as data."""
        return Plan(tuple(self._steps), {name: handle._index for name, handle in outputs.items()})

    def _called(self, target: str | int) -> str:
        """What ``returns`` calls a target: ``rnn_forward`` for a function, ``.loss`` for a method."""
        if isinstance(target, str):
            return target
        step = self._steps[target]
        return f".{step.key}" if step.op == "attr" else ""

    def _input_name(self, array: Array) -> str:
        for name, value in self._inputs.items():
            if value is array:
                return name
        raise TypeError("a play may pass only whole inputs of its case; make the derived array an input too")


def plan_of(play: Play, inputs: Inputs, returns: Returns) -> Plan:
    """What ``play`` does, as data.

    Raises:
        TypeError: it hands over what a play may not.
    """
    run = PlayRun(inputs, returns)
    return run.plan(play(Student(run), **inputs))


def run_play(bench: Bench, play: Play, inputs: Inputs, returns: Returns) -> Plan:
    """Do on ``bench`` what ``play`` does and return its plan; the results stay on the bench.

    Raises:
        StudentError: the student's code could not do a step.
    """
    plan = plan_of(play, inputs, returns)
    bench.perform(plan, inputs)
    return plan
