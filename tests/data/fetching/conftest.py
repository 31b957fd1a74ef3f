"""Who fetches, and from where."""

import pytest

from tests.data.fetching.server import serving
from tests.data.fetching.tools import Desk


@pytest.fixture
def desk(tmp_path):
    """A desk with an empty cache, which is not there yet."""
    return Desk(tmp_path / "cache")


@pytest.fixture(scope="session")
def shared_server():
    """The server that the tests take turns with."""
    with serving() as one:
        yield one


@pytest.fixture
def server(shared_server, monkeypatch):
    """A server without pages, and no proxy in the way."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    shared_server.pages.clear()
    shared_server.asked.clear()
    return shared_server
