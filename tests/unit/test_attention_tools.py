"""Stage 7's tools: scores of looks against boxes, places drawn by chance, baselines, eyes for scenes, pictures."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from benchmarks.gpu_attention import Sizes, measure_epochs
from seqlab.attention.hard import (
    BLENDED,
    LIKELIEST,
    DrawsPlaces,
    batch_baseline,
    blended_baseline,
    log_probs_of,
    loss_by_chance,
    no_baseline,
    other_draws,
    spread_of_gradient,
)
from seqlab.attention.pictures import against_chance, bars, looks
from seqlab.attention.scenes import SceneEyes, box_scores, digits_told, phrase_scores, told_from_the_other_side
from seqlab.attention.training import Learner, standardised_places
from seqlab.captioning.icons import Task
from seqlab.captioning.training import fit
from seqlab.data.synthesis.scenes import RELATIONS, Scene, Thing

CAPTIONS = torch.tensor([[1, 3, 4, 2], [1, 4, 2, 0]])


def one_look(place, digit=0, box=(16, 8, 32, 24)):
    """All weight on one place; the box covers rows 1 and 2, columns 2 and 3 of the places."""
    weights = np.zeros((1, 1, 64))
    weights[0, 0, place] = 1
    return box_scores([["five"]], [[digit]], weights, np.array([[box, (-1, -1, -1, -1)]]))


@pytest.mark.parametrize(("place", "inside"), [(10, True), (19, True), (9, False), (26, False), (2, False)])
def test_a_look_inside_its_box_and_beside_it(place, inside):
    scores = one_look(place)
    assert (scores.inside.tolist(), scores.peak.tolist()) == ([float(inside)], [inside])


def test_what_blind_looks_would_score():
    scores = one_look(0)
    assert scores.area[0] == scores.chance[0] == 4 / 64
    boxes = np.array([[(3, 5, 14, 25), (-1,) * 4]])
    even = box_scores([["a"]], [[0]], np.full((1, 1, 64), 1 / 64), boxes)
    assert even.inside == even.area == pytest.approx(11 * 20 / 64**2)


def test_a_box_that_cuts_through_places():
    scores = one_look(0, box=(6, 0, 20, 6))
    assert scores.inside[0] == pytest.approx(0.25 * 0.75)
    assert not scores.peak[0]


def test_words_of_no_digit_and_false_captions_are_left_out_and_each_word_meets_its_own_box():
    weights = np.zeros((2, 3, 64))
    weights[:, :, 63] = 1
    boxes = np.array([[(0, 0, 8, 8), (56, 56, 64, 64)]] * 2)
    scores = box_scores([["one", "above", "two"], ["two"]], [[0, -1, 1], None], weights, boxes)
    assert (scores.words.tolist(), scores.inside.tolist()) == (["one", "two"], [0, 1])
    assert scores.of("two", "three").peak.tolist() == [True]


def test_a_phrase_is_scored_by_the_mean_of_its_words():
    weights = np.zeros((2, 4, 64))
    weights[0, [0, 1], [0, 63]] = 1  # a five: at the box, then away; then away for "above", and a look at the other
    weights[0, 2, 30], weights[0, 3, 62] = 1, 1
    boxes = np.array([[(0, 0, 8, 8), (48, 56, 64, 64)]] * 2)
    scores = phrase_scores([[0, 0, -1, 1], None], weights, boxes)
    assert (scores.words.tolist(), scores.inside.tolist()) == (["phrase", "phrase"], [0.5, 1])


def test_weights_of_other_places_are_refused():
    with pytest.raises(ValueError, match="found 49"):
        box_scores([["a"]], [[0]], np.zeros((1, 1, 49)), np.zeros((1, 2, 4), int))


def things(number):
    return tuple(Thing(name, "red", 0, 0, 0) for name in ("five", "four")[:number])


@pytest.mark.parametrize("relation", [None, *RELATIONS])
def test_a_scene_is_told_truly_from_either_side(relation):
    scene = Scene(things(1 if relation is None else 2), relation)
    right = scene.caption.split()
    assert digits_told(right, right) == scene.word_things
    if relation:
        swapped = Scene(scene.things[::-1], {"left of": "right of", "right of": "left of"}.get(relation, "above"))
        swapped = Scene(swapped.things, "below") if relation == "above" else swapped
        other = swapped.caption.split()
        assert told_from_the_other_side(right) == other
        assert digits_told(other, right) == [one if one < 0 else 1 - one for one in swapped.word_things]


@pytest.mark.parametrize("said", ["a red four left of a red five", "a red five", "a red five right of a red four", ""])
def test_false_captions_are_none(said):
    assert digits_told(said.split(), ["a", "red", "five", "left", "of", "a", "red", "four"]) is None


class Blend(torch.nn.Module):
    """A captioner in the shape of AttentionCaptioner, without a memory: enough to look and to be trained."""

    null = 0

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.query, self.key = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3, bias=False)
        self.vocabulary = torch.nn.Linear(2, 5)

    def attend(self, prev_h, features, keys):
        weights = (self.query(prev_h)[:, None] * keys).sum(2).softmax(1)
        return (weights[:, None] @ features)[:, 0], weights

    def forward(self, features, captions):
        keys, h, scores, looked = self.key(features), features.mean(1), [], []
        for _ in range(captions.shape[1] - 1):
            h, weights = self.attend(h, features, keys)
            scores, looked = [*scores, self.vocabulary(h)], [*looked, weights]
        return torch.stack(scores, 1), torch.stack(looked, 1)


class Draws(DrawsPlaces, Blend):
    pass


def hard_loss(words, weights, places, counts, baseline):
    looked = log_probs_of(weights.log(), places)
    return -(words * counts + (words.detach() - baseline) * looked * counts).sum() / len(words)


FEATURES = torch.tensor([[[1.0, 0], [0, 1], [2, 2]], [[0, 3.0], [1, 1], [-1, 0]]])


def test_the_likeliest_place_is_seen():
    model = Draws()
    model.forget(LIKELIEST)
    seen, weights = model.attend(FEATURES.mean(1), FEATURES, model.key(FEATURES))
    assert torch.equal(seen, FEATURES[torch.arange(2), weights.argmax(1)])
    assert torch.equal(model.places[0], weights.argmax(1))


def test_places_are_drawn_as_often_as_they_weigh():
    model, many = Draws(), FEATURES[:1].expand(20000, -1, -1)
    model.forget()
    _, weights = model.attend(many.mean(1), many, model.key(many))
    shares = torch.bincount(model.places[0], minlength=3) / 20000
    torch.testing.assert_close(shares, weights[0].detach(), atol=0.02, rtol=0)


def test_blended_looks_are_those_of_the_captioner_itself_and_draw_nothing():
    model, plain = Draws(), Blend()
    plain.load_state_dict(model.state_dict())
    model.forget(BLENDED)
    torch.testing.assert_close(model(FEATURES, CAPTIONS), plain(FEATURES, CAPTIONS))
    assert model.places == []


def test_baselines_are_what_is_earned_from_each_step_on():
    model = Draws()
    words = log_probs_of(Blend()(FEATURES, CAPTIONS)[0], CAPTIONS[:, 1:]).detach()
    first, second = words.tolist()
    expected = torch.tensor([[sum(first), sum(first[1:]), first[2]], [sum(second[:2]), second[1], 0]])
    torch.testing.assert_close(blended_baseline(model, FEATURES, CAPTIONS), expected)
    torch.manual_seed(0)
    drawn = other_draws(model, FEATURES, CAPTIONS)
    torch.manual_seed(0)
    torch.testing.assert_close(batch_baseline(model, FEATURES, CAPTIONS), drawn.mean(0).expand(2, -1))
    alike = FEATURES[:, :1].expand(-1, 3, -1)  # whatever is drawn, the same is seen
    torch.testing.assert_close(other_draws(model, alike, CAPTIONS), blended_baseline(model, alike, CAPTIONS))
    assert no_baseline(model, FEATURES, CAPTIONS).abs().sum() == 0


def test_the_spread_of_a_gradient_is_of_the_draws_alone():
    torch.manual_seed(0)
    model = Draws()
    assert spread_of_gradient(model, hard_loss, FEATURES, CAPTIONS, no_baseline, draws=5) > 0
    alike = FEATURES[:, :1].expand(-1, 3, -1)  # whatever is drawn, the same is seen; one step, so one reward
    quiet = spread_of_gradient(model, hard_loss, alike, CAPTIONS[:, :2], blended_baseline, draws=5)
    assert quiet < 1e-12


def test_the_training_loop_of_stage_6_takes_a_loss():
    model = Draws()
    learner = Learner(model, lambda features, captions: loss_by_chance(model, hard_loss, features, captions))
    task = Task(FEATURES, CAPTIONS)
    torch.manual_seed(0)
    losses, held_out = fit(learner, task, task, epochs=60, rate=0.05, drop=0.0, batch=2)
    assert len(losses) == len(held_out) == 60
    model.forget(BLENDED)
    words = log_probs_of(model(FEATURES, CAPTIONS)[0], CAPTIONS[:, 1:])
    assert words.mean() > log_probs_of(Blend()(FEATURES, CAPTIONS)[0], CAPTIONS[:, 1:]).mean()


def split_of(features):
    class Split:
        captions = CAPTIONS.int().numpy()[: len(features)]

        def __len__(self):
            return len(features)

        def batch(self, indices):
            return SimpleNamespace(features=features[indices])

    return Split()


def test_features_are_scaled_by_the_training_split_over_all_its_places():
    rng = np.random.default_rng(0)
    there, here = (rng.normal(m, s, (2, 9, 4)).astype(np.float32) for m, s in ((3, 2), (9, 1)))
    train, held_out = standardised_places(SimpleNamespace(train=split_of(there), val=split_of(here)))
    assert train.features.mean(dim=(0, 1)).abs().max() < 1e-5
    expected = (here - there.mean(axis=(0, 1))) / (there.std(axis=(0, 1)) + 1e-2)
    np.testing.assert_allclose(held_out.features.numpy(), expected, rtol=1e-4)
    with pytest.raises(ValueError, match="spatial"):
        standardised_places(SimpleNamespace(train=split_of(there[:, 0]), val=split_of(here[:, 0])))


def test_eyes_say_where_a_place_is_and_see_the_same_when_not_training():
    torch.manual_seed(0)
    eyes = SceneEyes(4).eval()
    images = torch.rand(2, 64, 64, 3)
    seen = eyes(images)
    assert seen.shape == (2, 64, eyes.feature_dim)
    assert seen[0, :9, -2:].tolist()[0] == [-1, -1]
    assert seen[0, 7, -2:].tolist() == [-1, 1]
    assert seen[0, 56, -2:].tolist() == [1, -1]
    assert torch.equal(seen, eyes(images))
    assert not torch.equal(eyes.train()(images), eyes(images))


def test_pictures():
    images = np.zeros((2, 64, 64, 3), np.uint8)
    boxes = [np.array([[0, 0, 9, 9], [-1, -1, -1, -1]]), np.array([[-1, -1, -1, -1]])]
    drawn = looks(images, [["a", "five"], ["one"]], np.full((2, 2, 64), 1 / 64), boxes)
    assert isinstance(drawn, Figure)
    assert len(drawn.axes[1].patches) == 1
    assert len(drawn.axes[2].patches) == 0
    assert isinstance(bars({"none": 1.0, "some": 0.1}, "variance", logarithmic=True), Figure)
    assert isinstance(against_chance({"all": (0.9, 0.1)}), Figure)


def test_the_epoch_of_the_benchmark_runs_on_any_device():
    lines = list(measure_epochs("cpu", Sizes(images=20, batch=10, L=4, D=8, T=5, V=20, W=6, H=8, S=4)))
    assert [line.what.rpartition(" ")[2] for line in lines] == ["float32", "bfloat16"]
