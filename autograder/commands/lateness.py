"""The command that shows who is how late: lateness."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import click
from rich import box
from rich.table import Table
from rich.text import Text

from autograder.collecting.ledger import Collected, load_collected
from autograder.commands.shared import CONSOLE, say_next
from autograder.course import Course, CourseError
from autograder.deadlines import EXAMPLE, FILE, Deadlines, load_deadlines
from autograder.exporting.scores import FinalScore, graded_scores
from autograder.gradebook import settle_lateness
from autograder.hand_in_times import STAMP
from autograder.hand_ins import find_hand_ins
from autograder.late import DAY, Lateness
from autograder.late_days import Delay, delays, times_of
from autograder.printable import printable
from autograder.reports import wide_enough
from autograder.workspace import Workspace

COLUMNS = ("student", "handed in", "as said by", "due", "late", "days used", "days left", "penalty")


@click.command("lateness")
@click.argument("stage")
@click.option("--apply", is_flag=True, help="Write due dates, extensions and penalties into the gradebook.")
@click.pass_obj
def lateness_of(course: Course, stage: str, apply: bool) -> None:
    """Show who is how late with STAGE, late days used and left, and the penalty; nobody is graded again."""
    chosen, workspace = course.stage(stage), Workspace.of_course(course.root)
    deadlines = _deadlines(course, workspace, stage)
    students = [one.student for one in find_hand_ins(workspace.step_folder("submitted"), chosen)]
    if apply:
        settle_lateness(workspace, students)
    lateness, known = Lateness(workspace.settings()), load_collected(workspace.class_folder, stage)
    scores = graded_scores(workspace, stage)
    table = Table(title=f"{stage}: due {_shown(deadlines.due[stage], deadlines)}", box=box.SIMPLE_HEAD)
    for name in COLUMNS:
        table.add_column(name, overflow="fold")
    for student in students:
        times = {stage: None} | times_of(workspace.class_folder, student, deadlines)
        delay = delays(deadlines, student, times, lateness.grace_seconds)[stage]
        penalty = _penalty(lateness, student, delay, scores)
        table.add_row(*_row(student, delay, deadlines, known.get(student, Collected()), penalty))
    wide_enough(CONSOLE, table).print(table)
    _tell_extensions(deadlines.extended.get(stage, {}), students)
    if apply:
        CONSOLE.print("The gradebook has these due dates and penalties now.")
        say_next(f"autograder feedback {stage}, or autograder export {stage}.")
    else:
        say_next(f"autograder lateness {stage} --apply puts them into the gradebook.")


def _deadlines(course: Course, workspace: Workspace, stage: str) -> Deadlines:
    deadlines = load_deadlines(workspace.class_folder)
    if deadlines is None or stage not in deadlines.due:
        path = workspace.class_folder / FILE
        raise CourseError(f"{stage} has no due date in {path}. The file looks like this:\n{EXAMPLE}")
    deadlines.require_stages(course.stages)
    return deadlines


def _penalty(lateness: Lateness, student: str, delay: Delay, scores: Mapping[str, FinalScore]) -> str:
    if delay.seconds_late <= 0:
        return "none"
    if student not in scores:
        return "not graded yet"
    penalty = lateness.penalty(student, scores[student].earned, delay.seconds_late)
    return "none" if penalty is None else f"{penalty:g} of {scores[student].earned:g}"


def _row(student: str, delay: Delay, deadlines: Deadlines, said: Collected, penalty: str) -> list[Text]:
    when, source = delay.handed_in, said.time_from or STAMP
    unknown = "not known; the LMS marked it late" if said.late else "not known"
    late = "" if when is None else _days(max(0.0, (when - delay.due).total_seconds()))
    texts = [
        printable(student),
        unknown if when is None else _shown(when, deadlines),
        "" if when is None else source,
        _shown(delay.due, deadlines),
        late,
        str(delay.used),
        str(delay.left),
        penalty if when is not None else "settle by hand" if said.late else "none",
    ]
    return [Text(text) for text in texts]


def _shown(when: datetime, deadlines: Deadlines) -> str:
    return f"{when.astimezone(deadlines.zone):%Y-%m-%d %H:%M %Z}"


def _days(seconds: float) -> str:
    days, rest = divmod(int(seconds), DAY)
    return f"{days} d {rest // 3600} h {rest % 3600 // 60} min" if seconds else "no"


def _tell_extensions(extended: Mapping[str, datetime], students: list[str]) -> None:
    for student in extended:
        if student not in students:
            CONSOLE.print(f"an extension names {printable(student)}, who has handed in nothing", markup=False)
