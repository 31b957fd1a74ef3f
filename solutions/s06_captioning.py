# %% [markdown]
# # 6 · From image to sentence
#
# So far everything your networks read was a sequence. Now they get a *picture*, and are asked to say what it shows. An image caption is the simplest case of
# one to many: one thing goes in, a sentence comes out. The idea (Vinyals and others 2015; Karpathy and Fei-Fei 2015) is almost shameless. Take a network that has learned to see. Cut off
# its last layer, the one that would name one of a thousand classes, and keep the numbers just before it: a few hundred **features** that say what is in the image. Then take a
# language model, as in stage 2, and let it begin not with an empty memory but with those features.
#
# In this notebook you build a captioner twice, in NumPy to see every gradient and in PyTorch to train it properly; you search for better sentences than the
# greedy ones; you measure the result on pictures that were never seen, beside baselines that do not look at all; and you look hard at what it gets wrong.
#
# | letter | what it counts | | letter | what it counts |
# |---|---|---|---|---|
# | $N$ | images in a batch | | $V$ | words in the vocabulary |
# | $T$ | words in a caption, as stored | | $W$ | numbers that stand for a word |
# | $F$ | features of an image | | $H$ | numbers in a hidden state |
#
# What you built before is at hand, with the same arguments and the same results:
#
# | in `earlier` | returns |
# |---|---|
# | `word_embedding_forward(x, W)` | vectors (N, T, W), cache |
# | `word_embedding_backward(dout, cache)` | dW |
# | `rnn_forward(x, h0, Wx, Wh, b)`, `lstm_forward(x, h0, Wx, Wh, b)` | all states (N, T, H), cache |
# | `rnn_backward(dh, cache)`, `lstm_backward(dh, cache)` | dx, dh0, dWx, dWh, db |
# | `rnn_step_forward(x, prev_h, Wx, Wh, b)` | next_h, cache |
# | `lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)` | next_h, next_c, cache |
# | `temporal_affine_forward(x, w, b)` | scores (N, T, V), cache |
# | `temporal_affine_backward(dout, cache)` | dx, dw, db |
# | `temporal_softmax_loss(x, y, mask)` | loss, dx; the loss is summed over time and averaged over the batch |
#
# Unless a function says otherwise, results have the floating type of the numbers that came in: `float32` stays `float32`.

# %% tags=["given"]
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from IPython.display import display
from numpy.typing import DTypeLike

from seqlab import check, toy
from seqlab.earlier import Earlier

Array = np.ndarray
earlier = Earlier("s06_captioning")

# %% [markdown]
# ## 6.1 Captions as numbers
#
# Our pictures are drawn icons, and a caption is the name that its artist gave it: *credit card off outline*. There are 4,142 of them, in 64 by 64 pixels of black on white. To be plain about it: these are drawings
# and not photographs, names and not sentences. But they are short, honest, and everything you build works word for word on photographs.
#
# Every caption is stored as $T$ numbers. Four of the vocabulary's words are not words at all:
#
# | word | what for |
# |---|---|
# | `<NULL>` | fills up short captions, so that all rows are of one length |
# | `<START>` | stands before the first word: something has to be read before the first word can be said |
# | `<END>` | stands after the last: a captioner must *say* that it has finished |
# | `<UNK>` | stands for words that are too rare to be learned |
#
# Training is **teacher forcing**: whatever the captioner would have said, it reads the *right* word next. So the inputs are the caption without its last number, and the targets are the caption without its first:
#
# | step | reads | should say | counts? |
# |---|---|---|---|
# | 1 | `<START>` | cat | yes |
# | 2 | cat | asleep | yes |
# | 3 | asleep | `<END>` | yes |
# | 4 | `<END>` | `<NULL>` | no |
#
# **With a pencil.** Let the captioner give the right words of this table the probabilities 0.5, 0.25, 0.8 and 0.01. The loss of the caption is $\ln 2 + \ln 4 + \ln 1.25 = 2.303$. The last number plays no part. Why would it be a mistake to let it count?

# %% [markdown]
# ## 6.2 A captioner in NumPy
#
# Here is the whole machine, for one image with features $v$ and a caption $w_0 w_1 \dots$ that begins with $w_0 =$ `<START>`:
#
# $$
# \begin{aligned}
# h_0 &= v\, W_{proj} + b_{proj} && \text{the image becomes the first state} \\
# x_t &= \text{row } w_{t-1} \text{ of } W_{embed} && \text{the word before} \\
# h_t &= \text{cell}(x_t, h_{t-1};\ W_x, W_h, b) && \text{a vanilla cell or an LSTM} \\
# s_t &= h_t W_{vocab} + b_{vocab} && \text{a score for each word}
# \end{aligned}
# $$
#
# and the loss is that of stage 2: the surprise at the right words, summed over time, averaged over the batch, where only words that count do count. (An LSTM's cell starts empty, $c_0 = 0$.) It is a loss per *caption*, where the
# translator of stage 5 had one per *word*: so every image weighs the same in a batch, however much is said about it, and the loss is the surprise at the whole caption, which is what a search will go by.
#
# Going back there is nothing new to derive: every layer's way back is in your hands. Only mind *where the gradient goes last*. The image did not come in as an input at some step. Through which door did it come, and what comes back out of that door?
#
# ### Saying something
#
# To **sample** is another matter: there is no teacher. The captioner reads `<START>`, says a word, and reads *its own word* next. We always take the word with the highest score, which is called greedy. The contract, to the letter, since
# your answer is compared with ours number by number:
#
# - The result has the shape `(N, max_length)` and is of integers.
# - `<START>` is read first and is not part of the result. `<START>` and `<NULL>` are never *said*: at each step the word with the highest score **among all others** is taken. (Stage 5 left this open.)
# - When `<END>` is said, it is written down, and everything after it in that row is `<NULL>`. The other rows go on.
# - A row that has not ended after `max_length` words stops without an `<END>`.
#
# > **Think.** In training, all steps of a caption are worked out at once, in one call. In sampling you have to go step by step. What is it that stands in the way of doing it at once?


# %% tags=["given"]
def initial_params(V: int, F: int, W: int, H: int, blocks: int, dtype: DTypeLike) -> dict[str, Array]:
    """Weights of a captioner at its start: small where words are looked up, scaled by the root of the inputs elsewhere."""
    rng = np.random.default_rng(0)

    def normal(rows: int, columns: int, scale: float) -> Array:
        return (rng.standard_normal((rows, columns)) * scale).astype(dtype)

    return {
        "W_proj": normal(F, H, F**-0.5),
        "b_proj": np.zeros(H, dtype),
        "W_embed": normal(V, W, 0.01),
        "Wx": normal(W, blocks * H, W**-0.5),
        "Wh": normal(H, blocks * H, H**-0.5),
        "b": np.zeros(blocks * H, dtype),
        "W_vocab": normal(H, V, H**-0.5),
        "b_vocab": np.zeros(V, dtype),
    }


# %% exercise="CaptioningRNN"
class CaptioningRNN:
    """A captioner: the image becomes the first state of a recurrent network that says one word after the other."""

    def __init__(
        self,
        word_to_idx: dict[str, int],
        input_dim: int = 512,
        wordvec_dim: int = 128,
        hidden_dim: int = 128,
        cell_type: str = "rnn",
        dtype: DTypeLike = np.float32,
    ) -> None:
        """Draw the weights. This is given.

        Args:
            word_to_idx: the number of each word; ``<NULL>`` is among them, and ``<START>`` and ``<END>`` where the captioner
                is to sample.
            input_dim: how many features an image has, F.
            wordvec_dim: how many numbers stand for a word, W.
            hidden_dim: how many numbers a state has, H.
            cell_type: "rnn" (weights of width H) or "lstm" (of width 4H, in the order i, f, o, g).
            dtype: of the weights.
        """
        if cell_type not in ("rnn", "lstm"):
            raise ValueError(f"expected the cell type rnn or lstm; found {cell_type!r}")
        self.cell_type = cell_type
        self.null = word_to_idx["<NULL>"]
        self.start, self.end = word_to_idx.get("<START>"), word_to_idx.get("<END>")
        blocks = 1 if cell_type == "rnn" else 4
        self.params = initial_params(len(word_to_idx), input_dim, wordvec_dim, hidden_dim, blocks, dtype)

    def loss(self, features: Array, captions: Array) -> tuple[float, dict[str, Array]]:
        """The loss of right captions under teacher forcing, and its gradients.

        Args:
            features: of the images, (N, F).
            captions: integers (N, T): ``<START>``, words, ``<END>``, then ``<NULL>``.

        Returns:
            loss: in nats, summed over the words to say that are not ``<NULL>``, averaged over the batch.
            grads: the gradient of each of ``self.params``, under the same names.
        """
        ### BEGIN SOLUTION
        p = self.params
        vanilla = self.cell_type == "rnn"
        reads, targets = captions[:, :-1], captions[:, 1:]
        forward = earlier.rnn_forward if vanilla else earlier.lstm_forward
        backward = earlier.rnn_backward if vanilla else earlier.lstm_backward

        h0 = features @ p["W_proj"] + p["b_proj"]
        x, embed_cache = earlier.word_embedding_forward(reads, p["W_embed"])
        h, cell_cache = forward(x, h0, p["Wx"], p["Wh"], p["b"])
        scores, vocab_cache = earlier.temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
        loss, dscores = earlier.temporal_softmax_loss(scores, targets, targets != self.null)

        dh, dW_vocab, db_vocab = earlier.temporal_affine_backward(dscores, vocab_cache)
        dx, dh0, dWx, dWh, db = backward(dh, cell_cache)
        dW_embed = earlier.word_embedding_backward(dx, embed_cache)
        grads = {"W_proj": features.T @ dh0, "b_proj": dh0.sum(axis=0), "W_embed": dW_embed}
        grads |= {"Wx": dWx, "Wh": dWh, "b": db, "W_vocab": dW_vocab, "b_vocab": db_vocab}
        return loss, grads
        ### END SOLUTION

    def sample(self, features: Array, max_length: int = 30) -> Array:
        """Say what is in some images, always with the word of the highest score.

        Args:
            features: of the images, (N, F).
            max_length: how many words at most, with ``<END>``.

        Returns:
            captions: integers (N, max_length), greedy: at each step the word with the highest score among all but ``<START>``
                and ``<NULL>``, which are never said. ``<START>`` is read first and is not in the result. After ``<END>``,
                which is in the result, a row holds only ``<NULL>``; a row that does not end has no ``<END>``.
        """
        ### BEGIN SOLUTION
        p = self.params
        captions = np.full((len(features), max_length), self.null, dtype=np.int64)
        h = features @ p["W_proj"] + p["b_proj"]
        c = np.zeros_like(h)
        word = np.full(len(features), self.start)
        ended = np.zeros(len(features), dtype=bool)
        for t in range(max_length):
            x = p["W_embed"][word]
            if self.cell_type == "rnn":
                h, _ = earlier.rnn_step_forward(x, h, p["Wx"], p["Wh"], p["b"])
            else:
                h, c, _ = earlier.lstm_step_forward(x, h, c, p["Wx"], p["Wh"], p["b"])
            scores = h @ p["W_vocab"] + p["b_vocab"]
            scores[:, [self.start, self.null]] = -np.inf
            word = scores.argmax(axis=1)
            captions[~ended, t] = word[~ended]
            ended |= word == self.end
        return captions
        ### END SOLUTION


# %% [markdown]
# ### Fifty captions by heart
#
# The first thing to do with a new model is to let it *overfit*: if it cannot learn fifty captions by heart, there is a mistake somewhere, and no amount of data will mend it. The features are those of a network that was trained on photographs
# (EfficientNet-Lite0), averaged over the image. Before any learning the loss should be near $\ln V$ for each word that counts. Work that out before you run the cell.

# %% tags=["demo"]
from seqlab.data import load_captions
from seqlab.plots import loss_curve
from seqlab.training import Adam

icons = load_captions("icons")
words = icons.vocabulary
fifty = icons.train.batch(np.sort(np.random.default_rng(0).choice(len(icons.train), 50, replace=False)))
seen: Any = fifty.features
pictures: Any = icons.train.images
counted = (fifty.captions[:, 1:] != words.word_to_idx["<NULL>"]).sum(axis=1).mean()
print(f"{counted:.2f} words count in each caption; {counted:.2f} ln {len(words)} = {counted * np.log(len(words)):.1f}")

small = CaptioningRNN(dict(words.word_to_idx), input_dim=seen.shape[1], hidden_dim=256, cell_type="lstm")
optimizer = Adam(learning_rate=5e-3)
losses = []
for step in range(100):
    loss, grads = small.loss(seen, fifty.captions)
    optimizer.update(small.params, grads)
    losses.append(float(loss))
    if step in (0, 10, 30, 99):
        print(f"step {step:2d}: loss {loss:.3f}")
display(loss_curve(losses, title="fifty captions"))

# %% [markdown]
# It should be below 0.1 long before the end. And now what it says to the icons that it knows, and to some that it has never seen. (In blue what is right, word for word; below, in brackets, the artist's name.)

# %% tags=["demo"]
from seqlab.captioning.pictures import captioned


def sentences(captions: Any) -> list[str]:
    """Rows of numbers as text."""
    return [words.sentence(row) for row in captions]


known = pictures[fifty.image_idxs]
display(captioned(known[:10], sentences(small.sample(seen[:10], 7)), sentences(fifty.captions[:10])))
unseen: Any = icons.val.batch(np.arange(0, 650, 65))
new_pictures: Any = icons.val.images
display(
    captioned(new_pictures[unseen.image_idxs], sentences(small.sample(unseen.features, 7)), sentences(unseen.captions))
)

# %% [markdown]
# Whoever learns by heart does not understand. To every new icon it gives one of the fifty names, or a medley of them.

# %% [markdown]
# ## 6.3 The image at every step
#
# The captioner above looks once, then speaks from memory. By the fifth word the image is a distant recollection, squeezed through five cells. There is another way: let it look again at every step. One more product inside the cell does it,
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + v\, W_i + b),$$
#
# where $v$ are the features of the image, the same at every step, and $W_i$ has shape $(F, H)$.
#
# **With a pencil.** One unit, one feature: $x_t = 1$, $W_x = 0.5$; $h_{t-1} = 0.2$, $W_h = -1$; $v = 2$, $W_i = 0.3$; $b = 0$. The sum is $0.5 - 0.2 + 0.6 = 0.9$, and $h_t = \tanh(0.9) = 0.716$. How much would $h_t$ move if $v$ moved a little? That is all that is new in the way back.
#
# (Is it better? Not always. Vinyals and others found that it was *not*: the network listened to the noise in the image. You have both, and can try.)


# %% exercise="inject_step_forward"
def inject_step_forward(
    x: Array, prev_h: Array, v: Array, Wx: Array, Wh: Array, Wi: Array, b: Array
) -> tuple[Array, Any]:
    """Take one step of a vanilla cell that also sees the image.

    Args:
        x: inputs of this step, (N, D).
        prev_h: states after the step before, (N, H).
        v: features of the images, (N, F).
        Wx: input to state, (D, H).
        Wh: state to state, (H, H).
        Wi: image to state, (F, H).
        b: bias, (H,).

    Returns:
        next_h: states after this step, (N, H).
        cache: whatever inject_step_backward will need.
    """
    ### BEGIN SOLUTION
    next_h = np.tanh(x @ Wx + prev_h @ Wh + v @ Wi + b)
    return next_h, (x, prev_h, v, Wx, Wh, Wi, next_h)
    ### END SOLUTION


# %% exercise="inject_step_backward"
def inject_step_backward(dnext_h: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array, Array, Array]:
    """Go back through one step of a vanilla cell that also sees the image.

    Args:
        dnext_h: gradient of the loss with respect to next_h, (N, H).
        cache: what your inject_step_forward returned.

    Returns:
        dx (N, D), dprev_h (N, H), dv (N, F), dWx (D, H), dWh (H, H), dWi (F, H), db (H,).
    """
    ### BEGIN SOLUTION
    x, prev_h, v, Wx, Wh, Wi, next_h = cache
    dsum = dnext_h * (1 - next_h**2)
    dx = dsum @ Wx.T
    dprev_h = dsum @ Wh.T
    dv = dsum @ Wi.T
    dWx = x.T @ dsum
    dWh = prev_h.T @ dsum
    dWi = v.T @ dsum
    return dx, dprev_h, dv, dWx, dWh, dWi, dsum.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# > **Think.** Over a caption of five words the same $v$ is used five times. What happens to its five gradients? And what would happen to them at a step whose target is `<NULL>`?

# %% tags=["demo"]
from seqlab.gradcheck import numeric_gradient, relative_error

rng = np.random.default_rng(3)
x, prev_h, v = rng.standard_normal((4, 3)), rng.standard_normal((4, 5)), rng.standard_normal((4, 6))
Wx, Wh, Wi, b = (rng.standard_normal(shape) * 0.5 for shape in ((3, 5), (5, 5), (6, 5), (5,)))
dnext_h = rng.standard_normal((4, 5))
_, cache = inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b)
_, _, dv, _, _, dWi, _ = inject_step_backward(dnext_h, cache)
slow_v = numeric_gradient(lambda one: inject_step_forward(x, prev_h, one, Wx, Wh, Wi, b)[0], v, dnext_h)
slow_w = numeric_gradient(lambda one: inject_step_forward(x, prev_h, v, Wx, Wh, one, b)[0], Wi, dnext_h)
print(f"dv:  yours and the numeric one differ by {relative_error(dv, slow_v):.1e}")
print(f"dWi: yours and the numeric one differ by {relative_error(dWi, slow_w):.1e}")

# %% [markdown]
# ## 6.4 The same in PyTorch
#
# To train properly, we hand the derivatives to autograd and the large products to whatever device there is. The layers are made in the constructor, under names that may not change; the three methods are yours. They must run on any device and in any floating type, also in `bfloat16`, the short float of
# today's GPUs: it has the range of a `float32` and the precision of three decimal digits. So one thing deserves care: in which type do you add up the surprises?
#
# `forward` and `loss_of` are two methods, not one: a search needs scores without a loss, and whoever trains on several devices at once wraps the first and not the second.

# %% tags=["given"]
import torch
from torch import Tensor, nn
from torch.nn import functional


# %% exercise="Captioner"
class Captioner(nn.Module):
    """An LSTM that begins with the image, for tensors on any device."""

    def __init__(
        self,
        vocab_size: int,
        feature_dim: int,
        wordvec_dim: int,
        hidden_dim: int,
        null: int = 0,
        start: int = 1,
        end: int = 2,
    ) -> None:
        """Make the layers, and keep the numbers of the three special words. This is given."""
        super().__init__()
        self.project = nn.Linear(feature_dim, hidden_dim)
        self.embed = nn.Embedding(vocab_size, wordvec_dim)
        self.lstm = nn.LSTM(wordvec_dim, hidden_dim, batch_first=True)
        self.vocabulary = nn.Linear(hidden_dim, vocab_size)
        self.null, self.start, self.end = null, start, end

    def forward(self, features: Tensor, captions: Tensor) -> Tensor:
        """The scores of every word under teacher forcing; the projected image is h0, and c0 is zero.

        Args:
            features: of the images, (N, F), on the device and of the type of the layers.
            captions: integers (N, T): ``<START>``, words, ``<END>``, then ``<NULL>``.

        Returns:
            scores: (N, T - 1, V): those at place t are for the word ``captions[:, t + 1]``.
        """
        ### BEGIN SOLUTION
        h0 = self.project(features)[None]
        states, _ = self.lstm(self.embed(captions[:, :-1]), (h0, torch.zeros_like(h0)))
        every_step: Tensor = self.vocabulary(states)
        return every_step
        ### END SOLUTION

    def loss_of(self, scores: Tensor, captions: Tensor) -> Tensor:
        """The loss of the scores that forward returned.

        Args:
            scores: (N, T - 1, V).
            captions: integers (N, T), those that forward was given.

        Returns:
            The surprise at the right words in nats, summed over those that are not ``<NULL>``, averaged over the batch;
            one number, worked out in float32 where the scores are shorter.
        """
        ### BEGIN SOLUTION
        targets = captions[:, 1:].long()
        wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
        summed = functional.cross_entropy(
            wide.flatten(0, 1), targets.flatten(), ignore_index=self.null, reduction="sum"
        )
        return summed / len(captions)
        ### END SOLUTION

    @torch.no_grad()
    def sample(self, features: Tensor, max_length: int = 30) -> Tensor:
        """Say what is in some images: integers (N, max_length), with the contract of CaptioningRNN.sample.

        Args:
            features: of the images, (N, F).
            max_length: how many words at most, with ``<END>``.
        """
        ### BEGIN SOLUTION
        captions = torch.full((len(features), max_length), self.null, device=features.device)
        h = self.project(features)[None]
        memory = (h, torch.zeros_like(h))
        word = torch.full((len(features),), self.start, device=features.device)
        ended = torch.zeros(len(features), dtype=torch.bool, device=features.device)
        for t in range(max_length):
            states, memory = self.lstm(self.embed(word)[:, None], memory)
            scores = self.vocabulary(states[:, 0])
            scores[:, [self.start, self.null]] = -torch.inf
            word = scores.argmax(dim=1)
            captions[~ended, t] = word[~ended]
            ended |= word == self.end
        return captions
        ### END SOLUTION


# %% [markdown]
# ### Training properly
#
# All 3,452 icons of the training split; 690 are held out. One thing about the features: averaged over the whole image, they have forgotten *where* things are, and *arrow left* looks like *arrow right*. So we keep a coarse map: the features of an earlier layer,
# averaged in each cell of a grid of four by four, in one long vector. (Stage 7 does this better.) While training, half of the features are left out at random, so that nothing can hang on a single one of them.

# %% tags=["demo"]
from seqlab.captioning.icons import most_common, of_the_nearest, standardised
from seqlab.captioning.training import fit, loss_on

torch.set_num_threads(1)
device = "cuda" if torch.cuda.is_available() else "cpu"
maps = load_captions("icons", features="spatial")
train_icons, new_icons = (task.to(device) for task in standardised(maps))
torch.manual_seed(0)
model = Captioner(len(words), train_icons.features.shape[1], wordvec_dim=128, hidden_dim=256).to(device)
losses, held_out = fit(model, train_icons, new_icons, epochs=25)
print(
    f"on {device}: held-out loss {held_out[0]:.2f} after one epoch, {min(held_out):.2f} at best, {held_out[-1]:.2f} at the end"
)
display(loss_curve(losses, smooth=50))

# %% [markdown]
# ## 6.5 Searching for a better sentence
#
# Greedy takes the best *word* at every step. That is not the best *sentence*.
#
# **With a pencil.** The first word is *arrow* with probability 0.6 or *lock* with 0.4. After *arrow* come *left* 0.4, *right* 0.35, *up* 0.25; after *lock* comes *open* with 0.9, or *off* with 0.1. Greedy says *arrow left*, which has probability $0.6 \cdot 0.4 = 0.24$. But *lock open* has $0.4 \cdot 0.9 = 0.36$. It takes
# only one look ahead to see it; and greedy never looks.
#
# All sentences cannot be tried: with 467 words and 5 places there are more than $10^{13}$. **Beam search** is the compromise that everyone uses. Keep not one beginning but the `width` best ones:
#
# 1. The list holds one caption: nothing said yet, log-probability 0.
# 2. Replace every caption in the list that has not ended by all its continuations by one word ($V$ of them); its log-probability grows by that of the word. **Captions that have ended stay in the list as they are, and compete.**
# 3. Of all these keep the `width` best. Go to 2, at most `max_length` times in all, or until every caption in the list has ended.
# 4. Return the best of the list.
#
# The model comes as a **step function**, so that the search works with any: `step(state, word)` reads one word and returns the log-probabilities of the next one, shape `(V,)`, and the state to go on from. What a state *is* is the model's own business (for an LSTM it is two tensors);
# you only hand it back. But mind *which* one you hand back: every caption in the list has its own.
#
# To check your search there is a model so small that everything can be tried: `TinyWriter`.


# %% tags=["given"]
class TinyWriter:
    """A tiny recurrent model of words, whose next word depends on all words before."""

    def __init__(self, W_embed: Array, Wh: Array, W_vocab: Array) -> None:
        """Keep the weights: W_embed (V, H), Wh (H, H), W_vocab (H, V)."""
        self.W_embed, self.Wh, self.W_vocab = W_embed, Wh, W_vocab
        self.empty = np.zeros(len(Wh))

    def step(self, state: Array, word: int) -> tuple[Array, Array]:
        """Read a word: the log-probabilities (V,) of the next one, and the next state (H,)."""
        state = np.tanh(self.W_embed[word] + state @ self.Wh)
        scores = state @ self.W_vocab
        return scores - np.logaddexp.reduce(scores), state


# %% exercise="beam_search"
def beam_search(
    step: Callable[[Any, int], tuple[Array, Any]], state: Any, start: int, end: int, width: int, max_length: int
) -> tuple[Array, float]:
    """Search for the likeliest caption, keeping the ``width`` best beginnings.

    Args:
        step: ``step(state, word)`` returns the log-probabilities (V,) of the next word and the next state. It changes no state.
        state: the state in which ``start`` is read.
        start: the word that is read first; it is not part of the caption.
        end: the word that ends a caption; it is part of it, and its log-probability counts.
        width: how many captions are kept, at least 1.
        max_length: how many words a caption has at most, with ``end``.

    Returns:
        caption: integers (L,), L at most max_length: the best caption found.
        log_prob: the sum of the log-probabilities of its words.
    """
    ### BEGIN SOLUTION
    beam: list[tuple[float, list[int], Any]] = [(0.0, [], state)]
    for _ in range(max_length):
        longer = []
        for total, words, memory in beam:
            if words and words[-1] == end:
                longer.append((total, words, memory))
                continue
            log_probs, after = step(memory, words[-1] if words else start)
            longer += [(total + float(one), [*words, word], after) for word, one in enumerate(log_probs)]
        beam = sorted(longer, key=lambda kept: kept[0], reverse=True)[:width]
        if all(words[-1] == end for _, words, _ in beam):
            break
    best, caption, _ = beam[0]
    return np.array(caption), best
    ### END SOLUTION


# %% [markdown]
# ### The captioner as a step function
#
# A few lines turn your trained captioner into one. Watch the log-probabilities: does the wider beam find what the model thinks likelier? And is what the model thinks likelier what the artist said? (Must a wider beam always do at least as well? Construct a case where it does not.)


# %% tags=["demo"]
@torch.no_grad()
def read(memory: Any, word: int) -> tuple[Array, Any]:
    """Read a word; START and NULL are never said."""
    states, memory = model.lstm(model.embed(torch.tensor([[word]], device=device)), memory)
    scores = model.vocabulary(states[0, 0])
    scores[[model.start, model.null]] = -torch.inf
    return functional.log_softmax(scores.float(), dim=0).cpu().numpy(), memory


@torch.no_grad()
def search(features: Tensor, width: int) -> tuple[Array, float]:
    """The caption of one image, features (F,), by a beam."""
    h = model.project(features)[None, None]
    return beam_search(read, (h, torch.zeros_like(h)), model.start, model.end, width, 6)


for place in (3, 40, 77, 120):
    found = [search(new_icons.features[place], width) for width in (1, 3)]
    told = "; ".join(
        f"width {width}: {words.sentence(one)} ({total:.2f})" for width, (one, total) in zip((1, 3), found, strict=True)
    )
    print(f"[{words.sentence(new_icons.captions[place].tolist())}] {told}")

# %% [markdown]
# ## 6.6 How good is a caption?
#
# Exact agreement is a harsh judge. **BLEU** (Papineni and others 2002, made for translation) asks instead: *how much of what was said is also in a reference?* It counts **n-grams**, runs of $n$ words, over the whole corpus of candidates at once:
#
# $$p_n = \frac{\text{n-grams of all candidates that are found in their references}}{\text{n-grams of all candidates}}, \qquad \text{BLEU} = B \cdot \exp\Big(\frac{1}{4} \sum_{n=1}^{4} \ln p_n\Big).$$
#
# Three rules make it honest.
#
# - **Clipping.** "the the the the" must not score four hits against "the cat". An n-gram of a candidate is found *at most as often as it occurs in one reference*, the one in which it occurs most often.
# - **The corpus.** Hits and n-grams are summed over all candidates first, and divided once. It is not a mean over sentences.
# - **Brevity.** Precision alone is won by saying one safe word. With $c$ words in all candidates together, and $r$ the sum over candidates of the length of that reference which is *closest* in length (of two equally close, the shorter), $B = 1$ if $c > r$, and $e^{1 - r/c}$ otherwise.
#
# If some $p_n$ is zero, or there are no n-grams at all, BLEU is 0. (Many programs print it times 100. We do not.)
#
# **With a pencil.** Reference *arrow left bold box outline*, candidate *arrow left box outline*. All four words are found; of the three pairs, two are (*arrow left*, *box outline*). With pairs as the longest n-grams, BLEU-2 is $B \cdot \sqrt{1 \cdot \frac{2}{3}}$, where $c = 4$ and $r = 5$ give $B = e^{1 - 5/4} = 0.779$: together 0.636. What is BLEU-4 here, and is that fair?


# %% tags=["given"]
def ngrams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """All runs of n words, in order: ``len(words) - n + 1`` of them, or none."""
    return [tuple(words[place : place + n]) for place in range(len(words) - n + 1)]


# %% exercise="bleu"
def bleu(candidates: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]], max_n: int = 4) -> float:
    """The BLEU of a corpus, without smoothing.

    Args:
        candidates: for each image what was said, as a list of words without special ones; it may be empty.
        references: for each image a list of right captions, at least one, each a list of words.
        max_n: the longest n-grams that count.

    Returns:
        A number from 0 to 1.
    """
    ### BEGIN SOLUTION
    found, said = np.zeros(max_n), np.zeros(max_n)
    c = r = 0
    for candidate, right in zip(candidates, references, strict=True):
        c += len(candidate)
        r += min((abs(len(one) - len(candidate)), len(one)) for one in right)[1]
        for n in range(1, max_n + 1):
            counts = Counter(ngrams(candidate, n))
            most: Counter[tuple[str, ...]] = Counter()
            for one in right:
                most |= Counter(ngrams(one, n))
            found[n - 1] += sum((counts & most).values())
            said[n - 1] += sum(counts.values())
    if found.min() == 0:
        return 0.0
    brevity = 1.0 if c > r else np.exp(1 - r / c)
    return float(brevity * np.exp(np.log(found / said).mean()))
    ### END SOLUTION


# %% [markdown]
# ### The table
#
# Two baselines that caption nothing: the most common caption of the training split for every icon; and the caption of the training icon whose features are most alike. Beside BLEU stand the share of captions that are right word for word, and **CIDEr** (Vedantam and others
# 2015): like BLEU it compares n-grams, but those that few images have weigh more (from `seqlab.caption_metrics`). Our captions are short: a name of two words has no run of four, so even perfect captions earn less than the usual 10; the last row shows what could be had.
#
# Mind one thing: no two icons share a name. So whoever *copies* a name from the training split can never be right word for word.

# %% tags=["demo"]
from seqlab.caption_metrics import cider, exact_match

here, there = train_icons.to("cpu"), new_icons.to("cpu")
right_names = sentences(there.captions.tolist())
rows = {
    "most common caption": sentences(most_common(here, len(there))),
    "nearest icon's caption": sentences(of_the_nearest(here, there)),
    "your captioner, greedy": sentences(model.sample(new_icons.features, 6).tolist()),
    "your captioner, beam of 3": sentences(search(one, 3)[0] for one in new_icons.features),
    "the artists themselves": right_names,
}
references = [[name.split()] for name in right_names]
print(f"{'690 icons never seen':28s} exact   BLEU-4  BLEU-2  CIDEr")
for name, said in rows.items():
    lists = [one.split() for one in said]
    measures = (bleu(lists, references), bleu(lists, references, max_n=2), cider(lists, references))
    print(f"{name:28s} {exact_match(lists, references):5.1%}  " + "  ".join(f"{one:6.3f}" for one in measures))

# %% [markdown]
# ### What it says, and what it gets wrong
#
# First, icons never seen as they come. Then failures on purpose: captions that have not one word in common with the artist's.

# %% tags=["demo"]
said = rows["your captioner, greedy"]
some = np.arange(0, 690, 46)
display(captioned(new_pictures[some], [said[k] for k in some], [right_names[k] for k in some], title="as they come"))
wrong = [k for k, name in enumerate(right_names) if not set(name.split()) & set(said[k].split())]
print(f"{len(wrong)} of {len(said)} captions have no word in common with the artist's")
wrong = wrong[:: max(len(wrong) // 10, 1)][:10]
display(captioned(new_pictures[wrong], [said[k] for k in wrong], [right_names[k] for k in wrong], title="failures"))

# %% [markdown]
# Look at the failures with kindness, then without. Some are fair descriptions under another name: nothing in an exact comparison, or in an n-gram, knows that. Some show a thing of which training had few examples. And some are fluent nonsense: the language model goes on in well-formed names, whatever the image
# says. That is the weakness of a captioner that looks once: what it has not taken in at the first glance, it fills in from habit.
#
# ## What you have now
#
# - A captioner by hand, and one that trains on any device; the image as a first state, and at every step.
# - A search for better sentences, and a measure that the field agrees on, with its three rules.
# - A habit: no figure without the figures of those who do not look.
#
# **On more than one device.** `python -m seqlab.captioning.train s06_captioning.ipynb`, beside your notebook, trains *your* `Captioner` from the command line, and prints this table; `torchrun --nproc-per-node 2 -m seqlab.captioning.train s06_captioning.ipynb` does it in two processes, each with half of every
# minibatch, whose gradients are averaged. The losses are the same, step by step. (For this `loss_of` has to be a mean over the batch: which sum would have broken it?)
#
# **To go further.** Train `CaptioningRNN` on all icons. Put the image into every step of a vanilla captioner, and compare. Divide log-probabilities by length in your beam: who gains? With COCO's features fetched (`make download-data SET=coco`), train on them by the same command: `python -m seqlab.captioning.train s06_captioning.ipynb --set coco`; on a GPU add `--bfloat16`.
#
# **Next.** Your captioner looks once. In stage 7 it learns to look again, at another place for every word.
