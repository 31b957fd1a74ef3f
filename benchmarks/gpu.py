"""On a GPU, by ``python -m benchmarks.gpu``: the modules of ``solutions.faster`` against cuDNN, and attention."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from benchmarks.gpu_attention import measure_epochs
from benchmarks.measuring import Line, best_seconds, print_table
from solutions.faster import modules

N, T, D, H = 64, 50, 512, 512
PAIRS: tuple[tuple[type[modules.Recurrent], Callable[..., nn.Module]], ...] = (
    (modules.RNN, nn.RNN),
    (modules.LSTM, nn.LSTM),
    (modules.GRU, nn.GRU),
)
RUNS = 30


def main() -> None:
    """Measure on the GPU, or say that there is none."""
    if not torch.cuda.is_available():
        print("no GPU here: nothing was measured")
        return
    name = f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {time.strftime('%Y-%m-%d')}"
    print_table(f"Torch modules against cuDNN, {name}", list(measure()))
    print_table(f"A captioner that looks, {name}", list(measure_epochs("cuda")))


def measure() -> Iterator[Line]:
    """Forward and backward against cuDNN, in float32 and with TF32 products, and how far float32 is from float64."""
    for ours, theirs in PAIRS:
        yield Line(f"{ours.__name__}, farthest from the CPU's float64", f"{farthest(ours, 'cuda'):.1e}", "at most 1e-4")
        for tf32 in (False, True):
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
            mine, cudnn = best_seconds(RUNS, *_tasks(ours, theirs))
            what = f"{ours.__name__}, N={N} T={T} D={D} H={H}, forward and backward, {'TF32' if tf32 else 'float32'}"
            figure = f"{mine / cudnn:.2f} times ({mine * 1e3:.2f} ms and {cudnn * 1e3:.2f} ms)"
            yield Line(f"{what}, against cuDNN", figure, "at most 1.2")
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def _tasks(ours: type[modules.Recurrent], theirs: Callable[..., nn.Module]) -> list[Callable[[], None]]:
    x = torch.randn(N, T, D, device="cuda", requires_grad=True)
    mine, cudnn = ours(D, H).cuda(), theirs(D, H, batch_first=True).cuda()
    recorded, dh = modules.graphed(mine, x), torch.randn(N, T, H, device="cuda")
    tasks: list[Callable[[], None]] = [
        lambda: _there_and_back(recorded(x), dh, [x, *mine.parameters()]),
        lambda: _there_and_back(cudnn(x)[0], dh, [x, *cudnn.parameters()]),
    ]
    for task in tasks * 3:
        task()
    return tasks


def _there_and_back(h: Tensor, dh: Tensor, leaves: list[Tensor]) -> None:
    torch.autograd.grad(h, leaves, dh)
    torch.cuda.synchronize()


def farthest(ours: type[modules.Recurrent], device: str) -> float:
    """How far a float32 result on ``device`` is from the CPU's in float64, relative to the largest entry."""
    model = ours(24, 40).double()
    x, dh = torch.randn(8, 12, 24, dtype=torch.float64), torch.randn(8, 12, 40, dtype=torch.float64)
    exact = _results(model, x, dh)
    rough = _results(model.to(device, torch.float32), x.to(device, torch.float32), dh.to(device, torch.float32))
    pairs = zip(exact, rough, strict=True)
    return max(float((one - other.cpu().double()).abs().max() / one.abs().max()) for one, other in pairs)


def _results(model: modules.Recurrent, x: Tensor, dh: Tensor) -> list[Tensor]:
    x = x.detach().requires_grad_()
    h = model(x)
    return [h.detach(), *torch.autograd.grad(h, [x, *model.parameters()], dh)]


if __name__ == "__main__":
    main()
