"""The command that reports on a class: report."""

from __future__ import annotations

import click

from autograder.commands.shared import CONSOLE, counted, progress_bar, say_next
from autograder.course import Course, CourseError, Stage
from autograder.reporting.classroom import read_classroom
from autograder.reporting.figures import figures_of, headline
from autograder.reporting.page import write_report
from autograder.reporting.tables import write_tables
from autograder.workspace import Workspace


@click.command()
@click.argument("stage")
@click.pass_obj
def report(course: Course, stage: str) -> None:
    """Report on the class in STAGE: a page and tables, for staff, from the latest grading."""
    report_on(course, course.stage(stage), Workspace.of_course(course.root))
    say_next(f"open it in a browser; autograder feedback {stage} writes the students' pages.")


def report_on(course: Course, stage: Stage, workspace: Workspace) -> None:
    """Write the report on a class and say what is in it.

    Raises:
        CourseError: nothing is graded yet, a record is damaged, or the gradebook cannot be reached.
    """
    with progress_bar() as progress:
        classroom = read_classroom(course, stage, workspace, lambda total: counted(progress, stage, total, "reading"))
    if not classroom.works:
        raise CourseError(f"nothing of {stage.id} is graded yet; run autograder grade {stage.id} first")
    figures = figures_of(classroom)
    tables = write_tables(workspace, classroom, figures)
    page = write_report(workspace, classroom, figures)
    CONSOLE.print(headline(classroom, figures), markup=False)
    CONSOLE.print(f"class report    {page}", markup=False)
    CONSOLE.print(f"tables          {tables[0].parent / f'{stage.id}-report-*.csv'}", markup=False)
