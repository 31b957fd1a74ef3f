"""One interface for each task: what a batch holds, and that it is the same however it is asked for."""

import numpy as np
import pytest
import torch

from seqlab.data import load_captions, load_digits, load_pairs, load_questions, load_sentences, load_text, load_videos
from seqlab.data.errors import DataMissing, UnknownSet
from seqlab.data.synthesis import digit_scenes, moving_digits
from seqlab.data.vocabulary import END_ID, NULL_ID, START_ID, UNK_ID


@pytest.fixture
def small_synthesis(monkeypatch):
    monkeypatch.setattr(moving_digits, "FILMS", {"train": 12, "val": 4})
    monkeypatch.setattr(digit_scenes, "SCENES", {"train": 30, "val": 8})


LOADERS = {
    "digits": lambda places: load_digits("mnist5k", places=places),
    "captions": lambda places: load_captions("icons", places=places),
    "spatial captions": lambda places: load_captions("icons", "spatial", places=places),
    "sentences": lambda places: load_sentences(places=places),
    "pairs": lambda places: load_pairs(places=places),
    "questions": lambda places: load_questions(places=places),
    "videos": lambda places: load_videos(places=places),
    "scenes": lambda places: load_captions("digit_scenes", "images", places=places),
}


@pytest.fixture(params=LOADERS)
def split(request, stocked, small_synthesis):
    return LOADERS[request.param](stocked).train


def same(one, other):
    assert type(one) is type(other)
    for mine, its in zip(one, other, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(its))


def test_a_batch_has_an_example_in_each_row_of_each_field(split):
    batch = split[[1, 0, 1]]
    assert all(field is None or len(field) == 3 for field in batch)
    same(batch, split[np.array([1, 0, 1])])
    same(split[0:2], split[[0, 1]])
    same(split[-1], split[len(split) - 1])


def test_one_example_is_a_row_of_a_batch(split):
    for mine, its in zip(split[1], split[[1]], strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(None if its is None else its[0]))


def test_minibatches_show_everything_once_and_again_the_same_with_the_same_generator(split):
    runs = [list(split.minibatches(2, np.random.default_rng(seed))) for seed in (3, 3)]
    assert [len(batch[0]) for batch in runs[0]] == [2] * (len(split) // 2) + [1] * (len(split) % 2)
    for one, other in zip(*runs, strict=True):
        same(one, other)


def test_a_sample_depends_on_the_generator_alone(split):
    same(split.sample(5, np.random.default_rng(1)), split.sample(5, np.random.default_rng(1)))


@pytest.mark.parametrize("index", [10**6, [0, 10**6], -(10**6)])
def test_an_example_that_is_not_there_is_an_index_error(split, index):
    with pytest.raises(IndexError):
        split[index]


@pytest.mark.parametrize("workers", [0, 2])
def test_torch_loaders_give_the_same_batches_as_tensors(split, workers):
    rng = np.random.default_rng(4)
    expected = [*split.minibatches(2, rng), *split.minibatches(2, rng)]
    before = torch.random.get_rng_state()
    found = list(split.torch_batches(2, np.random.default_rng(4), workers=workers, epochs=2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len(found) == len(expected)
    assert isinstance(found[0][0], torch.Tensor)
    for one, other in zip(found, expected, strict=True):
        same(one, other)


def test_a_torch_loader_draws_a_new_order_in_each_pass_and_knows_its_length(split):
    loader = split.torch_batches(1, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    passes = [[*loader], [*loader]]
    assert len(loader) == len(passes[0]) == len(split)
    for found in passes:
        for one, other in zip(found, split.minibatches(1, rng), strict=True):
            same(one, other)


def test_integers_come_to_torch_as_it_wants_targets(stocked):
    batch = next(iter(load_questions(places=stocked).train.torch_batches(2, np.random.default_rng(0))))
    assert {field.dtype for field in batch[:5]} == {torch.int64}
    torch.nn.functional.cross_entropy(torch.zeros(2, 3), batch.answers)
    assert batch.images.dtype == torch.float32


@pytest.mark.parametrize("ask", ["minibatches", "sample", "torch_batches"])
def test_chance_and_size_are_asked_for_in_words(split, ask):
    with pytest.raises(TypeError, match=r"such as np.random.default_rng\(0\); found 0"):
        list(getattr(split, ask)(10, 0))
    with pytest.raises(ValueError, match="at least 1 example; found 0"):
        list(getattr(split, ask)(0, np.random.default_rng(0)))


def test_captions_are_framed_and_their_features_are_those_of_their_images(stocked):
    captions = load_captions("icons", "spatial", places=stocked)
    batch = captions.train[[2, 1]]
    assert batch.captions.dtype == np.int32
    assert batch.captions[:, 0].tolist() == [START_ID, START_ID]
    assert captions.vocabulary.decode(batch.captions[0]) == ["<START>", "a", "dog", "<END>", "<NULL>"]
    assert batch.image_idxs.tolist() == [2, 0]
    assert batch.features.dtype == np.float32
    np.testing.assert_array_equal(batch.features, captions.train.features[[2, 0]].astype(np.float32))
    assert captions.vocabulary.sentence(captions.val[1].captions) == "a <UNK> cat"


def test_all_captions_of_an_image_are_found(stocked):
    captions = load_captions("icons", None, places=stocked)
    assert [captions.vocabulary.sentence(one) for one in captions.train.captions_of(0)] == ["a red cat", "a cat sits"]
    assert captions.train.captions_of(1).shape == (0, 5)
    assert captions.train[0].features is None


def test_images_of_captions_are_numbers_from_0_to_1(stocked):
    batch = load_captions("icons", "images", places=stocked).train[:]
    assert batch.features.dtype == np.float32
    assert 0.9 < batch.features.max() <= 1


def test_features_that_a_set_has_not_are_refused_with_those_it_has(stocked):
    with pytest.raises(DataMissing, match="no features 'unreduced'.*there are: pooled, spatial, images"):
        load_captions("icons", "unreduced", places=stocked)


def test_sentences_are_padded_and_labelled(stocked):
    sentences = load_sentences(places=stocked)
    batch = sentences.train[[1, 0]]
    assert sentences.vocabulary.decode(batch.words[1]) == ["a", "fine", ",", "fine", "film", "."]
    assert batch.words[0, 2:].tolist() == [NULL_ID] * 4
    assert batch.lengths.tolist() == [2, 6]
    assert batch.labels.tolist() == [0, 1]
    assert batch.ratings.tolist() == [-1.0, 2.5]
    assert sentences.train.texts.text(1) == "Dull."
    assert sentences.val[0].words.tolist().count(UNK_ID) == 1
    assert load_sentences(longest=3, places=stocked).train[0].words.shape == (3,)
    with pytest.raises(ValueError, match="at least one word; found longest=0"):
        load_sentences(longest=0, places=stocked)


def test_pairs_are_framed_on_the_target_s_side(stocked):
    pairs = load_pairs(places=stocked)
    batch = pairs.train[[0, 1]]
    assert pairs.target_vocabulary.decode(batch.target[0]) == ["<START>", "un", "chat", "<END>", "<NULL>"]
    assert batch.target[1, -1] == END_ID
    assert batch.target_lengths.tolist() == [4, 5]
    assert batch.source_lengths.tolist() == [2, 2]
    assert pairs.train.texts(1) == ("a dog", "un chien noir")
    characters = load_pairs(unit="character", places=stocked)
    assert "".join(characters.source_vocabulary.decode(characters.train[1].source)) == "a dog"


def test_pairs_know_their_units_and_languages(stocked):
    with pytest.raises(DataMissing, match="one of word, character; found 'syllable'"):
        load_pairs(unit="syllable", places=stocked)
    with pytest.raises(DataMissing, match="to 'de'.*there are: es, fr"):
        load_pairs(language="de", places=stocked)


def test_questions_have_answers_kinds_and_images(stocked):
    questions = load_questions(places=stocked)
    batch = questions.train[:]
    assert questions.vocabulary.decode(batch.questions[0]) == ["what", "is", "it", "?"]
    assert [questions.answers[i] for i in batch.answers] == ["cat", "yes"]
    assert [questions.kinds[i] for i in batch.kinds] == ["shape", "yes or no"]
    np.testing.assert_array_equal(batch.images[0], questions.train.images[1] / np.float32(255))
    assert questions.val[0].answers == -1
    assert batch.all_answers is None


def test_texts_are_characters_and_what_follows(stocked):
    text = load_text("plays", places=stocked)
    assert text.decode(text.train[:8]) == "abc\nabc\n"
    assert text.train.dtype == np.int32
    assert text.encode("cab\n").tolist() == text.val.tolist()
    pieces = text.pieces(6, 5, np.random.default_rng(0))
    assert pieces.inputs.shape == pieces.targets.shape == (6, 5)
    np.testing.assert_array_equal(pieces.inputs[:, 1:], pieces.targets[:, :-1])
    follows = {"a": "b", "b": "c", "c": "\n", "\n": "a"}
    assert all(
        follows[text.decode(i)] == text.decode(t) for i, t in zip(*(p.reshape(-1, 1) for p in pieces), strict=True)
    )
    with pytest.raises(ValueError, match=r"characters of this vocabulary of 4; found \['é'\]"):
        text.encode("bé")
    with pytest.raises(ValueError, match="at least one piece of at least one character; found 0 of 3"):
        text.pieces(0, 3, np.random.default_rng(0))
    with pytest.raises(IndexError, match=r"numbers from 0 to 3; found \[9\]"):
        text.decode([1, 9])
    assert len(repr(text.vocabulary)) < 100
    with pytest.raises(ValueError, match="shorter than the 4 characters of val; found 4"):
        text.pieces(1, 4, np.random.default_rng(0), "val")


def test_digits_are_real_whole_and_split_the_same_way():
    digits, again = load_digits(), load_digits()
    seen, unseen = digits.train[:], digits.val[:]
    assert seen.images.shape == (1437, 8, 8)
    assert unseen.images.shape == (360, 8, 8)
    assert (seen.images.min(), seen.images.max()) == (0, 1)
    assert np.array_equal(np.unique(unseen.labels), np.arange(10))
    assert np.array_equal(unseen.images, again.val[:].images)
    known = {image.tobytes() for image in seen.images}
    assert sum(image.tobytes() in known for image in unseen.images) == 0


def test_a_set_for_another_task_is_refused_with_those_for_this_one(stocked):
    with pytest.raises(
        DataMissing, match="plays is a data set of text, and captions were asked for.*icons, digit_scenes"
    ):
        load_captions("plays", places=stocked)
    with pytest.raises(DataMissing, match="only one of it; expected no seed, found 3"):
        load_captions("icons", seed=3, places=stocked)
    with pytest.raises(UnknownSet, match="no data set of captions called 'Ikons'. Did you mean icons"):
        load_captions("Ikons", places=stocked)
    with pytest.raises(DataMissing, match=r"kept as it came and has no loader; its card, .*moving_mnist.md"):
        load_videos("moving_mnist", places=stocked)
