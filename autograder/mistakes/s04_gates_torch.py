"""The named mistakes of stage 4, fourth part: torch's parameters, and the torch modules."""

from autograder.suite import Mistake

CELL = "c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)"
START = "h, c = (zeros, zeros) if state is None else state"
MIX = "h = (1 - z) * n + z * h"

FROM_TORCH = (
    Mistake(
        "from_torch_keeps_order",
        "lstm_from_torch",
        (("ours = np.concatenate([i, f, o, g])", "ours = np.concatenate([i, f, g, o])"),),
        "the four blocks still lie in torch's order.",
        "Compare the two orders letter by letter: which blocks must move?",
    ),
    Mistake(
        "from_torch_drops_second_bias",
        "lstm_from_torch",
        (("b = bias_ih[ours] + bias_hh[ours]", "b = bias_ih[ours]"),),
        "the weights are right, and one of the four arguments plays no part.",
        "What does torch do with its two biases?",
    ),
    Mistake(
        "from_torch_averages_biases",
        "lstm_from_torch",
        (("b = bias_ih[ours] + bias_hh[ours]", "b = (bias_ih[ours] + bias_hh[ours]) / 2"),),
        "the bias is half of what it should be.",
        "What does torch do with its two biases?",
    ),
    Mistake(
        "from_torch_bias_keeps_order",
        "lstm_from_torch",
        (("b = bias_ih[ours] + bias_hh[ours]", "b = bias_ih + bias_hh"),),
        "the weights are right, and the bias lies in torch's order.",
        "Which of your three results has been put in our order?",
    ),
    Mistake(
        "from_torch_reverses_blocks",
        "lstm_from_torch",
        (("ours = np.concatenate([i, f, o, g])", "ours = np.concatenate([o, g, f, i])"),),
        "the four blocks lie in an order that is neither torch's nor ours.",
        "Which block should come first?",
    ),
    Mistake(
        "from_torch_not_transposed",
        "lstm_from_torch",
        (("Wx = weight_ih[ours].T", "Wx = weight_ih[ours]"), ("Wh = weight_hh[ours].T", "Wh = weight_hh[ours]")),
        "the order is right, and the weights lie the other way round.",
        "We multiply `x @ Wx`. Which axis of the weights belongs to the input?",
    ),
)

TO_TORCH = (
    Mistake(
        "to_torch_keeps_order",
        "lstm_to_torch",
        (("theirs = np.concatenate([i, f, g, o])", "theirs = np.concatenate([i, f, o, g])"),),
        "the four blocks still lie in our order.",
        "Compare the two orders letter by letter: which blocks must move?",
    ),
    Mistake(
        "to_torch_counts_bias_twice",
        "lstm_to_torch",
        (("bias_hh = np.zeros_like(b)", "bias_hh = bias_ih.copy()"),),
        "torch will add your bias twice.",
        "What should the sum of the two biases be?",
    ),
    Mistake(
        "to_torch_bias_on_the_other_side",
        "lstm_to_torch",
        (("bias_ih = b[theirs]", "bias_ih = np.zeros_like(b)"), ("bias_hh = np.zeros_like(b)", "bias_hh = b[theirs]")),
        "the bias stands in the other of the two places.",
        "Which of the two biases is to hold all of b here?",
    ),
    Mistake(
        "to_torch_bias_keeps_order",
        "lstm_to_torch",
        (("bias_ih = b[theirs]", "bias_ih = b.copy()"),),
        "the weights are right, and the bias lies in our order.",
        "Which of your results has been put in torch's order?",
    ),
    Mistake(
        "to_torch_not_transposed",
        "lstm_to_torch",
        (
            ("weight_ih = Wx[:, theirs].T", "weight_ih = Wx[:, theirs]"),
            ("weight_hh = Wh[:, theirs].T", "weight_hh = Wh[:, theirs]"),
        ),
        "the order is right, and the weights lie the other way round.",
        "Which shape does torch keep its weights in?",
    ),
)

LSTM_MODULE = (
    Mistake(
        "lstm_module_gates_in_torch_order",
        "LSTM",
        (("i, f, o, g = (from_input", "i, f, g, o = (from_input"),),
        "two of the four blocks have changed places.",
        "Whose order do the parameters of this module have?",
    ),
    Mistake(
        "lstm_module_forget_and_input_swapped",
        "LSTM",
        ((CELL, "c = torch.sigmoid(i) * c + torch.sigmoid(f) * torch.tanh(g)"),),
        "the right two gates act on the cell, each in the other's place.",
        "Which gate decides what is kept of the old cell?",
    ),
    Mistake(
        "lstm_module_without_bias",
        "LSTM",
        (("from_input = x @ self.Wx + self.b", "from_input = x @ self.Wx"),),
        "one of the parameters plays no part.",
        "Which parameter could you change without changing your result?",
    ),
    Mistake(
        "lstm_module_ignores_start",
        "LSTM",
        ((START, "h, c = zeros, zeros"),),
        "these are the states of a network that starts with an empty memory.",
        "Does anything change in your result when the given state does?",
    ),
    Mistake(
        "lstm_module_ignores_cell",
        "LSTM",
        ((START, "h, c = (zeros, zeros) if state is None else (state[0], zeros)"),),
        "the start has a state, and its cell is empty.",
        "Two things are handed over for the start. Do you use both?",
    ),
    Mistake(
        "lstm_module_detached_cell",
        "LSTM",
        (("states.append(h)", "states.append(h)\n            c = c.detach()"),),
        "the states are right, and no gradient travels along the road.",
        "Is there a place where you cut the graph?",
    ),
    Mistake(
        "lstm_module_shows_cell_unsquashed",
        "LSTM",
        (("h = torch.sigmoid(o) * torch.tanh(c)", "h = torch.sigmoid(o) * c"),),
        "the cell is shown as it is, however large it grows.",
        "Between which two numbers must a state lie?",
    ),
)

GRU_MODULE = (
    Mistake(
        "gru_module_mix_swapped",
        "GRU",
        ((MIX, "h = z * n + (1 - z) * h"),),
        "gates and candidate are right, and the update gate mixes the wrong way round.",
        "What should the new state be when the update gate is 1?",
    ),
    Mistake(
        "gru_module_reset_before_product",
        "GRU",
        (("n = torch.tanh(x_n + r * h_n)", "n = torch.tanh(x_n + (r * h) @ self.Wh[:, 2 * h.shape[1] :])"),),
        "this is the GRU of the first paper: the reset gate acts on the state.",
        "What exactly does the reset gate multiply in the equations of this notebook?",
    ),
    Mistake(
        "gru_module_without_bias",
        "GRU",
        (("from_input = x @ self.Wx + self.b", "from_input = x @ self.Wx"),),
        "one of the parameters plays no part.",
        "Which parameter could you change without changing your result?",
    ),
    Mistake(
        "gru_module_ignores_start",
        "GRU",
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
        "gru_module_detached_state",
        "GRU",
        (("states.append(h)", "states.append(h)\n            h = h.detach()"),),
        "the states are right, and no gradient crosses from one step to the one before.",
        "Is there a place where you cut the graph?",
    ),
)

TORCH: tuple[Mistake, ...] = (*FROM_TORCH, *TO_TORCH, *LSTM_MODULE, *GRU_MODULE)
