"""The named mistakes of stage 4, first part: the LSTM by hand."""

from autograder.mistakes.s04_gates_gru import GRU
from autograder.mistakes.s04_gates_highway import HIGHWAY
from autograder.mistakes.s04_gates_torch import TORCH
from autograder.suite import Mistake

SUMS = "sum_i, sum_f, sum_o, sum_g = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)"
CELL = "next_c = f * prev_c + i * g"
SHOW = "next_h = o * np.tanh(next_c)"
DCELL = "dc = dnext_c + dnext_h * o * (1 - shown**2)"
DSUMS = "np.concatenate([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)], axis=1)"

STEP_FORWARD = (
    Mistake(
        "lstm_gates_in_torch_order",
        "lstm_step_forward",
        ((SUMS, SUMS.replace("sum_o, sum_g", "sum_g, sum_o")),),
        "two of the four blocks of columns have changed places.",
        "In which order do the four blocks lie side by side here? And in the library you may have in mind?",
    ),
    Mistake(
        "lstm_forget_and_input_swapped",
        "lstm_step_forward",
        ((CELL, "next_c = i * prev_c + f * g"),),
        "the right two gates act on the cell, each in the other's place.",
        "Which gate decides what is kept of the old cell, and which how much is written?",
    ),
    Mistake(
        "lstm_forget_gate_erases",
        "lstm_step_forward",
        ((CELL, "next_c = (1 - f) * prev_c + i * g"),),
        "a forget gate of 1 erases the cell here, and one of 0 keeps all of it.",
        "Put f = 1 into the equation: what is left of the old cell?",
    ),
    Mistake(
        "lstm_without_bias",
        "lstm_step_forward",
        ((SUMS, SUMS.replace(" + b, 4", ", 4")),),
        "these are the values of a step in which one of the six arguments plays no part.",
        "Which one could you change without changing your result?",
    ),
    Mistake(
        "lstm_candidate_by_sigmoid",
        "lstm_step_forward",
        (("g = np.tanh(sum_g)", "g = sigmoid(sum_g)"),),
        "nothing but positive numbers is ever written into the cell.",
        "Is the candidate a gate? Between which two numbers may it lie?",
    ),
    Mistake(
        "lstm_shows_cell_unsquashed",
        "lstm_step_forward",
        ((SHOW, "next_h = o * next_c"),),
        "the cell is right, and it is shown as it is, however large it grows.",
        "Between which two numbers must a state lie, and what keeps it there?",
    ),
    Mistake(
        "lstm_shows_old_cell",
        "lstm_step_forward",
        ((SHOW, "next_h = o * np.tanh(prev_c)"),),
        "the cell is right, and the state shows a cell that has not seen this step's input.",
        "Which of the two cells does the state look at?",
    ),
    Mistake(
        "lstm_keeps_everything",
        "lstm_step_forward",
        ((CELL, "next_c = prev_c + i * g"),),
        "the cell adds up and never lets go.",
        "Which gate has no influence on your cell?",
    ),
)

STEP_BACKWARD = (
    Mistake(
        "lstm_back_without_output_gate",
        "lstm_step_backward",
        ((DCELL, "dc = dnext_c + dnext_h * (1 - shown**2)"),),
        "what the state sends back to the cell does not depend on how much of the cell was shown.",
        "Through which two things does the cell reach the state, and has its gradient passed both?",
    ),
    Mistake(
        "lstm_back_without_slope_of_shown",
        "lstm_step_backward",
        ((DCELL, "dc = dnext_c + dnext_h * o"),),
        "what the state sends back to the cell has passed the gate and nothing else.",
        "What happens to the cell on its way to the state, besides the gate?",
    ),
    Mistake(
        "lstm_back_forgets_the_road",
        "lstm_step_backward",
        ((DCELL, "dc = dnext_h * o * (1 - shown**2)"),),
        "the cell has heard from the state only.",
        "Who else used the new cell? Which argument of yours could be anything without changing your result?",
    ),
    Mistake(
        "lstm_back_hears_only_the_road",
        "lstm_step_backward",
        ((DCELL, "dc = dnext_c"),),
        "the cell has heard from later cells only.",
        "The state was made from the cell. Does the cell hear of what the loss thinks of the state?",
    ),
    Mistake(
        "lstm_back_output_gate_sees_raw_cell",
        "lstm_step_backward",
        (("do = dnext_h * shown", "do = dnext_h * next_c"),),
        "all is right but what comes from one gate: it takes the cell as it was before the squashing.",
        "By what exactly is that gate multiplied on the way forward?",
    ),
    Mistake(
        "lstm_back_forget_gate_sees_new_cell",
        "lstm_step_backward",
        (("df = dc * prev_c", "df = dc * next_c"),),
        "all is right but what comes from the forget gate.",
        "Which cell does the forget gate multiply: the one before the step or the one after it?",
    ),
    Mistake(
        "lstm_back_without_slopes_of_gates",
        "lstm_step_backward",
        ((DSUMS, "np.concatenate([di, df, do, dg * (1 - g**2)], axis=1)"),),
        "the candidate's part is right, and the three gates behave as if they were not squashed.",
        "What is the slope of the sigmoid, told from its own output?",
    ),
    Mistake(
        "lstm_back_candidate_slope_of_sigmoid",
        "lstm_step_backward",
        ((DSUMS, DSUMS.replace("dg * (1 - g**2)", "dg * g * (1 - g)")),),
        "three blocks are right, and the candidate's uses the slope of another squashing.",
        "Which function squashes the candidate?",
    ),
    Mistake(
        "lstm_back_blocks_in_torch_order",
        "lstm_step_backward",
        ((DSUMS, DSUMS.replace("do * o * (1 - o), dg * (1 - g**2)", "dg * (1 - g**2), do * o * (1 - o)")),),
        "all four gradients of sums are right, and two of them lie in each other's place.",
        "In which order did the four sums come out of the large product?",
    ),
    Mistake(
        "lstm_back_cell_skips_forget_gate",
        "lstm_step_backward",
        (("dprev_c = dc * f", "dprev_c = dc"),),
        "all is right but the gradient that travels on along the road: it has passed no gate.",
        "What is the old cell multiplied by on the way forward?",
    ),
    Mistake(
        "lstm_back_averages_bias",
        "lstm_step_backward",
        (("db = dsums.sum(axis=0)", "db = dsums.mean(axis=0)"),),
        "the gradient of the bias is right but for a factor: the size of the batch.",
        "The bias is added in every row. Do the rows' voices add up or average?",
    ),
)

FORWARD = (
    Mistake(
        "lstm_cell_not_carried",
        "lstm_forward",
        (
            (
                "state, cell, step_cache = lstm_step_forward(x[:, t], state, cell, Wx",
                "state, _, step_cache = lstm_step_forward(x[:, t], state, cell, Wx",
            ),
        ),
        "the first step is right, and every step finds an empty cell.",
        "Two things go from step to step. Which two?",
    ),
    Mistake(
        "lstm_state_not_carried",
        "lstm_forward",
        (
            ("state, cell, step_cache = lstm_step_forward(", "h[:, t], cell, step_cache = lstm_step_forward("),
            ("        h[:, t] = state\n", ""),
        ),
        "the first step is right, and every step starts from the same state.",
        "Two things go from step to step. Which two?",
    ),
    Mistake(
        "lstm_cell_starts_from_h0",
        "lstm_forward",
        (("state, cell = h0, np.zeros_like(h0)", "state, cell = h0, h0"),),
        "these are the states of a network whose cell was not empty at the start.",
        "What does the cell hold before the first step?",
    ),
    Mistake(
        "lstm_starts_from_zeros",
        "lstm_forward",
        (("state, cell = h0, np.zeros_like(h0)", "state, cell = np.zeros_like(h0), np.zeros_like(h0)"),),
        "these are the states of a network that starts with nothing at all.",
        "Does anything change in your result when h0 does?",
    ),
    Mistake(
        "lstm_reads_backwards",
        "lstm_forward",
        (("for t in range(T):", "for t in reversed(range(T)):"),),
        "these are the states of a network that reads from the end.",
        "Which input meets h0?",
    ),
    Mistake(
        "lstm_returns_cells",
        "lstm_forward",
        (("h[:, t] = state", "h[:, t] = cell"),),
        "what you return is what the network keeps, not what it shows.",
        "Which of the two memories is the world allowed to see?",
    ),
)

BACKWARD = (
    Mistake(
        "lstm_backward_cell_gradient_not_carried",
        "lstm_backward",
        (("dx[:, t], dstate, dcell, dWx_t", "dx[:, t], dstate, _, dWx_t"),),
        "the last step is right, and the road is blocked between any two steps.",
        "Two gradients go from each step to the one before. Which two?",
    ),
    Mistake(
        "lstm_backward_state_gradient_not_carried",
        "lstm_backward",
        (("lstm_step_backward(dh[:, t] + dstate, dcell", "lstm_step_backward(dh[:, t], dcell"),),
        "each state has heard from its own output, and nothing of what later states say.",
        "Who else used h_t on the way forward?",
    ),
    Mistake(
        "lstm_backward_output_sent_to_cell",
        "lstm_backward",
        (
            (
                "lstm_step_backward(dh[:, t] + dstate, dcell, steps[t])",
                "lstm_step_backward(dh[:, t] + dstate, dh[:, t] + dcell, steps[t])",
            ),
        ),
        "each cell hears from the output directly.",
        "Did the output look at the cell or at the state?",
    ),
    Mistake(
        "lstm_backward_overwrites_weights",
        "lstm_backward",
        (("dWx += dWx_t", "dWx = dWx_t"), ("dWh += dWh_t", "dWh = dWh_t"), ("db += db_t", "db = db_t")),
        "the gradients of the weights are those of one step alone.",
        "How many times is each weight used in a sequence, and what happens to the voices of all its uses?",
    ),
    Mistake(
        "lstm_backward_runs_forwards",
        "lstm_backward",
        (("for t in reversed(range(T)):", "for t in range(T):"),),
        "time runs in the wrong direction.",
        "Which state's gradient can be completed first: the earliest or the latest?",
    ),
    Mistake(
        "lstm_backward_returns_cell_gradient",
        "lstm_backward",
        (("return dx, dstate, dWx", "return dx, dcell, dWx"),),
        "all is right except what you call the gradient of h0: it belongs to something else.",
        "You carry two gradients. Which of them has arrived at h0 when the loop is done?",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*STEP_FORWARD, *STEP_BACKWARD, *FORWARD, *BACKWARD, *HIGHWAY, *GRU, *TORCH)
