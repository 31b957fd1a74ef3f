"""nbgrader's command line in a class's folder, as an instructor runs it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

SETTINGS = """\
from dataclasses import replace
from pathlib import Path
from autograder.database import chosen_database
from autograder.workspace import Workspace

c = get_config()
c.merge(replace(Workspace.together(Path(__file__).resolve().parent), database=chosen_database()).configuration())
"""


def write_settings(workspace, *lines):
    """The class's nbgrader_config.py: the workspace's configuration, and what a test adds."""
    (workspace.root / "nbgrader_config.py").write_text("\n".join([SETTINGS, *lines]) + "\n")


def environment(folder, address=None):
    """No settings of the user's own, and the programs beside our interpreter on PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    library = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    mine = {"PATH": path, "PYTHONPATH": library, "HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / ".jupyter")}
    return mine | ({"SEQLAB_GRADEBOOK": address} if address else {})


def nbgrader(workspace, *words, address=None, succeeds=True):
    """Run ``nbgrader WORDS`` in the class's folder and return what it said."""
    if not (workspace.root / "nbgrader_config.py").exists():
        write_settings(workspace)
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(
        command,
        check=False,
        cwd=workspace.root,
        env=environment(workspace.root, address),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.returncode == 0) == succeeds, done.stderr[-3000:]
    return done.stderr + done.stdout
