"""What several commands share: the console, options, and how progress is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

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
workers_option = click.option(
    "--workers", type=click.IntRange(1), default=os.cpu_count(), help="How many at a time (default: all cores)."
)
scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help="Use the Dask cluster at this address in their place."
)
seed_option = click.option("--seed", type=int, default=None, help="Draw the hidden inputs from this seed again.")


def chosen(course: Course, names: Sequence[str]) -> list[Stage]:
    """The stages of these names; all where none is named."""
    return [course.stage(name) for name in names] or list(course.stages.values())


def say_next(text: str) -> None:
    """What a command that went well ends with: what to do now."""
    CONSOLE.print(f"Next: {text}", markup=False, soft_wrap=True)


def with_progress(stages: Sequence[Stage], doing: str) -> Iterator[Stage]:
    """The stages one by one, with a bar that says which is at work."""
    with progress_bar() as progress:
        task = progress.add_task(doing, total=len(stages))
        for stage in stages:
            progress.update(task, description=f"{doing} {stage.id}")
            if not CONSOLE.is_terminal:  # where no bar moves
                CONSOLE.print(f"{doing} {stage.id} ...")
            yield stage
            progress.advance(task)
        progress.update(task, description=doing)


def progress_bar() -> Progress:
    """How many of how many, and for how long."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=CONSOLE)


def counted(progress: Progress, stage: Stage, total: int, doing: str = "grading") -> Callable[[], None]:
    """What to call whenever one more hand-in is graded, or whatever else is being done."""
    task = progress.add_task(f"{doing} {stage.id}", total=total)
    return lambda: progress.update(task, advance=1)
