"""The command that compares the answers of a class: similar."""

from __future__ import annotations

import click

from autograder.batch import released_notebook
from autograder.commands.shared import CONSOLE, counted, progress_bar, say_next
from autograder.course import Course, CourseError
from autograder.hand_ins import find_hand_ins
from autograder.similarity.classroom import compare_class
from autograder.similarity.report import people, write_page, write_table
from autograder.template import read_template
from autograder.workspace import Workspace


@click.command()
@click.argument("stage")
@click.pass_obj
def similar(course: Course, stage: str) -> None:
    """Compare the answers of STAGE in classroom/submitted/ with each other; runs none, and sends nothing anywhere."""
    chosen, workspace = course.stage(stage), Workspace.of_course(course.root)
    hand_ins = find_hand_ins(workspace.step_folder("submitted"), chosen)
    if not hand_ins:
        submitted = workspace.step_folder("submitted")
        raise CourseError(f"found no hand-in of {stage} under {submitted}; run autograder collect {stage} first")
    template = read_template(released_notebook(workspace.release_folder(chosen.id), chosen), chosen.id, chosen.points)
    with progress_bar() as progress:
        found = compare_class(hand_ins, template, counted(progress, chosen, len(hand_ins), "reading"))
    page, table = (workspace.report_path(chosen.id, f"similar.{ending}") for ending in ("html", "csv"))
    write_page(page, chosen, found)
    write_table(table, found)
    CONSOLE.print(f"{found.read} hand-ins compared, {len(found.refused)} could not be read", markup=False)
    pairs = len(people(found))
    alike = f"{pairs} pair{'s' * (pairs != 1)} of students" if pairs else "no two students"
    CONSOLE.print(f"{alike} share much in at least one exercise: {table}", markup=False)
    say_next(f"read {page}, and talk to people first: a similar answer is no proof.")
