"""What once broke a whole batch, tried on its own: headers, reasons and notebooks that nobody honest makes."""

import json
import socket
from contextlib import suppress

import numpy as np
import pytest

from autograder.annotated import annotated_notebook
from autograder.batch import released_notebook
from autograder.cells import MAX_SOURCE, MOST_SOURCE
from autograder.sandbox.bench import SandboxBench
from autograder.sandbox.child import Deadline
from autograder.submission import parse_submission, read_template
from seqlab.checking.compare import compare
from seqlab.checking.complaints import StudentError
from seqlab.checking.outcome import judge_outputs
from seqlab.checking.steps import Plan, Step
from seqlab.checking.values import NotAValue, Value, value_of
from seqlab.checking.wire import LENGTH, WireError, receive

ODD_SHAPES = ("[Infinity]", "[NaN]", "[1e400]", "[-1]", "[true]", '["1"]', '"12"', "null", "{}x", "[[1]]")


def received(header, payload=b"", **more):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(LENGTH.pack(len(header)) + header.encode() + payload)
        theirs.shutdown(socket.SHUT_WR)
        return receive(ours, **more)


def header(dtype="<f8", shape="[1]", layout="C"):
    value = f'{{"dtype": {json.dumps(dtype)}, "shape": {shape}, "layout": "{layout}"}}'
    return f'{{"body": {{}}, "arrays": {{"value": {value}}}}}'


@pytest.mark.parametrize(
    "shape",
    [*ODD_SHAPES, "[0, 4611686018427387904]", f"[0, {10**300}]", "[0, 268435456, 268435456, 268435456]"],
)
def test_a_shape_that_cannot_be_is_a_broken_protocol(shape):
    with pytest.raises(WireError):
        received(header(shape=shape), b"\0" * 16)


@pytest.mark.parametrize(
    "dtype", ["01f8,i4", "(,)f8", "f8,f8", "|O", "<f16", "<c16", "<M8", "|V8", "|S8", "float64", "(2,)<f8", ""]
)
def test_only_plain_numbers_are_read(dtype):
    with pytest.raises(WireError):
        received(header(dtype), b"\0" * 16)


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_a_plain_array_is_read(layout):
    _, arrays = received(header(shape="[2]", layout=layout), np.arange(2.0).tobytes())
    assert arrays["value"].tolist() == [0, 1]


def test_more_than_was_agreed_is_not_read():
    with pytest.raises(WireError, match="more than 8 bytes"):
        received(header(shape="[2]"), b"\0" * 16, most=8)


class Puppet:
    """A child that was taken over: it says one thing whatever it is asked."""

    def __init__(self, **answer):
        self.answer = answer

    def request(self, body, seconds, arrays=None):
        return self.answer, {}


PLAN = Plan((Step("call", "f"),), {"y": 0})
RESULTS = [{"0": {"not_a_value": ["x"]}}, {"0": {"kind": "array", "dtype": 5}}, {"0": "x"}, {"0": None}, ["x"], {}, 7]


@pytest.mark.parametrize(
    "answer", [{"student_error": "x"}, {"student_error": ["x"]}, {}, *({"results": results} for results in RESULTS)]
)
def test_no_answer_to_a_request_raises_what_the_judge_does_not_expect(answer):
    bench = SandboxBench(Puppet(**answer), 1, Deadline(60))
    with suppress(StudentError):
        bench.perform(PLAN, {"x": np.zeros(2)})
    with pytest.raises(NotAValue):
        bench.value(0)
    assert bench.changed_inputs() == ["x"]


def test_inputs_are_compared_outside():
    bench = SandboxBench(Puppet(changed=[], results={}), 1, Deadline(60))
    bench.perform(PLAN, {"x": np.zeros(2)})
    assert bench.changed_inputs() == ["x"]


def test_zeros_where_zeros_are_due_are_no_work():
    expected = {"db": value_of(np.ones(3)), "dWh": value_of(np.zeros((3, 3)))}
    nothing = {"db": value_of(np.zeros(3)), "dWh": value_of(np.zeros((3, 3)))}
    assert judge_outputs("t", expected, nothing, {}, "float64").share == 0
    assert judge_outputs("t", expected, expected, {}, "float64").share == 1
    spoiled = {**expected, "dWh": value_of(np.ones((3, 3)))}
    assert judge_outputs("t", expected, spoiled, {}, "float64").share == 0.5
    alone = {"dWh": expected["dWh"]}
    assert judge_outputs("t", alone, alone, {}, "float64").share == 1


@pytest.mark.parametrize("number", [1.7e308, np.inf, np.nan, np.longdouble("1e4000")])
def test_numbers_beyond_measure_are_compared_quietly(number):
    finding = compare("y", value_of(np.full(3, 1e-3)), value_of(np.full(3, number)))
    assert finding.problem in ("values", "not finite")
    assert finding.mismatch.ratio is None


def test_longdouble_keeps_its_name():
    value = value_of(np.ones(3, np.longdouble))
    assert (value.numbers.dtype, value.dtype) == (np.dtype("f8"), np.dtype(np.longdouble).name)
    assert isinstance(value, Value)


@pytest.fixture(scope="module")
def template(released, stage):
    notebook = released_notebook(released.release_folder(stage.id), stage)
    return notebook, read_template(notebook, stage.id, stage.points)


@pytest.mark.parametrize("worksheets", [["x"], [None], [{"cells": None}], [{"cells": 5}], {}, "x"])
def test_odd_worksheets_are_no_error(template, worksheets):
    data = json.dumps({"worksheets": worksheets, "metadata": {"seqlab": {"stage": "s01_rnn"}}}).encode()
    refusal = parse_submission(data, template[1]).refusal
    assert refusal in ("", "the file is JSON, but not a notebook: it has no list of cells")


@pytest.mark.parametrize("kind", ["code", "markdown"])
def test_halves_of_characters_can_be_written_to_files(template, kind):
    odd = {"cell_type": kind, "source": "a\ud800b", "metadata": {}}
    notebook = {**template[0], "cells": [*template[0]["cells"], odd]}
    submission = parse_submission(json.dumps(notebook).encode(), template[1])
    made = annotated_notebook(template[0], submission.notebook, None)
    assert made.cells[-1].source.encode("utf-8") == b"ab"
    assert all(cell.source.isprintable() or cell.source.encode("utf-8") for cell in submission.cells)


def test_long_sources_are_left_out_and_so_is_what_goes_beyond_all_bounds(template):
    def parsed(*sources):
        cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
        notebook = {**template[0], "cells": template[0]["cells"] + cells}
        return parse_submission(json.dumps(notebook).encode(), template[1])

    assert "was left out" in parsed("1" * (MAX_SOURCE + 1)).notes[-1]
    many = parsed(*["1" * MAX_SOURCE] * (MOST_SOURCE // MAX_SOURCE + 1))
    assert any("the rest is left out" in note for note in many.notes)
