"""The gates of an LSTM, found from outside by experiments with its step function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seqlab.checking.values import Array

Step = Callable[[Array, Array, Array, Array, Array, Array], tuple[Array, Array, Any]]
FLOOD = 100.0  # a bias that opens a gate, or drives a candidate to 1, whatever the rest of its sum says
FULL = 1e200  # a cell so large that the output gate is all that is left of the state


def measure_gates(step: Step, x: Array, Wx: Array, Wh: Array, b: Array) -> dict[str, Array]:
    """Run an LSTM from zeros and measure its gates at every step.

    ``c' = f c + i g`` and ``h' = o tanh(c')``, where the gates look at ``x`` and the state but not at the cell. So the
    gates show in what a step makes of cells that we choose: 0, 1, and a very large one.

    Args:
        step: ``lstm_step_forward`` (anyone's).
        x: inputs, (N, T, D); computed with in float64, like the weights.
        Wx, Wh, b: (D, 4H), (H, 4H), (4H,), blocks in the order i, f, o, g.

    Returns:
        ``input``, ``forget``, ``output``, ``candidate``, ``cell`` and ``state``, each (N, T, H).
    """
    x, Wx, Wh, b = (np.asarray(array, dtype=np.float64) for array in (x, Wx, Wh, b))
    state = cell = np.zeros((x.shape[0], Wh.shape[0]))
    moments = []
    for t in range(x.shape[1]):
        moment = _gates_of(step, x[:, t], state, (Wx, Wh, b))
        state, cell, _ = step(x[:, t], state, cell, Wx, Wh, b)
        moments.append(moment | {"cell": cell, "state": state})
    return {name: np.stack([moment[name] for moment in moments], axis=1) for name in moments[0]}


def _gates_of(step: Step, x: Array, state: Array, weights: tuple[Array, Array, Array]) -> dict[str, Array]:
    Wx, Wh, b = weights
    H = Wh.shape[0]
    empty, ones, full = np.zeros_like(state), np.ones_like(state), np.full_like(state, FULL)
    written = step(x, state, empty, Wx, Wh, b)[1]
    kept_and_written = step(x, state, ones, Wx, Wh, b)[1]
    return {
        "input": step(x, state, empty, Wx, Wh, _flooded(b, 3 * H, H))[1],
        "forget": kept_and_written - written,
        "output": step(x, state, full, Wx, Wh, b)[0],
        "candidate": step(x, state, empty, Wx, Wh, _flooded(b, 0, H))[1],
    }


def _flooded(b: Array, start: int, count: int) -> Array:
    flooded = b.copy()
    flooded[start : start + count] += FLOOD
    return flooded
