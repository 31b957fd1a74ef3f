"""What is special to stage 3: closed forms, the numbers of the prose, and torch's own layers and clipping."""

import numpy as np
import pytest
import torch

from autograder.authoring.master import read_master
from autograder.reference import reference_namespace
from seqlab.gradcheck import numeric_gradient, relative_error

EXACT = 1e-10


@pytest.fixture(scope="module")
def answers(course):
    stage = course.stage("s03_gradient_flow")
    return reference_namespace(read_master(course.master_path(stage.id), stage))


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def rotation(rng, H):
    return np.linalg.qr(rng.standard_normal((H, H)))[0]


def stack(rng, D, widths, N):
    """Inputs of a stack: h0, Wx, Wh, b."""
    below = [D, *widths[:-1]]
    return {
        "h0": [rng.standard_normal((N, width)) for width in widths],
        "Wx": [0.4 * rng.standard_normal(shape) for shape in zip(below, widths, strict=True)],
        "Wh": [0.4 * rng.standard_normal((width, width)) for width in widths],
        "b": [rng.standard_normal(width) for width in widths],
    }


def torchs_stack(inputs):
    """``nn.RNN`` with several layers of one width."""
    D, H = inputs["Wx"][0].shape
    network = torch.nn.RNN(D, H, num_layers=len(inputs["b"]), batch_first=True).double()
    with torch.no_grad():
        for k, (Wx, Wh, b) in enumerate(zip(inputs["Wx"], inputs["Wh"], inputs["b"], strict=True)):
            for name, array in {"weight_ih": Wx.T, "weight_hh": Wh.T, "bias_ih": b, "bias_hh": 0 * b}.items():
                getattr(network, f"{name}_l{k}").copy_(torch.from_numpy(array))
    return network


def test_a_stack_agrees_with_torchs_layers(answers, rng):
    N, T, D, H = 3, 6, 4, 5
    inputs, x, dh = stack(rng, D, [H, H, H], N), rng.standard_normal((N, T, D)), rng.standard_normal((N, T, H))
    h, cache = answers["multilayer_rnn_forward"](x, **inputs)
    dx, dh0, dWx, dWh, db = answers["multilayer_rnn_backward"](dh, cache)

    network = torchs_stack(inputs)
    x_leaf, start = torch.tensor(x, requires_grad=True), torch.tensor(np.stack(inputs["h0"]), requires_grad=True)
    top, _ = network(x_leaf, start)
    top.backward(torch.from_numpy(dh))
    assert relative_error(h[-1], top.detach().numpy()) < EXACT
    assert relative_error(dx, x_leaf.grad.numpy()) < EXACT
    for k in range(3):
        assert relative_error(dh0[k], start.grad[k].numpy()) < EXACT
        assert relative_error(dWx[k], getattr(network, f"weight_ih_l{k}").grad.numpy().T) < EXACT
        assert relative_error(dWh[k], getattr(network, f"weight_hh_l{k}").grad.numpy().T) < EXACT
        assert relative_error(db[k], getattr(network, f"bias_ih_l{k}").grad.numpy()) < EXACT


def test_a_stack_agrees_with_finite_differences(answers, rng):
    inputs, x, dh = stack(rng, 3, [4, 2], 2), rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 5, 2))

    def top(bottom):
        return answers["multilayer_rnn_forward"](x, **(inputs | {"Wh": [bottom, inputs["Wh"][1]]}))[0][-1]

    gradients = answers["multilayer_rnn_backward"](dh, answers["multilayer_rnn_forward"](x, **inputs)[1])
    assert relative_error(gradients[3][0], numeric_gradient(top, inputs["Wh"][0], dh)) < 1e-8


def test_the_module_agrees_with_the_arrays(answers, rng):
    inputs, x = stack(rng, 3, [4, 6], 2), rng.standard_normal((2, 5, 3))
    model = answers["MultilayerRNN"](3, [4, 6]).double()
    for name in ("Wx", "Wh", "b"):
        for parameter, array in zip(getattr(model, name), inputs[name], strict=True):
            parameter.data = torch.from_numpy(array)
    h, _ = answers["multilayer_rnn_forward"](x, **inputs)
    for mine, theirs in zip(h, model(torch.from_numpy(x), [torch.from_numpy(h0) for h0 in inputs["h0"]]), strict=True):
        assert relative_error(mine, theirs.detach().numpy()) < EXACT


@pytest.mark.parametrize("rho", [0.8, 0.9, 1.0, 1.1, 1.2])
def test_the_closed_form_of_a_linear_network(answers, rng, rho):
    T, H = 100, 16
    Wh, dlast = rho * rotation(rng, H), rng.standard_normal((2, H))
    dh = np.zeros((2, T, H))
    dh[:, -1] = dlast
    closed = np.linalg.norm(dlast, axis=1)[:, None] * rho ** np.arange(T - 1, -1, -1)
    norms = answers["state_gradient_norms"](np.zeros_like(dh), Wh, dh)
    lower, upper = answers["gradient_norm_bounds"](np.zeros_like(dh), Wh, dlast)
    for found in (norms, lower, upper):
        np.testing.assert_allclose(found, closed, rtol=EXACT)


def test_the_norms_are_those_that_autograd_retains(answers, rng):
    N, T, H = 3, 9, 5
    x, Wh, dh = rng.standard_normal((N, T, H)), 0.7 * rng.standard_normal((H, H)), rng.standard_normal((N, T, H))
    state, states = torch.zeros(N, H, dtype=torch.float64, requires_grad=True), []
    for t in range(T):
        state = torch.tanh(torch.from_numpy(x[:, t]) + state @ torch.from_numpy(Wh))
        state.retain_grad()
        states.append(state)
    torch.stack(states, dim=1).backward(torch.from_numpy(dh))
    h = torch.stack(states, dim=1).detach().numpy()
    retained = np.stack([np.linalg.norm(one.grad.numpy(), axis=1) for one in states], axis=1)
    assert relative_error(answers["state_gradient_norms"](h, Wh, dh), retained) < EXACT


@pytest.mark.parametrize("seed", range(20))
def test_the_norms_lie_between_their_bounds_and_the_bounds_are_reached(answers, seed):
    rng = np.random.default_rng(seed)
    N, T, H = 4, 12, 6
    h, Wh, dlast = np.tanh(rng.standard_normal((N, T, H))), rng.standard_normal((H, H)), rng.standard_normal((N, H))
    dh = np.zeros((N, T, H))
    dh[:, -1] = dlast
    norms = answers["state_gradient_norms"](h, Wh, dh)
    lower, upper = answers["gradient_norm_bounds"](h, Wh, dlast)
    assert (lower <= norms * (1 + EXACT)).all()
    assert (norms <= upper * (1 + EXACT)).all()
    # In a linear network the direction that is stretched most reaches the upper bound one step from the end.
    most = np.linalg.svd(Wh.T)[0][:, 0]
    one = np.stack([np.zeros(H), most])[None]
    reached = answers["state_gradient_norms"](np.zeros((1, 2, H)), Wh, one)
    bound = answers["gradient_norm_bounds"](np.zeros((1, 2, H)), Wh, one[:, -1])[1]
    np.testing.assert_allclose(reached, bound, rtol=EXACT)


def test_the_worked_examples_of_the_prose(answers):
    dh = np.zeros((1, 10, 2))
    dh[0, -1] = 1.0
    norms = answers["state_gradient_norms"](np.zeros_like(dh), np.diag([0.5, 1.2]), dh)[0]
    np.testing.assert_allclose(norms[::-1][:4], [1.41, 1.30, 1.46, 1.73], atol=0.005)

    Wh = np.array([[0.8, 1.2], [0.0, 0.8]])
    np.testing.assert_allclose(np.linalg.svd(Wh)[1], [1.6, 0.4], rtol=EXACT)
    dh[0, -1] = [0.0, 1.0]
    norms = answers["state_gradient_norms"](np.zeros_like(dh), Wh, dh)[0][::-1]
    np.testing.assert_allclose(
        norms[[0, 1, 2, 3, 4, 5, 6, 9]], [1, 1.44, 2.02, 2.36, 2.49, 2.48, 2.37, 1.82], atol=0.005
    )
    upper = answers["gradient_norm_bounds"](np.zeros_like(dh), Wh, dh[:, -1])[1][0][::-1]
    np.testing.assert_allclose(
        upper[[0, 1, 2, 3, 4, 5, 6, 9]], [1, 1.6, 2.56, 4.10, 6.55, 10.5, 16.8, 68.7], rtol=0.005
    )


@pytest.mark.parametrize(
    ("size", "slipped", "wanted"), [(2, 2, 2), (3, 5 / 3, 3), (5, 1, 5), (10, 0.5, 5), (100, 0.05, 5)]
)
def test_the_table_of_the_famous_slip(answers, size, slipped, wanted):
    grads = {"Wx": np.array([[0.6 * size]]), "b": np.array([0.8 * size])}
    assert answers["clip_grad_norm"](grads, 5.0) == pytest.approx(size)
    assert np.hypot(grads["Wx"][0, 0], grads["b"][0]) == pytest.approx(wanted)
    square = size**2
    assert size * (5 / square if square > 5 else 1) == pytest.approx(slipped)


@pytest.mark.parametrize("max_norm", [0.5, 5.0, 1e6])
def test_clipping_agrees_with_torch(answers, rng, max_norm):
    arrays = {"Wx": 9 * rng.standard_normal((3, 4)), "b": 9 * rng.standard_normal(4)}
    parameters = [torch.nn.Parameter(torch.zeros(array.shape, dtype=torch.float64)) for array in arrays.values()]
    for parameter, array in zip(parameters, arrays.values(), strict=True):
        parameter.grad = torch.tensor(array)
    torchs = float(torch.nn.utils.clip_grad_norm_(parameters, max_norm))
    assert answers["clip_grad_norm"](arrays, max_norm) == pytest.approx(torchs, rel=EXACT)
    for parameter, array in zip(parameters, arrays.values(), strict=True):
        assert relative_error(array, parameter.grad.numpy()) < 1e-6 / torchs + EXACT  # torch adds 1e-6 to the norm


def test_an_exploded_float32_gradient_is_clipped_and_keeps_its_direction(answers, rng):
    direction = rng.standard_normal((3, 4))
    grads = {"Wx": (1e30 * direction).astype(np.float32)}
    norm = answers["clip_grad_norm"](grads, 2.0)
    assert norm == pytest.approx(1e30 * np.linalg.norm(direction), rel=1e-5)
    np.testing.assert_allclose(grads["Wx"], 2 * direction / np.linalg.norm(direction), rtol=1e-5)
    assert grads["Wx"].dtype == np.float32


def test_a_gradient_within_the_limit_stays_bit_for_bit(answers, rng):
    kept = {"Wx": rng.standard_normal((3, 4)), "b": np.zeros(2)}
    before = {name: array.copy() for name, array in kept.items()}
    answers["clip_grad_norm"](kept, float(np.linalg.norm(kept["Wx"])) + 1e-9)
    assert all(np.array_equal(kept[name], before[name]) for name in kept)
