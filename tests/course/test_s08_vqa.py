"""What is special to stage 8: the notebook's pencils, what concatenation cannot do, known values of the measure."""

import itertools
import math

import numpy as np
import pytest
import torch

from autograder.proving.local import LocalSession
from seqlab.data import load_questions
from seqlab.data.layouts.questions import Asked, write_questions
from seqlab.data.places import Places, find_places
from seqlab.data.storage.folders import build_folder
from tests.course.stages import SUBJECTS

SUBJECT = SUBJECTS["s08_vqa"]


@pytest.fixture(scope="module")
def names():
    return SUBJECT.reference()


def meeting_point(names, question, image):
    """Projections that give these two vectors after the squashing, whatever comes in."""
    layers = names["Projections"](3, 2, len(question)).double()
    with torch.no_grad():
        for layer, wanted in ((layers.question, question), (layers.image, image)):
            layer.weight.zero_()
            layer.bias.copy_(torch.atanh(torch.tensor(wanted, dtype=torch.float64)))
    return layers


def test_the_pencil_of_the_fusions(names):
    layers = meeting_point(names, [0.5, -0.8], [-0.4, 0.5])
    given = torch.ones(1, 3).double(), torch.ones(1, 2).double()
    assert names["fuse"](*given, layers, "product")[0].tolist() == pytest.approx([-0.2, -0.4])
    assert names["fuse"](*given, layers, "concatenation")[0].tolist() == pytest.approx([0.5, -0.8, -0.4, 0.5])
    with pytest.raises(ValueError, match="found 'sum'"):
        names["fuse"](*given, layers, "sum")


def test_the_pencil_of_the_reader():
    states = list(itertools.accumulate([2, 3, 6, -2, -2], lambda h, x: h / 2 + x, initial=0))[1:]
    assert states == [2, 4, 8, 2, -1]


def test_the_pencil_of_the_loss(names):
    scores = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.25, 0.25, 0.5], [0.1, 0.1, 0.8]]))
    loss = names["VQAModel"].loss_of(scores, torch.tensor([0, 1, -1]))
    assert loss.item() == pytest.approx(1.040, abs=5e-4)
    assert 2 / 3 * loss.item() == pytest.approx(0.693, abs=5e-4)


def test_the_pencil_of_attention():
    weights = torch.softmax(torch.tensor([0, math.log(2), math.log(5)]), dim=0)
    assert weights.tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert (weights @ torch.tensor([[8.0, 0], [0, 4], [0, 0]])).tolist() == pytest.approx([1, 1])


def test_the_pencil_of_the_priors(names):
    """The six questions of the notebook; no 0, yes 1, circle 2; images A, B, C are 1, 2, 3."""
    red, shape, big = [4, 5, 6, 7], [8, 9, 7, 0], [4, 5, 10, 7]
    split = np.array([red] * 3 + [shape] * 2 + [big]), np.array([1, 2, 3, 1, 2, 2]), np.array([1, 0, 0, 2, 2, 0])
    new = np.array([[4, 5, 6, 7, 0], [8, 9, 7, 0, 0], [4, 5, 11, 7, 0]]), np.array([1, 4, 2])
    guesses = names["answer_priors"](*split, *new)
    assert list(guesses) == ["most common", "question", "image"]
    assert guesses["most common"].tolist() == [0, 0, 0]
    assert guesses["question"].tolist() == [0, 2, 0]  # never asked whether it is green
    assert guesses["image"].tolist() == [1, 0, 0]  # A: yes before circle; nothing known of image 4; B: no, twice


@pytest.mark.parametrize(("agree", "earns"), [(0, 0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1), (5, 1), (10, 1)])
def test_the_known_values_of_the_measure(names, agree, earns):
    given = np.array([[7] * agree + list(range(20, 30 - agree))])
    assert names["consensus_accuracy"](np.array([7]), given).tolist() == pytest.approx([earns])


def four_corners(names, how):
    """Yes minus no of a random model, for two questions (rows) about two images (columns)."""
    model = names["VQAModel"](9, 5, 6, 4, 7, 3, how).double()
    questions = torch.tensor([[3, 4, 5], [3, 6, 5]])
    asked, images = questions.repeat_interleave(2, dim=0), torch.randn(2, 4).double().repeat(2, 1)
    scores = model(asked, torch.tensor([3, 3, 3, 3]), images)
    return (scores[:, 0] - scores[:, 1]).reshape(2, 2)


@pytest.mark.parametrize("seed", range(4))
def test_after_concatenation_both_diagonals_have_the_same_sum_whatever_the_weights(names, seed):
    torch.manual_seed(seed)
    d = four_corners(names, "concatenation")
    assert (d[0, 0] + d[1, 1]).item() == pytest.approx((d[0, 1] + d[1, 0]).item())
    d = four_corners(names, "product")
    assert abs((d[0, 0] + d[1, 1] - d[0, 1] - d[1, 0]).item()) > 1e-4


def test_weights_add_up_to_one_and_a_question_is_answered_alike_in_any_batch(names):
    torch.manual_seed(0)
    model = names["AttentionVQA"](9, 5, 6, 4, 7, 3)
    questions, lengths = torch.tensor([[3, 4, 5, 6], [7, 8, 1, 1]]), torch.tensor([4, 2])
    positions = torch.randn(2, 5, 4)
    scores, weights = model(questions, lengths, positions)
    alone, alone_weights = model(questions[1:, :2], lengths[1:], positions[1:])
    assert weights.sum(dim=1).tolist() == pytest.approx([1, 1])
    torch.testing.assert_close(scores[1:], alone)
    torch.testing.assert_close(weights[1:], alone_weights)


def test_the_measure_takes_what_the_loader_of_vqa_gives(names, tmp_path):
    """Ten answers each, int32, some of them none of those to choose from."""
    given = ("yes", "no", "cat", "yes", "yes", "submarine", "2", "no", "tin", "yes")
    asked = [Asked("Is it red?", "yes", 0, "yes/no", given), Asked("How many?", "2", 0, "number", given)]
    places = Places(find_places().registry, tmp_path / "cache")
    kind = places.registry.find("vqa2")
    build_folder(
        places.built(kind),
        kind.version,
        {},
        lambda folder: write_questions(folder, {"train": asked, "val": asked}, ["yes", "no", "2"]),
    )
    batch = load_questions("vqa2", places=places).val[:]
    assert batch.all_answers.shape == (2, 10)
    accuracy = names["consensus_accuracy"](batch.answers, batch.all_answers)
    assert accuracy.tolist() == pytest.approx([1, 0.3])
    assert names["consensus_accuracy"](np.array([-1, 1]), batch.all_answers).tolist() == pytest.approx([0, 0.6])


def cases_off(key, seed):
    """The titles of the hidden cases in which a named mistake is noticed."""
    (mistake,) = [one for one in SUBJECT.suite.mistakes if one.key == key]
    verdicts = SUBJECT.judge_of(seed).judge(LocalSession(SUBJECT.reference(mistake)))
    (own,) = [verdict for verdict in verdicts if verdict.exercise == mistake.exercise]
    return [outcome.title for outcome in own.outcomes if not outcome.right]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", ["priors_ties_go_to_the_greatest", "priors_ties_go_to_the_first"])
def test_only_the_case_of_ties_notices_another_rule_for_ties(key, seed):
    """Else who has got one rule wrong earns next to nothing."""
    assert cases_off(key, seed) == ["answers equally common"]


def test_who_leaves_nobody_out_is_right_where_it_does_not_matter():
    off = cases_off("consensus_leaves_nobody_out", 0)
    assert "ten people" in off
    assert "many people agree, or nobody" not in off


def test_only_fewer_columns_tell_who_cuts_the_split():
    assert cases_off("priors_cut_the_split_to_the_new_width", 0) == ["new questions in fewer columns"]


def test_the_toy_of_the_priors_shows_a_tie_and_how_it_ends():
    rows = {row.label: row.numbers.tolist() for row in SUBJECT.checks.exercises["answer_priors"].toy.rows}
    about_image_1 = rows["how often each answer was given about each new image"][0]
    assert about_image_1 == [0, 1, 1]
    assert rows['"image"'][0] == 1


@pytest.mark.parametrize("exercise", list(SUBJECT.stage.points))
def test_no_toy_says_twice_what_goes_in(exercise):
    toy = SUBJECT.checks.exercises[exercise].toy
    shown = [row.numbers for row in toy.rows]
    assert not any(np.array_equal(one, given) for one in shown for given in toy.case.inputs.values())
