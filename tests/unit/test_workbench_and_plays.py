"""Plays become steps; steps are done on a student's functions; what goes wrong is said in the student's words."""

import numpy as np
import pytest
import torch

from autograder.student import run_play, tensor
from seqlab.checking.complaints import StudentError
from seqlab.checking.steps import Plan, Step
from seqlab.checking.workbench import Workbench

X = np.arange(6.0).reshape(2, 3)


def double(x):
    return 2 * x, {"x": x}


def undouble(cache):
    return cache["x"]


def there_and_back(student, x):
    doubled, cache = student.double(x)
    return {"doubled": doubled, "x": student.undouble(cache)}


RETURNS = {"double": ("doubled", "cache")}


def test_a_play_runs_on_local_functions_and_its_plan_says_the_same():
    namespace = {"double": double, "undouble": undouble}
    bench = Workbench(namespace)
    plan = run_play(bench, there_and_back, {"x": X}, RETURNS)
    assert np.array_equal(bench.value(plan.outputs["doubled"]).numbers, 2 * X)
    again = Workbench(namespace)
    again.perform(Plan.from_text(plan.to_text()), {"x": X})
    assert np.array_equal(again.value(plan.outputs["x"]).numbers, X)


def test_inputs_are_copies_and_changes_are_noticed():
    def spoil(x):
        x += 1
        return x

    bench = Workbench({"spoil": spoil})
    run_play(bench, lambda student, x: {"out": student.spoil(x)}, {"x": X}, {})
    assert bench.changed_inputs() == ["x"]
    assert X[0, 0] == 0.0


@pytest.mark.parametrize(
    "function, words, unfinished",
    [
        (lambda x: 3, r"double should return 2 things \(doubled, cache\), yours returned an object of type int", False),
        (lambda x: (1, 2, 3), "yours returned a tuple of 3", False),
        (lambda x: None, "double returned None: is a `return` missing?", False),
        (np.linalg.inv, "double stopped with LinAlgError: .* square$", False),
        (lambda x: x @ x, "double stopped with ValueError: matmul", False),
        (None, "double stopped with TypeError", False),
    ],
)
def test_what_goes_wrong_is_said_in_words(function, words, unfinished):
    with pytest.raises(StudentError, match=words) as caught:
        run_play(Workbench({"double": function}), there_and_back, {"x": X}, RETURNS)
    assert caught.value.unfinished is unfinished


def test_a_stub_is_unfinished_and_named_even_when_called_by_another():
    def stub(x):
        raise NotImplementedError()

    def double(x):
        return stub(x)

    with pytest.raises(StudentError, match="stub is not written yet") as caught:
        run_play(Workbench({"double": double}), there_and_back, {"x": X}, RETURNS)
    assert caught.value.unfinished


def test_a_missing_function_says_what_to_run():
    with pytest.raises(StudentError, match="double is not defined: run the cell"):
        run_play(Workbench({}), there_and_back, {"x": X}, RETURNS)


def test_a_list_serves_where_a_tuple_is_natural():
    bench = Workbench({"double": lambda x: [2 * x, {"x": x}], "undouble": undouble})
    plan = run_play(bench, there_and_back, {"x": X}, RETURNS)
    assert np.array_equal(bench.value(plan.outputs["x"]).numbers, X)


def test_a_play_may_pass_inputs_only():
    with pytest.raises(TypeError, match="only whole inputs"):
        run_play(Workbench({"double": double}), lambda student, x: {"out": student.double(x + 1)}, {"x": X}, {})


def test_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match="unknown step operation"):
        Step.from_json({"op": "eval", "target": None, "key": None, "args": [], "kwargs": {}, "returns": []})


def test_tensors_carry_gradients():
    def play(student, x):
        leaf = student.put(tensor(x, requires_grad=True))
        student.square_sum(leaf).backward()
        return {"dx": leaf.grad}

    bench = Workbench({"square_sum": lambda x: (x**2).sum()})
    plan = run_play(bench, play, {"x": X}, {})
    assert np.array_equal(bench.value(plan.outputs["dx"]).numbers, 2 * X)


class Halver(torch.nn.Module):
    """A module with two results, as a student may get them wrong."""

    def __init__(self, result):
        super().__init__()
        self.result = result

    def forward(self, x):
        return self.result(x)


def halved(student, x, dhalf):
    result = student.Halver()(tensor(x))
    half, rest = result[0], result[1]
    half.backward(tensor(dhalf))
    return {"half": half, "rest": rest}


@pytest.mark.parametrize(
    "result, words",
    [
        (lambda x: x[0], r"^Halver.forward should return 2 things \(half, rest\), yours returned one Tensor"),
        (lambda x: (x.T.clone(), x), r"^half: shape is \(3, 2\), expected \(2, 3\): the axes are in another order$"),
        (lambda x: torch.nn.functional.linear(x, x.T), r"^Halver.forward stopped with .*at `\(lambda x: torch"),
        (lambda x: None, r"^Halver.forward should return 2 things .* yours returned None$"),
    ],
)
def test_a_module_is_called_by_its_name_and_its_shapes_are_judged_before_its_gradients(result, words):
    with pytest.raises(StudentError, match=words):
        run_play(Workbench({"Halver": lambda: Halver(result)}), halved, {"x": X, "dhalf": X}, {})


def test_a_missing_key_is_told_with_those_that_are_there():
    def play(student, x):
        return {"dW": student.loss(x)["dW"]}

    with pytest.raises(StudentError, match=r"^loss has no 'dW'; it has db, dh$"):
        run_play(Workbench({"loss": lambda x: {"db": x, "dh": x}}), play, {"x": X}, {})
