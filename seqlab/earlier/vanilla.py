"""What stage 1 taught: the vanilla recurrent network and the affine layer of every step.

torch's ready layers do the work. They keep their weights transposed and have two biases; the second is zero here.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

from seqlab.earlier.wrapping import normal, pair


@pair("next_h", example=normal(x=(2, 3), prev_h=(2, 4), Wx=(3, 4), Wh=(4, 4), b=(4,)))
def rnn_step(x: Tensor, prev_h: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """One step of a vanilla recurrent network.

    Args:
        x: inputs of this step, (N, D).
        prev_h: states after the step before, (N, H).
        Wx, Wh, b: weights, (D, H), (H, H) and (H,).

    Returns:
        next_h: states after this step, (N, H).
        cache: for rnn_step_backward.
    """
    return torch.rnn_tanh_cell(x, prev_h, Wx.T, Wh.T, b, torch.zeros_like(b))


@pair("h", example=normal(x=(2, 3, 4), h0=(2, 5), Wx=(4, 5), Wh=(5, 5), b=(5,)))
def rnn(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """A vanilla recurrent network over whole sequences.

    Args:
        x: inputs of all steps, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: weights, (D, H), (H, H) and (H,).

    Returns:
        h: the states after every step, (N, T, H).
        cache: for rnn_backward.
    """
    return recurrent_layer(x, h0, Wx, Wh, b)


@pair("out", example=normal(x=(2, 3, 4), w=(4, 5), b=(5,)))
def temporal_affine(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """One affine layer at every step.

    Args:
        x: (N, T, D).
        w: weights, (D, M).
        b: bias, (M,).

    Returns:
        out: scores at every step, (N, T, M).
        cache: for temporal_affine_backward.
    """
    return linear(x, w.T, b)


def recurrent_layer(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """torch's ready layer: the states after every step, (N, T, H); arguments as those of ``rnn``."""
    weights = [Wx.T, Wh.T, b, torch.zeros_like(b)]
    h, _ = torch.rnn_tanh(x, h0.unsqueeze(0), weights, True, 1, 0.0, False, False, True)
    return h


SUPPLIED = (rnn_step, rnn, temporal_affine)
