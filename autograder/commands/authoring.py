"""Commands of those who write the course: release, check, bundle, stage, solved."""

from __future__ import annotations

import click

from autograder.authoring.bundle import write_bundle
from autograder.authoring.freshness import stale_files
from autograder.authoring.master import read_master
from autograder.authoring.release import release_stage
from autograder.authoring.scaffold import scaffold_stage
from autograder.authoring.solved import solve
from autograder.commands.shared import CONSOLE, chosen
from autograder.course import Course, CourseError
from autograder.workspace import Workspace


@click.command()
@click.argument("stages", nargs=-1)
@click.pass_obj
def release(course: Course, stages: tuple[str, ...]) -> None:
    """Build STAGES (default: all) from their masters into assignments/ and tell the gradebook."""
    for stage in chosen(course, stages):
        folder = release_stage(course, stage, Workspace.of_course(course.root))
        CONSOLE.print(f"released {stage.id} into {folder}")


@click.command()
@click.argument("stages", nargs=-1)
@click.pass_obj
def check(course: Course, stages: tuple[str, ...]) -> None:
    """Rebuild STAGES (default: all) elsewhere, audit them, and compare them with what is committed in assignments/."""
    wanted = chosen(course, stages)
    stale = [line for stage in wanted for line in stale_files(course, stage)]
    if stale:
        raise CourseError("assignments/ is stale; run make release and commit: " + "; ".join(stale))
    CONSOLE.print(f"assignments/ is fresh and audited: {', '.join(stage.id for stage in wanted)}")


@click.command()
@click.pass_obj
def bundle(course: Course) -> None:
    """Make the student zip in dist/, from an allow-list, audited."""
    CONSOLE.print(f"wrote {write_bundle(course, course.root / 'dist')}")


@click.command()
@click.argument("stage")
@click.option("--title", required=True, help="The stage's title.")
@click.pass_obj
def stage(course: Course, stage: str, title: str) -> None:
    """Scaffold a new STAGE: master, suite, mistakes, TOML table."""
    for path in scaffold_stage(course, stage, title):
        CONSOLE.print(f"wrote {path}")
    CONSOLE.print(f"Next: fill them in, then make release STAGE={stage}. docs/authoring.md explains each part.")


@click.command()
@click.argument("stages", nargs=-1)
@click.pass_obj
def solved(course: Course, stages: tuple[str, ...]) -> None:
    """Run the masters of STAGES (default: all) and render them with figures under build/solved/."""
    for one in chosen(course, stages):
        CONSOLE.print(f"running {one.id} from top to bottom ...")
        master = read_master(course.master_path(one.id), one)
        page = solve(master, course.release_folder(one.id) / "checks.h5", course.root / "build" / "solved" / one.id)
        CONSOLE.print(f"wrote {page}")
