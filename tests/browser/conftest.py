"""A class in a folder, JupyterLab and formgrader on it, and a headless Chromium that looks at them.

``SEQLAB_SCREENSHOTS=1`` (``make screenshots``) makes the tests write the pictures of the README.
"""

import json
import os
import shutil

import pytest
from nbgrader.api import Gradebook

from autograder.batch import released_notebook
from autograder.demo import notebook_with, plain_answer, with_mistake
from autograder.environment import programs_on_path
from autograder.suite import load_suite
from autograder.workspace import Workspace
from tests.browser.pictures import save_picture
from tests.conftest import ROOT
from tests.integration.nbgrader_tools import write_settings
from tests.jupyter import JupyterServer

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS = 120
# JupyterLab would ask whether it may fetch news; a course's server is offline as far as tests go.
QUIET = {"fetchNews": "false", "checkForUpdates": False}
HIDDEN_NOTES = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"


@pytest.fixture(scope="module")
def answers(master, stage):
    """The answers by student: ada's are right, chloe's first has a named mistake."""
    right = {name: plain_answer(cell.source) for name, cell in master.answers().items()}
    mistake = load_suite(stage).mistakes[0]
    return {"ada": right, "chloe": right | {mistake.exercise: with_mistake(right[mistake.exercise], mistake)}}


@pytest.fixture(scope="module")
def desk(released, stage, answers, tmp_path_factory):
    """A class of two that waits to be graded, the generated stages beside it, and a student's first page for each."""
    folder = tmp_path_factory.mktemp("desk") / "class"
    shutil.copytree(released.root, folder)
    shutil.copytree(ROOT / "assignments", folder / "assignments")
    workspace = Workspace.together(folder)
    write_settings(workspace, f"c.Exchange.root = {str(folder / 'exchange')!r}")
    (folder / "exchange").mkdir()
    notebook = released_notebook(workspace.release_folder(stage.id), stage)
    for student, written in answers.items():
        place = workspace.step_folder("submitted") / student / stage.id
        place.mkdir(parents=True)
        (place / f"{stage.id}.ipynb").write_text(notebook_with(notebook, written))
        (place / "timestamp.txt").write_text("2030-05-01 12:00:00 UTC")
        _write_first_page(folder / "first" / student, notebook_with(notebook, written), workspace, stage)
    with programs_on_path(), Gradebook(workspace.gradebook_url) as book:
        for student in answers:
            book.update_or_create_student(student, first_name=student.title(), last_name="Example")
    settings = folder / ".jupyter" / "lab" / "user-settings" / HIDDEN_NOTES
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(QUIET))
    return workspace


def _write_first_page(folder, text, workspace, stage):
    """The notebook up to its first check: what Validate can run in seconds."""
    notebook = json.loads(text)
    first = next(iter(stage.points))
    kept = {f"{stage.id}-setup", f"{stage.id}-given-1", f"answer-{first}", first}
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] in kept]
    folder.mkdir(parents=True)
    (folder / f"{stage.id}.ipynb").write_text(json.dumps(notebook))
    shutil.copy(workspace.release_folder(stage.id) / "checks.h5", folder)


@pytest.fixture(scope="module")
def lab(desk):
    server = JupyterServer(desk.root, "lab", OMP_NUM_THREADS="1", SEQLAB_SECRET=os.environ["SEQLAB_SECRET"])
    try:
        server.wait()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def visitor(lab):
    """A browser that has shown the server its token; skips where there is none."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"found none of {', '.join(BROWSERS)} on PATH; on Debian: apt-get install chromium")
    with driver.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found, args=list(FLAGS))
        context = browser.new_context(viewport={"width": 1200, "height": 760})
        context.set_default_timeout(SECONDS * 1000)
        context.request.get(lab.address(f"lab?token={lab.token}"))
        yield context
        browser.close()


@pytest.fixture
def page(visitor, lab):
    """A page of the browser; the kernels that it starts end with it."""
    made = visitor.new_page()
    yield made
    made.close()
    for session in json.loads(lab.ask("GET", "api/sessions")):
        lab.ask("DELETE", f"api/sessions/{session['id']}")


@pytest.fixture(scope="session")
def picture():
    """``picture(name, shown)`` writes docs/images/NAME.png where that is asked for."""
    wanted = bool(os.environ.get("SEQLAB_SCREENSHOTS"))
    return lambda name, taken: save_picture(ROOT / "docs" / "images" / f"{name}.png", taken()) if wanted else None
