"""What earlier stages taught: right in every dtype and layout; not to be had too early; or the student's own."""

import importlib
import inspect
import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import torch

from autograder.authoring.source import source_notebook
from autograder.course import load_course
from autograder.demo import notebook_with, plain_answer
from seqlab.earlier import Earlier, EarlierError
from seqlab.earlier.taught import LESSONS
from seqlab.earlier.trial import try_out
from seqlab.earlier.wrapping import loss, normal, pair, plain
from tests.conftest import ROOT

RNG = np.random.default_rng(5)
SHAPES = {"x": (2, 3, 4), "h0": (2, 5), "Wx": (4, 5), "Wh": (5, 5), "b": (5,)}
ARRAYS = {name: 0.5 * RNG.standard_normal(shape) for name, shape in SHAPES.items()}
DH = RNG.standard_normal((2, 3, 5))


@pytest.fixture
def earlier():
    return Earlier("s02_language_model")


def both(earlier, arrays, dh=DH):
    """The states and the five gradients."""
    h, cache = earlier.rnn_forward(**arrays)
    return [h, *earlier.rnn_backward(dh, cache)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stage)
def test_what_is_taught_is_what_the_stage_s_exercises_are_called(lesson):
    assert set(lesson.names) <= set(load_course(ROOT).stage(lesson.stage).points)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stage)
def test_everything_that_is_taught_is_there_and_says_what_it_does(lesson):
    earlier = Earlier("s99_last")
    for name in lesson.names:
        function = getattr(earlier, name)
        assert function.__name__ == name
        assert len(function.__doc__) > 40
        assert name in dir(earlier)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_of_the_inputs_is_kept(earlier, dtype):
    arrays = {name: array.astype(dtype) for name, array in ARRAYS.items()}
    results = both(earlier, arrays, DH.astype(dtype))
    assert {result.dtype.name for result in results} == {dtype}
    for got, exact in zip(results, both(earlier, ARRAYS), strict=True):
        np.testing.assert_allclose(got, exact, rtol=0, atol=1e-12 if dtype == "float64" else 3e-2)


def test_several_floating_dtypes_are_promoted_as_numpy_does(earlier):
    mixed = ARRAYS | {"x": ARRAYS["x"].astype("float32")}
    assert {result.dtype.name for result in both(earlier, mixed, DH.astype("float32"))} == {"float64"}


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "lay",
    [
        np.asfortranarray,
        lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
        lambda array: array[::-1].copy()[::-1],
        read_only,
        lambda array: array.astype(">f8"),
        lambda array: array.tolist(),
    ],
    ids=["fortran", "strided", "backwards", "read-only", "big-endian", "lists"],
)
def test_any_layout_gives_the_same(earlier, lay):
    laid = {name: lay(array) for name, array in ARRAYS.items()}
    for got, expected in zip(both(earlier, laid, lay(DH)), both(earlier, ARRAYS), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_one_sequence_of_one_step_is_enough(earlier):
    arrays = ARRAYS | {"x": ARRAYS["x"][:1, :1], "h0": ARRAYS["h0"][:1]}
    assert [result.shape for result in both(earlier, arrays, DH[:1, :1])][:3] == [(1, 1, 5), (1, 1, 4), (1, 5)]


def test_a_cache_may_be_used_twice_and_nothing_written_later_reaches_it(earlier):
    arrays = {name: array.copy() for name, array in ARRAYS.items()}
    h, cache = earlier.rnn_forward(**arrays)
    first = earlier.rnn_backward(DH, cache)
    for array in (h, *arrays.values(), *first):
        array[...] = 1
    for again, expected in zip(earlier.rnn_backward(DH, cache), both(earlier, ARRAYS)[1:], strict=True):
        np.testing.assert_array_equal(again, expected)


def test_a_result_that_the_graph_remembers_may_be_written_into(earlier):
    x, h0, *weights = ARRAYS.values()
    next_h, cache = earlier.rnn_step_forward(x[:, 0], h0, *weights)
    expected = earlier.rnn_step_backward(DH[:, 0], cache)
    next_h[...] = 0
    for again, first in zip(earlier.rnn_step_backward(DH[:, 0], cache), expected, strict=True):
        np.testing.assert_array_equal(again, first)


def test_inputs_are_not_written_into_and_results_may_be(earlier):
    arrays = {name: array.copy() for name, array in ARRAYS.items()}
    results = both(earlier, arrays)
    assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)
    assert all(result.flags.writeable and type(result) is np.ndarray for result in results)


def test_it_works_where_gradients_are_switched_off(earlier):
    with torch.no_grad():
        results = both(earlier, ARRAYS)
    np.testing.assert_array_equal(results[3], both(earlier, ARRAYS)[3])


def test_arguments_go_by_place_or_by_name(earlier):
    assert list(inspect.signature(earlier.rnn_forward).parameters) == ["x", "h0", "Wx", "Wh", "b"]
    assert list(inspect.signature(earlier.rnn_backward).parameters) == ["dh", "cache"]
    h, cache = earlier.rnn_forward(*ARRAYS.values())
    np.testing.assert_array_equal(h, both(earlier, ARRAYS)[0])
    np.testing.assert_array_equal(earlier.rnn_backward(cache=cache, dh=DH)[0], both(earlier, ARRAYS)[1])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda e: e.rnn_forward(ARRAYS["x"]), TypeError, "rnn_forward: missing a required argument: 'h0'"),
        (lambda e: e.rnn_forward(**ARRAYS | {"x": torch.zeros(2, 3, 4)}), TypeError, "x to be a NumPy array"),
        (
            lambda e: e.rnn_forward(**ARRAYS | {"x": {}}),
            TypeError,
            "x to be a NumPy array, found an object of type dict",
        ),
        (lambda e: e.rnn_forward(**ARRAYS | {"x": DH}), ValueError, r"rnn_forward cannot work with x \(2, 3, 5\), h0"),
        (
            lambda e: e.rnn_backward(DH[:1], e.rnn_forward(**ARRAYS)[1]),
            ValueError,
            r"dh of shape \(2, 3, 5\), found \(1",
        ),
        (lambda e: e.rnn_backward(DH, (1, 2)), TypeError, "takes the cache of earlier.rnn_forward"),
        (
            lambda e: e.temporal_affine_backward(DH, e.rnn_forward(**ARRAYS)[1]),
            TypeError,
            "takes the cache of earlier.temporal_affine_forward",
        ),
    ],
)
def test_what_does_not_fit_is_told(earlier, call, error, said):
    with pytest.raises(error, match=said):
        call(earlier)


@pair("out", example=lambda rng: {"words": np.array([2, 0]), "table": rng.standard_normal((3, 4))})
def looking_up(words, table):
    """Rows of a table."""
    return torch.nn.functional.embedding(words, table)


@pair("low", "high", example=normal(x=(3, 4)))
def two_results(x, factor=2.0):
    """Two results, the second of which does nothing with its gradient."""
    return x * factor, torch.ones_like(x) * x.detach().sum()


@loss(example=lambda rng: {"scores": rng.standard_normal((3, 4)), "right": np.array([0, 3, 1]), "mask": np.ones(3)})
def some_loss(scores, right, mask, verbose=False):
    """A loss of scores."""
    assert verbose in (False, True)
    return (torch.nn.functional.cross_entropy(scores, right, reduction="none") * mask).sum()


@plain(example=lambda rng: {"words": np.array([[2, 0]]), "size": 3})
def flags(words, size, dtype="float32"):
    """Flags, without a way back."""
    return (np.arange(size) == words[..., None]).astype(dtype)


def test_a_plain_function_takes_its_values_as_they_are():
    found = flags.functions["flags"](np.array([1]), size=2, dtype=np.float64)
    np.testing.assert_array_equal(found, [[0, 1]])
    assert found.dtype == np.float64
    with pytest.raises(TypeError, match="flags: missing a required argument: 'size'"):
        flags.functions["flags"](np.array([1]))


def test_a_plain_function_of_one_s_own_is_compared_value_by_value():
    assert "values" in try_out(flags, {"flags": lambda words, size: np.ones((1, 2, 3), "float32")}).trouble


def test_integers_pass_through_and_have_no_gradient():
    words, table = np.array([2, 0, 2]), RNG.standard_normal((3, 4)).astype("float32")
    out, cache = looking_up.functions["looking_up_forward"](words, table)
    np.testing.assert_array_equal(out, table[words])
    gradient = looking_up.functions["looking_up_backward"](np.ones((3, 4)), cache)
    np.testing.assert_array_equal(gradient, np.array([[1.0], [0.0], [2.0]]) * np.ones(4))
    assert gradient.dtype == np.float32


def test_several_results_and_plain_arguments():
    functions = two_results.functions
    x = RNG.standard_normal((3, 4))
    low, _, cache = functions["two_results_forward"](x, factor=3.0)
    np.testing.assert_array_equal(low, 3.0 * x)
    assert list(inspect.signature(functions["two_results_backward"]).parameters) == ["dlow", "dhigh", "cache"]
    np.testing.assert_array_equal(functions["two_results_backward"](x, x, cache), 3.0 * x)


def test_a_loss_comes_with_the_gradient_of_its_first_argument():
    scores, right, mask = RNG.standard_normal((3, 4)).astype("float32"), np.array([0, 3, 1]), np.array([1, 0, 1], bool)
    value, gradient = some_loss.functions["some_loss"](scores, right, mask, verbose=True)
    exponentials = np.exp(scores)
    probabilities = exponentials / exponentials.sum(1, keepdims=True)
    np.testing.assert_allclose(value, -np.log(probabilities[[0, 2], [0, 1]]).sum(), rtol=1e-5)
    np.testing.assert_allclose(gradient, (probabilities - np.eye(4)[right]) * mask[:, None], atol=1e-6)
    assert (value.dtype, gradient.dtype, value.shape) == (np.float32, np.float32, ())


@pytest.mark.parametrize("supplied", [looking_up, two_results, some_loss, flags], ids=lambda one: one.name)
def test_every_kind_can_be_tried(supplied):
    assert try_out(supplied, supplied.functions).trouble == ""
    wrong = {name: lambda *args: 0 for name in supplied.functions}
    said = "expected a NumPy array" if supplied is flags else "should return"
    assert said in try_out(supplied, wrong).trouble


@pytest.mark.parametrize(
    ("stage", "name", "said"),
    [
        ("s01_rnn", "rnn_forward", "rnn_forward is what this stage is about: write it in its cell of this notebook"),
        ("s00_zero", "rnn_forward", "rnn_forward is taught in s01_rnn, which comes after s00_zero"),
        ("s02_language_model", "rnn_foward", "no earlier stage teaches rnn_foward. Did you mean rnn_forward?"),
        ("s01_rnn", "rnn_foward", "no earlier stage teaches rnn_foward. There are: use_notebook."),
    ],
)
def test_a_name_that_is_not_to_be_had_says_why(stage, name, said):
    with pytest.raises(EarlierError) as caught:
        getattr(Earlier(stage), name)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("stage", ["", "rnn", "s2_language", "S02_x", "s02_language_model.ipynb"])
def test_a_stage_must_look_like_one(stage):
    with pytest.raises(EarlierError, match="expected the id of the stage you are in"):
        Earlier(stage)


def test_python_and_jupyter_may_ask_for_what_is_not_there(earlier):
    assert not hasattr(earlier, "_repr_html_")
    assert not hasattr(earlier, "nothing_like_that")
    assert repr(earlier).startswith("Earlier('s02_language_model'): rnn_step_forward, rnn_step_backward,")
    assert repr(Earlier("s01_rnn")) == "Earlier('s01_rnn'): nothing yet"


def test_importing_it_is_quick():
    probe = (
        "import sys; from seqlab.earlier import Earlier; dir(Earlier('s02_x'));"
        "print([name for name in ('torch', 'nbformat') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def answers(master):
    return {name: plain_answer(cell.source) for name, cell in master.answers().items()}


@pytest.fixture
def notebook(master, answers, tmp_path):
    """Writes a hand-in of stage 1 with some answers changed and cells put in, and returns its path."""

    def written(changed=None, first=()):
        made = json.loads(notebook_with(source_notebook(master), answers | (changed or {})))
        made["cells"][0:0] = [code(source) for source in first]
        path = tmp_path / "s01_rnn.ipynb"
        path.write_text(json.dumps(made))
        return path

    return written


def code(source, **metadata):
    return {
        "cell_type": "code",
        "id": f"own-{abs(hash(source))}",
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def test_a_whole_notebook_is_used(earlier, notebook, capsys):
    provided = earlier.rnn_forward
    earlier.use_notebook(notebook())
    assert capsys.readouterr().out == (
        "Yours, from s01_rnn.ipynb: rnn_step_forward, rnn_step_backward, rnn_forward, rnn_backward, "
        "temporal_affine_forward, temporal_affine_backward.\n"
    )
    assert earlier.rnn_forward is not provided
    assert earlier.rnn_forward.__code__.co_filename == "<s01_rnn.ipynb, cell 15>"
    assert "yours: rnn_step_forward" in repr(earlier)
    assert Earlier("s02_language_model").rnn_forward is provided


STUB = "def rnn_backward(dh, cache):\n    raise NotImplementedError()"
NO_BIAS = "def temporal_affine_forward(x, w, b):\n    return x @ w, (x, w)"
CRASH = "def rnn_step_backward(dnext_h, cache):\n    return cache['x']"


def test_what_is_not_finished_or_differs_stays_the_course_s(earlier, notebook, capsys):
    changed = {"rnn_backward": STUB, "temporal_affine_forward": NO_BIAS, "rnn_step_backward": CRASH}
    earlier.use_notebook(notebook(changed))
    step, whole, affine = capsys.readouterr().out.splitlines()[1:]
    assert step.startswith(
        "The course's: rnn_step_forward, rnn_step_backward (rnn_step_backward stopped with TypeError: "
    )
    assert step.endswith(", at `return cache['x']`).")
    assert whole == "The course's: rnn_forward, rnn_backward (rnn_backward is not written yet)."
    assert affine.startswith(
        "The course's: temporal_affine_forward, temporal_affine_backward (out: shape right; 30 of 30"
    )
    assert both(earlier, ARRAYS)[5].shape == (5,)


def test_what_is_missing_is_told(earlier, notebook, capsys):
    earlier.use_notebook(notebook({"rnn_forward": "x = 1"}))
    assert "The course's: rnn_forward, rnn_backward (rnn_forward is not defined there)." in capsys.readouterr().out


def test_magics_helpers_and_cells_that_stop_are_no_trouble(earlier, notebook, answers, capsys, tmp_path):
    helped = answers["rnn_forward"].replace("rnn_step_forward(x[:, t]", "my_step(x[:, t]")
    timed = "%%time\n" + answers["rnn_step_forward"] + "\nmy_step = rnn_step_forward\n"
    first = [
        "%matplotlib inline\n!touch touched\nfiles = !ls\n%time y = 3\nassert y == 3 and files == []",
        "print('loud'); import sys; print('loud', file=sys.stderr); assert __name__ == '__main__'",
        "1 / 0",
        "import sys; sys.exit(3)",
        "this is no Python",
        "from pathlib import Path; assert Path('s01_rnn.ipynb').is_file()",
    ]
    earlier.use_notebook(notebook({"rnn_step_forward": timed, "rnn_forward": helped}, first))
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines()[0].count(",") == 6
    assert [line.split(":")[0] for line in said.out.splitlines()[1:]] == [
        "On the way, cell 3 stopped with ZeroDivisionError",
        "On the way, cell 4 stopped with SystemExit",
        "On the way, cell 5 stopped with SyntaxError",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["s01_rnn.ipynb"]


def test_checks_demos_and_scratch_are_not_run(earlier, notebook, tmp_path):
    path = notebook()
    made = json.loads(path.read_text())
    touch = "open('touched', 'w')"
    made["cells"] += [code(touch, tags=["demo"]), code(touch, tags=["scratch"]), code(touch, nbgrader={"grade": True})]
    path.write_text(json.dumps(made))
    earlier.use_notebook(path)
    assert [one.name for one in tmp_path.iterdir()] == ["s01_rnn.ipynb"]


def test_the_names_of_this_notebook_are_left_alone(earlier, notebook):
    before = sys.modules["__main__"]
    earlier.use_notebook(notebook(first=["marked = 1"]))
    assert sys.modules["__main__"] is before
    assert not hasattr(before, "marked")


def of_stage(path, stage):
    made = json.loads(path.read_text())
    made["metadata"] = {"seqlab": {"stage": stage}} if stage else {}
    path.write_text(json.dumps(made))
    return path


def test_a_notebook_that_cannot_be_used_says_why(earlier, notebook, tmp_path):
    for path in (tmp_path / "missing.ipynb", tmp_path):
        with pytest.raises(EarlierError, match=r"there is no file .* \(looked for from /"):
            earlier.use_notebook(path)
    for stage in ("s02_language_model", "s05_later"):
        with pytest.raises(EarlierError, match=f"the notebook of {stage}, which is not before s02_language_model"):
            earlier.use_notebook(of_stage(notebook(), stage))
    with pytest.raises(EarlierError, match="not one of this course"):
        earlier.use_notebook(of_stage(notebook(), ""))


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"nbformat": 4, "cells": 3, "metadata": {}}', '"\\ud800'])
def test_a_file_that_is_no_notebook_says_so(earlier, tmp_path, text):
    path = tmp_path / "odd.ipynb"
    path.write_text(text)
    with pytest.raises(EarlierError, match="odd.ipynb is not a notebook|not one of this course"):
        earlier.use_notebook(path)


def test_an_earlier_stage_that_taught_nothing_for_later_is_no_trouble(earlier, tmp_path, capsys):
    empty = nbformat.v4.new_notebook(metadata={"seqlab": {"stage": "s00_zero"}})
    nbformat.write(empty, tmp_path / "s00_zero.ipynb")
    earlier.use_notebook(str(tmp_path / "s00_zero.ipynb"))
    assert capsys.readouterr().out == "Yours, from s00_zero.ipynb: nothing.\n"


def with_stage_three(**own):
    """What comes of trying the functions of stage 3, with some replaced."""
    lesson = next(one for one in LESSONS if one.stage == "s03_gradient_flow")
    supplied = importlib.import_module(f"seqlab.earlier.{lesson.module}").SUPPLIED
    ready = {name: getattr(Earlier("s99_last"), name) for name in lesson.names}
    return [try_out(one, ready | own) for one in supplied]


def test_functions_of_lists_and_dictionaries_are_tried_too():
    assert [outcome.trouble for outcome in with_stage_three()] == ["", ""]
    (stack, clip) = with_stage_three(clip_grad_norm=lambda grads, max_norm: 1.0)
    assert stack.trouble == ""
    assert clip.trouble.startswith("norm: ")
    (stack, clip) = with_stage_three(multilayer_rnn_forward=lambda x, h0, Wx, Wh, b: ([x, x], None))
    assert stack.trouble
    assert clip.trouble == ""


def test_a_stack_is_not_to_be_had_before_it_was_taught():
    with pytest.raises(EarlierError, match="is what this stage is about"):
        Earlier("s03_gradient_flow").multilayer_rnn_forward()
    with pytest.raises(EarlierError, match="taught in s03_gradient_flow, which comes after"):
        Earlier("s02_language_model").clip_grad_norm()


def test_a_stack_s_lists_must_be_equally_long():
    with pytest.raises(ValueError, match="zip"):
        Earlier("s04_gates").multilayer_rnn_forward(ARRAYS["x"], [], [ARRAYS["Wx"]], [ARRAYS["Wh"]], [ARRAYS["b"]])
