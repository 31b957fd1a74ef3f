"""The named mistakes of stage 1: what students really write, what it looks like, and the question that leads on."""

from autograder.mistakes.s01_rnn_readout import AFFINE, MODULE, ROW_READER
from autograder.suite import Mistake

STEP = "np.tanh(x @ Wx + prev_h @ Wh + b)"
SLOPE = "da = dnext_h * (1 - next_h**2)"

STEP_FORWARD = (
    Mistake(
        "step_without_bias",
        "rnn_step_forward",
        ((STEP, "np.tanh(x @ Wx + prev_h @ Wh)"),),
        "these are the values of a step in which one of the five arguments plays no part.",
        "Which one could you change without changing your result?",
    ),
    Mistake(
        "step_without_squashing",
        "rnn_step_forward",
        ((STEP, "x @ Wx + prev_h @ Wh + b"),),
        "the sum is there, but it can grow without bound.",
        "Between which two numbers must every state lie, and what keeps it there?",
    ),
    Mistake(
        "step_with_sigmoid",
        "rnn_step_forward",
        ((STEP, "1 / (1 + np.exp(-np.clip(x @ Wx + prev_h @ Wh + b, -500, 500)))"),),
        "every state is positive.",
        "Between which two numbers should a state lie, and which function takes you there?",
    ),
    Mistake(
        "step_without_memory",
        "rnn_step_forward",
        ((STEP, "np.tanh(x @ Wx + b)"),),
        "these are the values of a network that has forgotten everything before this step.",
        "Where does your step look at the state it came from?",
    ),
    Mistake(
        "step_with_transposed_memory",
        "rnn_step_forward",
        ((STEP, "np.tanh(x @ Wx + prev_h @ Wh.T + b)"),),
        "the input's part is right, and the memory's part has its weights the other way round.",
        "Does row i of Wh hold the weights out of unit i, or into it?",
    ),
    Mistake(
        "step_squashed_before_bias",
        "rnn_step_forward",
        ((STEP, "np.tanh(x @ Wx + prev_h @ Wh) + b"),),
        "all three parts are there, but some states leave the interval from -1 to 1.",
        "What should be squashed: all of the sum, or a part of it?",
    ),
)

STEP_BACKWARD = (
    Mistake(
        "step_back_without_slope",
        "rnn_step_backward",
        ((SLOPE, "da = dnext_h"),),
        "these are the gradients of a step that does not squash.",
        "What does the curve of the squashing do to a small change on its way through?",
    ),
    Mistake(
        "step_back_with_unsquared_slope",
        "rnn_step_backward",
        ((SLOPE, "da = dnext_h * (1 - next_h)"),),
        "the slope you use is right where the state is 0 or 1, and nowhere else.",
        "Is the slope the same at h and at -h? Is yours?",
    ),
    Mistake(
        "step_back_with_slope_of_slope",
        "rnn_step_backward",
        ((SLOPE, "da = dnext_h * (1 - np.tanh(next_h)**2)"),),
        "your slope is taken at the wrong place on the curve.",
        "Is what you kept the number before the squashing or after it?",
    ),
    Mistake(
        "step_back_with_sigmoid_slope",
        "rnn_step_backward",
        ((SLOPE, "da = dnext_h * next_h * (1 - next_h)"),),
        "this is the slope of another squashing function.",
        "What is the slope of yours where the state is 0? What does your formula say there?",
    ),
    Mistake(
        "step_back_averages_bias",
        "rnn_step_backward",
        (("db = da.sum(axis=0)", "db = da.mean(axis=0)"),),
        "the gradient of the bias is right but for a factor: the size of the batch.",
        "The bias is added in every row. Do the rows' voices add up or average?",
    ),
    Mistake(
        "step_back_swaps_weights",
        "rnn_step_backward",
        (("dx = da @ Wx.T", "dx = dnext_h @ Wx.T"), ("dprev_h = da @ Wh.T", "dprev_h = dnext_h @ Wh.T")),
        "the weights' gradients are right, and those of the two inputs skip a part of the way back.",
        "Did every gradient pass through the squashing?",
    ),
    Mistake(
        "step_back_forgets_transpose",
        "rnn_step_backward",
        (("dprev_h = da @ Wh.T", "dprev_h = da @ Wh"),),
        "the gradient of the state has the right shape, and goes through the weights in the forward direction.",
        "Wh is square, so shapes cannot warn you. Which index of Wh does the state meet on the way forward?",
    ),
)

FORWARD = (
    Mistake(
        "forward_never_updates_state",
        "rnn_forward",
        (
            ("state, step_cache = rnn_step_forward(", "h[:, t], step_cache = rnn_step_forward("),
            ("        h[:, t] = state\n", ""),
        ),
        "the first step is right, and every step starts from the same state.",
        "Which state does step t begin with?",
    ),
    Mistake(
        "forward_reads_backwards",
        "rnn_forward",
        (("for t in range(x.shape[1]):", "for t in reversed(range(x.shape[1])):"),),
        "these are the states of a network that reads from the end.",
        "Which input meets h0?",
    ),
    Mistake(
        "forward_starts_from_zeros",
        "rnn_forward",
        (("    state = h0\n", "    state = np.zeros_like(h0)\n"),),
        "these are the states of a network that starts with an empty memory.",
        "Does anything change in your result when h0 does?",
    ),
    Mistake(
        "forward_shifted_by_one",
        "rnn_forward",
        (
            ("        h[:, t] = state\n", ""),
            ("        state, step_cache", "        h[:, t] = state\n        state, step_cache"),
        ),
        "the states are right and each stands one step too late.",
        "Is h[:, 0] the state before the first input or after it?",
    ),
    Mistake(
        "forward_keeps_last_input",
        "rnn_forward",
        (("rnn_step_forward(x[:, t], state", "rnn_step_forward(x[:, 0], state"),),
        "the first step is right, and every step sees the same input.",
        "Which row of time does step t look at?",
    ),
)

BACKWARD = (
    Mistake(
        "backward_forgets_the_future",
        "rnn_backward",
        (("rnn_step_backward(dh[:, t] + from_later,", "rnn_step_backward(dh[:, t],"),),
        "each state has heard from its own output only.",
        "Who else used h_t on the way forward?",
    ),
    Mistake(
        "backward_hears_only_the_end",
        "rnn_backward",
        (
            ("from_later = np.zeros((N, H), dtype=dh.dtype)", "from_later = dh[:, -1]"),
            ("rnn_step_backward(dh[:, t] + from_later,", "rnn_step_backward(from_later,"),
        ),
        "only the last output has been heard; what the earlier ones say is lost.",
        "How many gradients does each state receive, and from where?",
    ),
    Mistake(
        "backward_overwrites_weights",
        "rnn_backward",
        (("dWx += dWx_t", "dWx = dWx_t"), ("dWh += dWh_t", "dWh = dWh_t"), ("db += db_t", "db = db_t")),
        "the gradients of the weights are those of one step alone.",
        "How many times is each weight used in a sequence, and what happens to the voices of all its uses?",
    ),
    Mistake(
        "backward_runs_forwards",
        "rnn_backward",
        (("for t in reversed(range(T)):", "for t in range(T):"),),
        "time runs in the wrong direction.",
        "Which state's gradient can be completed first: the earliest or the latest?",
    ),
    Mistake(
        "backward_averages_over_time",
        "rnn_backward",
        (("    return dx, from_later, dWx, dWh, db\n", "    return dx, from_later, dWx / T, dWh / T, db / T\n"),),
        "the gradients of the weights are right but for a factor: the number of steps.",
        "Do the voices of the steps add up or average?",
    ),
    Mistake(
        "backward_loses_first_state",
        "rnn_backward",
        (("    return dx, from_later, dWx, dWh, db\n", "    return dx, np.zeros_like(from_later), dWx, dWh, db\n"),),
        "all is right except the gradient of the state before the first step.",
        "What is left in your hands when you have gone back through step 0?",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*STEP_FORWARD, *STEP_BACKWARD, *FORWARD, *BACKWARD, *AFFINE, *ROW_READER, *MODULE)
