"""The student zip: built from an allow-list, audited against every answer of the course, standing on its own."""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from autograder.authoring.audit import AuditFailed, leaks
from autograder.authoring.freshness import stale_files
from autograder.authoring.master import Master, read_master
from autograder.course import Course, Stage

NAME = "seqlab-student"
EPOCH = (1980, 1, 1, 0, 0, 0)
COPIED = ("LICENSE", "environment.yml", "constraints.txt", "docs/data.md")
FORBIDDEN_WORDS = ("autograder", "BEGIN SOLUTION", "BEGIN HIDDEN")

README = """\
# seqlab

Stages are in assignments/, one folder each: a notebook, and checks.h5, which `check(...)` reads.

    python3 -m venv .venv && . .venv/bin/activate     # Python 3.11 or newer; on Windows: .venv\\Scripts\\activate
    pip install -c constraints.txt -e .
    jupyter lab assignments/{first}/{first}.ipynb

Data sets for later stages: `seqlab data fetch` (about 31 MB, once). `seqlab data list` shows what there is, and
`seqlab data show NAME` what it looks like. If your teacher has put them on a disk for all, set SEQLAB_CACHE to that
folder. docs/data.md says the rest; each set has a card in datasets/cards/.

Or with conda: `conda env create -f environment.yml && conda activate seqlab && pip install -e .`

Read, fill in the functions, run the check under each. `toy(...)` shows a tiny case with every number in it.
Hand in the notebook itself; nothing else is needed.
"""


def write_bundle(course: Course, folder: Path, stages: Iterable[Stage] | None = None) -> Path:
    """Write the student zip into ``folder``, from fresh stages only, and audited; the same course gives the same bytes.

    ``stages`` yields the stages of the course, for callers that show how far the audit has come.

    Raises:
        AuditFailed: a stage is not what its master generates today, or the zip would give something away.
    """
    stale = [line for stage in stages or course.stages.values() for line in stale_files(course, stage)]
    if stale:
        raise AuditFailed("the bundle takes assignments/ as they are, and they are stale: " + "; ".join(stale))
    return pack_bundle(course, folder)


def pack_bundle(course: Course, folder: Path) -> Path:
    """Write the student zip from assignments/ as they are.

    Raises:
        AuditFailed: the zip would give something away.
    """
    contents = dict(sorted(_contents(course)))
    _audit(course, contents)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(f"{NAME}/{name}", EPOCH), data, zipfile.ZIP_DEFLATED)
    return path


def student_pyproject(text: str) -> str:
    """The bundle's pyproject: the course's own, cut down to the package ``seqlab`` and its dependencies."""
    project: dict[str, Any] = tomllib.loads(text)["project"]
    dependencies = "\n".join(f'    "{dependency}",' for dependency in project["dependencies"])
    return (
        '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n\n'
        f'[project]\nname = "seqlab"\nversion = "{project["version"]}"\n'
        f'requires-python = "{project["requires-python"]}"\ndependencies = [\n{dependencies}\n]\n\n'
        f'[project.scripts]\nseqlab = "{project["scripts"]["seqlab"]}"\n\n'
        '[tool.setuptools.packages.find]\ninclude = ["seqlab*"]\n\n'
        '[tool.setuptools.package-data]\nseqlab = ["py.typed"]\n'
    )


def _contents(course: Course) -> Iterator[tuple[str, bytes]]:
    root = course.root
    yield "README.md", README.format(first=next(iter(course.stages))).encode()
    yield "pyproject.toml", student_pyproject((root / "pyproject.toml").read_text(encoding="utf-8")).encode()
    yield "set_up.py", Path(__file__).with_name("set_up.py").read_bytes()
    for name in COPIED:
        yield name, (root / name).read_bytes()
    yield "seqlab/py.typed", b""
    for path in sorted((root / "seqlab").rglob("*.py")):
        yield str(path.relative_to(root)), path.read_bytes()
    for path in [root / "datasets" / "registry.toml", *sorted((root / "datasets" / "cards").iterdir())]:
        yield str(path.relative_to(root)), path.read_bytes()
    for stage in course.stages:
        for name in (f"{stage}.ipynb", "checks.h5"):
            yield f"assignments/{stage}/{name}", (course.release_folder(stage) / name).read_bytes()


def _audit(course: Course, contents: dict[str, bytes]) -> None:
    masters = [read_master(course.master_path(stage.id), stage) for stage in course.stages.values()]
    problems = [problem for name, data in contents.items() for problem in _problems(name, data, masters)]
    if problems:
        raise AuditFailed("the audit of the bundle found: " + "; ".join(problems))


def _problems(name: str, data: bytes, masters: list[Master]) -> Iterator[str]:
    text = data.decode("latin-1" if name.endswith((".h5", ".png")) else "utf-8")
    for master in masters:
        yield from leaks(text, master, name, own=name.startswith(f"assignments/{master.stage.id}/"))
    if name.endswith((".ipynb", ".toml", ".md")):
        yield from (f"{name} mentions {word!r}" for word in FORBIDDEN_WORDS if word in text)
