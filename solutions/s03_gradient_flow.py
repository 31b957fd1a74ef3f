# %% [markdown]
# # 3 · Depth, and what time does to a gradient
#
# A rumour that passes through a hundred people rarely arrives as it left. Either everyone tells a little less than they heard, and it
# dies out; or everyone tells a little more, and it ends as a catastrophe. Backpropagation through time sends a rumour through a
# hundred steps: *this is how the end depended on you*. In stage 1 you computed that message. In this notebook you measure what
# becomes of it, predict it with one number of linear algebra, and do the two things about it that every practitioner does: hold the
# gradient on a leash, and choose the weights to start from with care. First, though, we make the network deep in a second direction.
#
# | letter | what it counts | | letter | what it counts |
# |---|---|---|---|---|
# | $N$ | sequences in a batch | | $H$, $H_l$ | numbers in a hidden state, of layer $l$ |
# | $T$ | steps in time | | $K$ | layers, numbered $0$ to $K-1$ from the bottom |
# | $D$ | numbers in an input | | $C$ | classes |
#
# What you built in stages 1 and 2 is at hand as `earlier`: `earlier.rnn_forward(x, h0, Wx, Wh, b)` returns `h, cache`, and
# `earlier.rnn_backward(dh, cache)` returns `dx, dh0, dWx, dWh, db`, exactly as in stage 1. (Would you rather use your own? Write
# `earlier.use_notebook("../s01_rnn/s01_rnn.ipynb")` in a cell of yours. When you are graded, the course's own are used.)
#
# Unless a function says otherwise, results have the floating type of the numbers that came in: `float32` stays `float32`.

# %% tags=["given"]
from typing import Any

import numpy as np
from IPython.display import display

from seqlab import check, plots, toy
from seqlab import pictures_gradients as pictures
from seqlab.earlier import Earlier
from seqlab.gradcheck import numeric_gradient, relative_error

Array = np.ndarray
earlier = Earlier("s03_gradient_flow")

# %% [markdown]
# ## 3.1 Layers on layers
#
# A recurrent network turns a sequence of inputs into a sequence of states. Nothing keeps us from giving that sequence to another
# recurrent network as *its* inputs, and so on upwards:
#
# $$h_t^{(l)} = \tanh\!\big(h_t^{(l-1)} W_x^{(l)} + h_{t-1}^{(l)} W_h^{(l)} + b^{(l)}\big), \qquad h_t^{(-1)} = x_t .$$
#
# Each layer has weights of its own, and a state of its own to start from. The weights are shared over time (along a row of the
# picture), but not between layers (up a column). The layers need not be equally wide: $W_x^{(l)}$ has the shape $(H_{l-1}, H_l)$.

# %% tags=["demo"]
display(pictures.stacked_graph(layers=3, steps=4))

# %% [markdown]
# ### Your turn: forwards
#
# The weights arrive as **lists with one array for each layer**, the bottom layer first, and so do the states to start from. Return the
# states of all layers in the same form: `h[0]` is what the first layer made of `x`, and `h[-1]` is what an output layer would read.


# %% exercise="multilayer_rnn_forward"
def multilayer_rnn_forward(
    x: Array, h0: list[Array], Wx: list[Array], Wh: list[Array], b: list[Array]
) -> tuple[list[Array], Any]:
    """Run a stack of recurrent layers over whole sequences.

    Args:
        x: inputs of all steps, (N, T, D).
        h0: for each layer the states before the first step, (N, H_l).
        Wx: for each layer the weights from below, (D, H_0) for the first and (H_(l-1), H_l) for the others.
        Wh: for each layer the weights from state to state, (H_l, H_l).
        b: for each layer the bias, (H_l,).

    Returns:
        h: a list with the states of each layer after every step, (N, T, H_l).
        cache: whatever multilayer_rnn_backward will need.
    """
    ### BEGIN SOLUTION
    h, cache = [], []
    below = x
    for start, weights, memory, bias in zip(h0, Wx, Wh, b, strict=True):
        below, layer_cache = earlier.rnn_forward(below, start, weights, memory, bias)
        h.append(below)
        cache.append(layer_cache)
    return h, cache
    ### END SOLUTION


# %% [markdown]
# ### And back
#
# Suppose that only the top layer is read, so that the gradient from outside, `dh`, arrives there. Look at the picture: along which
# arrows does it reach a state in the middle of the grid? You have met one of the two ways already; it is inside
# `earlier.rnn_backward`. For the other, ask what the layer above calls the states of the layer below.


# %% exercise="multilayer_rnn_backward"
def multilayer_rnn_backward(dh: Array, cache: Any) -> tuple[Array, list[Array], list[Array], list[Array], list[Array]]:
    """Go back through a stack of recurrent layers.

    Args:
        dh: the gradient that the states of the top layer receive from the outputs, (N, T, H_(K-1)).
            The layers below receive nothing from outside.
        cache: what your multilayer_rnn_forward returned.

    Returns:
        dx: (N, T, D).
        dh0, dWx, dWh, db: lists with one array for each layer, the bottom layer first, as in the forward pass.
    """
    ### BEGIN SOLUTION
    found: list[tuple[Array, ...]] = []
    arriving = dh
    for layer_cache in reversed(cache):
        arriving, *gradients = earlier.rnn_backward(arriving, layer_cache)
        found.insert(0, tuple(gradients))
    dh0, dWx, dWh, db = (list(part) for part in zip(*found, strict=True))
    return arriving, dh0, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# Finite differences have the last word, as always. Here they judge the bottom layer's $W_h$: of all weights the one whose influence
# takes the longest way.

# %% tags=["demo"]
rng = np.random.default_rng(3)
N, T, D, widths = 2, 5, 3, [4, 6, 2]
x, dtop = rng.standard_normal((N, T, D)), rng.standard_normal((N, T, widths[-1]))
stack = {
    "h0": [rng.standard_normal((N, width)) for width in widths],
    "Wx": [0.5 * rng.standard_normal(shape) for shape in zip([D, *widths[:-1]], widths, strict=True)],
    "Wh": [0.5 * rng.standard_normal((width, width)) for width in widths],
    "b": [0.5 * rng.standard_normal(width) for width in widths],
}


def top_states(bottom_Wh: Array) -> Array:
    """The states of the top layer, with other weights in the memory of the bottom layer."""
    return multilayer_rnn_forward(x, **(stack | {"Wh": [bottom_Wh, *stack["Wh"][1:]]}))[0][-1]


cache = multilayer_rnn_forward(x, **stack)[1]
all_dWh = multilayer_rnn_backward(dtop, cache)[3]
by_differences = numeric_gradient(top_states, stack["Wh"][0], dtop)
print(f"dWh[0]: yours and the numeric one differ by {relative_error(all_dWh[0], by_differences):.1e}")

# %% [markdown]
# ## 3.2 A message on its way back
#
# Now forget the layers for a while, and follow one gradient through time. The step forwards was $h_t = \tanh(a_t)$ with
# $a_t = x_t W_x + h_{t-1} W_h + b$. So what $h_t$ hears, it hands on to $h_{t-1}$ like this:
#
# $$\frac{\partial L}{\partial h_{t-1}} = \underbrace{\Big(\frac{\partial L}{\partial h_t} \odot (1 - h_t^2)\Big)}_{\text{through the squashing}} W_h^{\top}
# \;+\; \underbrace{\text{what the output at } t-1 \text{ says}}_{\texttt{dh[:, t-1]}} .$$
#
# If only the end is judged, the second term is zero everywhere but at the end, and the message goes through **the same matrix at
# every step**. Forget the squashing for a moment too (take it that every slope is 1): after $k$ steps the message has been
# multiplied by $W_h^{\top}$ $k$ times. What do powers of a matrix do?
#
# ### With a pencil
#
# $$W_h = \begin{pmatrix} 0.5 & 0 \\ 0 & 1.2 \end{pmatrix}, \qquad \frac{\partial L}{\partial h_T} = (1, 1).$$
#
# | steps back | gradient | its norm |
# |---|---|---|
# | 0 | (1, 1) | 1.41 |
# | 1 | (0.5, 1.2) | 1.30 |
# | 2 | (0.25, 1.44) | 1.46 |
# | 3 | (0.125, 1.728) | 1.73 |
#
# One unit forgets and the other shouts. Whatever the first unit's message was, after a few steps the norm is all the second unit's.
# Work out the norm after ten steps on a pocket calculator, and then after a hundred, with 1.2 and with 0.8 in its place.
#
# ### Your turn: the norm at every step
#
# For each sequence of the batch and each step, how long is the *complete* gradient $\partial L/\partial h_t$ (the square root of the
# sum of the squares of its $H$ entries)? You get the states as they were on the way forward, the weights, and what each state
# hears from its own output. This function is a microscope: we will look at everything else through it.


# %% exercise="state_gradient_norms"
def state_gradient_norms(h: Array, Wh: Array, dh: Array) -> Array:
    """Measure the gradient of the loss with respect to every state of a vanilla recurrent network.

    Args:
        h: the states after every step, (N, T, H), as rnn_forward returned them.
        Wh: state to state, (H, H).
        dh: the gradient that each state receives from its own output, (N, T, H). What it receives
            from later steps is not in here.

    Returns:
        norms: (N, T); entry [n, t] is the Euclidean norm of all that h[n, t] receives.
    """
    ### BEGIN SOLUTION
    norms = np.empty(h.shape[:2], dtype=h.dtype)
    from_later = np.zeros_like(dh[:, 0])
    for t in reversed(range(h.shape[1])):
        received = dh[:, t] + from_later
        norms[:, t] = np.sqrt((received**2).sum(axis=1))
        from_later = (received * (1 - h[:, t] ** 2)) @ Wh.T
    return norms
    ### END SOLUTION


# %% [markdown]
# ### A hundred steps
#
# To see the matrix alone, we take states of zeros: there $\tanh$ has slope 1, so the network is a linear one. For weights we take $\rho$
# times an *orthogonal* matrix $Q$. A rotation changes no length, so each step multiplies the norm by $\rho$ and the closed form is
# known exactly: $k$ steps from the end the norm is $\rho^k$ times that at the end.
#
# Lines are the closed form, dots are your function. Before you run it: how large will the norm at the first step be for $\rho = 1.1$, and for
# $\rho = 0.9$? (On a log axis these are straight lines; on an ordinary one you would see one of them and nothing of the others.)

# %% tags=["demo"]
rng = np.random.default_rng(0)
T, H = 100, 32
Q = np.linalg.qr(rng.standard_normal((H, H)))[0]
dh = np.zeros((1, T, H))
dh[0, -1] = rng.standard_normal(H)
radii = (0.8, 0.9, 1.0, 1.1, 1.2)

measured = {f"ρ = {rho}": state_gradient_norms(np.zeros((1, T, H)), rho * Q, dh)[0] for rho in radii}
distance = np.arange(T - 1, -1, -1)
closed_form = {f"ρ = {rho}": np.linalg.norm(dh[0, -1]) * rho**distance for rho in radii}
display(pictures.norms_over_time(measured, closed_form, "a linear network of 100 steps", "closed form"))
for name, norms in measured.items():
    off = relative_error(norms / closed_form[name], np.ones(T))
    print(f"{name}: {norms[0]:9.2e} at the first step; measured and closed form differ by {off:.0e} at most")

# %% [markdown]
# That is the whole story in one picture. Below 1 the gradient **vanishes**: the first steps hear nothing, and what happened there cannot be
# learned. Above 1 it **explodes**. Only a knife's edge lies between. Bengio, Simard and Frasconi described it in 1994, Hochreiter in 1991.
#
# Now with the squashing. We feed the same five networks with noise, so that their states move, and measure again. The lines are still
# $\rho^k$. Does any of the five follow its line? What has $\tanh$ done to the networks that should explode, and what is the
# price? (Compare with the states: how far from zero are they?)

# %% tags=["demo"]
noise = 0.3 * rng.standard_normal((1, T, H))
squashed, sizes = {}, {}
for rho in radii:
    h, _ = earlier.rnn_forward(noise, np.zeros((1, H)), np.eye(H), rho * Q, np.zeros(H))
    squashed[f"ρ = {rho}"] = state_gradient_norms(h, rho * Q, dh)[0]
    sizes[f"ρ = {rho}"] = np.sqrt((h**2).mean())
display(pictures.norms_over_time(squashed, closed_form, "the same with tanh", "closed form of the linear network"))
for name, size in sizes.items():
    print(f"{name}: {squashed[name][0]:9.2e} at the first step; a typical state is {size:.2f} from zero")

# %% [markdown]
# > **Think.** Squashing can only shrink a gradient: every slope is at most 1. So with $\tanh$ a radius of 1 is no longer the edge between
# > vanishing and exploding. On which side of 1 does the new edge lie? Does its place depend on the inputs?
#
# ## 3.3 What the singular values promise
#
# An orthogonal matrix treats all directions alike. Others do not. How much can a matrix stretch a vector at most, and at least?
# That is what its **singular values** say: for every vector $g$,
#
# $$\sigma_{\min} \lVert g \rVert \;\le\; \lVert g\, W_h^{\top} \rVert \;\le\; \sigma_{\max} \lVert g \rVert ,$$
#
# and both are reached by some direction. Not so the *eigenvalues*: they say what happens to a few special directions, and in the long run.
# The largest of their magnitudes is the **spectral radius** $\rho$, and it never exceeds $\sigma_{\max}$. The two can lie far apart:
#
# $$W_h = \begin{pmatrix} 0.8 & 1.2 \\ 0 & 0.8 \end{pmatrix}, \qquad \sigma_{\max} = 1.6, \quad \sigma_{\min} = 0.4, \quad \rho = 0.8 .$$
#
# | steps back from $(0, 1)$ | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 9 |
# |---|---|---|---|---|---|---|---|---|
# | norm | 1 | 1.44 | 2.02 | 2.36 | 2.49 | 2.48 | 2.37 | 1.82 |
# | bound $1.6^k$ | 1 | 1.6 | 2.56 | 4.10 | 6.55 | 10.5 | 16.8 | 68.7 |
#
# It grows at first, though $\rho < 1$, and shrinks in the end, though $\sigma_{\max} > 1$. So $\sigma_{\max} < 1$ is *enough* for a gradient to
# vanish, and $\sigma_{\max} > 1$ is *necessary* for it to explode; neither is both (Pascanu, Mikolov and Bengio 2013).
#
# ### Your turn: bounds
#
# The squashing stretches too, by the slopes of the step: each entry by its own. What can it do to the length of a vector at most, and at
# least? Put the two promises together, step by step from the end, where there is nothing to bound yet. Assume that only the
# last state is judged. Each sequence of the batch has states, and so bounds, of its own.
#
# (NumPy has the singular values for you: `np.linalg.svd(Wh, compute_uv=False)`. Their use is the exercise, not their computation.)


# %% exercise="gradient_norm_bounds"
def gradient_norm_bounds(h: Array, Wh: Array, dlast: Array) -> tuple[Array, Array]:
    """Bound the norm of the gradient at every state by singular values and slopes, if only the last state is judged.

    Step by step, the bounds take the worst that the squashing and the weights can do, each by itself.

    Args:
        h: the states after every step, (N, T, H).
        Wh: state to state, (H, H).
        dlast: the gradient of the loss with respect to the last states, (N, H).

    Returns:
        lower, upper: (N, T) each; the norm of the gradient with respect to h[n, t] lies between
            lower[n, t] and upper[n, t]. At the last step both are the norm of dlast[n] itself.
    """
    ### BEGIN SOLUTION
    singular = np.linalg.svd(Wh, compute_uv=False)
    slopes = 1 - h**2
    lower = np.empty(h.shape[:2], dtype=h.dtype)
    upper = np.empty(h.shape[:2], dtype=h.dtype)
    lower[:, -1] = upper[:, -1] = np.sqrt((dlast**2).sum(axis=1))
    for t in reversed(range(1, h.shape[1])):
        lower[:, t - 1] = lower[:, t] * slopes[:, t].min(axis=1) * singular.min()
        upper[:, t - 1] = upper[:, t] * slopes[:, t].max(axis=1) * singular.max()
    return lower, upper
    ### END SOLUTION


# %% [markdown]
# ### Promise and truth
#
# A matrix of independent normal numbers, as many people start from, of spectral radius 0.95 (we scale it). Its singular values reach from nearly
# 0 to nearly twice that. The band is what your bounds allow, the solid line is the truth, and the dashed line is what the spectral radius alone
# predicts. (The lower bound soon falls out of the picture.)

# %% tags=["demo"]
A = rng.standard_normal((H, H))
Wh = 0.95 * A / np.abs(np.linalg.eigvals(A)).max()
stretches = np.linalg.svd(Wh)[1]
print(f"spectral radius 0.95, singular values from {stretches.min():.3f} to {stretches.max():.2f}")
for title, inputs in (("linear", 0 * noise), ("tanh", noise)):
    h, _ = earlier.rnn_forward(inputs, np.zeros((1, H)), np.eye(H), Wh, np.zeros(H))
    norms = state_gradient_norms(h, Wh, dh)[0]
    lower, upper = gradient_norm_bounds(h, Wh, dh[:, -1])
    display(pictures.norms_between_bounds(norms, lower[0], upper[0], 0.95, f"{title}, a random matrix"))

# %% [markdown]
# The promise is kept, and it is a weak one. The bounds take the worst direction afresh at every step, while a real gradient turns on its
# way and meets average directions. In the linear network the truth runs parallel to the spectral radius in the end; the squashing then
# takes away a little more at every step. A bound tells you what cannot happen. For what does happen, measure.
#
# ## 3.4 The leash: clipping
#
# An exploding gradient makes one huge step, and one is enough: it throws the weights to a place from where there may be no way
# back. The cure is so simple that it feels like cheating. If the gradient is longer than we can bear, shorten it and **keep its
# direction**:
#
# $$\lVert g \rVert = \sqrt{\sum_{\text{arrays}} \sum_{\text{entries}} g^2}, \qquad g \leftarrow g \cdot \frac{\text{max\_norm}}{\lVert g \rVert} \quad \text{if } \lVert g \rVert > \text{max\_norm}.$$
#
# There is **one** norm, over all entries of all arrays together, and one factor for all of them: the whole gradient is a single arrow in a
# space of many dimensions, and to scale its parts differently would bend it.
#
# ### A famous slip
#
# A slide that has been shown in many lectures reads, in effect: *norm = sum of the squares; if norm > threshold, multiply the gradient by
# threshold / norm*. Where is the root? Let us take it at its word, with a threshold of 5.
#
# | true norm | sum of squares | what the slide does | norm afterwards | norm that was wanted |
# |---|---|---|---|---|
# | 2 | 4 | nothing | 2 | 2 |
# | 3 | 9 | times 5/9 | 1.67 | 3 |
# | 5 | 25 | times 5/25 | 1 | 5 |
# | 10 | 100 | times 5/100 | 0.5 | 5 |
# | 100 | 10,000 | times 5/10,000 | 0.05 | 5 |
#
# It clips arrows that are short enough, and what it leaves has the norm $5 / \lVert g \rVert$: **the larger the gradient, the smaller the
# step**. That is still better than an explosion, so training goes on and nobody notices. A gradient that is not compared with
# the right number is a leash tied to the wrong dog.
#
# ### Your turn
#
# Gradients come as a dictionary, as `RowReader.loss` of stage 1 returned them. Scale **in place**: afterwards the same dictionary holds
# the clipped gradients (in its arrays, or in new ones put in their places), as with PyTorch's function of nearly this name. Return the norm *before* clipping, since it is the best
# thermometer that a training run has.
#
# Two things to watch. A gradient within the limit stays exactly as it is. And the arrays may be `float32`, whose largest number is about
# $3 \cdot 10^{38}$: the square of an entry of $10^{20}$ does not fit, and it is exactly when gradients explode that clipping must not
# fail. In which type should the squares be added up, and in which should the arrays stay?


# %% exercise="clip_grad_norm"
def clip_grad_norm(grads: dict[str, Array], max_norm: float) -> float:
    """Shorten a gradient to a largest norm, in place, keeping its direction.

    Args:
        grads: arrays of any shapes by name; together they are one gradient. They are scaled in place where their
            common Euclidean norm is above max_norm, and left exactly as they are where it is not.
        max_norm: the largest norm that is let through, positive.

    Returns:
        The norm over all entries of all arrays before clipping.
    """
    ### BEGIN SOLUTION
    squares = sum(np.square(grad, dtype=np.float64).sum() for grad in grads.values())
    norm = float(np.sqrt(squares))
    if norm > max_norm:
        for grad in grads.values():
            grad *= max_norm / norm
    return norm
    ### END SOLUTION


# %% [markdown]
# The rule and the slip in one picture. Your function is the blue line.

# %% tags=["demo"]
before = np.logspace(-1, 3, 60)
after: dict[str, list[float]] = {"by the norm (yours)": [], "by the squared norm (the slide)": []}
for size in before:
    gradient = {"Wx": np.array([0.6 * size]), "b": np.array([0.8 * size])}
    clip_grad_norm(gradient, 5.0)
    after["by the norm (yours)"].append(float(np.hypot(gradient["Wx"], gradient["b"])[0]))
    after["by the squared norm (the slide)"].append(size * min(1.0, 5.0 / size**2))
display(pictures.clipping_rules(before, {name: np.array(sizes) for name, sizes in after.items()}, 5.0))

# %% [markdown]
# ### What clipping does not do
#
# Back to our hundred steps, this time with the gradient of the weights. It is the sum of what all steps say, so it explodes when they do.
# The inputs are so quiet that $\tanh$ is as good as linear, and the closed form holds. Clipping multiplies everything by one factor, and since
# everything on the way back is linear, that is the same as if the message had *started* shorter by that factor. So in the picture each
# line moves down as a whole (hollow and dashed), and **its slope stays**. The steps that could not be heard still cannot be heard. Clipping is a
# cure for exploding gradients only.

# %% tags=["demo"]
quiet, straight, factors = {}, {}, {}
for rho in (0.9, 1.0, 1.1, 1.2):
    name = f"ρ = {rho}"
    h, cache = earlier.rnn_forward(1e-9 * noise, np.zeros((1, H)), np.eye(H), rho * Q, np.zeros(H))
    _, _, *of_weights = earlier.rnn_backward(dh, cache)
    norm = clip_grad_norm(dict(zip(("Wx", "Wh", "b"), of_weights, strict=True)), 5.0)
    quiet[name], straight[name] = state_gradient_norms(h, rho * Q, dh)[0], closed_form[name]
    factors[name] = min(1.0, 5.0 / norm)
    print(
        f"{name}: the gradient of all weights has norm {norm:8.2g}; clipping to 5 multiplies it by {factors[name]:.2g}"
    )
display(pictures.norms_over_time(quiet, straight, "with and without clipping to norm 5", "closed form", factors))

# %% [markdown]
# ### A run that breaks, and the same on a leash
#
# In stage 1 you read digits in 8 rows. Now read them **one pixel after another**: 64 steps, and at each a single number. What the first
# pixel had to say must survive 63 steps. The network starts from an orthogonal $W_h$ and learns by gradient descent with momentum. Three runs,
# equal but for this: the first without clipping; the second with the gradient clipped to norm 1; and, to be fair, a third without clipping
# that takes steps of a quarter of the size.

# %% tags=["demo"]
import torch
from torch.nn import functional as F

from seqlab.data import load_digits
from seqlab.training import minibatches

digits = load_digits()
seen, unseen = digits.train[:], digits.val[:]
pixels, unseen_pixels = seen.images.reshape(-1, 64, 1), unseen.images.reshape(-1, 64, 1)
H, C = 64, 10
Params = dict[str, Array]


def read_pixels(params: Params, images: Array) -> tuple[Array, Any]:
    """The states after every pixel, and the cache."""
    start = np.zeros((len(images), H), dtype=images.dtype)
    states, cache = earlier.rnn_forward(images, start, params["Wx"], params["Wh"], params["b"])
    return states, cache


def pixel_loss(params: Params, images: Array, labels: Array) -> tuple[float, Params]:
    """The loss of stage 1's RowReader and its gradients; the part above the last state is left to autograd."""
    h, cache = read_pixels(params, images)
    last, W_out, b_out = (torch.tensor(a, requires_grad=True) for a in (h[:, -1], params["W_out"], params["b_out"]))
    loss = F.cross_entropy(last @ W_out + b_out, torch.from_numpy(labels))
    dlast, dW_out, db_out = (part.numpy() for part in torch.autograd.grad(loss, (last, W_out, b_out)))
    dh = np.concatenate([np.zeros_like(h[:, :-1]), dlast[:, None]], axis=1)
    _, _, dWx, dWh, db = earlier.rnn_backward(dh, cache)
    return loss.item(), {"Wx": dWx, "Wh": dWh, "b": db, "W_out": dW_out, "b_out": db_out}


def fresh_params(Wh: Array, seed: int = 0) -> Params:
    """Weights to start from, equal in all runs but for Wh."""
    rng = np.random.default_rng(seed)
    Wx, W_out = 0.5 * rng.standard_normal((1, H)), rng.standard_normal((H, C)) / 8
    params = {"Wx": Wx, "Wh": Wh, "b": np.zeros(H), "W_out": W_out, "b_out": np.zeros(C)}
    return {name: array.astype(np.float32) for name, array in params.items()}


def learn(params: Params, learning_rate: float, max_norm: float, epochs: int) -> tuple[list[float], list[float]]:
    """Gradient descent with momentum 0.9; the loss and the norm of the gradient of every minibatch."""
    rng = np.random.default_rng(1)
    velocity = {name: np.zeros_like(array) for name, array in params.items()}
    losses, norms = [], []
    for _ in range(epochs):
        for batch in minibatches(len(pixels), 50, rng):
            loss, grads = pixel_loss(params, pixels[batch], seen.labels[batch])
            norms.append(clip_grad_norm(grads, max_norm))  # between the gradient and the step: that is all
            losses.append(loss)
            for name in params:
                velocity[name] = 0.9 * velocity[name] - learning_rate * grads[name]
                params[name] += velocity[name]
    return losses, norms


def share_right(params: Params) -> float:
    """The share of held-out digits that are read correctly."""
    scores = read_pixels(params, unseen_pixels)[0][:, -1] @ params["W_out"] + params["b_out"]
    return float((scores.argmax(axis=1) == unseen.labels).mean())


# %% tags=["demo"]
orthogonal = np.linalg.qr(np.random.default_rng(5).standard_normal((H, H)))[0]
runs = {
    "no clipping": (0.02, float("inf")),
    "clipped to norm 1": (0.02, 1.0),
    "no clipping, steps a quarter of the size": (0.005, float("inf")),
}
losses, gradient_norms = {}, {}
for name, (learning_rate, max_norm) in runs.items():
    params = fresh_params(orthogonal)
    losses[name], gradient_norms[name] = learn(params, learning_rate, max_norm, epochs=12)
    print(
        f"{name}: {share_right(params):.1%} of the held-out digits right; largest norm {max(gradient_norms[name]):.0f}"
    )
display(pictures.training_runs(losses, gradient_norms))

# %% [markdown]
# Follow the red curve to the place where it turns, and look below it, at the norm: what came first? Then look at the blue run. Its gradients
# *want* to be far longer than 1 most of the time (the norms below are those before clipping), and it learns all the same. The slow run
# shows that there is another way: steps so small that even a bad one does little harm. You pay for that at every
# step, and you do not know beforehand how small is small enough. The leash costs nothing when all is well.
#
# ## 3.5 Where to start
#
# Training moves the weights, but it must first hear something. So the matrix to start from matters most where sequences are long. Five starts
# for the pixel reader: small random numbers, random numbers of variance $1/H$, the same half as large again, an orthogonal matrix, the
# identity. First, before any training, what do the states hear of the score of the right class? (The mean over 100 real digits. In double
# precision: the squares of the smallest are far too small for `float32`.)

# %% tags=["demo"]
rng = np.random.default_rng(6)
A = rng.standard_normal((H, H)) / np.sqrt(H)
starts = {
    "random, 0.3": 0.3 * A,
    "random, 1": A,
    "random, 1.5": 1.5 * A,
    "orthogonal": orthogonal,
    "identity": np.eye(H),
}
heard = {}
for name, Wh in starts.items():
    params = {part: array.astype(np.float64) for part, array in fresh_params(Wh).items()}
    h, _ = read_pixels(params, pixels[:100].astype(np.float64))
    dh = np.zeros_like(h)
    dh[:, -1] = params["W_out"].T[seen.labels[:100]]
    heard[name] = state_gradient_norms(h, params["Wh"], dh).mean(axis=0)
display(pictures.norms_over_time(heard, title="before training: what each pixel hears"))

# %% [markdown]
# Now train all five, on the leash, for a few seconds each. Guess the order at the end before you look.

# %% tags=["demo"]
losses, gradient_norms = {}, {}
for name, Wh in starts.items():
    params = fresh_params(Wh)
    losses[name], gradient_norms[name] = learn(params, learning_rate=0.02, max_norm=1.0, epochs=12)
    print(f"{name:12s} {share_right(params):.1%} of the held-out digits right")
display(pictures.training_runs(losses, gradient_norms, smooth=20))

# %% [markdown]
# > **Think.** An orthogonal matrix and the identity both keep every length, and yet they are not equally good starts here. What can a rotation do
# > with 64 notes taken at 64 different times that a matrix which leaves everything in its place cannot? (With ReLU in place of $\tanh$ the identity
# > is a well-known good start: Le, Jaitly and Hinton 2015. Orthogonal starts: Saxe, McClelland and Ganguli 2014.)
#
# ## 3.6 Depth and time at once
#
# In a stack, a message goes back in time and down through the layers. Your microscope works for each layer by itself: for the top
# layer, `dh` is what comes from outside; for every other, your backward pass through the layers above it has the answer. Below, six
# layers of 64 units read a real digit, pixel by pixel, and the last state of the top layer is judged. A column is a step, a row is a layer.
# Brighter is louder, and the scale is logarithmic.

# %% tags=["demo"]
rng = np.random.default_rng(8)
K, T = 6, 64
one_digit = pixels[:1].astype(np.float64)
for title, gain in (("every matrix orthogonal, times 0.8", 0.8), ("every matrix orthogonal, times 1.4", 1.4)):
    rotations = [gain * np.linalg.qr(rng.standard_normal((H, H)))[0] for _ in range(2 * K)]
    feeds = [0.5 * rng.standard_normal((1, H)), *rotations[: K - 1]]
    memories, biases, zeros = rotations[K:], [np.zeros(H)] * K, [np.zeros((1, H))] * K
    layers, _ = multilayer_rnn_forward(one_digit, zeros, feeds, memories, biases)
    dtop = np.zeros_like(layers[-1])
    dtop[0, -1] = rng.standard_normal(H) / np.sqrt(H)
    grid = np.empty((K, T))
    grid[-1] = state_gradient_norms(layers[-1], memories[-1], dtop)[0]
    for k in range(K - 1):
        rest = [weights[k + 1 :] for weights in (zeros, feeds, memories, biases)]
        cache = multilayer_rnn_forward(layers[k], *rest)[1]
        grid[k] = state_gradient_norms(layers[k], memories[k], multilayer_rnn_backward(dtop, cache)[0])[0]
    display(pictures.depth_and_time(grid, f"{title}: from {grid.min():.0e} to {grid.max():.1f}"))

# %% [markdown]
# A message from the upper right corner to the lower left has many ways to go: at every point it may step back in time or down a layer, and what arrives is the
# sum over all of them. How many ways are there from the top layer's last state to a state $k$ steps back and $j$ layers down? Does that explain
# what the second picture shows in its lower rows, and why a stack explodes more easily than its single layers?
#
# ## 3.7 The same in PyTorch
#
# Write the stack once more as a module. The weights are kept in `nn.ParameterList`s, one entry for each layer, so `self.Wx[0]` is the bottom layer's. As
# in stage 1: no tensor on a fixed device or of a fixed type, and no writing into a tensor that autograd will want to see.

# %% tags=["given"]
import torch
from torch import Tensor, nn


# %% exercise="MultilayerRNN"
class MultilayerRNN(nn.Module):
    """A stack of vanilla recurrent layers for tensors on any device."""

    def __init__(self, input_dim: int, hidden_dims: list[int]) -> None:
        """Make the parameters of each layer: Wx[l] (H_(l-1), H_l), Wh[l] (H_l, H_l), orthogonal, and b[l] (H_l,)."""
        super().__init__()
        below = [input_dim, *hidden_dims[:-1]]
        sizes = list(zip(below, hidden_dims, strict=True))
        self.Wx = nn.ParameterList([nn.Parameter(torch.randn(d, h) / d**0.5) for d, h in sizes])
        self.Wh = nn.ParameterList([nn.Parameter(nn.init.orthogonal_(torch.empty(h, h))) for h in hidden_dims])
        self.b = nn.ParameterList([nn.Parameter(torch.zeros(h)) for h in hidden_dims])

    def forward(self, x: Tensor, h0: list[Tensor] | None = None) -> list[Tensor]:
        """Run over whole sequences.

        Args:
            x: inputs, (N, T, D).
            h0: for each layer the states before the first step, (N, H_l); zeros if None.

        Returns:
            For each layer the states after every step, (N, T, H_l), on the device and of the type of x.
        """
        ### BEGIN SOLUTION
        below, layers = x, []
        for layer, (Wx, Wh, b) in enumerate(zip(self.Wx, self.Wh, self.b, strict=True)):
            h = x.new_zeros(x.shape[0], Wh.shape[0]) if h0 is None else h0[layer]
            states = []
            for t in range(x.shape[1]):
                h = torch.tanh(below[:, t] @ Wx + h @ Wh + b)
                states.append(h)
            below = torch.stack(states, dim=1)
            layers.append(below)
        return layers
        ### END SOLUTION


# %% [markdown]
# ### Autograd as the judge
#
# Three comparisons in double precision. The backward pass of your stack against autograd's. Your microscope: PyTorch forgets the
# gradients of tensors on the way, unless each is told to `retain_grad()`. And your leash against `torch.nn.utils.clip_grad_norm_`. (It divides
# by the norm plus $10^{-6}$, for safety, so the two differ a little: how much, for the norm that is printed?)

# %% tags=["demo"]
rng = np.random.default_rng(4)
N, T, D, widths = 3, 12, 4, [5, 7]
x, dtop = rng.standard_normal((N, T, D)), rng.standard_normal((N, T, widths[-1]))
model = MultilayerRNN(D, widths).double()
weights = {name: [p.detach().numpy().copy() for p in getattr(model, name)] for name in ("Wx", "Wh", "b")}
by_layer, cache = multilayer_rnn_forward(x, [np.zeros((N, width)) for width in widths], **weights)
by_hand = multilayer_rnn_backward(dtop, cache)[2:]

model(torch.from_numpy(x))[-1].backward(torch.from_numpy(dtop))
from_autograd = {name: [np.asarray(p.grad) for p in getattr(model, name)] for name in ("Wx", "Wh", "b")}
for (name, theirs), ours in zip(from_autograd.items(), by_hand, strict=True):
    off = max(relative_error(*pair) for pair in zip(ours, theirs, strict=True))
    print(f"gradients of {name:2s} in both layers: differ by {off:.1e} at most")

state, tops = None, []
for step in range(T):  # one step at a time, so that there is a tensor for each state of the top layer
    state = [states[:, 0] for states in model(torch.from_numpy(x[:, step : step + 1]), state)]
    state[-1].retain_grad()
    tops.append(state[-1])
torch.stack(tops, dim=1).backward(torch.from_numpy(dtop))
retained = np.stack([np.linalg.norm(np.asarray(top.grad), axis=1) for top in tops], axis=1)
off = relative_error(state_gradient_norms(by_layer[-1], weights["Wh"][-1], dtop), retained)
print(f"norms at every state:         differ by {off:.1e}")

gradient = {name: np.asarray(p.grad).copy() for name, p in model.named_parameters()}
norm, torchs = clip_grad_norm(gradient, 5.0), float(torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0))
off = max(relative_error(gradient[name], np.asarray(p.grad)) for name, p in model.named_parameters())
print(f"norm before clipping: {norm:.6f} and {torchs:.6f}; clipped gradients differ by {off:.1e}")

# %% [markdown]
# ### One layer or two
#
# Does a second layer help to read digits pixel by pixel? The same number of minibatches for both, with Adam and the leash, on a GPU if there is one.

# %% tags=["demo"]
import time

device = "cuda" if torch.cuda.is_available() else "cpu"
images, labels = torch.tensor(pixels, device=device), torch.tensor(seen.labels, device=device)
held_out = torch.tensor(unseen_pixels, device=device)
for widths in ([64], [64, 64]):
    torch.manual_seed(0)
    reader, head = MultilayerRNN(1, widths).to(device), nn.Linear(64, C).to(device)
    parameters = [*reader.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    start = time.perf_counter()
    for _epoch in range(10):
        for batch in torch.randperm(len(images), device=device).split(50):
            optimizer.zero_grad()
            F.cross_entropy(head(reader(images[batch])[-1][:, -1]), labels[batch]).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
    with torch.no_grad():
        answers = head(reader(held_out)[-1][:, -1]).argmax(dim=1).cpu().numpy()
    right = (answers == unseen.labels).mean()
    print(
        f"{len(widths)} layers: {right:.1%} of the held-out digits right, {time.perf_counter() - start:.1f} s on {device}"
    )

# %% [markdown]
# ## What you have now
#
# - A stack of recurrent layers: the states of one are the inputs of the next, forwards and backwards.
# - A microscope for gradients: the norm at every state, and what singular values and slopes allow.
# - Why gradients vanish and explode: the same matrix at every step, and a squashing that only ever takes away.
# - The leash: one norm for all arrays, one factor, the direction kept; and what it cannot do.
# - A start that lets the first gradients through.
#
# **To go further.** Clip every array by its own norm instead of all together: does the run still learn? Plot the share of minibatches that are clipped.
# Train with `ρ Q` for several ρ and find the best one for 64 pixels; is it above or below 1? Measure the norms again *after* training: has the network
# found the edge by itself?
#
# **Next.** Clipping tames what explodes. Against what vanishes we need another cell: one with a path along which nothing is multiplied by the same matrix a hundred
# times. In stage 4 you build it: the LSTM.
