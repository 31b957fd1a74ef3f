"""Synthesised sets: the same from the same seed, and true: boxes hold the ink, answers fit the scene, digits move."""

import re

import numpy as np
import pytest

from seqlab.data import load_captions, load_pairs, load_questions, load_videos
from seqlab.data.storage.rows import Rows
from seqlab.data.synthesis import dates, digit_scenes, moving_digits
from seqlab.data.synthesis.digit_scenes import PALETTE, arranged, draw
from seqlab.data.synthesis.moving_digits import bounced, filmed
from seqlab.data.synthesis.scene_questions import questions_about
from seqlab.data.synthesis.scenes import Scene, Thing
from tests.data.conftest import put, small_digits


@pytest.fixture
def places_with_digits(places, monkeypatch):
    monkeypatch.setattr(moving_digits, "FILMS", {"train": 12, "val": 4})
    monkeypatch.setattr(digit_scenes, "SCENES", {"train": 40, "val": 10})
    monkeypatch.setattr(dates, "DAYS", 30)
    put(places, "mnist5k", small_digits)
    return places


LOAD = {
    "digit_scenes": lambda places, seed: load_captions("digit_scenes", None, seed=seed, places=places),
    "moving_digits": lambda places, seed: load_videos(seed=seed, places=places),
    "dates": lambda places, seed: load_pairs("dates", seed=seed, places=places),
}


@pytest.mark.parametrize("name", LOAD)
def test_each_seed_has_a_folder_of_its_own_and_gives_the_same_bytes_again(places_with_digits, name):
    places = places_with_digits
    data_set = places.registry.find(name)
    for seed in (0, 1):
        LOAD[name](places, seed)
    first = {path.name: path.read_bytes() for path in places.built(data_set, 0).glob("*.h5")}
    other = {path.name: path.read_bytes() for path in places.built(data_set, 1).glob("*.h5")}
    assert all(first[file] != other[file] for file in first)
    (places.built(data_set, 0) / "built.json").unlink()
    LOAD[name](places, 0)
    assert {path.name: path.read_bytes() for path in places.built(data_set, 0).glob("*.h5")} == first


def test_a_set_that_is_there_is_not_made_again(places_with_digits, capsys):
    LOAD["dates"](places_with_digits, 0)
    assert "making dates from seed 0" in capsys.readouterr().err
    LOAD["dates"](places_with_digits, 0)
    assert capsys.readouterr().err == ""


@pytest.fixture
def scene():
    things = (Thing("five", "red", 0, 2, 20), Thing("four", "green", 1, 34, 24))
    return Scene(things, "left of")


def test_a_scene_is_said_and_each_word_belongs_to_its_digit(scene):
    assert scene.caption == "a red five left of a green four"
    assert scene.word_things == [0, 0, 0, -1, -1, 1, 1, 1]
    alone = Scene(scene.things[:1], None)
    assert (alone.caption, alone.word_things) == ("a red five", [0, 0, 0])


def test_boxes_fit_the_ink_and_its_colour():
    rng = np.random.default_rng(0)
    ink = np.zeros((2, 28, 28), np.uint8)
    ink[0, 5:20, 8:15] = 255
    ink[1, 10:12, 2:26] = 255
    things = (Thing("five", "red", 0, 2, 20), Thing("four", "green", 1, 34, 24))
    image, boxes = draw(Scene(things, "left of"), ink, rng)
    assert boxes.tolist() == [[10, 25, 17, 40], [36, 34, 60, 36]]
    for thing, (left, top, right, bottom) in zip(things, boxes, strict=True):
        assert (image[top:bottom, left:right] == PALETTE[thing.colour]).all()
    assert image[:20].max() < 30
    assert draw(Scene(things[:1], None), ink, rng)[1][1].tolist() == [-1] * 4


def test_two_digits_never_touch_and_stand_as_it_is_said():
    rng, labels = np.random.default_rng(1), np.arange(60) % 10
    seen = set()
    for _ in range(300):
        scene = arranged(labels, rng)
        assert all(0 <= place <= 36 for thing in scene.things for place in (thing.left, thing.top))
        if scene.relation is None:
            continue
        seen.add(scene.relation)
        first, second = scene.things
        dx, dy = second.left - first.left, second.top - first.top
        ahead = {"left of": dx, "right of": -dx, "above": dy, "below": -dy}[scene.relation]
        assert ahead >= 22
        assert abs(dy if scene.relation in ("left of", "right of") else dx) <= 12
    assert len(seen) == 4


def true_answer(scene, question):
    """The answer, worked out from the scene in another way than the generator's."""
    there = [thing.words for thing in scene.things]
    if question.startswith("how many"):
        return ["one digit", "two digits"][len(there) - 1]
    if match := re.fullmatch(r"what color is the (\w+)\?", question):
        (colour,) = {thing.colour for thing in scene.things if thing.name == match[1]}
        return colour
    if match := re.fullmatch(r"which digit is (\w+)\?", question):
        (name,) = [thing.name for thing in scene.things if thing.colour == match[1]]
        return name
    if match := re.fullmatch(r"is there a (\w+ \w+)\?", question):
        return "yes" if match[1] in there else "no"
    side, words = re.fullmatch(r"what is (.+) the (\w+ \w+)\?", question).groups()
    (other,) = [thing for thing in scene.things if thing.words == words]
    near = [thing for thing in scene.things if thing is not other and stands(thing, side, other)]
    return near[0].name if near else "nothing"


def stands(thing, side, other):
    dx, dy = thing.left - other.left, thing.top - other.top
    return {"left of": dx <= -22, "right of": dx >= 22, "above": dy <= -22, "below": dy >= 22}[side]


def test_every_answer_is_true_and_every_kind_is_asked():
    rng, labels = np.random.default_rng(2), np.arange(60) % 10
    kinds, answers = set(), []
    for image in range(400):
        scene = arranged(labels, rng)
        for asked in questions_about(scene, image, rng):
            assert asked.answer == true_answer(scene, asked.text), (scene, asked)
            kinds.add(asked.kind)
            answers += [asked.answer] if asked.kind == "yes or no" else []
    assert kinds == {"count", "colour", "digit", "place", "yes or no"}
    assert 0.4 < answers.count("yes") / len(answers) < 0.6


def test_scenes_are_loaded_with_captions_questions_images_and_boxes(places_with_digits):
    captions = load_captions("digit_scenes", "images", places=places_with_digits)
    questions = load_questions("digit_scenes", places=places_with_digits)
    assert captions.train[[0]].features.shape == (1, 64, 64, 3)
    np.testing.assert_array_equal(
        questions.train[[0]].images[0], captions.train.features_of(questions.train[0].image_idxs)
    )
    folder = places_with_digits.built(places_with_digits.registry.find("digit_scenes"))
    words = Rows(folder / "boxes.h5", "train_word_things")
    assert words.shape == captions.train.captions.shape
    first = captions.vocabulary.decode(captions.train.captions[0])
    assert [word in ("<START>", "<END>", "<NULL>") for word in first].count(True) <= (words[0] == -1).sum()


def test_films_bounce_within_their_frame_and_lose_their_pixels():
    assert bounced(np.array([-3.0, 0, 5, 8, 9, 16, 17])).tolist() == [3, 0, 5, 8, 7, 0, 1]
    films = filmed(np.full((30, 28, 28), 200, np.uint8), np.random.default_rng(3))
    assert films.shape == (30, 10, 36, 36)
    share = (films > 0).sum() / (30 * 10 * 28 * 28)
    assert abs(share - 0.22) < 0.01
    assert len({frame.tobytes() for frame in films[0]}) == 10


def test_films_show_the_digits_of_their_own_split_with_the_label_at_every_frame(places_with_digits):
    videos = load_videos(places=places_with_digits)
    batch = videos.train[:]
    assert batch.frames.dtype == np.float32
    assert 0.9 < batch.frames.max() <= 1
    assert (batch.labels == batch.labels[:, :1]).all()
    assert videos.classes == tuple("0123456789")


def test_written_dates_can_be_read_in_one_way_only(places_with_digits):
    pairs = load_pairs("dates", places=places_with_digits)
    texts = [pairs.train.texts(i) for i in range(len(pairs.train))]
    meanings = {}
    for written, iso in texts:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", iso)
        assert re.search(r"[^\W\d]{3}", written), written
        assert meanings.setdefault(written, iso) == iso
    unseen = {pairs.val.texts(i)[1] for i in range(len(pairs.val))}
    assert len(unseen) == 3
    assert not unseen & set(meanings.values())
