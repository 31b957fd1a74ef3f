# %% [markdown]
# # 1 · The recurrent cell and its computational graph
#
# Cover this line with your hand and uncover it letter by letter. You know what the sentence says long before
# its end, because at each letter you did two things: you looked at the new letter, and you remembered what you
# had made of the ones before. That is all a recurrent network does. In this notebook you will build one, by
# hand, forwards and backwards, and at the end it will read handwritten digits row by row, like a scanner, and
# tell you after each row what it believes so far.
#
# **How to work here.** Read, fill in the functions marked `YOUR CODE HERE`, and run the check below each. It
# says what is right already, what is off, by how much and where. When a check puzzles you, `toy(your_function)`
# shows a tiny case with every number in it, so that you can follow with a pencil. Nothing you do can break
# anything, and a check may be run as often as you like. When you are done: *Kernel, Restart and Run All Cells*,
# save, and hand in this notebook.
#
# | letter | what it counts | | letter | what it counts |
# |---|---|---|---|---|
# | $N$ | sequences in a batch | | $H$ | numbers in a hidden state |
# | $T$ | steps in time | | $M$ | numbers in an output |
# | $D$ | numbers in an input | | $C$ | classes |
#
# Batches come first: `x` has shape `(N, T, D)`, and `x[:, t]` is what every sequence of the batch sees at time `t`.

# %% tags=["given"]
from typing import Any

import numpy as np
from IPython.display import display

from seqlab import check, plots, toy
from seqlab.gradcheck import numeric_gradient, relative_error

Array = np.ndarray

# %% [markdown]
# ## 1.1 One function, used again and again
#
# A recurrence is a function that eats its own output:
#
# $$h_t = f(h_{t-1}, x_t)$$
#
# $x_t$ is what arrives at time $t$. $h_t$ is the **hidden state**: a vector of $H$ numbers, and all that the network
# keeps of everything it has seen up to now. The same $f$, with the same weights, is used at every step; that is why
# one network can read a sentence of three words or of three hundred. The *vanilla* recurrent network takes
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b)$$
#
# with $W_x$ of shape $(D, H)$, $W_h$ of shape $(H, H)$ and $b$ of shape $(H,)$. Read it aloud: *what I see, plus what I
# remember, plus a habit, squashed into $(-1, 1)$.* If an output is wanted at some step, a further layer reads it off the
# state: $y_t = h_t W_y + b_y$.
#
# The loop on the left is what you program. The chain on the right is what happens, and it is an ordinary
# feed-forward network: very deep, with **the same weights in every layer**.

# %% tags=["demo"]
display(plots.unrolled_graph())

# %% [markdown]
# ### With a pencil
#
# Take one input number per step and two hidden units, with $b = 0$ and
#
# $$W_x = \begin{pmatrix} 1 & 0 \end{pmatrix}, \qquad W_h = \begin{pmatrix} 0 & 1 \\ 0 & 0 \end{pmatrix}.$$
#
# Start from $h_0 = (0, 0)$ and let the inputs be $0.5,\ 0,\ 0$.
#
# | $t$ | $x_t$ | $x_t W_x$ | $h_{t-1} W_h$ | sum | $h_t = \tanh(\text{sum})$ |
# |---|---|---|---|---|---|
# | 1 | 0.5 | (0.5, 0) | (0, 0) | (0.5, 0) | (0.46, 0) |
# | 2 | 0 | (0, 0) | (0, 0.46) | (0, 0.46) | (0, 0.43) |
# | 3 | 0 | (0, 0) | (0, 0) | (0, 0) | (0, 0) |
#
# The first unit notices the input. At the next step $W_h$ hands its note to the second unit; one step later it is gone.
# Nobody told this network *what* to remember: it is all in $W_h$. Before you go on, change one number of $W_h$ so that the
# second unit never quite forgets. (What happens to it over ten steps? We come back to that question in stage 3.)
#
# ### Your turn: one step
#
# Every row of `x` and `prev_h` is another sequence of the batch, and all take their step together. The function returns
# the new state and a `cache`: whatever *your* backward pass will want to see again. Its form is your own business.


# %% exercise="rnn_step_forward"
def rnn_step_forward(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Any]:
    """Take one step of a vanilla recurrent network.

    Args:
        x: inputs of this step, (N, D).
        prev_h: states after the step before, (N, H).
        Wx: input to state, (D, H).
        Wh: state to state, (H, H).
        b: bias, (H,).

    Returns:
        next_h: states after this step, (N, H).
        cache: whatever rnn_step_backward will need.
    """
    ### BEGIN SOLUTION
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    return next_h, cache
    ### END SOLUTION


# %% [markdown]
# > **Think.** Every number in `next_h` lies between -1 and 1, however long the sequence gets. What would happen without
# > the squashing if $W_h$ doubled its argument?
#
# ## 1.2 One step back
#
# To learn, we need to know how the loss $L$ changes when each number that went into the step changes. Somebody hands us
# $\partial L / \partial h_t$ (call it `dnext_h`, of the shape of `next_h`), and we answer with five gradients, one for each
# argument and of its shape. There are two ideas, and no more.
#
# **Through the squashing.** Write $a = x W_x + h W_h + b$, so that $h' = \tanh(a)$. Each entry of $a$ affects just one entry of
# $h'$, so its gradient is the upstream gradient times the slope of $\tanh$ at that place. The slope has a lovely property:
# it can be told from the *output* alone. Where $h'$ is 0 the slope is 1; where $h'$ is close to 1 or to -1 the curve is
# flat and the slope is close to 0. (Which simple expression in $h'$ does that? Derive it, from $\tanh = \sinh/\cosh$ or
# any way you like, and try it at $h' = 0$.)
#
# **Through the products.** When $a = x W$, shapes will guide you. $\partial L/\partial x$ has the shape of $x$, $(N, D)$; you hold
# $\partial L/\partial a$, $(N, H)$, and $W$, $(D, H)$. There is only one way to multiply these two into the shape wanted. The same
# argument gives $\partial L/\partial W$ from $x$ and $\partial L/\partial a$. And the bias is added to every row of the batch, so
# every row has a say in its gradient.


# %% exercise="rnn_step_backward"
def rnn_step_backward(dnext_h: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through one step.

    Args:
        dnext_h: gradient of the loss with respect to next_h, (N, H).
        cache: what your rnn_step_forward returned.

    Returns:
        dx (N, D), dprev_h (N, H), dWx (D, H), dWh (H, H), db (H,): the gradient of each argument of the step.
    """
    ### BEGIN SOLUTION
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)
    dx = da @ Wx.T
    dprev_h = da @ Wh.T
    dWx = x.T @ da
    dWh = prev_h.T @ da
    db = da.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# ### A second opinion: finite differences
#
# You never have to take a gradient on trust. Push one number up a little, push it down a little, see how the loss
# changes: that *is* the derivative, up to a small error. `numeric_gradient` does this for every entry. It is hopelessly slow
# for training, and perfect for checking. Below it checks `dWh`; change the cell to check the other four.

# %% tags=["demo"]
rng = np.random.default_rng(7)
N, D, H = 4, 3, 5
x, prev_h = rng.standard_normal((N, D)), rng.standard_normal((N, H))
Wx, Wh, b = rng.standard_normal((D, H)), rng.standard_normal((H, H)), rng.standard_normal(H)
dnext_h = rng.standard_normal((N, H))

next_h, cache = rnn_step_forward(x, prev_h, Wx, Wh, b)
dx, dprev_h, dWx, dWh, db = rnn_step_backward(dnext_h, cache)
by_differences = numeric_gradient(lambda Wh: rnn_step_forward(x, prev_h, Wx, Wh, b)[0], Wh, dnext_h)
print(f"dWh: yours and the numeric one differ by {relative_error(dWh, by_differences):.1e} (below 1e-8 is excellent)")

# %% [markdown]
# ## 1.3 A whole sequence
#
# Now let the step eat its own output. Start from $h_0$, feed $x_1$, get $h_1$; feed $x_2$, get $h_2$; and keep every state, since
# an output may be wanted at each. This is a loop over time, and it cannot be otherwise: $h_2$ needs $h_1$. (The batch
# goes through in parallel; time does not. Remember this when you meet the Transformer.)


# %% exercise="rnn_forward"
def rnn_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Any]:
    """Run a recurrent network over whole sequences.

    Args:
        x: inputs of all steps, (N, T, D).
        h0: states before the first step, (N, H).
        Wx, Wh, b: the weights, (D, H), (H, H) and (H,); the same at every step.

    Returns:
        h: the states after every step, (N, T, H).
        cache: whatever rnn_backward will need.
    """
    ### BEGIN SOLUTION
    h = np.empty((x.shape[0], x.shape[1], h0.shape[1]), dtype=h0.dtype)
    cache = []
    state = h0
    for t in range(x.shape[1]):
        state, step_cache = rnn_step_forward(x[:, t], state, Wx, Wh, b)
        h[:, t] = state
        cache.append(step_cache)
    return h, cache
    ### END SOLUTION


# %% [markdown]
# ## 1.4 Backpropagation through time
#
# Look at the chain again, from right to left. Two things make it different from the networks you know.
#
# **Each state is used twice.** $h_t$ feeds its own output $y_t$, and it feeds the next state $h_{t+1}$. Both uses send a gradient
# back. `dh[:, t]` below is what arrives from the output at time $t$ only; what arrives from the future is for you to
# carry along. If a quantity is used in two places, what is its gradient?
#
# **Each weight is used $T$ times.** There is only one $W_h$, and all steps share it. Here is the smallest case there is. Let
# $h_1 = w h_0$ and $h_2 = w h_1$, and let the loss be $h_2$ itself. Then $h_2 = w^2 h_0$, and by school calculus
# $\mathrm{d}h_2/\mathrm{d}w = 2 w h_0$. Now the same by going back: the last step says $h_1 = w h_0$ for its own use of $w$, and
# passes $w$ on to $h_1$, whose use of $w$ says $w \cdot h_0$. Each use has said $w h_0$. What must be done with the two to get
# what school calculus got?
#
# Going back through the unrolled chain like this is called *backpropagation through time*. There is nothing to
# it but care: go from the last step to the first, and let your `rnn_step_backward` do the work of each.


# %% exercise="rnn_backward"
def rnn_backward(dh: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Go back through whole sequences.

    Args:
        dh: the gradient that each state receives from its own output, (N, T, H). What it receives
            from later steps is not in here.
        cache: what your rnn_forward returned.

    Returns:
        dx (N, T, D), dh0 (N, H), dWx (D, H), dWh (H, H), db (H,).
    """
    ### BEGIN SOLUTION
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx = np.empty((N, T, D), dtype=dh.dtype)
    dWx = np.zeros((D, H), dtype=dh.dtype)
    dWh = np.zeros((H, H), dtype=dh.dtype)
    db = np.zeros(H, dtype=dh.dtype)
    from_later = np.zeros((N, H), dtype=dh.dtype)
    for t in reversed(range(T)):
        dx[:, t], from_later, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + from_later, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, from_later, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# > **Think.** Suppose only the last output matters, so that `dh` is zero except at the end. Which gradients still depend on
# > the first input? Through how many multiplications by $W_h$ did that influence travel?
#
# ## 1.5 The output layer, at every step
#
# A state is private; the world sees outputs. At every step the same small layer turns $H$ numbers into $M$ scores:
# $y_t = h_t W_y + b_y$. It is an ordinary affine layer, except that there is a time axis: each of the $N \cdot T$ states goes
# through the same weights. So here, too, weights are shared over time, and you know by now what that means for their
# gradients. It is called *temporal* affine in many courses, with `x` for its input, whatever that is.


# %% exercise="temporal_affine_forward"
def temporal_affine_forward(x: Array, w: Array, b: Array) -> tuple[Array, Any]:
    """Apply one affine layer at every step.

    Args:
        x: (N, T, D).
        w: weights, (D, M).
        b: bias, (M,).

    Returns:
        out: scores at every step, (N, T, M).
        cache: whatever temporal_affine_backward will need.
    """
    ### BEGIN SOLUTION
    out = x @ w + b
    cache = (x, w)
    return out, cache
    ### END SOLUTION


# %% [markdown]
# On the way back, count before you compute: how many times is `w` used in a batch of $N$ sequences of $T$ steps?


# %% exercise="temporal_affine_backward"
def temporal_affine_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Go back through the affine layer of every step.

    Args:
        dout: gradient of the loss with respect to out, (N, T, M).
        cache: what your temporal_affine_forward returned.

    Returns:
        dx (N, T, D), dw (D, M), db (M,).
    """
    ### BEGIN SOLUTION
    x, w = cache
    dx = dout @ w.T
    dw = np.einsum("ntd,ntm->dm", x, dout)
    db = dout.sum(axis=(0, 1))
    return dx, dw, db
    ### END SOLUTION


# %% [markdown]
# ## 1.6 Reading digits, row by row
#
# An image has a fixed size, and so has the answer to "which digit is this?". Nothing forces us to treat it as a sequence.
# But we may: let the network look at **one row of pixels at a time**, from the top, and ask it at the end. That is
# *many to one*: many inputs, one output, and the last state has to hold all that matters about the picture.
#
# `RowReader` keeps its weights in the dictionary `params`:
#
# | name | shape | |
# |---|---|---|
# | `Wx`, `Wh`, `b` | $(D, H)$, $(H, H)$, $(H,)$ | the recurrent cell |
# | `W_out`, `b_out` | $(H, C)$, $(C,)$ | from the last state to a score for each class |
#
# Your part is `loss`: start from a state of zeros, read all rows, score the classes **from the last state only**, and compare with
# the labels. The scores $s$ become probabilities by the softmax, and the loss is the mean over the batch of the negative log
# probability of the right class:
#
# $$p_c = \frac{e^{s_c}}{\sum_k e^{s_k}}, \qquad L = -\frac{1}{N} \sum_n \log p_{\,\text{label}_n}.$$
#
# Two hints from people who have been there. First, $e^{1000}$ is infinite in floating point, yet $p$ does not change when the same
# number is subtracted from all scores of an example; choose that number well. Second, the gradient of this loss
# with respect to the scores is one of the most beautiful results in the trade, and short: work it out for two classes. Then the gradient
# flows back into the last state, and *only* into the last; the rest is your `rnn_backward`.


# %% exercise="RowReader"
class RowReader:
    """Reads an image row by row and says what it shows: many to one."""

    def __init__(self, params: dict[str, Array]) -> None:
        """Keep the weights: Wx (D, H), Wh (H, H), b (H,), W_out (H, C), b_out (C,)."""
        self.params = params

    def predict_proba(self, images: Array) -> Array:
        """The probability of each class after each row, (N, T, C), for images (N, T, D)."""
        weights = self.params
        start = np.zeros((len(images), len(weights["Wh"])), dtype=images.dtype)
        states, _ = rnn_forward(images, start, weights["Wx"], weights["Wh"], weights["b"])
        scores, _ = temporal_affine_forward(states, weights["W_out"], weights["b_out"])
        powers: Array = np.exp(scores - scores.max(axis=-1, keepdims=True))
        powers /= powers.sum(axis=-1, keepdims=True)
        return powers

    def loss(self, images: Array, labels: Array) -> tuple[float, dict[str, Array]]:
        """The loss on a batch, and its gradients.

        Args:
            images: (N, T, D).
            labels: the right class of each, integers, (N,).

        Returns:
            loss: the mean over the batch of the negative log probability of the right class, in nats.
            grads: the gradient of each of the params, under the same names.
        """
        ### BEGIN SOLUTION
        p = self.params
        N = len(images)
        h0 = np.zeros((N, len(p["Wh"])), dtype=images.dtype)
        h, cache = rnn_forward(images, h0, p["Wx"], p["Wh"], p["b"])
        last = h[:, -1]
        logits = last @ p["W_out"] + p["b_out"]
        logits = logits - logits.max(axis=1, keepdims=True)
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        loss = -log_probs[np.arange(N), labels].mean()

        dlogits = np.exp(log_probs)
        dlogits[np.arange(N), labels] -= 1
        dlogits /= N
        dh = np.zeros_like(h)
        dh[:, -1] = dlogits @ p["W_out"].T
        _, _, dWx, dWh, db = rnn_backward(dh, cache)
        grads = {"Wx": dWx, "Wh": dWh, "b": db, "W_out": last.T @ dlogits, "b_out": dlogits.sum(axis=0)}
        return float(loss), grads
        ### END SOLUTION


# %% [markdown]
# ### Let it read
#
# Here are 1,797 real digits, written by 43 people, each squeezed into 8 rows of 8 pixels. A fifth is held out. Training takes a few
# seconds. Before you run it, guess: how many of the digits that it has never seen will it read correctly?

# %% tags=["demo"]
from seqlab.data import load_digits
from seqlab.training import Adam, train

digits = load_digits()
seen, unseen = digits.train[:], digits.val[:]
rng = np.random.default_rng(1)
D, H, C = 8, 64, 10
reader = RowReader(
    {
        "Wx": rng.standard_normal((D, H)) / np.sqrt(D),
        "Wh": rng.standard_normal((H, H)) / np.sqrt(H),
        "b": np.zeros(H),
        "W_out": rng.standard_normal((H, C)) / np.sqrt(H),
        "b_out": np.zeros(C),
    }
)


def share_right(images: Array, labels: Array) -> float:
    """The share of images that the reader reads correctly after their last row."""
    return float((reader.predict_proba(images)[:, -1].argmax(axis=1) == labels).mean())


losses = train(
    reader.params,
    lambda batch: reader.loss(seen.images[batch], seen.labels[batch]),
    len(seen.images),
    epochs=30,
    batch_size=50,
    rng=rng,
    optimizer=Adam(learning_rate=3e-3),
    after_epoch=lambda _: f"held out: {share_right(unseen.images, unseen.labels):.1%} right",
)
display(plots.loss_curve(losses, title="RowReader learns to read digits"))
print(f"digits never seen before: {share_right(unseen.images, unseen.labels):.1%} right")

# %% [markdown]
# Now watch it read. On the left is a digit; on the right is what the reader would say if it had to answer after each row. At first
# it hardly knows more than chance. Look for the row where it makes up its mind, and for digits that it confuses until the stroke
# that tells them apart comes into view.

# %% tags=["demo"]
for index in (3, 17):
    image, label = unseen.images[index], unseen.labels[index]
    display(plots.reading(image, reader.predict_proba(image[None])[0], title=f"a {label}"))

# %% [markdown]
# And here is what it gets wrong. A model is known by its mistakes: which of these would you have read differently yourself?

# %% tags=["demo"]
guesses = reader.predict_proba(unseen.images)[:, -1].argmax(axis=1)
wrong = np.flatnonzero(guesses != unseen.labels)[:12]
display(plots.gallery(unseen.images[wrong], [f"{unseen.labels[i]}, read as {guesses[i]}" for i in wrong]))
# %% [markdown]
# ### When does it know?
#
# One more picture, over all held-out digits: the share it would read correctly if it had to answer after row 1, 2, 3, and so on.
# You may have hoped for a line that climbs steadily. But nobody ever asked this reader anything before the last row, so its
# states on the way there are notes to itself, not answers to you. Which two lines of `loss` would you change to teach it to
# speak up after every row, and what would you expect the picture to look like then?

# %% tags=["demo"]
after_each_row = (reader.predict_proba(unseen.images).argmax(axis=2) == unseen.labels[:, None]).mean(axis=0)
display(plots.curves({"share right": after_each_row}, "rows read", "share right", "when does it know?", first=1))

# %% [markdown]
# ## 1.7 The same in PyTorch
#
# You have written a backward pass by hand, and you will not have to do it often: PyTorch records what you do on the way forward and walks
# the same graph backwards for you. Since you know what it does there, you may now let it. Write the forward pass once more, as
# a `torch.nn.Module`. The same lines, on tensors, and they run on a GPU if there is one.
#
# Make no new tensor on a fixed device or of a fixed type: derive what you need from `x`, and your module runs on any device and in
# any precision. And do not write into a tensor that the backward pass will want to see; collect the states in a list.

# %% tags=["given"]
import torch
from torch import Tensor, nn


# %% exercise="RNN"
class RNN(nn.Module):
    """A vanilla recurrent network for tensors on any device."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        """Make the parameters Wx (D, H), Wh (H, H) and b (H,)."""
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, hidden_dim) / input_dim**0.5)
        self.Wh = nn.Parameter(torch.randn(hidden_dim, hidden_dim) / hidden_dim**0.5)
        self.b = nn.Parameter(torch.zeros(hidden_dim))

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
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.Wx + h @ self.Wh + self.b)
            states.append(h)
        return torch.stack(states, dim=1)
        ### END SOLUTION


# %% [markdown]
# ### Autograd as the judge
#
# The moment of truth for your handwork: the same weights, the same inputs, the same upstream gradient. On the left what you derived, on the
# right what autograd found. In double precision the two should agree to some fourteen digits.

# %% tags=["demo"]
N, T, D, H = 3, 6, 4, 5
rng = np.random.default_rng(3)
arrays = {"Wx": rng.standard_normal((D, H)), "Wh": rng.standard_normal((H, H)), "b": rng.standard_normal(H)}
x, h0, dh = rng.standard_normal((N, T, D)), rng.standard_normal((N, H)), rng.standard_normal((N, T, H))

h, cache = rnn_forward(x, h0, **arrays)
dx, dh0, dWx, dWh, db = rnn_backward(dh, cache)

model = RNN(D, H).double()
model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
states = model(torch.from_numpy(x), torch.from_numpy(h0))
states.backward(torch.from_numpy(dh))

by_autograd = {"dWx": model.Wx.grad, "dWh": model.Wh.grad, "db": model.b.grad}
print(f"h    differs by {relative_error(h, states.detach().numpy()):.1e}")
for name, mine in {"dWx": dWx, "dWh": dWh, "db": db}.items():
    print(f"{name:4s} differs by {relative_error(mine, np.asarray(by_autograd[name])):.1e}")

# %% [markdown]
# ### Training on whatever you have
#
# The same reader in a dozen lines. On a laptop it takes a few seconds; with a GPU the same lines run there. (On images as small as these a GPU is
# *not* faster. Why? Think of what a step in time has to wait for.)

# %% tags=["demo"]
import time

from torch.nn import functional as F

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
cell, head = RNN(8, 64).to(device), nn.Linear(64, 10).to(device)
optimizer = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=3e-3)
images = torch.tensor(seen.images, dtype=torch.float32, device=device)
labels = torch.tensor(seen.labels, device=device)

start = time.perf_counter()
for epoch in range(30):
    for batch in torch.randperm(len(images), device=device).split(50):
        optimizer.zero_grad()
        F.cross_entropy(head(cell(images[batch])[:, -1]), labels[batch]).backward()
        optimizer.step()
    if epoch % 10 == 9:
        with torch.no_grad():
            held_out = torch.tensor(unseen.images, dtype=torch.float32, device=device)
            read = head(cell(held_out)[:, -1]).argmax(dim=1).cpu().numpy()
        right = (read == unseen.labels).mean()
        print(
            f"epoch {epoch + 1:2d}: {right:.1%} of the held-out digits right, {time.perf_counter() - start:.1f} s on {device}"
        )

# %% [markdown]
# ## What you have now
#
# - A recurrence: the same function and weights at every step, and a hidden state as the only memory.
# - The unrolled graph: an ordinary network, as deep as the sequence is long, whose layers share their weights.
# - Backpropagation through time: each state hears from its own output and from the future; each use of a shared weight adds its part.
# - A reader that sees a picture as a sequence, and a PyTorch module that does the same on any device.
#
# **To go further.** Read the columns instead of the rows: is it as good? Read all 64 pixels one by one: what happens to the accuracy, and
# can you see why in `dx` at the first pixels? Give the reader the rows in a random but fixed order; then in a new random order for
# each image. Which of the two can still be learned?
#
# **Next.** A network that reads can also write. In stage 2 it predicts the next letter, and the letter after that, until it has written
# a page of Shakespeare that Shakespeare forgot to write.

# %% [markdown] tags=["afterwards"]
# ## The same, faster
#
# Only who has finished sees this page. Your `rnn_forward` says what happens; below is one that says how a machine likes it. It computes the
# same numbers, and four things about its road there are different.
#
# 1. **What need not wait does not wait.** $h_t$ has to wait for $h_{t-1}$, but $x_t W_x$ waits for nothing: the inputs are all there
#    before the loop starts. So all $N \cdot T$ of them go through $W_x$ in **one large product**. A large product reads each
#    weight once for many inputs, and that is most of what makes a product fast.
# 2. **Nothing is made in the loop.** `x @ W` makes a new array at every step, for which the memory has to be found first. Here
#    every line of the loop writes into an array that was there before (`out=`, `+=`).
# 3. **Time comes first.** `x[:, t]` picks a row here and a row there from all over the memory; with time in front, a step is one
#    piece, and so is what it reads and writes.
# 4. **Backwards alike**: only what is carried from step to step stays in the loop. The sum over time in `dWx` and `dWh` *is* a product, of
#    all states beside each other with all gradients beside each other, and is done once, after the loop.
#
# Which of the four would you have thought of? And which of them would matter for a network with $H = 4$?

# %% tags=["afterwards"]
import inspect

from IPython.display import Code

from solutions import faster

for function in (faster.rnn_forward, faster.rnn_backward):
    display(Code(inspect.getsource(function), language="python"))

# %% [markdown] tags=["afterwards"]
# Fast and wrong is easy, so first see that the two agree. Then let them run in turns, and compare the shortest time of each: on a machine that does other
# things too, the shortest is the one least disturbed.

# %% tags=["afterwards"]
N, T, D, H = 32, 100, 64, 64
rng = np.random.default_rng(5)
arrays = {"Wx": rng.standard_normal((D, H)) / D**0.5, "Wh": rng.standard_normal((H, H)) / H**0.5, "b": np.zeros(H)}
arrays |= {"x": rng.standard_normal((N, T, D)), "h0": rng.standard_normal((N, H))}
dh = rng.standard_normal((N, T, H))


def there_and_back(forward: Any, backward: Any) -> tuple[Array, ...]:
    """The states and all five gradients."""
    h, cache = forward(**arrays)
    return h, *backward(dh, cache)


def seconds(forward: Any, backward: Any) -> float:
    """How long it takes to go there and back once."""
    start = time.perf_counter()
    there_and_back(forward, backward)
    return time.perf_counter() - start


clear, fast = (rnn_forward, rnn_backward), (faster.rnn_forward, faster.rnn_backward)
pairs = zip(there_and_back(*clear), there_and_back(*fast), strict=True)
print(f"the two forms differ by {max(relative_error(one, other) for one, other in pairs):.1e} at most")

turns = np.array([[seconds(*clear), seconds(*fast)] for _ in range(100)]).min(axis=0)
print(
    f"forwards and backwards: clear {turns[0] * 1e3:.2f} ms, fast {turns[1] * 1e3:.2f} ms, {turns[0] / turns[1]:.1f} times as fast"
)
