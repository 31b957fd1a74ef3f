"""Judging one output: what is found, in which order, and within which tolerance."""

from dataclasses import replace

import numpy as np
import pytest

from seqlab.checking.casefile import NamedMistake
from seqlab.checking.compare import agree, compare, precision_of
from seqlab.checking.outcome import CaseOutcome
from seqlab.checking.report import named_mistakes
from seqlab.checking.values import value_of


def value(numbers, dtype="float64"):
    return value_of(np.asarray(numbers, dtype=dtype))


EXPECTED = value([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])


def test_equal_is_right():
    assert compare("out", EXPECTED, value(EXPECTED.numbers.copy())).right


@pytest.mark.parametrize("step, right", [(1e-9, True), (1e-5, False)])
def test_float64_tolerance_separates(step, right):
    assert compare("out", EXPECTED, value(EXPECTED.numbers * (1 + step))).right is right


@pytest.mark.parametrize("step, right", [(1e-5, True), (5e-3, False)])
def test_float32_tolerance_separates(step, right):
    expected, got = value(EXPECTED.numbers, "float32"), value(EXPECTED.numbers * (1 + step), "float32")
    assert compare("out", expected, got).right is right


def test_a_python_float_from_float32_inputs_gets_float32_tolerance():
    loss, off_by_rounding = value_of(2.0), value_of(2.0 * (1 + 1e-6))
    assert not compare("loss", loss, off_by_rounding).right
    assert compare("loss", loss, off_by_rounding, precision_of([np.zeros(2, "float32")])).right


def test_shape_comes_before_values():
    finding = compare("out", EXPECTED, value(EXPECTED.numbers.T))
    assert (finding.problem, finding.found, finding.expected) == ("shape", "(3, 2)", "(2, 3)")


def test_a_number_is_not_an_array():
    assert compare("out", EXPECTED, value_of(3.0)).problem == "type"


def test_a_number_may_come_in_any_clothes():
    for clothes in (np.float64(2.5), np.asarray(2.5), 2.5):
        assert compare("loss", value_of(2.5), value_of(clothes)).right


def test_right_values_of_the_wrong_dtype_are_a_dtype_problem():
    finding = compare("out", EXPECTED, value(EXPECTED.numbers, "float32"))
    assert (finding.problem, finding.found, finding.expected) == ("dtype", "float32", "float64")


def test_integers_must_be_exact_but_of_any_width():
    expected = value([1, 2, 3], "int64")
    assert compare("ids", expected, value([1, 2, 3], "int32")).right
    assert not compare("ids", expected, value([1, 2, 4], "int32")).right


def test_nan_is_told_apart():
    numbers = EXPECTED.numbers.copy()
    numbers[1, 2] = np.nan
    finding = compare("out", EXPECTED, value(numbers))
    assert finding.problem == "not finite"
    assert finding.mismatch.first == (1, 2)


def test_mismatch_says_how_many_how_much_and_where():
    numbers = EXPECTED.numbers.copy()
    numbers[0, 1] += 0.5
    numbers[1, 0] -= 2.0
    mismatch = compare("out", EXPECTED, value(numbers)).mismatch
    assert (mismatch.off, mismatch.total, mismatch.first) == (2, 6, (0, 1))
    assert (mismatch.largest, mismatch.got, mismatch.expected) == (2.0, -1.5, -2.0)
    assert mismatch.ratio is None


@pytest.mark.parametrize("factor", [-1.0, 3.0, 0.25])
def test_a_constant_factor_is_noticed(factor):
    assert compare("out", EXPECTED, value(EXPECTED.numbers * factor)).mismatch.ratio == pytest.approx(factor)


def test_agree_ignores_kind_and_dtype_but_not_shape():
    assert agree(EXPECTED, value(EXPECTED.numbers, "float64"))
    assert not agree(EXPECTED, value(EXPECTED.numbers[:1]))


@pytest.mark.parametrize(("dtype", "rest", "too_much"), [("float64", -1e-17, 1e-12), ("float32", 1e-8, 1e-4)])
def test_zeros_expected_tolerate_nothing_but_zeros_and_what_rounding_leaves(dtype, rest, too_much):
    zeros = value(np.zeros(3), dtype)
    for gap, right in ((0.0, True), (rest, True), (too_much, False)):
        assert compare("out", zeros, value(np.full(3, gap), dtype)).right is right


def test_only_values_that_are_all_near_are_called_imprecise():
    """Student's find: values that are far off beside a zero were told to be short of digits."""
    short = EXPECTED.numbers.astype(np.float32) * np.float32(1 + 1e-6)
    assert compare("out", EXPECTED, value(short)).mismatch.near
    sparse = value([0.0, 1.0, 2.0])
    assert not compare("out", sparse, value([3.0, 1.0, 2.0])).mismatch.near
    assert not compare("out", sparse, value([np.nan, 1.0, 2.0])).mismatch.near


def test_numbers_of_classes_have_no_ratio_and_are_never_near():
    mismatch = compare("out", value([1, 2, 100_000], "int64"), value([8, 16, 800_000], "int64")).mismatch
    assert (mismatch.ratio, mismatch.near) == (None, False)
    assert not compare("out", value([100_000, 100_000], "int64"), value([100_001, 100_000], "int64")).mismatch.near


def test_a_mistake_is_named_only_if_no_right_case_speaks_against_it():
    mistake = NamedMistake("m", "f", "it looks so.", "Is it so?")
    off = CaseOutcome("off", (compare("out", EXPECTED, value(2 * EXPECTED.numbers)),), mistakes=("m",), possible=("m",))
    right = CaseOutcome("right", (compare("out", EXPECTED, EXPECTED),))
    assert named_mistakes([off, right], {"m": mistake}) == (mistake,)
    assert named_mistakes([off, replace(right, ruled_out=("m",))], {"m": mistake}) == ()
