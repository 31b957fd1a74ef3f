"""What lateness costs. nbgrader and ``autograder grade`` ask the same plugin, chosen in ``nbgrader_config.py``."""

from __future__ import annotations

import math
from typing import Any

from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Float
from traitlets.config import Config

DAY = 86400


class PercentPerDay(LateSubmissionPlugin):  # type: ignore[misc]
    """Takes a share of what was earned for each day begun after the due date."""

    percent = Float(0, min=0, help="Percent of the score that each day begun costs.").tag(config=True)
    grace_minutes = Float(0, min=0, help="Minutes after the due date that cost nothing.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points that lateness costs, at most all; None for nothing."""
        late = total_seconds_late - 60 * self.grace_minutes
        if self.percent == 0 or late <= 0:
            return None
        share: float = min(1.0, self.percent / 100 * math.ceil(late / DAY))
        return round(score * share, 2)


def lateness(seconds: float) -> str:
    """``2 days 3 hours``, ``3 hours``, ``12 minutes``."""
    days, rest = divmod(seconds, DAY)
    hours = int(rest // 3600)
    if days:
        return f"{int(days)} day{'s' * (days != 1)}" + (f" {hours} hour{'s' * (hours != 1)}" if hours else "")
    if hours:
        return f"{hours} hour{'s' * (hours != 1)}"
    minutes = max(1, math.ceil(rest / 60))
    return f"{minutes} minute{'s' * (minutes != 1)}"


class Lateness:
    """Writes penalties into the gradebook as nbgrader's own AssignLatePenalties does."""

    def __init__(self, config: Config) -> None:
        assigner = AssignLatePenalties(config=config)
        assigner.init_plugin()
        self._plugin: Any = assigner.plugin_inst

    @property
    def grace_seconds(self) -> float:
        """How long after the due date costs nothing; 0 if the plugin knows no grace."""
        return 60 * float(getattr(self._plugin, "grace_minutes", 0))

    def penalty(self, student: str, score: float, seconds_late: float) -> float | None:
        """What the plugin takes from a score, at most all of it; None for nothing."""
        if seconds_late <= 0:
            return None
        asked: float | None = self._plugin.late_submission_penalty(student, score, seconds_late)
        return None if asked is None else min(max(asked, 0), score)

    def charge(self, submission: Any) -> None:
        """Set the penalty of each notebook of a submission from its score and how late it is, or take it away."""
        for notebook in submission.notebooks:
            notebook.late_submission_penalty = self.penalty(
                submission.student_id, notebook.score, submission.total_seconds_late
            )
