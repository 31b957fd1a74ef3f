"""The command ``autograder``: one verb for each thing that staff do. ``make`` calls these."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.authoring.bundle import write_bundle
from autograder.authoring.freshness import stale_files
from autograder.authoring.master import read_master
from autograder.authoring.release import release_stage
from autograder.authoring.scaffold import scaffold_stage
from autograder.authoring.solved import solve
from autograder.batch import ControlsFailed, released_notebook
from autograder.collecting.collect import LEFT_OUT, collect
from autograder.collecting.report import print_rows
from autograder.course import Course, CourseError, Stage, find_root, load_course
from autograder.demo import write_class
from autograder.doctor import examine
from autograder.explain import Asked, explain_grade
from autograder.feedback import write_feedback
from autograder.grading import Wishes, grade_class
from autograder.isolation import ISOLATIONS
from autograder.record import load_records
from autograder.reports import print_changes, print_reasons, print_scores, write_grades
from autograder.sandbox.bubblewrap import IsolationMissing
from autograder.sandbox.child import LaunchFailed
from autograder.suite import load_suite
from autograder.truth import OraclesDisagree
from autograder.workspace import Workspace
from seqlab.checking.casefile import CheckFileError

EXPECTED = (CourseError, ControlsFailed, IsolationMissing, LaunchFailed, OraclesDisagree, CheckFileError)
CONSOLE = Console(highlight=False)
isolation_option = click.option(
    "--isolation", type=click.Choice(ISOLATIONS), default="bubblewrap", show_default=True,
    help="What stands between student code and this machine; none runs it with your rights.",
)  # fmt: skip
seed_option = click.option("--seed", type=int, default=None, help="Draw the hidden inputs from this seed again.")


class Staff(click.Group):
    """Turns what may go wrong into one clear message; anything else keeps its stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Staff, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--course", "folder", type=click.Path(path_type=Path), default=None, help="The course (default: around here)."
)
@click.pass_context
def main(context: click.Context, folder: Path | None) -> None:
    """Build the stages, grade a class, write feedback."""
    context.obj = load_course(folder or find_root(Path.cwd()))


@main.command()
@click.argument("stages", nargs=-1)
@click.pass_obj
def release(course: Course, stages: tuple[str, ...]) -> None:
    """Build STAGES (default: all) from their masters into assignments/ and tell the gradebook."""
    for stage in _chosen(course, stages):
        folder = release_stage(course, stage, Workspace.of_course(course.root))
        CONSOLE.print(f"released {stage.id} into {folder}")


@main.command()
@click.pass_obj
def check(course: Course) -> None:
    """Rebuild every stage elsewhere, audit it, and compare it with what is committed in assignments/."""
    stale = [line for stage in course.stages.values() for line in stale_files(course, stage)]
    if stale:
        raise CourseError("assignments/ is stale; run make release and commit: " + "; ".join(stale))
    CONSOLE.print(f"assignments/ is fresh and audited: {', '.join(course.stages)}")


@main.command("collect")
@click.argument("stage")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.pass_obj
def collect_stage(course: Course, stage: str, source: Path) -> None:
    """Put the hand-ins of STAGE from SOURCE, an LMS's folder or zip, into classroom/submitted/."""
    rows = collect(source, course.stage(stage), Workspace.of_course(course.root))
    print_rows(CONSOLE, rows)
    left_out = sum(row.outcome == LEFT_OUT for row in rows)
    if left_out == len(rows):
        raise CourseError(f"found no hand-in of {stage} in {source}; expected STUDENT/{stage}.ipynb or an LMS's names")
    CONSOLE.print(f"{len(rows) - left_out} hand-ins collected, {left_out} files left out.")
    CONSOLE.print(f"Next: autograder grade {stage}.")


@main.command()
@click.argument("stage")
@isolation_option
@seed_option
@click.option("--force", is_flag=True, help="Grade those too whose work and suite have not changed, with new inputs.")
@click.option(
    "--workers", type=click.IntRange(1), default=os.cpu_count(), help="How many at a time (default: all cores)."
)
@click.option("--scheduler", metavar="ADDRESS", help="Use the Dask cluster at this address in their place.")
@click.pass_obj
def grade(course: Course, /, stage: str, **wishes: Any) -> None:
    """Grade the hand-ins of STAGE in classroom/submitted/ that are new or changed."""
    _grade(course, course.stage(stage), Workspace.of_course(course.root), Wishes(**wishes))
    CONSOLE.print(f"Next: autograder feedback {stage}, or nbgrader formgrader to look at each.")


@main.command()
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


@main.command()
@click.argument("stage")
@click.pass_obj
def feedback(course: Course, stage: str) -> None:
    """Write the feedback pages and the table of grades of STAGE from the latest grading."""
    _report(course.stage(stage), Workspace.of_course(course.root))


@main.command()
@click.pass_obj
def bundle(course: Course) -> None:
    """Make the student zip in dist/, from an allow-list, audited."""
    CONSOLE.print(f"wrote {write_bundle(course, course.root / 'dist')}")


@main.command()
@click.argument("stage")
@click.option("--title", required=True, help="The stage's title.")
@click.pass_obj
def stage(course: Course, stage: str, title: str) -> None:
    """Scaffold a new STAGE: master, suite, mistakes, TOML table."""
    for path in scaffold_stage(course, stage, title):
        CONSOLE.print(f"wrote {path}")
    CONSOLE.print(f"Next: fill them in, then make release STAGE={stage}. docs/authoring.md explains each part.")


@main.command()
@click.argument("stages", nargs=-1)
@click.pass_obj
def solved(course: Course, stages: tuple[str, ...]) -> None:
    """Run the masters of STAGES (default: all) and render them with figures under build/solved/."""
    for one in _chosen(course, stages):
        CONSOLE.print(f"running {one.id} from top to bottom ...")
        master = read_master(course.master_path(one.id), one)
        page = solve(master, course.release_folder(one.id) / "checks.h5", course.root / "build" / "solved" / one.id)
        CONSOLE.print(f"wrote {page}")


@main.command()
@click.pass_obj
def doctor(course: Course) -> None:
    """Say what this installation has and lacks for grading, and what mends each lack; changes nothing."""
    findings = list(examine(course))
    for finding in findings:
        CONSOLE.print(f"{'✓' if finding.right else '✗'} {finding.what:10} {finding.found}", markup=False)
        if finding.mend:
            CONSOLE.print(f"  {'':10} to mend: {finding.mend}", markup=False)
    wrong = sum(not finding.right for finding in findings)
    if wrong:
        raise CourseError(f"{wrong} of {len(findings)} to mend, see above")
    CONSOLE.print("Next: make demo grades a small class.")


@main.command()
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
    _report(first, workspace)
    CONSOLE.print(f"gradebook       {workspace.class_folder / 'gradebook.db'}")
    CONSOLE.print(f"what students received  {folder}")


def _chosen(course: Course, names: Sequence[str]) -> list[Stage]:
    return [course.stage(name) for name in names] or list(course.stages.values())


def _grade(course: Course, stage: Stage, workspace: Workspace, wishes: Wishes) -> None:
    def told(protections: str) -> None:
        if wishes.isolation == "none":
            click.secho("WARNING: " + protections, fg="red", bold=True, err=True)
        CONSOLE.print(f"protection: {protections}")

    with _progress() as progress:
        outcome = grade_class(course, stage, workspace, wishes, lambda total: _counted(progress, stage, total), told)
    records = load_records(workspace.class_folder, stage.id)
    print_scores(CONSOLE, stage, records)
    print_reasons(CONSOLE, [record for record in records if record.student in outcome.graded])
    print_changes(CONSOLE, outcome.changed)
    CONSOLE.print(f"{len(outcome.graded)} graded; {len(outcome.unchanged)} unchanged since they were graded")
    if outcome.ungraded:
        reasons = "; ".join(f"{one.student} ({one.reason})" for one in outcome.ungraded)
        raise CourseError(f"the grader itself stumbled, and nothing was recorded, for: {reasons}. Please report this.")


def _report(stage: Stage, workspace: Workspace) -> None:
    records = load_records(workspace.class_folder, stage.id)
    if not records:
        raise CourseError(f"nothing of {stage.id} is graded yet; run autograder grade {stage.id} first")
    grades = workspace.report_path(stage.id, "grades.csv")
    write_grades(grades, stage, records)
    overview = write_feedback(workspace, stage, records)
    CONSOLE.print(f"grades          {grades}")
    CONSOLE.print(f"feedback pages  {overview}")


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=CONSOLE)


def _counted(progress: Progress, stage: Stage, total: int) -> Callable[[], None]:
    task = progress.add_task(f"grading {stage.id}", total=total)
    return lambda: progress.update(task, advance=1)


if __name__ == "__main__":
    sys.exit(main())
