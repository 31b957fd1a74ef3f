"""``toy(rnn_step_forward)``: a tiny case in full, every intermediate array beside the student's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from seqlab.checking.casefile import Toy, ToyRow
from seqlab.checking.compare import agree
from seqlab.checking.complaints import StudentError
from seqlab.checking.locate import checks_of, exercise_name, namespace_of
from seqlab.checking.outcome import fetch
from seqlab.checking.show import show
from seqlab.checking.values import Array, Value, value_of
from seqlab.checking.workbench import Workbench

RIGHT_MARK, WRONG_MARK = "✓", "✗ yours:"


@dataclass(frozen=True)
class ToyRun:
    """A toy and what the student's code returned for it (``outputs``), or why it returned nothing (``error``)."""

    exercise: str
    toy: Toy
    outputs: Mapping[str, Value]
    error: str = ""

    def __repr__(self) -> str:
        lines = [f"toy({self.exercise}): a tiny case, step by step", "", "what goes in"]
        lines += [_labelled(name, _text(array)) for name, array in self.toy.case.inputs.items()]
        lines += ["", "what is computed, in this order"]
        for row in self.toy.rows:
            lines.append(_labelled(row.label, self._beside(row)))
        if self.error:
            lines += ["", f"yours: {self.error}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre style='line-height:1.25'>{escape(repr(self))}</pre>"

    def _beside(self, row: ToyRow) -> str:
        mine = self._own(row)
        if mine is None:
            return _text(row.numbers)
        if agree(value_of(row.numbers), mine):
            return _columns(_text(row.numbers), RIGHT_MARK)
        return _columns(_text(row.numbers), f"{WRONG_MARK} ", _text(mine.numbers))

    def _own(self, row: ToyRow) -> Value | None:
        value = self.outputs.get(row.output or "")
        if value is None or row.step is None:
            return value
        if value.numbers.ndim < 2 or value.shape[1] <= row.step:
            return None
        return Value(value.kind, value.dtype, value.numbers[:, row.step])


def toy(student_object: Callable[..., object]) -> None:
    """Show a tiny case of an exercise with every intermediate array, beside what the student's code returns.

    Raises:
        TypeError, UnknownExercise, CheckFileError: as :func:`seqlab.check`.
    """
    show(run_toy(student_object))


def run_toy(student_object: Callable[..., object]) -> ToyRun:
    """Do what :func:`toy` does and return the run, without showing it.

    Raises:
        LookupError: the exercise has no toy.
    """
    name = exercise_name(student_object)
    tiny = checks_of(name)[1].toy
    if tiny is None:
        raise LookupError(f"{name} has no toy case; check({name}) says what is right and what is off")
    bench = Workbench(namespace_of(student_object))
    try:
        bench.perform(tiny.case.plan, tiny.case.inputs)
    except StudentError as error:
        return ToyRun(name, tiny, {}, str(error))
    return ToyRun(name, tiny, dict(_values(bench, tiny.case.plan.outputs)))


def _values(bench: Workbench, places: Mapping[str, int]) -> Iterator[tuple[str, Value]]:
    for output, place in places.items():
        value = fetch(bench, place)
        if isinstance(value, Value):
            yield output, value


def _text(array: Array) -> str:
    return np.array2string(array, precision=4, suppress_small=True, max_line_width=60)


def _labelled(label: str, block: str) -> str:
    return _columns(f"  {label} = ".ljust(26), block)


def _columns(*blocks: str) -> str:
    """Set blocks of lines side by side."""
    split = [block.split("\n") for block in blocks]
    height = max(len(lines) for lines in split)
    widths = [max(len(line) for line in lines) for lines in split]
    rows = [
        "  ".join((lines[i] if i < len(lines) else "").ljust(width) for lines, width in zip(split, widths, strict=True))
        for i in range(height)
    ]
    return "\n".join(row.rstrip() for row in rows)
