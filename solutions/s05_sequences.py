# %% [markdown]
# # 5 · The five shapes of a problem with sequences
#
# You have cells that remember: a vanilla one, an LSTM, a GRU. From now on they are parts, as a screw is a part, and you may take PyTorch's own. What is left to learn is what
# to build with them, and that is a question of **shape**: is there one input or a series of them? One output or many? Does an output come with each input, or only when all of
# it has been seen? The same cell answers five different kinds of question, depending on where you feed it and where you listen.
#
# | shape | what goes in | what comes out | what you build |
# |---|---|---|---|
# | one to one, by looking | an image | its class | `GlimpseClassifier` |
# | one to many | a label | a drawing, row by row | `SequenceDrawer` |
# | many to one | a sentence of any length | a verdict | `SentimentClassifier` |
# | many to many, of another length | a sentence | a sentence in another language | `Seq2Seq` |
# | many to many, aligned | the frames of a film | a label for each frame | `FrameLabeller` |
#
# In each of the five there is one thing that goes wrong for nearly everybody, and it goes wrong quietly: the network still trains, the loss still falls, and the result is worse than it need be. Your checks look for these.
#
# | letter | what it counts | | letter | what it counts |
# |---|---|---|---|---|
# | $N$ | sequences in a batch | | $D$ | numbers in an input, or in a word vector |
# | $T$, $S$ | steps in time; $S$ of a source sentence | | $H$ | numbers in a hidden state |
# | $V$ | words in a vocabulary | | $C$ | classes |
#
# The constructors are given: they say which parts there are and what they are called, so that your network and ours can hold the same weights. You write what happens between them.
# Every class must work on any device and in any precision: derive new tensors from those that you were given.
#
# In the checks, `grad_...` is the gradient that reaches the weights of a part: `grad_look` those of `look`, `grad_cell_state` those that multiply the state of `cell`, `grad_cell_input` those that multiply its input.

# %% tags=["given"]
from typing import Any

import numpy as np
import torch
from IPython.display import display
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlab import check, toy
from seqlab.glimpses import glimpse_at

NULL, START, END = 0, 1, 2  # the numbers of three special words: nothing, begin, stop

# %% [markdown]
# ## 5.1 One to one, by looking
#
# A digit is not a sequence, and neither is its name. And yet nobody reads a page in one piece: the eye jumps, looks at one small spot sharply, and decides from what it saw where to look next. A recurrent
# network can do that. At each step it
#
# 1. decides **where** to look, from what it remembers: $p_t = \tanh(h_{t-1} W_p + b_p)$, two numbers between -1 and 1, across and down;
# 2. cuts a small square, a **glimpse**, out of the image around that place;
# 3. takes one step of a GRU. Its input is the glimpse, pixel by pixel and row by row, followed by the two numbers of the place: what it saw, and where;
# 4. says what it believes so far: scores for the classes, read from the *new* state.
#
# Before the first glimpse nothing is known: $h_0 = 0$.
#
# How can a network learn where to look? Moving a square from one pixel to the next is a jump, and a jump has no gradient. So `glimpse_at(images, places, size)`, which is given, lets the square lie
# *between* pixels, and takes means of neighbours there. (For `images` (N, height, width) and `places` (N, 2) it returns the squares, (N, size, size).) Half a pixel to the right is half of one value and half of the next. A small move then changes the glimpse by a small amount, and the loss can tell the place which way to go.
#
# ### With a pencil
#
# An image of one row, with the five pixels $0, 0, 8, 4, 0$. Pixel 0 has the place $-1$, pixel 4 the place $1$. The place $0.25$ is then at pixel $\frac{0.25 + 1}{2} \cdot 4 = 2.5$: a glimpse one pixel wide sees
# $\frac{1}{2} \cdot 8 + \frac{1}{2} \cdot 4 = 6$. Move the place by a tiny $\epsilon$ to the right: the position moves by $2\epsilon$ pixels, and the value by $(4 - 8) \cdot 2\epsilon = -8\epsilon$. There is the gradient.
#
# ### Your turn: look, and look again


# %% exercise="GlimpseClassifier"
class GlimpseClassifier(nn.Module):
    """Looks at an image a few times, at places that it chooses itself, and says after each look what it believes."""

    def __init__(self, glimpse_size: int, hidden_dim: int, classes: int, steps: int) -> None:
        """Make the parts.

        cell: a GRUCell from a glimpse and its place (glimpse_size * glimpse_size + 2 numbers) to H = hidden_dim.
        look: from a state to a place, before it is squashed, (H to 2).
        read: from a state to the scores of the classes, (H to C).
        """
        super().__init__()
        self.glimpse_size, self.steps = glimpse_size, steps
        self.cell = nn.GRUCell(glimpse_size * glimpse_size + 2, hidden_dim)
        self.look = nn.Linear(hidden_dim, 2)
        self.read = nn.Linear(hidden_dim, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Look at each image self.steps times.

        Args:
            images: (N, height, width), floating.

        Returns:
            scores: of the classes after every look, (N, T, C), where T is self.steps; no softmax.
            places: where it looked, (N, T, 2), across and down, each between -1 and 1.
        """
        ### BEGIN SOLUTION
        h = images.new_zeros(len(images), self.cell.hidden_size)
        scores, places = [], []
        for _ in range(self.steps):
            place = torch.tanh(self.look(h))
            glimpse = glimpse_at(images, place, self.glimpse_size)
            h = self.cell(torch.cat([glimpse.flatten(1), place], dim=1), h)
            scores.append(self.read(h))
            places.append(place)
        return torch.stack(scores, dim=1), torch.stack(places, dim=1)
        ### END SOLUTION


# %% [markdown]
# > **Think.** The first place is the same for every image. Why must that be so?

# %% [markdown]
# ### Where it looks
#
# Now let it learn on real digits: 8 by 8 pixels, six looks through a window of 4 by 4. The loss is the mean over all looks, so that it pays to know the answer early. For training,
# each image is moved by a fraction of a pixel or so, by chance: there are only 1,437 of them, and the network would learn them by heart.

# %% tags=["demo"]
from seqlab import pictures_sequences, torch_training
from seqlab.data import load_digits, load_pairs, load_sentences, load_videos
from seqlab.glimpses import corners

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_num_threads(1)  # the products are small: a second thread costs more than it brings
WINDOW, LOOKS = 4, 6
digits = load_digits()
torch.manual_seed(0)
looker = GlimpseClassifier(WINDOW, 128, 10, LOOKS).to(device)


def looking_loss(images: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy after every look, on images that are moved a little; nobody need be more than 91 % sure."""
    moved = glimpse_at(images, 0.4 * (torch.rand(len(images), 2, device=images.device) - 0.5), images.shape[1])
    scores, _ = looker(moved)
    return F.cross_entropy(scores.flatten(0, 1), labels.repeat_interleave(scores.shape[1]), label_smoothing=0.1)


torch_training.fit(
    looker,
    digits.train,
    looking_loss,
    epochs=100,
    batch_size=64,
    rng=np.random.default_rng(0),
    learning_rate=5e-3,
    weight_decay=0.05,
    name="looking",
)
images, labels = torch_training.tensors(digits.val[:], device)
with torch.no_grad():
    scores, places = looker(images)
after_each = (scores.argmax(dim=2) == labels[:, None]).float().mean(dim=0).cpu().numpy()
print("right on held-out digits after each look:", ", ".join(f"{share:.1%}" for share in after_each))
chosen = torch.tensor([int((labels == digit).nonzero()[0]) for digit in (0, 3, 4, 6, 8)])
display(
    pictures_sequences.looks(
        images[chosen].cpu().numpy(),
        corners(places[chosen], 8, 8, WINDOW).cpu().numpy(),
        WINDOW,
        scores[chosen].softmax(dim=2).cpu().numpy(),
        labels[chosen].cpu().numpy(),
    )
)
display(pictures_sequences.accuracy_over_time({"held-out digits": after_each}, "look", "belief grows with looking"))

# %% [markdown]
# Above, the numbered squares are the looks in their order. Below, the probability of each class after each look; the right class is framed. Nobody told the network where anything is to be seen: the gradient of the
# loss came through the borders of its squares. Do all digits get the same second look? And the sixth? The window is half as wide as the image, so
# that small moves go a long way; make it narrower, and see what becomes of the looks, and of the digits.
#
# ## 5.2 One to many
#
# Now the other way round. What goes in is a single label, "a seven, please"; what comes out is a drawing, one row of pixels after another. Where does the label enter? It sets the **first state**: each class has a learned
# vector $h_0$. And what are the inputs of the later steps? Nothing more arrives from outside. So the network is given **its own last row**: what it has just drawn decides how to go on.
#
# $$h_t = \text{GRU}(\text{row}_{t-1}, h_{t-1}), \qquad P(\text{pixel } j \text{ of row } t \text{ has ink}) = \sigma(h_t W + b)_j$$
#
# with a blank row (zeros) before the first. There are two modes, and to confuse them is the classic error of this shape.
#
# **While it learns**, we know the drawing. So the input of each step is the *true* row before, however badly the network would have drawn it. This is called **teacher forcing**, and it has a
# pleasant consequence: all inputs are known in advance, and the whole drawing is one call. (Mind the shift. If the network may see row $t$ when it is asked for row $t$, it will learn to copy, reach a loss of
# nearly nothing, and be unable to draw.)
#
# **While it draws**, there is no true row. Each pixel is drawn by chance with the probability that the network gives, and the row that came out, of zeros and ones, goes in at the next step.
#
# To make chance testable, we hand it over: `uniform` holds a number between 0 and 1 for every pixel. A pixel gets ink exactly where its number is *below* its probability. (A number drawn evenly from 0 to 1 is below 0.3 in
# three cases of ten.)
#
# ### With a pencil
#
# A row of three pixels. The network says $(1.2, -0.4, 0)$; the probabilities are $\sigma(1.2) = 0.769$, $\sigma(-0.4) = 0.401$ and $\sigma(0) = 0.5$. The numbers of chance are $(0.5, 0.5, 0.1)$. So the row is
# $(1, 0, 1)$, and that, not $(0.769, 0.401, 0.5)$, is what the network sees next.


# %% exercise="SequenceDrawer"
class SequenceDrawer(nn.Module):
    """Draws an image row by row, beginning from nothing but a label."""

    def __init__(self, classes: int, width: int, hidden_dim: int) -> None:
        """Make the parts.

        start: the first state of each class, an embedding (C, H).
        gru: from a row of pixels to a state, (width to H), batch first.
        ink: from a state to the score of ink for each pixel of a row, (H to width).
        """
        super().__init__()
        self.start = nn.Embedding(classes, hidden_dim)
        self.gru = nn.GRU(width, hidden_dim, batch_first=True)
        self.ink = nn.Linear(hidden_dim, width)

    def forward(self, labels: Tensor, rows: Tensor) -> Tensor:
        """The scores of ink, each row from the true rows before it.

        Args:
            labels: what to draw, (N,), integers.
            rows: the true drawings, (N, T, width), of zeros and ones, floating.

        Returns:
            The score of ink for every pixel, (N, T, width), before the sigmoid. Those of row t depend on
            rows[:, :t] only.
        """
        ### BEGIN SOLUTION
        before = torch.cat([torch.zeros_like(rows[:, :1]), rows[:, :-1]], dim=1)
        states, _ = self.gru(before, self.start(labels).unsqueeze(0))
        scores: Tensor = self.ink(states)
        return scores
        ### END SOLUTION

    @torch.no_grad()
    def draw(self, labels: Tensor, uniform: Tensor) -> Tensor:
        """Draw, feeding back what was drawn.

        Args:
            labels: what to draw, (N,), integers.
            uniform: a number in [0, 1) for every pixel, (N, T, width), of the type of the parameters. A pixel has
                ink where its number is less than its probability.

        Returns:
            The drawings, (N, T, width), of zeros and ones, of the type of uniform.
        """
        ### BEGIN SOLUTION
        state = self.start(labels).unsqueeze(0)
        row = torch.zeros_like(uniform[:, :1])
        rows = []
        for t in range(uniform.shape[1]):
            states, state = self.gru(row, state)
            row = (uniform[:, t : t + 1] < torch.sigmoid(self.ink(states))).to(uniform.dtype)
            rows.append(row)
        return torch.cat(rows, dim=1)
        ### END SOLUTION


# %% [markdown]
# > **Think.** While it learns, the network never sees a mistake of its own. What may happen at row 20 of a drawing that went astray at row 5?

# %% [markdown]
# ### Digits on demand
#
# Real digits again, larger ones, 28 by 28, in black and white. Twelve drawings of each digit; and since it is easy to see digits in any scribble, a judge: each drawing is compared with 4,000 real digits, pixel by pixel, and named after the one
# that is nearest. The same judge is asked about real digits that were held out.

# %% tags=["demo"]
large = load_digits("mnist5k")
torch.manual_seed(0)
drawer = SequenceDrawer(10, 28, 128).to(device)


def drawing_loss(images: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of each pixel, the teacher drawing the rows before it."""
    rows = (images > 0.5).to(images.dtype)
    return F.binary_cross_entropy_with_logits(drawer(labels, rows), rows)


torch_training.fit(
    drawer,
    large.train,
    drawing_loss,
    epochs=10,
    batch_size=32,
    rng=np.random.default_rng(0),
    learning_rate=4e-3,
    name="drawing",
)
ordered = torch.arange(10, device=device).repeat_interleave(12)
chance = torch.rand(len(ordered), 28, 28, generator=torch.Generator().manual_seed(1)).to(device)
drawn = drawer.draw(ordered, chance)
display(
    pictures_sequences.drawings(
        drawn.reshape(10, 12, 28, 28).cpu().numpy(), [str(digit) for digit in range(10)], "drawn on demand"
    )
)

real, real_labels = torch_training.tensors(large.train[:], device)
held, held_labels = torch_training.tensors(large.val[:], device)


def judged(drawings: Tensor) -> Tensor:
    """The label of the nearest real digit."""
    nearest = torch.cdist(drawings.flatten(1), (real > 0.5).float().flatten(1)).argmin(dim=1)
    return real_labels[nearest]


on_demand = (judged(drawn) == ordered).float().mean().item()
on_real = (judged((held > 0.5).float()) == held_labels).float().mean().item()
print(
    f"the judge finds what was ordered in {on_demand:.1%} of {len(ordered)} drawings; it is right on {on_real:.1%} of real digits"
)

# %% [markdown]
# Look for drawings that begin well and lose their way, and for those that leave off too soon. Each pixel of a row is drawn without a look at its neighbours in the same row: where can you see that?
#
# ## 5.3 Many to one
#
# A sentence comes in, of three words or of fifty; one verdict goes out. The network reads the sentence in both directions, with two LSTMs: one from the first word to the last, one from the last to the first. What each of them
# remembers *at its own end* is laid side by side, $2H$ numbers, and read by a linear layer.
#
# The difficulty is called **batch**. A tensor is a rectangle and sentences are not, so short ones are filled up with NULL:
#
# | | | | | | |
# |---|---|---|---|---|---|
# | a | fine | film | . | NULL | NULL |
# | not | nearly | as | clever | as | it |
#
# For the machine NULL is a word like any other. It has a vector, and an LSTM that reads it changes its state. So the verdict on "a fine film ." would depend on how long the *other* sentence happens to be: alone it is judged differently
# than in company. The rule is simple, and worth a test in everything that you will ever build:
#
# > **What comes out for a sentence must not depend on what it is batched with, nor on what stands behind its end.**
#
# The network therefore needs the **lengths**. There are several ways, and any of them will do: let PyTorch pack the batch (`pack_padded_sequence`; read what it says about sorting and about where lengths must lie), choose the right state of each sentence
# yourself, or freeze the state where a sentence is over. Whichever you take: for the LSTM that reads *backwards* the NULLs come first. What has it seen before it meets the last word?
#
# ### With a pencil
#
# Let a very simple "LSTM" halve what it remembers, and add what it reads: $h_t = \frac{1}{2} h_{t-1} + x_t$; and let the words of a sentence be $x = (4, 2)$, and NULL have the vector $1$. Forwards: $4$, then $4$. Backwards: $2$, then $5$. Pad it to length 4 and read everything: forwards $4, 4, 3, 2.5$. And backwards
# it begins with $1, 1.5$, and reaches $2.75$ and $5.375$. Forwards it ends with $2.5$ instead of $4$, backwards with $5.375$ instead of $5$, and nobody has said anything new.


# %% exercise="SentimentClassifier"
class SentimentClassifier(nn.Module):
    """Reads a sentence in both directions and says what it thinks of it."""

    def __init__(self, vocabulary_size: int, embed_dim: int, hidden_dim: int, classes: int = 2) -> None:
        """Make the parts.

        embedding: a vector for each word, (V, D).
        lstm: reads word vectors in both directions, (D to H each), batch first.
        head: from the forward LSTM's state followed by the backward LSTM's to the scores, (2H to C).
        """
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embed_dim)
        self.lstm = nn.LSTM(embed_dim, hidden_dim, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden_dim, classes)

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        """The scores of each sentence.

        Args:
            words: (N, T), integers; what stands behind a sentence's end is not to be read.
            lengths: how many words each sentence has, (N,), integers from 1 to T, in any order, on any device.

        Returns:
            (N, C), no softmax.
        """
        ### BEGIN SOLUTION
        vectors = self.embedding(words)
        packed = pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        scores: Tensor = self.head(torch.cat([h[0], h[1]], dim=1))
        return scores
        ### END SOLUTION


# %% [markdown]
# > **Think.** In training, sentences are often sorted so that those of like lengths are batched together. What does that save, and could it do harm?

# %% [markdown]
# ### The words that tipped it
#
# Ten thousand sentences from film reviews, each judged by twenty people; we ask for their verdict, favourable or not. While it learns, the network does not see one word in ten: there are many more words than it can meet often, and
# none should be relied on alone.
#
# Afterwards we ask *why*. A network cannot tell, but it can be tried: take one word out of the sentence, and see how far the verdict moves. The verdict is measured as the difference of the two scores (the logarithm of the odds), and all the shortened sentences are
# judged in one batch together with the whole one, which is longer: your padding is at work.

# %% tags=["demo"]
reviews = load_sentences("sentiment")
torch.manual_seed(0)
critic = SentimentClassifier(len(reviews.vocabulary), 64, 64).to(device)
nn.init.normal_(critic.embedding.weight, std=0.1)
torch_training.forget_words(critic.embedding, 0.1)


def critics_loss(words: Tensor, lengths: Tensor, labels: Tensor, _: Tensor) -> Tensor:
    """Mean cross-entropy of the verdicts."""
    return F.cross_entropy(critic(words, lengths), labels)


torch_training.fit(
    critic,
    reviews.train,
    critics_loss,
    epochs=3,
    batch_size=64,
    rng=np.random.default_rng(0),
    learning_rate=3e-3,
    name="sentiment",
)


@torch.no_grad()
def log_odds(words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """How much more a sentence speaks for a favourable verdict than against it, (N,)."""
    scores = critic(*torch_training.tensors((words, lengths), device))
    odds: np.ndarray = (scores[:, 1] - scores[:, 0]).cpu().numpy()
    return odds


held_reviews = reviews.val[:]
odds = log_odds(held_reviews.words, held_reviews.lengths)
right = (odds > 0) == (held_reviews.labels == 1)
majority = max(held_reviews.labels.mean(), 1 - held_reviews.labels.mean())
print(f"right on {right.mean():.1%} of {len(right)} held-out sentences; always the commoner verdict: {majority:.1%}")
alone = [
    log_odds(held_reviews.words[n : n + 1, :length], np.array([length]))
    for n, length in enumerate(held_reviews.lengths[:50])
]
print(f"50 sentences alone and in company differ by at most {np.abs(np.concatenate(alone) - odds[:50]).max():.0e}")


# %% tags=["demo"]
def influences(words: np.ndarray) -> np.ndarray:
    """By how much each word of a sentence (T,) moved the verdict: with it, less without it."""
    shorter = [np.append(np.delete(words, t), NULL) for t in range(len(words))]
    both = log_odds(np.stack([words, *shorter]), np.array([len(words)] + [len(words) - 1] * len(words)))
    moved: np.ndarray = both[0] - both[1:]
    return moved


handy = (held_reviews.lengths >= 6) & (held_reviews.lengths <= 26)
ranked = np.flatnonzero(handy)[np.argsort(odds[handy])]
wrong = [n for n in ranked if not right[n]]
shown = []
for n in [*ranked[-3:], *ranked[:3], wrong[-1], wrong[0]]:
    sentence = held_reviews.words[n, : held_reviews.lengths[n]]
    note = f"{odds[n]:+.1f} " + ("right" if right[n] else "wrong")
    shown.append((reviews.vocabulary.decode(sentence), influences(sentence), note))
display(pictures_sequences.tipping_words(shown))

# %% [markdown]
# Blue words pushed towards a favourable verdict, orange ones away from it. The first six are the sentences of which the network is surest; the last two are its worst blunders. Can you say what it missed?
#
# ## 5.4 Many to many, of another length
#
# *red apple* becomes *pomme rouge*: the words do not line up, and there need not be as many. So one network, the **encoder**, reads the source to its end; its last state and cell are all that is handed over. A second one, the **decoder**,
# begins from them and speaks (Sutskever, Vinyals and Le 2014). It is the drawer of 5.2 with words instead of rows and a sentence instead of a label, and it must do two more things: **begin**, with the special word START, and **stop**, by saying END.
#
# A target sentence comes framed: START, its words, END, then NULL. See what is put in and what is asked for:
#
# | step | 0 | 1 | 2 | 3 |
# |---|---|---|---|---|
# | the target | START | pomme | rouge | END |
# | goes in | START | pomme | rouge | |
# | is asked for | pomme | rouge | END | |
#
# It is the same row twice, shifted by one. END is asked for, and START never is.
#
# **The loss** is the mean cross-entropy over the words that are asked for. NULL is nobody's word: it is not asked for. So a batch with more padding must not have another loss. (It is a loss *per word*: a long
# sentence weighs more than a short one. In stage 6 it will be one per caption.)
#
# **To translate** there is no target. The decoder begins with START, says its likeliest word (this is called *greedy*), is given that very word as its next input, and so on. Each sentence of a batch ends by itself: when it has said END, only NULL may follow, while its
# neighbours go on speaking.
#
# ### With a pencil
#
# A batch of two targets: START pomme rouge END, and START chat END NULL. There are $3 + 2 = 5$ words to be asked for. If the losses of the first are $1, 2, 0.5$ and those of the second $0.5, 1$, the loss is $\frac{5}{5} = 1$. Count the NULL as well, with a loss of $7$ as no one has
# ever taught it, and you report $2$.


# %% exercise="Seq2Seq"
class Seq2Seq(nn.Module):
    """Turns a sentence into another one: an encoder that reads, a decoder that speaks."""

    def __init__(self, source_size: int, target_size: int, embed_dim: int, hidden_dim: int) -> None:
        """Make the parts.

        source_embedding, target_embedding: a vector for each word, (V, D).
        encoder, decoder: LSTMs of one layer and one direction, (D to H), batch first.
        head: from a state of the decoder to the scores of the words of the target language, (H to V).
        """
        super().__init__()
        self.source_embedding = nn.Embedding(source_size, embed_dim)
        self.target_embedding = nn.Embedding(target_size, embed_dim)
        self.encoder = nn.LSTM(embed_dim, hidden_dim, batch_first=True)
        self.decoder = nn.LSTM(embed_dim, hidden_dim, batch_first=True)
        self.head = nn.Linear(hidden_dim, target_size)

    def encode(self, source: Tensor, source_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Read the source sentences.

        Args:
            source: (N, S), integers, NULL behind the end.
            source_lengths: (N,), integers from 1 to S, in any order.

        Returns:
            The encoder's state and cell after each sentence's own last word, (1, N, H) each: the way in which nn.LSTM
            takes and gives them.
        """
        ### BEGIN SOLUTION
        vectors = self.source_embedding(source)
        packed = pack_padded_sequence(vectors, source_lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, (h, c) = self.encoder(packed)
        return h, c
        ### END SOLUTION

    def forward(self, source: Tensor, source_lengths: Tensor, target: Tensor) -> Tensor:
        """The scores of the words that are asked for, each from the true words before it.

        Args:
            source, source_lengths: as in encode.
            target: (N, T), integers: START, words, END, then NULL.

        Returns:
            (N, T - 1, V), no softmax; [:, t] are the scores for target[:, t + 1].
        """
        ### BEGIN SOLUTION
        state = self.encode(source, source_lengths)
        states, _ = self.decoder(self.target_embedding(target[:, :-1]), state)
        scores: Tensor = self.head(states)
        return scores
        ### END SOLUTION

    def loss(self, source: Tensor, source_lengths: Tensor, target: Tensor) -> Tensor:
        """The mean cross-entropy over all words of the batch that are asked for, in nats; a single number.

        Args:
            source, source_lengths, target: as in forward.
        """
        ### BEGIN SOLUTION
        scores = self(source, source_lengths, target)
        return F.cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten(), ignore_index=NULL)
        ### END SOLUTION

    @torch.no_grad()
    def translate(self, source: Tensor, source_lengths: Tensor, max_length: int) -> Tensor:
        """Say, at each step, the likeliest word, until END.

        Args:
            source, source_lengths: as in encode.
            max_length: how many words are returned for each sentence, END among them.

        Returns:
            (N, max_length), integers: the words without START, END where the sentence ends, NULL after it. A sentence
            that has not ended by then has no END. Whether NULL and START may be said as words is left open: nobody ever
            taught them, and in the checks they are never the likeliest.
        """
        ### BEGIN SOLUTION
        state = self.encode(source, source_lengths)
        word = torch.full_like(source[:, :1], START, dtype=torch.int64)
        ended = torch.zeros_like(word, dtype=torch.bool)
        words = []
        for _ in range(max_length):
            states, state = self.decoder(self.target_embedding(word), state)
            word = self.head(states).argmax(dim=2)
            words.append(word.masked_fill(ended, NULL))
            ended = ended | (word == END)
        return torch.cat(words, dim=1)
        ### END SOLUTION


# %% [markdown]
# > **Think.** Everything about a source sentence must pass through $2H$ numbers, however long it is. In stage 7 you will open a second way.

# %% [markdown]
# ### From English to French
#
# The phrases are the names of emoji, 2,205 to learn from. Held out are 388 phrases whose *words* all occur in the training part, on both sides, but none of which does itself, and no French name either: who repeats what was learned by heart scores
# zero. Counted is only what is right to the last word.
#
# Three tricks. Sutskever and others found that the encoder does better when it reads its sentence backwards, since the words with which the decoder must begin are then the freshest; `turned_round` does that before your network sees anything. While it
# learns, numbers in its word vectors and states are wiped out by chance. And one matrix does two jobs: the vector by which the decoder *reads* a French word is also that by which it *scores* it ("tied" weights, Press and Wolf 2017), so that what
# is learned about a rare word in one place serves in the other. Undo the tie (take one line out below) to see what it is worth.

# %% tags=["demo"]
pairs = load_pairs("translation")
torch.manual_seed(0)
translator = Seq2Seq(len(pairs.source_vocabulary), len(pairs.target_vocabulary), 192, 192).to(device)
nn.init.normal_(translator.target_embedding.weight, std=0.1)
translator.head.weight = translator.target_embedding.weight  # the tie
torch_training.forget_entries(translator.source_embedding, 0.3)
translator.head.register_forward_pre_hook(lambda head, states: (F.dropout(states[0], 0.3, head.training),))


def translation_loss(source: Tensor, source_lengths: Tensor, target: Tensor, _: Tensor) -> Tensor:
    """The loss on sources that are read backwards."""
    return translator.loss(torch_training.turned_round(source, source_lengths), source_lengths, target)


torch_training.fit(
    translator,
    pairs.train,
    translation_loss,
    epochs=25,
    batch_size=32,
    rng=np.random.default_rng(0),
    learning_rate=4e-3,
    weight_decay=0.01,
    name="translating",
)


def said_exactly(examples: Any) -> tuple[np.ndarray, np.ndarray]:
    """What is said for all examples, (N, T), and whether it is exactly what was wanted, (N,)."""
    source, lengths, target, _ = torch_training.tensors(examples[:], device)
    words = translator.translate(torch_training.turned_round(source, lengths), lengths, target.shape[1] - 1)
    return words.cpu().numpy(), (words == target[:, 1:]).all(dim=1).cpu().numpy()


said, exact = said_exactly(pairs.val)
_, exact_in_training = said_exactly(pairs.train)
print(
    f"exactly right: {exact.mean():.1%} of {len(exact)} held-out phrases, {exact_in_training.mean():.1%} of those it learned from"
)
counts = pairs.val[:].source_lengths
for low, high in ((1, 1), (2, 3), (4, 5), (6, 12)):
    some = (counts >= low) & (counts <= high)
    print(f"  {low:2d} to {high:2d} words: {exact[some].mean():6.1%} of {some.sum()}")


def row_of(n: int) -> tuple[str, str, str]:
    """Read, said, wanted."""
    example = pairs.val[[n]]
    read = pairs.source_vocabulary.sentence(example.source[0])
    return read, pairs.target_vocabulary.sentence(said[n]), pairs.target_vocabulary.sentence(example.target[0])


some_pairs = np.random.default_rng(5).choice(len(exact), 16, replace=False)
display(pictures_sequences.translations([row_of(n) for n in some_pairs], f"held out: {exact.mean():.0%} exactly right"))

# %% [markdown]
# Read the mistakes: hardly one of them is gibberish. They are French names, well formed, of something that is *near*: right in their pattern, and wrong in the one word that matters, such as a square of another colour. Everything that
# the decoder knows of the source is one vector, and that one word is a small part of it. Compare the long phrases with the short ones, too. Long ones are easier, which may surprise you, until you look at what they are made of.
#
# ## 5.5 Many to many, aligned
#
# The last shape is the one with which the course began: an output for every input. A film comes in frame by frame, and after each frame a label is due. Two parts: an **eye**, a small convolutional network that turns one
# frame into $D$ numbers and knows nothing of time; and an LSTM that knows nothing of pixels. The eye looks at all frames of all films in the same way, so for the eye they are just $N \cdot T$ images; for the
# LSTM they are $N$ sequences again. This folding and unfolding is where most go wrong, since a wrong one has the right shape.
#
# The label of a frame may depend on that frame and those before it, and on **no later one**: such a network is called *causal*, and it can work while the camera is still running. That is why the state is handed over as well: who calls can put in
# the first half of a film, later the second half together with the state, and must get the labels that the whole film would have had.
#
# ### With a pencil
#
# Two films $a$ and $b$ of three frames. Folded, with the films as they lie in memory, they are the six images $a_0, a_1, a_2, b_0, b_1, b_2$. Unfold these six into "three times two" and the first sequence reads $a_0, a_1$, the second
# $a_2, b_0$. No error is raised. What should you unfold them into?


# %% exercise="FrameLabeller"
class FrameLabeller(nn.Module):
    """Labels every frame of a film from what it has shown so far."""

    def __init__(self, frame_size: int, channels: int, feature_dim: int, hidden_dim: int, classes: int) -> None:
        """Make the parts.

        eye: from images (·, 1, frame_size, frame_size) to features (·, D), where D is feature_dim.
        lstm: from features to states, (D to H), one layer, one direction, batch first.
        head: from a state to the scores of the classes, (H to C).
        """
        super().__init__()
        side = -(-frame_size // 4)  # each of the two convolutions halves the sides, rounded up
        self.eye = nn.Sequential(
            nn.Conv2d(1, channels, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * channels * side * side, feature_dim),
        )
        self.lstm = nn.LSTM(feature_dim, hidden_dim, batch_first=True)
        self.head = nn.Linear(hidden_dim, classes)

    def forward(
        self, frames: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Label every frame.

        Args:
            frames: (N, T, frame_size, frame_size), floating.
            state: what an earlier call returned, to go on with the same films; None at their beginning.

        Returns:
            scores: of the classes for every frame, (N, T, C), no softmax. Those of frame t depend on frames[:, : t + 1]
                and on state only.
            state: the LSTM's state and cell after the last frame, as nn.LSTM gives them.
        """
        ### BEGIN SOLUTION
        seen = self.eye(frames.flatten(0, 1).unsqueeze(1))
        features = seen.unflatten(0, frames.shape[:2])
        states, state = self.lstm(features, state)
        return self.head(states), state
        ### END SOLUTION


# %% [markdown]
# ### Through the snow
#
# A digit wanders about, and in each frame nearly eight pixels of ten are lost. One frame is often not enough to tell it. We train on 4,000 films of ten frames, and ask after every frame of 1,000 others. For comparison
# we wipe the memory after each frame, so that every frame is a film of its own.

# %% tags=["demo"]
films = load_videos("moving_digits")
torch.manual_seed(0)
labeller = FrameLabeller(36, 8, 64, 96, 10).to(device)


def frames_loss(frames: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over all frames."""
    return F.cross_entropy(labeller(frames)[0].flatten(0, 1), labels.flatten())


torch_training.fit(
    labeller,
    films.train,
    frames_loss,
    epochs=12,
    batch_size=32,
    rng=np.random.default_rng(0),
    learning_rate=4e-3,
    name="frames",
)


@torch.no_grad()
def labelled(frames: Tensor, memory: bool = True) -> Tensor:
    """The probability of every label after every frame, (N, T, C)."""
    films_or_frames = frames if memory else frames.flatten(0, 1).unsqueeze(1)
    probabilities: Tensor = labeller(films_or_frames)[0].softmax(dim=2)
    return probabilities.reshape(*frames.shape[:2], -1)


held_films, film_labels = torch_training.tensors(films.val[:], device)
beliefs = labelled(held_films)


def right_by_frame(probabilities: Tensor) -> np.ndarray:
    """The share of right labels after each frame, (T,)."""
    shares: np.ndarray = (probabilities.argmax(dim=2) == film_labels).float().mean(dim=0).cpu().numpy()
    return shares


by_frame = {"with memory": right_by_frame(beliefs), "memory wiped": right_by_frame(labelled(held_films, memory=False))}
for name, shares in by_frame.items():
    print(f"{name}: {shares[0]:.1%} right after the first frame, {shares[-1]:.1%} after the last")
display(pictures_sequences.accuracy_over_time(by_frame, "frame", "what remembering is worth"))

# %% tags=["demo"]
hesitant = (beliefs.argmax(dim=2)[:, 0] != film_labels[:, 0]) & (beliefs.argmax(dim=2)[:, -1] == film_labels[:, -1])
for n in hesitant.nonzero()[:2, 0].tolist():
    display(
        pictures_sequences.film_strip(
            held_films[n].cpu().numpy(), beliefs[n].cpu().numpy(), film_labels[n].cpu().numpy(), films.classes
        )
    )

# %% [markdown]
# Two films that it got wrong at first and right in the end. Below each frame stands what was believed after it (bright is likely; the right label is framed). Nothing was corrected afterwards: the network is causal, and its early
# errors stay on record.
#
# ## What you have now
#
# - Five shapes, five networks, and in each the place where it quietly goes wrong: looking where the memory says, feeding back what was drawn, reading no padding, shifting by one and stopping at END, folding time and batch apart again.
# - Two rules that will serve you for as long as you build such things: what comes out for one sequence must not depend on its neighbours; and what a step may see must be decided by you, not by an accident of slicing.
#
# **Next.** Stage 6 puts two shapes together: one image in, one sentence out.
