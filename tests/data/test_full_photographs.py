"""COCO 2017 and Flickr8k, proved on miniatures of their archives."""

import re
import warnings

import numpy as np
import pytest

from seqlab.data import load_captions
from seqlab.data.build import captioned_photographs
from seqlab.data.build.captioned_photographs import plain
from seqlab.data.build.coco2017 import build_coco2017
from seqlab.data.build.flickr8k import build_flickr8k
from seqlab.data.errors import WrongContents
from seqlab.data.vocabulary import UNK_ID
from tests.data.miniatures import built, jpeg, sources_of, stub_features, zip_of

COUNT = 20


@pytest.fixture(autouse=True)
def without_the_network(monkeypatch):
    monkeypatch.setattr(captioned_photographs, "write_features_of", stub_features)


def colour(number):
    return (10 * number, 255 - 10 * number, 100)


def coco_archives(tmp_path, count=COUNT, photographs=None, **changes):
    """Photograph number n has the id 100 - n, a colour of its own, and five captions that name its id."""
    ids = [100 - number for number in range(count)]
    names = {number: f"{number:012}.jpg" for number in ids}
    photos = {f"val2017/{names[i]}": jpeg(colour(n), 40 + n, 60) for n, i in enumerate(ids)} | (photographs or {})
    table = {
        "images": [{"id": i, "file_name": name, "height": 60, "width": 40} for i, name in names.items()],
        "annotations": [
            {"image_id": i, "id": 7 * i + k, "caption": f" A cat, sitting on the number{i}. \n"}
            for k in range(5)
            for i in ids
        ],
    }
    return sources_of(
        zip_of(tmp_path / "val2017.zip", {name: data for name, data in photos.items() if data is not None}),
        zip_of(tmp_path / "annotations_trainval2017.zip", {"annotations/captions_val2017.json": table | changes}),
    )


def test_coco2017_keeps_captions_with_their_photographs(places, tmp_path):
    built(places, "coco2017", build_coco2017, coco_archives(tmp_path))
    loaded = load_captions("coco2017", "images", places=places)
    assert [loaded.split(split).images.shape for split in ("train", "val")] == [(n, 128, 128, 3) for n in (18, 2)]
    seen = []
    for image in range(18):
        captions = {loaded.vocabulary.sentence(caption) for caption in loaded.train.captions_of(image)}
        (number,) = {int(caption.split("number")[1]) for caption in captions}
        assert len(loaded.train.captions_of(image)) == 5
        assert colours_of(loaded.train)[image] == pytest.approx(colour(100 - number), abs=3)
        seen.append(number)
    assert seen == sorted(seen)
    for mean, number in zip(colours_of(loaded.val), sorted(set(range(81, 101)) - set(seen)), strict=True):
        assert mean == pytest.approx(colour(100 - number), abs=3)
    assert [len(loaded.val.captions_of(image)) for image in range(2)] == [5, 5]


def colours_of(split):
    return split.images[:].mean(axis=(1, 2))


def test_coco2017_captions_are_as_long_as_the_known_ones_and_without_punctuation(places, tmp_path):
    built(places, "coco2017", build_coco2017, coco_archives(tmp_path))
    loaded = load_captions("coco2017", places=places)
    assert loaded.train.captions.shape == (90, 17)
    assert set(loaded.vocabulary.tokens[4:]) >= {"a", "cat", "sitting", "on", "the"}
    assert not {",", "."} & set(loaded.vocabulary.tokens)
    assert UNK_ID not in loaded.train.captions[:]
    assert plain("A dog's ball -- red!") == "a dog's ball red"


def test_coco2017_words_have_to_be_said_five_times(places, tmp_path):
    annotations = [{"image_id": 100 - n, "caption": "often " + "rarely " * (n < 4)} for n in range(COUNT)]
    built(places, "coco2017", build_coco2017, coco_archives(tmp_path, annotations=annotations))
    assert load_captions("coco2017", places=places).vocabulary.tokens[4:] == ("often",)


def test_coco2017_features_belong_to_their_photographs(places, tmp_path):
    built(places, "coco2017", build_coco2017, coco_archives(tmp_path))
    for kind, axes in (("pooled", ()), ("spatial", (1,))):
        loaded = load_captions("coco2017", kind, places=places)
        means = loaded.val.features[:].mean(axis=axes) if axes else loaded.val.features[:]
        np.testing.assert_allclose(means, loaded.val.images[:].mean(axis=(1, 2)), atol=0.5)


def test_coco2017_is_split_by_lot_but_always_the_same(places, tmp_path):
    folders = []
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "out").mkdir()
        build_coco2017(coco_archives(tmp_path / run), tmp_path / run / "out")
        folders.append(tmp_path / run / "out")
    for name in ("captions.h5", "images.h5", "vocab.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_all_photographs_that_cannot_be_read_are_listed(tmp_path):
    bad = {
        "val2017/000000000100.jpg": None,
        "val2017/000000000099.jpg": b"<html>",
        "val2017/000000000098.jpg": jpeg("red", 400, 400)[:900],
    }
    with pytest.raises(WrongContents) as caught:
        build_coco2017(coco_archives(tmp_path, photographs=bad), tmp_path)
    text = str(caught.value)
    assert text.startswith(
        f"expected 20 photographs that can be read in {tmp_path / 'val2017.zip'}; found 3 problems: "
    )
    assert "val2017/000000000100.jpg is missing" in text
    assert "000000000099.jpg: this is not an image" in text
    assert re.search(r"000000000098.jpg: .*truncated", text)


def test_a_photograph_whose_bytes_changed_inside_the_archive_is_reported(tmp_path):
    sources = coco_archives(tmp_path)
    archive = sources.files["val2017.zip"]
    data = bytearray(archive.read_bytes())
    data[90] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(WrongContents, match=r"val2017.zip; found 1 problems: val2017/000000000\d+.jpg"):
        build_coco2017(sources, tmp_path)


def test_a_photograph_too_large_to_be_one_is_not_even_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(captioned_photographs, "LARGEST_PHOTOGRAPH", 5000)
    with pytest.raises(WrongContents, match=r"found 1 problems: val2017/000000000100.jpg: it has 6,000 bytes"):
        build_coco2017(coco_archives(tmp_path, photographs={"val2017/000000000100.jpg": bytes(6000)}), tmp_path)


COCO_CHANGES = {
    "no images": {"images": []},
    "instances instead": {"annotations": [{"image_id": 100, "bbox": [0, 0, 1, 1]}]},
    "of no image": {"annotations": [{"image_id": 5, "caption": "a cat"}]},
    "no list": {"annotations": None},
}


@pytest.mark.parametrize("name", COCO_CHANGES)
def test_annotations_that_are_not_captions_of_the_images_are_refused(name, tmp_path):
    with pytest.raises(
        WrongContents, match=r"image.* in annotations/captions_val2017.json of .*trainval2017.zip; found"
    ):
        build_coco2017(coco_archives(tmp_path, **COCO_CHANGES[name]), tmp_path)


def test_photographs_without_captions_and_archives_without_annotations_are_refused(tmp_path):
    with pytest.raises(
        WrongContents, match=r"photographs that all have captions .* found 19 problems: val2017/0000000000"
    ):
        build_coco2017(coco_archives(tmp_path, annotations=[{"image_id": 100, "caption": "a cat"}]), tmp_path)
    sources = coco_archives(tmp_path)
    zip_of(sources.files["annotations_trainval2017.zip"], {"annotations/instances_val2017.json": {}})
    with pytest.raises(WrongContents, match=r"captions_val2017.json in .*annotations_trainval2017.zip"):
        build_coco2017(sources, tmp_path)


LISTED = {
    "Flickr_8k.trainImages.txt": range(6),
    "Flickr_8k.devImages.txt": range(6, 8),
    "Flickr_8k.testImages.txt": range(8, 10),
}


def flickr_archives(tmp_path, said=None, missing=(), **changes):
    """Ten photographs in three lists and an eleventh in none; captions of one that does not exist."""
    members = {name: "".join(f"{number}_ab.jpg\n" for number in numbers) for name, numbers in LISTED.items()}
    lines = [f"{number}_ab.jpg#{k}\tA dog {number} jumps ." for number in range(11) for k in range(5)]
    lines += [f"2258277193_586949ec62.jpg.1#{k}\tsome people" for k in range(5)]
    texts = members | {"Flickr8k.token.txt": "\n".join(lines), "readme.txt": "see the paper"}
    texts |= {name.replace("__", "."): text for name, text in changes.items()}
    photographs = {f"Flicker8k_Dataset/{n}_ab.jpg": jpeg(colour(n)) for n in range(11) if n not in missing}
    return sources_of(
        zip_of(tmp_path / "Flickr8k_Dataset.zip", photographs | {"__MACOSX/Flicker8k_Dataset/._0_ab.jpg": b"x"}),
        zip_of(tmp_path / "Flickr8k_text.zip", {name: text for name, text in texts.items() if text is not None}),
        said=said,
    )


def test_flickr8k_keeps_the_published_split_and_its_test_photographs_out(places, tmp_path):
    built(places, "flickr8k", build_flickr8k, flickr_archives(tmp_path))
    loaded = load_captions("flickr8k", "images", places=places)
    assert (len(loaded.train), len(loaded.val)) == (30, 10)
    for split, numbers in ((loaded.train, range(6)), (loaded.val, range(6, 8))):
        for image, number in enumerate(numbers):
            assert colours_of(split)[image] == pytest.approx(colour(number), abs=3)
            assert len(split.captions_of(image)) == 5
    assert loaded.vocabulary.sentence(loaded.train.captions[5]) == "a dog 1 jumps"
    assert not {"8", "9", "10", "people", "."} & set(loaded.vocabulary.tokens)


def test_flickr8k_tells_how_much_it_leaves_out(places, tmp_path):
    said = []
    built(places, "flickr8k", build_flickr8k, flickr_archives(tmp_path, said))
    assert said == [
        "flickr8k: skipped 5 captions of photographs that are not there (2258277193_586949ec62.jpg.1)",
        "flickr8k: left out 1 photographs that are in none of the published lists",
    ]


FLICKR_CHANGES = {
    "no captions": ({"Flickr8k__token__txt": None}, "Flickr8k.token.txt in .*Flickr8k_text.zip"),
    "no list": ({"Flickr_8k__devImages__txt": None}, "Flickr_8k.devImages.txt in .*Flickr8k_text.zip"),
    "no tab": ({"Flickr8k__token__txt": "0_ab.jpg#0 A dog"}, "name.jpg#0, a tab .* line 1 of Flickr8k.token.txt of"),
    "no number": ({"Flickr8k__token__txt": "0_ab.jpg\tA dog"}, "name.jpg#0, a tab .* line 1 of Flickr8k.token.txt of"),
    "uncaptioned": (
        {"Flickr8k__token__txt": "0_ab.jpg#0\tA dog"},
        "found 7 problems: Flicker8k_Dataset/1_ab.jpg has no",
    ),
    "both": ({"Flickr_8k__testImages__txt": "0_ab.jpg\n"}, "in both Flickr_8k.trainImages.txt and .*found 0_ab.jpg"),
}


@pytest.mark.parametrize("name", FLICKR_CHANGES)
def test_flickr8k_texts_that_are_not_what_they_should_be_are_refused(name, tmp_path):
    changes, expected = FLICKR_CHANGES[name]
    with pytest.raises(WrongContents, match=f"(?s)^expected .*{expected}"):
        build_flickr8k(flickr_archives(tmp_path, **changes), tmp_path)


def test_flickr8k_photographs_that_are_listed_and_missing_are_reported_together(tmp_path):
    with pytest.raises(WrongContents, match=r"8 photographs .*Flickr8k_Dataset.zip; found 2 problems: .*2_ab.*7_ab"):
        build_flickr8k(flickr_archives(tmp_path, missing=(2, 7)), tmp_path)


def test_what_is_no_zip_is_refused(tmp_path):
    sources = flickr_archives(tmp_path)
    sources.files["Flickr8k_Dataset.zip"].write_text("<html>moved</html>")
    with pytest.raises(WrongContents, match=r"a whole zip archive in .*Flickr8k_Dataset.zip"):
        build_flickr8k(sources, tmp_path)


def test_nothing_is_left_open(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        build_flickr8k(flickr_archives(tmp_path), tmp_path)
