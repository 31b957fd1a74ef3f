"""The known COCO files and the Michigan tensors, proved on miniatures of their layouts."""

import nbformat
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from seqlab.captioning import train
from seqlab.data import decode_captions, load_captions, load_coco_data, sample_coco_minibatch
from seqlab.data.build import coco_tensors
from seqlab.data.build.coco import build_coco
from seqlab.data.build.coco_tensors import build_coco_tensors
from seqlab.data.captions import KNOWN, OURS, layout_of, open_captions
from seqlab.data.errors import WrongContents
from seqlab.data.storage.writing import write_arrays
from seqlab.data.vocabulary import SPECIAL_TOKENS, Vocabulary
from tests.data.miniatures import built, hdf5_of, sources_of, stub_features, zip_of

WORDS = (*SPECIAL_TOKENS, "a", "cat", "dog", "sits")
IMAGES = {"train": 5, "val": 3}
CAPTIONS = {"train": 9, "val": 6}


def captioned(seed=0):
    """Captions, the images they belong to, and features, as arrays of the known files by their names."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for split, count in CAPTIONS.items():
        captions = np.zeros((count, 17), np.int32)
        captions[:, 0] = 1
        captions[:, 1:5] = rng.integers(3, len(WORDS), (count, 4))
        captions[:, 5] = 2
        arrays[f"{split}_captions"] = captions
        arrays[f"{split}_image_idxs"] = rng.integers(0, IMAGES[split], count).astype(np.int32)
        arrays[f"{split}_features"] = rng.standard_normal((IMAGES[split], 512)).astype(np.float32)
        arrays[f"{split}_unreduced"] = rng.standard_normal((IMAGES[split], 4096)).astype(np.float32)
    return arrays


def captions_in(arrays):
    """Those of the arrays that stand in the file of captions."""
    return {name: array for name, array in arrays.items() if name.endswith(("_captions", "_image_idxs"))}


def known_members(arrays):
    """The members of coco_captioning.zip."""
    members = {
        "coco2014_captions.h5": hdf5_of(captions_in(arrays)),
        "coco2014_vocab.json": {"idx_to_word": WORDS, "word_to_idx": {word: i for i, word in enumerate(WORDS)}},
    }
    for split, count in IMAGES.items():
        members[f"{split}2014_vgg16_fc7_pca.h5"] = hdf5_of({"features": arrays[f"{split}_features"]})
        members[f"{split}2014_vgg16_fc7.h5"] = hdf5_of({"features": arrays[f"{split}_unreduced"]})
        members[f"{split}2014_urls.txt"] = "".join(f"http://photos.example/{split}{i}.jpg\n" for i in range(count))
        members[f"{split}2014_images.txt"] = "".join(
            f"{split}2014/COCO_{split}2014_{i:012}.jpg\n" for i in range(count)
        )
    return members


def known_zip(tmp_path, **changes):
    members = known_members(captioned()) | {name.replace("__", "."): contents for name, contents in changes.items()}
    inside = {f"coco_captioning/{name}": contents for name, contents in members.items() if contents is not None}
    return zip_of(tmp_path / "coco_captioning.zip", {"__MACOSX/coco_captioning/._coco2014_vocab.json": "x"} | inside)


@pytest.fixture
def known(places, tmp_path):
    return built(places, "coco", build_coco, sources_of(known_zip(tmp_path)))


def test_the_known_layout_and_ours_give_the_same_batches_through_the_same_code(known, tmp_path):
    arrays = captioned()
    ours = tmp_path / "ours"
    ours.mkdir()
    write_arrays(ours / "captions.h5", captions_in(arrays))
    Vocabulary(WORDS).save(ours / "vocab.json")
    for split in IMAGES:
        write_arrays(ours / f"{split}_features.h5", {"features": arrays[f"{split}_features"]})
    assert (layout_of(known / "captions"), layout_of(ours)) == (KNOWN, OURS)
    one, other = (open_captions("coco", folder, "pooled") for folder in (known, ours))
    assert one.vocabulary == other.vocabulary
    for split in IMAGES:
        pairs = zip(
            one.split(split).minibatches(4, np.random.default_rng(7)),
            other.split(split).minibatches(4, np.random.default_rng(7)),
            strict=True,
        )
        for mine, its in pairs:
            for field, same in zip(mine, its, strict=True):
                np.testing.assert_array_equal(field, same)
                assert field.dtype == same.dtype
            np.testing.assert_array_equal(mine.features, arrays[f"{split}_features"][mine.image_idxs])


def test_the_known_files_serve_the_known_functions(known, places):
    data = load_coco_data(known, max_train=4)
    captions, features, urls = sample_coco_minibatch(data, 3, "val", np.random.default_rng(0))
    assert (captions.shape, features.shape, data["train_captions"].shape) == ((3, 17), (3, 512), (4, 17))
    assert all(url.startswith("http://photos.example/val") for url in urls)
    assert decode_captions(captions, data["idx_to_word"])[0].startswith("<START> ")
    loaded = load_captions("coco", "unreduced", places=places)
    assert loaded.train[0].features.shape == (4096,)
    assert loaded.val.listed["files"][2] == "val2014/COCO_val2014_000000000002.jpg"


def test_nothing_but_the_known_files_comes_out_of_the_archive(known):
    assert sorted(path.name for path in known.iterdir()) == ["built.json", "captions"]
    assert sorted(path.name for path in (known / "captions").iterdir()) == sorted(known_members(captioned()))


def test_the_unreduced_features_and_the_lists_may_be_absent(places, tmp_path):
    archive = known_zip(tmp_path, train2014_vgg16_fc7__h5=None, val2014_vgg16_fc7__h5=None, val2014_urls__txt=None)
    built(places, "coco", build_coco, sources_of(archive))
    assert load_captions("coco", places=places).train[0].features.shape == (512,)


def changed(name, change):
    """The captions file with one of its arrays changed, or without it."""
    arrays = captions_in(captioned())
    arrays[name] = change(arrays[name])
    return hdf5_of({key: array for key, array in arrays.items() if array is not None})


def raised_to(value):
    def change(array):
        array.flat[-1] = value
        return array

    return change


CHANGES = {
    "no captions": ({"coco2014_captions__h5": None}, "coco2014_captions.h5"),
    "no features": ({"val2014_vgg16_fc7_pca__h5": None}, "val2014_vgg16_fc7_pca.h5"),
    "not hdf5": (
        {"train2014_vgg16_fc7_pca__h5": "<html>"},
        "train2014_vgg16_fc7_pca.h5.*HDF5|HDF5.*train2014_vgg16_fc7_pca.h5",
    ),
    "too narrow": (
        {"train2014_vgg16_fc7_pca__h5": hdf5_of({"features": np.zeros((5, 500), np.float32)})},
        r"\(N, 512\), float32.*train2014_vgg16_fc7_pca.h5.*\(5, 500\)",
    ),
    "too precise": (
        {"train2014_vgg16_fc7_pca__h5": hdf5_of({"features": np.zeros((5, 512), np.float64)})},
        "float32.*train2014_vgg16_fc7_pca.h5.*float64",
    ),
    "other images": (
        {"val2014_vgg16_fc7__h5": hdf5_of({"features": np.zeros((4, 4096), np.float32)})},
        "same images in val2014_vgg16_fc7_pca.h5 and val2014_vgg16_fc7.h5",
    ),
    "a list too short": ({"train2014_urls__txt": "http://a\n"}, "5 lines.*train2014_urls.txt.*found 1"),
    "other special tokens": (
        {"coco2014_vocab__json": {"idx_to_word": ["a", "b"], "word_to_idx": {"a": 0, "b": 1}}},
        "<NULL> <START> <END> <UNK> in coco2014_vocab.json",
    ),
    "other numbers": (
        {"coco2014_vocab__json": {"idx_to_word": WORDS, "word_to_idx": dict.fromkeys(WORDS, 0)}},
        "same numbers .* in coco2014_vocab.json",
    ),
    "no vocabulary": ({"coco2014_vocab__json": "[]"}, "idx_to_word and word_to_idx in coco2014_vocab.json"),
    "an unknown word": (
        {"coco2014_captions__h5": changed("train_captions", raised_to(99))},
        "train_captions among the 8 words .* to 99",
    ),
    "an unknown image": (
        {"coco2014_captions__h5": changed("val_image_idxs", raised_to(3))},
        "val_image_idxs among the 3 rows .* to 3",
    ),
    "fewer images than captions": (
        {"coco2014_captions__h5": changed("val_image_idxs", lambda array: array[:-1])},
        r"val_image_idxs of shape \(6\).*found shape \(5,\)",
    ),
    "no such array": ({"coco2014_captions__h5": changed("val_captions", lambda array: None)}, "an array val_captions"),
    "captions of another length": (
        {"coco2014_captions__h5": changed("train_captions", lambda array: array[:, :16])},
        r"train_captions of shape \(N, 17\), int32.*\(9, 16\)",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_known_files_that_are_not_what_they_should_be_are_refused(name, tmp_path):
    changes, expected = CHANGES[name]
    with pytest.raises(WrongContents, match=f"(?s)^expected .*(?:{expected})") as caught:
        build_coco(sources_of(known_zip(tmp_path, **changes)), tmp_path / "out")
    assert "coco_captioning.zip" in str(caught.value)


TOKENS = ["<START>", "<NULL>", "a", "<UNK>", "<END>", "cat"]


def tensors(**changes):
    rng = np.random.default_rng(3)
    result = {"vocab": {"idx_to_token": TOKENS, "token_to_idx": {token: i for i, token in enumerate(TOKENS)}}}
    for split, count in (("train", 7), ("val", 2)):
        captions = np.ones((count, 17), np.int64)
        captions[:, :4] = [0, 2, 5, 4]
        images = rng.integers(0, 256, (count, 3, 112, 112), dtype=np.uint8)
        result |= {f"{split}_images": torch.from_numpy(images), f"{split}_captions": torch.from_numpy(captions)}
    return {key: value for key, value in (result | changes).items() if value is not None}


@pytest.fixture
def tensor_file(tmp_path, monkeypatch):
    """Writes coco.pt and gives what a builder is given."""
    monkeypatch.setattr(coco_tensors, "write_features_of", stub_features)
    monkeypatch.setattr(coco_tensors, "AT_ONCE", 3)

    def write(new_format=True, **changes):
        torch.save(tensors(**changes), tmp_path / "coco.pt", _use_new_zipfile_serialization=new_format)
        return sources_of(tmp_path / "coco.pt")

    return write


@pytest.mark.parametrize("new_format", [True, False])
def test_tensors_become_images_captions_and_features(new_format, places, tensor_file):
    built(places, "coco_tensors", build_coco_tensors, tensor_file(new_format))
    loaded = load_captions("coco_tensors", "spatial", places=places)
    expected = tensors()
    for split in ("train", "val"):
        images = expected[f"{split}_images"].numpy().transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(loaded.split(split).images[:], images)
        assert loaded.split(split).images.mapped
        mean = loaded.split(split).features[:].mean(axis=1).astype(np.float32)
        np.testing.assert_allclose(mean, images.mean(axis=(1, 2)), atol=1.0)
        np.testing.assert_array_equal(loaded.split(split).image_idxs[:], np.arange(len(images)))
    assert loaded.train[0].features.shape == (4, 3)


def test_tensors_keep_their_words_and_get_our_special_tokens_first(places, tensor_file):
    built(places, "coco_tensors", build_coco_tensors, tensor_file())
    loaded = load_captions("coco_tensors", None, places=places)
    assert loaded.vocabulary.tokens == (*SPECIAL_TOKENS, "a", "cat")
    assert loaded.vocabulary.decode(loaded.val.captions[1])[:6] == ["<START>", "a", "cat", "<END>", "<NULL>", "<NULL>"]
    assert loaded.val.captions.dtype == np.int32


WRONG_TENSORS = {
    "none": ({"val_images": None}, "val_images .* nothing of that name"),
    "other sides": ({"train_images": torch.zeros(7, 3, 64, 64, dtype=torch.uint8)}, r"train_images .*\(7, 3, 64, 64\)"),
    "floats": ({"val_captions": torch.zeros(2, 17)}, "val_captions .* torch.float32"),
    "too few": ({"train_captions": torch.zeros(6, 17, dtype=torch.int64)}, r"train_captions of shape \(7, 17\)"),
    "unknown": ({"val_captions": torch.full((2, 17), 6)}, "numbers of the 6 tokens .* from 6 to 6"),
    "no vocabulary": ({"vocab": {"idx_to_token": TOKENS}}, "idx_to_token and token_to_idx"),
    "no special token": (
        {"vocab": {"idx_to_token": TOKENS[1:], "token_to_idx": {token: i for i, token in enumerate(TOKENS[1:])}}},
        "without <START>",
    ),
    "contradictions": (
        {"vocab": {"idx_to_token": TOKENS[::-1], "token_to_idx": {token: i for i, token in enumerate(TOKENS)}}},
        "other numbers for",
    ),
}


@pytest.mark.parametrize("name", WRONG_TENSORS)
def test_tensors_that_are_not_what_they_should_be_are_refused(name, tensor_file, tmp_path):
    changes, expected = WRONG_TENSORS[name]
    with pytest.raises(WrongContents, match=f"(?s){expected}") as caught:
        build_coco_tensors(tensor_file(**changes), tmp_path)
    assert "coco.pt" in str(caught.value)


def test_a_file_that_would_run_code_is_not_loaded(tmp_path):
    torch.save({"vocab": np.random.default_rng}, tmp_path / "coco.pt")
    with pytest.raises(WrongContents, match="written by torch.save in .*coco.pt"):
        build_coco_tensors(sources_of(tmp_path / "coco.pt"), tmp_path)


@pytest.mark.parametrize("contents", [b"", b"<html>gone</html>", b"PK\x03\x04 cut short"])
def test_a_page_or_a_part_of_a_file_is_no_file_of_tensors(contents, tmp_path):
    (tmp_path / "coco.pt").write_bytes(contents)
    with pytest.raises(WrongContents, match="written by torch.save in .*coco.pt"):
        build_coco_tensors(sources_of(tmp_path / "coco.pt"), tmp_path)


NOTEBOOK = """
import torch
from torch import nn
from torch.nn import functional

class Captioner(nn.Module):
    def __init__(self, size, features, wordvec_dim, hidden_dim):
        super().__init__()
        self.layer = nn.Linear(features, size)

    def forward(self, features, captions):
        return self.layer(features)[:, None].expand(-1, captions.shape[1] - 1, -1)

    def loss_of(self, scores, captions):
        return functional.cross_entropy(scores.float().flatten(0, 1), captions[:, 1:].flatten())

    def sample(self, features, max_length):
        return self.layer(features).argmax(dim=1, keepdim=True).expand(-1, max_length)
"""


@pytest.mark.parametrize("more", [[], ["--bfloat16"], ["--features", "unreduced", "--images", "4"]])
def test_the_training_command_of_stage_6_takes_coco(known, places, tmp_path, monkeypatch, more):
    monkeypatch.setenv("SEQLAB_CACHE", str(places.cache))
    cells = [nbformat.v4.new_code_cell(NOTEBOOK)]
    made = nbformat.v4.new_notebook(cells=cells, metadata={"seqlab": {"stage": "s06_captioning"}})
    nbformat.write(made, tmp_path / "mine.ipynb")
    done = CliRunner().invoke(train.main, [str(tmp_path / "mine.ipynb"), "--set", "coco", "--epochs", "2", *more])
    assert done.exit_code == 0, done.output
    *_, first, second, third, fourth, following = done.stdout.splitlines()
    lines = [first, second, third, fourth]
    assert following.startswith("Next: ")
    asked = len(np.unique(captioned()["val_image_idxs"]))
    assert lines[0].split()[:4] == [str(asked), "images", "never", "seen"]
    assert [line[:12] for line in lines[1:]] == ["most common ", "nearest imag", "the captione"]


def test_the_training_command_says_what_brings_coco(places, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLAB_CACHE", str(places.cache))
    (tmp_path / "mine.ipynb").write_text("{}", encoding="utf-8")
    done = CliRunner().invoke(train.main, [str(tmp_path / "mine.ipynb"), "--set", "coco"])
    assert done.exit_code == 1
    assert "make download-data SET=coco" in done.output
