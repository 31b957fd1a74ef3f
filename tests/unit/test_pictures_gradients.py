"""Pictures of gradients show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from seqlab import pictures_gradients as pictures

NORMS = 0.9 ** np.arange(20.0)[::-1]


def test_no_picture_stays_open_for_pyplot():
    pictures.stacked_graph(2, 3)
    pictures.norms_over_time({"a": NORMS})
    pictures.norms_between_bounds(NORMS, 0.5 * NORMS, 2 * NORMS, 0.9)
    pictures.clipping_rules(NORMS, {"rule": NORMS}, 1.0)
    pictures.training_runs({"a": [1.0, 2.0]}, {"a": [1.0, 2.0]})
    pictures.depth_and_time(np.stack([NORMS, NORMS]))
    assert plt.get_fignums() == []


def test_measured_norms_are_dots_and_the_closed_form_a_line_of_the_same_colour():
    (axes,) = pictures.norms_over_time({"a": 2 * NORMS}, {"a": NORMS}).axes
    line, dots = axes.lines
    np.testing.assert_array_equal(line.get_ydata(), NORMS)
    np.testing.assert_array_equal(dots.get_ydata(), 2 * NORMS[::4])
    assert line.get_color() == dots.get_color()
    assert axes.get_yscale() == "log"
    assert line.get_xdata()[-1] == 0


def test_clipped_norms_are_drawn_lower_by_their_factor():
    (axes,) = pictures.norms_over_time({"a": NORMS}, {"a": NORMS}, clipped={"a": 0.25}).axes
    _, _, line, dots = axes.lines
    np.testing.assert_array_equal(line.get_ydata(), 0.25 * NORMS)
    np.testing.assert_array_equal(dots.get_ydata(), 0.25 * NORMS[::4])
    assert line.get_linestyle() == "--"
    assert dots.get_markerfacecolor() == "white"


def test_a_lower_bound_that_falls_away_does_not_flatten_the_picture():
    (axes,) = pictures.norms_between_bounds(NORMS, NORMS * 1e-60, 2 * NORMS, 0.9).axes
    assert axes.get_ylim()[0] == pytest.approx(NORMS.min() * 1e-4)


def test_layers_are_rows_with_the_top_layer_on_top():
    axes, _ = pictures.depth_and_time(np.stack([NORMS, 10 * NORMS])).axes
    (image,) = axes.images
    np.testing.assert_allclose(image.get_array()[1] - image.get_array()[0], 1.0)
    assert axes.get_ylim() == (-0.5, 1.5)


def test_smoothed_runs_are_running_means():
    above, _ = pictures.training_runs({"a": [1.0, 3.0, 5.0]}, {"a": [1.0, 1.0, 1.0]}, smooth=2).axes
    np.testing.assert_allclose(above.lines[0].get_ydata(), [2.0, 4.0])
