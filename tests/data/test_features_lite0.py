"""The network of the image features: its definition, its parameters, its preprocessing."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seqlab.data.errors import DataDamaged, DataMissing
from seqlab.data.features.lite0 import ConvNorm, Lite0, load_lite0, preprocess
from seqlab.data.places import find_places

GOLDEN = json.loads((Path(__file__).parent / "golden" / "lite0.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def network():
    """A network with random parameters, in evaluation mode, whose norms are not the identity."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = Lite0().eval()
        for module in made.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.2, 0.6)
                torch.nn.init.uniform_(module.weight, 0.8, 1.2)
                torch.nn.init.normal_(module.bias, 0.3, 0.1)
    return made


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(2).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def published_names(network):
    """A state dictionary under the names of the published file, derived in another way than in seqlab."""
    parts = {"expand": ("_expand_conv", "_bn0"), "depthwise": ("_depthwise_conv", "_bn1")}
    parts |= {"project": ("_project_conv", "_bn2"), "stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    result = {}
    for name, tensor in network.state_dict().items():
        words = name.split(".")
        if words[0] == "classifier":
            result[f"_fc.{words[1]}"] = tensor
        else:
            *lead, part, which, kind = words
            place = f"_blocks.{lead[1]}." if lead else ""
            result[f"{place}{parts[part][which == 'norm']}.{kind}"] = tensor
    return result


def published_weights():
    places = find_places()
    path = places.built(places.registry.find("lite0")) / "weights.pth"
    if not path.is_file():
        pytest.skip(f"the parameters are not at {path}; make download-data SET=lite0 brings them")
    return path


@torch.inference_mode()
def test_published_parameters_give_the_published_numbers():
    network = load_lite0(published_weights())
    row, column, channel = np.ogrid[:64, :64, :3]
    image = ((3 * row + 5 * column + 80 * channel + row * column // 16) % 256).astype(np.uint8)
    x = preprocess(image[None])
    found = {
        "logits": network(x)[0],
        "spatial_means": network.spatial(x)[0].mean(dim=(1, 2)),
        "final_means": network.final(x)[0].mean(dim=(1, 2)),
    }
    for kind, values in found.items():
        for index, expected in GOLDEN[kind].items():
            assert float(values[int(index)]) == pytest.approx(expected, abs=2e-3), (kind, index)


@torch.inference_mode()
def test_a_daisy_is_seen_as_a_daisy():
    from PIL import Image
    from sklearn.datasets import load_sample_image

    network = load_lite0(published_weights())
    flower = Image.fromarray(load_sample_image("flower.jpg"))
    square = flower.resize((224, 224), Image.Resampling.BICUBIC, box=(106, 0, 533, 427))
    assert int(network(preprocess(np.asarray(square)[None])).argmax()) == 985


@pytest.mark.parametrize("size, spatial, final", [(128, 8, 4), (32, 2, 1), (72, 5, 3)])
@torch.inference_mode()
def test_maps_have_a_sixteenth_and_a_thirty_second_of_the_size_rounded_up(network, size, spatial, final):
    x = torch.zeros(2, 3, size, size)
    assert network.spatial(x).shape == (2, 112, spatial, spatial)
    assert network.final(x).shape == (2, 1280, final, final)
    assert network(x).shape == (2, 1000)


@torch.inference_mode()
def test_the_final_map_follows_from_the_spatial_map(network, images):
    x = preprocess(images)
    assert torch.equal(network.final_of(network.spatial(x)), network.final(x))


@torch.inference_mode()
def test_a_stride_of_two_pads_the_odd_pixel_at_the_bottom_and_right():
    layer = ConvNorm(1, 1, 3, 2, bounded=False).eval()
    layer.conv.weight.fill_(0)
    layer.conv.weight[0, 0, 0, 0] = 1
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    expected = x[:, :, ::2, ::2] / (1 + 1e-3) ** 0.5
    assert torch.allclose(layer(x), expected)


@torch.inference_mode()
def test_folding_the_norms_changes_nothing_but_rounding(network, images, tmp_path):
    torch.save(published_names(network), tmp_path / "weights.pth")
    folded = load_lite0(tmp_path / "weights.pth").fold()
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    x = preprocess(images)
    expected = network.spatial(x)
    assert expected.std() > 1e-3
    torch.testing.assert_close(folded.spatial(x), expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(folded(x), network(x), rtol=1e-3, atol=1e-4)


@torch.inference_mode()
def test_parameters_under_published_names_come_back_at_their_places(network, images, tmp_path):
    torch.save(published_names(network), tmp_path / "weights.pth")
    loaded = load_lite0(tmp_path / "weights.pth")
    assert not loaded.training
    assert torch.equal(loaded(preprocess(images)), network(preprocess(images)))


def without_a_layer(network):
    return {name: value for name, value in published_names(network).items() if name != "_fc.bias"}


def with_another_shape(network):
    return published_names(network) | {"_fc.weight": torch.zeros(10, 1280)}


@pytest.mark.parametrize(
    "spoil", [without_a_layer, with_another_shape, lambda _: [1, 2], lambda _: {"w": torch.ones(1)}]
)
def test_other_parameters_are_refused_and_the_remedy_is_named(network, tmp_path, spoil):
    torch.save(spoil(network), tmp_path / "weights.pth")
    with pytest.raises(DataDamaged, match=r"weights\.pth.*make download-data SET=lite0"):
        load_lite0(tmp_path / "weights.pth")


def test_a_file_that_is_cut_short_is_refused(network, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(published_names(network), path)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(DataDamaged):
        load_lite0(path)


def test_a_file_with_code_in_it_is_refused_and_the_code_is_not_run(tmp_path):
    torch.save(Trap(tmp_path / "sprung"), tmp_path / "weights.pth")
    with pytest.raises(DataDamaged):
        load_lite0(tmp_path / "weights.pth")
    assert not (tmp_path / "sprung").exists()


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_missing_parameters_say_which_command_brings_them(tmp_path):
    with pytest.raises(DataMissing, match=r"make download-data SET=lite0"):
        load_lite0(tmp_path / "weights.pth")


def test_preprocessing_centres_on_127_and_divides_by_128():
    images = np.zeros((1, 2, 2, 3), np.uint8)
    images[0, 0, 1] = (127, 255, 63)
    x = preprocess(images)
    assert x.shape == (1, 3, 2, 2)
    assert x.dtype == torch.float32
    assert x[0, :, 0, 1].tolist() == [0, 1, -0.5]
    assert x[0, 0, 0, 0] == -127 / 128


def test_grey_images_become_three_equal_channels():
    grey = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    assert torch.equal(preprocess(grey), preprocess(np.repeat(grey[..., None], 3, axis=-1)))


def test_read_only_images_are_taken_and_left_as_they_are():
    images = np.full((1, 2, 2, 3), 9, np.uint8)
    images.flags.writeable = False
    preprocess(images)
    assert (images == 9).all()
