"""The suite of stage 1: the recurrent cell, backpropagation through time, the output layer, a reader of digits."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.drawing import in_layout, linspaces, normal, sizes, with_huge, with_integers
from autograder.narrow import NARROW, narrow_cases
from autograder.oracles import torch_affine, torch_rnn, torch_rnn_step, torch_row_reader
from autograder.student import Play
from autograder.suite import Case, ExerciseSuite, Suite
from autograder.suites import s01_rnn_plays as plays
from autograder.suites import s01_rnn_toys as toys
from seqlab.checking.values import Array

Shape = dict[str, tuple[int, ...]]

# ---------------------------------------------------------------- inputs


def step_shapes(rng: np.random.Generator, gradient: bool = False, ones: str = "", other: bool = False) -> Shape:
    """N, D, H all different, but 1 where their letter is in ``ones``."""
    N, D, H = sizes(rng, "NDH", ones)
    shapes: Shape = {"x": (N, D), "prev_h": (N, H), "Wx": (D, H), "Wh": (H, H), "b": (H,)}
    shapes |= {"dnext_h": (N, H)} if gradient else {}
    return shapes | ({"other_x": (N, D), "other_h": (N, H)} if other else {})


def sequence_shapes(
    rng: np.random.Generator, gradient: bool = False, ones: str = "", other: bool = False, state: bool = True
) -> Shape:
    """N, T, D, H all different, but 1 where their letter is in ``ones``."""
    N, T, D, H = sizes(rng, "NTDH", ones)
    shapes: Shape = {"x": (N, T, D)} | ({"h0": (N, H)} if state else {})
    shapes |= {"Wx": (D, H), "Wh": (H, H), "b": (H,)}
    shapes |= {"dh": (N, T, H)} if gradient else {}
    return shapes | ({"other_x": (N, T, D), "other_h": (N, H)} if other else {})


def affine_shapes(rng: np.random.Generator, gradient: bool = False, ones: str = "", other: bool = False) -> Shape:
    """N, T, D, M all different, but 1 where their letter is in ``ones``."""
    N, T, D, M = sizes(rng, "NTDM", ones)
    shapes: Shape = {"x": (N, T, D), "w": (D, M), "b": (M,)}
    shapes |= {"dout": (N, T, M)} if gradient else {}
    return shapes | ({"other_x": (N, T, D)} if other else {})


def reader_shapes(rng: np.random.Generator, ones: str = "") -> Shape:
    """N, T, D, H, C all different, but 1 where their letter is in ``ones``."""
    N, T, D, H, C = sizes(rng, "NTDHC", ones, low=3, high=9)
    return {"images": (N, T, D), "Wx": (D, H), "Wh": (H, H), "b": (H,), "W_out": (H, C), "b_out": (C,)}


def labelled(draw: Any) -> Any:
    """Add a label for each image."""
    return with_integers(draw, "labels", lambda arrays: (len(arrays["images"]), arrays["W_out"].shape[1]))


def scores_in_the_thousands(rng: np.random.Generator) -> dict[str, Array]:
    """One unit drives all scores into the thousands, in every image but the first: a blank, which that unit ignores."""
    arrays = dict(normal(reader_shapes)(rng))
    arrays["images"][0] = 0
    arrays["images"][1:] *= 10
    arrays["Wh"][:, -1] = 0
    arrays["b"][-1] = 0
    arrays["W_out"][-1] *= 1e4
    return arrays


KNOWN_STEP = linspaces(
    x=(-0.4, 0.7, (3, 10)),
    prev_h=(-0.2, 0.5, (3, 4)),
    Wx=(-0.1, 0.9, (10, 4)),
    Wh=(-0.3, 0.7, (4, 4)),
    b=(-0.2, 0.4, (4,)),
)
KNOWN_SEQUENCE = linspaces(
    x=(-0.1, 0.3, (2, 3, 4)),
    h0=(-0.3, 0.1, (2, 5)),
    Wx=(-0.2, 0.4, (4, 5)),
    Wh=(-0.4, 0.1, (5, 5)),
    b=(-0.7, 0.1, (5,)),
)

# ---------------------------------------------------------------- cases


def forward_cases(play: Play, shapes: Any, large: str, narrow: str) -> tuple[Case, ...]:
    """The cases that every forward function meets; ``large`` names the input with a huge row.

    ``narrow`` are the letters of the sizes that are 1 in a case of their own.
    """
    return (
        Case("sizes that all differ", normal(shapes), play, weight=4),
        Case("a single example", normal(partial(shapes, ones="NT")), play),
        *narrow_cases(play, lambda letter: normal(partial(shapes, ones=letter)), narrow),
        Case("float32 stays float32", normal(shapes, dtype="float32"), play),
        Case("arrays that do not lie in one piece", in_layout(normal(shapes)), play),
        Case("a huge example among ordinary ones", with_huge(normal(shapes), large), play),
        Case("your arguments are left alone", normal(shapes), play, guards_inputs=True),
    )


def backward_cases(play: Play, shapes: Any, narrow: str) -> tuple[Case, ...]:
    """The cases that every backward function meets; ``narrow`` as in :func:`forward_cases`."""
    plain = partial(shapes, gradient=True)
    return (
        Case("sizes that all differ", normal(plain), play, weight=5),
        Case("a single example", normal(partial(plain, ones="NT")), play),
        *narrow_cases(play, lambda letter: normal(partial(plain, ones=letter)), narrow),
        Case("float32 stays float32", normal(plain, dtype="float32"), play),
        Case("arrays that do not lie in one piece", in_layout(normal(plain)), play),
        Case("your arguments are left alone", normal(plain), play, guards_inputs=True),
    )


def two_caches(play: Play, shapes: Any) -> Case:
    """A case for caches that are kept in one place and overwritten."""
    return Case("two forward passes, back through the first", normal(partial(shapes, gradient=True, other=True)), play)


CALM = 0.25  # Wh shrinks what it is given, so that the roundings of bfloat16 do not grow from step to step

STEP_FORWARD = ExerciseSuite(
    "rnn_step_forward",
    (
        Case("the known linspace example", KNOWN_STEP, plays.step_forward, weight=0),
        *forward_cases(plays.step_forward, step_shapes, "x", narrow="DH"),
    ),
    torch_rnn_step,
    toys.STEP_FORWARD(plays.step_forward),
)
STEP_BACKWARD = ExerciseSuite(
    "rnn_step_backward",
    (
        *backward_cases(plays.step_backward, step_shapes, narrow="DH"),
        two_caches(plays.step_backward_with_two_caches, step_shapes),
    ),
    lambda x, prev_h, Wx, Wh, b, dnext_h, **_: torch_rnn_step(x, prev_h, Wx, Wh, b, dnext_h),
    toys.STEP_BACKWARD(plays.step_backward),
)
FORWARD = ExerciseSuite(
    "rnn_forward",
    (
        Case("the known linspace example", KNOWN_SEQUENCE, plays.forward, weight=0),
        *forward_cases(plays.forward, sequence_shapes, "x", narrow="TDH"),
    ),
    torch_rnn,
    toys.FORWARD(plays.forward),
)
BACKWARD = ExerciseSuite(
    "rnn_backward",
    (
        *backward_cases(plays.backward, sequence_shapes, narrow="TDH"),
        two_caches(plays.backward_with_two_caches, sequence_shapes),
    ),
    lambda x, h0, Wx, Wh, b, dh, **_: torch_rnn(x, h0, Wx, Wh, b, dh),
    toys.BACKWARD(plays.backward),
)
AFFINE_FORWARD = ExerciseSuite(
    "temporal_affine_forward",
    forward_cases(plays.affine_forward, affine_shapes, "x", narrow="TDM"),
    torch_affine,
    toys.AFFINE_FORWARD(plays.affine_forward),
)
AFFINE_BACKWARD = ExerciseSuite(
    "temporal_affine_backward",
    (
        *backward_cases(plays.affine_backward, affine_shapes, narrow="TDM"),
        two_caches(plays.affine_backward_with_two_caches, affine_shapes),
    ),
    lambda other_x=None, **inputs: torch_affine(**inputs),
    toys.AFFINE_BACKWARD(plays.affine_backward),
)
ROW_READER = ExerciseSuite(
    "RowReader",
    (
        Case("sizes that all differ", labelled(normal(reader_shapes)), plays.read_rows, weight=6),
        Case(
            "a single image of a single row",
            labelled(normal(partial(reader_shapes, ones="NT"))),
            plays.read_rows,
        ),
        *narrow_cases(
            plays.read_rows,
            lambda letter: labelled(normal(partial(reader_shapes, ones=letter))),
            "TDH",
            {"T": "several images of a single row"},
        ),
        Case("asked twice", labelled(normal(reader_shapes)), plays.read_rows_twice, weight=NARROW),
        Case("float32 stays float32", labelled(normal(reader_shapes, dtype="float32")), plays.read_rows),
        Case("scores in the thousands", labelled(scores_in_the_thousands), plays.read_rows),
        Case("your arguments are left alone", labelled(normal(reader_shapes)), plays.read_rows, guards_inputs=True),
    ),
    torch_row_reader,
    toys.ROW_READER(plays.read_rows),
)
MODULE = ExerciseSuite(
    "RNN",
    (
        Case("states and gradients", normal(partial(sequence_shapes, gradient=True)), plays.module_gradients, weight=5),
        Case("a start without a state", normal(partial(sequence_shapes, state=False)), plays.module_forward, weight=2),
        Case("a single step", normal(partial(sequence_shapes, gradient=True, ones="NT")), plays.module_gradients),
        *narrow_cases(
            plays.module_gradients,
            lambda letter: normal(partial(sequence_shapes, gradient=True, ones=letter)),
            "TDH",
        ),
        Case("called twice", normal(partial(sequence_shapes, state=False)), plays.module_twice, weight=NARROW),
        Case(
            "float32 stays float32",
            normal(partial(sequence_shapes, gradient=True), dtype="float32"),
            plays.module_gradients,
        ),
        Case(
            "bfloat16, as on a GPU",
            normal(partial(sequence_shapes, state=False), scale=CALM, dtype="float32"),
            plays.module_in_bfloat16,
        ),
    ),
    lambda x, Wx, Wh, b, h0=None, dh=None: torch_rnn(
        x, np.zeros((len(x), Wh.shape[0]), x.dtype) if h0 is None else h0, Wx, Wh, b, dh
    ),
    toys.MODULE(plays.module_forward),
)

SUITE = Suite(
    stage="s01_rnn",
    returns={
        "rnn_step_forward": ("next_h", "cache"),
        "rnn_step_backward": ("dx", "dprev_h", "dWx", "dWh", "db"),
        "rnn_forward": ("h", "cache"),
        "rnn_backward": ("dx", "dh0", "dWx", "dWh", "db"),
        "temporal_affine_forward": ("out", "cache"),
        "temporal_affine_backward": ("dx", "dw", "db"),
        ".loss": ("loss", "grads"),
    },
    exercises=(STEP_FORWARD, STEP_BACKWARD, FORWARD, BACKWARD, AFFINE_FORWARD, AFFINE_BACKWARD, ROW_READER, MODULE),
)
