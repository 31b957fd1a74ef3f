"""The fast forms of the recurrent passes against torch's modules on the CPU, and against the machine's products.

``python -m benchmarks.references`` prints this table alone. Two threads that wait for each other measure nothing on a
machine that others keep busy; there, ``OMP_NUM_THREADS=1 python -m benchmarks.references --processor-time`` counts what
one thread used.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measuring import Line, best_seconds, print_table
from solutions import faster

Array = NDArray[Any]
Task = Callable[[], object]
SIDE = 2048
LARGEST_HEAP_PIECE = 31 << 20


@dataclass(frozen=True)
class Network:
    """One kind of network: its name, its gates, its fast form, torch's module, and what it should reach."""

    name: str
    gates: int
    forward: Callable[..., tuple[Array, Any]]
    backward: Callable[..., tuple[Array, ...]]
    theirs: Callable[..., torch.nn.Module]


@dataclass(frozen=True)
class Setting:
    """Sizes, how many turns are taken, and the aims: of torch's time, and the products' share of ours."""

    N: int
    T: int
    D: int
    H: int
    turns: int
    times: str
    share: str = ""


NETWORKS = (
    Network("LSTM", 4, faster.lstm_forward, faster.lstm_backward, torch.nn.LSTM),
    Network("GRU", 3, faster.gru_forward, faster.gru_backward, torch.nn.GRU),
    Network("RNN", 1, faster.rnn_forward, faster.rnn_backward, torch.nn.RNN),
)
SETTINGS = (
    Setting(64, 20, 256, 512, 15, "at most 0.7", "at least 90 %"),
    Setting(32, 16, 128, 128, 200, "at most 1.0"),
)


def measure(clock: Callable[[], float] = time.perf_counter) -> Iterator[Line]:
    """Forward and backward in float32, in turns: the fast form, torch's module, the products alone, a square one."""
    _settle_the_heap()
    for setting in SETTINGS:
        for network in NETWORKS:
            yield from _lines(network, setting, clock)


def _settle_the_heap() -> None:
    """Free one large array, as any process that has loaded data has done; from then on glibc keeps freed memory.

    Before that, it hands every large piece back to the system at once and asks for it again, for both parties alike.
    """
    np.ones(LARGEST_HEAP_PIECE, dtype=np.uint8)


def _lines(network: Network, setting: Setting, clock: Callable[[], float]) -> Iterator[Line]:
    N, T, D, H = setting.N, setting.T, setting.D, setting.H
    rng, G = np.random.default_rng(0), network.gates * setting.H
    shapes = ((N, T, D), (N, H), (D, G), (H, G), (G,), (N, T, H))
    x, h0, Wx, Wh, b, dh = (rng.standard_normal(shape).astype(np.float32) / 20 for shape in shapes)
    square = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
    ours, theirs, products, one = best_seconds(
        setting.turns,
        lambda: network.backward(dh, network.forward(x, h0, Wx, Wh, b)[1]),
        _by_torch(network, x, dh),
        _products(network, setting),
        lambda: square @ square,
        clock=clock,
    )
    rate, best = 6 * N * T * (D + H) * G / ours, 2 * SIDE**3 / one
    what = f"{network.name}, N={N} T={T} D={D} H={H}, forward and backward"
    threads = f"threads: {torch.get_num_threads()}"
    figure = f"{ours / theirs:.2f} times ({ours * 1e3:.2f} ms and {theirs * 1e3:.2f} ms)"
    yield Line(f"{what}, against torch's module, {threads}", figure, setting.times)
    figure = f"{products / ours:.0%} ({products * 1e3:.2f} ms); {rate / best:.0%} of the rate of a square product"
    square_rate = f"{rate / 1e9:.0f} and {best / 1e9:.0f} GFLOP/s"
    yield Line("its matrix products alone take of that", f"{figure} ({square_rate})", setting.share)


def _by_torch(network: Network, x: Array, dh: Array) -> Task:
    module = network.theirs(x.shape[2], dh.shape[2], batch_first=True)
    inputs, upstream = torch.tensor(x, requires_grad=True), torch.tensor(dh)
    leaves = [inputs, *module.parameters()]
    return lambda: torch.autograd.grad(module(inputs)[0], leaves, upstream)


def _products(network: Network, setting: Setting) -> Task:
    """The products that the fast form makes, in the same order and memory layouts, and nothing else."""
    N, T, D, H = setting.N, setting.T, setting.D, setting.H
    G, rng = network.gates * H, np.random.default_rng(1)

    def made(*shape: int) -> Array:
        return rng.standard_normal(shape).astype(np.float32)

    steps, states, sums, Wx, Wh = made(T * N, D), made(T * N, H), made(T * N, G), made(D, G), made(H, G)
    sums_first, states_first, Wh_back = made(G, T * N), made(H, T * N), made(G, H)
    rows = ((steps, Wx), *[(states[:N], Wh)] * T, *[(sums[:N], Wh_back)] * T)
    rows += ((steps.T, sums), (states.T, sums), (sums, Wx.T))
    columns = ((Wx.T, steps.T), *[(Wh.T, made(H, N))] * T, *[(Wh, made(G, N))] * T)
    columns += ((sums_first.T, Wx.T), (sums_first, steps), (sums_first, states_first.T))
    pairs = rows if network.gates == 1 else columns
    outs = [np.empty((left.shape[0], right.shape[1]), dtype=np.float32) for left, right in pairs]
    return lambda: [np.matmul(left, right, out=out) for (left, right), out in zip(pairs, outs, strict=True)]


if __name__ == "__main__":
    print_table(
        "The fast forms", list(measure(time.process_time if "--processor-time" in sys.argv else time.perf_counter))
    )
