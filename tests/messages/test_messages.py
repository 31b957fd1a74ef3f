"""What students read, word for word. A changed message is looked at and accepted with SEQLAB_UPDATE_GOLDEN=1."""

import os
from pathlib import Path

import numpy as np
import pytest

from autograder.reference import reference_namespace
from seqlab import CheckFailed, check, toy
from seqlab.checking.casefile import CheckFileError
from seqlab.checking.check import run_check
from seqlab.checking.locate import UnknownExercise, checks_of
from tests.conftest import ROOT

GOLDEN = Path(__file__).parent / "golden"


def golden(name, text):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("SEQLAB_UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text + "\n")
    assert text + "\n" == path.read_text()


@pytest.fixture(autouse=True)
def in_the_stage(monkeypatch):
    monkeypatch.chdir(ROOT / "assignments" / "s01_rnn")


@pytest.fixture
def namespace(master):
    return reference_namespace(master)


def made(namespace, name, function):
    """Put a student's function into the reference's namespace, as if written in the same notebook."""
    function.__name__ = name
    namespace[name] = function
    return type(function)(function.__code__, namespace, name, function.__defaults__, function.__closure__)


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    return np.tanh(x @ Wx + prev_h @ Wh + b), (x, prev_h, Wx, Wh)


def test_all_right(capsys):
    check(rnn_step_forward)
    golden("all_right", capsys.readouterr().out.rstrip())


def broken(kind):
    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        right = np.tanh(x @ Wx + prev_h @ Wh + b)
        results = {
            "no_bias": np.tanh(x @ Wx + prev_h @ Wh),
            "transposed": right.T,
            "float32": right.astype(np.float32),
            "doubled": 2 * right,
            "negated": -right,
            "nan": np.where(right > 0, np.nan, right),
            "a_list": right.tolist(),
        }
        return results[kind], None

    return rnn_step_forward


@pytest.mark.parametrize("kind", ["no_bias", "transposed", "float32", "doubled", "negated", "nan", "a_list"])
def test_wrong_values(kind):
    golden(f"step_{kind}", repr(run_check(broken(kind))))


def test_one_thing_returned_where_two_are_expected():
    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        return np.tanh(x @ Wx + prev_h @ Wh + b)

    golden("step_one_thing", repr(run_check(rnn_step_forward)))


def test_a_stub():
    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        raise NotImplementedError()

    golden("step_stub", repr(run_check(rnn_step_forward)))


def test_an_exception_shows_the_line():
    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        return np.tanh(x @ Wh + prev_h @ Wx + b), None

    golden("step_exception", repr(run_check(rnn_step_forward)))


def test_inputs_written_into():
    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        right = np.tanh(x @ Wx + prev_h @ Wh + b)
        prev_h[:] = right
        return right, None

    golden("step_inputs_changed", repr(run_check(rnn_step_forward)))


def test_a_failing_check_raises_one_line(capsys):
    with pytest.raises(CheckFailed, match=r"check\(rnn_step_forward\): 0 of 9 cases right") as caught:
        check(broken("no_bias"))
    assert isinstance(caught.value, AssertionError)
    assert len(caught.value._render_traceback_()) == 1


def test_html_shows_the_same_and_escapes():
    page = run_check(broken("no_bias"))._repr_html_()
    assert "0 of 9 cases right" in page
    assert "Which one could you change without changing your result?" in page

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in run_check(rnn_step_forward)._repr_html_()


def test_the_toy_shows_every_number_beside_the_student_s(capsys):
    toy(broken("no_bias"))
    golden("toy_no_bias", capsys.readouterr().out.rstrip())


def test_the_toy_of_a_stub_still_shows_the_numbers(capsys):
    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        raise NotImplementedError()

    toy(rnn_step_forward)
    golden("toy_stub", capsys.readouterr().out.rstrip())


@pytest.mark.parametrize(
    "name", ["rnn_step_backward", "rnn_forward", "rnn_backward", "temporal_affine_backward", "RowReader", "RNN"]
)
def test_every_toy_of_a_right_answer_agrees_with_it(name, namespace):
    from seqlab.checking.toy import run_toy

    student = namespace[name]
    if isinstance(student, type):
        student = type(name, (student,), {"__module__": _as_module(namespace)})
    text = repr(run_toy(student))
    assert "✓" in text
    assert "✗" not in text
    golden(f"toy_{name}", text)


def _as_module(namespace):
    import sys
    import types

    module = types.ModuleType("student_notebook")
    vars(module).update(namespace)
    sys.modules["student_notebook"] = module
    return "student_notebook"


@pytest.mark.parametrize("wrong", ["rnn_step_forward", 3, (np.zeros(2), None), None])
def test_check_wants_the_function_itself(wrong):
    with pytest.raises(TypeError, match="Leave out quotes and call brackets"):
        check(wrong)


def test_an_unknown_function_says_did_you_mean():
    def rnn_step_foward(x):
        return x

    with pytest.raises(UnknownExercise, match=r"no exercise called rnn_step_foward. Did you mean rnn_step_forward\?"):
        check(rnn_step_foward)


def test_checks_are_found_from_the_folder_above(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert checks_of("RNN")[0].stage == "s01_rnn"


def test_no_checks_near_says_where_to_stand(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckFileError, match="Open the notebook from its own folder"):
        check(rnn_step_forward)


def test_a_library_that_does_the_work_is_named_before_it_costs_points(namespace):
    torch = pytest.importorskip("torch")

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        x, prev_h, Wx, Wh, b = (torch.from_numpy(np.ascontiguousarray(one)) for one in (x, prev_h, Wx, Wh, b))
        return torch.tanh(x @ Wx + prev_h @ Wh + b).numpy(), None

    report = run_check(made(namespace, "rnn_step_forward", rnn_step_forward))
    assert not report.passed
    golden("leaning_on_torch", repr(report))
