"""The suite of stage 4: LSTM and GRU by hand and in torch, the highway of the cells, torch's parameters."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.drawing import in_layout, linspaces, normal, sizes, with_huge
from autograder.narrow import NARROW, narrow_cases
from autograder.student import Inputs, Play
from autograder.suite import Case, Draw, ExerciseSuite, Suite
from autograder.suites import s04_gates_oracles as oracles
from autograder.suites import s04_gates_plays as plays
from autograder.suites import s04_gates_toys as toys
from autograder.suites.s01_rnn import backward_cases, forward_cases
from seqlab.checking.values import Array

Shape = dict[str, tuple[int, ...]]

# ---------------------------------------------------------------- inputs


def lstm_step_shapes(rng: np.random.Generator, gradient: bool = False, ones: str = "", other: bool = False) -> Shape:
    """N, D, H all different, but 1 where their letter is in ``ones``."""
    N, D, H = sizes(rng, "NDH", ones)
    shapes: Shape = {"x": (N, D), "prev_h": (N, H), "prev_c": (N, H), "Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}
    shapes |= {"dnext_h": (N, H), "dnext_c": (N, H)} if gradient else {}
    return shapes | ({"other_x": (N, D), "other_h": (N, H), "other_c": (N, H)} if other else {})


def gru_step_shapes(rng: np.random.Generator, gradient: bool = False, ones: str = "", other: bool = False) -> Shape:
    """N, D, H all different, but 1 where their letter is in ``ones``."""
    N, D, H = sizes(rng, "NDH", ones)
    shapes: Shape = {"x": (N, D), "prev_h": (N, H), "Wx": (D, 3 * H), "Wh": (H, 3 * H), "b": (3 * H,)}
    shapes |= {"dnext_h": (N, H)} if gradient else {}
    return shapes | ({"other_x": (N, D), "other_h": (N, H)} if other else {})


def sequence_shapes(
    rng: np.random.Generator,
    blocks: int,
    gradient: bool = False,
    ones: str = "",
    other: bool = False,
    starts: tuple[str, ...] = ("h0",),
) -> Shape:
    """N, T, D, H all different, but 1 where their letter is in ``ones``; ``blocks`` blocks of weights."""
    N, T, D, H = sizes(rng, "NTDH", ones)
    shapes: Shape = {"x": (N, T, D)} | dict.fromkeys(starts, (N, H))
    shapes |= {"Wx": (D, blocks * H), "Wh": (H, blocks * H), "b": (blocks * H,)}
    shapes |= {"dh": (N, T, H)} if gradient else {}
    return shapes | ({"other_x": (N, T, D), "other_h": (N, H)} if other else {})


def parameter_shapes(rng: np.random.Generator, torchs: bool, ones: str = "") -> Shape:
    """D and H different, but 1 where their letter is in ``ones``; torch's own parameters or ours."""
    D, H = sizes(rng, "DH", ones)
    if torchs:
        return {"weight_ih": (4 * H, D), "weight_hh": (4 * H, H), "bias_ih": (4 * H,), "bias_hh": (4 * H,)}
    return {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}


def gate_shapes(rng: np.random.Generator, ones: str = "") -> Shape:
    """N, T, H all different, but 1 where their letter is in ``ones``."""
    N, T, H = sizes(rng, "NTH", ones, low=3)
    return {"forget_gates": (N, T, H)}


def gates(shapes: Any, dtype: str = "float64", shut: bool = False) -> Draw:
    """Forget gates between 0.2 and 1; with ``shut``, one gate of each sequence is exactly 0."""

    def _draw(rng: np.random.Generator) -> Inputs:
        shape = shapes(rng)["forget_gates"]
        values: Array = rng.uniform(0.2, 1.0, shape)
        if shut:
            rows = np.arange(shape[0])
            values[rows, rng.integers(1, shape[1], shape[0]), rng.integers(0, shape[2], shape[0])] = 0
        return {"forget_gates": values.astype(dtype)}

    return _draw


lstm_shapes = partial(sequence_shapes, blocks=4)
gru_shapes = partial(sequence_shapes, blocks=3)
lstm_module_shapes = partial(sequence_shapes, blocks=4, starts=("h0", "c0"), gradient=True)

KNOWN_STEP = linspaces(
    x=(-0.4, 1.2, (3, 4)),
    prev_h=(-0.3, 0.7, (3, 5)),
    prev_c=(-0.4, 0.9, (3, 5)),
    Wx=(-2.1, 1.3, (4, 20)),
    Wh=(-0.7, 2.2, (5, 20)),
    b=(0.3, 0.7, (20,)),
)
KNOWN_SEQUENCE = linspaces(
    x=(-0.4, 0.6, (2, 3, 5)),
    h0=(-0.4, 0.8, (2, 4)),
    Wx=(-0.2, 0.9, (5, 16)),
    Wh=(-0.3, 0.6, (4, 16)),
    b=(0.2, 0.7, (16,)),
)

# ---------------------------------------------------------------- cases


def gradient_cases(play: Play, shapes: Any, narrow: str) -> tuple[Case, ...]:
    """The cases that every backward function of this stage meets."""
    plain = partial(shapes, gradient=True)
    return (
        *backward_cases(play, shapes, narrow),
        Case("a huge example among ordinary ones", with_huge(normal(plain), "x"), play),
        Case("two forward passes, back through the first", normal(partial(plain, other=True)), play),
    )


def converter_cases(play: Play, torchs: bool) -> tuple[Case, ...]:
    """The cases of a converter."""
    shapes = partial(parameter_shapes, torchs=torchs)
    return (
        Case("sizes that all differ", normal(shapes), play, weight=4),
        *narrow_cases(play, lambda letter: normal(partial(shapes, ones=letter)), "DH", {"H": "a single unit"}),
        Case("float32 stays float32", normal(shapes, dtype="float32"), play),
        Case("arrays that do not lie in one piece", in_layout(normal(shapes)), play),
        Case("your arguments are left alone", normal(shapes), play, guards_inputs=True),
    )


def module_cases(
    with_gradients: Play, from_nothing: Play, twice: Play, short: Play, shapes: Any, blocks: int
) -> tuple[Case, ...]:
    """The cases of a torch module."""
    empty = partial(sequence_shapes, blocks=blocks, starts=())
    return (
        Case("states and gradients", normal(shapes), with_gradients, weight=5),
        Case("a start without a state", normal(empty), from_nothing, weight=2),
        Case("a single step", normal(partial(shapes, ones="NT")), with_gradients),
        *narrow_cases(with_gradients, lambda letter: normal(partial(shapes, ones=letter)), "TDH"),
        Case("called twice", normal(empty), twice, weight=NARROW),
        Case("float32 stays float32", normal(shapes, dtype="float32"), with_gradients),
        Case("bfloat16, as on a GPU", normal(empty, dtype="float32"), short),
    )


def _start(x: Array, Wh: Array, h0: Array | None) -> Array:
    return np.zeros((len(x), Wh.shape[0]), x.dtype) if h0 is None else h0


LSTM_STEP_FORWARD = ExerciseSuite(
    "lstm_step_forward",
    (
        Case("the known linspace example", KNOWN_STEP, plays.lstm_step, weight=0),
        *forward_cases(plays.lstm_step, lstm_step_shapes, "x", narrow="DH"),
    ),
    oracles.torch_lstm_step,
    toys.LSTM_STEP_FORWARD(plays.lstm_step),
)
LSTM_STEP_BACKWARD = ExerciseSuite(
    "lstm_step_backward",
    gradient_cases(plays.lstm_step_back, lstm_step_shapes, narrow="DH"),
    lambda x, prev_h, prev_c, Wx, Wh, b, dnext_h, dnext_c, **_: oracles.torch_lstm_step(
        x, prev_h, prev_c, Wx, Wh, b, dnext_h, dnext_c
    ),
    toys.LSTM_STEP_BACKWARD(plays.lstm_step_back),
)
LSTM_FORWARD = ExerciseSuite(
    "lstm_forward",
    (
        Case("the known linspace example", KNOWN_SEQUENCE, plays.lstm, weight=0),
        *forward_cases(plays.lstm, lstm_shapes, "x", narrow="TDH"),
    ),
    oracles.torch_lstm,
    toys.LSTM_FORWARD(plays.lstm),
)
LSTM_BACKWARD = ExerciseSuite(
    "lstm_backward",
    gradient_cases(plays.lstm_back, lstm_shapes, narrow="TDH"),
    lambda x, h0, Wx, Wh, b, dh, **_: oracles.torch_lstm(x, h0, Wx, Wh, b, dh),
    toys.LSTM_BACKWARD(plays.lstm_back),
)
HIGHWAY = ExerciseSuite(
    "cell_highway",
    (
        Case("sizes that all differ", gates(gate_shapes), plays.highway, weight=5),
        Case("a single step", gates(partial(gate_shapes, ones="NT")), plays.highway),
        *narrow_cases(plays.highway, lambda letter: gates(partial(gate_shapes, ones=letter)), "TH"),
        Case("gates that are shut", gates(gate_shapes, shut=True), plays.highway, weight=2),
        Case("float32 stays float32", gates(gate_shapes, dtype="float32"), plays.highway),
        Case("arrays that do not lie in one piece", in_layout(gates(gate_shapes)), plays.highway),
        Case("your arguments are left alone", gates(gate_shapes), plays.highway, guards_inputs=True),
    ),
    oracles.torch_highway,
    toys.HIGHWAY(plays.highway),
)
GRU_STEP_FORWARD = ExerciseSuite(
    "gru_step_forward",
    forward_cases(plays.gru_step, gru_step_shapes, "x", narrow="DH"),
    oracles.torch_gru_step,
    toys.GRU_STEP_FORWARD(plays.gru_step),
)
GRU_STEP_BACKWARD = ExerciseSuite(
    "gru_step_backward",
    gradient_cases(plays.gru_step_back, gru_step_shapes, narrow="DH"),
    lambda x, prev_h, Wx, Wh, b, dnext_h, **_: oracles.torch_gru_step(x, prev_h, Wx, Wh, b, dnext_h),
    toys.GRU_STEP_BACKWARD(plays.gru_step_back),
)
GRU_FORWARD = ExerciseSuite(
    "gru_forward",
    forward_cases(plays.gru, gru_shapes, "x", narrow="TDH"),
    oracles.torch_gru,
    toys.GRU_FORWARD(plays.gru),
)
GRU_BACKWARD = ExerciseSuite(
    "gru_backward",
    gradient_cases(plays.gru_back, gru_shapes, narrow="TDH"),
    lambda x, h0, Wx, Wh, b, dh, **_: oracles.torch_gru(x, h0, Wx, Wh, b, dh),
    toys.GRU_BACKWARD(plays.gru_back),
)
FROM_TORCH = ExerciseSuite(
    "lstm_from_torch",
    converter_cases(plays.from_torch, torchs=True),
    oracles.our_lstm_parameters,
    toys.FROM_TORCH(plays.from_torch),
)
TO_TORCH = ExerciseSuite(
    "lstm_to_torch",
    converter_cases(plays.to_torch, torchs=False),
    oracles.torch_lstm_parameters,
    toys.TO_TORCH(plays.to_torch),
)
LSTM_MODULE = ExerciseSuite(
    "LSTM",
    module_cases(
        plays.lstm_module_gradients,
        plays.lstm_module,
        plays.lstm_module_twice,
        plays.lstm_module_in_bfloat16,
        lstm_module_shapes,
        blocks=4,
    ),
    lambda x, Wx, Wh, b, h0=None, c0=None, dh=None: oracles.torch_lstm(x, _start(x, Wh, h0), Wx, Wh, b, dh, c0),
    toys.LSTM_MODULE(plays.lstm_module),
)
GRU_MODULE = ExerciseSuite(
    "GRU",
    module_cases(
        plays.gru_module_gradients,
        plays.gru_module,
        plays.gru_module_twice,
        plays.gru_module_in_bfloat16,
        partial(gru_shapes, gradient=True),
        blocks=3,
    ),
    lambda x, Wx, Wh, b, h0=None, dh=None: oracles.torch_gru(x, _start(x, Wh, h0), Wx, Wh, b, dh),
    toys.GRU_MODULE(plays.gru_module),
)

SUITE = Suite(
    stage="s04_gates",
    returns={
        "lstm_step_forward": ("next_h", "next_c", "cache"),
        "lstm_step_backward": ("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db"),
        "lstm_forward": ("h", "cache"),
        "lstm_backward": ("dx", "dh0", "dWx", "dWh", "db"),
        "gru_step_forward": ("next_h", "cache"),
        "gru_step_backward": ("dx", "dprev_h", "dWx", "dWh", "db"),
        "gru_forward": ("h", "cache"),
        "gru_backward": ("dx", "dh0", "dWx", "dWh", "db"),
        "lstm_from_torch": ("Wx", "Wh", "b"),
        "lstm_to_torch": ("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
    },
    exercises=(
        LSTM_STEP_FORWARD,
        LSTM_STEP_BACKWARD,
        LSTM_FORWARD,
        LSTM_BACKWARD,
        HIGHWAY,
        GRU_STEP_FORWARD,
        GRU_STEP_BACKWARD,
        GRU_FORWARD,
        GRU_BACKWARD,
        FROM_TORCH,
        TO_TORCH,
        LSTM_MODULE,
        GRU_MODULE,
    ),
)
