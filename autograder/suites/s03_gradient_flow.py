"""The suite of stage 3: layers on layers, gradients that vanish and explode, clipping."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.drawing import distinct_sizes, in_layout, normal, sizes, with_huge
from autograder.narrow import NARROW, narrow_cases
from autograder.student import Play
from autograder.suite import Case, Draw, ExerciseSuite, Suite
from autograder.suites import s03_gradient_flow_plays as plays
from autograder.suites import s03_gradient_flow_toys as toys
from autograder.suites.s03_gradient_flow_oracles import torch_bounds, torch_clip, torch_norms, torch_stack
from seqlab.checking.values import Array

Shape = dict[str, tuple[int, ...]]

# ---------------------------------------------------------------- inputs


def stack_shapes(
    rng: np.random.Generator,
    layers: int = 3,
    equal: bool = False,
    ones: str = "",
    gradient: bool = False,
    other: bool = False,
    state: bool = True,
    everywhere: bool = False,
) -> Shape:
    """N, T, D and the widths of the layers all different; ``equal`` widths, or 1 where their letter is in ``ones``.

    The ``gradient`` from outside is that of the top layer's states, or of each layer's where it is ``everywhere``.
    """
    N, T, D, *widths = sizes(rng, "NTD" + "H" * layers, ones, low=2, high=9)
    widths = widths[:1] * layers if equal else widths
    shapes: Shape = {"x": (N, T, D)}
    shapes |= {"dh": (N, T, widths[-1])} if gradient else {}
    for layer, (below, width) in enumerate(zip([D, *widths], widths, strict=False)):
        shapes |= {f"Wx[{layer}]": (below, width), f"Wh[{layer}]": (width, width), f"b[{layer}]": (width,)}
        shapes |= {f"h0[{layer}]": (N, width)} if state else {}
        shapes |= {f"dh[{layer}]": (N, T, width)} if everywhere else {}
    return shapes | ({"other_x": (N, T, D)} if other else {})


def chain_shapes(rng: np.random.Generator, gradient: str, ones: str = "", steps: int = 0) -> Shape:
    """States, weights, and the gradient ``dh`` of every state or ``dlast`` of the last; N, T, H all different, or 1."""
    N, T, H = sizes(rng, "NTH", ones, low=3)
    T = steps or T
    return {"h": (N, T, H), "Wh": (H, H), gradient: (N, T, H) if gradient == "dh" else (N, H)}


def squashed(draw: Draw, name: str = "h", scale: float = 2.0) -> Draw:
    """Make an array look like states: every entry in (-1, 1)."""

    def _states(rng: np.random.Generator) -> dict[str, Array]:
        arrays = dict(draw(rng))
        arrays[name] = np.tanh(scale * arrays[name])
        return arrays

    return _states


def grad_shapes(rng: np.random.Generator, single: bool = False) -> Shape:
    """The gradients of a small network; one array where ``single``."""
    D, H, C = distinct_sizes(rng, 3, low=3)
    return {"Wh": (H, H)} if single else {"Wx": (D, H), "Wh": (H, H), "b": (H,), "W_out": (H, C)}


def limited(draw: Draw, low: float, high: float) -> Draw:
    """Add ``max_norm``, between ``low`` and ``high`` times the norm of all entries together."""

    def _limited(rng: np.random.Generator) -> dict[str, Array]:
        arrays = dict(draw(rng))
        norm = np.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays.values()))
        return arrays | {"max_norm": np.asarray((norm or 1.0) * rng.uniform(low, high))}

    return _limited


def zeros(draw: Draw) -> Draw:
    """The same arrays, all zero."""
    return lambda rng: {name: np.zeros_like(array) for name, array in draw(rng).items()}


# ---------------------------------------------------------------- cases


CALM = 0.25  # Wh shrinks what it is given, so that the roundings of bfloat16 do not grow from step to step
LAYERS_OF_ONE = {"H": "layers of a single unit"}


def stack_cases(play: Play, gradient: bool = False) -> tuple[Case, ...]:
    """What both directions of the stack meet."""
    shapes: Any = partial(stack_shapes, gradient=gradient)
    return (
        Case("three layers, sizes that all differ", normal(shapes), play, weight=4),
        Case("three layers of one width", normal(partial(shapes, equal=True)), play, weight=2),
        Case("a single layer", normal(partial(shapes, layers=1)), play),
        Case("one example, one step", normal(partial(shapes, layers=2, ones="NT")), play),
        *narrow_cases(play, lambda letter: normal(partial(shapes, layers=2, ones=letter)), "TDH", LAYERS_OF_ONE),
        Case("float32 stays float32", normal(partial(shapes, layers=2), dtype="float32"), play),
        Case("arrays that do not lie in one piece", in_layout(normal(partial(shapes, layers=2))), play),
        Case("your arguments are left alone", normal(partial(shapes, layers=2)), play, guards_inputs=True),
    )


def chain_cases(play: Play, gradient: str) -> tuple[Case, ...]:
    """What the norms and their bounds meet."""
    shapes: Any = partial(chain_shapes, gradient=gradient)
    flat = squashed(normal(partial(shapes, steps=40)), scale=0.1)
    return (
        Case("sizes that all differ", squashed(normal(shapes)), play, weight=4),
        Case("one example, one step", squashed(normal(partial(shapes, ones="NT"))), play),
        *narrow_cases(play, lambda letter: squashed(normal(partial(shapes, ones=letter))), "TH"),
        Case("forty steps", flat, play),
        Case("states close to -1 and 1", squashed(normal(shapes), scale=20.0), play),
        Case("float32 stays float32", squashed(normal(shapes, dtype="float32")), play),
        Case("arrays that do not lie in one piece", in_layout(squashed(normal(shapes))), play),
        Case("your arguments are left alone", squashed(normal(shapes)), play, guards_inputs=True),
    )


# The gradients of the clipping cases are long (above 10), so that max_norm / (norm + 1e-6), which many people write,
# agrees within the tolerance (a single array has as few as 9 entries, so they are larger); and longer than 1, so that
# the norm and its square lie on two sides of the limit.
LONG = normal(grad_shapes, scale=5.0)
SHORT_FLOATS = normal(grad_shapes, scale=5.0, dtype="float32")
ONE_ARRAY = normal(partial(grad_shapes, single=True), scale=50.0)
EXPLODED = normal(grad_shapes, scale=1e22, dtype="float32")

STACK_FORWARD = ExerciseSuite(
    "multilayer_rnn_forward",
    (
        *stack_cases(plays.stack_forward),
        Case("a huge example among ordinary ones", with_huge(normal(stack_shapes), "x"), plays.stack_forward),
    ),
    torch_stack,
    toys.STACK_FORWARD(plays.stack_forward),
)
STACK_BACKWARD = ExerciseSuite(
    "multilayer_rnn_backward",
    (
        *stack_cases(plays.stack_backward, gradient=True),
        Case(
            "two forward passes, back through the first",
            normal(partial(stack_shapes, layers=2, gradient=True, other=True)),
            plays.stack_backward_with_two_caches,
        ),
    ),
    lambda other_x=None, **inputs: torch_stack(**inputs),
    toys.STACK_BACKWARD(plays.stack_backward),
)
NORMS = ExerciseSuite("state_gradient_norms", chain_cases(plays.norms, "dh"), torch_norms, toys.NORMS(plays.norms))
BOUNDS = ExerciseSuite(
    "gradient_norm_bounds", chain_cases(plays.bounds, "dlast"), torch_bounds, toys.BOUNDS(plays.bounds)
)
CLIP = ExerciseSuite(
    "clip_grad_norm",
    (
        Case("longer than the limit", limited(LONG, 0.1, 0.6), plays.clip, weight=4),
        Case("clipped, then within a wider limit", limited(LONG, 0.2, 0.4), plays.clip_twice, weight=3),
        Case("a single array", limited(ONE_ARRAY, 0.1, 0.6), plays.clip),
        Case("gradients of zero", limited(zeros(LONG), 1.0, 2.0), plays.clip),
        Case("float32 stays float32", limited(SHORT_FLOATS, 0.1, 0.6), plays.clip),
        Case("arrays that do not lie in one piece", limited(in_layout(LONG), 0.1, 0.6), plays.clip),
        Case("float32 entries with squares beyond float32", limited(EXPLODED, 1e-22, 2e-22), plays.clip),
    ),
    torch_clip,
    toys.CLIP(plays.clip),
)
MODULE = ExerciseSuite(
    "MultilayerRNN",
    (
        Case("states and gradients", normal(partial(stack_shapes, everywhere=True)), plays.module_gradients, weight=5),
        Case("a start without states", normal(partial(stack_shapes, state=False)), plays.module_states, weight=2),
        Case(
            "one example, one step",
            normal(partial(stack_shapes, everywhere=True, ones="NT")),
            plays.module_gradients,
        ),
        *narrow_cases(
            plays.module_gradients,
            lambda letter: normal(partial(stack_shapes, everywhere=True, layers=2, ones=letter)),
            "TDH",
            LAYERS_OF_ONE,
        ),
        Case("called twice", normal(partial(stack_shapes, state=False)), plays.module_twice, weight=NARROW),
        Case(
            "float32 stays float32",
            normal(partial(stack_shapes, everywhere=True, layers=2), dtype="float32"),
            plays.module_gradients,
        ),
        Case(
            "bfloat16, as on a GPU",
            normal(partial(stack_shapes, state=False, layers=2), scale=CALM, dtype="float32"),
            plays.module_in_bfloat16,
        ),
    ),
    torch_stack,
    toys.MODULE(plays.module_states),
)

SUITE = Suite(
    stage="s03_gradient_flow",
    returns={
        "multilayer_rnn_forward": ("h", "cache"),
        "multilayer_rnn_backward": ("dx", "dh0", "dWx", "dWh", "db"),
        "state_gradient_norms": ("norms",),
        "gradient_norm_bounds": ("lower", "upper"),
        "clip_grad_norm": ("norm",),
    },
    exercises=(STACK_FORWARD, STACK_BACKWARD, NORMS, BOUNDS, CLIP, MODULE),
)
