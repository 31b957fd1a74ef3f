"""Features of a folder of images: how images are read, what is written, and the command."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import nn

from seqlab.data.errors import DataMissing
from seqlab.data.features.command import features
from seqlab.data.features.extractor import CannotExtract, Extractor
from seqlab.data.features.folder import extract_folder
from seqlab.data.features.images import UnreadableImages, find_images, read_image
from seqlab.data.features.plug_in import load_module
from seqlab.data.storage.rows import Rows

SIZE = 8
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
NETWORK = """
from torch import nn

NUMBER = 3

def embedder(weights=None):
    if weights == "bad":
        raise ValueError("no such weights")
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.AvgPool2d(4))

def nothing():
    return None
"""


@pytest.fixture
def colours():
    """An extractor whose pooled features are the mean colour in [0, 1]."""
    return Extractor.of_module(nn.Sequential(nn.Identity()), "0", SIZE, (0, 0, 0), (1, 1, 1))


def paint(path, colour, size=(20, 10), mode="RGB", **options):
    Image.new(mode, size, colour).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """Three good images, a text and a folder."""
    place = tmp_path / "pictures"
    place.mkdir()
    paint(place / "b.png", RED)
    paint(place / "A.JPG", BLUE, quality=95)
    paint(place / "c.webp", GREEN, lossless=True)
    (place / "notes.txt").write_text("not an image")
    (place / "more").mkdir()
    (place / "._b.png").write_bytes(b"what macOS leaves behind")
    return place


def spoil(folder):
    """Add images that cannot be read: cut short, empty, not an image."""
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "cut.jpg")
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:2000])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.gif").write_text("not an image")
    return {"cut.jpg", "empty.png", "text.gif"}


def run(folder, out, extractor, **options):
    return extract_folder(folder, out, extractor, progress=False, device="cpu", **options)


def test_images_are_sorted_and_everything_else_is_counted(folder):
    found = find_images(folder)
    assert found.names == ("A.JPG", "b.png", "c.webp")
    assert found.others == 3


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: None])
def test_a_folder_without_images_is_refused(tmp_path, make):
    make(tmp_path / "none")
    with pytest.raises(UnreadableImages, match="expected (images|a folder)"):
        find_images(tmp_path / "none")


@pytest.mark.parametrize(
    "size, strip", [((30, 10), (slice(None), slice(10, 20))), ((10, 30), (slice(10, 20), slice(None)))]
)
def test_the_middle_square_is_cut_out(tmp_path, size, strip):
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[strip] = GREEN
    Image.fromarray(pixels).save(tmp_path / "one.png")
    image = read_image(tmp_path / "one.png", SIZE)
    assert (image.shape, image.dtype) == ((SIZE, SIZE, 3), np.uint8)
    assert (image[2:-2, 2:-2] == GREEN).all()


def test_an_image_is_turned_as_the_camera_says(tmp_path):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees, which brings the top to the right
    Image.fromarray(pixels).save(tmp_path / "one.png", exif=exif)
    image = read_image(tmp_path / "one.png", SIZE)
    assert image[:, -1].min() > 240
    assert image[:, 0].max() < 15


def palette_with_a_transparent_colour(path):
    image = Image.new("P", (10, 10), 0)
    image.putpalette([9, 9, 9, 255, 0, 0])
    image.save(path, transparency=0)


@pytest.mark.parametrize(
    "save, expected",
    [
        (lambda path: paint(path, (9, 9, 9, 0), mode="RGBA"), (255, 255, 255)),
        (lambda path: paint(path, (0, 0, 0, 51), mode="RGBA"), (204, 204, 204)),
        (lambda path: paint(path, (0, 0), mode="LA"), (255, 255, 255)),
        (palette_with_a_transparent_colour, (255, 255, 255)),
        (lambda path: paint(path, 40, mode="L"), (40, 40, 40)),
        (lambda path: paint(path, 1, mode="1"), (255, 255, 255)),
        (lambda path: paint(path, 100 * 256 + 7, mode="I;16"), (100, 100, 100)),
    ],
)
def test_every_kind_of_pixel_becomes_rgb_on_white(tmp_path, save, expected):
    save(tmp_path / "one.png")
    assert np.abs(read_image(tmp_path / "one.png", SIZE).astype(int) - expected).max() <= 1


def test_the_contents_of_a_file_are_read_as_the_file_is(folder):
    with (folder / "b.png").open("rb") as file:
        assert np.array_equal(read_image(file, SIZE), read_image(folder / "b.png", SIZE))


def test_a_strip_of_many_pixels_needs_no_more_memory_than_itself(tmp_path):
    paint(tmp_path / "strip.png", RED, (60_000, 1))
    assert (read_image(tmp_path / "strip.png", 512) == RED).all()


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    paint(tmp_path / "bomb.png", RED, (40, 40))
    for limit in (1000, 100):  # Pillow warns above its limit, and stops above twice its limit
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(UnreadableImages, match=r"bomb\.png: it has more than .* pixels"):
            read_image(tmp_path / "bomb.png", SIZE)


def test_features_of_a_folder_are_in_the_order_of_the_names(folder, tmp_path, colours):
    done = run(folder, tmp_path / "out", colours)
    assert (tmp_path / "out" / "images.txt").read_text().splitlines() == ["A.JPG", "b.png", "c.webp"]
    pooled, spatial = Rows(done.pooled, "features"), Rows(done.spatial, "features")
    assert np.allclose(pooled[:], [(0, 0, 1), (1, 0, 0), (0, 1, 0)], atol=0.02)
    assert spatial.shape == (3, SIZE * SIZE, 3)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["features.h5", "images.txt", "spatial.h5"]


def test_unreadable_images_are_all_named_before_the_work(folder, tmp_path, colours):
    bad = spoil(folder)
    with pytest.raises(UnreadableImages, match=r"3 of the 6 images") as caught:
        run(folder, tmp_path / "out", colours)
    lines = str(caught.value).splitlines()[1:]
    assert all(any(name in line for line in lines) for name in bad)
    assert list((tmp_path / "out").iterdir()) == []


def test_unreadable_images_are_skipped_on_request_and_reported(folder, tmp_path, colours):
    bad = spoil(folder)
    done = run(folder, tmp_path / "out", colours, skip_unreadable=True)
    assert set(done.skipped) == bad
    assert done.names == ("A.JPG", "b.png", "c.webp")
    assert np.allclose(Rows(done.pooled, "features")[:], [(0, 0, 1), (1, 0, 0), (0, 1, 0)], atol=0.02)


def test_skipping_every_image_is_refused(tmp_path, colours):
    spoil(tmp_path)
    with pytest.raises(UnreadableImages, match="None is left"):
        run(tmp_path, tmp_path / "out", colours, skip_unreadable=True)


def test_a_name_that_is_no_line_of_text_is_reported(folder, tmp_path, colours):
    paint(folder / "two\nlines.png", RED)
    with pytest.raises(UnreadableImages, match=r"two\\nlines.png': its name cannot be written"):
        run(folder, tmp_path / "out", colours)


@pytest.fixture
def network_file(tmp_path):
    path = tmp_path / "network.py"
    path.write_text(NETWORK)
    return path


def test_the_command_writes_features_of_a_plugged_in_network(folder, tmp_path, network_file):
    options = ["--module", f"{network_file}:embedder", "--layer", "1", "--size", "16", "--device", "cpu"]
    done = CliRunner().invoke(features, [str(folder), "--out", str(tmp_path / "out"), *options])
    assert done.exit_code == 0, done.output
    assert "3 images" in done.output
    assert "3 other entries" in done.output
    assert Rows(tmp_path / "out" / "spatial.h5", "features").shape == (3, 16, 4)


def test_the_command_names_what_it_left_out(folder, tmp_path, network_file):
    bad = spoil(folder)
    options = ["--module", f"{network_file}:embedder", "--layer", "1", "--size", "16", "--device", "cpu"]
    done = CliRunner().invoke(features, [str(folder), "--out", str(tmp_path / "out"), *options, "--skip-unreadable"])
    assert done.exit_code == 0, done.output
    assert all(name in done.output for name in bad)


def test_the_command_says_how_to_bring_the_parameters_that_it_lacks(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "cache"))
    done = CliRunner().invoke(features, [str(folder), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, DataMissing)
    assert "lite0" in str(done.exception)


@pytest.mark.parametrize("options", [["--module", "a:b"], ["--layer", "1"], ["--weights", "DEFAULT"]])
def test_options_that_go_together_are_asked_for_together(folder, tmp_path, options):
    done = CliRunner().invoke(features, [str(folder), "--out", str(tmp_path / "out"), *options])
    assert done.exit_code == 2
    assert "go" in done.output


@pytest.mark.parametrize(
    "place, weights, text",
    [
        ("torch.nn", None, "as PACKAGE:CALLABLE"),
        ("no_such_package:thing", None, "cannot be imported: ModuleNotFoundError"),
        ("missing.py:thing", None, "cannot be imported: FileNotFoundError"),
        ("{file}:embeder", None, r"nothing called 'embeder'\. Did you mean embedder\?"),
        ("{file}:NUMBER", None, "NUMBER in .* to be callable; it is a int"),
        ("{file}:embedder", "bad", "failed: ValueError: no such weights"),
        ("{file}:nothing", None, "return a torch.nn.Module; it returned a NoneType"),
        ("{file}:nothing", "DEFAULT", "failed: TypeError"),
    ],
)
def test_a_network_that_cannot_be_plugged_in_says_why(network_file, place, weights, text):
    with pytest.raises(CannotExtract, match=text):
        load_module(place.format(file=network_file), weights)


def test_a_network_of_a_package_is_called_and_put_into_evaluation_mode():
    module = load_module("torch.nn:Identity")
    assert isinstance(module, torch.nn.Identity)
    assert not module.training


def test_reading_images_and_the_command_do_without_torch():
    code = "import sys, seqlab.data.features.command, seqlab.data.features.images; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
