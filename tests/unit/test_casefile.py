"""checks.h5: what is written is read, the same gives the same bytes, and damage is told from a wrong answer."""

import h5py
import numpy as np
import pytest

from seqlab.checking.casefile import (
    CheckFile,
    CheckFileError,
    ExerciseChecks,
    NamedMistake,
    PublicCase,
    Toy,
    ToyRow,
    read_checks,
    write_checks,
)
from seqlab.checking.guards import Guard
from seqlab.checking.steps import Plan, Step
from seqlab.checking.values import layout_of, value_of, with_layout

GUARD = Guard("double", ("double", "half"), ("numpy",), ("numpy.fft",))


def small_checks():
    plan = Plan((Step("call", "double", None, ({"input": "x"},)),), {"out": 0})
    x = with_layout(np.arange(6.0).reshape(2, 3), "strided")
    expected, wrong = {"out": value_of(x * 2)}, {"no_doubling": {"out": value_of(x.copy())}}
    case = PublicCase("plain", plan, {"x": x}, expected, wrong, guards_inputs=True)
    toy = Toy(case, (ToyRow("x", x), ToyRow("out", x * 2, "out", 1)))
    mistake = NamedMistake("no_doubling", "double", "it looks unchanged.", "What should 1 become?")
    return CheckFile("s01_rnn", {"double": ExerciseChecks("double", (case,), toy, GUARD)}, {"no_doubling": mistake})


@pytest.fixture
def path(tmp_path):
    write_checks(tmp_path / "checks.h5", small_checks())
    return tmp_path / "checks.h5"


def test_what_is_written_is_read(path):
    checks = read_checks(path)
    case = checks.exercises["double"].cases[0]
    original = small_checks().exercises["double"].cases[0]
    assert (checks.stage, case.title, case.plan, case.guards_inputs) == ("s01_rnn", "plain", original.plan, True)
    assert checks.exercises["double"].guard == GUARD
    assert layout_of(case.inputs["x"]) == "strided"
    assert np.array_equal(case.inputs["x"], original.inputs["x"])
    assert np.array_equal(case.expected["out"].numbers, original.expected["out"].numbers)
    assert np.array_equal(case.mistakes["no_doubling"]["out"].numbers, original.inputs["x"])
    assert checks.mistakes["no_doubling"].asks == "What should 1 become?"
    assert [(row.label, row.output, row.step) for row in checks.exercises["double"].toy.rows] == [
        ("x", None, None),
        ("out", "out", 1),
    ]


def test_the_same_checks_give_the_same_bytes(path, tmp_path):
    write_checks(tmp_path / "again.h5", small_checks())
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


def test_every_flipped_byte_of_an_array_is_noticed(path):
    with h5py.File(path, "a") as file:
        file["exercises/double/cases/00/expected/out"][0, 0] = 7.0
    with pytest.raises(CheckFileError, match="damaged"):
        read_checks(path)


def test_a_truncated_file_is_damaged(path):
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(CheckFileError, match=r"damaged.*Copy checks.h5 again"):
        read_checks(path)


def test_a_file_that_is_not_hdf5_is_damaged(path):
    path.write_text("hello")
    with pytest.raises(CheckFileError, match="damaged"):
        read_checks(path)


def test_another_version_says_what_to_do(path):
    with h5py.File(path, "a") as file:
        file.attrs["format_version"] = 2
    with pytest.raises(CheckFileError, match="format 2; this seqlab reads format 1.*Install the seqlab that came"):
        read_checks(path)


def test_foreign_hdf5_is_not_ours(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(CheckFileError, match="not one of seqlab's"):
        read_checks(tmp_path / "other.h5")


def test_a_missing_file_says_where_it_was_expected(tmp_path):
    with pytest.raises(CheckFileError, match=str(tmp_path)):
        read_checks(tmp_path / "checks.h5")
