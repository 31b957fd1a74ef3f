"""Gradient checks, training, digits and pictures: what the notebooks lean on."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from seqlab import plots
from seqlab.gradcheck import numeric_gradient, relative_error
from seqlab.training import Adam, minibatches, train

mpl.use("Agg")


def test_numeric_gradient_of_a_known_function():
    x = np.random.default_rng(0).standard_normal((3, 4))
    upstream = np.random.default_rng(1).standard_normal((3, 4))
    before = x.copy()
    assert relative_error(numeric_gradient(np.tanh, x, upstream), upstream * (1 - np.tanh(x) ** 2)) < 1e-9
    assert np.array_equal(x, before)


def test_numeric_gradient_of_a_loss_and_through_a_view():
    x = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert relative_error(numeric_gradient(lambda z: float((z**2).sum()), x), 2 * x) < 1e-9


def test_numeric_gradient_refuses_float32():
    with pytest.raises(TypeError, match="float64; found float32"):
        numeric_gradient(np.tanh, np.zeros(3, "float32"))


def test_relative_error_is_a_share():
    assert relative_error(np.ones(3), np.ones(3)) == 0
    assert relative_error(np.ones(3), -np.ones(3)) == 2
    assert relative_error(0.0, 0.0) == 0


def test_adam_takes_the_published_first_steps():
    """The first step is the learning rate times the sign of the gradient (bias correction), the second is by hand."""
    adam, params = Adam(learning_rate=0.1), {"w": np.array([1.0, -2.0])}
    kept = params["w"]
    adam.update(params, {"w": np.array([0.5, -3.0])})
    np.testing.assert_allclose(params["w"], [0.9, -1.9], atol=1e-6)
    adam.update(params, {"w": np.array([0.5, 1.0])})
    mean, square = (0.9 * 0.1 * -3 + 0.1 * 1) / (1 - 0.81), (0.999 * 0.001 * 9 + 0.001 * 1) / (1 - 0.999**2)
    np.testing.assert_allclose(params["w"], [0.8, -1.9 - 0.1 * mean / np.sqrt(square)], atol=1e-6)
    assert params["w"] is kept


def test_minibatches_cover_everything_once():
    batches = list(minibatches(10, 4, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(np.concatenate(batches)) == list(range(10))


def test_train_lowers_a_loss_and_is_reproducible():
    target = np.array([3.0, -1.0])

    def run():
        params = {"w": np.zeros(2)}
        losses = train(
            params,
            lambda batch: (float(((params["w"] - target) ** 2).sum()), {"w": 2 * (params["w"] - target)}),
            8,
            epochs=100,
            batch_size=4,
            rng=np.random.default_rng(0),
            optimizer=Adam(0.1),
            after_epoch=lambda epoch: f"epoch {epoch}",
        )
        return params["w"], losses

    (w, losses), (again, _) = run(), run()
    assert losses[-1] < 1e-3 < losses[0]
    assert np.array_equal(w, again)
    np.testing.assert_allclose(w, target, atol=0.05)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.unrolled_graph(3),
        lambda: plots.loss_curve(list(np.linspace(2, 0, 50))),
        lambda: plots.loss_curve([1.0, 0.5]),
        lambda: plots.reading(np.zeros((8, 8)), np.full((8, 10), 0.1), "a 3"),
        lambda: plots.gallery(np.zeros((7, 8, 8)), [str(i) for i in range(7)]),
        lambda: plots.curves({"a": np.arange(3.0), "b": np.arange(3.0)}, "x", "y", first=1),
    ],
)
def test_every_picture_is_a_closed_figure_with_axes(draw):
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    figure = draw()
    assert isinstance(figure, Figure)
    assert figure.axes
    figure.canvas.draw()
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
