"""Stage 8's tools: the eye, questions by image, training, tables, pointing, pictures."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from seqlab import pictures_answers
from seqlab.answering.by_image import QuestionsByImage, columns
from seqlab.answering.eye import Eye, strongest
from seqlab.answering.kinds import nearest_images, shares_right, table
from seqlab.answering.pointing import pointing
from seqlab.answering.training import answers_of, by, fit, known, seen_by
from seqlab.boxes import covered


class Ragged:
    """Questions as the loader keeps them."""

    def __init__(self, rows):
        self.rows = rows

    def padded(self, indices):
        lengths = np.array([len(self.rows[k]) for k in indices])
        words = np.zeros((len(indices), lengths.max()), np.int32)
        for row, k in zip(words, indices, strict=True):
            row[: len(self.rows[k])] = self.rows[k]
        return words, lengths


class Split:
    """Six questions of one to three words about images 0 to 2; image 3 has none."""

    def __init__(self):
        self.questions = Ragged([[5], [5, 6], [5, 6, 7], [6], [7, 5], [6, 5]])
        self.answers = np.array([0, 1, 0, 1, -1, 0], np.int32)
        self.kinds = np.array([0, 0, 1, 1, 0, 1], np.int32)
        self.image_idxs = np.array([2, 0, 2, 1, 0, 2], np.int32)
        self.images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
        self.image_ids = np.array([10, 20, 30, 40])

    def __len__(self):
        return len(self.answers)


def test_an_eye_keeps_positions_in_the_order_of_reading():
    torch.manual_seed(0)
    eye = Eye(4).eval()
    images = torch.full((1, 64, 72, 3), 204, dtype=torch.uint8)
    changed = images.clone()
    changed[0, 56:, :8] = 0  # the corner below, left
    difference = (eye(images) - eye(changed)).abs().sum(dim=2)[0]
    assert difference.shape == (72,)
    difference = difference.reshape(8, 9)
    assert difference[7, 0] > 0
    assert difference[:5].max() == difference[:, 3:].max() == 0


def test_an_eye_sees_where_it_is():
    torch.manual_seed(0)
    seen = Eye(2).eval()(torch.full((1, 64, 64, 3), 204, dtype=torch.uint8))[0].reshape(8, 8, -1)
    assert (seen[3, 3] - seen[3, 4]).abs().max() > 1e-4


def test_the_strongest_value_of_each_feature():
    assert strongest(torch.tensor([[[1.0, 5.0], [3.0, 2.0]]])).tolist() == [[3.0, 5.0]]


def test_questions_are_grouped_by_their_images():
    asked = QuestionsByImage.of(Split())
    group = asked.about(np.array([2, 1]))
    assert group.rows.tolist() == [0, 2, 5, 3]
    assert group.places.tolist() == [0, 0, 0, 1]
    assert (group.lengths.tolist(), group.questions.shape) == ([1, 3, 2, 1], (4, 3))
    assert asked.about(np.array([1])).questions.tolist() == [[6]]
    rows = [group.rows.tolist() for group in asked.minibatches(2, np.random.default_rng(0))]
    assert sorted(row for several in rows for row in several) == list(range(6))
    assert all(len(group.rows) for group in asked.minibatches(1))  # image 3 has no questions


def test_a_set_without_images_is_refused_and_one_without_ids():
    without = Split()
    without.images = without.image_ids = None
    with pytest.raises(ValueError, match="stored with its questions"):
        QuestionsByImage.of(without)
    with pytest.raises(ValueError, match="vqa2"):
        columns(without)


def test_columns_join_questions_with_the_ids_of_their_images():
    questions, ids, answers = columns(Split())
    assert (questions.shape, ids.tolist()) == ((6, 3), [30, 10, 30, 20, 10, 30])
    assert answers.tolist() == [0, 1, 0, 1, -1, 0]


class Reader(nn.Module):
    """Scores from the first word and the mean of what is seen."""

    def __init__(self, features):
        super().__init__()
        self.words, self.see = nn.Embedding(9, 2), nn.Linear(features, 2)

    def forward(self, questions, lengths, positions):
        return self.words(questions[:, 0]) + self.see(positions.mean(dim=1))


def test_a_model_and_its_eye_learn_and_are_asked_in_the_order_of_the_Split():
    torch.manual_seed(0)
    asked, eye = QuestionsByImage.of(Split()), Eye(2)
    model = Reader(eye.features)

    def loss_of(scores, answers):
        return functional.cross_entropy(scores, answers, ignore_index=-1)

    before = eye.layers[0].weight.detach().clone()
    learner = nn.ModuleList([eye, model])
    losses = fit(learner, by(eye), model, loss_of, asked, epochs=25, rng=np.random.default_rng(0), rate=0.02, images=4)
    assert len(losses) == 25
    assert losses[-1] < 0.1 < losses[0]
    assert not torch.equal(before, eye.layers[0].weight)
    assert not eye.training
    right = asked.answers >= 0
    assert answers_of(by(eye), model, asked)[right].tolist() == asked.answers[right].tolist()
    other = QuestionsByImage.of(Split())
    looked_up = known((other, torch.zeros(4, 4, eye.features)), (asked, seen_by(eye, asked)))
    assert answers_of(looked_up, model, asked).tolist() == answers_of(by(eye), model, asked).tolist()


def test_shares_and_their_table():
    said, answers = np.array([1, 2, -1, 0]), np.array([1, 0, -1, 0])
    shares = shares_right(said, answers, np.array([0, 0, 1, 1]), ("colour", "a longer name"))
    assert shares == {"colour": 0.5, "a longer name": 0.5, "all": 0.5}  # an unknown answer is never right
    lines = table({"me": shares, "somebody": shares}).splitlines()
    assert lines[0].split() == ["colour", "a", "longer", "name", "all"]
    assert lines[1].split() == ["me", "50.0", "%", "50.0", "%", "50.0", "%"]
    assert len({len(line) for line in lines}) == 1


def test_the_nearest_image():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
    noisy = np.clip(images[[3, 1]].astype(int) + rng.integers(-5, 6, (2, 16, 16, 3)), 0, 255).astype(np.uint8)
    assert nearest_images(images, noisy).tolist() == [3, 1]


def test_pointing_counts_what_lies_inside_a_box():
    box = np.array([[4, 8, 16, 16]])  # of 32 by 32 pixels, in cells of 8: half a cell and a whole one, second row
    part = covered(box, 4, 32)[0]
    assert part.tolist() == [[0] * 4, [0.5, 1, 0, 0], [0] * 4, [0] * 4]
    weights = np.zeros((1, 16))
    weights[0, [4, 5, 10]] = 0.2, 0.5, 0.3
    assert pointing(weights, box, 32) == pytest.approx((0.6, 1.0))
    weights[0, [4, 5, 10]] = 0.2, 0.3, 0.5
    assert pointing(weights, box, 32) == pytest.approx((0.4, 0.0))
    assert pointing(np.full((1, 16), 1 / 16), box, 32).inside == pytest.approx(1.5 / 16)


def test_the_pictures_are_drawn():
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    words = (["what is left of the green four ?"] * 3, ["five", "nothing", "six"], ["five", "five", "six"])
    answered = pictures_answers.answered(images, *words, columns=2)
    looks = pictures_answers.looks(images, np.full((3, 4), 0.25), *words)
    bars = pictures_answers.shares_by_kind({"me": {"colour": 0.5, "all": 0.4}, "you": {"colour": 1.0, "all": 0.9}})
    told = [text.get_text() for text in answered.axes[1].texts]
    assert told == ["nothing (five)"]
    assert [len(figure.axes) for figure in (answered, looks, bars)] == [4, 5, 1]
