"""The command that reports on a class: report."""

from __future__ import annotations

import click

from autograder.commands.shared import CONSOLE, counted, progress_bar
from autograder.course import Course, CourseError
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
    workspace, chosen = Workspace.of_course(course.root), course.stage(stage)
    with progress_bar() as progress:
        classroom = read_classroom(course, chosen, workspace, lambda n: counted(progress, chosen, n, "reading"))
    if not classroom.works:
        raise CourseError(f"nothing of {stage} is graded yet; run autograder grade {stage} first")
    figures = figures_of(classroom)
    tables = write_tables(workspace, classroom, figures)
    page = write_report(workspace, classroom, figures)
    CONSOLE.print(headline(classroom, figures), markup=False)
    CONSOLE.print(f"class report  {page}", markup=False)
    CONSOLE.print(f"tables        {tables[0].parent}/{stage}-report-*.csv", markup=False)
    CONSOLE.print(f"Next: open the report in a browser; autograder feedback {stage} writes the students' pages.")
