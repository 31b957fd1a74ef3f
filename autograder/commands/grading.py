"""Commands that take hand-ins to grades: collect, grade, explain, feedback; and demo, which shows all of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from autograder.authoring.freshness import introduce_stage
from autograder.authoring.master import read_master
from autograder.authoring.release import release_stage
from autograder.batch import released_notebook
from autograder.collecting.collect import LEFT_OUT, collect
from autograder.collecting.report import print_rows
from autograder.commands.reporting import report_on
from autograder.commands.shared import (
    CONSOLE,
    counted,
    isolation_option,
    progress_bar,
    say_next,
    scheduler_option,
    seed_option,
    workers_option,
)
from autograder.course import Course, CourseError, Stage
from autograder.deadlines import FILE, load_deadlines, time_zone
from autograder.demo import write_class
from autograder.explain import Asked, explain_grade
from autograder.feedback import write_feedback
from autograder.gradebook import knows_stage
from autograder.grading import Wishes, grade_class
from autograder.hand_ins import find_hand_ins
from autograder.record import load_records
from autograder.reports import print_changes, print_reasons, print_scores, write_grades
from autograder.suite import load_suite
from autograder.workspace import Workspace


@click.command("collect")
@click.argument("stage")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--dates", "zone", metavar="ZONE", help="Take the zip's dates as times of handing in, read in ZONE (Europe/Berlin)."
)
@click.pass_obj
def collect_stage(course: Course, stage: str, source: Path, zone: str | None) -> None:
    """Put the hand-ins of STAGE from SOURCE, an LMS's folder or zip, into classroom/submitted/."""
    dates = time_zone("--dates", zone) if zone else None
    workspace = Workspace.of_course(course.root)
    rows = collect(source, course.stage(stage), workspace, dates)
    print_rows(CONSOLE, rows)
    left_out = sum(row.outcome == LEFT_OUT for row in rows)
    if left_out == len(rows):
        raise CourseError(f"found no hand-in of {stage} in {source}; expected STUDENT/{stage}.ipynb or an LMS's names")
    CONSOLE.print(f"{len(rows) - left_out} hand-ins collected, {left_out} files left out.")
    if dates is None and load_deadlines(workspace.class_folder) is not None:
        CONSOLE.print(
            f"Note: there are due dates in {FILE}, but nothing says when these were handed in, so nobody is late. "
            "If the export's dates are those of handing in, collect again with --dates ZONE.",
            soft_wrap=True,
        )
    say_next(f"autograder grade {stage}.")


@click.command()
@click.argument("stage")
@isolation_option
@seed_option
@click.option("--force", is_flag=True, help="Grade those too whose work and suite have not changed, with new inputs.")
@workers_option
@scheduler_option
@click.pass_obj
def grade(course: Course, /, stage: str, **wishes: Any) -> None:
    """Grade the hand-ins of STAGE in classroom/submitted/ that are new or changed."""
    workspace = Workspace.of_course(course.root)
    _introduce(course, course.stage(stage), workspace)
    _grade(course, course.stage(stage), workspace, Wishes(**wishes))
    say_next(
        f"autograder feedback {stage} writes the students' pages, autograder report {stage} a report on the class; "
        "nbgrader formgrader shows each hand-in."
    )


@click.command()
@click.argument("student")
@click.argument("stage")
@click.argument("exercise")
@click.option("--attempt", type=click.IntRange(1), default=None, help="Which grading (default: the latest).")
@isolation_option
@click.pass_obj
def explain(course: Course, student: str, stage: str, exercise: str, attempt: int | None, isolation: str) -> None:
    """Grade an EXERCISE of a STUDENT again as it was graded, and show inputs, expected and returned values."""
    workspace = Workspace.of_course(course.root)
    for line in explain_grade(course, course.stage(stage), workspace, Asked(student, exercise, attempt, isolation)):
        CONSOLE.print(line, markup=False)


@click.command()
@click.argument("stage")
@click.pass_obj
def feedback(course: Course, stage: str) -> None:
    """Write the feedback pages and the table of grades of STAGE from the latest grading."""
    _write_pages(course.stage(stage), Workspace.of_course(course.root))
    say_next(f"look at some of the pages; autograder report {stage} writes a report on the class.")


@click.command()
@isolation_option
@click.pass_obj
def demo(course: Course, isolation: str) -> None:
    """Release the first stage, grade a class of six, and show everything that comes out."""
    first = next(iter(course.stages.values()))
    workspace = Workspace.together(course.root / "build" / "demo")
    shutil.rmtree(workspace.root, ignore_errors=True)
    CONSOLE.print(f"releasing {first.id} ...")
    folder = release_stage(course, first, workspace)
    master = read_master(course.master_path(first.id), first)
    mistake = next(one for one in load_suite(first).mistakes)
    write_class(workspace.step_folder("submitted"), released_notebook(folder, first), master, mistake)
    _grade(course, first, workspace, Wishes(isolation))
    _write_pages(first, workspace)
    report_on(course, first, workspace)
    CONSOLE.print(f"gradebook       {workspace.class_folder / 'gradebook.db'}")
    CONSOLE.print(f"what students received  {folder}")
    say_next("open the feedback pages; then make bundle, and docs/grading.md for a class of your own.")


def _introduce(course: Course, stage: Stage, workspace: Workspace) -> None:
    """Tell the gradebook of a stage's cells, before the first grading here."""
    if find_hand_ins(workspace.step_folder("submitted"), stage) and not knows_stage(workspace, stage.id):
        CONSOLE.print(f"the gradebook does not know {stage.id} yet; it is told first ...")
        introduce_stage(course, stage, workspace)


def _grade(course: Course, stage: Stage, workspace: Workspace, wishes: Wishes) -> None:
    def told(protections: str) -> None:
        if wishes.isolation == "none":
            click.secho("WARNING: " + protections, fg="red", bold=True, err=True)
        CONSOLE.print(f"protection: {protections}")

    with progress_bar() as progress:
        outcome = grade_class(course, stage, workspace, wishes, lambda total: counted(progress, stage, total), told)
    records = load_records(workspace.class_folder, stage.id)
    print_scores(CONSOLE, stage, records)
    print_reasons(CONSOLE, [record for record in records if record.student in outcome.graded])
    print_changes(CONSOLE, outcome.changed)
    CONSOLE.print(f"{len(outcome.graded)} graded; {len(outcome.unchanged)} unchanged since they were graded")
    if outcome.ungraded:
        reasons = "; ".join(f"{one.student} ({one.reason})" for one in outcome.ungraded)
        raise CourseError(f"the grader itself stumbled, and nothing was recorded, for: {reasons}. Please report this.")


def _write_pages(stage: Stage, workspace: Workspace) -> None:
    records = load_records(workspace.class_folder, stage.id)
    if not records:
        raise CourseError(f"nothing of {stage.id} is graded yet; run autograder grade {stage.id} first")
    grades = workspace.report_path(stage.id, "grades.csv")
    write_grades(grades, stage, records)
    overview = write_feedback(workspace, stage, records)
    CONSOLE.print(f"grades          {grades}")
    CONSOLE.print(f"feedback pages  {overview}")
