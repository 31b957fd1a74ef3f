"""How far right answers are apart by rounding, and wrong ones at least: ``python -m autograder.proving.rounding``.

The tolerance has to lie between the two. The error of a short float is its distance from the same computation in a
longer one (float32 from float64, float64 from NumPy's longdouble), the largest of all outputs, each in parts of its
largest entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.authoring.master import read_master
from autograder.course import Course, find_root, load_course
from autograder.reference import answers_of
from autograder.suite import Suite, load_suite
from autograder.truth import DrawnCase, Truth
from seqlab.checking.compare import TOLERANCES
from seqlab.checking.values import Value

Array = NDArray[Any]
Passes = Callable[[Mapping[str, Any], Sequence[Array]], Sequence[Array]]
SHAPES = ((4, 4), (16, 16), (64, 16), (64, 64), (64, 256), (256, 64), (1024, 64))
LONGER = {"float32": np.float64, "float64": np.longdouble}
N, D = 3, 5


def rnn_passes(names: Mapping[str, Any], inputs: Sequence[Array]) -> Sequence[Array]:
    """Stage 1's forward and backward passes."""
    h, cache = names["rnn_forward"](*inputs[:5])
    return [h, *names["rnn_backward"](inputs[5], cache)]


def lstm_passes(names: Mapping[str, Any], inputs: Sequence[Array]) -> Sequence[Array]:
    """Stage 4's forward and backward passes."""
    x, h0, Wx, Wh, b, dh = inputs
    h, cache = names["lstm_forward"](x, h0, Wx, Wh, b)
    return [h, *names["lstm_backward"](dh, cache)]


def drawn(T: int, H: int, gates: int, seed: int) -> list[Array]:
    """Inputs x, h0, Wx, Wh, b and a gradient of h, in float64; weights of the usual size 1 / sqrt(rows)."""
    rng = np.random.default_rng(seed)
    shapes = ((N, T, D), (N, H), (D, gates * H), (H, gates * H), (gates * H,), (N, T, H))
    scales = (1, 1, D**-0.5, H**-0.5, 0.1, 1)
    return [scale * rng.standard_normal(shape) for scale, shape in zip(scales, shapes, strict=True)]


def error(passes: Passes, names: Mapping[str, Any], inputs: Sequence[Array], short: str) -> float:
    """The largest error of all outputs in ``short``, each in parts of its largest entry."""
    mine = [array.astype(short) for array in inputs]
    found = passes(names, mine)
    right = passes(names, [array.astype(LONGER[short]) for array in mine])
    return max(float(np.abs(one - other).max() / np.abs(other).max()) for one, other in zip(found, right, strict=True))


def growth(course: Course) -> Iterator[str]:
    """A line for each length and width: the error of both floats in both networks, the worst of five draws."""
    yield "| T | H | RNN, float32 | LSTM, float32 | RNN, float64 | LSTM, float64 |"
    yield "|---:|---:|---:|---:|---:|---:|"
    kinds = (("s01_rnn", rnn_passes, 1), ("s04_gates", lstm_passes, 4))
    names = {stage: answers_of(course, stage) for stage, _, _ in kinds}
    for T, H in SHAPES:
        errors = [
            max(error(passes, names[stage], drawn(T, H, gates, seed), short) for seed in range(5))
            for short in ("float32", "float64")
            for stage, passes, gates in kinds
        ]
        yield f"| {T} | {H} | " + " | ".join(f"{one:.0e}" for one in errors) + " |"
    rules = {short: TOLERANCES[short] for short in LONGER}
    texts = [f"{rule.absolute:.0e} + {rule.relative:.0e} of the entry" for rule in rules.values()]
    yield f"| | allowed | {texts[0]} | {texts[0]} | {texts[1]} | {texts[1]} |"


def closest(course: Course) -> Iterator[str]:
    """For each stage the named mistake that is nearest to right: its largest gap, in parts of an output's largest."""
    yield "| stage | mistakes | nearest to right | gap |"
    yield "|---|---:|---|---:|"
    for stage in course.stages.values():
        suite = load_suite(stage)
        truth = Truth(read_master(course.master_path(stage.id), stage), suite)
        gaps = _gaps(truth, suite)
        key = min(gaps, key=lambda one: gaps[one])
        yield f"| {stage.id} | {len(gaps)} | {key} | {gaps[key]:.0e} |"


def _gaps(truth: Truth, suite: Suite) -> dict[str, float]:
    """The largest gap that each mistake makes on any case of its exercise; shapes that differ count as infinite."""
    gaps: dict[str, float] = {}
    for exercise in suite.exercises:
        cases = [truth.draw(exercise, case, np.random.default_rng(0)) for case in exercise.cases]
        for mistake in (one for one in suite.mistakes if one.exercise == exercise.name):
            gaps[mistake.key] = max(_gap(one, truth.mistaken(one).get(mistake.key, {})) for one in cases)
    return gaps


def _gap(drawn: DrawnCase, wrong: Mapping[str, Value]) -> float:
    return max((_distance(drawn.expected[name], value) for name, value in wrong.items()), default=0.0)


def _distance(right: Value, wrong: Value) -> float:
    if right.shape != wrong.shape or not np.isfinite(wrong.numbers.astype(float)).all():
        return float("inf")
    one, other = right.numbers.astype(float), wrong.numbers.astype(float)
    return float(np.abs(one - other).max(initial=0.0) / max(np.abs(one).max(initial=0.0), 1e-300))


if __name__ == "__main__":
    here = load_course(find_root(Path.cwd()))
    print("\n".join([*growth(here), "", *closest(here)]))
