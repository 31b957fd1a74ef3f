"""What is special to stage 5: glimpses against torch's sampler, neighbours that must not matter, training, pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch.nn import functional

from autograder.authoring.master import read_master
from autograder.reference import reference_namespace
from autograder.suites import s05_sequences_drawing as drawing
from autograder.suites import s05_sequences_oracles as oracles
from seqlab import pictures_sequences, torch_training
from seqlab.data.digits import DigitSplit
from seqlab.glimpses import corners, glimpse_at
from tests.course.stages import SUBJECTS

NULL, START, END = 0, 1, 2


@pytest.fixture(scope="module")
def names():
    subject = SUBJECTS["s05_sequences"]
    return reference_namespace(read_master(subject.master.path, subject.stage))


def lost(**answers):
    """The exercises that lose points, with reasons, where some answers are replaced."""
    subject = SUBJECTS["s05_sequences"]
    verdicts = subject.judged(subject.reference() | answers)
    return {verdict.exercise: verdict.reason for verdict in verdicts if not verdict.full}


# ---------------------------------------------------------------- glimpses


def grid_glimpse(images, places, size):
    """The same by torch.nn.functional.grid_sample."""
    last = torch.tensor([images.shape[2] - 1, images.shape[1] - 1])
    step = torch.arange(size) - (size - 1) / 2
    grid = torch.stack([step.expand(size, size), step[:, None].expand(size, size)], dim=2).double() * 2 / last
    return functional.grid_sample(images[:, None], grid + places[:, None, None], align_corners=True)[:, 0]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_glimpse_and_its_gradient_are_those_of_grid_sample(size):
    torch.manual_seed(0)
    images = torch.rand(6, 7, 9, dtype=torch.float64, requires_grad=True)
    places = (2.4 * torch.rand(6, 2, dtype=torch.float64) - 1.2).requires_grad_()  # some reach outside
    ours, theirs = glimpse_at(images, places, size), grid_glimpse(images, places, size)
    torch.testing.assert_close(ours, theirs)
    upstream = torch.rand_like(ours)
    for mine, right in zip(
        torch.autograd.grad(ours, (images, places), upstream),
        torch.autograd.grad(theirs, (images, places), upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, right)


def test_the_pencil_glimpse():
    image = torch.tensor([[[0.0, 0.0, 8.0, 4.0, 0.0]]], dtype=torch.float64)
    place = torch.tensor([[0.25, 0.0]], dtype=torch.float64, requires_grad=True)
    seen = glimpse_at(image, place, 1)
    assert seen.item() == pytest.approx(6)
    seen.backward()
    assert place.grad[0, 0].item() == pytest.approx(-8)


def test_corners_are_where_the_glimpse_is_cut():
    image = torch.arange(48.0).reshape(1, 6, 8)
    place = torch.tensor([[2 * 4.5 / 7 - 1, 2 * 2.5 / 5 - 1]])
    x, y = corners(place, 6, 8, 2)[0].tolist()
    assert (x, y) == pytest.approx((4, 2))
    torch.testing.assert_close(glimpse_at(image, place, 2)[0], image[0, 2:4, 4:6], atol=1e-4, rtol=1e-4)


# ---------------------------------------------------------------- pencils and rules


def test_the_pencil_row_of_a_drawing(names):
    drawer = names["SequenceDrawer"](1, 3, 2)
    drawer.load_state_dict({name: torch.zeros_like(array) for name, array in drawer.state_dict().items()})
    drawer.load_state_dict(drawer.state_dict() | {"ink.bias": torch.tensor([1.2, -0.4, 0.0])})
    row = drawer.draw(torch.tensor([0]), torch.tensor([[[0.5, 0.5, 0.1]]]))
    assert row.tolist() == [[[1.0, 0.0, 1.0]]]


def test_a_drawer_with_many_numbers_of_chance_has_the_probabilities_it_says(names):
    torch.manual_seed(1)
    drawer = names["SequenceDrawer"](3, 4, 5).double()
    labels, blank = torch.full((4000,), 2), torch.zeros(1, 1, 4, dtype=torch.float64)
    drawn = drawer.draw(labels, torch.rand(4000, 1, 4, dtype=torch.float64))
    expected = torch.sigmoid(drawer(labels[:1], blank))[0, 0]
    torch.testing.assert_close(drawn.mean(dim=0)[0], expected, atol=0.03, rtol=0)


def loaded(make, arrays):
    model = make.double()
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return model


def test_a_verdict_is_the_same_in_any_company(names):
    torch.manual_seed(2)
    critic = names["SentimentClassifier"](20, 4, 5).double()
    words, lengths = torch.randint(3, 20, (6, 9)), torch.tensor([3, 9, 1, 7, 2, 9])
    together = critic(words, lengths)
    junk = words.clone()
    junk[torch.arange(9) >= lengths[:, None]] = 7
    torch.testing.assert_close(critic(junk, lengths), together)
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    torch.testing.assert_close(critic(words[order], lengths[order]), together[order])
    for n, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(critic(words[n : n + 1, :length], lengths[n : n + 1])[0], together[n])


def test_the_loss_does_not_depend_on_the_room_behind_the_longest_target(names):
    drawn = drawing.pairs(np.random.default_rng(4))
    inputs = {name: torch.from_numpy(drawn.pop(name)) for name in ("source", "lengths", "target")}
    drawn.pop("dscores")
    sizes = (10, 9, drawn["source_embedding.weight"].shape[1], drawn["head.weight"].shape[1])
    model = loaded(names["Seq2Seq"](*sizes), drawn)
    roomy = functional.pad(inputs["target"], (0, 5), value=NULL)
    once, more = model.loss(*inputs.values()), model.loss(inputs["source"], inputs["lengths"], roomy)
    torch.testing.assert_close(once, more)


def test_a_translator_learns_to_turn_sentences_round_and_to_stop(names):
    """Trained for a moment, it says what it was taught, of the right length: END is learned and obeyed."""
    torch.manual_seed(0)
    model = names["Seq2Seq"](8, 8, 16, 32)
    source, lengths = torch.randint(3, 8, (48, 3)), torch.randint(1, 4, (48,))
    source[torch.arange(3) >= lengths[:, None]] = NULL
    turned = torch_training.turned_round(source, lengths)
    target = functional.pad(turned, (1, 1), value=NULL)
    target[:, 0] = START
    target[torch.arange(48), lengths + 1] = END
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(120):
        optimizer.zero_grad()
        model.loss(source, lengths, target).backward()
        optimizer.step()
    exact = (model.translate(source, lengths, 4) == target[:, 1:]).all(dim=1)
    assert exact.float().mean() > 0.9


def test_cases_of_translation_tell_ends_from_none():
    for seed in range(6):
        words = oracles.translation(**drawing.translated(np.random.default_rng(seed)))["words"]
        ended = (words == END).any(axis=1)
        assert ended.any()
        assert not ended.all()
        assert not (words == START).any()


def test_frames_of_one_film_do_not_reach_another(names):
    torch.manual_seed(3)
    labeller = names["FrameLabeller"](6, 2, 4, 5, 3).double()
    films = torch.rand(3, 4, 6, 6, dtype=torch.float64)
    scores, _ = labeller(films)
    other = films.clone()
    other[1] += 1
    changed, _ = labeller(other)
    torch.testing.assert_close(changed[[0, 2]], scores[[0, 2]])
    assert not torch.allclose(changed[1], scores[1])


# ---------------------------------------------------------------- what the suite must not let through


def test_packing_that_forgets_the_order_of_a_batch_is_caught(names):
    class SentimentClassifier(names["SentimentClassifier"]):
        def forward(self, words, lengths):
            order = torch.argsort(lengths, descending=True)
            return super().forward(words[order], lengths[order])

    assert list(lost(SentimentClassifier=SentimentClassifier)) == ["SentimentClassifier"]


def test_a_labeller_that_keeps_its_state_between_calls_is_caught(names):
    class FrameLabeller(names["FrameLabeller"]):
        kept = None

        def forward(self, frames, state=None):
            given = self.kept if state is None and self.kept is not None else state
            scores, self.kept = super().forward(frames, given)
            return scores, self.kept

    assert list(lost(FrameLabeller=FrameLabeller)) == ["FrameLabeller"]


def test_a_module_that_writes_into_its_inputs_is_caught(names):
    class SentimentClassifier(names["SentimentClassifier"]):
        def forward(self, words, lengths):
            scores = super().forward(words, lengths)
            words[:, 0] = 3
            lengths.fill_(1)
            return scores

    assert list(lost(SentimentClassifier=SentimentClassifier)) == ["SentimentClassifier"]


def test_a_drawer_whose_chance_is_its_own_is_caught(names):
    class SequenceDrawer(names["SequenceDrawer"]):
        def draw(self, labels, uniform):
            return super().draw(labels, torch.rand_like(uniform))

    assert list(lost(SequenceDrawer=SequenceDrawer)) == ["SequenceDrawer"]


def test_what_is_made_on_the_wrong_device_is_caught(names):
    class FrameLabeller(names["FrameLabeller"]):
        def forward(self, frames, state=None):
            zeros = torch.zeros(1, len(frames), self.lstm.hidden_size, dtype=frames.dtype)
            return super().forward(frames, state or (zeros, zeros))

    class GlimpseClassifier(names["GlimpseClassifier"]):
        def forward(self, images):
            return super().forward(images + torch.zeros(images.shape, dtype=images.dtype))

    answers = {"FrameLabeller": FrameLabeller, "GlimpseClassifier": GlimpseClassifier}
    assert set(lost(**answers)) == set(answers)


def test_saying_only_words_is_as_good_as_saying_anything(names):
    """Stage 6 forbids NULL and START; stage 5 leaves it open, so its cases may not tell the two apart."""

    class Seq2Seq(names["Seq2Seq"]):
        @torch.no_grad()
        def translate(self, source, source_lengths, max_length):
            barred = torch.zeros_like(self.head.bias)
            barred[[NULL, START]] = -1e9
            self.head.register_forward_hook(lambda head, given, scores: scores + barred)
            return super().translate(source, source_lengths, max_length)

    assert lost(Seq2Seq=Seq2Seq) == {}


# ---------------------------------------------------------------- tools of the notebook


def test_sentences_are_turned_round_within_their_lengths():
    words = torch.tensor([[3, 4, 5, 0], [6, 0, 0, 0], [3, 4, 5, 6]])
    turned = torch_training.turned_round(words, torch.tensor([3, 1, 4]))
    assert turned.tolist() == [[5, 4, 3, 0], [6, 0, 0, 0], [6, 5, 4, 3]]


def test_fitting_lowers_the_loss_and_leaves_the_module_in_evaluation():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 64)
    examples = DigitSplit(rng.integers(0, 255, (64, 3, 3)).astype(np.uint8) // 2 + 120 * labels[:, None, None], labels)
    examples = DigitSplit(examples.ink.astype(np.uint8), labels)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(9, 2))
    before = torch.get_num_threads()
    losses = torch_training.fit(
        model,
        examples,
        lambda x, y: functional.cross_entropy(model(x), y),
        epochs=30,
        batch_size=16,
        rng=np.random.default_rng(1),
        learning_rate=0.05,
        after_epoch=lambda: "fine" if not model.training else "training",
    )
    assert len(losses) == 30 * 4
    assert np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])
    assert not model.training
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("forget", [torch_training.forget_entries, torch_training.forget_words])
def test_forgetting_happens_in_training_only(forget):
    torch.manual_seed(0)
    embedding = torch.nn.Embedding(5, 200)
    torch.nn.init.ones_(embedding.weight)
    forget(embedding, 0.4)
    words = torch.zeros(40, 3, dtype=torch.long)
    gone = (embedding(words) == 0).double()
    assert gone.mean().item() == pytest.approx(0.4, abs=0.1)
    whole = (gone.mean(dim=2) == 1).double().mean().item()
    assert (whole > 0.2) == (forget is torch_training.forget_words)
    embedding.eval()
    assert (embedding(words) == 1).all()


def test_pictures_are_new_figures_and_none_stays_open():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), (2, 3))
    figures = [
        pictures_sequences.looks(rng.random((2, 8, 8)), rng.random((2, 3, 2)) * 4, 4, probabilities, np.array([1, 3])),
        pictures_sequences.drawings(rng.random((3, 2, 5, 5)), ["a", "b", "c"]),
        pictures_sequences.tipping_words([(["a", "fine", "film"] * 12, rng.standard_normal(36), "+1 right")]),
        pictures_sequences.translations([("red apple", "pomme rouge", "pomme rouge"), ("cat", "chien", "chat")]),
        pictures_sequences.film_strip(rng.random((3, 6, 6)), probabilities[0], np.array([0, 1, 2]), list("abcd")),
        pictures_sequences.accuracy_over_time({"one": rng.random(5)}, "step"),
    ]
    for figure in figures:
        figure.canvas.draw()
    assert plt.get_fignums() == []


# ---------------------------------------------------------------- what is said


def test_a_mistake_that_would_have_spoiled_a_right_case_is_not_named(names):
    """Counting the words that are not NULL is off where NULL is a word; alone and in company it is right."""

    class Counting(names["SentimentClassifier"]):
        def forward(self, words, lengths):
            return super().forward(words, (words != NULL).sum(dim=1).clamp(min=1))

    subject = SUBJECTS["s05_sequences"]
    verdicts = subject.judged(subject.reference() | {"SentimentClassifier": Counting})
    (own,) = [verdict for verdict in verdicts if not verdict.full]
    ruled_out = {key for outcome in own.outcomes for key in outcome.ruled_out}
    assert any(key in ruled_out for outcome in own.outcomes for key in (*outcome.mistakes, *outcome.possible))
    assert [mistake.key for mistake in own.mistakes] == ["sentiment_counts_words_itself"]
