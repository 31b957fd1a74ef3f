"""Sets that stay as they are published: what is checked, and how they come to their place."""

import os

import numpy as np
import pytest

from seqlab.data.build.raw import build_coco2014_annotations, build_coco_karpathy, build_moving_mnist, link_or_copy
from seqlab.data.errors import WrongContents
from tests.data.miniatures import as_bytes, built, sources_of, zip_of

KINDS = ("captions", "instances", "person_keypoints")
ANNOTATIONS = {
    f"annotations/{kind}_{split}2014.json": {"kind": kind, "of": split} for kind in KINDS for split in ("train", "val")
}


def frames(tmp_path, array):
    np.save(tmp_path / "mnist_test_seq.npy", array)
    return sources_of(tmp_path / "mnist_test_seq.npy")


def test_frames_are_put_in_place_without_being_copied(places, tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (20, 3, 64, 64), dtype=np.uint8)
    sources = frames(tmp_path, array)
    folder = built(places, "moving_mnist", build_moving_mnist, sources)
    np.testing.assert_array_equal(np.load(folder / "frames.npy", mmap_mode="r"), array)
    assert os.path.samefile(folder / "frames.npy", sources.only)


WRONG_FRAMES = {
    "fewer steps": (np.zeros((19, 2, 64, 64), np.uint8), r"found \(19, 2, 64, 64\) of uint8"),
    "another size": (np.zeros((20, 2, 64, 32), np.uint8), r"found \(20, 2, 64, 32\)"),
    "an axis less": (np.zeros((20, 64, 64), np.uint8), r"found \(20, 64, 64\)"),
    "floats": (np.zeros((20, 1, 64, 64), np.float32), "of float32"),
    "columns": (np.asfortranarray(np.zeros((20, 2, 64, 64), np.uint8)), "column by column"),
    "objects": (np.full((20, 1, 64, 64), None), "of object"),
}


@pytest.mark.parametrize("name", WRONG_FRAMES)
def test_other_arrays_are_refused(name, tmp_path):
    array, found = WRONG_FRAMES[name]
    with pytest.raises(WrongContents, match=rf"an array \(20, N, 64, 64\) of uint8.*mnist_test_seq.npy; .*{found}"):
        build_moving_mnist(frames(tmp_path, array), tmp_path)


def test_frames_that_are_cut_short_or_no_array_are_refused(tmp_path):
    sources = frames(tmp_path, np.zeros((20, 2, 64, 64), np.uint8))
    sources.only.write_bytes(sources.only.read_bytes()[:-1])
    with pytest.raises(WrongContents, match=r"163,840 bytes of frames in .*mnist_test_seq.npy; found 163,839"):
        build_moving_mnist(sources, tmp_path)
    for contents in (b"<html>not here</html>", b"", b"\x93NUMPY\x01\x00\xff\xff{"):
        sources.only.write_bytes(contents)
        with pytest.raises(WrongContents, match=r"\(.npy\) in .*mnist_test_seq.npy"):
            build_moving_mnist(sources, tmp_path)


def test_a_file_is_copied_where_disks_know_no_second_names(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("cross-device link")

    (tmp_path / "one").write_text("same")
    monkeypatch.setattr(os, "link", refuse)
    link_or_copy(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").read_text() == "same"
    assert not os.path.samefile(tmp_path / "one", tmp_path / "two")


def test_a_link_to_a_file_elsewhere_becomes_the_file(tmp_path):
    (tmp_path / "one").write_text("same")
    (tmp_path / "pointer").symlink_to(tmp_path / "one")
    link_or_copy(tmp_path / "pointer", tmp_path / "two")
    assert not (tmp_path / "two").is_symlink()
    assert (tmp_path / "two").read_text() == "same"


def annotations(tmp_path, **changes):
    members = ANNOTATIONS | {f"annotations/{name}.json": contents for name, contents in changes.items()}
    members["annotations/more.txt"] = "of no use"
    return sources_of(
        zip_of(tmp_path / "annotations_trainval2014.zip", {k: v for k, v in members.items() if v is not None})
    )


def test_annotations_are_extracted_as_they_are(places, tmp_path):
    folder = built(places, "coco2014_annotations", build_coco2014_annotations, annotations(tmp_path))
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("annotations/*")}
    assert found == {name: as_bytes(contents) for name, contents in ANNOTATIONS.items()}


def test_annotations_that_are_missing_or_no_json_are_refused(tmp_path):
    with pytest.raises(
        WrongContents, match=r"6 files .*trainval2014.zip; found none called annotations/captions_val2014"
    ):
        build_coco2014_annotations(annotations(tmp_path, captions_val2014=None), tmp_path / "one")
    for number, contents in enumerate(("<html>", '{"cut": ', "")):
        with pytest.raises(WrongContents, match=r"a JSON object in annotations/instances_train2014.json of .*2014.zip"):
            build_coco2014_annotations(annotations(tmp_path, instances_train2014=contents), tmp_path / str(number))


def lists(tmp_path, **changes):
    contents = {
        "train": [{"image": "val2014/COCO_val2014_000000522418.jpg", "caption": "a cat", "image_id": "coco_522418"}],
        "val": [{"image": "val2014/COCO_val2014_000000184613.jpg", "caption": ["a child", "a boy"]}],
        "test": [{"image": "val2014/COCO_val2014_000000391895.jpg", "caption": ["a man"]}],
    } | changes
    paths = [tmp_path / f"coco_karpathy_{split}.json" for split in contents]
    for path, table in zip(paths, contents.values(), strict=True):
        path.write_bytes(as_bytes(table))
    return sources_of(*paths)


def test_lists_are_put_in_place_under_their_names(places, tmp_path):
    sources = lists(tmp_path)
    folder = built(places, "coco_karpathy", build_coco_karpathy, sources)
    for name, path in sources.files.items():
        assert os.path.samefile(folder / name, path)


WRONG_LISTS = {
    "a page": "<html>",
    "no list": {"images": []},
    "nothing": [],
    "no captions": [{"image": "a.jpg", "caption": []}],
    "no image": [{"image": "a.jpg", "caption": "a"}, {"caption": "b"}],
    "numbers": [{"image": "a.jpg", "caption": [1]}],
    "no entries": ["a.jpg"],
}


@pytest.mark.parametrize("name", WRONG_LISTS)
def test_lists_that_are_not_what_they_should_be_are_refused(name, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(WrongContents, match=r"^expected (JSON|a list|entries) .*coco_karpathy_val.json; found"):
        build_coco_karpathy(lists(tmp_path, val=WRONG_LISTS[name]), tmp_path / "out")
