"""The command that grades a class again and tells what changed: regrade."""

from __future__ import annotations

from typing import Any

import click

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
from autograder.course import Course, CourseError
from autograder.grading import Wishes
from autograder.history import changes
from autograder.printable import printable
from autograder.regrading import Regraded, Regrading, write_changes
from autograder.reports import print_changes
from autograder.workspace import Workspace


@click.command()
@click.argument("stage")
@isolation_option
@seed_option
@click.option("--dry-run", is_flag=True, help="Show what would change, and record nothing.")
@workers_option
@scheduler_option
@click.pass_obj
def regrade(course: Course, /, stage: str, dry_run: bool, **wishes: Any) -> None:
    """Grade everybody again who was graded in STAGE, with the hidden inputs they had, and tell what that changes."""
    workspace = Workspace.of_course(course.root)
    work = Regrading(course, course.stage(stage), workspace, Wishes(**wishes))
    told: set[str] = set()
    with progress_bar() as progress:
        came = work.run(dry_run, lambda total: counted(progress, work.stage, total), told.add)
    for protections in sorted(told):
        CONSOLE.print(f"protection: {protections}", markup=False)
    _tell(came)
    if dry_run:
        CONSOLE.print("Nothing was recorded (--dry-run).")
        say_next(f"autograder regrade {stage}, to record it.")
    else:
        CONSOLE.print(f"wrote {write_changes(workspace, stage, came)}", markup=False)
        say_next(f"autograder feedback {stage}; manual scores in formgrader stayed as they are.")
    if came.ungraded:
        reasons = "; ".join(f"{one.student} ({one.reason})" for one in came.ungraded)
        raise CourseError(f"the grader itself stumbled, and nothing was recorded, for: {reasons}. Please report this.")


def _tell(came: Regraded) -> None:
    print_changes(CONSOLE, {student: changes(*pair) for student, pair in sorted(came.pairs.items())})
    CONSOLE.print(came.summary(), markup=False)
    for title, students in (("handed in, never graded", came.new), ("graded, hand-in is gone", came.gone)):
        if students:
            CONSOLE.print(f"{title}: {', '.join(printable(one) for one in students)}", markup=False)
