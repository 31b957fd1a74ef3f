"""Files, servers, settings and indices that nobody would write, or only to do harm."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from seqlab.cli import main
from seqlab.data import load_coco_data, load_pairs, load_sentences, load_text
from seqlab.data.build import catalogue, coco_tensors
from seqlab.data.build.captioned_photographs import photograph
from seqlab.data.build.coco import build_coco
from seqlab.data.build.coco_tensors import build_coco_tensors
from seqlab.data.build.contents import described_as, opened_zip
from seqlab.data.errors import DataDamaged, DataError, WrongContents
from seqlab.data.features.images import UnreadableImages, read_image
from seqlab.data.fetch.addresses import addresses, without_passwords
from seqlab.data.fetch.archives import read_members
from seqlab.data.fetch.fetch import FetchOptions
from seqlab.data.fetch.part import Part
from seqlab.data.fetch.web import Web
from seqlab.data.prepare import FAILED, READY, prepare
from seqlab.data.storage import rows as rows_module
from seqlab.data.storage.folders import STAMP, read_stamp
from seqlab.data.storage.rows import Ragged, Rows
from seqlab.data.storage.writing import ragged, write_arrays
from seqlab.data.visible import visible
from seqlab.data.vocabulary import SPECIAL_TOKENS
from tests.data.conftest import put, small_sentences
from tests.data.fetching.tools import set_of, unpublished
from tests.data.miniatures import sources_of

WORDS = [*SPECIAL_TOKENS, "a"]


# HDF5


def outside(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.full((4, 512), 7, np.float32)
    return path


def external(file, other):
    file.create_dataset("x", (4, 512), np.float32, external=[(str(other), 0, 8192)])


def linked(file, other):
    file["x"] = h5py.ExternalLink(str(other), "x")


def soft(file, other):
    file["x"] = h5py.SoftLink("/y")
    file["y"] = np.ones(3)


def virtual(file, other):
    layout = h5py.VirtualLayout((4, 512), np.float32)
    layout[:] = h5py.VirtualSource(str(other), "x", (4, 512))
    file.create_virtual_dataset("x", layout)


def text(file, other):
    file.create_dataset("x", (4,), h5py.string_dtype(), data=["a"] * 4)


def group(file, other):
    file.create_group("x")


def nothing(file, other):
    file["x"] = h5py.Empty("f4")


@pytest.mark.parametrize("make", [external, linked, soft, virtual, text, group, nothing])
def test_an_array_that_is_none_or_lies_in_another_file_is_refused(tmp_path, make):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file, outside(tmp_path / "other.h5"))
    with pytest.raises(DataDamaged, match="x"):
        Rows(tmp_path / "a.h5", "x")


def coco_zip(folder, change=None, prefix="coco_captioning/", words=WORDS):
    place = folder / "parts"
    place.mkdir()
    with h5py.File(place / "coco2014_captions.h5", "w") as file:
        for split in ("train", "val"):
            file[f"{split}_captions"] = np.ones((4, 17), np.int32)
            file[f"{split}_image_idxs"] = np.zeros(4, np.int32)
    numbers = {str(word): number for number, word in enumerate(words)}
    vocabulary = {"idx_to_word": words, "word_to_idx": numbers}
    (place / "coco2014_vocab.json").write_text(json.dumps(vocabulary))
    for split in ("train", "val"):
        with h5py.File(place / f"{split}2014_vgg16_fc7_pca.h5", "w") as file:
            file["features"] = np.zeros((4, 512), np.float32)
    if change:
        change(place)
    with zipfile.ZipFile(folder / "coco_captioning.zip", "w") as file:
        for path in place.iterdir():
            file.write(path, prefix + path.name)
    return folder / "coco_captioning.zip"


def features_elsewhere(make):
    def change(place):
        path = place / "train2014_vgg16_fc7_pca.h5"
        with h5py.File(path, "w") as file:
            make(file, outside(place.parent / "other.h5"))
            if "x" in file or file.get("x", getlink=True):
                file.move("x", "features")

    return change


def huge(place):
    with h5py.File(place / "coco2014_captions.h5", "a") as file:
        del file["train_captions"], file["train_image_idxs"]
        file.create_dataset("train_captions", (2**31, 17), np.int32, chunks=(1024, 17))
        file.create_dataset("train_image_idxs", (2**31,), np.int32, chunks=(1024,))


def deep(place):
    (place / "coco2014_vocab.json").write_text("[" * 100_000)


CHANGES = {make.__name__: features_elsewhere(make) for make in (external, linked, virtual, group, nothing)}


@pytest.mark.parametrize("change", [*CHANGES.values(), huge, deep], ids=[*CHANGES, "huge", "deep"])
def test_known_coco_files_that_point_elsewhere_or_claim_too_much_are_refused(tmp_path, change):
    (tmp_path / "out").mkdir()
    with pytest.raises(WrongContents):
        build_coco(sources_of(coco_zip(tmp_path, change)), tmp_path / "out")


def test_known_coco_files_may_lie_in_folders_in_folders(tmp_path):
    (tmp_path / "out").mkdir()
    build_coco(sources_of(coco_zip(tmp_path, prefix="datasets/coco_captioning/")), tmp_path / "out")
    assert not [path for path in (tmp_path / "out" / "captions").iterdir() if path.is_dir()]


def test_text_in_place_of_captions_does_not_end_the_process(tmp_path):
    coco_zip(tmp_path)
    with h5py.File(tmp_path / "parts" / "coco2014_captions.h5", "a") as file:
        del file["train_captions"]
        file.create_dataset("train_captions", (4,), h5py.string_dtype(), data=["a"] * 4)
    with pytest.raises(DataDamaged):
        load_coco_data(tmp_path / "parts")


# Arrays as students use them


@pytest.fixture
def numbers(tmp_path):
    array = np.arange(600, dtype=np.int32).reshape(300, 2)
    write_arrays(tmp_path / "a.h5", {"x": array})
    return array, Rows(tmp_path / "a.h5", "x")


def test_a_copy_of_rows_may_be_written(numbers):
    copy = np.array(numbers[1])
    copy[0] = -1
    assert (numbers[1][0] == numbers[0][0]).all()


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_a_write_through_torch_ends_neither_the_process_nor_the_cache(numbers):
    tensor = torch.from_numpy(numbers[1][:])
    tensor[0] = -1
    assert (Rows(numbers[1].path, "x")[0] == numbers[0][0]).all()


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64, np.int32])
def test_small_indices_reach_all_rows(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(rows_module, "WHOLE_BYTES", 0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=np.arange(1000), chunks=(7,))
    assert Rows(tmp_path / "a.h5", "x")[np.array([3, 100], kind)].tolist() == [3, 100]


def test_the_last_index_of_a_byte_has_its_own_length(tmp_path):
    write_arrays(tmp_path / "a.h5", ragged("x", [[1] * (i % 5) for i in range(300)]))
    values, lengths = Ragged(tmp_path / "a.h5", "x").padded(np.array([254, 255], np.uint8))
    assert lengths.tolist() == [4, 0]
    assert values.shape == (2, 4)


@pytest.mark.parametrize("wrap", [np.array, torch.tensor, np.int64])
def test_an_index_without_axes_is_one_example(places, wrap):
    put(places, "sentiment", small_sentences)
    train = load_sentences(places=places).train
    assert train[wrap(1)].words.tolist() == train[1].words.tolist()


def test_a_change_of_inputs_does_not_change_targets(places):
    from seqlab.data.layouts.text import write_text

    put(places, "plays", lambda folder: write_text(folder, ["abcdefgh" * 9], ["abc" * 9]))
    text = load_text(places=places)
    batch, same = (text.pieces(3, 5, np.random.default_rng(0)) for _ in range(2))
    batch.inputs[:] = 0
    assert (batch.targets == same.targets).all()


def test_a_seed_of_numpy_makes_the_same_folder(places):
    assert len(load_pairs("dates", seed=np.int64(3), places=places).train)
    assert (places.cache / "dates-seed3").is_dir()


@pytest.mark.parametrize("seed", ["/../../elsewhere", "1", 1.0, -1])
def test_a_seed_that_is_none_touches_nothing(places, seed):
    with pytest.raises((TypeError, ValueError)):
        load_pairs("dates", seed=seed, places=places)
    assert not places.cache.exists()


# Records that are not what was written


@pytest.mark.parametrize(
    "contents",
    [
        {"version": 1, "files": ["a"]},
        {"version": 1, "files": None},
        {"version": 1, "files": {"a": "x"}},
        {"version": 1, "files": {"a": {}}},
    ],
)
def test_an_odd_stamp_is_no_stamp(tmp_path, contents):
    (tmp_path / STAMP).write_text(json.dumps(contents))
    assert read_stamp(tmp_path) is None


def test_a_stamp_nested_too_deeply_is_no_stamp(tmp_path):
    (tmp_path / STAMP).write_text("[" * 100_000)
    assert read_stamp(tmp_path) is None


@pytest.mark.parametrize("odd", ['{"origin": "x", "total": "7"}', '{"origin": "x", "etag": 5}', "[" * 100_000])
def test_an_odd_note_of_a_part_is_no_note(tmp_path, odd):
    part = Part(tmp_path / "a")
    part.note_path.write_text(odd)
    assert part.note() is None


@pytest.mark.parametrize("place", ["cache", "cache/locks", "cache/raw/stacks/stacks-topology.tex.part"])
def test_a_file_or_folder_in_the_way_is_said_in_words(registry, tmp_path, place):
    from seqlab.data.places import Places

    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if place.endswith(".part") else path.touch()
    chosen = [registry.find("stacks")]
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "stacks-topology.tex").write_bytes(b"a" * 236_912)
    said = []
    options = FetchOptions(mirrors=(str(mirror),), retries=0, show=said.append, progress=False)
    (outcome,) = prepare(Places(registry, tmp_path / "cache"), chosen, options)
    assert outcome.state == FAILED
    assert str(path.parent if place != "cache" else path) in outcome.error


def test_what_no_builder_foresaw_costs_no_other_set_its_place(places, monkeypatch):
    def stumble(sources, folder):
        raise IndexError("too many indices")

    monkeypatch.setattr("seqlab.data.prepare.BUILDERS", {**catalogue.BUILDERS, "latex": stumble})
    outcomes = prepare(
        places, [places.registry.find("latex"), places.registry.find("digits")], FetchOptions(show=lambda _: None)
    )
    assert [one.state for one in outcomes] == [FAILED, READY]
    assert "IndexError: too many indices" in outcomes[0].error


# Servers and settings


@pytest.mark.parametrize("mirror", ["http://[bad", "~nobody-of-this-name/x", "http://u:secret@[bad"])
def test_a_mirror_that_is_no_address_is_said_in_words(mirror):
    file = unpublished("a.txt", "http://127.0.0.1:1/a.txt")
    with pytest.raises(DataError, match="mirror") as caught:
        list(addresses(set_of(file), file, [mirror]))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://u:secret@h/x", "http://u:secret@/x", "HTTP://u:secret@127.0.0.1:99999/x"])
def test_what_is_said_of_an_address_has_no_password(tmp_path, url):
    from seqlab.data.fetch.trouble import AddressFailed

    options = FetchOptions(retries=0, progress=False)
    with pytest.raises(AddressFailed) as caught:
        Web(options).download(url, unpublished("a.txt"), Part(tmp_path / "a.txt"))
    assert "secret" not in str(caught.value)
    assert without_passwords("see http://u:secret@h/x") == "see http://h/x"


def answering(monkeypatch, status, headers, body=b""):
    """A session that gives one answer, without a server."""
    import requests
    import urllib3

    def get(self, url, **_):
        answer = requests.Response()
        answer.status_code = status
        answer.reason = "OK"
        answer.headers.update(headers)
        answer.raw = urllib3.HTTPResponse(body if hasattr(body, "read") else io.BytesIO(body), preload_content=False)
        return answer

    monkeypatch.setattr(requests.Session, "get", get)


def test_a_length_of_five_thousand_digits_is_as_none(tmp_path, monkeypatch):
    answering(monkeypatch, 200, {"Content-Length": "9" * 5000}, b"abc")
    part = Part(tmp_path / "a.txt")
    Web(FetchOptions(retries=0, progress=False)).download("http://h/a.txt", unpublished("a.txt"), part)
    assert part.path.read_bytes() == b"abc"


class Endless(io.RawIOBase):
    given = 0

    def readable(self):
        return True

    def read(self, amount=-1):
        assert self.given < 50_000_000, "took more than fifty megabytes where a few bytes were expected"
        self.given += amount
        return b"a" * amount


def test_a_server_that_never_ends_does_not_fill_the_disk(tmp_path, monkeypatch):
    answering(monkeypatch, 200, {}, Endless())
    with pytest.raises(WrongContents, match="times as many"):
        Web(FetchOptions(retries=0, progress=False)).download(
            "http://h/a.txt", unpublished("a.txt"), Part(tmp_path / "a.txt")
        )


def test_control_characters_are_shown_and_not_obeyed(places, monkeypatch):
    def explode():
        raise DataError("403 \x1b]0;owned\x07\x9b2J")

    monkeypatch.setattr("seqlab.data.commands.find_places", explode)
    result = CliRunner().invoke(main, ["data", "list"])
    assert "\\x1b]0;owned\\x07\\x9b2J" in result.output
    assert visible("a\tb\nç→") == "a\tb\nç→"


# Archives and images


def harmed_zip(path, method, harm):
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("c.jpg", bytes(range(256)) * 9)
    data = bytearray(path.read_bytes())
    harm(data)
    path.write_bytes(data)
    return path


def harm_contents(data):
    data[48:60] = b"\xff" * 12


def forget_name(data):
    start = data.index(b"PK\x01\x02")
    data[start + 28 : start + 30] = b"\0\0"  # the directory says that the name has no letters
    data[start + 32 : start + 34] = b"\5\0"  # and that they are a remark


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("harm", [harm_contents, forget_name])
def test_damage_of_a_zip_is_said_in_words(tmp_path, method, harm):
    path = harmed_zip(tmp_path / "a.zip", method, harm)
    with pytest.raises(DataError):
        read_members(path, lambda name: True)
    with pytest.raises(DataError), opened_zip(path) as file:
        photograph(file, "c.jpg")


def test_postscript_under_the_name_of_a_photograph_is_not_run(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n")
    with pytest.raises(UnreadableImages, match="not an image of a known kind"):
        read_image(path, 16)


def test_a_table_with_an_endless_field_is_said_in_words():
    import csv

    with pytest.raises(WrongContents), described_as("a table", "x"):
        list(csv.reader(["a" * 200_000]))


# coco.pt


def tensors_file(path, **changes):
    contents = {"vocab": {"token_to_idx": {w: i for i, w in enumerate(WORDS)}, "idx_to_token": dict(enumerate(WORDS))}}
    for split in ("train", "val"):
        contents[f"{split}_images"] = torch.zeros(4, 3, 112, 112, dtype=torch.uint8)
        contents[f"{split}_captions"] = torch.ones(4, 17, dtype=torch.int64)
    torch.save(contents | changes, path)
    return path


ODD = {
    "bool": {"train_captions": torch.ones(4, 17, dtype=torch.bool)},
    "complex": {"train_captions": torch.ones(4, 17, dtype=torch.complex64)},
    "sparse": {"train_captions": torch.ones(4, 17, dtype=torch.int64).to_sparse()},
    "nowhere": {"train_captions": torch.ones(4, 17, dtype=torch.int64, device="meta")},
    "empty": {
        "train_images": torch.zeros(0, 3, 112, 112, dtype=torch.uint8),
        "train_captions": torch.ones(0, 17).long(),
    },
    "repeated": {"train_images": torch.zeros(1, 3, 112, 112, dtype=torch.uint8).expand(4, -1, -1, -1)},
}


@pytest.mark.parametrize("odd", ODD)
def test_tensors_of_another_kind_are_refused(tmp_path, monkeypatch, odd):
    monkeypatch.setattr(coco_tensors, "write_features_of", lambda *_: None)
    (tmp_path / "out").mkdir()
    path = tensors_file(tmp_path / "coco.pt", **ODD[odd])
    with pytest.raises(WrongContents):
        build_coco_tensors(sources_of(path), tmp_path / "out")


# Films


def test_a_list_of_films_is_no_film(tmp_path):
    av = pytest.importorskip("av", reason="decodes films")
    from seqlab.data.build.films import Undecodable, read_frames

    with av.open(str(tmp_path / "other.mp4"), "w") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        file.mux(stream.encode())
    (tmp_path / "a.avi").write_text("ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(Undecodable):
        read_frames(tmp_path / "a.avi", 5, 64, lambda _: None)
