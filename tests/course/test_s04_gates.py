"""What is special to stage 4: known values, agreement with torch to 1e-10, closed forms, measured gates."""

import numpy as np
import pytest
import torch

from autograder.authoring.master import read_master
from autograder.reference import reference_namespace
from autograder.suite import load_suite
from seqlab.gate_traces import measure_gates
from seqlab.gradcheck import numeric_gradient, relative_error
from tests.course.stages import SUBJECTS

SIZES = [(3, 7, 4, 5), (1, 1, 2, 3), (2, 5, 6, 4)]
TORCH_ORDER = [0, 1, 3, 2]  # i, f, g, o from i, f, o, g, and back


@pytest.fixture(scope="module")
def stage4(course):
    return course.stage("s04_gates")


@pytest.fixture(scope="module")
def names(course, stage4):
    return reference_namespace(read_master(course.master_path(stage4.id), stage4))


def even(a, b, *shape):
    return np.linspace(a, b, int(np.prod(shape))).reshape(shape)


def drawn(sizes, blocks, seed=0):
    """x, h0, Wx, Wh, b and dh."""
    N, T, D, H = sizes
    rng = np.random.default_rng(seed)
    shapes = [(N, T, D), (N, H), (D, blocks * H), (H, blocks * H), (blocks * H,), (N, T, H)]
    return [rng.standard_normal(shape) for shape in shapes]


def torch_gradients(kind, order, x, h0, Wx, Wh, b, dh):
    """States and gradients from torch's own layer, written down here once more, without the suite's oracle."""

    def moved(array):
        return np.concatenate([np.split(array, len(order), axis=-1)[k] for k in order], axis=-1)

    layer = kind(x.shape[2], h0.shape[1], batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for name, array in {"weight_ih": Wx, "weight_hh": Wh, "bias_ih": b}.items():
            getattr(layer, f"{name}_l0").copy_(torch.from_numpy(moved(array).T.copy()))
        layer.bias_hh_l0.zero_()
    x_leaf, start = torch.from_numpy(x).requires_grad_(), torch.from_numpy(h0[None].copy()).requires_grad_()
    h, _ = layer(x_leaf, start if kind is torch.nn.GRU else (start, torch.zeros_like(start)))
    h.backward(torch.from_numpy(dh))
    gradients = [moved(p.grad.numpy().T) for p in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0)]
    return [h.detach().numpy(), x_leaf.grad.numpy(), start.grad.numpy()[0], *gradients]


def test_points_add_up_to_a_hundred(stage4):
    assert sum(stage4.points.values()) == 100


def test_the_known_linspace_step(names):
    N, D, H = 3, 4, 5
    memory = even(-0.3, 0.7, N, H), even(-0.4, 0.9, N, H)
    weights = even(-2.1, 1.3, D, 4 * H), even(-0.7, 2.2, H, 4 * H), even(0.3, 0.7, 4 * H)
    next_h, next_c, _ = names["lstm_step_forward"](even(-0.4, 1.2, N, D), *memory, *weights)
    np.testing.assert_allclose(next_h[0], [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904], atol=1e-8)
    np.testing.assert_allclose(next_c[0], [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407], atol=1e-8)


def test_the_known_linspace_sequence(names):
    N, D, H, T = 2, 5, 4, 3
    weights = even(-0.2, 0.9, D, 4 * H), even(-0.3, 0.6, H, 4 * H), even(0.2, 0.7, 4 * H)
    h, _ = names["lstm_forward"](even(-0.4, 0.6, N, T, D), even(-0.4, 0.8, N, H), *weights)
    np.testing.assert_allclose(h[0, 0], [0.01764008, 0.01823233, 0.01882671, 0.0194232], atol=1e-8)
    np.testing.assert_allclose(h[1, 0], [0.45767879, 0.4761092, 0.4936887, 0.51041945], atol=1e-8)


def test_the_known_cases_are_public_and_not_hidden(stage4):
    suite = load_suite(stage4)
    for name in ("lstm_step_forward", "lstm_forward"):
        (known,) = [case for case in suite.exercise(name).cases if "known" in case.title]
        assert known.public
        assert known.weight == 0


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(
    ("name", "kind", "order"), [("lstm", torch.nn.LSTM, TORCH_ORDER), ("gru", torch.nn.GRU, [0, 1, 2])]
)
def test_hand_written_passes_agree_with_torch_to_1e_10(names, sizes, name, kind, order):
    x, h0, Wx, Wh, b, dh = drawn(sizes, len(order))
    h, cache = names[f"{name}_forward"](x, h0, Wx, Wh, b)
    mine = [h, *names[f"{name}_backward"](dh, cache)]
    for value, right in zip(mine, torch_gradients(kind, order, x, h0, Wx, Wh, b, dh), strict=True):
        assert relative_error(value, right) < 1e-10


def test_one_step_back_agrees_with_finite_differences_through_both_outputs(names):
    x, h, Wx, Wh, b, dh = drawn((3, 1, 4, 2), 4)
    args = {"x": x[:, 0], "prev_h": h, "prev_c": 0.7 * h[::-1].copy(), "Wx": Wx, "Wh": Wh, "b": b}
    upstream = np.stack([dh[:, 0], dh[::-1, 0]])
    _, _, cache = names["lstm_step_forward"](**args)
    gradients = names["lstm_step_backward"](upstream[0], upstream[1], cache)
    for name, mine in zip(args, gradients, strict=True):
        slow = numeric_gradient(
            lambda a, name=name: np.stack(names["lstm_step_forward"](**args | {name: a})[:2]), args[name], upstream
        )
        assert relative_error(mine, slow) < 1e-8, name


@pytest.mark.parametrize(("name", "blocks"), [("lstm", 4), ("gru", 3)])
@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_gradient_at_the_cut_only_ignores_what_comes_after_it(names, name, blocks, cut):
    x, h0, Wx, Wh, b, dh = drawn((2, 7, 3, 4), blocks)
    dh[:, cut:] = 0
    _, long = names[f"{name}_forward"](x, h0, Wx, Wh, b)
    _, short = names[f"{name}_forward"](x[:, :cut], h0, Wx, Wh, b)
    whole, part = names[f"{name}_backward"](dh, long), names[f"{name}_backward"](dh[:, :cut], short)
    assert not whole[0][:, cut:].any()
    assert relative_error(whole[0][:, :cut], part[0]) < 1e-12
    assert all(relative_error(a, b) < 1e-12 for a, b in zip(whole[1:], part[1:], strict=True))


def test_an_lstm_with_open_forget_gates_and_shut_input_gates_keeps_its_cell(names):
    x, h, Wx, Wh, b, _ = drawn((3, 1, 4, 5), 4)
    b[:5], b[5:10] = -200, 200
    cell = 10 * h
    _, next_c, _ = names["lstm_step_forward"](x[:, 0], h, cell, Wx, Wh, b)
    np.testing.assert_array_equal(next_c, cell)


def test_a_gru_with_an_open_update_gate_keeps_its_state(names):
    x, h, Wx, Wh, b, _ = drawn((3, 1, 4, 5), 3)
    b[5:10] = 200
    np.testing.assert_array_equal(names["gru_step_forward"](x[:, 0], h, Wx, Wh, b)[0], h)


def test_the_grus_bias_is_felt_when_its_reset_gate_is_shut(names):
    x, h, Wx, Wh, b, _ = drawn((3, 1, 4, 5), 3)
    b[:5], b[5:10] = -400, -400
    expected = np.tanh(x[:, 0] @ Wx[:, 10:] + b[10:])
    np.testing.assert_allclose(names["gru_step_forward"](x[:, 0], h, Wx, Wh, b)[0], expected, atol=1e-12)


def test_the_sigmoid_is_stable_and_right(names):
    a = np.array([-1e4, -40.0, -1.0, 0.0, 2.0, 40.0, 1e4])
    right = np.array([0.0, 0.0, 1 / (1 + np.e), 0.5, 1 / (1 + np.exp(-2)), 1.0, 1.0])
    np.testing.assert_allclose(names["sigmoid"](a), right, atol=1e-15)
    assert names["sigmoid"](a.astype(np.float32)).dtype == np.float32


def test_the_pencil_highway(names):
    gates = np.array([0.5, 0.9, 0.8]).reshape(1, 3, 1)
    np.testing.assert_allclose(names["cell_highway"](gates).ravel(), [0.72, 0.8, 1.0], atol=1e-15)


def test_the_highway_is_the_derivative_of_the_last_cell_where_there_are_no_detours(names):
    x, h0, Wx, Wh, b, _ = drawn((1, 6, 3, 4), 4)
    Wh[:] = 0
    gates = measure_gates(names["lstm_step_forward"], x, Wx, Wh, b)

    def last(cell, t):
        for s in range(t + 1, 6):
            _, cell, _ = names["lstm_step_forward"](x[:, s], h0, cell, Wx, Wh, b)
        return cell

    highway = names["cell_highway"](gates["forget"])
    for t in range(6):
        slow = numeric_gradient(lambda cell, t=t: last(cell, t), gates["cell"][:, t].copy())
        assert relative_error(highway[:, t], slow) < 1e-8


def test_gates_are_measured_as_they_are(names):
    x, _, Wx, Wh, b, _ = drawn((2, 5, 3, 4), 4)
    gates = measure_gates(names["lstm_step_forward"], x, Wx, Wh, b)
    h, _ = names["lstm_forward"](x, np.zeros((2, 4)), Wx, Wh, b)
    before = np.concatenate([np.zeros((2, 1, 4)), h[:, :-1]], axis=1)
    sums = np.split(x @ Wx + before @ Wh + b, 4, axis=2)
    for name, a in zip(("input", "forget", "output"), sums, strict=False):
        np.testing.assert_allclose(gates[name], 1 / (1 + np.exp(-a)), atol=1e-12)
    np.testing.assert_allclose(gates["candidate"], np.tanh(sums[3]), atol=1e-12)
    np.testing.assert_allclose(gates["state"], h, atol=1e-12)
    np.testing.assert_allclose(gates["output"] * np.tanh(gates["cell"]), h, atol=1e-12)


def test_the_converters_undo_each_other_and_torch_understands_them(names):
    x, h0, Wx, Wh, b, _ = drawn((2, 4, 3, 5), 4)
    theirs = names["lstm_to_torch"](Wx, Wh, b)
    for ours, back in zip((Wx, Wh, b), names["lstm_from_torch"](*theirs), strict=True):
        np.testing.assert_array_equal(ours, back)
    layer = torch.nn.LSTM(3, 5, batch_first=True, dtype=torch.float64)
    arrays = dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), theirs, strict=True))
    layer.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    start = torch.from_numpy(h0)[None]
    h, _ = layer(torch.from_numpy(x), (start, torch.zeros_like(start)))
    assert relative_error(names["lstm_forward"](x, h0, Wx, Wh, b)[0], h.detach().numpy()) < 1e-12


def test_a_gru_of_torch_that_has_no_counterpart_is_refused(names):
    layer = torch.nn.GRU(3, 4, batch_first=True, dtype=torch.float64)
    arrays = [parameter.detach().numpy() for parameter in layer.parameters()]
    with pytest.raises(ValueError, match="no bias there"):
        names["gru_from_torch"](*arrays)
    arrays[3][8:] = 0
    x = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    mine, _ = names["gru_forward"](x.numpy(), np.zeros((2, 4)), *names["gru_from_torch"](*arrays))
    assert relative_error(mine, layer(x)[0].detach().numpy()) < 1e-12


@pytest.mark.parametrize(("module", "name", "blocks"), [("LSTM", "lstm", 4), ("GRU", "gru", 3)])
def test_the_modules_and_the_hand_written_passes_agree(names, module, name, blocks):
    x, h0, Wx, Wh, b, dh = drawn((3, 6, 4, 5), blocks)
    model = names[module](4, 5).double()
    model.load_state_dict({key: torch.from_numpy(a) for key, a in {"Wx": Wx, "Wh": Wh, "b": b}.items()})
    start = torch.from_numpy(h0)
    result = model(torch.from_numpy(x), (start, torch.zeros_like(start)) if module == "LSTM" else start)
    states = result[0] if module == "LSTM" else result
    states.backward(torch.from_numpy(dh))
    h, cache = names[f"{name}_forward"](x, h0, Wx, Wh, b)
    assert relative_error(h, states.detach().numpy()) < 1e-12
    for parameter, gradient in zip(model.parameters(), names[f"{name}_backward"](dh, cache)[2:], strict=True):
        assert relative_error(gradient, parameter.grad.numpy()) < 1e-10


def test_an_lstm_module_goes_on_where_it_stopped(names):
    torch.manual_seed(2)
    model, x = names["LSTM"](3, 4), torch.randn(2, 9, 3)
    whole, end = model(x)
    first, state = model(x[:, :4])
    second, last = model(x[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(last, end)


def test_the_forget_gates_bias_starts_where_it_is_told(names):
    b = names["LSTM"](3, 4, forget_bias=2.5).b.detach()
    assert b.tolist() == [0.0] * 4 + [2.5] * 4 + [0.0] * 8


def lost(**answers):
    """The exercises that lose points, with reasons, where some answers are replaced."""
    subject = SUBJECTS["s04_gates"]
    verdicts = subject.judged(subject.reference() | answers)
    return {verdict.exercise: verdict.reason for verdict in verdicts if not verdict.full}


def test_a_highway_by_division_fails_where_a_gate_is_shut():
    def cell_highway(forget_gates):
        with np.errstate(all="ignore"):
            passed = np.cumprod(forget_gates, axis=1)
            return passed[:, -1:] / passed

    assert lost(cell_highway=cell_highway) == {"cell_highway": "highway off in 'gates that are shut'"}


def test_the_ready_made_layers_earn_nothing(names):
    class LSTM(names["LSTM"]):
        def forward(self, x, state=None):
            zeros = x.new_zeros(1, len(x), len(self.Wh))
            start = (zeros, zeros) if state is None else tuple(part[None] for part in state)
            ours = [array.chunk(4, -1) for array in (self.Wx, self.Wh, self.b)]
            Wx, Wh, b = (torch.cat([blocks[k] for k in TORCH_ORDER], -1) for blocks in ours)
            weights = [Wx.T, Wh.T, b, torch.zeros_like(b)]
            h, h_last, c_last = torch.lstm(x, start, weights, True, 1, 0.0, False, False, True)
            return h, (h_last[0], c_last[0])

    class GRU(names["GRU"]):
        def forward(self, x, h0=None):
            start = x.new_zeros(1, len(x), len(self.Wh)) if h0 is None else h0[None]
            weights = [self.Wx.T, self.Wh.T, self.b, torch.zeros_like(self.b)]
            return torch.gru(x, start, weights, True, 1, 0.0, False, False, True)[0]

    found = lost(LSTM=LSTM, GRU=GRU)
    assert list(found) == ["LSTM", "GRU"]
    assert "called torch.lstm, which is torch.nn.LSTM" in found["LSTM"]
    assert "called torch.gru, which is torch.nn.GRU" in found["GRU"]


def test_a_step_by_hand_that_leans_on_torch_earns_nothing():
    def gru_step_forward(x, prev_h, Wx, Wh, b):
        arrays = [torch.from_numpy(np.ascontiguousarray(a)) for a in (x, prev_h, Wx.T, Wh.T, b, 0 * b)]
        return torch.gru_cell(*arrays).numpy(), None

    assert "this exercise is to be written in NumPy" in lost(gru_step_forward=gru_step_forward)["gru_step_forward"]
