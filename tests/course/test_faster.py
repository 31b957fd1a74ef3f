"""The fast forms say what the clear forms and torch say: both types, odd sizes, large inputs, and nothing touched."""

import ast

import numpy as np
import pytest
import torch

from autograder.reference import reference_namespace
from benchmarks import gpu
from solutions import faster
from solutions.faster import modules
from tests.conftest import ROOT

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
TORCH_ORDER = {"rnn": [0], "lstm": [0, 1, 3, 2], "gru": [0, 1, 2]}  # torch has i, f, g, o
SIZES = [
    (1, 1, 1, 1),
    (1, 1, 2, 3),
    (1, 7, 3, 2),
    (5, 1, 3, 4),
    (3, 4, 5, 6),
    (4, 6, 5, 5),
    (17, 9, 33, 15),
    (32, 8, 16, 64),
]
NAMES = ("h", "dx", "dh0", "dWx", "dWh", "db")
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


def drawn(kind, sizes, dtype, seed=0, scale=1.0):
    """x, h0, Wx, Wh, b and dh."""
    N, T, D, H = sizes
    rng, G = np.random.default_rng(seed), GATES[kind] * H
    shapes = [(N, T, D), (N, H), (D, G), (H, G), (G,), (N, T, H)]
    made = [rng.standard_normal(shape) * scale for shape in shapes]
    made[2] /= D**0.5
    made[3] /= H**0.5
    return [array.astype(dtype) for array in made]


def fast(kind, arguments):
    """The states and the five gradients, by the fast form."""
    h, cache = getattr(faster, f"{kind}_forward")(*arguments[:5])
    return dict(zip(NAMES, (h, *getattr(faster, f"{kind}_backward")(arguments[5], cache)), strict=True))


def reordered(kind, array):
    """Gates in torch's order; the same again leads back."""
    parts = np.split(array, GATES[kind], axis=-1)
    return np.concatenate([parts[index] for index in TORCH_ORDER[kind]], axis=-1)


def by_torch(kind, arguments):
    """The same from torch's own module and autograd."""
    x, h0, Wx, Wh, b, dh = map(torch.tensor, arguments)
    model = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind]
    model = model(x.shape[2], h0.shape[1], batch_first=True, dtype=x.dtype)
    with torch.no_grad():
        for name, array in (("weight_ih_l0", Wx), ("weight_hh_l0", Wh), ("bias_ih_l0", b), ("bias_hh_l0", 0 * b)):
            getattr(model, name).copy_(torch.tensor(reordered(kind, array.numpy()).T.copy()))
    start = h0[None].requires_grad_()
    h, _ = model(x.requires_grad_(), (start, torch.zeros_like(start)) if kind == "lstm" else start)
    h.backward(dh)
    weights = (model.weight_ih_l0.grad.T, model.weight_hh_l0.grad.T, model.bias_ih_l0.grad)
    gradients = [reordered(kind, grad.numpy()) for grad in weights]
    return dict(zip(NAMES, (h.detach().numpy(), x.grad.numpy(), start.grad[0].numpy(), *gradients), strict=True))


def require_same(found, wanted, tolerance):
    for name in NAMES:
        assert found[name].shape == wanted[name].shape, name
        assert found[name].dtype == wanted[name].dtype, name
        error = np.abs(found[name] - wanted[name]).max() / max(1, np.abs(wanted[name]).max())
        assert error < tolerance, f"{name} differs by {error:.1e}"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("kind", GATES)
def test_the_fast_forms_agree_with_torch(kind, sizes, dtype):
    arguments = drawn(kind, sizes, dtype)
    require_same(fast(kind, arguments), by_torch(kind, arguments), TOLERANCE[dtype])


def by_module(kind, arguments):
    """The same from the module for the GPU, here on the CPU."""
    x, h0, Wx, Wh, b, dh = map(torch.tensor, arguments)
    model = getattr(modules, kind.upper())(x.shape[2], h0.shape[1]).to(x.dtype)
    model.load_state_dict({"Wx": Wx, "Wh": Wh, "b": b})
    h = model(x.requires_grad_(), h0.requires_grad_())
    h.backward(dh)
    results = (h.detach(), x.grad, h0.grad, model.Wx.grad, model.Wh.grad, model.b.grad)
    return dict(zip(NAMES, (result.numpy() for result in results), strict=True))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("kind", GATES)
def test_the_modules_agree_with_torch_too(kind, sizes, dtype):
    """On the CPU, where nothing is compiled; ``python -m benchmarks.gpu`` compares on a GPU."""
    arguments = drawn(kind, sizes, dtype)
    require_same(by_module(kind, arguments), by_torch(kind, arguments), TOLERANCE[dtype])


@pytest.mark.parametrize("kind", GATES)
def test_a_module_starts_from_zeros_and_follows_the_type_of_its_input(kind):
    arguments = drawn(kind, (3, 4, 5, 6), "float32")
    model = getattr(modules, kind.upper())(5, 6)
    x = torch.tensor(arguments[0])
    assert torch.equal(model(x), model(x, torch.zeros(3, 6)))
    assert model.to(torch.bfloat16)(x.bfloat16()).dtype == torch.bfloat16
    with pytest.raises(ValueError, match="need inputs on a GPU; these are on cpu"):
        modules.graphed(model, x)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_fast_form_agrees_with_the_clear_one_of_stage_1(master, sizes, dtype):
    arguments = drawn("rnn", sizes, dtype)
    clear = reference_namespace(master)
    h, cache = clear["rnn_forward"](*arguments[:5])
    wanted = dict(zip(NAMES, (h, *clear["rnn_backward"](arguments[5], cache)), strict=True))
    require_same(fast("rnn", arguments), wanted, TOLERANCE[dtype])


def test_without_a_gpu_the_benchmark_says_so(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu.main()
    assert capsys.readouterr().out == "no GPU here: nothing was measured\n"


@pytest.mark.parametrize("ours, _", gpu.PAIRS)
def test_float32_is_close_to_float64(ours, _):
    assert 0 < gpu.farthest(ours, "cpu") < 1e-4


@pytest.mark.parametrize("kind", GATES)
def test_inputs_are_left_alone_in_any_layout(kind):
    """Also transposed, strided and read-only ones; and a cache may be used twice."""
    arguments = drawn(kind, (3, 4, 5, 6), "float64")
    odd = [np.asfortranarray(array.repeat(2, axis=0))[::2] for array in arguments]
    for array in odd:
        array.flags.writeable = False
    require_same(fast(kind, odd), fast(kind, arguments), 1e-14)
    h, cache = getattr(faster, f"{kind}_forward")(*arguments[:5])
    h[:] = np.nan
    once, twice = (getattr(faster, f"{kind}_backward")(arguments[5], cache) for _ in range(2))
    for one, other in zip(once, twice, strict=True):
        assert np.isfinite(one).all()
        assert (one == other).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", GATES)
def test_large_inputs_stay_finite(kind, dtype):
    """Warnings are errors here: an overflow would not pass either."""
    arguments = drawn(kind, (3, 5, 4, 6), dtype, scale=1e4)
    for name, array in fast(kind, arguments).items():
        assert np.isfinite(array).all(), name
    require_same(fast(kind, arguments), by_torch(kind, arguments), TOLERANCE[dtype])


@pytest.mark.parametrize("kind", GATES)
def test_mixed_types_are_computed_in_the_wider_one(kind):
    arguments = drawn(kind, (3, 4, 5, 6), "float64")
    mixed = [arguments[0].astype("float32"), *arguments[1:]]
    same = [mixed[0].astype("float64"), *arguments[1:]]
    require_same(fast(kind, mixed), fast(kind, same), 1e-12)


def makes_arrays(source):
    """What makes a new array in a loop or in a function of one step: operators, and NumPy calls without out."""
    for function in ast.walk(ast.parse(source)):
        loops = [node for node in ast.walk(function) if isinstance(node, ast.For)]
        for place in [function] if is_step(function) else loops if isinstance(function, ast.FunctionDef) else []:
            indices = {id(inner) for node in ast.walk(place) if is_index(node) for inner in ast.walk(node)}
            for node in ast.walk(place):
                operator = isinstance(node, ast.BinOp) and id(node) not in indices
                call = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("np.")
                if operator or (call and not any(keyword.arg == "out" for keyword in node.keywords)):
                    yield ast.unparse(node)


def is_step(node):
    return isinstance(node, ast.FunctionDef) and node.name.startswith("_")


def is_index(node):
    reshape = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".reshape")
    return isinstance(node, ast.Subscript) or reshape


@pytest.mark.parametrize("kind", GATES)
def test_nothing_is_made_in_the_loop(kind):
    source = (ROOT / "solutions" / "faster" / f"{kind}.py").read_text()
    assert "for t in reversed(range(T)):" in source
    assert list(makes_arrays(source)) == []


@pytest.mark.parametrize(
    "line",
    ["a = state @ Wh", "np.matmul(state, Wh)", "state += np.tanh(state)", "state += 1 - h[t]", "h[t] = 2 * state"],
)
def test_what_is_made_in_a_loop_is_found(line):
    assert list(makes_arrays(f"def forward(x):\n    for t in range(T):\n        {line}\n"))
    assert list(makes_arrays(f"def _step(x):\n    {line}\n"))
