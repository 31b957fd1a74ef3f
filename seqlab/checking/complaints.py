"""What is said to a student whose code could not do a step of a case."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from seqlab.checking.compare import shape_text
from seqlab.checking.steps import Plan, Step
from seqlab.checking.values import describe_type

MAX_MESSAGE = 2000
PACKAGE = str(Path(__file__).parents[1])
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class StudentError(Exception):
    """The student's code could not do a step. The text is written for the student.

    ``unfinished`` is true where the reason is a stub that was not filled in yet.
    """

    def __init__(self, message: str, unfinished: bool = False) -> None:
        super().__init__(message[:MAX_MESSAGE])
        self.unfinished = unfinished


def called(step: Step, function: object) -> str:
    """What a call is named after: the exercise, the method, or a module's ``forward``."""
    if isinstance(step.target, str):
        return step.target
    name = getattr(function, "__qualname__", None)
    return str(name) if name else type(function).__name__ + (".forward" if hasattr(function, "forward") else "")


def stopped(label: str, error: BaseException) -> str:
    """A call that raised: what, and at which line of the student's own."""
    if isinstance(error, NotImplementedError):
        return f"{_last_function(error.__traceback__) or label} is not written yet"
    line = _last_line(error.__traceback__)
    where = f", at `{line}`" if line else ""
    return f"{label} stopped with {type(error).__name__}: {error}{where}"


def wrong_count(label: str, names: Sequence[str], result: object) -> str:
    """A call that returned another number of things."""
    return f"{label} should return {len(names)} things ({', '.join(names)}), yours returned {describe_type(result)}"


def nothing_returned(label: str) -> str:
    """A call that should have returned something."""
    return f"{label} returned None: is a `return` missing?"


@dataclass(frozen=True)
class Names:
    """What the results of a plan's steps are called: ``labels`` has those of the calls, by their place."""

    plan: Plan
    labels: Mapping[int, str]

    def of(self, place: int | str | None) -> str:
        """As an output of the case, as a returned value, or after the call."""
        outputs = {index: name for name, index in self.plan.outputs.items()}
        if not isinstance(place, int):
            return str(place)
        if place in outputs or place in self.labels:
            return outputs.get(place) or self.labels[place]
        step = self.plan.steps[place]
        if step.op == "attr":
            return f"{self.of(step.target)}.{step.key}"
        returned = self.plan.steps[step.target].returns if isinstance(step.target, int) else ()
        return returned[step.key] if isinstance(step.key, int) and step.key < len(returned) else f"item {step.key!r}"

    def of_items(self, place: int | str | None) -> list[str]:
        """The items that the plan takes of a result by number, under the names of what they become."""
        taken = {
            step.key: index
            for index, step in enumerate(self.plan.steps)
            if step.op == "item" and step.target == place and isinstance(step.key, int)
        }
        return [self.of(taken[key]) if key in taken else "…" for key in range(max(taken, default=-1) + 1)]


def nothing_there(names: Names, step: Step, parent: object) -> str:
    """A result without the item or attribute that the case needs."""
    name = names.of(step.target)
    if step.op == "item" and isinstance(parent, Mapping):
        return f"{name} has no {step.key!r}; it has {', '.join(map(str, parent)) or 'nothing'}"
    if step.op == "item" and len(wanted := names.of_items(step.target)) > 1:
        return wrong_count(name, wanted, parent)
    what = f"an item {step.key!r}" if step.op == "item" else str(step.key)
    return f"{name} should have {what}, and is {describe_type(parent)}"


def tensor_in_place_of_several(names: Names, step: Step, parent: object) -> str:
    """One tensor where several things should be returned: it can be indexed too, and would fail later and elsewhere."""
    if not hasattr(parent, "shape") or not isinstance(step.target, int) or step.target not in names.labels:
        return ""
    wanted = names.of_items(step.target)
    return wrong_count(names.labels[step.target], wanted, parent) if len(wanted) > 1 else ""


def gradient_that_does_not_fit(names: Names, step: Step, output: object, gradient: object) -> str:
    """What is wrong with the shape of ``output`` where ``step`` is about to send a gradient into it; empty if nothing.

    torch would say so in words about ``grad_output``, which the student has never heard of.
    """
    found, expected = getattr(output, "shape", None), getattr(gradient, "shape", None)
    if found is None or expected is None or found == expected:
        return ""
    return f"{names.of(step.target)}: {shape_text(str(tuple(found)), str(tuple(expected)))}"


def _last_line(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    own = [frame.line for frame in frames if not frame.filename.startswith((PACKAGE, *LIBRARIES)) and frame.line]
    return own[-1].strip() if own else ""


def _last_function(trace: TracebackType | None) -> str:
    codes = [frame.f_code for frame, _ in traceback.walk_tb(trace)]
    own = [code.co_qualname for code in codes if not code.co_filename.startswith((PACKAGE, *LIBRARIES))]
    return own[-1] if own else ""
