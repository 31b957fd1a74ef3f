"""The named mistakes of stage 7, first part: attention by hand in NumPy."""

from autograder.mistakes.s07_attention_captioner import CAPTIONER
from autograder.mistakes.s07_attention_hard import HARD
from autograder.mistakes.s07_attention_sample import SAMPLE
from autograder.mistakes.s07_attention_torch import TORCH
from autograder.suite import Mistake

_SCORE = 'np.einsum("nh,nhl->nl", prev_h, places) / H**0.5'
_NORMAL = "weights = fits / fits.sum(axis=1, keepdims=True)"
_PLACES = "places = A.reshape(N, H, rows * columns)"
_MEAN = 'attn = np.einsum("nl,nhl->nh", weights, places)'
_RETURN = "weights.reshape(N, rows, columns), (prev_h"


def _apart(axis: int) -> str:
    """A softmax along the rows or the columns of each map."""
    return (
        "each = scores.reshape(N, rows, columns)\n"
        f"    each = np.exp(each - each.max(axis={axis}, keepdims=True))\n"
        f"    weights = (each / each.sum(axis={axis}, keepdims=True)).reshape(N, rows * columns)"
    )


LOOK = (
    Mistake(
        "look_without_division",
        "dot_product_attention_forward",
        ((_SCORE, 'np.einsum("nh,nhl->nl", prev_h, places)'),),
        "the scores are too large, and so the weights are too sure of themselves.",
        "What is done with the products before they become weights?",
    ),
    Mistake(
        "look_divides_by_the_length",
        "dot_product_attention_forward",
        ((_SCORE, 'np.einsum("nh,nhl->nl", prev_h, places) / H'),),
        "the scores are too small, and so all weights are much alike.",
        "How large is the sum of H independent numbers of size 1: H, or something else?",
    ),
    Mistake(
        "look_divides_by_the_places",
        "dot_product_attention_forward",
        ((_SCORE, 'np.einsum("nh,nhl->nl", prev_h, places) / (rows * columns) ** 0.5'),),
        "the division is by the root of another number.",
        "Over how many terms does one product of a state and a place run?",
    ),
    Mistake(
        "look_weighs_each_row_apart",
        "dot_product_attention_forward",
        ((_NORMAL, _apart(2)),),
        "the weights of every row of the map add up to 1.",
        "What do all weights of one image add up to?",
    ),
    Mistake(
        "look_weighs_each_column_apart",
        "dot_product_attention_forward",
        ((_NORMAL, _apart(1)),),
        "the weights of every column of the map add up to 1.",
        "What do all weights of one image add up to?",
    ),
    Mistake(
        "look_weighs_over_the_batch",
        "dot_product_attention_forward",
        (
            ("scores.max(axis=1, keepdims=True)", "scores.max(axis=0, keepdims=True)"),
            ("fits.sum(axis=1, keepdims=True)", "fits.sum(axis=0, keepdims=True)"),
        ),
        "it is the images of the batch that compete, and not the places of an image.",
        "Over which axis do the weights add up to 1?",
    ),
    Mistake(
        "look_does_not_divide_by_the_sum",
        "dot_product_attention_forward",
        ((_NORMAL, "weights = fits"),),
        "the weights do not add up to 1.",
        "What makes a softmax of exponentials?",
    ),
    Mistake(
        "look_squashes_each_score",
        "dot_product_attention_forward",
        ((_NORMAL, "weights = (1 + np.tanh(scores / 2)) / 2"),),
        "every place is weighed for itself, and the weights do not add up to 1.",
        "If one place gains, what should the others do?",
    ),
    Mistake(
        "look_overflows",
        "dot_product_attention_forward",
        (
            ("    fits = np.exp(scores - scores.max(axis=1, keepdims=True))\n", ""),
            (
                _NORMAL,
                'with np.errstate(all="ignore"):\n'
                "        weights = (fits := np.exp(scores)) / fits.sum(axis=1, keepdims=True)",
            ),
        ),
        "all is right until the scores are huge; then there are no numbers left.",
        "What may be taken away from all scores of an image without changing its weights?",
    ),
    Mistake(
        "look_takes_the_plain_mean",
        "dot_product_attention_forward",
        ((_MEAN, "attn = places.mean(axis=2)"),),
        "the weights are right, and what is seen does not hang on them.",
        "Does anything change in attn when the state does?",
    ),
    Mistake(
        "look_divides_twice",
        "dot_product_attention_forward",
        ((_MEAN, 'attn = np.einsum("nl,nhl->nh", weights, places) / (rows * columns)'),),
        "the weights are right, and what is seen is too small by the number of places.",
        "The weights add up to 1 already. By what is a weighted mean divided then?",
    ),
    Mistake(
        "look_ignores_the_question",
        "dot_product_attention_forward",
        ((_SCORE, 'np.einsum("nh,nhl->nl", np.ones_like(prev_h), places) / H**0.5'),),
        "the places are weighed, but whatever is asked.",
        "Does anything change in your weights when the state does?",
    ),
    Mistake(
        "look_makes_numbers_longer",
        "dot_product_attention_forward",
        ((_SCORE, 'np.einsum("nh,nhl->nl", prev_h, places) / np.sqrt(H)'),),
        "the values are right, but float32 came in and float64 goes out.",
        "If you print the dtype after each of your lines: in which of them do the numbers get longer?",
    ),
    Mistake(
        "look_cuts_the_features_to_places",
        "dot_product_attention_forward",
        ((_PLACES, "places = A.reshape(N, rows * columns, H).transpose(0, 2, 1)"),),
        "the numbers of a place are not those that stand at this place in A: they are a mixture.",
        "Which axes lie side by side in A, and which of them does your reshape run together?",
    ),
    Mistake(
        "look_lays_the_map_on_its_side",
        "dot_product_attention_forward",
        ((_RETURN, "weights.reshape(N, columns, rows).transpose(0, 2, 1), (prev_h"),),
        "what is seen is right, and the map of weights has the right shape and the wrong order.",
        "When the map became one row of places, did you read it along its rows or its columns?",
    ),
)

_SOFTMAX = "dscores = weights * (dweights - average) / shape[1] ** 0.5"
_SUM = "return dprev_h, (as_values + as_keys).reshape(shape)"

LOOK_BACK = (
    Mistake(
        "look_back_without_average",
        "dot_product_attention_backward",
        ((_SOFTMAX, "dscores = weights * dweights / shape[1] ** 0.5"),),
        "going back through the softmax, each weight is treated as if it hung on its own score alone.",
        "If one weight grows, what happens to the others?",
    ),
    Mistake(
        "look_back_plain_average",
        "dot_product_attention_backward",
        (("(weights * dweights).sum(axis=1, keepdims=True)", "dweights.mean(axis=1, keepdims=True)"),),
        "what is taken away in the softmax's way back is a mean, and not the right one.",
        "Does every place count alike in that mean?",
    ),
    Mistake(
        "look_back_each_for_itself",
        "dot_product_attention_backward",
        ((_SOFTMAX, "dscores = weights * (1 - weights) * dweights / shape[1] ** 0.5"),),
        "this is the way back through a sigmoid.",
        "If one weight grows, what happens to the others?",
    ),
    Mistake(
        "look_back_without_division",
        "dot_product_attention_backward",
        ((_SOFTMAX, "dscores = weights * (dweights - average)"),),
        "the gradients of the scores are too large by a factor that hangs on H.",
        "What was done with the products on the way forward?",
    ),
    Mistake(
        "look_back_makes_numbers_longer",
        "dot_product_attention_backward",
        ((_SOFTMAX, "dscores = weights * (dweights - average) / np.sqrt(shape[1])"),),
        "the values are right, but float32 came in and float64 goes out.",
        "If you print the dtype after each of your lines: in which of them do the numbers get longer?",
    ),
    Mistake(
        "look_back_values_only",
        "dot_product_attention_backward",
        ((_SUM, "return dprev_h, as_values.reshape(shape)"),),
        "the state's gradient is right; the places have got a part of theirs.",
        "In how many of the three steps are the places used?",
    ),
    Mistake(
        "look_back_keys_only",
        "dot_product_attention_backward",
        ((_SUM, "return dprev_h, as_keys.reshape(shape)"),),
        "the state's gradient is right; the places have got a part of theirs.",
        "In how many of the three steps are the places used?",
    ),
    Mistake(
        "look_back_weights_are_constant",
        "dot_product_attention_backward",
        (
            ('dprev_h = np.einsum("nl,nhl->nh", dscores, places)', "dprev_h = np.zeros_like(prev_h)"),
            (_SUM, "return dprev_h, as_values.reshape(shape)"),
        ),
        "the weights are treated as if they were constant, so that nobody learns where to look.",
        "On what do the weights hang?",
    ),
    Mistake(
        "look_back_softmax_skipped",
        "dot_product_attention_backward",
        ((_SOFTMAX, "dscores = dweights / shape[1] ** 0.5 + 0 * average"),),
        "what arrives at the weights is handed to the scores as it is.",
        "What stands between the scores and the weights, and what is its slope?",
    ),
    Mistake(
        "look_back_swaps_state_and_gradient",
        "dot_product_attention_backward",
        (
            ("as_values = dattn[:, :, None] * weights[:, None]", "as_values = prev_h[:, :, None] * weights[:, None]"),
            ("as_keys = prev_h[:, :, None] * dscores[:, None]", "as_keys = dattn[:, :, None] * dscores[:, None]"),
        ),
        "the state's gradient is right; in that of the places, two factors stand in each other's place.",
        "How much does what is seen change when one number at one place does?",
    ),
)

MISTAKES = (*LOOK, *LOOK_BACK, *TORCH, *CAPTIONER, *SAMPLE, *HARD)
