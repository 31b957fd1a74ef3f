"""Where nbgrader's folders are: in the course itself, or all together in one folder (demo, tests, freshness)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.database import chosen_database, sqlite_address

JUDGE = "autograder.nbgrader_bridge.JudgePreprocessor"
DEADLINES = "autograder.nbgrader_bridge.DeadlinesPreprocessor"
EXPORTER = "autograder.nbgrader_bridge.TolerantExporter"
FEEDBACK = "autograder.harmless.HarmlessFeedback"
PROSE = "autograder.harmless.harmless_markdown"
LATENESS = "autograder.late.PercentPerDay"
SETTINGS = "nbgrader_config.py"
COURSE = "seqlab"  # nbgrader's default is an empty name, which PostgreSQL refuses as a key to nothing


@dataclass(frozen=True)
class Workspace:
    """nbgrader's folders, relative to ``root``: ``source`` and ``release``, and ``classroom`` for a class's files.

    ``database`` is the address of the gradebook; None is SQLite in the class's folder. It may hold a password.
    """

    root: Path
    source: str
    release: str
    classroom: str
    database: str | None = field(default=None, repr=False)

    @classmethod
    def of_course(cls, root: Path) -> Workspace:
        """The course's own: build/source, assignments, classroom, and the gradebook that SEQLAB_GRADEBOOK names.

        Raises:
            CourseError: SEQLAB_GRADEBOOK is no address of a database.
        """
        return cls(root, "build/source", "assignments", "classroom", chosen_database())

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

    def report_path(self, stage: str, ending: str) -> Path:
        """Where something about a whole class is written, such as ``reports/s01_rnn-grades.csv``."""
        return self.class_folder / "reports" / f"{stage}-{ending}"

    @property
    def gradebook_url(self) -> str:
        """nbgrader's database. Print it nowhere: it may hold a password."""
        return self.database or sqlite_address(self.class_folder)

    def configuration(self) -> Config:
        """The nbgrader configuration of this workspace: folders, database, our judge in place of Execute."""
        config = Config()
        config.CourseDirectory.course_id = COURSE
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
            DEADLINES,
            "nbgrader.preprocessors.AssignLatePenalties",
            "nbgrader.preprocessors.CheckCellMetadata",
        ]
        config.AssignLatePenalties.plugin_class = LATENESS
        config.GenerateFeedback.exporter_class = FEEDBACK
        config.HTMLExporter.filters = {"markdown2html": PROSE}
        if self.database is not None:
            config.FormgradeExtension.debug = False  # it would show the whole configuration, password and all
        return config

    def settings(self) -> Config:
        """The configuration, and over it what ``nbgrader_config.py`` in ``root`` says, as nbgrader itself reads it."""
        config = self.configuration()
        if (self.root / SETTINGS).is_file():
            config.merge(PyFileConfigLoader(SETTINGS, path=str(self.root.resolve())).load_config())
        return config
