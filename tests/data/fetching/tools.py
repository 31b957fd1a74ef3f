"""What the tests of fetching share: a registry of one set, and programs that fetch in another process."""

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from seqlab.data.fetch.fetch import FetchOptions, fetch_set
from seqlab.data.places import Places
from seqlab.data.registry import DataSet, PackageSource, Registry, SourceFile, UrlSource
from tests.data.fetching.server import Page

ROOT = Path(__file__).resolve().parents[3]  # not from tests.conftest: other processes start quicker without the rest
BODY = bytes(range(256)) * 1200  # 307,200 bytes: some chunks


def sha256(body):
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def md5(body):
    return f"md5:{hashlib.md5(body).hexdigest()}"


def url_file(name, *urls, body=BODY, **changes):
    """A file of the registry, whose size and hash are those of ``body`` unless they are changed."""
    told = {"size": len(body), "about_size": len(body), "hash": sha256(body)} | changes
    return SourceFile(name, UrlSource(urls), licence="-", citation="-", becomes="-", **told)


def unpublished(name, *urls, body=BODY):
    """A file of which neither size nor hash is published."""
    return url_file(name, *urls, body=body, size=None, hash=None)


def package_file(name, requirement, archive, body, **changes):
    told = {"size": len(body), "about_size": len(body), "hash": sha256(body)} | changes
    return SourceFile(name, PackageSource(requirement, archive), licence="-", citation="-", becomes="-", **told)


def set_of(*files, name="things", built_size=1_000_000):
    return DataSet(name, "Things", "raw", "full", 1, files, (), (), None, (), built_size)


@dataclass
class Desk:
    """A cache, and somebody who fetches into it and is told things."""

    cache: object
    lines: list = field(default_factory=list)
    options: dict = field(default_factory=dict)

    @property
    def places(self):
        return Places(Registry(self.cache / "registry.toml", {}), self.cache)

    def fetch(self, *files, **options):
        told = {"retries": 2, "timeout": 5.0, "backoff": 0.001, "progress": False} | options
        return fetch_set(self.places, set_of(*files), FetchOptions(show=self.lines.append, **told))

    def raw(self, name):
        return self.places.raw(set_of()) / name

    @property
    def said(self):
        return "\n".join(self.lines)


def put(server, path="/a.bin", body=BODY, **about):
    """Give a server a page; its address."""
    server.pages[path] = Page(body, **about)
    return server.url + path


PROGRAM = """
from pathlib import Path
from tests.data.fetching.tools import Desk, url_file, unpublished
desk = Desk(Path({cache!r}))
desk.lines = type("Said", (), {{"append": staticmethod(lambda line: print(line, flush=True))}})
"""


def program(cache, body, before=()):
    """Start another process that runs ``body`` with a ``desk`` at ``cache``; ``before`` are words that start it."""
    text = PROGRAM.format(cache=os.fspath(cache)) + textwrap.dedent(body)
    command = [*before, sys.executable, "-c", text]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)


def finish(process):
    """What a process said, which must have ended well."""
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def require_namespaces():
    """Skips a test, with the reason, where a process may not have mounts of its own."""
    import pytest

    if shutil.which("unshare") is None:
        pytest.skip("unshare (util-linux) is not here, so that no disk can be made for the test")
    done = subprocess.run(["unshare", "-rm", "true"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this system allows no mounts of one's own: {done.stderr.strip()}")
