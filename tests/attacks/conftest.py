"""A fork server for each file of tests, under the limits that the file names, and children of it."""

import pytest

from autograder.isolation import make_launcher


@pytest.fixture(scope="module")
def launcher(request, isolation, released):
    launcher = make_launcher(request.module.LIMITS, "bubblewrap", released.release_folder("s01_rnn"))
    yield launcher
    launcher.close()


@pytest.fixture
def child(launcher):
    """A child of the test's own, for what ends it."""
    child = launcher.start()
    yield child
    child.close()
