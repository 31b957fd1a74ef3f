"""The named mistakes of stage 4, third part: the GRU by hand."""

from autograder.suite import Mistake

MIX = "next_h = (1 - z) * n + z * prev_h"
CANDIDATE = "n = np.tanh(x_n + r * h_n)"
SPLIT_X = "x_r, x_z, x_n = np.split(x @ Wx + b, 3, axis=1)"
SPLIT_H = "h_r, h_z, h_n = np.split(prev_h @ Wh, 3, axis=1)"

STEP_FORWARD = (
    Mistake(
        "gru_mix_swapped",
        "gru_step_forward",
        ((MIX, "next_h = z * n + (1 - z) * prev_h"),),
        "gates and candidate are right, and the update gate mixes the wrong way round.",
        "What should the new state be when the update gate is 1? What is yours?",
    ),
    Mistake(
        "gru_reset_before_product",
        "gru_step_forward",
        ((CANDIDATE, "n = np.tanh(x_n + (r * prev_h) @ Wh[:, 2 * prev_h.shape[1] :])"),),
        "this is the GRU of the first paper: the reset gate acts on the state.",
        "What exactly does the reset gate multiply in the equations of this notebook?",
    ),
    Mistake(
        "gru_reset_of_everything",
        "gru_step_forward",
        ((CANDIDATE, "n = np.tanh(r * (x_n + h_n))"),),
        "the reset gate also shuts out the input.",
        "Which part of the candidate's sum is the reset gate about?",
    ),
    Mistake(
        "gru_bias_behind_reset_gate",
        "gru_step_forward",
        (
            (SPLIT_X, "x_r, x_z, x_n = np.split(x @ Wx, 3, axis=1)"),
            (SPLIT_H, "h_r, h_z, h_n = np.split(prev_h @ Wh + b, 3, axis=1)"),
        ),
        "the two gates are right, and the candidate's bias stands on the wrong side.",
        "When the reset gate is shut, is the candidate's bias still felt?",
    ),
    Mistake(
        "gru_without_bias",
        "gru_step_forward",
        ((SPLIT_X, "x_r, x_z, x_n = np.split(x @ Wx, 3, axis=1)"),),
        "these are the values of a step in which one of the five arguments plays no part.",
        "Which one could you change without changing your result?",
    ),
    Mistake(
        "gru_without_reset_gate",
        "gru_step_forward",
        ((CANDIDATE, "n = np.tanh(x_n + h_n)"),),
        "one of the two gates has no influence.",
        "Which block of columns could you change without changing your result?",
    ),
    Mistake(
        "gru_gates_swapped",
        "gru_step_forward",
        (
            (SPLIT_X, "x_z, x_r, x_n = np.split(x @ Wx + b, 3, axis=1)"),
            (SPLIT_H, "h_z, h_r, h_n = np.split(prev_h @ Wh, 3, axis=1)"),
        ),
        "the two gates have changed places.",
        "In which order do the three blocks lie side by side here?",
    ),
)

STEP_BACKWARD = (
    Mistake(
        "gru_back_forgets_direct_path",
        "gru_step_backward",
        (("dprev_h = dnext_h * z + dh_side @ Wh.T", "dprev_h = dh_side @ Wh.T"),),
        "the gradient of the old state comes through the products only.",
        "Where else does the old state appear in the last of the four equations?",
    ),
    Mistake(
        "gru_back_only_direct_path",
        "gru_step_backward",
        (("dprev_h = dnext_h * z + dh_side @ Wh.T", "dprev_h = dnext_h * z"),),
        "the gradient of the old state comes along the direct path only.",
        "Do gates and candidate look at the old state, too?",
    ),
    Mistake(
        "gru_back_state_side_without_reset_gate",
        "gru_step_backward",
        (("dsum_z, dsum_n * r], axis=1)", "dsum_z, dsum_n], axis=1)"),),
        "the input's side is right; the state's side is that of a network whose reset gate is open.",
        "What stands between the state's product and the candidate's sum?",
    ),
    Mistake(
        "gru_back_input_side_with_reset_gate",
        "gru_step_backward",
        (("dsum_z, dsum_n], axis=1)", "dsum_z, dsum_n * r], axis=1)"),),
        "the state's side is right; the input's side has passed a gate that it never met.",
        "Does the reset gate touch the input's part of the candidate's sum?",
    ),
    Mistake(
        "gru_back_reset_gate_sees_state",
        "gru_step_backward",
        (("dr = dsum_n * h_n", "dr = dsum_n * prev_h"),),
        "all is right but what comes through the reset gate.",
        "If y is a product of two factors, what is the gradient of each? What is the reset gate's partner?",
    ),
    Mistake(
        "gru_back_update_gate_without_candidate",
        "gru_step_backward",
        (("dz = dnext_h * (prev_h - n)", "dz = dnext_h * prev_h"),),
        "all is right but what comes through the update gate, which appears to have been seen once.",
        "How often does z appear in the last of the four equations, and with which signs?",
    ),
    Mistake(
        "gru_back_update_gate_sign",
        "gru_step_backward",
        (("dz = dnext_h * (prev_h - n)", "dz = dnext_h * (n - prev_h)"),),
        "all is right but what comes through the update gate: it has the wrong sign.",
        "If the update gate opens a little, does the new state move towards the old one or towards the candidate?",
    ),
    Mistake(
        "gru_back_candidate_gets_everything",
        "gru_step_backward",
        (("dn = dnext_h * (1 - z)", "dn = dnext_h"),),
        "the candidate hears as if it were the whole of the new state.",
        "Which share of the new state is the candidate's?",
    ),
    Mistake(
        "gru_back_without_slope_of_candidate",
        "gru_step_backward",
        (("dsum_n = dn * (1 - n**2)", "dsum_n = dn"),),
        "these are the gradients of a step whose candidate is not squashed.",
        "What does the curve of the squashing do to a small change on its way through?",
    ),
    Mistake(
        "gru_back_averages_bias",
        "gru_step_backward",
        (("db = dx_side.sum(axis=0)", "db = dx_side.mean(axis=0)"),),
        "the gradient of the bias is right but for a factor: the size of the batch.",
        "The bias is added in every row. Do the rows' voices add up or average?",
    ),
)

FORWARD = (
    Mistake(
        "gru_forward_never_updates_state",
        "gru_forward",
        (
            ("state, step_cache = gru_step_forward(", "h[:, t], step_cache = gru_step_forward("),
            ("        h[:, t] = state\n", ""),
        ),
        "the first step is right, and every step starts from the same state.",
        "Which state does step t begin with?",
    ),
    Mistake(
        "gru_forward_reads_backwards",
        "gru_forward",
        (("for t in range(T):", "for t in reversed(range(T)):"),),
        "these are the states of a network that reads from the end.",
        "Which input meets h0?",
    ),
    Mistake(
        "gru_forward_starts_from_zeros",
        "gru_forward",
        (("    state = h0\n", "    state = np.zeros_like(h0)\n"),),
        "these are the states of a network that starts with an empty memory.",
        "Does anything change in your result when h0 does?",
    ),
    Mistake(
        "gru_forward_keeps_first_input",
        "gru_forward",
        (("gru_step_forward(x[:, t], state", "gru_step_forward(x[:, 0], state"),),
        "the first step is right, and every step sees the same input.",
        "Which row of time does step t look at?",
    ),
    Mistake(
        "gru_forward_shifted_by_one",
        "gru_forward",
        (
            ("        h[:, t] = state\n", ""),
            ("        state, step_cache", "        h[:, t] = state\n        state, step_cache"),
        ),
        "the states are right and each stands one step too late.",
        "Is h[:, 0] the state before the first input or after it?",
    ),
)

BACKWARD = (
    Mistake(
        "gru_backward_forgets_the_future",
        "gru_backward",
        (("gru_step_backward(dh[:, t] + dstate,", "gru_step_backward(dh[:, t],"),),
        "each state has heard from its own output only.",
        "Who else used h_t on the way forward?",
    ),
    Mistake(
        "gru_backward_overwrites_weights",
        "gru_backward",
        (("dWx += dWx_t", "dWx = dWx_t"), ("dWh += dWh_t", "dWh = dWh_t"), ("db += db_t", "db = db_t")),
        "the gradients of the weights are those of one step alone.",
        "How many times is each weight used in a sequence, and what happens to the voices of all its uses?",
    ),
    Mistake(
        "gru_backward_runs_forwards",
        "gru_backward",
        (("for t in reversed(range(T)):", "for t in range(T):"),),
        "time runs in the wrong direction.",
        "Which state's gradient can be completed first: the earliest or the latest?",
    ),
    Mistake(
        "gru_backward_averages_over_time",
        "gru_backward",
        (("    return dx, dstate, dWx, dWh, db\n", "    return dx, dstate, dWx / T, dWh / T, db / T\n"),),
        "the gradients of the weights are right but for a factor: the number of steps.",
        "Do the voices of the steps add up or average?",
    ),
    Mistake(
        "gru_backward_loses_first_state",
        "gru_backward",
        (("    return dx, dstate, dWx, dWh, db\n", "    return dx, np.zeros_like(dstate), dWx, dWh, db\n"),),
        "all is right except the gradient of the state before the first step.",
        "What is left in your hands when you have gone back through step 0?",
    ),
)

GRU: tuple[Mistake, ...] = (*STEP_FORWARD, *STEP_BACKWARD, *FORWARD, *BACKWARD)
