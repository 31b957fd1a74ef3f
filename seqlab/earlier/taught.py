"""Which stage teaches which function, and the module that has it ready. Importing this is quick: no torch."""

from __future__ import annotations

from dataclasses import dataclass


class EarlierError(AttributeError):
    """What was asked for is not there; the text says what to do instead.

    An AttributeError, so that ``hasattr`` and completion work as usual.
    """


@dataclass(frozen=True)
class Lesson:
    """What later stages get of one stage.

    Attributes:
        stage: the stage that teaches it.
        module: the module of this package that has it ready, imported when first needed.
        names: the exercises, by the names that students write.
    """

    stage: str
    module: str
    names: tuple[str, ...]


LESSONS = (
    Lesson(
        "s01_rnn",
        "vanilla",
        (
            "rnn_step_forward",
            "rnn_step_backward",
            "rnn_forward",
            "rnn_backward",
            "temporal_affine_forward",
            "temporal_affine_backward",
        ),
    ),
    Lesson(
        "s02_language_model",
        "language",
        ("one_hot", "word_embedding_forward", "word_embedding_backward", "temporal_softmax_loss"),
    ),
    Lesson("s03_gradient_flow", "stacked", ("multilayer_rnn_forward", "multilayer_rnn_backward", "clip_grad_norm")),
    Lesson(
        "s04_gates",
        "gated",
        (
            "lstm_step_forward",
            "lstm_step_backward",
            "lstm_forward",
            "lstm_backward",
            "gru_step_forward",
            "gru_step_backward",
            "gru_forward",
            "gru_backward",
        ),
    ),
)
TAUGHT = {name: lesson for lesson in LESSONS for name in lesson.names}


def comes_before(stage: str, other: str) -> bool:
    """Whether ``stage`` comes before ``other``: ids begin with ``s`` and two digits."""
    return stage[:3] < other[:3]
