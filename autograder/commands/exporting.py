"""Commands that hand grades to other systems: export, gradescope."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from autograder.collecting.ledger import load_collected
from autograder.commands.shared import CONSOLE, say_next
from autograder.course import Course, CourseError, Stage
from autograder.exporting.canvas import filled_gradebook, new_gradebook
from autograder.exporting.filling import Filled
from autograder.exporting.moodle import filled_worksheet
from autograder.exporting.nbgrader_csv import nbgrader_table
from autograder.exporting.scores import FinalScore, final_scores
from autograder.exporting.sheet import read_sheet
from autograder.gradescope.bundle import write_gradescope
from autograder.gradescope.results import VISIBILITIES
from autograder.gradescope.running import ISOLATIONS
from autograder.printable import printable
from autograder.workspace import Workspace

NEXT = {
    "nbgrader": "it has the columns of nbgrader export.",
    "canvas": "import it in Canvas: Grades, Import; Canvas shows every change before it is made.",
    "moodle": "upload it in Moodle: the assignment, View all submissions, Upload grading worksheet.",
}
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("export")
@click.argument("stage")
@click.option("--to", type=click.Choice(list(NEXT)), required=True, help="Whose table it is to be.")
@click.option(
    "--roster", type=FILE, help="The table that you downloaded from Canvas or Moodle; its scores are filled in."
)
@click.option("--column", default="", help="Canvas's column of the stage, such as 'RNN (4711)', if it is not found.")
@click.option("--scale", is_flag=True, help="Convert scores where the LMS gives other points than the stage.")
@click.option("--out", type=FILE, help="The file to write (default: in classroom/reports/).")
@click.pass_obj
def export(
    course: Course, stage: str, to: str, roster: Path | None, column: str, scale: bool, out: Path | None
) -> None:
    """Write the final scores of STAGE, as nbgrader's gradebook has them, as a table of nbgrader, Canvas or Moodle."""
    chosen, workspace = course.stage(stage), Workspace.of_course(course.root)
    scores = final_scores(workspace, stage)
    target = out or workspace.report_path(stage, f"{to}.csv")
    if roster is not None and target.resolve() == roster.resolve():
        raise CourseError(f"{target} is the downloaded table itself; name another file: --out")
    if to == "nbgrader" and roster is not None:
        raise CourseError("nbgrader's table is made from the gradebook alone; --roster is for Canvas and Moodle")
    if to == "nbgrader":
        data = nbgrader_table(workspace, stage)
    elif roster is None:
        data = _without_roster(workspace, chosen, scores, to, column)
    else:
        data = _filled(workspace, chosen, scores, to, roster, column, scale).data
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    if pending := [student for student, score in scores.items() if score.pending]:
        CONSOLE.print(f"formgrader still asks for a look at: {_listed(pending)}", markup=False)
    CONSOLE.print(f"wrote {target}", markup=False)
    say_next(NEXT[to])


@click.command()
@click.argument("stage")
@click.option(
    "--isolation",
    type=click.Choice(ISOLATIONS),
    default=ISOLATIONS[0],
    show_default=True,
    help="What student code runs behind there: bubblewrap, an account without rights, the best of both, or nothing.",
)
@click.option(
    "--visibility",
    type=click.Choice(VISIBILITIES),
    default=VISIBILITIES[0],
    show_default=True,
    help="When students see their results.",
)
@click.pass_obj
def gradescope(course: Course, stage: str, isolation: str, visibility: str) -> None:
    """Make the zip with which Gradescope grades STAGE by our judge; it holds the answers."""
    settings = {"isolation": isolation, "visibility": visibility}
    CONSOLE.print(
        f"wrote {write_gradescope(course, course.stage(stage), course.root / 'dist', settings)}", markup=False
    )
    if isolation == "none":
        click.secho(
            "WARNING: student code will run as root, and can read the answers and forge results.", fg="red", err=True
        )
    say_next("upload it at Gradescope as the assignment's autograder. It holds the answers: give it to nobody.")


def _without_roster(
    workspace: Workspace, stage: Stage, scores: Mapping[str, FinalScore], to: str, column: str
) -> bytes:
    if to == "moodle":
        raise CourseError(
            "Moodle takes back only its own worksheet: download it (the assignment, View all submissions, Download "
            "grading worksheet) and name it: --roster"
        )
    CONSOLE.print("without --roster Canvas has to find the students by name or login; a downloaded gradebook is surer.")
    return new_gradebook(stage, scores, load_collected(workspace.class_folder, stage.id), column)


def _filled(
    workspace: Workspace,
    stage: Stage,
    scores: Mapping[str, FinalScore],
    to: str,
    roster: Path,
    column: str,
    scale: bool,
) -> Filled:
    if not roster.is_file():
        raise CourseError(f"expected the downloaded table at {roster}; there is no such file")
    sheet, known = read_sheet(roster), load_collected(workspace.class_folder, stage.id)
    if to == "canvas":
        done = filled_gradebook(sheet, stage, scores, known, column, scale)
    else:
        done = filled_worksheet(sheet, scores, known, scale)
    CONSOLE.print(f"{done.filled} of {len(scores)} scores put into the column {done.column!r}", markup=False)
    _tell("graded, but not in the table", done.unmatched)
    _tell("in the table, left as it is", done.untouched)
    _tell("another score stood there", done.replaced)
    return done


def _tell(title: str, lines: Mapping[str, str]) -> None:
    for name, why in lines.items():
        CONSOLE.print(f"  {title}: {printable(name)} ({printable(why)})", markup=False)


def _listed(students: list[str]) -> str:
    return ", ".join(map(printable, students))
