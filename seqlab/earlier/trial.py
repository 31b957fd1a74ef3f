"""Trying a student's own functions against the course's on a small case, and saying what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqlab.checking.compare import compare
from seqlab.checking.complaints import StudentError
from seqlab.checking.steps import Json, Plan, Step
from seqlab.checking.values import Array, NotAValue, Value
from seqlab.checking.wording import sentence
from seqlab.checking.workbench import Workbench
from seqlab.earlier.wrapping import FLOATING, Loss, Pair, Plain, Played, Supplied

SEED = 11


@dataclass(frozen=True)
class Outcome:
    """What came of trying the functions ``names``; ``trouble`` says why they are not used, and is empty if they are."""

    names: tuple[str, ...]
    trouble: str = ""


def try_out(supplied: Supplied, own: Mapping[str, Any]) -> Outcome:
    """Do with the functions in ``own`` what is done with the course's, and compare each result."""
    names = tuple(supplied.functions)
    missing = [name for name in names if name not in own]
    if missing:
        return Outcome(names, f"{missing[0]} is not defined there")
    try:
        expected, got = (_results(supplied, functions) for functions in (supplied.functions, own))
    except (StudentError, NotAValue) as error:
        return Outcome(names, str(error))
    findings = (compare(name, value, got[name]) for name, value in expected.items())
    wrong = next((finding for finding in findings if not finding.right), None)
    return Outcome(names, "" if wrong is None else f"{wrong.output}: {sentence(wrong)}")


def report(path: Path, outcomes: Sequence[Outcome], stopped: Sequence[str]) -> Iterator[str]:
    """What is used of a notebook, in a few lines."""
    used = [name for one in outcomes if not one.trouble for name in one.names]
    yield f"Yours, from {path.name}: {', '.join(used) or 'nothing'}."
    yield from (f"The course's: {', '.join(one.names)} ({one.trouble})." for one in outcomes if one.trouble)
    yield from (f"On the way, {line}." for line in stopped)


class _Script:
    """Calls of some functions, one after another, as steps."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def call(self, name: str, args: Sequence[Json], returns: tuple[str, ...]) -> int:
        """Call a function that returns these values; which step that is."""
        return self._add(Step("call", name, None, tuple(args), {}, returns))

    def item(self, step: int, place: int) -> int:
        """Take one of the things that a step returns; which step that is."""
        return self._add(Step("item", step, place))

    def items(self, step: int, names: Sequence[str]) -> dict[str, int]:
        """Take the first things that a step returns; which steps these are, by name."""
        return {name: self.item(step, place) for place, name in enumerate(names)}

    def results(
        self, functions: Mapping[str, Any], inputs: Mapping[str, Array], outputs: Mapping[str, int]
    ) -> dict[str, Value]:
        """Do the steps with ``functions``, and fetch what is wanted of them."""
        return fetched(functions, Plan(tuple(self._steps), outputs), inputs)

    def _add(self, step: Step) -> int:
        self._steps.append(step)
        return len(self._steps) - 1


def fetched(functions: Mapping[str, Any], plan: Plan, inputs: Mapping[str, Array]) -> dict[str, Value]:
    """Do the steps of a plan with ``functions``, and fetch its outputs."""
    bench = Workbench(functions)
    bench.perform(plan, inputs)
    return {name: bench.value(step) for name, step in plan.outputs.items()}


def _results(supplied: Supplied, functions: Mapping[str, Any]) -> dict[str, Value]:
    if isinstance(supplied, Plain):
        return _of_a_plain_one(supplied, functions)
    if isinstance(supplied, Played):
        return fetched(functions, supplied.plan, supplied.example(np.random.default_rng(SEED)))
    return _of_a_pair(supplied, functions) if isinstance(supplied, Pair) else _of_a_loss(supplied, functions)


def _of_a_pair(supplied: Pair, functions: Mapping[str, Any]) -> dict[str, Value]:
    """What a forward and a backward function return on the example, by name."""
    inputs = supplied.example(np.random.default_rng(SEED))
    upstream = _upstream(supplied, inputs)
    gradients = tuple(f"d{name}" for name, array in inputs.items() if array.dtype.kind == FLOATING)
    script = _Script()
    there = script.call(supplied.forward, _named(inputs), (*supplied.outputs, "cache"))
    cache = {"step": script.item(there, len(supplied.outputs))}
    back = script.call(supplied.backward, [*_named(upstream), cache], gradients)
    found = {gradients[0]: back} if len(gradients) == 1 else script.items(back, gradients)
    return script.results(functions, {**inputs, **upstream}, script.items(there, supplied.outputs) | found)


def _of_a_loss(supplied: Loss, functions: Mapping[str, Any]) -> dict[str, Value]:
    """What a loss function returns on the example, by name."""
    inputs = supplied.example(np.random.default_rng(SEED))
    names = ("loss", f"d{supplied.first}")
    script = _Script()
    outputs = script.items(script.call(supplied.name, _named(inputs), names), names)
    return script.results(functions, inputs, outputs)


def _of_a_plain_one(supplied: Plain, functions: Mapping[str, Any]) -> dict[str, Value]:
    """What a function without a way back returns on the example."""
    given = supplied.example(np.random.default_rng(SEED))
    inputs = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    script = _Script()
    arguments = [{"input": name} if name in inputs else {"literal": value} for name, value in given.items()]
    return script.results(functions, inputs, {"out": script.call(supplied.name, arguments, ())})


def _upstream(supplied: Pair, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """A gradient for each output."""
    *outputs, _ = supplied.functions[supplied.forward](**inputs)
    rng = np.random.default_rng(SEED)
    return {f"d{name}": rng.standard_normal(one.shape) for name, one in zip(supplied.outputs, outputs, strict=True)}


def _named(arrays: Iterable[str]) -> list[Json]:
    return [{"input": name} for name in arrays]
