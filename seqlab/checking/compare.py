"""Judging one output against the expected one: type, shape, dtype, finiteness, values, in that order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqlab.checking.values import Array, Value

Problem = Literal["error", "type", "shape", "dtype", "not finite", "values", "changed inputs"]
RATIO_SPREAD = 1e-4
NEAR = 1e-4  # of the largest entry: what a passage through float32 may change, with room for sums


@dataclass(frozen=True)
class Tolerance:
    """Accept ``|got - expected| <= absolute * scale + relative * |expected|``.

    ``scale`` is the largest magnitude of the expected array, so that the rule does not depend on units. Where all of it
    is zero there is no scale, and ``rest`` is accepted: what rounding leaves of sums that should vanish.
    """

    relative: float
    absolute: float
    rest: float


TOLERANCES: Mapping[str, Tolerance] = {
    "float64": Tolerance(1e-7, 1e-9, 1e-14),
    "float32": Tolerance(2e-4, 2e-5, 1e-6),
    "bfloat16": Tolerance(5e-2, 2e-2, 2e-2),
    "float16": Tolerance(1e-2, 2e-3, 2e-3),
}
EXACT = Tolerance(0.0, 0.0, 0.0)
COARSEST_FIRST = ("bfloat16", "float16", "float32", "float64")


@dataclass(frozen=True)
class Mismatch:
    """How far the values are off: how many of how many, the largest difference, and the first place.

    ``ratio`` is what all values are off by, if they are off by one factor; ``near``, whether each is right but for what
    a shorter float would do to it. Integers have neither.
    """

    off: int
    total: int
    largest: float
    first: tuple[int, ...]
    got: float
    expected: float
    ratio: float | None
    near: bool = False


@dataclass(frozen=True)
class Finding:
    """What was found out about one output; ``problem`` is None when it is right.

    ``idle`` marks one that should be all zeros: it is right without any work.
    """

    output: str
    problem: Problem | None = None
    expected: str = ""
    found: str = ""
    mismatch: Mismatch | None = None
    idle: bool = False

    @property
    def right(self) -> bool:
        """Whether the output counts."""
        return self.problem is None


def precision_of(inputs: Iterable[Array]) -> str:
    """The coarsest floating dtype among the inputs of a case: nothing computed from them can be more exact."""
    names = {array.dtype.name for array in inputs}
    return next((name for name in COARSEST_FIRST if name in names), "float64")


def tolerance_for(expected: Value, precision: str) -> Tolerance:
    """The tolerance for an output of a case whose inputs have ``precision``; integers and booleans must be exact."""
    if expected.dtype not in TOLERANCES:
        return EXACT
    return TOLERANCES[next(name for name in COARSEST_FIRST if name in (expected.dtype, precision))]


def compare(output: str, expected: Value, got: Value, precision: str = "float64") -> Finding:
    """Judge ``got``: same kind, shape and dtype, finite where expected, and values within tolerance.

    ``precision`` is that of the case's inputs (:func:`precision_of`).
    """
    with np.errstate(all="ignore"):  # a wrong answer may hold any number, and is no news for the terminal
        return _compare(output, expected, got, precision)


def _compare(output: str, expected: Value, got: Value, precision: str) -> Finding:
    if not _same_kind(expected, got):
        return Finding(output, "type", kind_text(expected), kind_text(got))
    if expected.shape != got.shape:
        return Finding(output, "shape", str(expected.shape), str(got.shape))
    mismatch = _mismatch(expected, got, precision)
    if mismatch is not None and np.isfinite(expected.numbers).all() and not np.isfinite(got.numbers).all():
        return Finding(output, "not finite", "finite numbers", "nan or inf", mismatch)
    if mismatch is not None:
        return Finding(output, "values", mismatch=mismatch)
    if not _same_dtype(expected, got):
        return Finding(output, "dtype", expected.dtype, got.dtype)
    return Finding(output)


def agree(expected: Value, got: Value, precision: str = "float64") -> bool:
    """Whether shape and values agree within tolerance (NaN equals NaN here); kind and dtype do not matter."""
    if expected.shape != got.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(_close(expected.numbers, got.numbers, tolerance_for(expected, precision)).all())


def _same_kind(expected: Value, got: Value) -> bool:
    return expected.kind == got.kind or (expected.shape == () and got.shape == ())


def _same_dtype(expected: Value, got: Value) -> bool:
    if expected.shape == () or expected.dtype == got.dtype:
        return True
    return np.issubdtype(expected.numbers.dtype, np.integer) and np.issubdtype(got.numbers.dtype, np.integer)


def kind_text(value: Value) -> str:
    """What kind of thing a value is, in words."""
    return {"array": "a NumPy array", "tensor": "a torch tensor", "number": "a single number"}[value.kind]


def shape_text(found: str, expected: str) -> str:
    """How a shape, written as ``(3, 4)``, is off, in words."""
    sides, wanted = (sorted(shape.strip("()").split(", ")) for shape in (found, expected))
    return f"shape is {found}, expected {expected}" + (": the axes are in another order" if sides == wanted else "")


def _close(expected: Array, got: Array, tolerance: Tolerance) -> Array:
    wide, mine = expected.astype(np.float64), got.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    absolute = tolerance.absolute * _scale(finite) or tolerance.rest
    return np.isclose(mine, wide, rtol=tolerance.relative, atol=absolute, equal_nan=True)


def _mismatch(expected: Value, got: Value, precision: str) -> Mismatch | None:
    wrong = ~_close(expected.numbers, got.numbers, _tolerance_between(expected, got, precision))
    if not wrong.any():
        return None
    wide, mine = expected.numbers.astype(np.float64), got.numbers.astype(np.float64)
    gaps = np.where(wrong, np.abs(mine - wide), 0.0)
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    largest = float(np.nanmax(gaps)) if not np.isnan(gaps).all() else float("nan")
    whole = expected.dtype not in TOLERANCES
    near = not whole and bool(np.isfinite(mine).all()) and largest <= NEAR * _scale(wide[np.isfinite(wide)])
    ratio = None if whole else _ratio(wide, mine)
    return Mismatch(
        int(wrong.sum()), int(wrong.size), largest, first, float(mine[first]), float(wide[first]), ratio, near
    )


def _scale(finite: Array) -> float:
    return float(np.abs(finite).max(initial=0.0))


def _tolerance_between(expected: Value, got: Value, precision: str) -> Tolerance:
    """A float32 answer where float64 was expected has right values and a wrong dtype, not both wrong."""
    if (expected.dtype, got.dtype, precision) == ("float64", "float32", "float64"):
        return TOLERANCES["float32"]
    return tolerance_for(expected, precision)


def _ratio(expected: Array, got: Array) -> float | None:
    solid = np.abs(expected) > 1e-3 * max(float(np.abs(expected).max(initial=0.0)), 1e-300)
    if solid.sum() < 2 or not np.isfinite(got).all():
        return None
    ratios = got[solid] / expected[solid]
    middle = float(np.median(ratios))
    if not np.isfinite(ratios).all():
        return None
    if abs(middle) < 1e-6 or float(np.abs(ratios - middle).max()) > RATIO_SPREAD * abs(middle):
        return None
    return middle
