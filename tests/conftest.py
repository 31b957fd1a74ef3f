"""What several tiers of tests share: the course, its truth, a released stage, and who may need what."""

import os
import re
import shutil
from pathlib import Path

import pytest

from autograder.authoring.master import read_master
from autograder.authoring.release import release_stage
from autograder.course import load_course
from autograder.sandbox.bubblewrap import IsolationMissing, require_isolation
from autograder.secret import VARIABLE, load_secret
from autograder.suite import load_suite
from autograder.truth import Truth
from autograder.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
STAGE_OF_TEST = re.compile(r"\[(s\d\d_[a-z0-9_]+)[-\]]")


def golden(name, text):
    """Compare with the text that was last accepted; ``SEQLAB_UPDATE_GOLDEN=1`` accepts another."""
    path = ROOT / "tests" / "messages" / "golden" / f"{name}.txt"
    if os.environ.get("SEQLAB_UPDATE_GOLDEN"):
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


@pytest.fixture(scope="session", autouse=True)
def secret(tmp_path_factory):
    """Tests have a course secret of their own, also in the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("secret") / "secret"))
        yield load_secret(ROOT)


@pytest.fixture(scope="session")
def course():
    return load_course(ROOT)


@pytest.fixture(scope="session")
def stage(course):
    return course.stage("s01_rnn")


@pytest.fixture(scope="session")
def master(course, stage):
    return read_master(course.master_path(stage.id), stage)


@pytest.fixture(scope="session")
def truth(master, stage):
    return Truth(master, load_suite(stage))


@pytest.fixture(scope="session")
def released(course, stage, tmp_path_factory):
    """A workspace with the stage released into it; tests that change it take a copy."""
    workspace = Workspace.together(tmp_path_factory.mktemp("workspace"))
    release_stage(course, stage, workspace)
    return workspace


@pytest.fixture
def workspace(released, tmp_path):
    """A fresh copy of the released workspace."""
    folder = tmp_path / "class"
    shutil.copytree(released.root, folder)
    return Workspace.together(folder)


@pytest.fixture(scope="session")
def isolation():
    """Skips a test, with the reason, where bubblewrap does not work."""
    try:
        require_isolation()
    except IsolationMissing as error:
        pytest.skip(str(error))


def pytest_collection_modifyitems(items):
    """A test marked `sandbox` needs bubblewrap."""
    for item in items:
        if item.get_closest_marker("sandbox"):
            item.fixturenames.append("isolation")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``--dist loadfile``, tests of every stage are shared out by stage, so that no worker gets them all."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileAndStage(LoadFileScheduling):
        def _split_scope(self, nodeid):
            stage = STAGE_OF_TEST.search(nodeid)
            return super()._split_scope(nodeid) + (f"[{stage[1]}]" if stage else "")

    return ByFileAndStage(config, log) if config.getvalue("dist") == "loadfile" else None
