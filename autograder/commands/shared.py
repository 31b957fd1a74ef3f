"""What several commands share: the console, options, and how progress is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.course import Course, Stage
from autograder.isolation import ISOLATIONS

CONSOLE = Console(highlight=False)
isolation_option = click.option(
    "--isolation", type=click.Choice(ISOLATIONS), default="bubblewrap", show_default=True,
    help="What stands between student code and this machine; none runs it with your rights.",
)  # fmt: skip
seed_option = click.option("--seed", type=int, default=None, help="Draw the hidden inputs from this seed again.")


def chosen(course: Course, names: Sequence[str]) -> list[Stage]:
    """The stages of these names; all where none is named."""
    return [course.stage(name) for name in names] or list(course.stages.values())


def progress_bar() -> Progress:
    """How many of how many, and for how long."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=CONSOLE)


def counted(progress: Progress, stage: Stage, total: int, doing: str = "grading") -> Callable[[], None]:
    """What to call whenever one more hand-in is done."""
    task = progress.add_task(f"{doing} {stage.id}", total=total)
    return lambda: progress.update(task, advance=1)
