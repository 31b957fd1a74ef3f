"""Features of many images: in batches, from any network, and in files."""

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from seqlab.data.errors import NoSpace
from seqlab.data.features.extract import CannotExtract, Extractor, extract, write_features
from seqlab.data.features.extractor import standardiser
from seqlab.data.features.lite0 import Lite0
from seqlab.data.storage.rows import Rows


class Tiny(nn.Module):
    """A network with layers of every kind that features may be taken from."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, stride=4, padding=1)
        self.norm = nn.BatchNorm2d(5)
        self.relu = nn.ReLU(inplace=True)
        self.pair = Twice()
        self.flat = nn.Flatten()
        self.linear = nn.Linear(5 * 8 * 8, 7)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        y = self.relu(self.norm(self.conv(x)))
        self.pair(y)
        return self.linear(self.flat(self.relu(y)))


class Twice(nn.Module):
    def forward(self, x):
        return x, x


@pytest.fixture
def tiny():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Tiny()


@pytest.fixture
def images():
    return np.random.default_rng(4).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def lite0_weights(tmp_path_factory):
    """Random parameters under the published names."""
    from tests.data.test_features_lite0 import published_names

    path = tmp_path_factory.mktemp("lite0") / "weights.pth"
    with torch.random.fork_rng():
        torch.manual_seed(5)
        torch.save(published_names(Lite0()), path)
    return path


def whole(batches):
    pooled, spatial = zip(*batches, strict=True)
    return np.concatenate(pooled), np.concatenate(spatial)


def quietly(images, extractor, **options):
    return extract(images, extractor, progress=False, device="cpu", **options)


def test_lite0_gives_both_kinds_of_features_at_128_pixels(lite0_weights):
    images = np.random.default_rng(6).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    pooled, spatial = whole(quietly(images, Extractor.lite0(lite0_weights)))
    assert (pooled.shape, pooled.dtype) == ((2, 1280), np.float16)
    assert (spatial.shape, spatial.dtype) == ((2, 64, 112), np.float16)


def test_lite0_features_are_those_of_its_maps(lite0_weights, images):
    extractor = Extractor.lite0(lite0_weights)
    pooled, spatial = whole(quietly(images[:1], extractor))
    with torch.inference_mode():
        x = extractor.preprocess(images[:1])
        expected = extractor.module.spatial(x)[0], extractor.module.final(x)[0].mean(dim=(1, 2))
    assert np.allclose(spatial[0, 1], expected[0][:, 0, 1], rtol=1e-3, atol=1e-4)  # position 1: row 0, column 1
    assert np.allclose(pooled[0], expected[1], rtol=1e-3, atol=1e-4)


def test_features_of_an_image_do_not_depend_on_its_batch(lite0_weights, images):
    extractor = Extractor.lite0(lite0_weights)
    one_by_one = whole(quietly(images, extractor, batch_size=1))
    for size in (3, 7, 64):
        for found, expected in zip(whole(quietly(images, extractor, batch_size=size)), one_by_one, strict=True):
            assert np.allclose(found, expected, rtol=2e-3, atol=1e-4)


def test_a_network_in_training_mode_is_put_into_evaluation_mode(tiny, images):
    extractor = Extractor.of_module(tiny.train(), "norm", 32)
    alone = whole(quietly(images[:1], extractor))[0]
    assert np.allclose(whole(quietly(images, extractor))[0][:1], alone, atol=2e-3)


def test_both_kinds_come_from_one_pass(tiny, images):
    list(quietly(images, Extractor.of_module(tiny, "conv", 32), batch_size=7))
    assert tiny.calls == 1


def test_a_map_is_read_row_by_row_and_pooled_by_its_mean(tiny, images):
    extractor = Extractor.of_module(tiny, "conv", 32)
    pooled, spatial = whole(quietly(images, extractor))
    with torch.inference_mode():
        expected = tiny.conv(extractor.preprocess(images)).numpy()
    assert spatial.shape == (7, 64, 5)
    assert np.allclose(spatial.reshape(7, 8, 8, 5).transpose(0, 3, 1, 2), expected, atol=3e-3)
    assert np.allclose(pooled, expected.mean(axis=(2, 3)), atol=3e-3)


def test_a_vector_counts_as_one_position(tiny, images):
    pooled, spatial = whole(quietly(images, Extractor.of_module(tiny, "linear", 32)))
    assert pooled.shape == (7, 7)
    assert np.array_equal(spatial, pooled[:, None])


def test_a_later_layer_that_works_in_place_does_not_change_the_features(tiny, images):
    spatial = whole(quietly(images, Extractor.of_module(tiny, "norm", 32)))[1]
    assert (spatial < 0).any()


def test_no_hook_is_left_on_the_network(tiny, images):
    list(quietly(images, Extractor.of_module(tiny, "conv", 32)))
    assert not tiny.conv._forward_hooks


def test_a_wrong_layer_name_is_answered_with_the_nearest():
    with pytest.raises(CannotExtract, match=r"Tiny has no layer called 'liner'\. Did you mean linear\?"):
        Extractor.of_module(Tiny(), "liner")


@pytest.mark.parametrize("layer, found", [("relu", "2 calls"), ("pair", "tuple")])
def test_a_layer_that_does_not_give_one_tensor_is_refused(tiny, images, layer, found):
    with pytest.raises(CannotExtract, match=rf"layer {layer} to be used once .* found {found}"):
        list(quietly(images, Extractor.of_module(tiny, layer, 32)))


def test_a_network_that_fails_on_the_images_says_on_which(tiny):
    images = np.zeros((2, 48, 48, 3), np.uint8)
    with pytest.raises(CannotExtract, match=r"Tiny\.conv to take 2 images \(48, 48, 3\)"):
        list(quietly(images, Extractor.of_module(tiny, "conv", 32)))


def test_standardising_uses_each_channels_mean_and_deviation():
    images = np.array([[[[255, 51, 0]]]], np.uint8)
    x = standardiser((0.5, 0.2, 0.1), (0.5, 0.25, 0.2))(images)
    assert x.flatten().tolist() == pytest.approx([1.0, 0.0, -0.5], abs=1e-6)
    assert standardiser((0, 0, 0), (1, 1, 1))(images[..., 0]).shape == (1, 3, 1, 1)


@pytest.mark.parametrize("mean, std", [((0, 0), (1, 1)), ((0, 0, 0), (1, 0, 1))])
def test_an_impossible_standardisation_is_refused(mean, std):
    with pytest.raises(CannotExtract, match="three"):
        standardiser(mean, std)


def test_arrays_rows_lists_and_iterators_give_the_same_features(tiny, images, tmp_path):
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["images"] = images
    extractor = Extractor.of_module(tiny, "conv", 32)
    expected = whole(quietly(images, extractor, batch_size=3))
    for kind in (Rows(tmp_path / "images.h5", "images"), list(images), iter(images)):
        found = whole(quietly(kind, extractor, batch_size=3))
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 32, 32, 3), np.float32), np.zeros((2, 32, 32, 4), np.uint8), np.zeros((32, 32), np.uint8)]
)
def test_what_is_not_uint8_images_is_refused(tiny, wrong):
    with pytest.raises(CannotExtract, match="expected uint8 images"):
        list(quietly(wrong, Extractor.of_module(tiny, "conv", 32)))


def test_images_of_two_sizes_in_a_batch_are_refused(tiny):
    images = [np.zeros((32, 32, 3), np.uint8), np.zeros((32, 40, 3), np.uint8)]
    with pytest.raises(CannotExtract, match=r"\(32, 32, 3\), \(32, 40, 3\)"):
        list(quietly(images, Extractor.of_module(tiny, "conv", 32)))


def test_a_batch_size_of_zero_and_an_unknown_device_are_refused(tiny, images):
    extractor = Extractor.of_module(tiny, "conv", 32)
    with pytest.raises(CannotExtract, match="batch size of at least 1"):
        extract(images, extractor, batch_size=0)
    with pytest.raises(CannotExtract, match="found abacus"):
        extract(images, extractor, device="abacus")


@pytest.mark.parametrize("value, found", [(70_000.0, "70000"), (float("nan"), "nan")])
def test_features_that_float16_cannot_hold_are_refused_with_the_number_of_the_image(images, value, found):
    def maps(_, x):
        features = torch.zeros(len(x), 1, 1)
        features[x[:, 0, 0, 0] == 77] = value
        return features, features

    images[:, 0, 0] = 1
    images[5, 0, 0] = 77
    to_tensor = lambda batch: torch.from_numpy(batch.astype(np.float32)).permute(0, 3, 1, 2)
    extractor = Extractor("wild", nn.Identity(), maps, 32, to_tensor)
    with pytest.raises(CannotExtract, match=rf"image 5 \(from 0\) reach {found}"):
        list(quietly(images, extractor, batch_size=2))


def some_batches():
    rng = np.random.default_rng(8)
    for size in (2, 2, 1):
        yield rng.standard_normal((size, 3)).astype(np.float16), rng.standard_normal((size, 4, 6)).astype(np.float16)


def test_written_features_are_whole_and_can_be_mapped(tmp_path):
    write_features(tmp_path / "a" / "pooled.h5", tmp_path / "spatial.h5", some_batches(), 5)
    expected = whole(some_batches())
    for path, values in zip((tmp_path / "a" / "pooled.h5", tmp_path / "spatial.h5"), expected, strict=True):
        with h5py.File(path) as file:
            assert file["features"].chunks is None
            assert file["features"].id.get_offset() is not None
        rows = Rows(path, "features")
        assert rows.dtype == np.float16
        assert np.array_equal(rows[:], values)


def test_the_same_features_give_the_same_bytes(tmp_path):
    for name in ("first", "second"):
        write_features(tmp_path / name / "p.h5", tmp_path / name / "s.h5", some_batches(), 5)
    for name in ("p.h5", "s.h5"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def broken_off():
    yield next(some_batches())
    raise KeyboardInterrupt


@pytest.mark.parametrize("batches, error", [(broken_off(), KeyboardInterrupt), (some_batches(), CannotExtract)])
def test_what_is_not_finished_leaves_the_earlier_files_and_no_others(tmp_path, batches, error):
    paths = tmp_path / "p.h5", tmp_path / "s.h5"
    for path in paths:
        path.write_text("earlier")
    with pytest.raises(error):
        write_features(*paths, batches, 6)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert {path.read_text() for path in paths} == {"earlier"}


def test_the_number_of_features_has_to_be_the_number_of_images(tmp_path):
    paths = tmp_path / "p.h5", tmp_path / "s.h5"
    with pytest.raises(CannotExtract, match="features of 6 images; the batches ended after 5"):
        write_features(*paths, some_batches(), 6)
    with pytest.raises(CannotExtract, match="features of 3 images.*images 2 to 3"):
        write_features(*paths, some_batches(), 3)
    with pytest.raises(CannotExtract, match="at least one"):
        write_features(*paths, iter(()), 0)


def test_a_disk_with_too_little_room_is_noticed_before_the_work(tmp_path):
    asked = []

    def batches():
        for number, batch in enumerate(some_batches()):
            asked.append(number)
            yield batch

    with pytest.raises(NoSpace, match="the features need"):
        write_features(tmp_path / "p.h5", tmp_path / "s.h5", batches(), 10**15)
    assert asked == [0]
    assert list(tmp_path.iterdir()) == []
