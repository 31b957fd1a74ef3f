"""Stage 6's Captioner in training, on whatever device there is: ``python -m benchmarks.captioner``.

Images a second in float32 and with scores in bfloat16, on made-up features of the icons' size; and, on a GPU, how far
its losses of the first 50 steps are from the processor's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.answers import answers
from benchmarks.measuring import Line, print_table
from seqlab.captioning.icons import Task
from seqlab.captioning.training import fit

IMAGES, FEATURES, WORDS, LENGTH = 8192, 16 * 112, 480, 7
STEPS, BATCH = 50, 64


def measure() -> Iterator[Line]:
    """A line for each precision, and one for the agreement of the devices."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU, one thread"
    for short, large in ((False, BATCH), (True, BATCH), (False, 8 * BATCH), (True, 8 * BATCH)):
        precision = "bfloat16" if short else "float32"
        yield Line(f"{name}, {precision}, {large} at a time", f"{speed(device, short, large):,.0f} images/s")
    if device == "cuda":
        yield Line(f"losses of the first {STEPS} steps, {name} and CPU", f"{parity():.1e} of the loss apart")


def speed(device: str, short: bool, batch: int) -> float:
    """Images a second in training; the first epoch, in which things are set up, does not count."""
    task = made_up().to(device)
    if device == "cpu":
        task = task.part(torch.arange(IMAGES // 8))
    model = captioner().to(device)
    fit(model, task, task.part(torch.arange(64, device=device)), epochs=1, batch=batch, short=short)
    start = time.perf_counter()
    fit(model, task, task.part(torch.arange(64, device=device)), epochs=2, batch=batch, short=short)
    return 2 * len(task) / (time.perf_counter() - start)


def parity() -> float:
    """The largest difference of the losses of the first steps on both devices, over the loss."""
    few = made_up().part(torch.arange(STEPS * BATCH))
    curves = [
        fit(captioner().to(device), few.to(device), few.part(torch.arange(64)).to(device), epochs=1, batch=BATCH)[0]
        for device in ("cpu", "cuda")
    ]
    return float(max(abs(one - other) / abs(one) for one, other in zip(*curves, strict=True)))


def captioner() -> Any:
    """The master's captioner, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return answers("s06_captioning")["Captioner"](WORDS, FEATURES, wordvec_dim=128, hidden_dim=256)


def made_up() -> Task:
    """Features and captions of no meaning."""
    chance = torch.Generator().manual_seed(0)
    captions = torch.randint(4, WORDS, (IMAGES, LENGTH), generator=chance)
    captions[:, 0], captions[:, -1] = 1, 2
    return Task(torch.randn(IMAGES, FEATURES, generator=chance), captions)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print_table("Training stage 6's captioner", list(measure()))
