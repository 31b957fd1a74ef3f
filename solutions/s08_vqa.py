# %% [markdown]
# # 8 · Answering questions about images
#
# *Is there a red shape? What colour is the seven? What is left of the green four?* Somebody shows a picture and asks, and the network is to answer. It is the last shape of this course, and it needs everything at once: a **question** is
# read word by word, as in stage 5; an **image** is seen through a network for images, as in stage 6; and now the two must *meet*. One of $K$ answers comes out, those that were common in training: the machine does not speak, it chooses (Antol and others 2015). Many to one, with a picture.
#
# There is a catch, and it has embarrassed a whole field. A network may answer many questions well **without looking**. Asked *is there a red shape?* about pictures with one shape of eight possible colours, you do well to say *no* with your eyes shut. So this notebook begins where an honest one should: with what can be had
# for nothing. Only then do you build a model, and every number it reaches stands beside those.
#
# | letter | what it counts | | letter | what it counts |
# |---|---|---|---|---|
# | $N$, $M$ | questions in a batch or a split | | $L$ | positions in an image |
# | $Q$ | words of a question, with its filling | | $F$ | features of an image, or of a position |
# | $V$, $D$ | words in the vocabulary; numbers in a word vector | | $P$ | numbers in which question and image meet |
# | $H$ | numbers in a question's state | | $K$ | answers to choose from |
#
# Two exercises are pure counting, in NumPy. Four are PyTorch; their constructors are given, so that your network and ours can hold the same weights. They must work on any device and in any precision: derive new tensors from those that you were given.
#
# In the tables of the checks a name with a `d` before it is a gradient: `dquestion`, `dimage`, `dpositions` of what went in; `dembedding` and `dwords` of the word vectors, `dlstm` of the LSTM's recurrent weights; `dask` and `dsee` of the layers that question and image are projected by, `dlooking` of the one by which a question looks, `dhead` of the last.

# %% tags=["given"]
from typing import Any

import numpy as np
from IPython.display import display
from numpy.typing import NDArray

from seqlab import check, toy

Array = NDArray[Any]
NULL = 0  # the number of the word that fills up short questions
UNKNOWN = -1  # stands for an answer that is none of those to choose from

# %% [markdown]
# ## 8.1 What can be had for nothing
#
# Three ways to answer that need no network, only counting in the training split:
#
# - **most common**: the answer that is given most often. Always.
# - **question only**: the answer that is given most often *to this very question*. Eyes shut.
# - **image only**: the answer that is given most often *about this very image*. Ears stopped.
#
# **With a pencil.** Six questions for training:
#
# | | question | image | answer |
# |---|---|---|---|
# | 1 | is it red ? | A | yes |
# | 2 | is it red ? | B | no |
# | 3 | is it red ? | C | no |
# | 4 | what shape ? | A | circle |
# | 5 | what shape ? | B | circle |
# | 6 | is it big ? | B | no |
#
# Somebody asks *is it red ?* about image A. Most common is *no*, which occurs three times in six. Question only says *no* too: two of three. Image only cannot make up its mind between *yes* and *circle*, once each. So there has to be a rule for **ties**; and another one for *is it green ?* or for image D, which were
# never seen in training; and a third for answers that are none of the $K$ to choose from. All three are in the docstring, to the letter.
#
# A question arrives as a row of numbers, filled up with NULL. Two rows may be of different widths and yet be the same question.


# %% exercise="answer_priors"
def answer_priors(
    questions: Array, images: Array, answers: Array, new_questions: Array, new_images: Array
) -> dict[str, Array]:
    """Guess the answers to new questions by counting the answers of the training split.

    Args:
        questions: of the training split, integers (N, Q): words, then NULL (0) after a question's end.
        images: the number of the image that each is about, integers (N,).
        answers: the number of each answer, integers (N,), from 0 up; UNKNOWN (-1) for an answer that is none of those to
            choose from. Unknown answers are not counted, as if the question had not been asked. One at least is known.
        new_questions: questions to be answered, integers (M, R); R may be another width than Q.
        new_images: the numbers of their images, integers (M,).

    Returns:
        A dictionary with three arrays of integers (M,), the number of an answer for each new question:

        "most common": the most common answer of the training split, the same for all.
        "question": the most common answer to the same question, that is, to the same words in the same order.
        "image": the most common answer about the image of the same number.

        Of answers equally common, that with the smallest number is taken. Where the question (or the image) does not
        occur in the training split with any known answer, it is the most common answer of the whole split.
    """
    ### BEGIN SOLUTION
    known = answers >= 0
    overall = int(np.bincount(answers[known]).argmax())

    def commonest(keys: list[Any], new_keys: list[Any]) -> Array:
        given: dict[Any, list[int]] = {}
        for key, answer in zip(keys, answers, strict=True):
            if answer >= 0:
                given.setdefault(key, []).append(int(answer))
        table = {key: int(np.bincount(several).argmax()) for key, several in given.items()}
        return np.array([table.get(key, overall) for key in new_keys])

    def texts(rows: Array) -> list[Any]:
        return [tuple(row[row != NULL].tolist()) for row in rows]

    return {
        "most common": np.full(len(new_questions), overall),
        "question": commonest(texts(questions), texts(new_questions)),
        "image": commonest(images.tolist(), new_images.tolist()),
    }
    ### END SOLUTION


# %% [markdown]
# > **Think.** The answers of the new questions are not among the arguments. Why is that a good thing?

# %% [markdown]
# ### What nothing earns
#
# Now on real questions. The small set, easy-VQA, has 5,000 drawn images, each with one shape, and ten questions about each; a thousand images are held out. No image is in both splits, so "the same image" needs a stand-in: for each new image, the training image that looks most like it.

# %% tags=["demo"]
from seqlab import pictures_answers
from seqlab.answering.by_image import QuestionsByImage
from seqlab.answering.kinds import nearest_images, shares_right, table
from seqlab.data import load_questions

shapes = load_questions("easy_vqa")
train, new = QuestionsByImage.of(shapes.train), QuestionsByImage.of(shapes.val)


def guesses_for(train: QuestionsByImage, new: QuestionsByImage) -> dict[str, Array]:
    """The three guesses for a held-out split."""
    alike = nearest_images(train.images.numpy(), new.images.numpy())[new.image_idxs.numpy()]
    before = (train.questions.numpy(), train.image_idxs.numpy(), train.answers.numpy())
    return answer_priors(*before, new.questions.numpy(), alike)


def shares(said: Array, asked: QuestionsByImage, kinds: tuple[str, ...]) -> dict[str, float]:
    """How many answers are right, by the kind of the question."""
    return shares_right(said, asked.answers.cpu().numpy(), asked.kinds.cpu().numpy(), kinds)


guesses = guesses_for(train, new)
of_shapes = {f"counting, {name}": shares(said, new, shapes.kinds) for name, said in guesses.items()}
print(table(of_shapes))
some = np.arange(0, 60, 5)
display(
    pictures_answers.answered(
        new.images[new.image_idxs[some]].numpy(),
        [shapes.vocabulary.sentence(row) for row in new.questions[some].tolist()],
        [shapes.answers[one] for one in guesses["question"][some]],
        [shapes.answers[one] for one in new.answers[some].tolist()],
    )
)

# %% [markdown]
# Below each picture stands what is answered by somebody who has never seen one, in blue where it is right; else the right answer follows in brackets. Two thirds of all questions are answered rightly *with shut eyes*, and more than four in five of those that want *yes* or *no*. Mind these numbers. Whoever reports 80 % on such questions has reported next to nothing.

# %% [markdown]
# ## 8.2 Reading the question
#
# The question goes word by word through an LSTM, and what is left of it is the state after the **last word**: $H$ numbers that stand for the whole question. It is the many to one of stage 5, and it has the same trap. A batch is a rectangle, short questions are filled up with NULL, and whoever takes the state of the last *column* has read the filling
# as words. The network still trains. It just means something else by the same question in another batch.
#
# > **What comes out for a question must not depend on what it is batched with, nor on what stands behind its end.**
#
# **With a pencil.** Let a very simple reader add up, $h_t = \frac{1}{2} h_{t-1} + x_t$, and let the words of a question be $x = (2, 3, 6)$, and NULL have the vector $-2$. Its states are $2, 4, 8$. In a batch with a question of five words it goes on: $2, 4, 8, 2, -1$. What remains of the question in the last number?
#
# An LSTM has two memories. What stands for the question is the one that it *shows*: the state $h$, not the cell $c$.

# %% tags=["given"]
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


# %% exercise="QuestionEncoder"
class QuestionEncoder(nn.Module):
    """Reads questions and keeps of each the state after its last word."""

    def __init__(self, vocabulary_size: int, embed_dim: int, hidden_dim: int) -> None:
        """Make the parts.

        embedding: a vector for each word, (V, D).
        lstm: reads word vectors, (D to H), batch first.
        """
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embed_dim)
        self.lstm = nn.LSTM(embed_dim, hidden_dim, batch_first=True)

    def forward(self, questions: Tensor, lengths: Tensor) -> Tensor:
        """Read each question to its end, and no further.

        Args:
            questions: (N, Q), integers; what stands behind a question's end is not to be read, whatever it is.
            lengths: how many words each question has, (N,), integers from 1 to Q, in any order, on any device.

        Returns:
            The LSTM's state h after each question's last word, (N, H).
        """
        ### BEGIN SOLUTION
        vectors = self.embedding(questions)
        packed = pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        state: Tensor = h[0]
        return state
        ### END SOLUTION


# %% [markdown]
# ## 8.3 Where question and image meet
#
# Now there are two vectors, $q$ with $H$ numbers for the question and $v$ with $F$ numbers for the image. First each is brought to the same size $P$ by a layer of its own, and squashed:
#
# $$a = \tanh(W_q\, q + b_q), \qquad s = \tanh(W_v\, v + b_v).$$
#
# Then they are fused, in one of two ways:
#
# | `how` | what comes out | size |
# |---|---|---|
# | `"concatenation"` | $a$, then $s$ behind it | $2P$ |
# | `"product"` | $a_i\, s_i$, number by number | $P$ |
#
# **With a pencil.** Let $a = (0.5, -0.8)$ and $s = (-0.4, 0.5)$. Concatenation gives $(0.5, -0.8, -0.4, 0.5)$, the product $(-0.2, -0.4)$. The first looks like the better deal: it has everything in it, and the product has thrown half of the numbers away.
#
# ### Does it matter?
#
# Let one linear layer turn the fused numbers into scores, and look only at $d$, the score of *yes* minus that of *no*. It answers *yes* where $d$ is above zero. After concatenation every number of $a$ and every number of $s$ is weighted and all are **added**, so that $d(q, v) = f(q) + g(v)$: one part of it knows only the question, the other only the image. Now take two questions and two images:
#
# | wanted | a red shape | a blue shape |
# |---|---|---|
# | *is there a red shape?* | $d > 0$ | $d < 0$ |
# | *is there a blue shape?* | $d < 0$ | $d > 0$ |
#
# Add up the two numbers of the falling diagonal, $f(\text{red?}) + g(\text{red}) + f(\text{blue?}) + g(\text{blue})$; and now those of the other one. They are the *same* sum. But one should be above zero, and the other below.
# So **no weights whatsoever** can get all four right, however long you train. What can such a network learn at all? How much better *yes* is than *no* for this question in general; and for this image in general. It can learn the priors, and nothing else about *yes* and *no*.
#
# > **Think.** With a product and $P = 1$: which numbers $a$ for the two questions and $s$ for the two images would do? And what could be added after the concatenation, so that it can do it too?


# %% tags=["given"]
class Projections(nn.Module):
    """Two layers that bring a question and an image to the same size."""

    def __init__(self, question_dim: int, image_dim: int, joint_dim: int) -> None:
        """Make the layers: ``question`` (H to P) and ``image`` (F to P), each with its bias."""
        super().__init__()
        self.question = nn.Linear(question_dim, joint_dim)
        self.image = nn.Linear(image_dim, joint_dim)


# %% exercise="fuse"
def fuse(question: Tensor, image: Tensor, projections: Projections, how: str) -> Tensor:
    """Project a question and an image, squash both by tanh, and bring them together.

    Args:
        question: (..., H), such as (N, H).
        image: (..., F), with the same leading axes as question.
        projections: its layers ``projections.question`` and ``projections.image``.
        how: "concatenation" or "product".

    Returns:
        For "concatenation" the question's numbers, then the image's, (..., 2P); for "product" one number times the other,
        (..., P).

    Raises:
        ValueError: how is something else (a courtesy to those who use it: it is not graded).
    """
    ### BEGIN SOLUTION
    asked = torch.tanh(projections.question(question))
    seen = torch.tanh(projections.image(image))
    if how == "concatenation":
        return torch.cat([asked, seen], dim=-1)
    if how == "product":
        return asked * seen
    raise ValueError(f"expected concatenation or product; found {how!r}")
    ### END SOLUTION


# %% [markdown]
# ## 8.4 The whole model
#
# Read the question; fuse it with the image; one linear layer gives a score to each of the $K$ answers:
#
# $$\text{scores} = W\, \text{fuse}(q, v) + b.$$
#
# Learning is choosing among $K$ classes, and you know the loss: the surprise at the right answer, $-\ln p$, averaged. Only one thing is new. In real collections there are tens of thousands of different answers; one keeps the most common ones, and the others are UNKNOWN, number $-1$. A model has no way to say them, so they should **teach it nothing**: they
# count neither in the sum nor in the number that it is divided by.
#
# **With a pencil.** Three questions. To the right answers of the first two the model gives the probabilities 0.5 and 0.25; the third one's answer is unknown. The loss is $(\ln 2 + \ln 4) / 2 = 1.040$. Divided by three it would be 0.693: less, and for no merit of the model's.


# %% exercise="VQAModel"
class VQAModel(nn.Module):
    """Answers a question about an image that is one vector."""

    def __init__(
        self,
        vocabulary_size: int,
        embed_dim: int,
        hidden_dim: int,
        image_dim: int,
        joint_dim: int,
        answers: int,
        how: str = "product",
    ) -> None:
        """Make the parts.

        encoder: reads questions, to H = hidden_dim numbers.
        projections: brings question and image (H and F = image_dim numbers) to P = joint_dim numbers each.
        head: from what the fusion gives, P or 2P numbers as ``how`` has it, to the scores of K = answers answers.
        """
        super().__init__()
        self.how = how
        self.encoder = QuestionEncoder(vocabulary_size, embed_dim, hidden_dim)
        self.projections = Projections(hidden_dim, image_dim, joint_dim)
        self.head = nn.Linear(2 * joint_dim if how == "concatenation" else joint_dim, answers)

    def forward(self, questions: Tensor, lengths: Tensor, image: Tensor) -> Tensor:
        """The scores of all answers.

        Args:
            questions: (N, Q), integers; what stands behind a question's end is not to be read.
            lengths: how many words each question has, (N,), integers.
            image: a vector for the image that each question is about, (N, F).

        Returns:
            (N, K), no softmax.
        """
        ### BEGIN SOLUTION
        asked = self.encoder(questions, lengths)
        scores: Tensor = self.head(fuse(asked, image, self.projections, self.how))
        return scores
        ### END SOLUTION

    @staticmethod
    def loss_of(scores: Tensor, answers: Tensor) -> Tensor:
        """The mean surprise at the right answers, among those that are known.

        It needs no model, and the demos below call it on the class: ``VQAModel.loss_of(scores, answers)``. That is what
        ``@staticmethod`` is there for. One of the checks does the same.

        Args:
            scores: (N, K), as forward returns them.
            answers: the numbers of the right answers, (N,), integers; UNKNOWN (-1) where there is none to choose. One at
                least is known.

        Returns:
            In nats, one number, worked out in float32 where the scores are shorter.
        """
        ### BEGIN SOLUTION
        wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
        return functional.cross_entropy(wide, answers, ignore_index=UNKNOWN)
        ### END SOLUTION


# %% [markdown]
# ### Now with open eyes
#
# Who makes the vector of the image? A small network for images, `Eye`, from `seqlab.answering`: four convolutions, which leave a grid of 8 by 8 positions. The strongest value of each feature anywhere becomes the image's vector. The eye learns to see together with your model, from nothing but questions and answers.
#
# First by product. Each minibatch is 16 images with all their questions, so that an image is seen once for ten questions. Watch where the loss halts for a while, and think back to 8.1: what has been learned by then?

# %% tags=["demo"]
from seqlab.answering.eye import Eye, strongest
from seqlab.answering.training import Score, answers_of, by, fit, known, seen_by
from seqlab.plots import loss_curve

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_num_threads(1)
train, new = QuestionsByImage.of(shapes.train, device), QuestionsByImage.of(shapes.val, device)


def pooled(model: VQAModel) -> Score:
    """Scores of a model that gets one vector for an image."""
    return lambda questions, lengths, positions: model(questions, lengths, strongest(positions))


torch.manual_seed(0)
eye = Eye(8).to(device)
sizes = (len(shapes.vocabulary), 32, 64, eye.features, 128, len(shapes.answers))
product = VQAModel(*sizes, "product").to(device)
learner = nn.ModuleList([eye, product])
rng = np.random.default_rng(0)
losses = fit(
    learner, by(eye), pooled(product), VQAModel.loss_of, train, epochs=8, rng=rng, name="the eye, with a product"
)
of_shapes["product"] = shares(answers_of(by(eye), pooled(product), new), new, shapes.kinds)
print(table(of_shapes))
display(loss_curve(losses, title="easy-VQA, by product"))

# %% [markdown]
# Now by concatenation. To save time it gets the eye that has just learned, as it is: everything that there is to be seen in these images is in its vectors, as you have just proved.

# %% tags=["demo"]
seen = known((train, seen_by(eye, train)), (new, seen_by(eye, new)))
beside = VQAModel(*sizes, "concatenation").to(device)
fit(beside, seen, pooled(beside), VQAModel.loss_of, train, epochs=3, rng=rng, name="concatenation")
of_shapes["concatenation"] = shares(answers_of(seen, pooled(beside), new), new, shapes.kinds)
print(table(of_shapes))
display(pictures_answers.shares_by_kind(of_shapes, "easy-VQA, images never seen"))

# %% [markdown]
# Colours and shapes it gets right: there a sum is enough. The question says *a colour, please*, the image says *blue*, and the sum of the two is highest at *blue*. But look at *yes or no*. When we ran it, it stood at 82.3 %, and 82.8 % with a *not* in the question: to the tenth of a percent where it stood for those who shut their eyes.
# That is what the two diagonals said it would. And the last column says 87 %, which would have sounded like understanding.
#
# > **Think.** `beside.head` is one linear layer. Put `nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 13))` in its place and train again. What does that say about concatenation?

# %% [markdown]
# ## 8.5 A model that looks where it is asked to
#
# One vector for a whole image is a summary written *before anybody has asked*. With a single shape in the picture, that will do. But with a red five and a green four in it, a summary says: *there is red, there is green, there is a five, a four*. Which of them was green?
#
# So keep the image as $L$ positions of $F$ numbers each, $v_1 \dots v_L$ (a grid of 8 by 8, say), and let the **question decide where to look** (Yang and others 2016). You built attention in stage 7, where a decoder looked at each of its words. Here it is the question that looks, once:
#
# $$
# \begin{aligned}
# e_l &= w \cdot \text{fuse}(q, v_l) && \text{how much position } l \text{ has to do with the question} \\
# \alpha_l &= \frac{\exp e_l}{\sum_{m=1}^{L} \exp e_m} && \text{weights, one for each position; they add up to one} \\
# \hat v &= \sum_{l=1}^{L} \alpha_l\, v_l && \text{what is seen, } F \text{ numbers} \\
# \text{scores} &= W\, \text{fuse}(q, \hat v) + b && \text{as before}
# \end{aligned}
# $$
#
# Both times `fuse` is the product, each time with layers of its own.
#
# **With a pencil.** Three positions with $e = (0, \ln 2, \ln 5)$: the weights are $\frac{1}{8}, \frac{2}{8}, \frac{5}{8}$. If the positions hold $(8, 0)$, $(0, 4)$ and $(0, 0)$, then $\hat v = (1, 1)$. And if all $e$ were larger by a hundred?


# %% exercise="AttentionVQA"
class AttentionVQA(nn.Module):
    """Answers a question about an image of L positions: the question decides where to look."""

    def __init__(
        self, vocabulary_size: int, embed_dim: int, hidden_dim: int, image_dim: int, joint_dim: int, answers: int
    ) -> None:
        """Make the parts.

        encoder: reads questions, to H = hidden_dim numbers.
        looking: the projections with which the question meets each position, (H and F to P each).
        weigh: from a position's fused numbers to the one number e, (P to 1), without a bias.
        projections: those with which the question meets what is seen, (H and F to P each).
        head: from those fused numbers to the scores, (P to K).
        """
        super().__init__()
        self.encoder = QuestionEncoder(vocabulary_size, embed_dim, hidden_dim)
        self.looking = Projections(hidden_dim, image_dim, joint_dim)
        self.weigh = nn.Linear(joint_dim, 1, bias=False)
        self.projections = Projections(hidden_dim, image_dim, joint_dim)
        self.head = nn.Linear(joint_dim, answers)

    def forward(self, questions: Tensor, lengths: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """The scores of all answers, and where the question looked.

        Args:
            questions: (N, Q), integers; what stands behind a question's end is not to be read.
            lengths: how many words each question has, (N,), integers.
            positions: the image that each question is about, (N, L, F).

        Returns:
            scores: (N, K), no softmax.
            weights: of the positions, (N, L); those of each question add up to one.
        """
        ### BEGIN SOLUTION
        asked = self.encoder(questions, lengths)
        everywhere = asked[:, None].expand(-1, positions.shape[1], -1)
        relevance = self.weigh(fuse(everywhere, positions, self.looking, "product"))[..., 0]
        weights = torch.softmax(relevance, dim=1)
        seen = (weights[..., None] * positions).sum(dim=1)
        return self.head(fuse(asked, seen, self.projections, "product")), weights
        ### END SOLUTION


# %% [markdown]
# ### First on the shapes
#
# The same eye as before, as it is; but now the model gets all 64 positions, and decides itself. On a picture with a single shape there is little to be gained by that, and it needs longer to learn: 92 % when we ran it, above the 87 % of concatenation, and not yet the 99.9 % of the product.


# %% tags=["demo"]
def attentive(model: AttentionVQA) -> Score:
    """Scores of a model that looks by itself."""
    return lambda questions, lengths, positions: model(questions, lengths, positions)[0]


looking = AttentionVQA(*sizes).to(device)
fit(looking, seen, attentive(looking), VQAModel.loss_of, train, epochs=3, rng=rng, name="attention")
of_shapes["attention"] = shares(answers_of(seen, attentive(looking), new), new, shapes.kinds)
print(table(of_shapes))

# %% [markdown]
# ### Two digits in a picture
#
# On the shapes there is nothing left to gain. So to other pictures: scenes with one or two coloured digits, and five kinds of questions about them: how many there are, which colour a digit has, which digit has a colour, what stands beside a digit, and yes or no. First what nothing earns; then your model that looks, with an eye that learns with it; then the one with a single vector, on the same eye.

# %% tags=["demo"]
scenes = load_questions("digit_scenes")
train, new = QuestionsByImage.of(scenes.train), QuestionsByImage.of(scenes.val)
of_scenes = {f"counting, {name}": shares(said, new, scenes.kinds) for name, said in guesses_for(train, new).items()}
train, new = QuestionsByImage.of(scenes.train, device), QuestionsByImage.of(scenes.val, device)
torch.manual_seed(0)
rng = np.random.default_rng(0)
eye = Eye(12).to(device)
sizes = (len(scenes.vocabulary), 32, 64, eye.features, 128, len(scenes.answers))
looking = AttentionVQA(*sizes).to(device)
for layers in (looking.looking, looking.projections):
    # What an LSTM shows is small at first, and small times small learns slowly: begin with larger weights.
    nn.init.xavier_uniform_(layers.question.weight, gain=4)
learner = nn.ModuleList([eye, looking])
losses = fit(
    learner, by(eye), attentive(looking), VQAModel.loss_of, train, epochs=10, rng=rng, name="the eye, with attention"
)
seen = known((train, seen_by(eye, train)), (new, seen_by(eye, new)))
said = answers_of(seen, attentive(looking), new)
once = VQAModel(*sizes, "product").to(device)
fit(once, seen, pooled(once), VQAModel.loss_of, train, epochs=4, rng=rng, name="one vector, by product")
of_scenes["one vector, product"] = shares(answers_of(seen, pooled(once), new), new, scenes.kinds)
of_scenes["attention"] = shares(said, new, scenes.kinds)
print(table(of_scenes))
display(loss_curve(losses, title="digit scenes, by attention"))
display(pictures_answers.shares_by_kind(of_scenes, "digit scenes, images never seen"))

# %% [markdown]
# When we ran it, one vector counted well (92 %), and then was lost: of *which digit is green?* it had 54 %, where attention had 91 %; of *yes or no*, which may ask for the right digit in the wrong colour, 69 % and 94 %. The summary knows that there is a six, and a five, and something green. It was written before anybody asked.
#
# And *place*? 49 % is what the counting of 8.1 has, and **neither model has more**. What is left of the green four? Somebody has to find the green four first, and then look beside it. That is two looks, and your model has one.
#
# ### Where it looks
#
# Every question casts its own light. What it did not look at lies under a veil.

# %% tags=["demo"]
from seqlab.answering.pointing import asked_about, pointing


@torch.no_grad()
def looks_of(rows: Any) -> Array:
    """The weights of some held-out questions (R, L)."""
    positions = seen(new, new.image_idxs[rows])
    weights: Array = looking(new.questions[rows], new.lengths[rows], positions)[1].cpu().numpy()
    return weights


few = np.concatenate([new.order[new.starts[image] : new.starts[image + 1]] for image in (4, 7, 11, 20)])
display(
    pictures_answers.looks(
        new.images[new.image_idxs[few]].cpu().numpy(),
        looks_of(few),
        [scenes.vocabulary.sentence(row) for row in new.questions[few].tolist()],
        [scenes.answers[one] for one in said[few]],
        [scenes.answers[one] for one in new.answers[few].tolist()],
    )
)
rows, boxes = asked_about(scenes)
found, even = pointing(looks_of(rows), boxes, 64), pointing(np.full((len(rows), 64), 1 / 64), boxes, 64)
print(f"{len(rows)} held-out questions about one of two digits: its box holds {found.inside:.1%} of the attention")
print(f"(of an even light: {even.inside:.1%}), and the brightest position in {found.peaks:.1%}")

# %% [markdown]
# When we ran it, the box of the digit that was meant held 31 % of the attention, four times what an even light puts there. So the question does decide. But look at the pictures with suspicion: often the brightest position lies just *beside* the digit, where there is nothing (it lay in the box in 38 % of the cases). The model is not confused. A position of this eye
# sees 33 by 33 pixels around it, half the image across: what counts is what a position *knows*, not what lies underneath it. Remember that when somebody shows you a map of attention, and tells you what their model was thinking.

# %% [markdown]
# ## 8.6 When people disagree
#
# The shapes above have one right answer. People do not. In VQA v2 (Goyal and others 2017) every question about a photograph was answered by **ten** people. *What is on the table?* Four say *pizza*, three *food*, one *cheese pizza*, one *plate*, one *lunch*. Which one is right?
#
# The field's measure says: an answer is entirely right if at least **three** people gave it, and partly if fewer did. And since a person should not be compared with themselves when *people* are measured, every person is left out once, and the mean is taken. With $g_1 \dots g_{10}$ the ten answers and $y$ the model's,
#
# $$\text{accuracy}(y) = \frac{1}{10} \sum_{j=1}^{10} \min\Big(\frac{m_j}{3},\, 1\Big), \qquad m_j = \text{how many of the nine answers other than } g_j \text{ are } y.$$
#
# **With a pencil.** One person in ten says *plate*. Nine of the ten groups of nine have that person in them, and give $\frac{1}{3}$; one has not, and gives 0. So *plate* earns $\frac{9}{10} \cdot \frac{1}{3} = 0.3$. For *food*, which three said: three groups hold two of them and give $\frac{2}{3}$, seven hold all three and give 1. Together
# 0.9: not 1, though three people agree. What does *pizza* earn?
#
# Answers are compared by their numbers. An answer that is none of the $K$ to choose from is UNKNOWN, and there may be several in a row: ten people, two of whom said something rare, each something else. So **UNKNOWN agrees with nothing**, not even with itself.


# %% exercise="consensus_accuracy"
def consensus_accuracy(said: Array, all_answers: Array) -> Array:
    """How right answers are, where several people have answered each question (the accuracy of VQA).

    Args:
        said: a model's answers, integers (N,).
        all_answers: what people answered, integers (N, G), G at least 2 (ten in VQA). UNKNOWN (-1) agrees with nothing.

    Returns:
        The accuracy of each question, float64 (N,), from 0 to 1: the mean over the G groups of G - 1 answers in which one
        person is left out, of min(m / 3, 1), where m counts the answers in the group that are what was said.
    """
    ### BEGIN SOLUTION
    agrees = (all_answers == said[:, None]) & (all_answers != UNKNOWN)
    others = agrees.sum(axis=1, keepdims=True) - agrees
    accuracy: Array = np.minimum(others / 3, 1.0).mean(axis=1)
    return accuracy
    ### END SOLUTION


# %% [markdown]
# ### What agreement earns
#
# An answer that $m$ of ten people gave, and below that the guesses of 8.1 on real photographs, if you have fetched VQA v2 (`make download-data SET=vqa2`, 43 MB; the questions are enough for this).

# %% tags=["demo"]
from seqlab.answering.by_image import columns
from seqlab.data import DataMissing
from seqlab.data.questions import Questions


def agreement(photographs: Questions) -> dict[str, float]:
    """How far each of the three guesses agrees with ten people, on held-out questions."""
    new_questions, new_images, _ = columns(photographs.val)
    guesses = answer_priors(*columns(photographs.train), new_questions, new_images)
    given = photographs.val.all_answers[:]  # type: ignore[index]
    return {name: float(consensus_accuracy(said, given).mean()) for name, said in guesses.items()}


ten = np.array([[0] * m + [1] * (10 - m) for m in range(6)])
for m, share in enumerate(consensus_accuracy(np.zeros(6, dtype=int), ten)):
    print(f"{m} of ten: {share:.2f}")
try:
    photographs = load_questions("vqa2")
except DataMissing as missing:
    print(missing)
else:
    print(agreement(photographs))

# %% [markdown]
# ## What you have now
#
# - The baselines that cost nothing, and the habit of putting them in the first lines of every table.
# - A reader of questions for which the filling is not there; two ways to let a question and an image meet, and the reason why one of them cannot do what the other can.
# - A model that answers from a summary of the image, and one that looks where the question sends it; a picture of where that is.
# - The measure of a field whose questions have ten answers each.
#
# **The lesson of the first line.** Look at your tables once more, and read only the last column, as one does. A model without eyes has 67 %, one that cannot compare question and image has 87 %. Nothing in these numbers says what is missing; the columns by kind do, and the lines of those who do not look. VQA had this trouble for years, until the data were balanced on purpose: for every question two images that are alike and
# have different answers (Goyal and others 2017). That is the table of four corners in 8.3, by the hundred thousand.
#
# **To go further.** Put a hidden layer behind the concatenation. Let `AttentionVQA` look *twice*: the second time with what it saw the first time added to the question. Give `VQAModel` the positions in one long vector instead of the strongest values. Some of this, and all models of this notebook with an eye of their own each, stand in one table in the course's docs/benchmarks.md (`python -m benchmarks.questions`).
#
# This was the last stage. You began with one number that remembers, and have ended with a network that looks where it is asked to.
