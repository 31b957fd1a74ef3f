"""``autograder doctor``: what this installation has and lacks for grading a class, and what mends each lack."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from autograder.course import Course, CourseError
from autograder.isolation import make_launcher
from autograder.sandbox.bubblewrap import IsolationMissing
from autograder.sandbox.child import LaunchFailed
from autograder.workspace import Workspace
from seqlab.data.errors import DataError
from seqlab.data.places import find_places
from seqlab.data.prepare import wrong_with

OLDEST_PYTHON = (3, 11)
LEAST_DISK = 2 << 30
CONSTRAINTS = "constraints.txt"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was found, and what mends it where something is wrong."""

    what: str
    found: str
    mend: str = ""

    @property
    def right(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.mend


def examine(course: Course) -> Iterator[Finding]:
    """Look at each thing in turn; nothing is changed."""
    looks: tuple[Callable[[Course], Finding], ...] = (
        _python, _packages, _sandbox, _releases, _data, _device, _disk, _classroom,
    )  # fmt: skip
    yield from (look(course) for look in looks)


def pinned(path: Path) -> dict[str, str]:
    """The versions that a constraints file asks for, by package."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("==", 1) for line in lines if "==" in line)


def other_versions(wanted: Mapping[str, str]) -> list[str]:
    """The installed packages whose version is another one, in words; what is not installed is not asked for here."""
    found = {name: _installed(name) for name in wanted}
    return [
        f"{name} {found[name]} in place of {wanted[name]}"
        for name in wanted
        if found[name] and found[name].split("+")[0] != wanted[name]
    ]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _python(course: Course) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    mend = "" if sys.version_info >= OLDEST_PYTHON else "install Python 3.11 or newer, then make distclean setup"
    return Finding("Python", found, mend)


def _packages(course: Course) -> Finding:
    wanted = pinned(course.root / CONSTRAINTS)
    odd = other_versions(wanted)
    mend = "make setup brings the pinned versions" if odd else ""
    return Finding("packages", "; ".join(odd[:5]) or f"as pinned in {CONSTRAINTS}", mend)


def _sandbox(course: Course) -> Finding:
    """Start a fork server under the course's limits, as a grading does."""
    first = next(iter(course.stages))
    try:
        with closing(make_launcher(course.limits, "bubblewrap", course.release_folder(first))) as launcher:
            return Finding("sandbox", launcher.protections)
    except (IsolationMissing, LaunchFailed, CourseError) as error:
        return Finding("sandbox", "none: nothing can be graded safely", str(error))


def _releases(course: Course) -> Finding:
    missing = [one for one in course.stages if not (course.release_folder(one) / "checks.h5").is_file()]
    found = f"{len(course.stages) - len(missing)} of {len(course.stages)} stages in assignments/"
    return Finding("releases", found, f"make release ({', '.join(missing)})" if missing else "")


def _data(course: Course) -> Finding:
    try:
        places = find_places()
        embedded = places.registry.tier("embedded")
        missing = [one.name for one in embedded if wrong_with(places, one)]
    except DataError as error:
        return Finding("data", "cannot be looked at", str(error))
    found = f"{len(embedded) - len(missing)} of {len(embedded)} embedded sets in {places.cache}"
    return Finding("data", found, f"make download-data (for the demos: {', '.join(missing)})" if missing else "")


def _device(course: Course) -> Finding:
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    return Finding("torch", f"{torch.__version__}, {name} (grading needs no GPU)")


def _disk(course: Course) -> Finding:
    free = shutil.disk_usage(course.root).free
    mend = "" if free >= LEAST_DISK else f"free some: a grading wants {LEAST_DISK >> 30} GB"
    return Finding("disk", f"{free / (1 << 30):.1f} GB free at {course.root}", mend)


def _classroom(course: Course) -> Finding:
    """Hand-ins must not lie where students may write: the classroom is the staff's."""
    folder = Workspace.of_course(course.root).class_folder
    if not folder.exists():
        return Finding("classroom", f"none yet at {folder}; collecting makes it")
    open_to_all = bool(folder.stat().st_mode & 0o002)
    mend = f"chmod o-w {folder}" if open_to_all else ""
    return Finding("classroom", f"{folder}{', which anybody may write to' if open_to_all else ''}", mend)
