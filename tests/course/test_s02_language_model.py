"""What is special to stage 2: the numbers of its prose, closed forms, torch to ten digits, and how chance is used."""

import numpy as np
import pytest
import torch

from autograder.authoring.master import read_master
from autograder.course import load_course
from autograder.judge import Judge
from autograder.proving.local import LocalSession
from autograder.reference import reference_namespace
from autograder.secret import CourseSecret
from autograder.suite import load_suite
from autograder.suites.s02_language_model_oracles import torch_char_rnn
from autograder.truth import Truth
from seqlab.gradcheck import numeric_gradient, relative_error
from tests.conftest import ROOT

STAGE = load_course(ROOT).stage("s02_language_model")
MASTER = read_master(load_course(ROOT).master_path(STAGE.id), STAGE)
ONES = np.ones((1, 4), dtype=bool)


@pytest.fixture(scope="module")
def names():
    return reference_namespace(MASTER)


@pytest.fixture
def hello(names):
    """The hello of the prose: scores of the network made by hand, and the targets."""
    ids = np.array([[0, 1, 2, 2, 3]])
    f = np.tanh(2.0)
    states = np.array([[[f, 0, 0], [0, f, 0], [np.tanh(2 * f), 0, f], [0, 0, f]]])
    Wy = np.array([[0.0, 4, 2, -3], [0, 0, 5, 0], [0, -5, 3, 5]])
    return states @ Wy, ids[:, 1:]


def model_and_text(names, rng, V=7, D=4, H=5, N=2, L=24, scale=0.6):
    params = {name: array * scale for name, array in names["new_params"](V, D, H, rng, np.float64).items()}
    return names["CharRNN"](params), rng.integers(0, V, (N, L + 1)), rng.standard_normal((N, H))


def test_the_numbers_of_hello_are_those_of_the_prose(names, hello):
    scores, targets = hello
    loss, _ = names["temporal_softmax_loss"](scores, targets, ONES)
    assert round(loss, 2) == 0.39
    surprises = [names["temporal_softmax_loss"](scores[:, [t]], targets[:, [t]], ONES[:, :1])[0] for t in range(4)]
    assert [round(one, 3) for one in surprises] == [0.155, 0.024, 0.066, 0.143]
    assert [round(float(np.exp(-one)), 3) for one in surprises] == [0.856, 0.976, 0.936, 0.867]
    text = " ".join(cell.source for cell in MASTER.cells)
    for row in ("e: 0.856 | 0.155", "l: 0.976 | 0.024", "l: 0.936 | 0.066", "o: 0.867 | 0.143"):
        assert row in text


def test_knowing_nothing_costs_the_logarithm_of_the_vocabulary(names):
    loss, dx = names["temporal_softmax_loss"](np.zeros((1, 4, 4)), np.array([[1, 2, 2, 3]]), ONES)
    assert loss == pytest.approx(4 * np.log(4), rel=1e-12)
    np.testing.assert_allclose(dx.sum(axis=-1), 0, atol=1e-12)


def test_the_temperatures_of_the_prose():
    for temperature, expected in ((0.5, [0.867, 0.117, 0.016]), (1, [0.665, 0.245, 0.090]), (2, [0.506, 0.307, 0.186])):
        powers = np.exp(np.array([2.0, 1, 0]) / temperature)
        np.testing.assert_array_equal(np.round(powers / powers.sum(), 3), expected)


def test_the_correlation_of_the_prose(names):
    best, scores = names["cell_selectivity"](np.array([[-1.0], [0], [1]]), np.array([0.0, 0, 1]))
    assert (best, round(float(scores[0]), 2)) == (0, 0.87)


def test_hello_s_l_hears_both_arrivals(names):
    _, cache = names["word_embedding_forward"](np.array([[0, 1, 2, 2]]), np.zeros((4, 2)))
    dW = names["word_embedding_backward"](np.array([[[1.0, 0], [0, 1], [2, 0], [0, 3]]]), cache)
    np.testing.assert_array_equal(dW, [[1, 0], [0, 1], [2, 3], [0, 0]])


def test_loss_and_gradients_agree_with_torch_to_ten_digits(names):
    model, text, h0 = model_and_text(names, np.random.default_rng(0))
    loss, grads, h_last = model.loss(text[:, :-1], text[:, 1:], h0)
    right = torch_char_rnn(text[:, :-1], text[:, 1:], h0, **model.params)
    assert loss == pytest.approx(float(right["loss"]), rel=1e-10)
    assert relative_error(h_last, right["h_last"]) < 1e-10
    assert max(relative_error(grads[name], right[f"d{name}"]) for name in grads) < 1e-10


def test_gradients_agree_with_finite_differences(names):
    model, text, h0 = model_and_text(names, np.random.default_rng(1), V=4, D=2, H=3, L=6)
    _, grads, _ = model.loss(text[:, :-1], text[:, 1:], h0)
    for name, array in model.params.items():

        def loss_with(changed, name=name):
            return names["CharRNN"](model.params | {name: changed}).loss(text[:, :-1], text[:, 1:], h0)[0]

        assert relative_error(grads[name], numeric_gradient(loss_with, array)) < 1e-7


def test_one_chunk_is_full_backpropagation_and_shorter_ones_are_not(names):
    model, text, h0 = model_and_text(names, np.random.default_rng(2))
    loss, full, h_last = model.loss(text[:, :-1], text[:, 1:], h0)
    for chunk in (24, 1000):
        losses, grads, last = names["truncated_bptt"](model, text, chunk, h0)
        assert losses == [loss]
        assert all((grads[name] == full[name]).all() for name in full)
        np.testing.assert_array_equal(last, h_last)
    losses, grads, last = names["truncated_bptt"](model, text, 5, h0)
    assert sum(losses) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(last, h_last, rtol=1e-12)
    assert relative_error(grads["Wh"], full["Wh"]) > 1e-3
    np.testing.assert_allclose(grads["W_vocab"], full["W_vocab"], rtol=1e-10)  # nothing of it crosses a cut


def test_samples_follow_the_model_s_probabilities(names):
    """4,000 first characters against the softmax: a chi-square test that a right sampler fails once in 10,000 times."""
    model, *_ = model_and_text(names, np.random.default_rng(3), scale=1.5)
    rng = np.random.default_rng(4)
    drawn = [int(model.sample(np.array([1, 2]), 1, 1.3, rng)[0]) for _ in range(4000)]
    p, h = model.params, np.zeros((1, 5))
    for one in (1, 2):
        h = np.tanh(p["W_embed"][[one]] @ p["Wx"] + h @ p["Wh"] + p["b"])
    chances = torch.softmax(torch.from_numpy((h @ p["W_vocab"] + p["b_vocab"])[0] / 1.3), 0).numpy()
    counts = np.bincount(drawn, minlength=7)
    assert ((counts - 4000 * chances) ** 2 / (4000 * chances)).sum() < 27.9  # six degrees of freedom


def test_choice_asks_the_generator_once_and_compares_with_the_cumulative_sum():
    """What the notebook says of rng.choice: the same draws as rng.random() against the cumulative probabilities."""
    chances = np.random.default_rng(5).dirichlet(np.ones(9))
    first, second = np.random.default_rng(6), np.random.default_rng(6)
    by_choice = [int(first.choice(9, p=chances)) for _ in range(500)]
    by_hand = [int(np.argmax(np.cumsum(chances) > second.random())) for _ in range(500)]
    assert by_choice == by_hand


def test_cells_are_told_by_one_measure_for_numbers_and_for_yes_and_no(names):
    rng = np.random.default_rng(7)
    hidden, labels = rng.standard_normal((50, 4)), rng.random(50) < 0.3
    _, as_bool = names["cell_selectivity"](hidden, labels)
    _, as_numbers = names["cell_selectivity"](3 * hidden + 7, 5.0 * labels - 2)
    np.testing.assert_allclose(as_bool, as_numbers, rtol=1e-10)
    _, idle = names["cell_selectivity"](np.full((50, 2), 0.1), labels)  # whose mean is not exactly 0.1
    np.testing.assert_array_equal(idle, 0)


def test_a_model_without_sampling_keeps_the_points_of_its_loss(names):
    truth = Truth(MASTER, load_suite(STAGE))

    class Mute(names["CharRNN"]):
        def sample(self, seed, length, temperature, rng):
            raise NotImplementedError()

    found = Judge(STAGE, truth, 3, CourseSecret(bytes(32))).judge(LocalSession(names | {"CharRNN": Mute}))
    scores = {verdict.exercise: verdict.score / verdict.points for verdict in found}
    assert 0.5 < scores.pop("CharRNN") < 0.65
    assert set(scores.values()) == {1.0}
