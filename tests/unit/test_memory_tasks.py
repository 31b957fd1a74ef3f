"""The tasks of stage 4 ask what they say, and the pictures show what they are given."""

import numpy as np
import pytest

from seqlab import pictures_gates
from seqlab.memory_tasks import adding_problem, copy_task


@pytest.mark.parametrize("length", [2, 3, 25])
def test_the_adding_problem_asks_for_the_sum_of_the_two_marked_numbers(length):
    x, sums = adding_problem(200, length, np.random.default_rng(0))
    assert (x.dtype, x.shape, sums.dtype, sums.shape) == (np.float32, (200, length, 2), np.float32, (200,))
    half = length // 2
    np.testing.assert_array_equal(x[:, :half, 1].sum(1), 1)
    np.testing.assert_array_equal(x[:, half:, 1].sum(1), 1)
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(1), sums, rtol=1e-6)
    assert len(np.unique(x[..., 1].argmax(1))) == half


def test_always_answering_one_costs_a_sixth():
    _, sums = adding_problem(200_000, 4, np.random.default_rng(1))
    assert np.mean((sums - 1) ** 2) == pytest.approx(1 / 6, rel=0.02)


def test_the_copy_task_shows_waits_signals_and_asks():
    x, shown = copy_task(50, 3, np.random.default_rng(2), symbols=5, length=2)
    assert (x.dtype, x.shape, shown.dtype, shown.shape) == (np.float32, (50, 7, 7), np.int64, (50, 2))
    codes = x.argmax(2)
    np.testing.assert_array_equal(x.sum(2), 1)
    np.testing.assert_array_equal(codes[:, :2], shown)
    np.testing.assert_array_equal(codes[:, 2:], [[5, 5, 6, 5, 5]] * 50)
    assert sorted(np.unique(shown)) == [0, 1, 2, 3, 4]


def test_tasks_without_room_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="length of 2 or more"):
        adding_problem(3, 1, rng)
    with pytest.raises(ValueError, match="delay of 1 or more"):
        copy_task(3, 0, rng)


def test_a_race_draws_each_network_on_each_task():
    losses = {"RNN": [1.0, 0.9, 0.8], "LSTM": [1.0, 0.1]}
    figure = pictures_gates.races({"easy": losses, "hard": losses}, 0.5, "loss", smooth=2)
    assert [axes.get_title() for axes in figure.axes] == ["easy", "hard"]
    labels = figure.axes[1].get_legend_handles_labels()[1]
    assert labels == ["remembers nothing", "RNN", "LSTM"]
    np.testing.assert_allclose(figure.axes[0].lines[1].get_ydata(), [0.95, 0.85])


def test_a_logarithmic_axis_ends_at_the_floor_where_a_curve_falls_below_it():
    figure = pictures_gates.log_curves({"a": np.array([1.0, 1e-12, 0.0])}, "t", "norm", floor=1e-9)
    assert figure.axes[0].get_yscale() == "log"
    assert figure.axes[0].get_ylim()[0] == pytest.approx(1e-9)
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1.0, 1e-12, np.nan])
    above = pictures_gates.log_curves({"a": np.array([1.0, 1e-3])}, "t", "norm", floor=1e-9)
    assert above.axes[0].get_ylim()[0] > 1e-4
    panels = pictures_gates.log_panels({"before": {"a": np.ones(2)}, "after": {"a": np.ones(2)}}, "t", "norm")
    assert [axes.get_title() for axes in panels.axes] == ["before", "after"]


def test_gates_are_drawn_from_zero_to_one_and_cells_about_zero():
    traces = {"forget": np.full((6, 3), 0.5), "cell": np.linspace(-2, 1, 18).reshape(6, 3)}
    figure = pictures_gates.gates_over_time(traces, {"mark": np.zeros(6)}, [1, 4])
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert [image.get_clim() for image in images] == [(0.0, 1.0), (-2.0, 2.0)]
    assert all(len(axes.lines) == 2 for axes in figure.axes[:3])
    assert pictures_gates.lstm_cell().axes
