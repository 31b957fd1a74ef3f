"""The same judge behind ``nbgrader autograde`` and formgrader's button.

``nbgrader_config.py`` puts :class:`JudgePreprocessor` where nbgrader has ``Execute``, and reads hand-ins through
:class:`TolerantExporter`, so that no student code runs in nbgrader's process and no broken notebook stops it.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.annotated import annotated_notebook, score_cells
from autograder.batch import Grader, check_controls, make_grader, released_notebook
from autograder.course import load_course
from autograder.database import open_gradebook
from autograder.hand_in_times import copy_exchange_files, hand_in_time
from autograder.hand_ins import HandIn, read_plain_file
from autograder.isolation import make_launcher
from autograder.late import Lateness
from autograder.late_days import settle
from autograder.record import Record, save_record
from autograder.submission import parse_submission, read_template

COURSE = Path(__file__).resolve().parents[1]


class NotebookOnly(CourseDirectory):  # type: ignore[misc]
    """The course's folders as ``nbgrader autograde`` may see them: of a hand-in, its notebook and its time alone.

    nbgrader would copy every other file of a hand-in into autograded/ and from there into the student's feedback. It
    follows links, so a link named ``notes.txt`` to the gradebook would bring it to the student; a pipe would stop it.
    """

    @classmethod
    def like(cls, other: CourseDirectory) -> NotebookOnly:
        """The same folders as another's."""
        values = {name: getattr(other, name) for name in other.trait_names(config=True)}
        return cls(parent=other.parent, **{**values, "ignore": ["*", ".*"]})

    def get_existing_timestamp(self, dest_path: str) -> datetime | None:
        """When the work in a folder was handed in; None where that is not said, or not clearly."""
        return hand_in_time(Path(dest_path))


class TolerantExporter(NotebookExporter):
    """Reads any bytes as a notebook of the stage: the release with the student's answers put in."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)  # type: ignore[no-untyped-call]
        # The converter makes its exporter before it touches a hand-in; it has no setting for this.
        if self.parent is not None:
            self.parent.coursedir = NotebookOnly.like(self.parent.coursedir)

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Convert a file; one from the submitted folder is repaired first."""
        names, folders = resources["nbgrader"], _folders(self.parent)
        path = Path(folders.root) / filename
        submitted = (Path(folders.root) / folders.submitted_directory).absolute()
        if not path.absolute().is_relative_to(submitted):
            return super().from_filename(filename, resources=resources, **kw)
        course = load_course(COURSE)
        stage = course.stage(names["assignment"])
        released = released_notebook(_release_folder(folders, stage.id), stage)
        submission = parse_submission(read_plain_file(path)[0], read_template(released, stage.id, stage.points))
        repaired = annotated_notebook(released, submission.notebook, None)
        convert: Any = self.from_notebook_node
        return convert(repaired, resources=resources, **kw)


class JudgePreprocessor(NbGraderPreprocessor):  # type: ignore[misc]
    """Judges the hand-in from outside and writes each score as the output of its graded cell."""

    isolation = Unicode("bubblewrap", help="bubblewrap, or none for submissions that are fully trusted").tag(
        config=True
    )

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Grade what was handed in; ``nb``, its repaired form, receives the scores.

        Raises:
            ControlsFailed, IsolationMissing: nothing may be graded; nbgrader reports it and records nothing.
        """
        names, folders = resources["nbgrader"], _folders(self.parent.parent)
        grader = _trusted_grader(
            names["assignment"], str(_release_folder(folders, names["assignment"])), self.isolation
        )
        submitted = Path(folders.root) / folders.submitted_directory
        path = submitted / names["student"] / names["assignment"] / f"{names['notebook']}.ipynb"
        record = grader.grade(names["student"], *HandIn(names["student"], path).read()).record
        save_record(submitted.parent, record)
        score_cells(nb, record.verdicts)
        copy_exchange_files(path.parent, _graded_folder(folders, names["student"], names["assignment"]))
        return nb, resources


class DeadlinesPreprocessor(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts due dates, extensions and late days into the gradebook, before nbgrader looks how late a hand-in is."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Reckon the student's lateness in all stages.

        Raises:
            CourseError: ``deadlines.toml`` does not say what it should.
        """
        folders = _folders(self.parent.parent)
        class_folder = (Path(folders.root) / folders.submitted_directory).parent
        with open_gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            settle(class_folder, gradebook, Lateness(self.config), [resources["nbgrader"]["student"]])
        return nb, resources


@lru_cache(maxsize=4)
def _trusted_grader(stage_id: str, release: str, isolation: str) -> Grader:
    """A grader whose controls came out right, made once for all hand-ins of a run."""
    course = load_course(COURSE)
    launcher = make_launcher(course.limits, isolation, Path(release))
    grader, master = make_grader(course, course.stage(stage_id), Path(release), launcher)
    check_controls(grader, master, Path(release), _ignore)
    return grader


def _ignore(record: Record) -> None:
    """Progress that nobody watches."""


def _graded_folder(folders: Any, student: str, stage: str) -> Path:
    return Path(str(folders.root)) / str(folders.autograded_directory) / student / stage


def _release_folder(folders: Any, stage: str) -> Path:
    return Path(str(folders.root)) / str(folders.release_directory) / stage


def _folders(converter: Any) -> Any:
    """Where nbgrader's converter has its folders."""
    return converter.coursedir
