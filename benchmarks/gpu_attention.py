"""One epoch of stage 7's captioner over the features of 10,000 images; :mod:`benchmarks.gpu` prints it for a GPU."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.answers import answers
from benchmarks.measuring import Line


@dataclass(frozen=True)
class Sizes:
    """Those of a well-known exercise on COCO: 10,000 images of 4 by 4 places, captions of 17 numbers."""

    images: int = 10_000
    batch: int = 250
    L: int = 16
    D: int = 1280
    T: int = 17
    V: int = 1004
    W: int = 256
    H: int = 512
    S: int = 512


FULL = Sizes()


def measure_epochs(device: str, sizes: Sizes = FULL) -> Iterator[Line]:
    """The second epoch in float32 and in bfloat16: features and weights of that type, AdamW, nothing left out."""
    what = f"{sizes.images:,} images, L={sizes.L} D={sizes.D} T={sizes.T} H={sizes.H}, batches of {sizes.batch}"
    for dtype in (torch.float32, torch.bfloat16):
        first, second = epochs(device, dtype, sizes)
        figure = f"{second:.2f} s ({first:.2f} s for the first)"
        yield Line(
            f"AttentionCaptioner, an epoch of {what}, {str(dtype).removeprefix('torch.')}", figure, "others: 5 to 23 s"
        )


def epochs(device: str, dtype: torch.dtype, sizes: Sizes, count: int = 2) -> list[float]:
    """Seconds of each epoch, on random features and captions that lie on the device."""
    torch.manual_seed(0)
    make = answers("s07_attention")["AttentionCaptioner"]
    model = make(sizes.V, sizes.D, sizes.W, sizes.H, sizes.S).to(device, dtype)
    features = torch.randn(sizes.images, sizes.L, sizes.D, device=device, dtype=dtype)
    captions = torch.randint(3, sizes.V, (sizes.images, sizes.T), device=device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    seconds = []
    for _ in range(count):
        start = _now(device)
        for rows in torch.randperm(sizes.images, device=device).split(sizes.batch):
            part = captions[rows]
            loss: Tensor = model.loss_of(model(features[rows], part)[0], part)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds.append(_now(device) - start)
    return seconds


def _now(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()
