"""Whether two files of checks say the same up to rounding.

Another processor may round the last digit of a product differently. A release therefore keeps the committed
checks.h5 where it says the same as the one just made, so that rebuilds are byte-identical on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from seqlab.checking.casefile import CheckFile, CheckFileError, ExerciseChecks, PublicCase, read_checks
from seqlab.checking.compare import agree, precision_of
from seqlab.checking.values import Value, layout_of


def say_the_same(first: Path, second: Path) -> bool:
    """Whether both files are there, sound, and say the same up to rounding."""
    try:
        return same_checks(read_checks(first), read_checks(second))
    except CheckFileError:
        return False


def same_checks(first: CheckFile, second: CheckFile) -> bool:
    """Whether two files of checks have the same cases and inputs, and the same numbers up to rounding."""
    if (first.stage, first.mistakes, list(first.exercises)) != (second.stage, second.mistakes, list(second.exercises)):
        return False
    pairs = [(first.exercises[name], second.exercises[name]) for name in first.exercises]
    if any(_frame(one) != _frame(other) for one, other in pairs):
        return False
    cases = [case for one, other in pairs for case in zip(one.cases, other.cases, strict=True)]
    toys = [(one.toy, other.toy) for one, other in pairs if one.toy is not None and other.toy is not None]
    labels = all([row.label for row in one.rows] == [row.label for row in other.rows] for one, other in toys)
    return labels and all(_same_case(*pair) for pair in [*cases, *((one.case, other.case) for one, other in toys)])


def _frame(checks: ExerciseChecks) -> tuple[object, ...]:
    return len(checks.cases), checks.toy is None, checks.guard


def _same_case(first: PublicCase, second: PublicCase) -> bool:
    heads = [
        (case.title, case.plan, case.guards_inputs, list(case.inputs), set(case.mistakes)) for case in (first, second)
    ]
    if heads[0] != heads[1] or not all(_same_input(first, second, name) for name in first.inputs):
        return False
    precision = precision_of(first.inputs.values())
    pairs = [(first.expected, second.expected)] + [
        (first.mistakes[key], second.mistakes[key]) for key in first.mistakes
    ]
    return all(_same_values(one, other, precision) for one, other in pairs)


def _same_input(first: PublicCase, second: PublicCase, name: str) -> bool:
    one, other = first.inputs[name], second.inputs[name]
    return one.dtype == other.dtype and layout_of(one) == layout_of(other) and np.array_equal(one, other)


def _same_values(first: Mapping[str, Value], second: Mapping[str, Value], precision: str) -> bool:
    return list(first) == list(second) and all(
        (first[name].kind, first[name].dtype) == (second[name].kind, second[name].dtype)
        and agree(first[name], second[name], precision)
        for name in first
    )
