"""Right answers in other clothes for stage 8."""

from collections import Counter, defaultdict

import numpy as np
import torch
from torch.nn import functional

from tests.course.variants_s08_vqa_models import MODELS, in_place_of
from tests.course.variants_s08_vqa_more import COUNTING


def priors_by_counter(namespace):
    """Counters, strings for questions, loops; a list of Python numbers made an array at the end."""

    def answer_priors(questions, images, answers, new_questions, new_images):
        def key(row):
            return "-".join(str(w) for w in row if w != 0)

        def best(counter):
            return min(counter, key=lambda a: (-counter[a], a))

        everything, by_text, by_image = Counter(), defaultdict(Counter), defaultdict(Counter)
        for row, image, answer in zip(questions, images, answers, strict=True):
            if answer != -1:
                everything[answer] += 1
                by_text[key(row)][answer] += 1
                by_image[image][answer] += 1
        common = best(everything)
        found = {"image": [], "most common": [], "question": []}
        for row, image in zip(new_questions, new_images, strict=True):
            found["most common"].append(common)
            found["question"].append(best(by_text[key(row)]) if key(row) in by_text else common)
            found["image"].append(best(by_image[image]) if image in by_image else common)
        return {name: np.array(guesses, dtype=np.int32) for name, guesses in found.items()}

    namespace["answer_priors"] = answer_priors


def priors_by_table(namespace):
    """np.unique over padded rows, and a table of counts."""

    def answer_priors(questions, images, answers, new_questions, new_images):
        width = max(questions.shape[1], new_questions.shape[1])
        padded = [np.pad(rows, ((0, 0), (0, width - rows.shape[1]))) for rows in (questions, new_questions)]
        N, K = len(questions), answers.max() + 1
        votes = np.eye(K)[np.maximum(answers, 0)] * (answers >= 0)[:, None]
        overall = votes.sum(0)

        def guess(numbers):
            table = np.zeros((numbers.max() + 1, K))
            np.add.at(table, numbers[:N], votes)
            chosen = table[numbers[N:]]
            return np.where(chosen.any(axis=1), chosen.argmax(1), overall.argmax())

        texts = np.unique(np.vstack(padded), axis=0, return_inverse=True)[1].ravel()
        seen = np.unique(np.concatenate([images, new_images]), return_inverse=True)[1].ravel()
        same = np.repeat(overall.argmax(), len(new_images))
        return {"most common": same, "question": guess(texts), "image": guess(seen)}

    namespace["answer_priors"] = answer_priors


def encoder_by_choice(namespace):
    """All states, then the one of each last word by gather; no packing."""

    def forward(self, questions, lengths):
        states, _ = self.lstm(self.embedding(questions))
        last = (lengths.to(states.device) - 1)[:, None, None].expand(-1, 1, states.shape[2])
        return states.gather(1, last).squeeze(1)

    in_place_of(namespace, "QuestionEncoder", {"forward": forward})


def encoder_one_by_one(namespace):
    """No filling anywhere: each question alone."""

    def forward(self, questions, lengths):
        ends = [self.lstm(self.embedding(row[: int(n)]))[0][-1] for row, n in zip(questions, lengths, strict=True)]
        return torch.stack(ends)

    in_place_of(namespace, "QuestionEncoder", {"forward": forward})


def encoder_that_freezes(namespace):
    """The LSTM's equations word by word; where a question is over, its state stays."""

    def forward(self, questions, lengths):
        wi, wh, bi, bh = self.lstm.parameters()
        h = c = wi.new_zeros(len(questions), wh.shape[1])
        for t in range(questions.shape[1]):
            gates = functional.linear(self.embedding(questions[:, t]), wi, bi) + functional.linear(h, wh, bh)
            i, f, g, o = gates.chunk(4, dim=1)
            next_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            goes_on = (t < lengths)[:, None]
            h = torch.where(goes_on, torch.sigmoid(o) * torch.tanh(next_c), h)
            c = torch.where(goes_on, next_c, c)
        print("read", tuple(questions.shape))
        return h

    in_place_of(namespace, "QuestionEncoder", {"forward": forward})


def fuse_by_hand(namespace):
    """Matrix products, einsum, torch.where for tanh's sign; results written into a tensor."""

    def fuse(question, image, projections, how):
        sides = []
        for layer, x in ((projections.question, question), (projections.image, image)):
            sides.append((torch.einsum("...i,oi->...o", x, layer.weight) + layer.bias).tanh())
        if how == "product":
            return torch.stack(sides).prod(dim=0)
        P = sides[0].shape[-1]
        out = question.new_empty(*question.shape[:-1], 2 * P)
        out[..., :P], out[..., P:] = sides
        return out

    namespace["fuse"] = fuse


def fuse_by_functional(namespace):
    """functional.linear, hstack-like concatenation on the last axis, a dictionary of ways."""

    def fuse(question, image, projections, how):
        a = functional.linear(question, *projections.question.parameters()).tanh_()
        s = functional.linear(image, *projections.image.parameters()).tanh_()
        return {"product": lambda: torch.mul(s, a), "concatenation": lambda: torch.concatenate((a, s), -1)}[how]()

    namespace["fuse"] = fuse


def model_by_hand(namespace):
    """The scores without fuse and without the head's call; the loss by log_softmax on what is known."""

    def forward(self, questions, lengths, image):
        q = self.encoder(questions, lengths)
        a, s = self.projections.question(q).tanh(), self.projections.image(image).tanh()
        W, b = self.head.weight, self.head.bias
        if self.how == "product":
            return torch.addmm(b, a * s, W.T)
        P = a.shape[1]
        return a @ W[:, :P].T + s @ W[:, P:].T + b

    def loss_of(scores, answers):
        known = answers != -1
        logs = scores[known].float() if scores.dtype == torch.bfloat16 else scores[known]
        logs = torch.log_softmax(logs, dim=-1)
        return -logs.gather(1, answers[known][:, None]).mean()

    in_place_of(namespace, "VQAModel", {"forward": forward, "loss_of": staticmethod(loss_of)})


def model_with_nll(namespace):
    """The loss by logsumexp and a mask."""

    @staticmethod
    def loss_of(scores, answers):
        wide = scores.double() if scores.dtype == torch.float64 else scores.float()
        known = (answers >= 0).to(wide.dtype)
        right = wide[torch.arange(len(wide)), answers.clamp(min=0)]
        return ((torch.logsumexp(wide, dim=1) - right) * known).sum() / known.sum()

    in_place_of(namespace, "VQAModel", {"loss_of": loss_of})


def looking_by_einsum(namespace):
    """Broadcasting for expand, einsum for the mean, a list for a tuple."""
    fuse = namespace["fuse"]

    def forward(self, questions, lengths, positions):
        q = self.encoder(questions, lengths)
        a = self.looking.question(q).tanh().unsqueeze(1)
        e = torch.einsum("nlp,p->nl", a * self.looking.image(positions).tanh(), self.weigh.weight.squeeze(0))
        e = e - e.max(dim=1, keepdim=True).values
        weights = e.exp() / e.exp().sum(dim=1, keepdim=True)
        seen = torch.einsum("nl,nlf->nf", weights, positions)
        return [self.head(fuse(q, seen, self.projections, "product")), weights]

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


def looking_one_by_one(namespace):
    """A loop over the positions."""

    def forward(self, questions, lengths, positions):
        q = self.encoder(questions, lengths)
        e = [
            self.weigh(namespace["fuse"](q, positions[:, k], self.looking, "product"))
            for k in range(positions.shape[1])
        ]
        weights = torch.cat(e, dim=-1).softmax(dim=-1)
        seen = sum(weights[:, k : k + 1] * positions[:, k] for k in range(positions.shape[1]))
        return self.head(namespace["fuse"](q, seen, self.projections, "product")), weights

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


def looking_by_matrix_product(namespace):
    """functional.softmax and one batched product."""

    def forward(self, questions, lengths, positions):
        q = self.encoder(questions, lengths)
        repeated = torch.repeat_interleave(q.unsqueeze(1), positions.size(1), dim=1)
        weights = functional.softmax(
            self.weigh(namespace["fuse"](repeated, positions, self.looking, "product")).squeeze(-1), dim=-1
        )
        seen = (weights.unsqueeze(1) @ positions).squeeze(1)
        return self.head(namespace["fuse"](q, seen, self.projections, how="product")), weights

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


def consensus_by_formula(namespace):
    """The closed form: those who agree leave one out of themselves, the others do not."""

    def consensus_accuracy(said, all_answers):
        G = all_answers.shape[1]
        m = np.where(said == -1, 0, (said == all_answers.T).sum(axis=0)).astype(float)
        return (m * np.minimum((m - 1) / 3, 1) * (m > 0) + (G - m) * np.minimum(m / 3, 1)) / G

    namespace["consensus_accuracy"] = consensus_accuracy


def consensus_in_one_line(namespace):
    """The limit after the mean, which for a line with one bend at a whole number is the same."""

    def consensus_accuracy(said, all_answers):
        m = ((all_answers == said[:, None]) & (said != -1)[:, None]).sum(axis=1)
        return np.minimum(m * (1 - 1 / all_answers.shape[1]) / 3, 1)

    namespace["consensus_accuracy"] = consensus_accuracy


def consensus_by_loops(namespace):
    """Every group by np.delete."""

    def consensus_accuracy(said, all_answers):
        out = np.zeros(len(said))
        for n, one in enumerate(said):
            groups = [np.delete(all_answers[n], j) for j in range(all_answers.shape[1])]
            out[n] = np.mean([min(1, np.sum(group == one) / 3) if one >= 0 else 0 for group in groups])
        return out

    namespace["consensus_accuracy"] = consensus_accuracy


VARIANTS = [
    priors_by_counter,
    priors_by_table,
    encoder_by_choice,
    encoder_one_by_one,
    encoder_that_freezes,
    fuse_by_hand,
    fuse_by_functional,
    model_by_hand,
    model_with_nll,
    looking_by_einsum,
    looking_one_by_one,
    looking_by_matrix_product,
    consensus_by_formula,
    consensus_in_one_line,
    consensus_by_loops,
    *COUNTING,
    *MODELS,
]
