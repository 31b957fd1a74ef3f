"""Train the Captioner of your notebook, with one process or, under torchrun, with several.

The images are the icons, or those of another set that has been fetched (``--set coco``).
``python -m seqlab.captioning.train NOTEBOOK``, or
``torchrun --nproc-per-node 2 -m seqlab.captioning.train NOTEBOOK``. Every process draws the same minibatches and learns
from its share; DistributedDataParallel averages the gradients, so the course of training is that of one process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import torch
from torch import distributed, nn

from seqlab.captioning.icons import Task, standardised
from seqlab.captioning.table import table_of
from seqlab.captioning.training import Share, fit
from seqlab.data import DataError, load_captions
from seqlab.data.captions import Captions
from seqlab.earlier.notebook import read_notebook, run_notebook

NAME = "Captioner"


@click.command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--epochs", type=click.IntRange(min=1), default=15, show_default=True)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=64, show_default=True, help="Of all processes together."
)
@click.option("--hidden", type=click.IntRange(min=1), default=256, show_default=True, help="Numbers in a state.")
@click.option("--set", "name", default="icons", show_default=True, help="Captions to learn from; coco once fetched.")
@click.option("--features", default=None, help="pooled or spatial; the usual: spatial for the icons, else pooled.")
@click.option("--images", type=click.IntRange(min=1), default=None, help="Train on the first so many captions only.")
@click.option("--bfloat16", "short", is_flag=True, help="Work out scores in the short float (for a GPU).")
@click.option(
    "--losses", "log", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where to write the losses."
)
def main(notebook: Path, name: str, features: str | None, images: int | None, log: Path | None, **options: Any) -> None:
    """Train the Captioner that NOTEBOOK defines, and tell how good it is on images never seen."""
    captions = _loaded(name, features)
    torch.set_num_threads(1)
    with processes() as (share, device):
        train, held_out = (task.to(device) for task in standardised(captions))
        some = train.part(torch.arange(min(images, len(train)), device=device)) if images else train
        names = names_of(notebook)
        curve, after, model = _trained(names, some, held_out, len(captions.vocabulary), share, device, **options)
        if share.number == 0:
            click.echo(f"loss {curve[-1]:.3f}, on images never seen {after[-1]:.3f}; processes: {share.processes}")
            if log is not None:
                log.write_text(json.dumps({"losses": curve, "held_out": after}), encoding="utf-8")
            for line in table_of(model.eval(), some, held_out, captions.vocabulary, names.get("bleu")):
                click.echo(line)
            click.echo("Next: compare with the table in the notebook; --hidden, --epochs and --set train another one.")


def _loaded(name: str, features: str | None) -> Captions:
    """The captions, or what is missing in a sentence."""
    try:
        return load_captions(name, features=features or ("spatial" if name == "icons" else "pooled"))
    except DataError as error:
        raise click.ClickException(str(error)) from error


def _trained(
    names: dict[str, Any],
    train: Task,
    held_out: Task,
    vocabulary_size: int,
    share: Share,
    device: str,
    *,
    hidden: int,
    epochs: int,
    batch_size: int,
    short: bool,
) -> tuple[list[float], list[float], Any]:
    """The losses of all processes together, those on the held-out split, and the model."""
    torch.manual_seed(0)
    model = names[NAME](vocabulary_size, train.images.shape[1], 128, hidden).to(device)
    wrapped = nn.parallel.DistributedDataParallel(model) if share.processes > 1 else model
    losses, after = fit(wrapped, train, held_out, epochs=epochs, batch=batch_size, share=share, short=short)
    return averaged(losses, share, device), after, model


def names_of(path: Path) -> dict[str, Any]:
    """What a notebook defines, ``Captioner`` among it.

    Raises:
        click.ClickException: the notebook does not define it; the text says which cells stopped.
    """
    names, stopped = run_notebook(read_notebook(path))
    if NAME not in names:
        raise click.ClickException(f"expected {path} to define {NAME}; it does not. {'; '.join(stopped)}")
    return names


@contextmanager
def processes() -> Iterator[tuple[Share, str]]:
    """This process's share and device; joins the others where torchrun started several."""
    share = Share(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))
    gpu = torch.cuda.is_available()
    device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if gpu else "cpu"
    if share.processes == 1:
        yield share, device
        return
    if gpu:
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if gpu else "gloo")
    try:
        yield share, device
    finally:
        distributed.destroy_process_group()


def averaged(losses: list[float], share: Share, device: str) -> list[float]:
    """The losses of the whole minibatches: the mean over all processes, whose shares are equally large."""
    curve = torch.tensor(losses, dtype=torch.float64, device=device)
    if share.processes > 1:
        distributed.all_reduce(curve)
    return [float(one) for one in curve / share.processes]


if __name__ == "__main__":
    main()
