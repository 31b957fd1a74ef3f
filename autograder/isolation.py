"""Choosing what stands between student code and this machine: bubblewrap, or by explicit wish nothing."""

from __future__ import annotations

from pathlib import Path

from autograder.course import CourseError, Limits
from autograder.sandbox.bubblewrap import require_isolation
from autograder.sandbox.fork_server import ForkServerLauncher
from autograder.sandbox.launchers import Launcher, PlainLauncher

ISOLATIONS = ("bubblewrap", "none")


def make_launcher(limits: Limits, isolation: str, release: Path) -> Launcher:
    """The launcher for a run. In bubblewrap the stage's public checks are shown beside the student's code.

    Raises:
        IsolationMissing: bubblewrap was asked for and does not work here.
        CourseError: there is no such isolation.
    """
    if isolation == "none":
        return PlainLauncher(limits)
    if isolation != "bubblewrap":
        raise CourseError(f"isolation is one of {', '.join(ISOLATIONS)}; found {isolation!r}")
    require_isolation()
    return ForkServerLauncher(limits, ((release / "checks.h5", "checks.h5"),))
