"""Stage 6's tools: coarse maps, standardised features, baselines, training."""

from types import SimpleNamespace

import click
import nbformat
import numpy as np
import pytest
import torch

from seqlab.captioning import training
from seqlab.captioning.icons import Task, coarse_maps, most_common, of_the_nearest, standardised
from seqlab.captioning.pictures import captioned
from seqlab.captioning.train import names_of
from seqlab.captioning.training import Share, fit, loss_on
from seqlab.data.captions import CaptionSplit

CAPTIONS = torch.tensor([[1, 3, 2], [1, 4, 2], [1, 3, 2], [1, 5, 2]])


def test_coarse_maps_are_means_of_boxes_in_the_order_of_reading():
    spatial = np.arange(64.0).reshape(1, 64, 1)
    found = coarse_maps(spatial)
    assert found.shape == (1, 16)
    assert found[0, :2].tolist() == [np.mean([0, 1, 8, 9]), np.mean([2, 3, 10, 11])]
    assert found[0, 4] == np.mean([16, 17, 24, 25])


def test_what_is_no_square_is_refused():
    with pytest.raises(ValueError, match="found 10"):
        coarse_maps(np.zeros((1, 10, 2)))


def split_of(features, image_idxs=None):
    """A split in memory: arrays stand for the rows of a file."""
    places = np.arange(len(features)) if image_idxs is None else np.array(image_idxs)
    return CaptionSplit(CAPTIONS.int().numpy()[: len(places)], places, features, None, {})


def test_the_held_out_split_is_scaled_by_the_training_split():
    rng = np.random.default_rng(0)
    there, here = rng.normal(3, 2, (4, 5)).astype(np.float32), rng.normal(9, 2, (2, 5)).astype(np.float32)
    train, held_out = standardised(SimpleNamespace(train=split_of(there), val=split_of(here)))
    assert train.features.mean(dim=0).abs().max() < 1e-5
    expected = (here - there.mean(axis=0)) / (there.std(axis=0) + 1e-2)
    np.testing.assert_allclose(held_out.features.numpy(), expected, rtol=1e-5)
    assert train.captions.dtype == torch.int64


def test_an_image_may_have_several_captions():
    rng = np.random.default_rng(0)
    there = rng.normal(3, 2, (3, 5)).astype(np.float32)
    train, _ = standardised(SimpleNamespace(train=split_of(there, [2, 0, 2, 0]), val=split_of(there)))
    assert train.images.mean(dim=0).abs().max() < 1e-5  # image 1, which has no caption, counts too
    assert torch.equal(train.features, train.images[[2, 0, 2, 0]])
    assert torch.equal(train.part(torch.tensor([2, 1])).features, train.images[[2, 0]])
    features, captions = train.first_of_each_image(5)
    assert torch.equal(features, train.images[[0, 2]])
    assert [one.tolist() for one in captions] == [CAPTIONS[[1, 3]].tolist(), CAPTIONS[[0, 2]].tolist()]


def test_the_loss_on_a_split_is_a_mean_over_captions_however_many_are_done_at_a_time(monkeypatch):
    task, model = Task(torch.randn(3, 4, generator=torch.manual_seed(0)), CAPTIONS, torch.tensor([0, 2, 1, 2])), Bag()
    whole = model.loss_of(model(task.features, task.captions), task.captions).item()
    monkeypatch.setattr(training, "AT_A_TIME", 3)
    assert loss_on(model, task) == pytest.approx(whole, rel=1e-6)


def test_baselines():
    train = Task(torch.eye(4), CAPTIONS)
    others = Task(torch.tensor([[0.0, 0.1, 0, 9], [0, 5, 1, 0]]), CAPTIONS[:2])
    assert most_common(train, 2).tolist() == [[3, 2], [3, 2]]
    assert of_the_nearest(train, others).tolist() == [[5, 2], [4, 2]]


class Bag(torch.nn.Module):
    """A captioner that ignores the words: enough to be trained."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 6)

    def forward(self, features, captions):
        return self.layer(features)[:, None].expand(-1, captions.shape[1] - 1, -1)

    def loss_of(self, scores, captions):
        flat = torch.nn.functional.cross_entropy(scores.flatten(0, 1), captions[:, 1:].flatten(), reduction="sum")
        return flat / len(captions)


def test_fit_learns_and_is_the_same_twice():
    task, runs = Task(torch.eye(4), CAPTIONS), []
    for _ in range(2):
        torch.manual_seed(1)
        model = Bag()
        before = loss_on(model, task)
        losses, held_out = fit(model, task, task, epochs=30, rate=0.1, drop=0.0, batch=3)
        assert len(losses) == 60
        assert len(held_out) == 30
        assert held_out[-1] == loss_on(model, task) < before / 1.5
        runs.append(losses)
    assert runs[0] == runs[1]


def test_a_picture_marks_what_is_right():
    figure = captioned(np.zeros((2, 4, 4), np.uint8), ["arrow", "lock"], ["arrow", "key"], columns=2)
    titles = [axes.title for axes in figure.axes]
    assert [one.get_text() for one in titles] == ["arrow", "lock"]
    assert titles[0].get_color() != titles[1].get_color()


def test_a_notebook_without_a_captioner_is_refused(tmp_path):
    cell = nbformat.v4.new_code_cell("raise RuntimeError('no')")
    made = nbformat.v4.new_notebook(cells=[cell], metadata={"seqlab": {"stage": "s06_captioning"}})
    nbformat.write(made, tmp_path / "mine.ipynb")
    with pytest.raises(click.ClickException, match="cell 1 stopped with RuntimeError: no"):
        names_of(tmp_path / "mine.ipynb")


def test_shares_are_even_and_leave_nothing_twice():
    rows = torch.arange(7)
    assert [Share(number, 2).of(rows).tolist() for number in (0, 1)] == [[0, 2, 4], [1, 3, 5]]
    assert Share().of(rows).tolist() == list(range(7))
