"""The named mistakes of stage 1, second half: the output layer, the reader of digits, the torch module."""

from autograder.suite import Mistake

AFFINE = (
    Mistake(
        "affine_without_bias",
        "temporal_affine_forward",
        (("out = x @ w + b", "out = x @ w"),),
        "one of the three arguments plays no part.",
        "Which one could you change without changing your result?",
    ),
    Mistake(
        "affine_squashed",
        "temporal_affine_forward",
        (("out = x @ w + b", "out = np.tanh(x @ w + b)"),),
        "the scores are squashed.",
        "Should a score be able to be larger than 1?",
    ),
    Mistake(
        "affine_first_step_everywhere",
        "temporal_affine_forward",
        (("out = x @ w + b", "out = np.repeat(x[:, :1] @ w + b, x.shape[1], axis=1)"),),
        "the first step is right, and all later ones repeat it.",
        "Which step's states do the scores at step t come from?",
    ),
    Mistake(
        "affine_adds_up_time",
        "temporal_affine_forward",
        (("out = x @ w + b", "out = np.cumsum(x, axis=1) @ w + b"),),
        "the first step is right, and later ones also see what came before them.",
        "This layer has no memory of its own. What does it look at, at step t?",
    ),
    Mistake(
        "affine_back_bias_over_batch",
        "temporal_affine_backward",
        (("db = dout.sum(axis=(0, 1))", "db = dout.sum(axis=0)"),),
        "the gradient of the bias has not been added up over all its uses.",
        "How often is the bias used in a batch of N sequences of T steps?",
    ),
    Mistake(
        "affine_back_averages_time",
        "temporal_affine_backward",
        (
            ('dw = np.einsum("ntd,ntm->dm", x, dout)', 'dw = np.einsum("ntd,ntm->dm", x, dout) / x.shape[1]'),
            ("db = dout.sum(axis=(0, 1))", "db = dout.mean(axis=1).sum(axis=0)"),
        ),
        "the gradients of weights and bias are right but for a factor: the number of steps.",
        "Do the voices of the steps add up or average?",
    ),
    Mistake(
        "affine_back_averages_batch",
        "temporal_affine_backward",
        (
            ('dw = np.einsum("ntd,ntm->dm", x, dout)', 'dw = np.einsum("ntd,ntm->dm", x, dout) / len(x)'),
            ("db = dout.sum(axis=(0, 1))", "db = dout.mean(axis=0).sum(axis=0)"),
        ),
        "the gradients of weights and bias are right but for a factor: the size of the batch.",
        "Where is the loss averaged over the batch: here, or later?",
    ),
    Mistake(
        "affine_back_last_step_only",
        "temporal_affine_backward",
        (('dw = np.einsum("ntd,ntm->dm", x, dout)', "dw = x[:, -1].T @ dout[:, -1]"),),
        "the gradient of the weights has heard from one step only.",
        "How often are the weights used in a batch of N sequences of T steps?",
    ),
)

ROW_READER = (
    Mistake(
        "reader_mean_of_states",
        "RowReader",
        (
            ("last = h[:, -1]", "last = h.mean(axis=1)"),
            ('dh[:, -1] = dlogits @ p["W_out"].T', 'dh[:] = (dlogits @ p["W_out"].T)[:, None] / h.shape[1]'),
        ),
        "the classes are scored from all states, not from one.",
        "After which row should the reader answer?",
    ),
    Mistake(
        "reader_adds_up_batch",
        "RowReader",
        (("labels].mean()", "labels].sum()"), ("        dlogits /= N\n", "")),
        "loss and gradients are right but for a factor: the size of the batch.",
        "Is the loss a sum over the batch or a mean?",
    ),
    Mistake(
        "reader_gradient_not_averaged",
        "RowReader",
        (("        dlogits /= N\n", ""),),
        "the loss is right, and the gradients belong to another loss: N times as large.",
        "You average on the way forward. Where does that appear on the way back?",
    ),
    Mistake(
        "reader_gradient_without_label",
        "RowReader",
        (("        dlogits[np.arange(N), labels] -= 1\n", ""),),
        "the loss is right, and its gradient does not know which class was the right one.",
        "How does the loss change when the score of the right class rises?",
    ),
    Mistake(
        "reader_gradient_into_every_state",
        "RowReader",
        (("dh[:, -1] = dlogits", "dh[:] = (dlogits"), ('@ p["W_out"].T\n', '@ p["W_out"].T)[:, None]\n')),
        "loss and output layer are right, and every state hears from the loss directly.",
        "Which states are connected to the scores without a detour?",
    ),
    Mistake(
        "reader_positive_log",
        "RowReader",
        (("loss = -log_probs", "loss = log_probs"),),
        "the loss has the wrong sign.",
        "Should a confident right answer give a large loss or a small one?",
    ),
)

MODULE = (
    Mistake(
        "module_without_bias",
        "RNN",
        (("h @ self.Wh + self.b)", "h @ self.Wh)"),),
        "one of the parameters plays no part.",
        "Which parameter could you change without changing your result?",
    ),
    Mistake(
        "module_ignores_start",
        "RNN",
        (
            (
                "h = x.new_zeros(x.shape[0], self.Wh.shape[0]) if h0 is None else h0",
                "h = x.new_zeros(x.shape[0], self.Wh.shape[0])",
            ),
        ),
        "these are the states of a network that starts with an empty memory.",
        "Does anything change in your result when h0 does?",
    ),
    Mistake(
        "module_detached_state",
        "RNN",
        (("states.append(h)", "states.append(h)\n            h = h.detach()"),),
        "the states are right, and no gradient crosses from one step to the one before.",
        "Is there a place where you cut the graph?",
    ),
    Mistake(
        "module_without_squashing",
        "RNN",
        (("torch.tanh(x[:, t] @ self.Wx + h @ self.Wh + self.b)", "x[:, t] @ self.Wx + h @ self.Wh + self.b"),),
        "the sum is there, but it can grow without bound.",
        "Between which two numbers must every state lie?",
    ),
)
