"""Train the Captioner of your notebook on the icons, with one process or, under torchrun, with several.

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

from seqlab.captioning.icons import standardised
from seqlab.captioning.training import Share, fit
from seqlab.data import load_captions
from seqlab.earlier.notebook import read_notebook, run_notebook

NAME = "Captioner"


@click.command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--epochs", type=click.IntRange(min=1), default=15, show_default=True)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=64, show_default=True, help="Of all processes together."
)
@click.option("--hidden", type=click.IntRange(min=1), default=256, show_default=True, help="Numbers in a state.")
@click.option("--features", type=click.Choice(["pooled", "spatial"]), default="spatial", show_default=True)
@click.option("--images", type=click.IntRange(min=1), default=None, help="Train on the first so many only.")
@click.option(
    "--losses", "log", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where to write the losses."
)
def main(
    notebook: Path, epochs: int, batch_size: int, hidden: int, features: str, images: int | None, log: Path | None
) -> None:
    """Train the Captioner that NOTEBOOK defines on the icons."""
    captions = load_captions("icons", features=features)
    torch.set_num_threads(1)
    with processes() as (share, device):
        train, held_out = (task.to(device) for task in standardised(captions))
        some = train.part(torch.arange(min(images or len(train), len(train)), device=train.features.device))
        torch.manual_seed(0)
        make = captioner_of(notebook)
        model = make(len(captions.vocabulary), some.features.shape[1], 128, hidden).to(device)
        wrapped = nn.parallel.DistributedDataParallel(model) if share.processes > 1 else model
        losses, after = fit(wrapped, some, held_out, epochs=epochs, batch=batch_size, share=share)
        curve = averaged(losses, share, device)
        if share.number == 0:
            click.echo(f"{share.processes} processes: loss {curve[-1]:.3f}, on icons never seen {after[-1]:.3f}")
            if log is not None:
                log.write_text(json.dumps({"losses": curve, "held_out": after}), encoding="utf-8")


def captioner_of(path: Path) -> Any:
    """The class ``Captioner`` of a notebook.

    Raises:
        click.ClickException: the notebook does not define it; the text says which cells stopped.
    """
    names, stopped = run_notebook(read_notebook(path))
    if NAME not in names:
        raise click.ClickException(f"expected {path} to define {NAME}; it does not. {'; '.join(stopped)}")
    return names[NAME]


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
