"""``python -m autograder.proving [STAGES]``: prove the verdicts of some stages, or of all; from the course's root."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import click
import torch
from tqdm import tqdm

from autograder.course import find_root, load_course
from autograder.proving.stage import Extent, Row, prove
from autograder.proving.table import confusion, lines_of, write_into

PAGE = Path("docs/truth.md")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("stages", nargs=-1)
@click.option("--mutants", type=click.IntRange(min=1), default=None, help="At most so many mutants an exercise.")
@click.option("--draws", type=click.IntRange(min=1), default=5, show_default=True, help="Of the cases, for mutants.")
@click.option("--seeds", type=click.IntRange(min=0), default=50, show_default=True, help="For the right answers.")
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Stages at a time.")
@click.option("--write", is_flag=True, help=f"Put the table into {PAGE}.")
def main(stages: Sequence[str], mutants: int | None, draws: int, seeds: int, jobs: int, write: bool) -> None:
    """Try mutants, named mistakes and right answers on the suites of STAGES (default: all), and print the table."""
    course = load_course(find_root(Path.cwd()))
    chosen = [course.stage(name).id for name in stages or course.stages]
    with ProcessPoolExecutor(min(jobs, len(chosen)), get_context("forkserver"), torch.set_num_threads, (1,)) as pool:
        work = pool.map(partial(prove, course, extent=Extent(mutants, draws, seeds)), chosen)
        proofs = dict(zip(chosen, tqdm(work, total=len(chosen), desc="proving", unit="stage"), strict=True))
    text = "\n".join([*lines_of(proofs), "", *confusion(proofs), "", _extent(draws, seeds)])
    click.echo(text)
    if write:
        write_into(course.root / PAGE, text)
    _tell_what_is_open(proofs)


def _extent(draws: int, seeds: int) -> str:
    return f"Each mutant met {draws} draws of the hidden cases; each right answer was graded with {seeds} seeds."


def _tell_what_is_open(proofs: Mapping[str, Sequence[Row]]) -> None:
    """Say what has to be mended, and end with an error where there is something."""
    rows = [row for of_stage in proofs.values() for row in of_stage]
    open_ends = [f"{row.exercise}: {missed} cases miss {one.name}" for row in rows for one, missed in row.survivors]
    open_ends += [
        f"{naming.mistake.key}: named {naming.hidden} by hidden cases, {naming.public} by public ones; "
        f"costs {naming.spread or 'its own exercise only'}"
        for row in rows for naming in row.namings if not naming.right
    ]  # fmt: skip
    open_ends += [f"rejected: {one}" for row in rows for one in row.acceptance.rejected]
    for line in open_ends:
        click.echo(line)
    if open_ends:
        raise click.ClickException(
            f"{len(open_ends)} to mend: add cases that notice these mutants, or say in "
            "autograder/proving/equivalent.toml why they are no mistakes"
        )


if __name__ == "__main__":
    main()
