"""What stage 4 taught: LSTM and GRU.

torch's ready layers do the work. They keep weights transposed and have two biases; the second is zero here, so that the
GRU's bias stands outside its reset gate. The LSTM's blocks are i, f, o, g here and i, f, g, o there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seqlab.earlier.wrapping import normal, pair


@pair(
    "next_h",
    "next_c",
    example=normal(x=(2, 3), prev_h=(2, 4), prev_c=(2, 4), Wx=(3, 16), Wh=(4, 16), b=(16,)),
)
def lstm_step(x: Tensor, prev_h: Tensor, prev_c: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    """One step of an LSTM.

    Args:
        x: inputs of this step, (N, D).
        prev_h: states after the step before, (N, H).
        prev_c: cells after the step before, (N, H).
        Wx, Wh, b: weights, (D, 4H), (H, 4H) and (4H,), in the order i, f, o, g.

    Returns:
        next_h: states after this step, (N, H).
        next_c: cells after this step, (N, H).
        cache: for lstm_step_backward.
    """
    weights = _lstm_blocks(Wx).T, _lstm_blocks(Wh).T, _lstm_blocks(b), torch.zeros_like(b)
    return torch.lstm_cell(x, (prev_h, prev_c), *weights)


@pair("h", example=normal(x=(2, 3, 4), h0=(2, 5), Wx=(4, 20), Wh=(5, 20), b=(20,)))
def lstm(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """An LSTM over whole sequences, from a cell of zeros.

    Args:
        x: inputs of all steps, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: weights, (D, 4H), (H, 4H) and (4H,), in the order i, f, o, g.

    Returns:
        h: the states after every step, (N, T, H).
        cache: for lstm_backward.
    """
    weights = [_lstm_blocks(Wx).T, _lstm_blocks(Wh).T, _lstm_blocks(b), torch.zeros_like(b)]
    start = (h0.unsqueeze(0), torch.zeros_like(h0).unsqueeze(0))
    h, _, _ = torch.lstm(x, start, weights, True, 1, 0.0, False, False, True)
    return h


@pair("next_h", example=normal(x=(2, 3), prev_h=(2, 4), Wx=(3, 12), Wh=(4, 12), b=(12,)))
def gru_step(x: Tensor, prev_h: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """One step of a GRU, with torch's equations.

    Args:
        x: inputs of this step, (N, D).
        prev_h: states after the step before, (N, H).
        Wx, Wh, b: weights, (D, 3H), (H, 3H) and (3H,), in the order r, z, n; the bias stands outside the reset gate.

    Returns:
        next_h: states after this step, (N, H).
        cache: for gru_step_backward.
    """
    return torch.gru_cell(x, prev_h, Wx.T, Wh.T, b, torch.zeros_like(b))


@pair("h", example=normal(x=(2, 3, 4), h0=(2, 5), Wx=(4, 15), Wh=(5, 15), b=(15,)))
def gru(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """A GRU over whole sequences, with torch's equations.

    Args:
        x: inputs of all steps, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: weights, (D, 3H), (H, 3H) and (3H,), in the order r, z, n; the bias stands outside the reset gate.

    Returns:
        h: the states after every step, (N, T, H).
        cache: for gru_backward.
    """
    weights = [Wx.T, Wh.T, b, torch.zeros_like(b)]
    h, _ = torch.gru(x, h0.unsqueeze(0), weights, True, 1, 0.0, False, False, True)
    return h


def _lstm_blocks(array: Tensor) -> Tensor:
    """The four blocks along the last axis in torch's order."""
    i, f, o, g = array.chunk(4, dim=-1)
    return torch.cat([i, f, g, o], dim=-1)


SUPPLIED = (lstm_step, lstm, gru_step, gru)
