"""The registry says what there is; cards, builders, generators and loaders keep in step with it."""

import re

import pytest
from PIL import Image

from seqlab.data import registry as registry_module
from seqlab.data.errors import RegistryError, UnknownSet
from seqlab.data.places import CACHE_VARIABLE, DATASETS_VARIABLE, find_places
from seqlab.data.ready import command_for
from seqlab.data.registry import PackageSource, UrlSource, load_registry, source_files
from seqlab.data.synthesis.catalogue import GENERATORS
from tests.conftest import ROOT
from tests.data.conftest import REGISTRY

CARDS = ROOT / "datasets" / "cards"
# What /work/shared/data.md lists; a set that vanishes from the registry must not vanish unnoticed.
EMBEDDED = {
    "digits", "mnist5k", "plays", "latex", "c_source", "sentiment", "translation", "dates", "moving_digits", "easy_vqa",
    "lite0", "icons", "digit_scenes",
}  # fmt: skip
FULL = {
    "mnist", "tinyshakespeare", "shakespeare", "war_and_peace", "stacks", "linux", "imdb", "eng_fra", "ucf101",
    "moving_mnist", "coco", "coco_tensors", "coco2017", "coco2014_annotations", "coco_karpathy", "flickr8k", "vqa2",
}  # fmt: skip

GOOD = """
[things]
title = "Things"
task = "text"
tier = "full"
version = 1
outputs = ["text.h5"]

[[things.files]]
name = "things.txt"
urls = ["https://example.org/things.txt"]
size = 12
hash = "md5:00000000000000000000000000000000"
licence = "none"
citation = "nobody"
becomes = "text.h5"
"""


def read(tmp_path, text):
    path = tmp_path / "registry.toml"
    path.write_text(text)
    return load_registry(path)


def test_every_set_is_there(registry):
    assert {one.name for one in registry.tier("embedded")} == EMBEDDED
    assert {one.name for one in registry.tier("full")} == FULL


def test_the_embedded_tier_is_about_31_megabytes(registry):
    assert 30e6 < sum(one.download_size for one in registry.tier("embedded")) < 33e6


def test_everything_embedded_comes_from_a_pinned_and_hashed_package_or_is_made_here(registry):
    for data_set, file in source_files(registry):
        if data_set.tier == "embedded":
            assert isinstance(file.source, PackageSource)
            assert file.size
            assert file.hash.startswith("sha256:")
        else:
            assert isinstance(file.source, UrlSource)


def test_what_is_embedded_needs_nothing_full(registry):
    for one in registry.tier("embedded"):
        assert set(one.needs) <= EMBEDDED


def test_names_of_files_are_unique_so_that_a_mirror_can_hold_them_flat(registry):
    names = [file.name for _, file in source_files(registry)]
    assert len(set(names)) == len(names)


def test_synthesised_sets_are_those_with_a_generator(registry):
    assert {one.name for one in registry.sets.values() if one.seed is not None} == set(GENERATORS)


def test_built_sets_are_those_with_a_builder(registry):
    from seqlab.data.build.catalogue import BUILDERS

    built = {one.name for one in registry.sets.values() if one.outputs and one.seed is None}
    assert built == set(BUILDERS)


def test_every_loader_names_the_sets_of_its_task(registry):
    """A loader's docstring is where people look up what it can load."""
    from seqlab import data

    for task in ("digits", "text", "sentences", "pairs", "videos", "captions", "questions"):
        text = " ".join(getattr(data, f"load_{task}").__doc__.split())
        for one in registry.sets.values():
            if one.task == task:
                assert re.search(rf"\b{one.name}\b", text), (task, one.name)


def test_every_set_has_a_card_and_every_card_a_set(registry):
    assert {path.stem for path in CARDS.glob("*.md")} == set(registry.sets)


SECTIONS = ("What it is", "Who made it", "Licence", "How it is split", "Known biases and flaws", "How it looks")


@pytest.mark.parametrize("name", sorted(EMBEDDED | FULL))
def test_a_card_says_everything_and_agrees_with_the_registry(registry, name):
    data_set = registry.find(name)
    text = (CARDS / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    assert data_set.title in text
    positions = [text.index(f"\n## {section}\n") for section in SECTIONS]
    assert positions == sorted(positions)
    bodies = re.split(r"\n## .*\n", text)[1:]
    assert all(len(body.split()) >= 8 for body in bodies), "a section says next to nothing"
    for file in data_set.files:
        assert file.licence in text, file.licence
    assert f"load_{data_set.task}" in text or data_set.task in ("raw", "weights")
    commands = command_for(data_set).rstrip(")").split(" (or, in a clone with make: ")
    assert any(command in text for command in commands) or not data_set.outputs


@pytest.mark.parametrize("name", sorted(EMBEDDED - {"lite0"}))
def test_an_embedded_set_s_card_shows_a_small_picture(registry, name):
    picture = CARDS / f"{name}.png"
    assert f"({name}.png)" in (CARDS / f"{name}.md").read_text()
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size < 150_000
    assert Image.open(picture).text["Title"] == registry.find(name).title, "drawn before the title was changed"


def test_no_picture_without_a_card():
    assert {path.stem for path in CARDS.glob("*.png")} <= EMBEDDED


def test_a_good_registry_is_read(tmp_path):
    (file,) = read(tmp_path, GOOD).find("things").files
    assert file.source == UrlSource(("https://example.org/things.txt",))
    assert (file.size, file.about_size) == (12, 12)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Things"', "", "expected title"),
        ('task = "text"', 'task = "poems"', "task should be one of .*found 'poems'"),
        ("version = 1", 'version = "1"', "version should be a int; found '1'"),
        ("version = 1", "version = true", "version should be a int; found True"),
        ("version = 1", "version = 1\ncolour = 2", "unknown keys colour"),
        ("size = 12", "", "either size .* or about_size"),
        ("size = 12", "size = 12\nabout_size = 12", "either size .* or about_size"),
        ("md5:0", "md5:", "hash should look like"),
        ('name = "things.txt"', 'name = "../things.txt"', "name should look like"),
        ('["https://example.org/things.txt"]', "[]", "urls should be a list of addresses"),
        ('["https://example.org/things.txt"]', '["things.txt"]', "urls should be a list of addresses"),
        ("[things]", "[Things]", "a data set is called like"),
        (
            'outputs = ["text.h5"]',
            'outputs = ["text.h5"]\nneeds = ["more"]',
            r"needs \['more'\], which should stand above",
        ),
        ("[things]", "[things", "is not TOML"),
    ],
)
def test_a_mistake_in_the_registry_is_named_with_its_place(tmp_path, old, new, said):
    text = GOOD.replace("things.files", "Things.files") if new == "[Things]" else GOOD
    with pytest.raises(RegistryError, match=said) as error:
        read(tmp_path, text.replace(old, new, 1))
    assert str(tmp_path / "registry.toml") in str(error.value)


def test_a_missing_registry_is_said(tmp_path):
    with pytest.raises(RegistryError, match="no such file"):
        load_registry(tmp_path / "registry.toml")


def test_an_unknown_set_is_answered_with_the_nearest_name(registry):
    with pytest.raises(UnknownSet, match="called 'icon'. Did you mean icons"):
        registry.find("icon")


def test_what_is_needed_comes_first_and_once(registry):
    chosen = [registry.find(name) for name in ("digit_scenes", "icons", "moving_digits")]
    order = [one.name for one in registry.with_needs(chosen)]
    assert order == ["mnist5k", "digit_scenes", "lite0", "icons", "moving_digits"]


def test_the_course_s_places_are_found_from_anywhere(monkeypatch, tmp_path):
    for variable in (CACHE_VARIABLE, DATASETS_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    places = find_places()
    assert places.registry.path == REGISTRY
    assert places.cache == ROOT / "datasets" / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, "elsewhere")
    assert find_places().cache == tmp_path / "elsewhere"


def test_a_missing_datasets_folder_says_where_it_was_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv(DATASETS_VARIABLE, str(tmp_path))
    with pytest.raises(RegistryError, match="expected the registry of data sets at"):
        find_places()


def test_the_registry_module_knows_every_task_that_a_loader_has():
    from seqlab import data

    loaders = {name.removeprefix("load_") for name in data.__all__ if name.startswith("load_")} - {"coco_data"}
    assert loaders == set(registry_module.TASKS) - {"weights", "raw"}


def test_the_table_in_the_docs_says_what_the_registry_says(registry):
    text = (ROOT / "docs" / "data.md").read_text()
    rows = re.findall(
        r"^\| \[(\w+)\]\(\.\./datasets/cards/(\w+)\.md\) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", text, re.M
    )
    assert rows == [_row(one) for one in registry.sets.values()]


def _row(one):
    size = f"{one.download_size / 1e6:,.1f}" if one.files else "–"
    loader = "–" if one.task in ("raw", "weights") else f"`load_{one.task}`"
    return (one.name, one.name, one.task, one.tier, size, loader)
