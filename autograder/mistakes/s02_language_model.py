"""The named mistakes of stage 2, first half: one-hot vectors, the embedding, the loss."""

from autograder.mistakes.s02_language_model_text import CHAR_RNN, SELECTIVITY, TRUNCATED
from autograder.suite import Mistake

_PUT = "np.put_along_axis(out, ids[..., None], 1, axis=-1)"
ONE_HOT = (
    Mistake(
        "one_hot_counts_from_one",
        "one_hot",
        ((_PUT, "np.put_along_axis(out, (ids[..., None] - 1) % V, 1, axis=-1)"),),
        "every 1 stands one place too early.",
        "Which place belongs to the id 0?",
    ),
    Mistake(
        "one_hot_counts_backwards",
        "one_hot",
        ((_PUT, "np.put_along_axis(out, V - 1 - ids[..., None], 1, axis=-1)"),),
        "the places are counted from the wrong end.",
        "Which place belongs to the id 0?",
    ),
    Mistake(
        "one_hot_keeps_what_was",
        "one_hot",
        ((_PUT, f"{_PUT}\n    out = np.cumsum(out, axis=1, dtype=out.dtype)"),),
        "the first step is right, and later ones also hold the characters before them.",
        "How many ones should a vector have?",
    ),
    Mistake(
        "one_hot_inverted",
        "one_hot",
        ((_PUT, f"{_PUT}\n    out = 1 - out"),),
        "there is a 0 where a 1 should be, and the other way round.",
        "How many ones should a vector have?",
    ),
    Mistake(
        "one_hot_holds_the_id",
        "one_hot",
        ((_PUT, "np.put_along_axis(out, ids[..., None], ids[..., None], axis=-1)"),),
        "the places are right, and the numbers there are the ids themselves.",
        "Is the character with the larger id larger in any way?",
    ),
)

_LOOK_UP = "out = W[x]"
EMBED = (
    Mistake(
        "embed_counts_from_one",
        "word_embedding_forward",
        ((_LOOK_UP, "out = W[x - 1]"),),
        "each id has received the row of its neighbour.",
        "Which row belongs to the id 0?",
    ),
    Mistake(
        "embed_first_everywhere",
        "word_embedding_forward",
        ((_LOOK_UP, "out = np.repeat(W[x[:, :1]], x.shape[1], axis=1)"),),
        "the first step is right, and all later ones repeat it.",
        "Which id is looked up at step t?",
    ),
    Mistake(
        "embed_scaled",
        "word_embedding_forward",
        ((_LOOK_UP, "out = W[x] * W.shape[1] ** 0.5"),),
        "the rows are the right ones but for a factor: the root of their length.",
        "What does a one-hot vector times W give?",
    ),
    Mistake(
        "embed_squashed",
        "word_embedding_forward",
        ((_LOOK_UP, "out = np.tanh(W[x])"),),
        "the rows are the right ones, and something has been done to their numbers.",
        "What does a one-hot vector times W give?",
    ),
    Mistake(
        "embed_adds_up",
        "word_embedding_forward",
        ((_LOOK_UP, "out = np.cumsum(W[x], axis=1, dtype=W.dtype)"),),
        "the first step is right, and later ones also hold what came before them.",
        "A look-up has no memory. What does it see at step t?",
    ),
)

_ADD = "np.add.at(dW, x, dout)"
EMBED_BACK = (
    Mistake(
        "embed_back_drops_repeats",
        "word_embedding_backward",
        ((_ADD, "dW[x] = dout"),),
        "where an id occurs more than once, one arrival is kept and the others are lost.",
        "What does l receive in hello, and how many of its uses speak in yours?",
    ),
    Mistake(
        "embed_back_averages_repeats",
        "word_embedding_backward",
        (
            (
                _ADD,
                f"{_ADD}\n    dW /= np.maximum(np.bincount(x.ravel(), minlength=len(dW)), 1)[:, None].astype(dW.dtype)",
            ),
        ),
        "where an id occurs more than once, its arrivals have been averaged.",
        "Do the voices of all uses of a weight add up or average?",
    ),
    Mistake(
        "embed_back_averages_batch",
        "word_embedding_backward",
        ((_ADD, f"{_ADD}\n    dW /= len(x)"),),
        "the gradient is right but for a factor: the size of the batch.",
        "Where is the loss averaged over the batch: here, or later?",
    ),
    Mistake(
        "embed_back_averages_time",
        "word_embedding_backward",
        ((_ADD, f"{_ADD}\n    dW /= x.shape[1]"),),
        "the gradient is right but for a factor: the number of steps.",
        "Do the voices of the steps add up or average?",
    ),
    Mistake(
        "embed_back_one_text",
        "word_embedding_backward",
        ((_ADD, "np.add.at(dW, x[:1], dout[:1])"),),
        "only the first text of the batch has been heard.",
        "Who else looked up a row?",
    ),
    Mistake(
        "embed_back_skips_id_zero",
        "word_embedding_backward",
        ((_ADD, f"{_ADD}\n    dW[0] = 0"),),
        "all rows are right except the first, which stays at zero.",
        "Is the id 0 special here?",
    ),
)

_LOSS, _RIGHT = "loss = -np.sum(right * mask) / N", "np.exp(right)[..., None] - 1"
_LOG = "log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))"
_SHIFT, _MASKED, _OVER_N = "shifted = x - x.max(axis=-1, keepdims=True)", "    dx *= mask[..., None]\n", "    dx /= N\n"
SURPRISE = (
    Mistake(
        "surprise_ignores_mask",
        "temporal_softmax_loss",
        ((_LOSS, "loss = -np.sum(right) / N"), (_MASKED, "")),
        "places that should not count have been counted.",
        "What changes in your result when the mask does?",
    ),
    Mistake(
        "surprise_gradient_ignores_mask",
        "temporal_softmax_loss",
        ((_MASKED, ""),),
        "the loss is right, and scores that had no part in it have a gradient.",
        "If a place does not count, how does the loss change with its scores?",
    ),
    Mistake(
        "surprise_mean_over_time",
        "temporal_softmax_loss",
        ((_LOSS, "loss = -np.sum(right * mask) / N / x.shape[1]"), (_OVER_N, "    dx /= N * x.shape[1]\n")),
        "loss and gradient are right but for a factor: the number of steps.",
        "Do the surprises of a text add up or average?",
    ),
    Mistake(
        "surprise_mean_of_what_counts",
        "temporal_softmax_loss",
        ((_LOSS, "loss = -np.sum(right * mask) / mask.sum()"), (_OVER_N, "    dx /= mask.sum().astype(dx.dtype)\n")),
        "loss and gradient are right but for a factor: the number of places that count, where the batch was meant.",
        "By which letter of the formula is the sum divided?",
    ),
    Mistake(
        "surprise_adds_up_batch",
        "temporal_softmax_loss",
        ((_LOSS, "loss = -np.sum(right * mask)"), (_OVER_N, "")),
        "loss and gradient are right but for a factor: the size of the batch.",
        "Is the loss a sum over the batch or a mean?",
    ),
    Mistake(
        "surprise_gradient_not_averaged",
        "temporal_softmax_loss",
        ((_OVER_N, ""),),
        "the loss is right, and the gradient belongs to another loss: N times as large.",
        "You average on the way forward. Where does that appear on the way back?",
    ),
    Mistake(
        "surprise_unstable",
        "temporal_softmax_loss",
        (
            (_SHIFT, "shifted = x"),
            (_LOG, f'with np.errstate(all="ignore"):\n        {_LOG}'),
            (_LOSS, f'with np.errstate(all="ignore"):\n        {_LOSS}'),
        ),
        "all is right until a score is large; then there are numbers that are none.",
        "Which number on the way grew beyond all bounds or was rounded to 0, and do you need that number at all?",
    ),
    Mistake(
        "surprise_gradient_without_target",
        "temporal_softmax_loss",
        ((_RIGHT, "np.exp(right)[..., None]"),),
        "the loss is right, and its gradient does not know which character was the right one.",
        "How does the loss change when the score of the right character rises?",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*ONE_HOT, *EMBED, *EMBED_BACK, *SURPRISE, *CHAR_RNN, *TRUNCATED, *SELECTIVITY)
