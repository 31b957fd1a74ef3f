"""``dist/gradescope-STAGE.zip``: the two scripts, our judge, and one stage's master, suite and release; an allow-list.

It holds answers: it is for Gradescope's upload of an autograder, never for students. It holds no secret: each container
draws its hidden inputs from one of its own.
"""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.audit import AuditFailed
from autograder.authoring.freshness import stale_files
from autograder.closure import imported_files
from autograder.course import Course, Stage
from autograder.gradescope.scripts import RUN, SETUP
from autograder.secret import secret_path

ENTRY = "autograder.gradescope.running"
EPOCH = (1980, 1, 1, 0, 0, 0)
EXECUTABLE = ("setup.sh", "run_autograder")
SETTINGS = "bundle.json"
STAFF_NEEDED = ("jupytext",)  # of what only staff installs; masters are read with it
TABLE = re.compile(r"^\[(?P<name>[^\]]+)\]", re.MULTILINE)
UNIX = 3


def write_gradescope(course: Course, stage: Stage, folder: Path, settings: Mapping[str, str]) -> Path:
    """Write the bundle of a stage into ``folder`` and audit it; the same course gives the same bytes.

    Raises:
        AuditFailed: the stage's release is stale, or something is in the bundle that does not belong there.
    """
    if stale := list(stale_files(course, stage)):
        raise AuditFailed("the bundle takes the release as it is, and it is stale: " + "; ".join(stale))
    contents = dict(sorted(_contents(course, stage, settings)))
    _audit(contents, stage)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"gradescope-{stage.id}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = UNIX
            info.external_attr = (0o100755 if name in EXECUTABLE else 0o100600) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return path


def requirements(project: Mapping[str, Any]) -> str:
    """What pip has to install there: what students have, and what reads a master."""
    staff = [line for line in project["optional-dependencies"]["staff"] if line.startswith(STAFF_NEEDED)]
    return "\n".join([*project["dependencies"], *staff]) + "\n"


def stage_toml(text: str, stage: str) -> str:
    """``course.toml`` with the limits and the tables of one stage alone."""
    found = list(TABLE.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    wanted = [
        text[one.start() : end].rstrip()
        for one, end in zip(found, ends, strict=True)
        if one["name"] == "limits" or f"{one['name']}.".startswith(f"stages.{stage}.")
    ]
    return "\n\n".join(wanted) + "\n"


def _contents(course: Course, stage: Stage, settings: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    root = course.root
    package = Path(__file__).resolve().parents[2]
    yield "setup.sh", SETUP.encode()
    yield "run_autograder", RUN.encode()
    yield SETTINGS, (json.dumps({"stage": stage.id, **settings}, indent=1) + "\n").encode()
    yield "course/course.toml", stage_toml((root / "course.toml").read_text(encoding="utf-8"), stage.id).encode()
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield "course/requirements.txt", requirements(project).encode()
    yield "course/constraints.txt", (root / "constraints.txt").read_bytes()
    yield f"course/solutions/{stage.id}.py", course.master_path(stage.id).read_bytes()
    for name in (f"{stage.id}.ipynb", "checks.h5"):
        yield f"course/assignments/{stage.id}/{name}", (course.release_folder(stage.id) / name).read_bytes()
    inside = sorted((package / "autograder" / "sandbox" / "inside").glob("*.py"))
    needed = imported_files(package, [ENTRY, f"autograder.suites.{stage.id}", f"autograder.mistakes.{stage.id}"])
    for path in [*needed, *inside, *sorted((package / "seqlab").rglob("*.py"))]:
        yield f"course/{path.relative_to(package)}", path.read_bytes()


def _audit(contents: Mapping[str, bytes], stage: Stage) -> None:
    allowed = re.compile(
        r"setup\.sh|run_autograder|bundle\.json|course/(course\.toml|requirements\.txt|constraints\.txt"
        rf"|solutions/{stage.id}\.py|assignments/{stage.id}/({stage.id}\.ipynb|checks\.h5)"
        r"|(autograder|seqlab)/([a-z0-9_]+/)*[a-z0-9_]+\.py)"
    )
    problems = [f"{name} does not belong there" for name in contents if not allowed.fullmatch(name)]
    secret = secret_path().read_bytes().strip() if secret_path().is_file() else b""
    problems += [f"{name} holds the course secret" for name, data in contents.items() if secret and secret in data]
    if problems:
        raise AuditFailed("the audit of the bundle found: " + "; ".join(problems))
