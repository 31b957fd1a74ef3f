"""The data road goes one way: registry, fetch, build, loaders. Loaders never reach the network, nor anything heavy."""

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

DATA = ROOT / "seqlab" / "data"
COMMAND_MODULES = {"prepare.py", "commands.py"}
NETWORK = {"requests", "urllib3", "http", "socket", "ftplib", "subprocess"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaks(paths, forbidden):
    for path in paths:
        for name in imported(path):
            if any(name == one or name.startswith(f"{one}.") for one in forbidden):
                yield f"{path.relative_to(DATA)}: {name}"


def modules(*folders):
    return [path for folder in folders for path in (DATA / folder).rglob("*.py")]


def loaders():
    return [path for path in DATA.glob("*.py") if path.name not in COMMAND_MODULES]


def within(*names):
    return {f"seqlab.data.{name}" for name in names}


LOADER_NAMES = ("captions", "digits", "pairs", "questions", "sentences", "text", "videos", "coco_utils", "ready")


def test_loaders_and_what_they_stand_on_neither_fetch_nor_build():
    paths = [*loaders(), *modules("storage", "layouts", "synthesis")]
    assert list(breaks(paths, within("fetch", "build", "prepare", "commands", "features", "show") | NETWORK)) == []


def test_fetching_knows_nothing_of_what_is_made_of_the_files():
    assert list(breaks(modules("fetch"), within("build", "layouts", "synthesis", "features", *LOADER_NAMES))) == []


def test_building_reads_no_loader_and_reaches_no_network():
    wanted = {"seqlab.data.fetch.archives"}
    found = set(breaks(modules("build"), within("fetch", "prepare", "commands", *LOADER_NAMES) | NETWORK))
    assert {line for line in found if not any(one in line for one in wanted)} == set()


def test_storage_and_layouts_stand_on_nothing_of_the_roads():
    names = ("fetch", "build", "synthesis", "prepare", "commands", "features", "show", "places", *LOADER_NAMES)
    assert list(breaks(modules("storage", "layouts"), within(*names))) == []


@pytest.mark.parametrize(
    "line",
    ["import requests", "from seqlab.data.fetch import web", "from seqlab.data import fetch", "import http.client"],
)
def test_the_contract_can_be_broken(tmp_path, monkeypatch, line):
    (tmp_path / "loader.py").write_text(f"def late():\n    {line}\n")
    monkeypatch.setattr(sys.modules[__name__], "DATA", tmp_path)
    assert list(breaks([tmp_path / "loader.py"], within("fetch") | NETWORK))


def test_importing_the_loaders_brings_nothing_heavy_and_no_network():
    heavy = ("torch", "sklearn", "matplotlib", "requests", "seqlab.data.fetch", "seqlab.data.build", "PIL")
    probe = f"import sys, seqlab.data; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"
