"""The named mistakes of stage 6, first part: the captioner in NumPy."""

from autograder.mistakes.s06_captioning_measures import MEASURES
from autograder.mistakes.s06_captioning_torch import TORCH
from autograder.suite import Mistake

_FIRST = 'h0 = features @ p["W_proj"] + p["b_proj"]'
_SCORE = "earlier.temporal_softmax_loss(scores, targets, targets != self.null)"
_FILL = "            captions[~ended, t] = word[~ended]\n            ended |= word == self.end\n"

LOSS = (
    Mistake(
        "captioner_ignores_its_image",
        "CaptioningRNN",
        ((_FIRST, 'h0 = np.zeros_like(features @ p["W_proj"])'),),
        "this is the loss of a captioner that does not look at its image.",
        "Does anything change in your loss when the features do?",
    ),
    Mistake(
        "captioner_projects_without_bias",
        "CaptioningRNN",
        ((_FIRST, 'h0 = features @ p["W_proj"]'),),
        "the first state is nearly right, and one of the parameters plays no part in it.",
        "Which parameter could you change without changing your loss?",
    ),
    Mistake(
        "captioner_squashes_the_image",
        "CaptioningRNN",
        ((_FIRST, 'h0 = np.tanh(features @ p["W_proj"] + p["b_proj"])'),),
        "the image is squashed on its way into the first state.",
        "What does the equation of the first state say, to the letter?",
    ),
    Mistake(
        "captioner_counts_null",
        "CaptioningRNN",
        ((_SCORE, "earlier.temporal_softmax_loss(scores, targets, targets == targets)"),),
        "the filling at the end of short captions counts too.",
        "Which of the words to say should a captioner not be judged by?",
    ),
    Mistake(
        "captioner_thinks_null_is_zero",
        "CaptioningRNN",
        ((_SCORE, "earlier.temporal_softmax_loss(scores, targets, targets != 0)"),),
        "the right number of something is taken for granted.",
        "Where do you learn which number `<NULL>` has in this vocabulary?",
    ),
    Mistake(
        "captioner_masks_by_its_inputs",
        "CaptioningRNN",
        ((_SCORE, "earlier.temporal_softmax_loss(scores, targets, reads != self.null)"),),
        "one word too many counts in every caption that was filled up.",
        "In the table of the caption about the cat: what is *read* at the step that must not count?",
    ),
    Mistake(
        "captioner_does_not_learn_to_end",
        "CaptioningRNN",
        ((_SCORE, "earlier.temporal_softmax_loss(scores, targets, (targets != self.null) & (targets != self.end))"),),
        "a word that should count does not.",
        "How is a captioner to learn when it has finished?",
    ),
    Mistake(
        "captioner_reads_its_targets",
        "CaptioningRNN",
        (("reads, targets = captions[:, :-1], captions[:, 1:]", "reads, targets = captions[:, 1:], captions[:, 1:]"),),
        "each word is read before it is asked for.",
        "What has a captioner read when it is asked for the first word?",
    ),
    Mistake(
        "captioner_swaps_inputs_and_targets",
        "CaptioningRNN",
        (("reads, targets = captions[:, :-1], captions[:, 1:]", "targets, reads = captions[:, :-1], captions[:, 1:]"),),
        "the captioner is asked for the word *before* the one it reads.",
        "Which of your two pieces begins with `<START>`?",
    ),
    Mistake(
        "captioner_averages_over_time",
        "CaptioningRNN",
        (
            ("targets != self.null)\n\n", "targets != self.null)\n        dscores /= targets.shape[1]\n\n"),
            ("return loss, grads", "return loss / targets.shape[1], grads"),
        ),
        "loss and gradients are right but for a factor: the number of steps.",
        "Do the surprises of a caption add up or average?",
    ),
    Mistake(
        "captioner_projection_not_learned",
        "CaptioningRNN",
        (('grads = {"W_proj": features.T @ dh0,', 'grads = {"W_proj": np.zeros_like(p["W_proj"]),'),),
        "all gradients are right but one, which is zero.",
        "How would the captioner ever learn to make something of an image?",
    ),
    Mistake(
        "captioner_gradient_of_a_later_state",
        "CaptioningRNN",
        (
            (
                "dx, dh0, dWx, dWh, db = backward(dh, cell_cache)",
                "dx, _, dWx, dWh, db = backward(dh, cell_cache)\n        dh0 = dh[:, 0]",
            ),
        ),
        "all is right but the two gradients of the projection: they know of the first word only.",
        "Which state came out of the image, and what has it had a share in?",
    ),
    Mistake(
        "captioner_gradient_of_all_states",
        "CaptioningRNN",
        (('"b_proj": dh0.sum(axis=0)', '"b_proj": dh0.mean(axis=0)'),),
        "all gradients are right but one, which is too small by the size of the batch.",
        "A bias is added to every row. What becomes of the gradients of all rows?",
    ),
)

SAMPLE = (
    Mistake(
        "sample_ignores_its_image",
        "CaptioningRNN",
        (('        h = features @ p["W_proj"] + p["b_proj"]', '        h = np.zeros_like(features @ p["W_proj"])'),),
        "every image is given the same caption.",
        "With which state does the saying begin?",
    ),
    Mistake(
        "sample_never_reads_its_own_words",
        "CaptioningRNN",
        (('x = p["W_embed"][word]', 'x = p["W_embed"][np.full(len(features), self.start)]'),),
        "the first word is right; from then on the captioner goes on as if it had said nothing.",
        "What is read at the second step?",
    ),
    Mistake(
        "sample_feeds_back_the_likeliest_of_the_first_image",
        "CaptioningRNN",
        (('x = p["W_embed"][word]', 'x = p["W_embed"][word[[0] * len(word)]]'),),
        "the first row is right, and the others go on with words that are not theirs.",
        "Whose words does each row of the batch read?",
    ),
    Mistake(
        "sample_returns_start",
        "CaptioningRNN",
        (
            (
                "        return captions\n",
                "        captions[:, 1:] = captions[:, :-1].copy()\n"
                "        captions[:, 0] = self.start\n"
                "        return captions\n",
            ),
        ),
        "the captions begin with a word that is not part of them.",
        "Which word is only read, and never said?",
    ),
    Mistake(
        "sample_goes_on_after_the_end",
        "CaptioningRNN",
        ((_FILL, "            captions[:, t] = word\n            ended |= word == self.end\n"),),
        "there are words after `<END>`.",
        "What should stand in a row after its last word has been said?",
    ),
    Mistake(
        "sample_writes_what_it_reads",
        "CaptioningRNN",
        (
            ("captions[~ended, t] = word[~ended]", "captions[~ended, t] = read[~ended]"),
            ('x = p["W_embed"][word]', 'read = word\n            x = p["W_embed"][read]'),
        ),
        "what is written down at a step is what was read, and not what was said.",
        "Which word is the first of your result, and was it ever said?",
    ),
    Mistake(
        "sample_fills_with_end",
        "CaptioningRNN",
        (
            (
                _FILL,
                "            word[ended] = self.end\n"
                "            captions[:, t] = word\n"
                "            ended |= word == self.end\n",
            ),
        ),
        "`<END>` is said again and again.",
        "What should stand in a row after its last word has been said?",
    ),
    Mistake(
        "sample_leaves_the_end_out",
        "CaptioningRNN",
        ((_FILL, "            ended |= word == self.end\n            captions[~ended, t] = word[~ended]\n"),),
        "the captions stop at the right places, and something is missing there.",
        "Can one see in your result whether a caption was finished, or cut off?",
    ),
    Mistake(
        "sample_stops_for_all",
        "CaptioningRNN",
        ((_FILL, _FILL + "            if ended.any():\n                break\n"),),
        "all captions stop as soon as one of them has ended.",
        "What should the other rows do when one has said `<END>`?",
    ),
    Mistake(
        "sample_says_anything",
        "CaptioningRNN",
        (("            scores[:, [self.start, self.null]] = -np.inf\n", ""),),
        "most captions are right; sometimes a word is said that never should be.",
        "Which two words are never said, whatever their scores?",
    ),
    Mistake(
        "sample_empties_the_cell",
        "CaptioningRNN",
        (
            (
                "h, c, _ = earlier.lstm_step_forward(x, h, c,",
                "h, c, _ = earlier.lstm_step_forward(x, h, np.zeros_like(c),",
            ),
        ),
        "the vanilla captioner is right. The LSTM loses something from word to word.",
        "How many things does an LSTM carry from step to step?",
    ),
    Mistake(
        "sample_says_null",
        "CaptioningRNN",
        (("scores[:, [self.start, self.null]]", "scores[:, [self.start]]"),),
        "most captions are right; in some a row is filled up before it has ended.",
        "Which words are never said, and how many of them are there?",
    ),
    Mistake(
        "sample_image_in_both",
        "CaptioningRNN",
        (("c = np.zeros_like(h)", "c = h.copy()"),),
        "the vanilla captioner is right. The LSTM begins with more than it should.",
        "With what does the cell of an LSTM begin?",
    ),
    Mistake(
        "sample_says_the_unlikeliest",
        "CaptioningRNN",
        (("word = scores.argmax(axis=1)", "word = (scores + 0).argsort(axis=1)[:, -2]"),),
        "at each step the second best word is said.",
        "Which word should be said at each step?",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*LOSS, *SAMPLE, *TORCH, *MEASURES)
