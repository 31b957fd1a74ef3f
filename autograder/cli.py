"""The command ``autograder``: one verb for each thing that staff do. ``make`` calls these."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from autograder.batch import ControlsFailed
from autograder.commands import (
    authoring,
    exporting,
    grading,
    installation,
    lateness,
    regrading,
    reporting,
    similarity,
)
from autograder.course import CourseError, find_root, load_course
from autograder.sandbox.bubblewrap import IsolationMissing
from autograder.sandbox.child import LaunchFailed
from autograder.truth import OraclesDisagree
from seqlab.checking.casefile import CheckFileError

EXPECTED = (CourseError, ControlsFailed, IsolationMissing, LaunchFailed, OraclesDisagree, CheckFileError)
COMMANDS = (
    authoring.release,
    authoring.check,
    authoring.bundle,
    authoring.stage,
    authoring.solved,
    grading.collect_stage,
    grading.grade,
    grading.explain,
    grading.feedback,
    reporting.report,
    grading.demo,
    regrading.regrade,
    lateness.lateness_of,
    exporting.export,
    exporting.gradescope,
    similarity.similar,
    installation.doctor,
)


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


for _command in COMMANDS:
    main.add_command(_command)

if __name__ == "__main__":
    sys.exit(main())
