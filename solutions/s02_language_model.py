# %% [markdown]
# # 2 · Characters, sampling, truncated backpropagation
#
# What comes after "Once upon a ti"? You knew before you had finished the question. A **language model** is a machine for
# this one game: it reads a text character by character, and at every character it says how likely each possible next one is.
# It sounds like a parlour trick. But to play well, it must learn to spell, to close its brackets, to remember who is
# speaking and how deeply it is indented, and nobody ever tells it that these things exist.
#
# And a model that can guess the next character can also *write*: let it guess, take its guess for the truth, and go on.
#
# In this notebook you build such a model in NumPy and train it on plays, on mathematics and on C source; you measure it
# against honest baselines; and then you open it and look for single cells that know whether they are inside quotes, inside a
# comment, or how far along the line they are.
#
# | letter | what it counts | | letter | what it counts |
# |---|---|---|---|---|
# | $N$ | texts in a batch | | $V$ | characters in the vocabulary |
# | $T$ | characters in a piece of text | | $D$ | numbers that stand for a character |
# | | | | $H$ | numbers in a hidden state |
#
# What you built in stage 1 is at hand as `earlier.rnn_forward`, `earlier.rnn_backward`, `earlier.temporal_affine_forward` and
# `earlier.temporal_affine_backward`: the same arguments, the same results.
#
# Unless a function says otherwise, results have the floating type of the numbers that came in: `float32` stays `float32`.

# %% tags=["given"]
from typing import Any

import numpy as np
from IPython.display import display
from numpy.random import default_rng
from numpy.typing import DTypeLike

from seqlab import check, toy
from seqlab.earlier import Earlier
from seqlab.training import Adagrad

Array = np.ndarray
earlier = Earlier("s02_language_model")

# %% [markdown]
# ## 2.1 The smallest language model in the world
#
# Let the whole world be the word **hello**. Its vocabulary has four characters, and each gets a number, its *id*:
#
# | character | h | e | l | o |
# |---|---|---|---|---|
# | id | 0 | 1 | 2 | 3 |
#
# The model reads the first four characters, and at each it is asked for the one after it. The targets are the text itself,
# **moved by one**:
#
# | step | reads | as one-hot input | should say | target |
# |---|---|---|---|---|
# | 1 | h | (1, 0, 0, 0) | e | 1 |
# | 2 | e | (0, 1, 0, 0) | l | 2 |
# | 3 | l | (0, 0, 1, 0) | l | 2 |
# | 4 | l | (0, 0, 1, 0) | o | 3 |
#
# As many outputs as inputs, and output $t$ belongs to input $t$: *many to many, aligned*. No one had to label anything, since every
# text is its own teacher. And see steps 3 and 4: the input is the same and the target is not. Whoever looks at the
# last character only can at best say "l or o, half and half" there. **To do better, one has to remember.**
#
# How is a guess scored? By the surprise: minus the logarithm of the probability it gave to what really came. In *nats*:
#
# - Who knows nothing and says $\frac14$ for everything pays $4 \cdot \ln 4 = 5.55$ nats for the word.
# - Who knows all about pairs of characters, and no more, is sure at h and e, and pays $\ln 2$ at each l: $2 \cdot \ln 2 = 1.39$ nats.
# - Who has a memory can get as close to 0 as they like.
#
# ### A memory made by hand
#
# Here is a network with three hidden units, $h_t = \tanh(x_t W_x + h_{t-1} W_h)$, starting from zeros, that somebody made with a pencil:
#
# $$W_x = \begin{pmatrix} 2 & 0 & 0 \\ 0 & 2 & 0 \\ 0 & 0 & 2 \\ 0 & 0 & 0 \end{pmatrix} \qquad
# W_h = \begin{pmatrix} 0 & 0 & 0 \\ 2 & 0 & 0 \\ 0 & 0 & 0 \end{pmatrix} \qquad
# W_y = \begin{pmatrix} 0 & 4 & 2 & -3 \\ 0 & 0 & 5 & 0 \\ 0 & -5 & 3 & 5 \end{pmatrix}$$
#
# The rows of $W_x$ belong to h, e, l, o; the columns of $W_y$ too. Follow it step by step:
#
# | reads | $h_t$ | scores for h, e, l, o | probability of the target | surprise |
# |---|---|---|---|---|
# | h | (0.96, 0, 0) | 0, 3.86, 1.93, -2.89 | e: 0.856 | 0.155 |
# | e | (0, 0.96, 0) | 0, 0, 4.82, 0 | l: 0.976 | 0.024 |
# | l | (0.96, 0, 0.96) | 0, -0.99, 4.81, 1.94 | l: 0.936 | 0.066 |
# | l | (0, 0, 0.96) | 0, -4.82, 2.89, 4.82 | o: 0.867 | 0.143 |
#
# In all 0.39 nats, well below 1.39. Which single number of $W_h$ tells the two l apart? What would the first unit say at step 3
# without it? At the end of section 2.4 a network will find such a trick by itself.
#
# ### Your turn: one-hot
#
# A character is a name, not a quantity: o is not three times e. So its id is turned into a vector with a 1 at its own place and 0
# everywhere else, as in the table above.


# %% exercise="one_hot"
def one_hot(ids: Array, V: int, dtype: DTypeLike = np.float64) -> Array:
    """Write ids as one-hot vectors.

    Args:
        ids: integers from 0 to V - 1, (N, T).
        V: how many characters there are.
        dtype: the type of the numbers to return.

    Returns:
        (N, T, V): a 1 at the place of each id, 0 elsewhere.
    """
    ### BEGIN SOLUTION
    out = np.zeros((*ids.shape, V), dtype=dtype)
    np.put_along_axis(out, ids[..., None], 1, axis=-1)
    return out
    ### END SOLUTION


# %% [markdown]
# ## 2.2 From one-hot vectors to an embedding
#
# What does $x W$ give when $x$ is one-hot? A row of zeros with a single 1 in it picks **one row of $W$** and leaves the others. For
# the second letter of *hello*
#
# $$(0, 1, 0, 0) \begin{pmatrix} 0.1 & 0.2 \\ 0.3 & 0.4 \\ 0.5 & 0.6 \\ 0.7 & 0.8 \end{pmatrix} = (0.3, 0.4).$$
#
# To multiply by all those zeros would be a waste: with a vocabulary of 10,000 words, 9,999 products of 10,000 are for nothing. So one just
# *looks up* the row. The matrix is then called an **embedding**: row $i$ is the vector that stands for character (or word) $i$,
# and it is learned like any other weight. The course says *word* embedding, as the field does; characters are short words.


# %% exercise="word_embedding_forward"
def word_embedding_forward(x: Array, W: Array) -> tuple[Array, Any]:
    """Look up the vector of each id.

    Args:
        x: ids, integers, (N, T).
        W: one row for each id, (V, D).

    Returns:
        out: (N, T, D).
        cache: whatever word_embedding_backward will need.
    """
    ### BEGIN SOLUTION
    out = W[x]
    cache = (x, W.shape)
    return out, cache
    ### END SOLUTION


# %% [markdown]
# ### The way back
#
# $W$ is a weight, so it wants a gradient of its shape. Rows that were not looked up had no influence; their gradient is zero. And a
# row that *was* looked up receives what arrives at the place where it was used. So far it is easy. Now take *hello* once
# more: h, e, l, l are looked up. Suppose that these four gradients arrive, with $D = 2$:
#
# | step | looked up | arrives |
# |---|---|---|
# | 1 | h | (1, 0) |
# | 2 | e | (0, 1) |
# | 3 | l | (2, 0) |
# | 4 | l | (0, 3) |
#
# Rows h and e of the gradient are clear, and row o is zero. What is row l? Stage 1 answered that question for $W_h$, which was used
# at every step too. Be careful with NumPy here: there is a short line that looks right and keeps only *one* of the two
# arrivals. Try `a = np.zeros(3); a[[1, 1]] += 1; print(a)` and be surprised; then find the function of NumPy that does it properly, or a
# product that does.


# %% exercise="word_embedding_backward"
def word_embedding_backward(dout: Array, cache: Any) -> Array:
    """Go back through the look-up.

    Args:
        dout: gradient of the loss with respect to out, (N, T, D).
        cache: what your word_embedding_forward returned.

    Returns:
        dW: gradient of the loss with respect to W, (V, D).
    """
    ### BEGIN SOLUTION
    x, shape = cache
    dW = np.zeros(shape, dtype=dout.dtype)
    np.add.at(dW, x, dout)
    return dW
    ### END SOLUTION


# %% [markdown]
# ## 2.3 The loss: surprise, summed over time
#
# At each step of each text the model gives $V$ scores. The softmax turns them into probabilities, and the surprise about the right one is
# the loss of that place. **Over time the surprises add up** (a longer text has more to be surprised at), and **over the texts of a
# batch they are averaged**:
#
# $$L = -\frac1N \sum_{n=1}^{N} \sum_{t=1}^{T} m_{nt}\, \log p_{nt}(y_{nt}), \qquad p_{nt}(v) = \frac{e^{x_{ntv}}}{\sum_{k} e^{x_{ntk}}}.$$
#
# A tiny example: one text, one step, three characters with scores $(2, 0, -1)$. The powers are 7.39, 1 and 0.37, their sum is 8.76,
# and the probabilities are 0.844, 0.114 and 0.042. If the first one is right, the loss is $-\ln 0.844 = 0.170$.
#
# **The mask.** $m_{nt}$ is 1 where a target counts and 0 where it does not. Why would one not count? Texts of different lengths are put into one
# batch by filling the short ones up, and nobody should be punished, or praised, for guessing the filling. (In stage 6 the captions
# of images need it.) Where a place does not count, what is the gradient of its scores?
#
# **Large scores.** Scores may be in the thousands. Stage 1 told you what to do about $e^{1000}$. It is also wise not to take the logarithm of a
# probability that has been rounded to zero: can you write $\log p$ without ever computing $p$?


# %% exercise="temporal_softmax_loss"
def temporal_softmax_loss(x: Array, y: Array, mask: Array, verbose: bool = False) -> tuple[float, Array]:
    """The surprise about the right characters, summed over time and averaged over the batch.

    Args:
        x: scores, (N, T, V).
        y: the right ids, integers, (N, T).
        mask: whether a place counts, booleans, (N, T).
        verbose: whether to print shapes; for your own use.

    Returns:
        loss: a number, in nats.
        dx: gradient of the loss with respect to x, (N, T, V).
    """
    ### BEGIN SOLUTION
    N = len(x)
    shifted = x - x.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    right = np.take_along_axis(log_probs, y[..., None], axis=-1)[..., 0]
    loss = -np.sum(right * mask) / N

    dx = np.exp(log_probs)
    np.put_along_axis(dx, y[..., None], np.exp(right)[..., None] - 1, axis=-1)
    dx *= mask[..., None]
    dx /= N
    if verbose:
        print("scores", x.shape, "gradient", dx.shape)
    return float(loss), dx
    ### END SOLUTION


# %% [markdown]
# Back to the network made by hand. Its loss is computed here with your functions; the table in 2.1 promised 0.39 nats in all.

# %% tags=["demo"]
characters = "helo"
ids = np.array([[characters.index(character) for character in "hello"]])
inputs, targets = ids[:, :-1], ids[:, 1:]
Wx = np.array([[2.0, 0, 0], [0, 2, 0], [0, 0, 2], [0, 0, 0]])
Wh = np.array([[0.0, 0, 0], [2, 0, 0], [0, 0, 0]])
Wy = np.array([[0.0, 4, 2, -3], [0, 0, 5, 0], [0, -5, 3, 5]])

states, _ = earlier.rnn_forward(one_hot(inputs, 4), np.zeros((1, 3)), Wx, Wh, np.zeros(3))
loss, _ = temporal_softmax_loss(states @ Wy, targets, np.ones((1, 4), dtype=bool))
print("states\n", states[0].round(2))
print(f"loss of the word: {loss:.3f} nats; who knows only pairs of characters pays at least {2 * np.log(2):.3f}")

# %% [markdown]
# ## 2.4 The model
#
# All parts are here. `CharRNN` puts them in a row, and keeps its weights in the dictionary `params`:
#
# | name | shape | |
# |---|---|---|
# | `W_embed` | $(V, D)$ | the vector of each character |
# | `Wx`, `Wh`, `b` | $(D, H)$, $(H, H)$, $(H,)$ | the recurrent cell |
# | `W_vocab`, `b_vocab` | $(H, V)$, $(V,)$ | from a state to a score for each next character |
#
# **`loss`** looks the characters up, runs the cell from the state `h0` that it is given, scores the states at every step, and compares with the
# targets (all of them count). Then it goes back through the same parts in the opposite order. It also returns the last state: in the
# next section somebody will want to go on from there.
#
# **`sample`** writes. It first *reads* the characters of `seed`, starting from a state of zeros. The scores after the last of them become
# probabilities, and one character is **drawn** from these. Drawn, not taken where the probability is highest: a model that always says the likeliest thing
# soon says the same thing for ever. And then comes the step that people forget: what was drawn becomes the next *input*.
#
# **Temperature.** Before the softmax, divide the scores by a temperature $\tau$. With scores $(2, 1, 0)$:
#
# | $\tau$ | probabilities | |
# |---|---|---|
# | 0.5 | 0.867, 0.117, 0.016 | cold: it hardly dares to say anything but the likeliest |
# | 1 | 0.665, 0.245, 0.090 | as learned |
# | 2 | 0.506, 0.307, 0.186 | hot: it will say almost anything |
#
# So that your writing can be compared with ours character by character, take chance from the generator `rng` in exactly this way: for
# each character that is written call **`rng.random()` once**, which gives a $u$ in $[0, 1)$, and write the first id whose
# cumulative probability $p_0 + p_1 + \dots + p_{\text{id}}$ is larger than $u$. (`rng.choice(V, p=probabilities)` does just that
# inside, and is as good. It wants probabilities in float64.)


# %% exercise="CharRNN"
class CharRNN:
    """A language model of characters: embedding, recurrent cell, a score for each next character."""

    def __init__(self, params: dict[str, Array]) -> None:
        """Keep the weights: W_embed (V, D), Wx (D, H), Wh (H, H), b (H,), W_vocab (H, V), b_vocab (V,)."""
        self.params = params

    def loss(self, inputs: Array, targets: Array, h0: Array) -> tuple[float, dict[str, Array], Array]:
        """The loss on a piece of text, its gradients, and the state to go on from.

        Args:
            inputs: ids, integers, (N, T).
            targets: the id that follows each of them, (N, T).
            h0: states before the first character, (N, H).

        Returns:
            loss: in nats, summed over time and averaged over the batch.
            grads: the gradient of each of the params, under the same names.
            h_last: states after the last character, (N, H).
        """
        ### BEGIN SOLUTION
        p = self.params
        x, embed_cache = word_embedding_forward(inputs, p["W_embed"])
        h, rnn_cache = earlier.rnn_forward(x, h0, p["Wx"], p["Wh"], p["b"])
        scores, affine_cache = earlier.temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
        loss, dscores = temporal_softmax_loss(scores, targets, np.ones(targets.shape, dtype=bool))

        dh, dW_vocab, db_vocab = earlier.temporal_affine_backward(dscores, affine_cache)
        dx, _, dWx, dWh, db = earlier.rnn_backward(dh, rnn_cache)
        dW_embed = word_embedding_backward(dx, embed_cache)
        grads = {"W_embed": dW_embed, "Wx": dWx, "Wh": dWh, "b": db, "W_vocab": dW_vocab, "b_vocab": db_vocab}
        return loss, grads, h[:, -1]
        ### END SOLUTION

    def sample(self, seed: Array, length: int, temperature: float, rng: np.random.Generator) -> Array:
        """Read a beginning and write on.

        Args:
            seed: ids of the beginning, integers, (S,), at least one. It is read from a state of zeros.
            length: how many characters to write.
            temperature: what the scores are divided by, above 0.
            rng: asked once for each character written, as the text above says.

        Returns:
            The ids of what was written, an integer array (length,), without the seed.
        """
        ### BEGIN SOLUTION
        p = self.params
        state = np.zeros((1, len(p["Wh"])), dtype=p["Wh"].dtype)
        reads = np.asarray(seed)
        written = np.zeros(length, dtype=np.int64)
        for place in range(length):
            x, _ = word_embedding_forward(reads[None], p["W_embed"])
            h, _ = earlier.rnn_forward(x, state, p["Wx"], p["Wh"], p["b"])
            state = h[:, -1]
            scores = (state[0] @ p["W_vocab"] + p["b_vocab"]).astype(np.float64)
            cooled = scores / temperature
            powers = np.exp(cooled - cooled.max())
            written[place] = rng.choice(len(powers), p=powers / powers.sum())
            reads = written[place : place + 1]
        return written
        ### END SOLUTION


# %% [markdown]
# ### It learns to say hello
#
# Weights drawn at random, eight hidden units, a few hundred steps of Adagrad. It starts near $4 \ln 4$ nats, or above, and the line that
# matters is at $2 \ln 2 = 1.39$: below it, there is a memory at work.


# %% tags=["given"]
def new_params(V: int, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> dict[str, Array]:
    """Weights for a CharRNN, drawn so that neither scores nor states start out large."""

    def normal(rows: int, columns: int, scale: float) -> Array:
        return (rng.standard_normal((rows, columns)) * scale).astype(dtype)

    return {
        "W_embed": normal(V, D, 1.0),
        "Wx": normal(D, H, D**-0.5),
        "Wh": normal(H, H, H**-0.5),
        "b": np.zeros(H, dtype),
        "W_vocab": normal(H, V, H**-0.5),
        "b_vocab": np.zeros(V, dtype),
    }


# %% tags=["demo"]
greeter = CharRNN(new_params(V=4, D=4, H=8, rng=default_rng(0)))
optimizer = Adagrad(learning_rate=0.1)
start = np.zeros((1, 8), dtype=np.float32)
for step in range(301):
    loss, grads, _ = greeter.loss(inputs, targets, start)
    if step in (0, 10, 30, 100, 300):
        print(f"after {step:3d} steps: {loss:.3f} nats")
    optimizer.update(greeter.params, grads)

written = greeter.sample(np.array([0]), 4, temperature=1.0, rng=default_rng(1))
print("reads h, writes", "".join(characters[one] for one in written))

# %% [markdown]
# > **Think.** The greeter has only ever been asked for the letters of *hello*. What will it write after the o, and why can nobody say
# > that this is wrong?
#
# ## 2.5 Texts without end: truncated backpropagation
#
# A play has 120,000 characters. To go back through all of them before taking one step of learning would be slow, and would need the memory for
# every state on the way. So the text is cut into **chunks** of, say, 25 characters. Now comes the fine point, which is worth a careful
# look: *what is cut, and what is not?*
#
# ```
#   forward    h0 ──▶ [ chunk 1 ] ──▶ [ chunk 2 ] ──▶ [ chunk 3 ] ──▶ h_last      the state is carried over
#   backward          [ ◀────── ] │   [ ◀────── ] │   [ ◀────── ]                 the gradient is not
# ```
#
# Forwards nothing is cut: the model begins a chunk with the state it had at the end of the one before, and so it may remember things from
# thousands of characters ago. Backwards, each chunk is on its own: its loss says nothing about what earlier chunks should
# have done. So the sum of the chunks' gradients is *not* the gradient of the whole text. It is an approximation, without the terms that
# cross a cut; and when one chunk covers the text, nothing is missing.
#
# With *hello* in chunks of 2: chunk 1 reads h, e and is asked for e, l; chunk 2 reads l, l and is asked for l, o. The l that chunk 1 is
# asked for last is the one that chunk 2 reads first. With chunks of 3, the last chunk has one character only, and it counts too.
#
# If there is an `optimizer`, it takes a step after every chunk, with the gradients of that chunk. Its method `update` takes the
# parameters and their gradients, two dictionaries with the same names, and changes the parameters in place. (The greeter above
# shows how it is called.) The next chunk is then read by a model that has already learned from this one.


# %% exercise="truncated_bptt"
def truncated_bptt(
    model: Any, text: Array, chunk: int, h0: Array, optimizer: Adagrad | None = None
) -> tuple[list[float], dict[str, Array], Array]:
    """Read a text in chunks: the state goes on from chunk to chunk, the gradient does not.

    Args:
        model: a CharRNN: it has params, and loss(inputs, targets, h0) that returns loss, gradients and last states.
        text: ids, integers, (N, L + 1). The first L are read, and each is asked for the one after it.
        chunk: how many characters are read at a time; the last chunk may be shorter.
        h0: states before the first character, (N, H).
        optimizer: makes a step after each chunk; None leaves the params as they are.

    Returns:
        losses: the loss of each chunk, in order.
        grads: the sum of all chunks' gradients, under the names of the params.
        h_last: states after the last character read, (N, H).
    """
    ### BEGIN SOLUTION
    losses = []
    total = {name: np.zeros_like(array) for name, array in model.params.items()}
    state = h0
    last = text.shape[1] - 1
    for start in range(0, last, chunk):
        end = min(start + chunk, last)
        loss, grads, state = model.loss(text[:, start:end], text[:, start + 1 : end + 1], state)
        losses.append(loss)
        for name in total:
            total[name] += grads[name]
        if optimizer is not None:
            optimizer.update(model.params, grads)
    return losses, total, state
    ### END SOLUTION


# %% [markdown]
# How much is lost at the cuts? Here is one text of 200 characters read in chunks of growing length. On the vertical axis is the angle between the sum of
# the chunks' gradients of $W_h$ and the full one. Chunks of one character learn nothing about how memory comes about. From which
# length on would you say it hardly matters, for this model? (Stage 3 will explain why.)

# %% tags=["demo"]
from seqlab import plots
from seqlab.data import load_text

plays = load_text("plays")
V, D, H = len(plays.vocabulary), 64, 100
untrained = CharRNN(new_params(V, D, H, default_rng(3), np.float64))
piece = plays.train[None, 5000:5201]


def gradient_of_memory(chunk: int) -> Array:
    """The sum of the gradients of Wh over the chunks of the piece."""
    return truncated_bptt(untrained, piece, chunk, np.zeros((1, H)))[1]["Wh"].ravel()


whole = gradient_of_memory(200)
angles = []
for chunk in range(1, 31):
    part = gradient_of_memory(chunk)
    cosine = part @ whole / np.linalg.norm(part) / np.linalg.norm(whole)
    angles.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
display(plots.curves({"angle to the full gradient": np.array(angles)}, "characters in a chunk", "degrees", first=1))

# %% [markdown]
# ## 2.6 Shakespeare that Shakespeare forgot to write
#
# Now the real thing: 4.6 million characters of plays for training, and other plays, never seen, for the test. The model has 100 hidden
# units and reads **10,000 chunks of 25 characters**, one after the other, with Adagrad. That is a known schedule, and figures known
# for it, from another edition of the same author, are a loss of about 2.1 nats per character at this point, and 1.8 to 1.9 after 200,000 chunks. Expect
# a smaller number on the screen, about 1.8: it is the loss on text just read, in chunks that come one after the other, and 2.7 says why that flatters.
# Under a minute of work for a machine that has nothing else to do. Watch the loss, and what it writes on the way.


# %% tags=["demo"]
from seqlab.data.text import Text


def chunks_in_turn(ids: Array, first: int, count: int, chunk: int) -> Array:
    """The text (1, count * chunk + 1) of some chunks; after the last character comes the first again."""
    places = np.arange(first * chunk, (first + count) * chunk + 1) % len(ids)
    return np.asarray(ids)[places][None]


def streams_of(ids: Array, N: int, L: int) -> Array:
    """The first N * (L + 1) characters as N texts (N, L + 1) that are read side by side."""
    return np.asarray(ids)[: N * (L + 1)].reshape(N, L + 1)


# %% tags=["demo"]
import time

from tqdm.auto import tqdm

from seqlab.language.threads import one_thread

CHUNK, CHUNKS, TOGETHER = 25, 10_000, 100


@one_thread()  # the products are small: a second thread would cost more than it does
def train_on(text: Text, rng: np.random.Generator) -> tuple[CharRNN, Array, float]:
    """A model, its loss per character after each chunk, and the seconds it took."""
    model = CharRNN(new_params(len(text.vocabulary), D, H, rng))
    optimizer = Adagrad(learning_rate=0.05, clip=5.0)
    state = np.zeros((1, H), dtype=np.float32)
    losses: list[float] = []
    began = time.perf_counter()
    progress = tqdm(range(0, CHUNKS, TOGETHER), desc=text.name, unit=f"{TOGETHER} chunks")
    for done in progress:
        piece = chunks_in_turn(text.train, done, TOGETHER, CHUNK)
        new, _, state = truncated_bptt(model, piece, CHUNK, state, optimizer)
        losses += [loss / CHUNK for loss in new]
        progress.set_postfix_str(f"{np.mean(losses[-1000:]):.2f} nats per character")
        if done in (100, 1000):
            tqdm.write(f"--- after {done + TOGETHER} chunks:\n{write(model, text, 150)}\n")
    return model, np.array(losses), time.perf_counter() - began


def write(model: CharRNN, text: Text, length: int, temperature: float = 1.0, begin: str = "\n") -> str:
    """What the model writes after a beginning."""
    return text.decode(model.sample(text.encode(begin), length, temperature, default_rng(5)))


model, losses, seconds = train_on(plays, default_rng(0))
print(f"{seconds:.0f} s; mean loss of the last 1,000 chunks: {losses[-1000:].mean():.2f} nats per character")

# %% tags=["demo"]
from seqlab.language.pictures import learning_curves, ranking, temperatures

places = np.arange(1, CHUNKS + 1)
display(learning_curves({"plays": (places, losses)}, "chunks read", "CharRNN on plays"))
print(write(model, plays, 600, temperature=0.8, begin="\n\n"))

# %% [markdown]
# Read it aloud; it nearly sounds. What has it learned about the form of a play, and what about English? What has it not
# understood at all?
#
# ### Cold and hot
#
# The same model after the same beginning, at three temperatures. First the chances of the next character, then what it writes.

# %% tags=["demo"]
begin = "\n\nMACBETH:\nI have th"
state = np.zeros((1, H), dtype=np.float32)
states, _ = earlier.rnn_forward(
    model.params["W_embed"][plays.encode(begin)][None], state, *(model.params[name] for name in ("Wx", "Wh", "b"))
)
scores = states[0, -1] @ model.params["W_vocab"] + model.params["b_vocab"]
chances = {}
for temperature in (0.5, 1.0, 1.5):
    powers = np.exp((scores - scores.max()) / temperature)
    chances[str(temperature)] = powers / powers.sum()
display(temperatures(chances, plays.vocabulary.tokens, f"after {begin[-9:]!r}"))
for temperature in (0.2, 0.5, 1.0, 1.5):
    print(f"--- temperature {temperature}\n{write(model, plays, 200, temperature, begin='MACBETH:' + chr(10))}\n")

# %% [markdown]
# ## 2.7 How good is it, really?
#
# The training loss can flatter: the model has just read the same speaker in the same scene. What counts is text it has **never seen**. And
# a number alone says little: 2.1 nats, is that much? So we put simple models beside it that just count. An *n-gram* model guesses from
# the last $n - 1$ characters, by what followed them in the training text. For $n = 1$ it knows only how frequent each character is; $n = 2$
# is the one that knows all about pairs. What if the last characters were never seen together? Then it must ask the next shorter one. Ours blends
# them all the time: a context that was seen $c$ times and was followed by $k$ different characters gives its own counts the share
# $c / (c + k)$ and the shorter context the rest (Witten and Bell's rule). So nothing is ever impossible.
#
# The **perplexity** is $e^{L}$ for $L$ nats per character: the number of equally likely characters that would be as hard to guess.
#
# There are two fair ways to compare. The n-grams may count the whole training text, all 4.6 million characters; or just what the network has
# read by now, 250,000. Both are shown.

# %% tags=["demo"]
from seqlab.language.ngrams import NGram

N_STREAMS, LONG = 20, 2500
ORDERS = {1: "single characters", 2: "pairs", 3: "3-gram", 4: "4-gram", 6: "6-gram"}


@one_thread()
def held_out_nats(model: CharRNN, text: Text) -> float:
    """Nats per character on text that was not trained on."""
    unseen = streams_of(text.val, N_STREAMS, LONG)
    losses, _, _ = truncated_bptt(model, unseen, 250, np.zeros((N_STREAMS, H), dtype=np.float32))
    return float(np.sum(losses)) / LONG


def counted_nats(text: Text, read: int, label: str) -> dict[str, float]:
    """Nats per character of the n-gram models that counted the first characters of the training text."""
    unseen = text.val[: N_STREAMS * (LONG + 1)]
    return {
        f"{name}, {label}": NGram(text.train[:read], order, len(text.vocabulary)).nats_per_character(unseen)
        for order, name in ORDERS.items()
    }


results = {"CharRNN, 10,000 chunks": held_out_nats(model, plays)}
results |= counted_nats(plays, CHUNKS * CHUNK, "same text") | counted_nats(plays, len(plays.train), "all text")
display(ranking(results, "nats per character on plays never seen", "plays", marked=["CharRNN, 10,000 chunks"]))
for name, nats in sorted(results.items(), key=lambda item: item[1]):
    print(f"{name:32s} {nats:.2f} nats = {nats / np.log(2):.2f} bits; perplexity {np.exp(nats):.1f}")

# %% [markdown]
# An honest picture. When we measured, the network had 2.08 nats here. It is far ahead of the pairs (2.57) and ahead of the 3-gram (2.23); but a 4-gram that
# has counted the same 250,000 characters is level with it (2.05), and one that looks at six and has counted all 4.6 million is well ahead
# (1.69). Counting is a strong opponent, and a paper that leaves it out should make you wonder. Yet the counters keep hundreds of thousands
# of numbers in their tables, and your network has some 27,000, however long the text; and it is not done. Left to read on to 200,000 chunks it
# reached 1.85 (and 1.60 on what it had just read; `python -m benchmarks.language_model` does it, in some seven minutes). And no n-gram
# can ever know anything about what happened longer ago than it is long.
#
# ## 2.8 Mathematics and C
#
# The same network, the same schedule, other texts. Nobody changes a line for a new language: that is the charm of it.

# %% tags=["demo"]
latex, c_source = load_text("latex"), load_text("c_source")
models, curves = {"plays": model}, {"plays": (places, losses)}
for text in (latex, c_source):
    models[text.name], its_losses, _ = train_on(text, default_rng(0))
    curves[text.name] = (places, its_losses)
display(learning_curves(curves, "chunks read", "the same network on three languages"))
for text in (latex, c_source):
    print(f"=== {text.name}\n{write(models[text.name], text, 500, temperature=0.7)}\n")

# %% tags=["demo"]
for text in (plays, latex, c_source):
    mine = held_out_nats(models[text.name], text)
    counted = counted_nats(text, CHUNKS * CHUNK, "same text")
    print(
        f"{text.name:9s} CharRNN {mine:.2f} nats, perplexity {np.exp(mine):.1f}; pairs "
        f"{counted['pairs, same text']:.2f}, 3-gram {counted['3-gram, same text']:.2f}, 6-gram {counted['6-gram, same text']:.2f}"
    )

# %% [markdown]
# Did you see it? The training curve of C went down to 1.6 nats, and on files never seen the loss is above 2.5. The 10,000 chunks are the first ninth of the
# corpus, read in order, and by their end the model has grown used to the file at hand: its names, its habits. That is what "the training
# loss can flatter" means. It is no overfitting in the usual sense, since it read nothing twice; more text mends it (after 200,000 chunks we measured 2.12 on C and
# 1.72 on LaTeX).
#
# > **Think.** The numbers of the three languages cannot be compared with each other as if they were marks. What makes one language harder to
# > guess than another? And why may a model have a lower loss on C and yet write C that no compiler would take?
#
# ## 2.9 The same game with an engine: PyTorch
#
# Give PyTorch **the same time** that your network had for the plays, on the same machine. Three things are different: the cell is an LSTM
# (stage 4 opens it; for now, a cell that is better at keeping things), 32 texts are read side by side, so that the machine multiplies large
# matrices rather than vectors, and Adam makes the steps. Here is all there is to the model.

# %% tags=["demo"]
import inspect

from seqlab.language.lstm import CharLSTM, generate, held_out, train_for

print(inspect.getsource(CharLSTM))

# %% tags=["demo"]
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
lstm = CharLSTM(V, H=1024 if device == "cuda" else 256, layers=2 if device == "cuda" else 1).to(device)
when, lstm_losses = train_for(lstm, plays.train, seconds, default_rng(0))
by_time = {"CharRNN": (np.linspace(0, seconds, CHUNKS), losses), "LSTM": (when, lstm_losses)}
display(learning_curves(by_time, "seconds", f"the same time on the same machine (LSTM on {device})", smooth=50))

lstm_nats = held_out(lstm, streams_of(plays.val, N_STREAMS, LONG))
weights = sum(weight.numel() for weight in lstm.parameters())
print(
    f"never seen: LSTM {lstm_nats:.2f} nats per character ({weights:,} weights), CharRNN {results['CharRNN, 10,000 chunks']:.2f}"
)
print(plays.decode(generate(lstm, plays.encode("\n\n"), 500, 0.8, default_rng(5))))

# %% [markdown]
# ## 2.10 The cell lab
#
# A hidden state is a hundred numbers between -1 and 1. Does any single one of them *mean* something? In a famous picture a text is coloured by one
# cell, and lo, the cell is high inside quotes and low outside. Such pictures are lovely, and easy to fool oneself with: look at enough
# cells and some will seem to mean anything. So we do it properly.
#
# 1. Say *beforehand* what to look for, as a **label** for every character: inside a string or not, how many characters into the line, how many tabs
#    deep, inside a comment, inside the brackets of an `if`.
# 2. On one text, find the unit that goes best with the label.
# 3. Tell its score **on another text**. And compare with *luck*: what the best unit scores when the labels are moved along the text, so that they
#    have nothing to do with it.
#
# The score is the **correlation** of unit and label. For a unit with values $h_t$ and labels $l_t$, with means $\bar h$ and $\bar l$:
#
# $$r = \frac{\sum_t (h_t - \bar h)(l_t - \bar l)}{\sqrt{\sum_t (h_t - \bar h)^2}\,\sqrt{\sum_t (l_t - \bar l)^2}}.$$
#
# It is 1 when one is a rising straight line of the other, -1 when it is a falling one, and 0 when neither helps to tell the
# other. For a label of yes and no, count yes as 1 and no as 0. A tiny example: $h = (-1, 0, 1)$ and
# $l = (0, 0, 1)$. The means are 0 and $\frac13$; the sum above the line is $\frac13 + 0 + \frac23 = 1$; below are $\sqrt 2$ and $\sqrt{2/3}$; so
# $r = 0.87$. A unit that is *low* exactly where the label is high tells just as much as one that is high there: what does that mean for
# which unit is best? And a unit that never changes, or a label that never does, has nothing to tell: let its score be 0.


# %% exercise="cell_selectivity"
def cell_selectivity(hidden: Array, labels: Array) -> tuple[int, Array]:
    """Find the hidden unit that best tells a label.

    Args:
        hidden: the value of each unit after each character, (T, H).
        labels: what is to be told, for each character, (T,): booleans, or numbers.

    Returns:
        best: the index of the unit whose score is farthest from 0.
        scores: the correlation of each unit with the label, (H,), with its sign, of the type of hidden; 0 where
            the unit or the label never changes.
    """
    ### BEGIN SOLUTION
    values, wanted = hidden.astype(np.float64), labels.astype(np.float64)
    values = values - values.mean(axis=0)
    wanted = wanted - wanted.mean()
    above = wanted @ values
    below = np.sqrt((values**2).sum(axis=0) * (wanted**2).sum())
    changes = (np.ptp(hidden, axis=0) > 0) & (wanted.min() < wanted.max())
    scores = np.where(changes, above / np.where(changes, below, 1.0), 0.0).astype(hidden.dtype)
    best = int(np.argmax(np.abs(scores)))
    return best, scores
    ### END SOLUTION


# %% [markdown]
# ### What do the units of your network know?
#
# First your own `CharRNN` on C source. We let it read 20 pieces of a text it has never seen; ten to choose on, ten to tell the
# score on. The labels say what is true *after* each character has been read.

# %% tags=["demo"]
from seqlab.language import labels as label_of
from seqlab.language.cells import Cell, examine
from seqlab.language.pictures import cell_scores

PIECES, LENGTH = 20, 3000
C_LABELS = {
    "inside quotes": label_of.inside_quotes,
    "place in the line": label_of.line_position,
    "depth of indentation": label_of.indentation,
    "inside a comment": label_of.inside_comment,
    "inside an if": label_of.inside_if,
}


def labelled(text: Text, label: Any) -> Array:
    """The label of every character of the pieces, (PIECES, LENGTH)."""
    read = text.decode(text.val[: PIECES * LENGTH])
    return np.asarray(label(read)).reshape(PIECES, LENGTH)


def explore(states: Array, text: Text, wanted: dict[str, Any]) -> dict[str, Cell]:
    """For each label the best unit, chosen on the even pieces and tried on the odd ones; states (PIECES, LENGTH, H)."""
    found = {}
    for name, label in wanted.items():
        values = labelled(text, label)
        halves = [(states[half::2].reshape(-1, states.shape[2]), values[half::2].ravel()) for half in (0, 1)]
        found[name] = examine(cell_selectivity, halves[0], halves[1], default_rng(0))
    return found


def report(cells: dict[str, Cell]) -> None:
    """What may be said of each cell."""
    for name, cell in cells.items():
        right = "" if cell.accuracy is None else f", right {cell.accuracy:.0%} of the time (a coin: 50%)"
        print(
            f"{name:22s} unit {cell.unit:3d}: chosen with {cell.chosen:+.2f}, on other text {cell.told:+.2f} "
            f"(luck {cell.luck:.2f}){right}: {cell.verdict}"
        )


pieces = c_source.val[: PIECES * LENGTH].reshape(PIECES, LENGTH)
params = models["c_source"].params
h, _ = earlier.rnn_forward(
    params["W_embed"][pieces], np.zeros((PIECES, H), dtype=np.float32), params["Wx"], params["Wh"], params["b"]
)
cells = explore(h, c_source, C_LABELS)
report(cells)
display(cell_scores(cells, "single units of CharRNN, on C source"))

# %% [markdown]
# Correlations above the right dotted line (0.6) we call a cell; above the left (0.3) a hint; below, or no better than luck, nothing. These limits are ours:
# one has to draw a line somewhere, and to draw it before looking.
#
# ### And with a better memory
#
# Now the LSTM, a minute of training on the same C source. Of an LSTM we look at its *cells*, squashed by tanh.

# %% tags=["demo"]
from seqlab.language.lstm import cell_states

torch.manual_seed(0)
coder = CharLSTM(len(c_source.vocabulary), H=512 if device == "cuda" else 256).to(device)
train_for(coder, c_source.train, 60, default_rng(0))
print(f"never seen: {held_out(coder, streams_of(c_source.val, N_STREAMS, LONG)):.2f} nats per character")
print(c_source.decode(generate(coder, c_source.encode("static int "), 500, 0.7, default_rng(2))))

# %% tags=["demo"]
states = cell_states(coder, pieces)
lstm_cells = explore(states, c_source, C_LABELS)
report(lstm_cells)
display(cell_scores(lstm_cells, "single cells of the LSTM, on C source"))

# %% [markdown]
# ### See for yourself
#
# The text below is coloured by one cell: **blue where it is low, red where it is high**. All of it comes from the half on which the cell was *not*
# chosen. Each excerpt is one where its label changes a good deal. Rest the pointer on a character to see the number.

# %% tags=["demo"]
from IPython.display import HTML

from seqlab.language.coloured_text import coloured_figure, coloured_html

SHOWN = 360


def liveliest(values: Array) -> tuple[int, int]:
    """The odd piece, and the place in it, where a label changes most within what is shown."""
    changes = np.abs(np.diff(values.astype(np.float64), axis=1))
    within = np.cumsum(np.pad(np.minimum(changes, 1), ((0, 0), (1, 0))), axis=1)
    spread = within[1::2, SHOWN:] - within[1::2, :-SHOWN]
    row, place = np.unravel_index(int(np.argmax(spread)), spread.shape)
    return 2 * int(row) + 1, int(place)


for name, cell in lstm_cells.items():
    row, place = liveliest(labelled(c_source, C_LABELS[name]))
    shown = c_source.decode(pieces[row, place : place + SHOWN])
    title = f"{name}: cell {cell.unit}, correlation {cell.told:+.2f} on other text ({cell.verdict})"
    display(coloured_figure(shown, states[row, place : place + SHOWN, cell.unit], title))

# %% [markdown]
# The same as a piece of the page, for the cell that does best. You can select the text, and make it as long as you like.

# %% tags=["demo"]
name = max(lstm_cells, key=lambda one: abs(lstm_cells[one].told))
row, place = liveliest(labelled(c_source, C_LABELS[name]))
shown = c_source.decode(pieces[row, place : place + 900])
print(f"{name}, cell {lstm_cells[name].unit}")
display(HTML(coloured_html(shown, states[row, place : place + len(shown), lstm_cells[name].unit])))

# %% [markdown]
# ### Plays and mathematics
#
# The plays have hardly a quotation mark, and no comments at all. But there is a line to be measured, and there are names of speakers. And in LaTeX there is
# an inside and an outside of formulas. What do the units of your two other networks know of these?

# %% tags=["demo"]
OTHERS = {
    "plays": {"place in the line": label_of.line_position, "inside a speaker's name": label_of.inside_name},
    "latex": {"place in the line": label_of.line_position, "inside a formula": label_of.inside_maths},
}
for text in (plays, latex):
    params = models[text.name].params
    read = text.val[: PIECES * LENGTH].reshape(PIECES, LENGTH)
    h, _ = earlier.rnn_forward(
        params["W_embed"][read], np.zeros((PIECES, H), dtype=np.float32), params["Wx"], params["Wh"], params["b"]
    )
    print(text.name)
    report(explore(h, text, OTHERS[text.name]))

# %% [markdown]
# What does it mean if there is *no* cell for something? Not that the network does not know it. A state is a vector, and what it knows may lie across
# many units, so that no single one shows it. That a single cell is sometimes enough is the surprise.
#
# ## What you have now
#
# - A language model: aligned many to many, trained on nothing but text, scored by its surprise in nats.
# - An embedding, whose gradient adds up over every use of a row; a loss that is summed over time, averaged over the batch, and masked.
# - Truncated backpropagation: the state is carried over the cut, the gradient is not.
# - Sampling with a temperature, and the habit of feeding back what was drawn.
# - Honest comparison: text never seen, baselines that count, and cells that are tried where they were not chosen.
#
# **To go further.** Let the plays train twenty times as long (it is one number). Give the model words rather than characters. Start a chunk from zeros
# instead of the carried state, and see which of the cells disappear first.
#
# **Next.** Why is the vanilla network so forgetful? In stage 3 we follow the gradient back through time and watch it vanish, or explode.
