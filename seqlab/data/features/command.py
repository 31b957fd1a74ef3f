"""The command ``seqlab features``. It imports torch only when it runs, so that other commands start at once."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from seqlab.data.errors import NotWritable

PLUG_IN_SIZE = 224


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write features.h5, spatial.h5 and images.txt.",
)
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Images at a time.")
@click.option("--device", default=None, help="Such as cpu or cuda (default: a GPU if there is one).")
@click.option("--skip-unreadable", is_flag=True, help="Leave out images that cannot be read, and name them.")
@click.option(
    "--module",
    "place",
    metavar="PLACE",
    help="Another network: PACKAGE:CALLABLE or FILE.py:CALLABLE, such as torchvision.models:resnet18. It is called "
    "without arguments, or with --weights.",
)
@click.option("--weights", help="Given to the callable of --module, such as DEFAULT for torchvision's trained ones.")
@click.option("--layer", help="The layer of --module whose output is wanted, such as layer4.")
@click.option("--size", type=click.IntRange(min=1), help="Pixels of a side (default: 128; with --module 224).")
def features(
    folder: Path, out: Path, batch_size: int, device: str | None, skip_unreadable: bool, **network: Any
) -> None:
    """Write the features of every image in FOLDER, from EfficientNet-Lite0 or another network.

    Pooled features (N, D) go to features.h5 and spatial features (N, L, D) to spatial.h5, float16 under the key
    "features", and the file names, in the same order, to images.txt.
    """
    extractor = _extractor(**network)
    extract_folder = importlib.import_module("seqlab.data.features.folder").extract_folder
    try:
        done = extract_folder(
            folder, out, extractor, batch_size=batch_size, device=device, skip_unreadable=skip_unreadable
        )
    except NotWritable as error:
        raise click.ClickException(f"the features cannot be written to {out}; name another place: --out") from error
    for reason in done.skipped.values():
        click.echo(f"left out: {reason}", err=True)
    click.echo(f"{len(done.names)} images: {done.pooled}, {done.spatial}, {done.listing}")
    if done.others:
        click.echo(f"{done.others} other entries of {folder} are not images and were left alone")
    click.echo(
        f'Next: read them with h5py.File({str(done.pooled)!r})["features"]; row i is of line i of {done.listing.name}.'
    )


def _extractor(place: str | None, weights: str | None, layer: str | None, size: int | None) -> Any:
    if (place is None) != (layer is None):
        raise click.UsageError("--module and --layer go together: a network, and the layer whose output is wanted")
    if place is None and weights is not None:
        raise click.UsageError("--weights goes with --module")
    kind = importlib.import_module("seqlab.data.features.extractor").Extractor
    if place is None:
        return kind.lite0(_weights_of_lite0(), **({} if size is None else {"image_size": size}))
    module = importlib.import_module("seqlab.data.features.plug_in").load_module(place, weights)
    if weights is None:
        click.echo(f"{place} is called without arguments; it has to bring its trained parameters itself", err=True)
    return kind.of_module(module, layer, size or PLUG_IN_SIZE)


def _weights_of_lite0() -> Path:
    folder: Path = importlib.import_module("seqlab.data.ready").folder_of("lite0", task="weights")
    return folder / "weights.pth"
