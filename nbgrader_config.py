"""nbgrader's configuration of this course: built source, released assignments, and our judge in place of Execute.

The gradebook is SQLite in classroom/, or the database that the environment variable SEQLAB_GRADEBOOK names.
"""

from pathlib import Path

from autograder.workspace import Workspace

c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.merge(Workspace.of_course(Path(__file__).resolve().parent).configuration())

# What lateness costs: percent of what was earned, for each day begun after the due date that formgrader shows.
c.PercentPerDay.percent = 0
c.PercentPerDay.grace_minutes = 15
