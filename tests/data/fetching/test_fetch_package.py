"""Releases of the Python registry, through pip, from an index on this machine."""

import hashlib
import io
import os
import re
import sys
import tarfile
import zipfile

import pytest

from seqlab.data.errors import FetchFailed, NoSpace, WrongContents
from tests.data.fetching.tools import package_file, put

WHEEL, SDIST = "tiny_pictures-1.0-py2.py3-none-any.whl", "tiny_pictures-1.0.tar.gz"
METADATA = "Metadata-Version: 2.1\nName: tiny-pictures\nVersion: 1.0\nRequires-Python: >=99\nRequires-Dist: absent\n"
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
BACKEND = f"""
import os

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    os.mkdir(os.path.join(folder, "tiny_pictures-1.0.dist-info"))
    with open(os.path.join(folder, "tiny_pictures-1.0.dist-info", "METADATA"), "w") as file:
        file.write({METADATA!r})
    return "tiny_pictures-1.0.dist-info"

def build_wheel(*_):
    raise RuntimeError("nobody asked for a wheel")
"""


def tiny_wheel():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tiny_pictures/cat.txt", "=^.^=")
        archive.writestr("tiny_pictures-1.0.dist-info/METADATA", METADATA)
        archive.writestr(
            "tiny_pictures-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n",
        )
        archive.writestr("tiny_pictures-1.0.dist-info/RECORD", "")
    return buffer.getvalue()


def tiny_sdist():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in {"PKG-INFO": METADATA, "pyproject.toml": PYPROJECT, "backend.py": BACKEND}.items():
            info = tarfile.TarInfo(f"tiny_pictures-1.0/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


FILES = {WHEEL: tiny_wheel(), SDIST: tiny_sdist()}


@pytest.fixture
def index(server, monkeypatch):
    """An index with a wheel and an sdist, which pip is set to use, and nothing else of pip's settings."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    settings = {"CONFIG_FILE": os.devnull, "INDEX_URL": f"{server.url}/simple", "RETRIES": "0", "NO_CACHE_DIR": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    for name, body in FILES.items():
        put(server, f"/files/{name}", body)
    links = [f'<a href="/files/{name}#sha256={hashlib.sha256(FILES[name]).hexdigest()}">{name}</a>' for name in FILES]
    page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
    put(server, "/simple/tiny-pictures/", page, headers={"Content-Type": "text/html"})
    return server


def tiny(name, **changes):
    archive = "wheel" if name == WHEEL else "sdist"
    return package_file(name, "tiny-pictures==1.0", archive, FILES[name], **changes)


@pytest.mark.parametrize("name", [WHEEL, SDIST])
def test_pip_brings_a_release_from_the_user_s_own_index(index, desk, name):
    (path,) = desk.fetch(tiny(name))
    assert path.name == name
    assert path.read_bytes() == FILES[name]
    assert f"/files/{name}" in index.paths()
    assert sorted(one.name for one in path.parent.iterdir()) == sorted([name, "verified.json"])


def test_settings_for_installing_or_for_other_machines_do_not_reach_pip(index, desk, monkeypatch):
    hostile = {"TARGET": "/nowhere", "PREFIX": "/nowhere", "USER": "1", "PYTHON": "/bin/false", "PLATFORM": "win32"}
    hostile |= {"REQUIREMENT": "/nowhere.txt", "ONLY_BINARY": ":all:", "PYTHON_VERSION": "2.7", "ABI": "cp27m"}
    for name, value in hostile.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    (path,) = desk.fetch(tiny(SDIST))
    assert path.read_bytes() == FILES[SDIST]


def test_a_release_with_another_hash_is_refused_by_pip_itself(index, desk):
    with pytest.raises(WrongContents, match=r"pip says:(.|\n)*Expected sha256 0000"):
        desk.fetch(tiny(WHEEL, hash="sha256:" + "0" * 64))
    assert [path.name for path in desk.raw("x").parent.iterdir()] == []


def test_without_a_sha256_what_pip_brings_is_verified_all_the_same(index, desk):
    with pytest.raises(WrongContents, match=r"pip \(tiny-pictures==1.0, wheel\): expected md5:0000.*found md5:"):
        desk.fetch(tiny(WHEEL, hash="md5:" + "0" * 32))
    desk.fetch(tiny(WHEEL, hash=None))
    assert "trusted from now on" in desk.said


def test_a_release_that_is_not_there_fails_with_pip_s_last_lines(index, desk):
    missing = package_file("gone-2.0-py3-none-any.whl", "gone==2.0", "wheel", b"gone")
    with pytest.raises(FetchFailed) as caught:
        desk.fetch(missing)
    assert "No matching distribution found for gone==2.0" in str(caught.value)
    assert "SEQLAB_MIRROR" in str(caught.value)


def test_without_a_network_a_mirror_is_proposed(index, desk, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(FetchFailed, match=r"pip says:(.|\n)*tiny-pictures(.|\n)*SEQLAB_MIRROR=FOLDER"):
        desk.fetch(tiny(WHEEL))


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_a_mirror_that_has_the_release_makes_pip_unnecessary(index, desk, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    (tmp_path / WHEEL).write_bytes(FILES[WHEEL])
    mirror = str(tmp_path) if kind == "folder" else f"{index.url}/files"
    (path,) = desk.fetch(tiny(WHEEL), mirrors=(mirror,))
    assert path.read_bytes() == FILES[WHEEL]


def stand_in(tmp_path, monkeypatch, script):
    """Another program in the place of this Python."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def test_an_environment_without_pip_says_how_to_bring_it(index, desk, tmp_path, monkeypatch):
    python = stand_in(tmp_path, monkeypatch, 'echo "$0: No module named pip" >&2; exit 1')
    with pytest.raises(FetchFailed, match=re.escape(f"{python} -m ensurepip")):
        desk.fetch(tiny(WHEEL))


def test_a_disk_that_fills_up_under_pip_is_said_to_be_full(index, desk, tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, 'echo "ERROR: [Errno 28] No space left on device"; exit 1')
    with pytest.raises(NoSpace, match="TMPDIR"):
        desk.fetch(tiny(WHEEL))


def test_what_a_killed_pip_left_behind_is_cleared_away(index, desk):
    left_over = desk.raw(".pip-abc")
    left_over.mkdir(parents=True)
    desk.fetch(tiny(WHEEL))
    assert not left_over.exists()
