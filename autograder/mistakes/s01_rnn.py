"""The named mistakes of stage 1."""

from autograder.suite import Mistake

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "step_without_bias",
        "rnn_step_forward",
        (("x @ Wx + prev_h @ Wh + b", "x @ Wx + prev_h @ Wh"),),
        "these are the values of a step in which one of the five arguments plays no part.",
        "Which one could you change without changing your result?",
    ),
)
