# %% [markdown]
# # 4 · Gates: LSTM and GRU
#
# Stage 3 ended with a sober picture: in a vanilla network the gradient is multiplied, at every step back in time, by the same matrix and
# by slopes that are at most one. After a hundred steps there is usually nothing left of it, and what happened a hundred steps ago
# cannot be learned. Clipping tames a gradient that is too large; nothing on earth brings back one that is zero.
#
# This notebook changes the *road*. We build a memory on which almost nothing happens unless the network decides so: what is in it stays,
# is partly erased, partly overwritten, partly shown, and each of these is decided by a **gate**, a number between 0 and 1 that the network computes
# from what it sees and remembers. You will build the two famous designs by hand, forwards and backwards: the LSTM (Hochreiter and Schmidhuber
# 1997, with the forget gate of Gers and others 2000) and the GRU (Cho and others 2014). Then you will measure the road, and let a
# vanilla network, an LSTM and a GRU race on tasks that need a long memory.
#
# | letter | what it counts | | letter | what it counts |
# |---|---|---|---|---|
# | $N$ | sequences in a batch | | $D$ | numbers in an input |
# | $T$ | steps in time | | $H$ | numbers in a hidden state, and in a cell |
#
# `*` between two arrays is the product entry by entry; we write it $\odot$ in equations. $\sigma$ is the sigmoid, $\sigma(a) = 1 / (1 + e^{-a})$.
#
# Unless a function says otherwise, results have the floating type of the numbers that came in: `float32` stays `float32`.

# %% tags=["given"]
from functools import partial
from typing import Any

import numpy as np
from IPython.display import display

from seqlab import check, pictures_gates, toy
from seqlab.earlier import Earlier
from seqlab.gradcheck import numeric_gradient, relative_error

Array = np.ndarray
earlier = Earlier("s04_gates")


def sigmoid(a: Array) -> Array:
    """A number between 0 and 1 for each entry of a; nothing overflows, however large or small the entry is."""
    half: Array = 0.5 * (1 + np.tanh(a / 2))
    return half


# %% [markdown]
# (Why not `1 / (1 + np.exp(-a))`? Try it at $a = -1000$: `np.exp(1000)` is infinite, and NumPy complains. The hyperbolic tangent is the same curve in other
# units, $\sigma(a) = \frac{1}{2}(1 + \tanh\frac{a}{2})$, and it never overflows. Check the identity at $a = 0$ and far out on both sides, then use `sigmoid` freely.)
#
# ## 4.1 A memory with three gates
#
# An LSTM has two memories. The **cell** $c_t$ is what it keeps; the **state** $h_t$ is what it shows, to its own next step and to whoever reads it. Both have
# $H$ numbers for each sequence. At each step it computes three gates and a **candidate**, all from the same two things, the
# input and the state before:
#
# $$
# \begin{aligned}
# i_t &= \sigma(x_t W_{xi} + h_{t-1} W_{hi} + b_i) &&\text{input gate: how much of the candidate is written} \\
# f_t &= \sigma(x_t W_{xf} + h_{t-1} W_{hf} + b_f) &&\text{forget gate: how much of the cell is kept} \\
# o_t &= \sigma(x_t W_{xo} + h_{t-1} W_{ho} + b_o) &&\text{output gate: how much of the cell is shown} \\
# g_t &= \tanh(x_t W_{xg} + h_{t-1} W_{hg} + b_g) &&\text{candidate: what would be written}
# \end{aligned}
# $$
#
# and then
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(c_t).$$
#
# Mind the name: a forget gate of **1** forgets nothing. (It ought to be called the keep gate; the world decided otherwise.)

# %% tags=["demo"]
display(pictures_gates.lstm_cell())

# %% [markdown]
# Follow the green road along the top, from $c_{t-1}$ to $c_t$. On it there is no matrix and no squashing: only one product with a gate, and one sum. That road
# is what this notebook is about.
#
# **One large product.** Four products with $W_x$ and four with $W_h$ are slow, and tedious to write. So the four blocks of weights lie side by side, always in the
# order $i, f, o, g$: `Wx` has shape $(D, 4H)$, `Wh` has shape $(H, 4H)$ and `b` has shape $(4H,)$. One product then gives all $4H$ sums of a sequence at
# once; the first $H$ columns belong to the input gate, the next $H$ to the forget gate, and so on.
#
# ### With a pencil
#
# One unit, one sequence. The cell held $c_{t-1} = 0.5$, and the four sums came out as $2, 1, 0, -1$, in the order $i, f, o, g$.
#
# | | sum | after the squashing | |
# |---|---|---|---|
# | $i_t$ | 2 | $\sigma(2) = 0.881$ | write most of the candidate |
# | $f_t$ | 1 | $\sigma(1) = 0.731$ | keep about three quarters |
# | $o_t$ | 0 | $\sigma(0) = 0.5$ | show half |
# | $g_t$ | -1 | $\tanh(-1) = -0.762$ | the candidate |
#
# What is kept is $0.731 \cdot 0.5 = 0.366$, what is written is $0.881 \cdot (-0.762) = -0.671$, so $c_t = -0.305$; and the unit shows
# $h_t = 0.5 \cdot \tanh(-0.305) = -0.148$. Before you go on: which of the four sums would you change, and to what, so that the cell keeps its 0.5 whatever the candidate says?
#
# ### Your turn: one step


# %% exercise="lstm_step_forward"
def lstm_step_forward(
    x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array
) -> tuple[Array, Array, Any]:
    """Take one step of an LSTM.

    Args:
        x: inputs of this step, (N, D).
        prev_h: states after the step before, (N, H).
        prev_c: cells after the step before, (N, H).
        Wx: input to gates and candidate, (D, 4H), in the order i, f, o, g.
        Wh: state to gates and candidate, (H, 4H), in the same order.
        b: bias, (4H,), in the same order.

    Returns:
        next_h: states after this step, (N, H).
        next_c: cells after this step, (N, H).
        cache: whatever lstm_step_backward will need.
    """
    ### BEGIN SOLUTION
    sum_i, sum_f, sum_o, sum_g = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)
    i, f, o = sigmoid(sum_i), sigmoid(sum_f), sigmoid(sum_o)
    g = np.tanh(sum_g)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)
    return next_h, next_c, cache
    ### END SOLUTION


# %% [markdown]
# > **Think.** A state lies between -1 and 1, as before. Between which numbers does a cell lie after $t$ steps, if it started at 0? Could a cell count?
#
# ## 4.2 One step back
#
# Now two gradients arrive: `dnext_h`, from whoever used the state, and `dnext_c`, from whoever used the cell. Six go out. There is no new idea in here, only more bookkeeping,
# and it goes well if you walk the picture backwards, one arrow at a time, and write one line for each.
#
# 1. **Who used $c_t$?** Look at the picture: two arrows leave it. One goes on along the road, and its gradient is handed to you. The other goes through $\tanh$ and the output gate into $h_t$. What does
#    the chain rule say the second one sends back? What is done with gradients that meet at one place, you know from stage 1. Finish this before anything else:
#    all that follows starts from the complete gradient of $c_t$.
# 2. **Products entry by entry** are the easiest of all. If $y = a \odot b$, each factor's gradient is the upstream gradient times *the other factor*. There are three such products in a step.
# 3. **Through the squashings.** $\tanh$ you know. For the sigmoid, find the slope of $\sigma$ from its own output $s$: it is largest, $\frac{1}{4}$, at $s = \frac{1}{2}$, and it is zero where the gate is
#    fully open or fully shut. Which simple expression does that?
# 4. **Through the large product.** Lay the gradients of the four sums side by side, in the order in which they came. From there on it is, word for word, your vanilla step.


# %% exercise="lstm_step_backward"
def lstm_step_backward(dnext_h: Array, dnext_c: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Go back through one step of an LSTM.

    Args:
        dnext_h: gradient of the loss with respect to next_h, (N, H).
        dnext_c: what arrives at next_c from later steps, (N, H). What reaches it through next_h is not in here.
        cache: what your lstm_step_forward returned.

    Returns:
        dx (N, D), dprev_h (N, H), dprev_c (N, H), dWx (D, 4H), dWh (H, 4H), db (4H,).
    """
    ### BEGIN SOLUTION
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    shown = np.tanh(next_c)
    do = dnext_h * shown
    dc = dnext_c + dnext_h * o * (1 - shown**2)
    di = dc * g
    df = dc * prev_c
    dg = dc * i
    dprev_c = dc * f
    dsums = np.concatenate([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)], axis=1)
    dx = dsums @ Wx.T
    dprev_h = dsums @ Wh.T
    dWx = x.T @ dsums
    dWh = prev_h.T @ dsums
    db = dsums.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# Finite differences have the last word, as ever. The cell below checks two of the six, each through both outputs at once; change it to check the others.

# %% tags=["demo"]
rng = np.random.default_rng(7)
N, D, H = 4, 3, 5
x, prev_h, prev_c = rng.standard_normal((N, D)), rng.standard_normal((N, H)), rng.standard_normal((N, H))
Wx, Wh, b = rng.standard_normal((D, 4 * H)), rng.standard_normal((H, 4 * H)), rng.standard_normal(4 * H)
dnext_h, dnext_c = rng.standard_normal((N, H)), rng.standard_normal((N, H))
both = np.stack([dnext_h, dnext_c])

_, _, cache = lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)
_, _, dprev_c, _, dWh, _ = lstm_step_backward(dnext_h, dnext_c, cache)
slow_c = numeric_gradient(lambda c: np.stack(lstm_step_forward(x, prev_h, c, Wx, Wh, b)[:2]), prev_c, both)
slow_w = numeric_gradient(lambda w: np.stack(lstm_step_forward(x, prev_h, prev_c, Wx, w, b)[:2]), Wh, both)
print(f"dprev_c: yours and the numeric one differ by {relative_error(dprev_c, slow_c):.1e}")
print(f"dWh:     yours and the numeric one differ by {relative_error(dWh, slow_w):.1e}")

# %% [markdown]
# ## 4.3 Whole sequences
#
# The loop is the one of stage 1 with a second thing in your hands: state *and* cell go from step to step. The state starts from `h0`, the cell starts empty, $c_0 = 0$, and what is returned is the states; the
# cells are nobody's business but the network's own.


# %% exercise="lstm_forward"
def lstm_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Any]:
    """Run an LSTM over whole sequences, from a cell of zeros.

    Args:
        x: inputs of all steps, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: the weights, (D, 4H), (H, 4H) and (4H,), in the order i, f, o, g; the same at every step.

    Returns:
        h: the states after every step, (N, T, H).
        cache: whatever lstm_backward will need.
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.empty((N, T, h0.shape[1]), dtype=h0.dtype)
    steps = []
    state, cell = h0, np.zeros_like(h0)
    for t in range(T):
        state, cell, step_cache = lstm_step_forward(x[:, t], state, cell, Wx, Wh, b)
        h[:, t] = state
        steps.append(step_cache)
    return h, (steps, Wx, Wh, b)
    ### END SOLUTION


# %% [markdown]
# On the way back there are three streams: from each output, from the later states, and along the road from the later cells. Two of them you carry from step to step. What does the road bring to the
# very last cell, when nobody outside ever looks at it?


# %% exercise="lstm_backward"
def lstm_backward(dh: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through whole sequences of an LSTM.

    Args:
        dh: the gradient that each state receives from its own output, (N, T, H). What it receives
            from later steps is not in here.
        cache: what your lstm_forward returned.

    Returns:
        dx (N, T, D), dh0 (N, H), dWx (D, 4H), dWh (H, 4H), db (4H,).
    """
    ### BEGIN SOLUTION
    steps, Wx, Wh, b = cache
    N, T, H = dh.shape
    dx = np.empty((N, T, len(Wx)), dtype=dh.dtype)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dstate = np.zeros((N, H), dtype=dh.dtype)
    dcell = np.zeros((N, H), dtype=dh.dtype)
    for t in reversed(range(T)):
        dx[:, t], dstate, dcell, dWx_t, dWh_t, db_t = lstm_step_backward(dh[:, t] + dstate, dcell, steps[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dstate, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# ## 4.4 How good is the road?
#
# Walk back along the top of the picture, from $c_T$ to $c_t$, and look at nothing else: neither at what the gates think nor at the states. From $c_s = f_s \odot c_{s-1} + i_s \odot g_s$ we read that
# each crossing multiplies the gradient by a forget gate, unit by unit:
#
# $$\left.\frac{\partial c_T}{\partial c_t}\right|_{\text{direct}} = f_{t+1} \odot f_{t+2} \odot \cdots \odot f_T .$$
#
# Compare this with the vanilla network, where each crossing multiplies by a matrix *and* by a slope. Here each unit has a road of its own, and the network decides, step by step, how good it is. Where the forget gate
# is 1, the gradient passes as if there were no distance at all.
#
# **With a pencil.** One unit, three steps, forget gates $0.5, 0.9, 0.8$. The last cell is the last cell: its gradient with respect to itself is 1. One step earlier it is $0.8$, and one step before that
# $0.9 \cdot 0.8 = 0.72$. The first gate, 0.5, plays no part: it stands *before* $c_1$. So the answer is $(0.72,\ 0.8,\ 1)$.
#
# A word of warning before you write it: a gate may be exactly 0 (a `float32` sigmoid gets there). What happens to a method that divides?


# %% exercise="cell_highway"
def cell_highway(forget_gates: Array) -> Array:
    """The gradient of the last cell with respect to every cell, along the direct path only.

    Args:
        forget_gates: the forget gate of every step, (N, T, H), each between 0 and 1.

    Returns:
        highway: (N, T, H); highway[:, t] is dc_T / dc_t, unit by unit, where c_T is the cell after the last step
            and c_t is the cell after step t. It is 1 for the last step.
    """
    ### BEGIN SOLUTION
    highway = np.ones_like(forget_gates)
    for t in reversed(range(forget_gates.shape[1] - 1)):
        highway[:, t] = highway[:, t + 1] * forget_gates[:, t + 1]
    return highway
    ### END SOLUTION


# %% [markdown]
# ### Measured, not believed
#
# We left out the detours: a cell also acts on its own future through the state it shows and through the gates that look at that state. Is the direct path all that counts, or most of it, or little? Measure it. Take a
# network with the weights of a beginner, run it for 30 steps, push the cell after step $t$ up and down by a tiny amount, and see how far the last cell moves. That is the *total*
# derivative, detours and all.
#
# To read the gates we need not open your step: `measure_gates` finds them from outside, by experiments with your own `lstm_step_forward`. (Give it a cell of 0, then a cell of 1: by how much do the two next cells differ?)

# %% tags=["demo"]
from seqlab.gate_traces import measure_gates

T, D, H = 30, 3, 6
rng = np.random.default_rng(4)
x = rng.standard_normal((1, T, D))
Wx = rng.standard_normal((D, 4 * H)) / np.sqrt(D)
b = np.zeros(4 * H)
b[H : 2 * H] = 1.0


def last_cell(cell: Array, t: int, states: Array, Wh: Array) -> Array:
    """The cell after the last step, when the cell after step t is the one given."""
    state = states[:, t]
    for s in range(t + 1, T):
        state, cell, _ = lstm_step_forward(x[:, s], state, cell, Wx, Wh, b)
    return cell


def measured_highway(Wh: Array, unit: int) -> Array:
    """dc_T / dc_t of one unit for every t by finite differences, detours included."""
    states, _ = lstm_forward(x, np.zeros((1, H)), Wx, Wh, b)
    cells = measure_gates(lstm_step_forward, x, Wx, Wh, b)["cell"]
    pick = np.eye(H)[unit : unit + 1]
    slopes = np.empty(T)
    for t, cell in enumerate(cells[0]):
        moved = partial(last_cell, t=t, states=states, Wh=Wh)
        slopes[t] = numeric_gradient(moved, cell[None], pick)[0, unit]
    return np.abs(slopes)


Wh = rng.standard_normal((H, 4 * H)) / np.sqrt(H)
cut = np.zeros_like(Wh)
unit = 2
lines: dict[str, Array] = {}
for name, weights in {"no detours (Wh = 0)": cut, "with detours": Wh}.items():
    gates = measure_gates(lstm_step_forward, x, Wx, weights, b)
    product = cell_highway(gates["forget"])[0, :, unit]
    measured = measured_highway(weights, unit)
    lines |= {f"product of gates, {name}": product, f"measured, {name}": measured}
    print(f"{name}: product and measurement differ by {relative_error(product, measured):.1e}")
display(
    pictures_gates.log_curves(lines, "cell after step t", "change of the last cell", "the road, and what goes over it")
)

# %% [markdown]
# Without detours the product of the gates *is* the derivative, to as many digits as finite differences have. With detours the two curves part, yet the direct path sets the
# course. Change `unit`, and look at others: some detours help, some get in the way.
#
# ### A bias worth setting
#
# At the start of training the weights are small and random, and the sums are near their bias. With $b_f = 0$ every forget gate is about $\sigma(0) = 0.5$: half of the cell is erased at *every* step, and over a hundred
# steps a gradient shrinks to $0.5^{100} \approx 8 \cdot 10^{-31}$. A beginner with such gates cannot learn that remembering would pay, since no gradient from far away ever tells it. Hence the trick (Gers
# and others 2000; Jozefowicz and others 2015): start with $b_f$ at 1 or more. Guess first: how much does it take to carry something over 100 steps?

# %% tags=["demo"]
T, D, H = 100, 3, 32
rng = np.random.default_rng(5)
x = rng.standard_normal((8, T, D))
Wx, Wh = 0.3 * rng.standard_normal((D, 4 * H)) / np.sqrt(D), 0.3 * rng.standard_normal((H, 4 * H)) / np.sqrt(H)
lines = {}
for bias in (-1.0, 0.0, 1.0, 3.0, 5.0):
    b = np.zeros(4 * H)
    b[H : 2 * H] = bias
    highway = cell_highway(measure_gates(lstm_step_forward, x, Wx, Wh, b)["forget"])
    lines[f"forget bias {bias:g}"] = np.exp(np.log(highway).mean(axis=(0, 2)))
    print(f"forget bias {bias:4.1f}: after 100 steps {lines[f'forget bias {bias:g}'][0]:.1e} of the gradient is left")
display(
    pictures_gates.log_curves(
        lines, "step t", "dc_T/dc_t, typical unit", "one number decides how long a beginner remembers"
    )
)

# %% [markdown]
# ## 4.5 Two gates will do
#
# The GRU asks: why keep a cell and a state? It has one memory, $h_t$, and two gates. The **update** gate $z_t$ mixes the old state with a candidate; the **reset** gate $r_t$ decides how much of the old state the candidate
# gets to see:
#
# $$
# \begin{aligned}
# r_t &= \sigma(x_t W_{xr} + b_r + h_{t-1} W_{hr}) \\
# z_t &= \sigma(x_t W_{xz} + b_z + h_{t-1} W_{hz}) \\
# n_t &= \tanh(x_t W_{xn} + b_n + r_t \odot (h_{t-1} W_{hn})) \\
# h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}
# \end{aligned}
# $$
#
# The blocks lie side by side in the order $r, z, n$: `Wx` is $(D, 3H)$, `Wh` is $(H, 3H)$, `b` is $(3H,)$. Two places where the literature disagrees with itself, so read them twice:
#
# - **What the reset gate multiplies.** In the first paper it multiplies the state *before* the product with $W_{hn}$. We follow what cuDNN and PyTorch compute: it multiplies the *result* of the product. These
#   are different functions.
# - **Where the bias stands.** PyTorch has two biases, one beside each product. For $r$ and $z$ only their sum matters. For $n$ it does matter on which side of the reset gate a bias stands. Ours is one, and all of it
#   belongs to the input's side: $b_n$ is added *outside* the brackets that $r_t$ multiplies, and inside the brackets there is none. (In PyTorch's terms: `bias_ih` is our `b`, `bias_hh` is zero.)
#
# And which of the two is kept when $z_t = 1$? The equation says it: the old state.
#
# **With a pencil.** One unit. The state was $0.8$. The sums for $r$ and $z$ are $0$ and $1$; the input's part of the candidate, bias included, is $1$, and the state's part is $-1$. Then $r = 0.5$, $z = 0.731$,
# $n = \tanh(1 + 0.5 \cdot (-1)) = \tanh(0.5) = 0.462$, and the new state is $0.269 \cdot 0.462 + 0.731 \cdot 0.8 = 0.709$.


# %% exercise="gru_step_forward"
def gru_step_forward(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Any]:
    """Take one step of a GRU, with PyTorch's equations.

    Args:
        x: inputs of this step, (N, D).
        prev_h: states after the step before, (N, H).
        Wx: input to gates and candidate, (D, 3H), in the order r, z, n.
        Wh: state to gates and candidate, (H, 3H), in the same order.
        b: bias, (3H,), in the same order. All of it belongs to the product with Wx, so that the candidate is
            tanh(x Wxn + bn + r * (prev_h Whn)): the reset gate multiplies the state's product, and no bias.

    Returns:
        next_h: states after this step, (N, H).
        cache: whatever gru_step_backward will need.
    """
    ### BEGIN SOLUTION
    x_r, x_z, x_n = np.split(x @ Wx + b, 3, axis=1)
    h_r, h_z, h_n = np.split(prev_h @ Wh, 3, axis=1)
    r = sigmoid(x_r + h_r)
    z = sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    next_h = (1 - z) * n + z * prev_h
    cache = (x, prev_h, Wx, Wh, r, z, n, h_n)
    return next_h, cache
    ### END SOLUTION


# %% [markdown]
# ### Back through it
#
# Draw the arrows yourself this time. How many leave $h_{t-1}$? (Count the one in the mix, and count the products.) Where does $z_t$ appear, and with which sign? And look closely at the candidate: its slope reaches the input's part and the
# state's part of the sum, but one of the two has passed a gate. So there are two gradients of sums, one for the side of $W_x$ and one for the side of $W_h$, and they differ in one block only.


# %% exercise="gru_step_backward"
def gru_step_backward(dnext_h: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through one step of a GRU.

    Args:
        dnext_h: gradient of the loss with respect to next_h, (N, H).
        cache: what your gru_step_forward returned.

    Returns:
        dx (N, D), dprev_h (N, H), dWx (D, 3H), dWh (H, 3H), db (3H,).
    """
    ### BEGIN SOLUTION
    x, prev_h, Wx, Wh, r, z, n, h_n = cache
    dz = dnext_h * (prev_h - n)
    dn = dnext_h * (1 - z)
    dsum_n = dn * (1 - n**2)
    dr = dsum_n * h_n
    dsum_r = dr * r * (1 - r)
    dsum_z = dz * z * (1 - z)
    dx_side = np.concatenate([dsum_r, dsum_z, dsum_n], axis=1)
    dh_side = np.concatenate([dsum_r, dsum_z, dsum_n * r], axis=1)
    dx = dx_side @ Wx.T
    dprev_h = dnext_h * z + dh_side @ Wh.T
    dWx = x.T @ dx_side
    dWh = prev_h.T @ dh_side
    db = dx_side.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# The two loops you could write in your sleep by now. Do it awake: it is the last time in this course.


# %% exercise="gru_forward"
def gru_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Any]:
    """Run a GRU over whole sequences.

    Args:
        x: inputs of all steps, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: the weights, (D, 3H), (H, 3H) and (3H,), in the order r, z, n; the same at every step.

    Returns:
        h: the states after every step, (N, T, H).
        cache: whatever gru_backward will need.
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.empty((N, T, h0.shape[1]), dtype=h0.dtype)
    steps = []
    state = h0
    for t in range(T):
        state, step_cache = gru_step_forward(x[:, t], state, Wx, Wh, b)
        h[:, t] = state
        steps.append(step_cache)
    return h, (steps, Wx, Wh, b)
    ### END SOLUTION


# %% exercise="gru_backward"
def gru_backward(dh: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through whole sequences of a GRU.

    Args:
        dh: the gradient that each state receives from its own output, (N, T, H). What it receives
            from later steps is not in here.
        cache: what your gru_forward returned.

    Returns:
        dx (N, T, D), dh0 (N, H), dWx (D, 3H), dWh (H, 3H), db (3H,).
    """
    ### BEGIN SOLUTION
    steps, Wx, Wh, b = cache
    N, T, H = dh.shape
    dx = np.empty((N, T, len(Wx)), dtype=dh.dtype)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dstate = np.zeros((N, H), dtype=dh.dtype)
    for t in reversed(range(T)):
        dx[:, t], dstate, dWx_t, dWh_t, db_t = gru_step_backward(dh[:, t] + dstate, steps[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dstate, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# > **Think.** Where is the GRU's highway? Set $z_t = 1$ in the last equation and compare it with the LSTM's $f_t = 1, i_t = 0$. An LSTM can keep all of the old *and* add all of the new. Can a GRU?
#
# ## 4.6 The same numbers under other names
#
# Sooner or later you will want to load weights that somebody else trained with `torch.nn.LSTM`, and find that they do not fit. It keeps the same numbers in other places:
#
# | | here | in `torch.nn.LSTM` |
# |---|---|---|
# | order of the blocks | i, f, **o, g** | i, f, **g, o** |
# | input's weights | `Wx`, $(D, 4H)$ | `weight_ih`, $(4H, D)$ |
# | state's weights | `Wh`, $(H, 4H)$ | `weight_hh`, $(4H, H)$ |
# | bias | `b`, $(4H,)$ | two, `bias_ih` and `bias_hh`, $(4H,)$ each, and both are added |
#
# Write the two converters. They take and return NumPy arrays. What went wrong if you forget the order? Nothing crashes: shapes fit, numbers are finite, and the network talks nonsense. Such
# bugs are found by comparing *numbers*, which is what the check and the demo below do.


# %% exercise="lstm_from_torch"
def lstm_from_torch(weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> tuple[Array, Array, Array]:
    """Turn the parameters of one layer of torch.nn.LSTM into ours.

    Args:
        weight_ih: (4H, D), blocks in the order i, f, g, o.
        weight_hh: (4H, H), in the same order.
        bias_ih, bias_hh: (4H,) each, in the same order; torch adds both.

    Returns:
        Wx (D, 4H), Wh (H, 4H), b (4H,), blocks in the order i, f, o, g.
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(np.arange(len(bias_ih)), 4)
    ours = np.concatenate([i, f, o, g])
    Wx = weight_ih[ours].T
    Wh = weight_hh[ours].T
    b = bias_ih[ours] + bias_hh[ours]
    return Wx, Wh, b
    ### END SOLUTION


# %% exercise="lstm_to_torch"
def lstm_to_torch(Wx: Array, Wh: Array, b: Array) -> tuple[Array, Array, Array, Array]:
    """Turn our parameters into those of one layer of torch.nn.LSTM.

    Args:
        Wx, Wh, b: (D, 4H), (H, 4H), (4H,), blocks in the order i, f, o, g.

    Returns:
        weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), blocks in the order i, f, g, o.
        All of b is to stand in bias_ih; bias_hh is zeros.
    """
    ### BEGIN SOLUTION
    i, f, o, g = np.split(np.arange(len(b)), 4)
    theirs = np.concatenate([i, f, g, o])
    weight_ih = Wx[:, theirs].T
    weight_hh = Wh[:, theirs].T
    bias_ih = b[theirs]
    bias_hh = np.zeros_like(b)
    return weight_ih, weight_hh, bias_ih, bias_hh
    ### END SOLUTION


# %% [markdown]
# For the GRU the order is the same on both sides, but there is a catch, and you have met it: torch's second bias stands behind the reset gate, where we have none. So not every GRU of torch has a counterpart here, and
# an honest converter says so.


# %% tags=["given"]
def gru_from_torch(weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> tuple[Array, Array, Array]:
    """Turn the parameters of one layer of torch.nn.GRU into ours: Wx (D, 3H), Wh (H, 3H), b (3H,).

    Raises:
        ValueError: the candidate has a bias behind the reset gate, for which our equations have no place.
    """
    candidate = bias_hh[2 * len(bias_hh) // 3 :]
    if np.any(candidate):
        raise ValueError("expected bias_hh to be zero for the candidate (its last third); our GRU has no bias there")
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh


# %% [markdown]
# The proof: PyTorch's own layers, with whatever weights they happen to start with, against your loops. In double precision.

# %% tags=["demo"]
import torch

torch.manual_seed(3)
N, T, D, H = 3, 12, 4, 5
theirs = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
sequence = torch.randn(N, T, D, dtype=torch.float64)
by_torch, _ = theirs(sequence)
mine, _ = lstm_forward(
    sequence.numpy(), np.zeros((N, H)), *lstm_from_torch(*(p.detach().numpy() for p in theirs.parameters()))
)
print(f"LSTM: {N * T * H} states differ from torch.nn.LSTM by {relative_error(mine, by_torch.detach().numpy()):.1e}")

theirs_too = torch.nn.GRU(D, H, batch_first=True, dtype=torch.float64)
with torch.no_grad():
    theirs_too.get_parameter("bias_hh_l0")[2 * H :] = 0
by_torch, _ = theirs_too(sequence)
mine, _ = gru_forward(
    sequence.numpy(), np.zeros((N, H)), *gru_from_torch(*(p.detach().numpy() for p in theirs_too.parameters()))
)
print(f"GRU:  {N * T * H} states differ from torch.nn.GRU  by {relative_error(mine, by_torch.detach().numpy()):.1e}")

# %% [markdown]
# ## 4.7 In PyTorch
#
# Write both once more as modules, from their equations (`torch.nn.LSTM` and `torch.nn.GRU` are for comparing, not for handing in). The rules are those of stage 1: derive every new tensor from `x`, so that your module runs on any
# device and in any precision, and collect the states in a list. The parameters have our names, shapes and order.
#
# One thing about speed. The products with `Wx` do not need the state, so they need not wait for it: they can be done for all steps at once, before the loop starts. Do you see how?
#
# The LSTM returns two things, as PyTorch's own does: the states, and the pair of the last state and the last cell, with which a sequence can be continued. The constructors are
# given; notice what they do with the forget gate's bias.

# %% tags=["given"]
import torch
from torch import Tensor, nn


# %% exercise="LSTM"
class LSTM(nn.Module):
    """An LSTM for tensors on any device."""

    def __init__(self, input_dim: int, hidden_dim: int, forget_bias: float = 1.0) -> None:
        """Make the parameters Wx (D, 4H), Wh (H, 4H) and b (4H,), blocks in the order i, f, o, g."""
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 4 * hidden_dim) / input_dim**0.5)
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 4 * hidden_dim) / hidden_dim**0.5)
        self.b = nn.Parameter(torch.zeros(4 * hidden_dim))
        nn.init.constant_(self.b[hidden_dim : 2 * hidden_dim], forget_bias)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run over whole sequences.

        Args:
            x: inputs, (N, T, D).
            state: the pair (h0, c0) before the first step, (N, H) each; zeros if None.

        Returns:
            h: the states after every step, (N, T, H), on the device and of the type of x.
            (h_last, c_last): state and cell after the last step, (N, H) each.
        """
        ### BEGIN SOLUTION
        zeros = x.new_zeros(x.shape[0], self.Wh.shape[0])
        h, c = (zeros, zeros) if state is None else state
        from_input = x @ self.Wx + self.b
        states = []
        for t in range(x.shape[1]):
            i, f, o, g = (from_input[:, t] + h @ self.Wh).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        return torch.stack(states, dim=1), (h, c)
        ### END SOLUTION


# %% exercise="GRU"
class GRU(nn.Module):
    """A GRU for tensors on any device, with PyTorch's equations and one bias."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        """Make the parameters Wx (D, 3H), Wh (H, 3H) and b (3H,), blocks in the order r, z, n."""
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 3 * hidden_dim) / input_dim**0.5)
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 3 * hidden_dim) / hidden_dim**0.5)
        self.b = nn.Parameter(torch.zeros(3 * hidden_dim))

    def forward(self, x: Tensor, h0: Tensor | None = None) -> Tensor:
        """Run over whole sequences.

        Args:
            x: inputs, (N, T, D).
            h0: states before the first step, (N, H); zeros if None.

        Returns:
            The states after every step, (N, T, H), on the device and of the type of x.
        """
        ### BEGIN SOLUTION
        h = x.new_zeros(x.shape[0], self.Wh.shape[0]) if h0 is None else h0
        from_input = x @ self.Wx + self.b
        states = []
        for t in range(x.shape[1]):
            x_r, x_z, x_n = from_input[:, t].chunk(3, dim=1)
            h_r, h_z, h_n = (h @ self.Wh).chunk(3, dim=1)
            r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
            n = torch.tanh(x_n + r * h_n)
            h = (1 - z) * n + z * h
            states.append(h)
        return torch.stack(states, dim=1)
        ### END SOLUTION


# %% [markdown]
# ### Autograd as the judge
#
# The same weights, inputs and upstream gradient, twice: by your hands, and by autograd on your modules.

# %% tags=["demo"]
N, T, D, H = 3, 6, 4, 5
rng = np.random.default_rng(3)
x, h0, dh = rng.standard_normal((N, T, D)), rng.standard_normal((N, H)), rng.standard_normal((N, T, H))


def against_autograd(model: nn.Module, forward: Any, backward: Any) -> None:
    """Print how far hand-written gradients are from those that autograd finds for the same parameters."""
    model = model.double()
    weights = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    _, cache = forward(x, h0, **weights)
    _, _, *mine = backward(dh, cache)
    start = torch.from_numpy(h0)
    if isinstance(model, LSTM):
        states, _ = model(torch.from_numpy(x), (start, torch.zeros_like(start)))
    else:
        states = model(torch.from_numpy(x), start)
    states.backward(torch.from_numpy(dh))
    for (name, parameter), gradient in zip(model.named_parameters(), mine, strict=True):
        by_autograd = np.asarray(parameter.grad)
        print(f"{type(model).__name__:4s} d{name:2s} differs by {relative_error(gradient, by_autograd):.1e}")


against_autograd(LSTM(D, H), lstm_forward, lstm_backward)
against_autograd(GRU(D, H), gru_forward, gru_backward)

# %% [markdown]
# ## 4.8 The race
#
# Now let them run. Two tasks, both old, both cruel to a short memory.
#
# **The adding problem.** At each step the network sees a number between 0 and 1 and a mark. Two numbers of the whole sequence are marked, one in the first half and one in the second; at the end their sum is asked for. All else is
# noise. Who remembers nothing does best by always answering 1, and is off by $\frac{1}{6} \approx 0.167$ in the mean of squares.
#
# **The copy task.** Three symbols are shown, each one of four, then blanks, then a signal: now repeat them, in order. Guessing costs $\ln 4 \approx 1.39$ nats a symbol.
#
# Three networks with 32 hidden units each. The vanilla one gets the best start we know of: an orthogonal $W_h$, whose singular values are all 1 (remember stage 3). All see the same minibatches, learn with the same optimizer, and have
# their gradients clipped. A network stops early when it has solved its task. Before you run this, write down at which length you think each will fail.

# %% tags=["demo"]
from collections.abc import Callable

from torch.nn import functional as F
from tqdm.auto import tqdm

from seqlab.memory_tasks import adding_problem, copy_task

HIDDEN = 32
torch.set_num_threads(
    1
)  # matrices as small as these gain nothing from a second core, and lose much where cores are shared
device = "cuda" if torch.cuda.is_available() else "cpu"


class Reader(nn.Module):
    """Any of the three networks, and an output layer at every step."""

    def __init__(self, cell: nn.Module, outputs: int) -> None:
        super().__init__()
        self.cell, self.head = cell, nn.Linear(HIDDEN, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs at every step, (N, T, outputs)."""
        states = self.cell(x)
        scores: Tensor = self.head(states[0] if isinstance(states, tuple) else states)
        return scores


def vanilla(inputs: int, hidden: int) -> nn.RNN:
    """A vanilla network with an orthogonal recurrent matrix and without biases."""
    cell = nn.RNN(inputs, hidden, bias=False, batch_first=True)
    nn.init.normal_(cell.get_parameter("weight_ih_l0"), std=inputs**-0.5)
    nn.init.orthogonal_(cell.get_parameter("weight_hh_l0"))
    return cell


def learn(
    reader: Reader, draw: Callable[[], Any], loss_of: Callable[..., Tensor], goal: float, name: str
) -> list[float]:
    """Train on fresh minibatches until the mean loss of 20 is below the goal, at most 800; return every loss."""
    optimizer = torch.optim.Adam(reader.parameters(), lr=1e-2)
    losses: list[float] = []
    progress = tqdm(range(800), desc=name, leave=False)
    for _ in progress:
        x, y = (torch.from_numpy(array).to(device) for array in draw())
        loss = loss_of(reader(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        recent = float(np.mean(losses[-20:]))
        progress.set_postfix(loss=f"{recent:.4f}", refresh=False)
        if len(losses) >= 20 and recent < goal:
            break
    print(f"{name:32s} {len(losses):4d} minibatches, loss {recent:.4f}{' (solved)' if recent < goal else ''}")
    return losses


def race(task: str, length: int, draw: Any, loss_of: Any, cells: dict[str, nn.Module], goal: float) -> dict[str, Any]:
    """Let some networks learn one task, all from the same minibatches; return readers and losses by name."""
    outputs = 1 if draw is adding_problem else 4
    readers = {name: Reader(cell, outputs).to(device) for name, cell in cells.items()}
    losses = {}
    for name, reader in readers.items():
        batches = partial(draw, 64, length, np.random.default_rng(length))
        losses[name] = learn(reader, batches, loss_of, goal, f"{task} {length}: {name}")
    return {"readers": readers, "losses": losses}


# %% tags=["demo"]
def adding_loss(outputs: Tensor, sums: Tensor) -> Tensor:
    """Mean squared error of what is said after the last step."""
    return F.mse_loss(outputs[:, -1, 0], sums)


def beginners() -> dict[str, nn.Module]:
    """The three networks, as they start."""
    torch.manual_seed(0)
    return {"RNN": vanilla(2, HIDDEN), "LSTM": LSTM(2, HIDDEN), "GRU": GRU(2, HIDDEN)}


adding = {T: race("adding, length", T, adding_problem, adding_loss, beginners(), 0.005) for T in (25, 50, 100)}
losses_by_length = {f"adding, length {T}": result["losses"] for T, result in adding.items()}
display(pictures_gates.races(losses_by_length, 1 / 6, "mean squared error"))


# %% tags=["demo"]
def copy_loss(outputs: Tensor, shown: Tensor) -> Tensor:
    """Nats per symbol over the last steps, at which the symbols are to be said."""
    return F.cross_entropy(outputs[:, -shown.shape[1] :].flatten(0, 1), shown.flatten())


def four_beginners() -> dict[str, nn.Module]:
    """The three networks, and an LSTM whose forget gates start wider open."""
    torch.manual_seed(0)
    gated = {"LSTM, bias 1": LSTM(6, HIDDEN), "LSTM, bias 3": LSTM(6, HIDDEN, forget_bias=3.0)}
    return {"RNN": vanilla(6, HIDDEN), **gated, "GRU": GRU(6, HIDDEN)}


three_symbols = partial(copy_task, length=3)
copying = {T: race("copy, delay", T, three_symbols, copy_loss, four_beginners(), 0.05) for T in (10, 20, 30)}
losses_by_delay = {f"copy, delay {T}": result["losses"] for T, result in copying.items()}
display(pictures_gates.races(losses_by_delay, np.log(4), "nats per symbol"))

# %% [markdown]
# Look at the vanilla network on the longest adding problem. Its line does not fall slowly: it does not fall *at all*. It is not short of units (32 are plenty to keep one number), and it had the best start
# there is. There is just no gradient that would tell it what to keep. Be fair to it, though: over the shortest delay of the copy task, see who is done first.
#
# And compare the two LSTMs on the copy task. They differ in nothing but one number at the start. The GRU, quick over 20 steps, does not find its way over 30 at all: gates alone do not make a long memory. Which of its
# numbers would you set before it starts?
#
# ### The gradient, step by step
#
# That claim can be measured with what you built: walk back from the last step with your own step functions, and write down at each step how large the gradient of the state is. (For the LSTM, state and
# cell together.) One function serves all three networks; the vanilla steps are those of stage 1. On the left the three networks as they start, on the right after they have learned to add over 100 steps, or have tried to.

# %% tags=["demo"]
Steps = tuple[Callable[..., Any], Callable[..., Any]]
STEPS: dict[str, Steps] = {
    "RNN": (earlier.rnn_step_forward, earlier.rnn_step_backward),
    "LSTM": (lstm_step_forward, lstm_step_backward),
    "GRU": (gru_step_forward, gru_step_backward),
}


def gradient_norms(steps: Steps, x: Array, memory: list[Array], weights: list[Array]) -> Array:
    """The norm of the gradient of all that is remembered after each step, when one of size 1 arrives at the last state."""
    forward, backward = steps
    caches = []
    for x_t in np.moveaxis(x, 1, 0):
        *memory, cache = forward(x_t, *memory, *weights)
        caches.append(cache)
    gradient = [np.zeros_like(part) for part in memory]
    gradient[0] += 1 / np.sqrt(gradient[0].size)
    norms = []
    for cache in reversed(caches):
        norms.append(np.sqrt(sum(np.sum(part**2) for part in gradient)))
        _, *gradient, _, _, _ = backward(*gradient, cache)
    return np.array(norms[::-1])


def weights_of(cell: nn.Module) -> list[Array]:
    """Wx, Wh and b as float64 arrays."""
    arrays = [parameter.detach().cpu().numpy().astype(np.float64) for parameter in cell.parameters()]
    if isinstance(cell, nn.RNN):
        return [arrays[0].T, arrays[1].T, np.zeros(HIDDEN)]
    return arrays


def norms_of_all(cells: dict[str, nn.Module], x: Array) -> dict[str, Array]:
    """The gradient norms of each network on the same inputs."""
    empty = np.zeros((len(x), HIDDEN))
    return {
        name: gradient_norms(STEPS[name], x, [empty, empty] if name == "LSTM" else [empty], weights_of(cell))
        for name, cell in cells.items()
    }


sequences = adding_problem(32, 100, np.random.default_rng(9))[0].astype(np.float64)
trained = {name: reader.cell for name, reader in adding[100]["readers"].items()}
norms = {"as they start": norms_of_all(beginners(), sequences), "after learning": norms_of_all(trained, sequences)}
for when, curves in norms.items():
    print(
        f"{when:15s}",
        ", ".join(f"{name} {curve[0]:.0e}" for name, curve in curves.items()),
        "of 1 reach the first step",
    )
display(pictures_gates.log_panels(norms, "step t", "norm of the gradient of what is remembered"))

# %% [markdown]
# Read the left picture with care, for it is not what is usually told: a beginner's gates do **not** carry a gradient over a hundred steps either. Gates that stand half open multiply by a half. What
# matters is the right picture. The gated networks had somewhere to go: opening a forget gate a little pays at once, for things that happened a little while ago; that opens the road a little further; and so on. The
# vanilla network has no such dial to turn. What it learned has even made its road worse.
#
# ### Watch the gates
#
# And this is what the LSTM has learned. We take one sequence that it has never seen, with two marked steps (dotted), put the trained weights into *your* step function, and measure its gates from outside, as before. To find out where it
# keeps the first marked number, we run the sequence twice: once with $0.1$ at the first mark, once with $0.9$, all else alike. Where the cells of the two runs differ, the number is remembered. Below are the eight units that
# remember most of it; the last panel shows what the change made of their cells.

# %% tags=["demo"]
weights = weights_of(trained["LSTM"])
unseen, _ = adding_problem(1, 100, np.random.default_rng(36))
first, second = np.flatnonzero(unseen[0, :, 1]).tolist()
twice = np.repeat(unseen, 2, axis=0)
twice[:, first, 0] = 0.1, 0.9
gates = measure_gates(lstm_step_forward, twice, *weights)
change = gates["cell"][1] - gates["cell"][0]
units = np.argsort(-np.abs(change[second:]).mean(axis=0))[:8]
panels = {name: gates[name][0][:, units] for name in ("input", "forget", "output")}
panels["cells: 0.9\ninstead of 0.1"] = change[:, units]
above = {"number": unseen[0, :, 0], "mark": unseen[0, :, 1]}
display(pictures_gates.gates_over_time(panels, above, (first, second), "an LSTM that adds"))
with torch.no_grad():
    answers = adding[100]["readers"]["LSTM"](torch.from_numpy(twice).to(device))[:, -1, 0].tolist()
for number, answer in zip((0.1, 0.9), answers, strict=True):
    print(f"{number} + {unseen[0, second, 0]:.2f} = {number + unseen[0, second, 0]:.2f}; the network says {answer:.2f}")

# %% [markdown]
# Before the first mark nothing can differ, and nothing does. Then some cells take the number up, and they keep it, past dozens of steps full of other numbers, until the end. Compare the forget gates of those units
# with the 0.73 at which they started. Nobody told them. It grew, because a gradient could reach it.
#
# ## What you have now
#
# - An LSTM and a GRU, forwards and backwards, by hand; both agree with PyTorch's own layers, whose weights you can read and write.
# - A memory with a road: along it a gradient is multiplied by gates that the network sets itself, instead of by a matrix and slopes that it is stuck with.
# - Two pictures to remember: that gates at half mast forget as fast as anything, and that open ones do not.
#
# **To go further.** Start the LSTM with `forget_bias=-2`, or 5, and run the race again: which tasks suffer, and which gain? Give the GRU's update gate a bias, too. Let the adding problem have 400 steps. Or take
# the output gate away from the LSTM (let it be 1 throughout): how much is lost? A famous study (Greff and others 2015) asked this of every gate; you can ask it in an afternoon.
#
# **Next.** You have networks that remember. In stage 5 they go to work on sequences of every shape: a text that becomes a verdict, a label that becomes a drawing, a sentence that becomes a sentence in another language.
