"""Where nbgrader's folders are: in the course itself, or all together in one folder (demo, tests, freshness)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config

JUDGE = "autograder.nbgrader_bridge.JudgePreprocessor"
EXPORTER = "autograder.nbgrader_bridge.TolerantExporter"


@dataclass(frozen=True)
class Workspace:
    """nbgrader's folders, relative to ``root``: ``source`` and ``release``, and ``classroom`` for a class's files."""

    root: Path
    source: str
    release: str
    classroom: str

    @classmethod
    def of_course(cls, root: Path) -> Workspace:
        """The course's own: build/source, assignments, classroom."""
        return cls(root, "build/source", "assignments", "classroom")

    @classmethod
    def together(cls, root: Path) -> Workspace:
        """Everything in one folder, in nbgrader's customary layout."""
        return cls(root, "source", "release", ".")

    def source_folder(self, stage: str) -> Path:
        """The built source of a stage."""
        return self.root / self.source / stage

    def release_folder(self, stage: str) -> Path:
        """The released folder of a stage."""
        return self.root / self.release / stage

    @property
    def class_folder(self) -> Path:
        """Where hand-ins, grades and feedback of the class are."""
        return self.root / self.classroom

    def step_folder(self, step: str) -> Path:
        """``submitted``, ``autograded`` or ``feedback``."""
        return self.class_folder / step

    @property
    def gradebook_url(self) -> str:
        """nbgrader's database."""
        return f"sqlite:///{self.class_folder.resolve()}/gradebook.db"

    def configuration(self) -> Config:
        """The nbgrader configuration of this workspace: folders, database, our judge in place of Execute."""
        config = Config()
        config.CourseDirectory.root = str(self.root.resolve())
        config.CourseDirectory.source_directory = self.source
        config.CourseDirectory.release_directory = self.release
        for step in ("submitted", "autograded", "feedback"):
            setattr(config.CourseDirectory, f"{step}_directory", str(Path(self.classroom) / step))
        config.CourseDirectory.db_url = self.gradebook_url
        config.ClearSolutions.begin_solution_delimeter = "### BEGIN SOLUTION"
        config.ClearSolutions.end_solution_delimeter = "### END SOLUTION"
        config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
        config.Autograde.exporter_class = EXPORTER
        config.Autograde.autograde_preprocessors = [
            JUDGE,
            "nbgrader.preprocessors.LimitOutput",
            "nbgrader.preprocessors.SaveAutoGrades",
            "nbgrader.preprocessors.AssignLatePenalties",
            "nbgrader.preprocessors.CheckCellMetadata",
        ]
        return config
