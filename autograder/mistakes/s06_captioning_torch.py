"""The named mistakes of stage 6, second part: the image at every step, and the captioner in torch."""

from autograder.suite import Mistake

_STEP = "np.tanh(x @ Wx + prev_h @ Wh + v @ Wi + b)"
_LSTM = "self.lstm(self.embed(captions[:, :-1]), (h0, torch.zeros_like(h0)))"
_FILL = "            captions[~ended, t] = word[~ended]\n"

INJECT_FORWARD = (
    Mistake(
        "inject_without_image",
        "inject_step_forward",
        ((_STEP, "np.tanh(x @ Wx + prev_h @ Wh + b)"),),
        "this is a step that does not look at the image.",
        "Which arguments could you change without changing your result?",
    ),
    Mistake(
        "inject_without_bias",
        "inject_step_forward",
        ((_STEP, "np.tanh(x @ Wx + prev_h @ Wh + v @ Wi)"),),
        "these are the values of a step in which one of the seven arguments plays no part.",
        "Which one could you change without changing your result?",
    ),
    Mistake(
        "inject_image_outside",
        "inject_step_forward",
        ((_STEP, "np.tanh(x @ Wx + prev_h @ Wh + b) + v @ Wi"),),
        "the image is added, but in the wrong place: the states are not between -1 and 1.",
        "Where does the squashing begin and end in the equation?",
    ),
    Mistake(
        "inject_without_squashing",
        "inject_step_forward",
        ((_STEP, "x @ Wx + prev_h @ Wh + v @ Wi + b"),),
        "the sum is right, and something is still to be done with it.",
        "Between which numbers does a state lie?",
    ),
    Mistake(
        "inject_without_the_past",
        "inject_step_forward",
        ((_STEP, "np.tanh(x @ Wx + v @ Wi + b) + 0 * prev_h"),),
        "the step has forgotten all that came before.",
        "What does the state before contribute?",
    ),
)

INJECT_BACKWARD = (
    Mistake(
        "inject_back_without_slope",
        "inject_step_backward",
        (("dsum = dnext_h * (1 - next_h**2)", "dsum = dnext_h"),),
        "the way back goes through the products, and leaves something out before them.",
        "What stands between next_h and the sum, and what is its slope?",
    ),
    Mistake(
        "inject_back_slope_without_square",
        "inject_step_backward",
        (("(1 - next_h**2)", "(1 - next_h)"),),
        "the slope of the squashing is not quite that of a hyperbolic tangent.",
        "Derive the slope once more: what is it where next_h is -1?",
    ),
    Mistake(
        "inject_back_image_has_no_gradient",
        "inject_step_backward",
        (("dv = dsum @ Wi.T", "dv = np.zeros_like(v)"),),
        "all is right except one, which is zero.",
        "Does the loss not change when the image does?",
    ),
    Mistake(
        "inject_back_image_weights_not_learned",
        "inject_step_backward",
        (("dWi = v.T @ dsum", "dWi = np.zeros_like(Wi)"),),
        "all is right except one, which is zero.",
        "Which of the weights would never learn anything?",
    ),
    Mistake(
        "inject_back_bias_averaged",
        "inject_step_backward",
        (("dsum.sum(axis=0)", "dsum.mean(axis=0)"),),
        "the gradient of the bias is too small by the size of the batch.",
        "A bias is added to every row. What becomes of the gradients of all rows?",
    ),
    Mistake(
        "inject_back_recurrent_not_transposed",
        "inject_step_backward",
        (("dprev_h = dsum @ Wh.T", "dprev_h = dsum @ Wh"),),
        "one gradient has the right shape and wrong numbers: its matrix is square, so no shape could warn you.",
        "Try a recurrent matrix with a single entry that is not zero: which way does a gradient flow through it?",
    ),
)

CAPTIONER = (
    Mistake(
        "module_ignores_its_image",
        "Captioner",
        ((_LSTM, "self.lstm(self.embed(captions[:, :-1]))"),),
        "these are the scores of a captioner that does not look at its image.",
        "Does anything change in your scores when the features do?",
    ),
    Mistake(
        "module_image_in_the_cell",
        "Captioner",
        ((_LSTM, "self.lstm(self.embed(captions[:, :-1]), (torch.zeros_like(h0), h0))"),),
        "the image has gone into the wrong one of the LSTM's two memories.",
        "In which order does torch want state and cell?",
    ),
    Mistake(
        "module_image_in_both",
        "Captioner",
        ((_LSTM, "self.lstm(self.embed(captions[:, :-1]), (h0, h0))"),),
        "the LSTM's two memories begin alike.",
        "With what does the cell begin?",
    ),
    Mistake(
        "module_reads_its_targets",
        "Captioner",
        ((_LSTM, _LSTM.replace("[:, :-1]", "[:, 1:]")),),
        "each word is read before it is asked for.",
        "What has a captioner read when it is asked for the first word?",
    ),
    Mistake(
        "module_squashes_the_image",
        "Captioner",
        (
            (
                "h0 = self.project(features)[None]\n        states",
                "h0 = torch.tanh(self.project(features)[None])\n        states",
            ),
        ),
        "the image is squashed on its way into the first state.",
        "What does the equation of the first state say, to the letter?",
    ),
    Mistake(
        "module_counts_null",
        "Captioner",
        (("ignore_index=self.null, ", ""),),
        "the filling at the end of short captions counts too.",
        "Which of the words to say should a captioner not be judged by?",
    ),
    Mistake(
        "module_thinks_null_is_zero",
        "Captioner",
        (("ignore_index=self.null, ", "ignore_index=0, "),),
        "the right number of something is taken for granted.",
        "Where do you learn which number `<NULL>` has in this vocabulary?",
    ),
    Mistake(
        "module_averages_over_words",
        "Captioner",
        (('reduction="sum"', 'reduction="mean"'), ("return summed / len(captions)", "return summed")),
        "the loss is right but for a factor: it is that of a word, and not of a caption.",
        "By how many things is the sum of all surprises to be divided?",
    ),
    Mistake(
        "module_adds_up_the_batch",
        "Captioner",
        (("return summed / len(captions)", "return summed"),),
        "the loss grows with the number of images.",
        "Over what is the loss a sum, and over what a mean?",
    ),
    Mistake(
        "module_adds_up_in_short_floats",
        "Captioner",
        (("wide = scores.to(torch.promote_types(scores.dtype, torch.float32))", "wide = scores"),),
        "all is right, until the scores come in short floats: then the loss is rounded on the way.",
        "In which type are the surprises added up?",
    ),
    Mistake(
        "module_asks_for_what_it_read",
        "Captioner",
        (("targets = captions[:, 1:].long()", "targets = captions[:, :-1].long()"),),
        "the scores are right, and the loss asks for the wrong words.",
        "For which word of the caption are the scores at place 0?",
    ),
    Mistake(
        "module_sample_image_in_both",
        "Captioner",
        (("memory = (h, torch.zeros_like(h))", "memory = (h, h)"),),
        "the scores are right; when it speaks, the two memories of the LSTM begin alike.",
        "With what does the cell begin, in training and when speaking?",
    ),
    Mistake(
        "module_sample_says_null",
        "Captioner",
        (("scores[:, [self.start, self.null]]", "scores[:, [self.start]]"),),
        "most captions are right; in some a row is filled up before it has ended.",
        "Which words are never said, and how many of them are there?",
    ),
    Mistake(
        "module_sample_never_reads_its_own_words",
        "Captioner",
        (("self.embed(word)[:, None]", "self.embed(torch.full_like(word, self.start))[:, None]"),),
        "the first word is right; from then on the captioner goes on as if it had said nothing.",
        "What is read at the second step?",
    ),
    Mistake(
        "module_sample_forgets",
        "Captioner",
        (("states, memory = self.lstm(", "states, _ = self.lstm("),),
        "the first word is right; then each word is said from the same memory as the first.",
        "What does the LSTM hand you beside the states, and what is it for?",
    ),
    Mistake(
        "module_sample_ignores_its_image",
        "Captioner",
        (("h = self.project(features)[None]\n        memory", "h = 0 * self.project(features)[None]\n        memory"),),
        "every image is given the same caption.",
        "With which state does the saying begin?",
    ),
    Mistake(
        "module_sample_returns_start",
        "Captioner",
        (
            (
                "        return captions\n",
                "        return torch.cat([torch.full_like(captions[:, :1], self.start), captions[:, :-1]], dim=1)\n",
            ),
        ),
        "the captions begin with a word that is not part of them.",
        "Which word is only read, and never said?",
    ),
    Mistake(
        "module_sample_goes_on_after_the_end",
        "Captioner",
        ((_FILL, "            captions[:, t] = word\n"),),
        "there are words after `<END>`.",
        "What should stand in a row after its last word has been said?",
    ),
    Mistake(
        "module_sample_says_anything",
        "Captioner",
        (("            scores[:, [self.start, self.null]] = -torch.inf\n", ""),),
        "most captions are right; sometimes a word is said that never should be.",
        "Which two words are never said, whatever their scores?",
    ),
)

TORCH = (*INJECT_FORWARD, *INJECT_BACKWARD, *CAPTIONER)
