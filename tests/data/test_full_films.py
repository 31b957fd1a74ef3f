"""Five classes of UCF101, proved on a miniature: films of moving bars, drawn and encoded by the test."""

import importlib.util
import io

import numpy as np
import pytest

from seqlab.data import load_videos
from seqlab.data.build.films import Undecodable, read_frames
from seqlab.data.build.ucf101 import build_ucf101
from seqlab.data.errors import DataMissing, WrongContents
from tests.data.miniatures import built, sources_of, tar_of

av = pytest.importorskip("av", reason="the package av, which decodes films, is not installed: pip install av")

WIDTH, HEIGHT = 96, 72


def film(red, frames=30, width=WIDTH, height=HEIGHT):
    """An AVI like those of UCF101 (MPEG-4): a colour whose green grows over time, white at the left."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avi") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", 4_000_000
        for t in range(frames):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[..., 0] = red
            picture[..., 1] = 200 * t // max(frames - 1, 1)
            picture[:, : (width - height) // 2] = (255, 255, 255)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


TAGS = {"train": ["Punch", "CricketShot", "Punch"], "test": ["CricketShot"]}
REDS = {"train": [40, 120, 200], "test": [80]}


def films(tmp_path, **changes):
    members = {"._train.csv": "left by macOS", "train/._v_Punch_0.avi": "left by macOS"}
    for part, tags in TAGS.items():
        names = [f"v_{tag}_{number}.avi" for number, tag in enumerate(tags)]
        members |= {f"{part}/{name}": film(red) for name, red in zip(names, REDS[part], strict=True)}
        rows = [f"{n},{name},{tag}" for n, (name, tag) in enumerate(zip(names, tags, strict=True))]
        members[f"{part}.csv"] = "\n".join([",video_name,tag", *rows]) + "\n"
    members |= {name.replace("__", "/").replace("_DOT_", "."): data for name, data in changes.items()}
    kept = {name: data for name, data in members.items() if data is not None}
    return sources_of(tar_of(tmp_path / "ucf101_top5.tar.gz", kept))


def test_films_become_frames_with_the_class_at_each(places, tmp_path):
    folder = built(places, "ucf101", build_ucf101, films(tmp_path))
    loaded = load_videos("ucf101", places=places)
    assert loaded.classes == ("CricketShot", "Punch")
    assert loaded.train.frames.shape == (3, 20, 64, 64, 3)
    assert loaded.train.frames.mapped
    np.testing.assert_array_equal(loaded.train.labels[:], np.repeat([[1], [0], [1]], 20, axis=1))
    np.testing.assert_array_equal(loaded.val.labels[:], np.zeros((1, 20)))
    for split, part in ((loaded.train, "train"), (loaded.val, "test")):
        reds = split.frames[:][..., 0].mean(axis=(1, 2, 3))
        np.testing.assert_allclose(reds, REDS[part], atol=12)
    assert sorted(path.name for path in folder.iterdir()) == ["built.json", "videos.h5"]


def test_frames_are_spread_from_the_first_to_the_last(tmp_path):
    (tmp_path / "a.avi").write_bytes(film(60, frames=58))
    green = read_frames(tmp_path / "a.avi", 20, 64, print)[..., 1].mean(axis=(1, 2))
    np.testing.assert_allclose(green, np.linspace(0, 200, 20), atol=8)


def test_the_middle_of_a_wide_film_is_kept(tmp_path):
    (tmp_path / "a.avi").write_bytes(film(60))
    frame = read_frames(tmp_path / "a.avi", 1, 64, print)[0]
    assert frame.shape == (64, 64, 3)
    assert frame[:, 2:, 2].mean() < 30  # the white bar at the left was cut off
    (tmp_path / "tall.avi").write_bytes(film(60, width=64, height=128))
    assert read_frames(tmp_path / "tall.avi", 2, 64, print).shape == (2, 64, 64, 3)


def test_a_short_film_repeats_frames(tmp_path):
    (tmp_path / "a.avi").write_bytes(film(60, frames=3))
    frames = read_frames(tmp_path / "a.avi", 20, 64, print)
    assert len(np.unique(frames.reshape(20, -1), axis=0)) == 3


def test_a_film_that_breaks_off_is_used_up_to_there_and_is_told_of(tmp_path, monkeypatch):
    (tmp_path / "a.avi").write_bytes(film(60, frames=30))
    monkeypatch.setattr("seqlab.data.build.films.MOST_FRAMES", 25)
    said = []
    green = read_frames(tmp_path / "a.avi", 20, 64, said.append)[..., 1].mean(axis=(1, 2))
    assert said == ["a.avi: more than 25 frames after 25 frames, which are used"]
    assert green[-1] == pytest.approx(200 * 24 / 29, abs=8)
    monkeypatch.setattr("seqlab.data.build.films.MOST_FRAMES", 10)
    with pytest.raises(Undecodable, match=r"^a.avi: more than 10 frames \(after 10 frames\)$"):
        read_frames(tmp_path / "a.avi", 20, 64, said.append)


def test_all_films_that_cannot_be_decoded_are_listed(tmp_path):
    sources = films(tmp_path, train__v_Punch_0_DOT_avi="<html>", test__v_CricketShot_0_DOT_avi=film(9)[:3000])
    with pytest.raises(WrongContents) as caught:
        build_ucf101(sources, tmp_path)
    text = str(caught.value)
    assert text.startswith(f"expected 4 films that can be decoded in {sources.only}; found 2 problems: v_Punch_0.avi: ")
    assert "v_CricketShot_0.avi: " in text


TABLES = {
    "no table": ({"train_DOT_csv": None}, "one file train.csv in .*found 0 among"),
    "other columns": ({"train_DOT_csv": "film,class\na,b\n"}, "columns video_name and tag in train.csv of"),
    "empty": ({"test_DOT_csv": "video_name,tag\n"}, "a table of films in test.csv of"),
    "no such films": (
        {"test_DOT_csv": "video_name,tag\nv_a.avi,Punch\nv_b.avi,Punch\n"},
        "films of test.csv .* none for 2 problems: v_a.avi; v_b.avi",
    ),
    "another class": (
        {"test_DOT_csv": "video_name,tag\nv_CricketShot_0.avi,Tennis\n"},
        "classes of train.csv .*Tennis",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_films_that_are_not_what_they_should_be_are_refused(name, tmp_path):
    changes, expected = TABLES[name]
    with pytest.raises(WrongContents, match=f"^expected .*{expected}") as caught:
        build_ucf101(films(tmp_path, **changes), tmp_path)
    assert "ucf101_top5.tar.gz" in str(caught.value)


def test_without_the_decoder_it_is_named_before_anything_is_extracted(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataMissing, match=r"the package av, .* pip install av"):
        build_ucf101(sources_of(tmp_path / "not-there.tar.gz"), tmp_path)
