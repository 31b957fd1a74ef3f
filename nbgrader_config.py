"""nbgrader's configuration of this course: built source, released assignments, and our judge in place of Execute."""

from pathlib import Path

from autograder.workspace import Workspace

c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.merge(Workspace.of_course(Path(__file__).resolve().parent).configuration())
