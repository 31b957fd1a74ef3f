"""Recurrent networks as torch modules that are fast on a GPU: one product for all inputs, and one kernel for the rest of a step.

What lies between the products of a step is written as one function. On CUDA it is compiled to one kernel (``torch.compile``);
elsewhere it runs as it is. Backwards, autograd would make a product and a sum for ``Wh`` at every step; the passes here carry the
state's gradient through the loop and make one product for all steps after it. ``graphed`` records a module's kernels once
and replays them, so that Python is out of the way.

The weights have the names, shapes and gate order of the course: Wx (D, G), Wh (H, G), b (G,).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Step = Callable[..., Any]


@functools.cache
def _compiled(step: Step) -> Step:
    compiled: Step = torch.compile(step, dynamic=False)
    return compiled


def _for_device(step: Step, device: torch.device) -> Step:
    return _compiled(step) if device.type == "cuda" else step


# The steps make new tensors and change none: in a compiled function, a tensor that is written to and shares its memory
# with another argument costs copies of both, and a CUDA graph makes new memory free.


def _rnn_step_back(dstate: Tensor, dh: Tensor, state: Tensor) -> Tensor:
    return (dstate + dh) * (1 - state * state)


def _lstm_step(sums: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From the sums (N, 4H) to the gates i, f, o, g, the next cell and the next state."""
    i, f, o, g = sums.chunk(4, dim=1)
    i, f, o, g = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o), torch.tanh(g)
    next_cell = f * cell + i * g
    return torch.cat([i, f, o, g], dim=1), next_cell, o * torch.tanh(next_cell)


def _lstm_step_back(
    dstate: Tensor, dh: Tensor, dcell: Tensor, gates: Tensor, cell: Tensor, next_cell: Tensor
) -> tuple[Tensor, Tensor]:
    """The gradients of the sums (N, 4H) and of the cell before."""
    i, f, o, g = gates.chunk(4, dim=1)
    squashed, arriving = torch.tanh(next_cell), dstate + dh
    dc = dcell + arriving * o * (1 - squashed * squashed)
    di, df, do = dc * g * i * (1 - i), dc * cell * f * (1 - f), arriving * squashed * o * (1 - o)
    return torch.cat([di, df, do, dc * i * (1 - g * g)], dim=1), dc * f


def _gru_step(part: Tensor, recurrent: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """From the input's part and the state's (N, 3H) to the gates r, z, n and the next state."""
    (r, z, n), (hr, hz, hn) = part.chunk(3, dim=1), recurrent.chunk(3, dim=1)
    r, z = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
    n = torch.tanh(n + r * hn)
    return torch.cat([r, z, n], dim=1), n + z * (state - n)


def _gru_step_back(
    dstate: Tensor, dh: Tensor, gates: Tensor, recurrent: Tensor, state: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of the sums (N, 3H) on the input's and on the state's side, and what z lets by to the state before."""
    r, z, n = gates.chunk(3, dim=1)
    arriving = dstate + dh
    dn = arriving * (1 - z) * (1 - n * n)
    dr, dz = dn * recurrent.chunk(3, dim=1)[2] * r * (1 - r), arriving * (state - n) * z * (1 - z)
    return torch.cat([dr, dz, dn], dim=1), torch.cat([dr, dz, dn * r], dim=1), arriving * z


def _weight_gradient(states: Tensor, dsums: Tensor) -> Tensor:
    """The gradient of Wh (H, G) from the states before every step, (T, N, H), and all sums' gradients, (T, N, G)."""
    return states.flatten(0, 1).T @ dsums.flatten(0, 1)


class _RNNPass(torch.autograd.Function):
    """From the input's parts (T, N, H) and h0 (N, H) to the states (T, N, H)."""

    @staticmethod
    def forward(ctx: Any, parts: Tensor, h0: Tensor, Wh: Tensor) -> Tensor:
        states = [h0]
        for part in parts:
            states.append(torch.addmm(part, states[-1], Wh).tanh_())
        kept = torch.stack(states)
        ctx.save_for_backward(kept, Wh)
        return kept[1:].clone()

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, dh: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states, Wh = ctx.saved_tensors
        step, dsums, dstate = _for_device(_rnn_step_back, dh.device), [], torch.zeros_like(dh[0])
        for t in reversed(range(len(dh))):
            dsums.append(step(dstate, dh[t], states[t + 1]))
            dstate = dsums[-1] @ Wh.T
        dparts = torch.stack(dsums[::-1])
        return dparts, dstate, _weight_gradient(states[:-1], dparts)


class _LSTMPass(torch.autograd.Function):
    """From the input's parts (T, N, 4H) and h0 (N, H) to the states (T, N, H); the first cell is zero."""

    @staticmethod
    def forward(ctx: Any, parts: Tensor, h0: Tensor, Wh: Tensor) -> Tensor:
        step, states, cells, gates = _for_device(_lstm_step, parts.device), [h0], [torch.zeros_like(h0)], []
        for part in parts:
            opened, cell, state = step(torch.addmm(part, states[-1], Wh), cells[-1])
            gates.append(opened)
            cells.append(cell)
            states.append(state)
        kept = torch.stack(states)
        ctx.save_for_backward(kept, Wh, *cells, *gates)
        return kept[1:].clone()

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, dh: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        T, (states, Wh, *others) = len(dh), ctx.saved_tensors
        cells, gates = others[: T + 1], others[T + 1 :]
        step, dsums = _for_device(_lstm_step_back, dh.device), []
        dstate, dcell = torch.zeros_like(dh[0]), torch.zeros_like(dh[0])
        for t in reversed(range(T)):
            dsum, dcell = step(dstate, dh[t], dcell, gates[t], cells[t], cells[t + 1])
            dsums.append(dsum)
            dstate = dsum @ Wh.T
        dparts = torch.stack(dsums[::-1])
        return dparts, dstate, _weight_gradient(states[:-1], dparts)


class _GRUPass(torch.autograd.Function):
    """From the input's parts (T, N, 3H) and h0 (N, H) to the states (T, N, H)."""

    @staticmethod
    def forward(ctx: Any, parts: Tensor, h0: Tensor, Wh: Tensor) -> Tensor:
        step, states, gates, recurrents = _for_device(_gru_step, parts.device), [h0], [], []
        for part in parts:
            recurrents.append(states[-1] @ Wh)
            opened, state = step(part, recurrents[-1], states[-1])
            gates.append(opened)
            states.append(state)
        kept = torch.stack(states)
        ctx.save_for_backward(kept, Wh, *gates, *recurrents)
        return kept[1:].clone()

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, dh: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        T, (states, Wh, *others) = len(dh), ctx.saved_tensors
        step, dparts, drecurrents, dstate = _for_device(_gru_step_back, dh.device), [], [], torch.zeros_like(dh[0])
        for t in reversed(range(T)):
            dpart, drecurrent, past = step(dstate, dh[t], others[t], others[T + t], states[t])
            dparts.append(dpart)
            drecurrents.append(drecurrent)
            dstate = torch.addmm(past, drecurrent, Wh.T)
        return torch.stack(dparts[::-1]), dstate, _weight_gradient(states[:-1], torch.stack(drecurrents[::-1]))


class Recurrent(nn.Module):
    """What the three have in common; a subclass says how many gates there are and which pass is theirs."""

    gates: ClassVar[int]
    run: ClassVar[Callable[..., Any]]

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        """Make the parameters Wx (D, G), Wh (H, G) and b (G,), where G is H for each gate."""
        super().__init__()
        G = self.gates * hidden_dim
        self.Wx = nn.Parameter(torch.randn(input_dim, G) / input_dim**0.5)
        self.Wh = nn.Parameter(torch.randn(hidden_dim, G) / hidden_dim**0.5)
        self.b = nn.Parameter(torch.zeros(G))

    def forward(self, x: Tensor, h0: Tensor | None = None) -> Tensor:
        """Run over whole sequences.

        Args:
            x: inputs, (N, T, D).
            h0: states before the first step, (N, H); zeros if None.

        Returns:
            The states after every step, (N, T, H), a transposed view as torch's own modules return it.
        """
        N, T, D = x.shape
        start = x.new_zeros(N, self.Wh.shape[0]) if h0 is None else h0
        parts = torch.addmm(self.b, x.transpose(0, 1).reshape(T * N, D), self.Wx).view(T, N, -1)
        states: Tensor = type(self).run(parts, start, self.Wh)
        return states.transpose(0, 1)


class RNN(Recurrent):
    """A vanilla recurrent network (stage 1)."""

    gates = 1
    run = _RNNPass.apply


class LSTM(Recurrent):
    """An LSTM (stage 4), gates in the order i, f, o, g."""

    gates = 4
    run = _LSTMPass.apply


class GRU(Recurrent):
    """A GRU (stage 4), in the order r, z, n, with torch's equations and one bias on the input's side."""

    gates = 3
    run = _GRUPass.apply


def graphed(model: Recurrent, x: Tensor) -> Callable[[Tensor], Tensor]:
    """``model`` with its kernels recorded in CUDA graphs, for inputs of the shape and type of ``x`` on the GPU.

    Raises:
        ValueError: ``x`` is not on a GPU.
    """
    if not x.is_cuda:
        raise ValueError(f"CUDA graphs need inputs on a GPU; these are on {x.device}")
    recorded: Any = torch.cuda.make_graphed_callables(model, (x,))
    return lambda x: recorded(x)
