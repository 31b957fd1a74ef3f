"""More right answers in other clothes for stage 8: the reader of questions, the meeting, both models."""

import math

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

UNKNOWN = -1


def in_place_of(namespace, name, methods):
    """A class like the reference's, with other methods."""
    namespace[name] = type(name, (namespace[name],), methods)


def encoder_sorted_by_hand(namespace):
    """Longest first, packed, and put back in order; the last of the padded states."""

    def forward(self, questions, lengths):
        order = torch.argsort(lengths, descending=True)
        packed = pack_padded_sequence(self.embedding(questions[order]), lengths[order].tolist(), batch_first=True)
        states, sizes = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        last = states[torch.arange(len(sizes)), sizes - 1]
        return last[torch.argsort(order)]

    in_place_of(namespace, "QuestionEncoder", {"forward": forward})


def encoder_by_length(namespace):
    """Questions of one length together, without any filling."""

    def forward(self, questions, lengths):
        rows, states = [], []
        for length in lengths.unique().tolist():
            alike = (lengths == length).nonzero().flatten()
            _, (h, _) = self.lstm(self.embedding(questions[alike, :length]))
            rows.append(alike)
            states.append(h.squeeze(0))
        return torch.cat(states)[torch.cat(rows).argsort()]

    in_place_of(namespace, "QuestionEncoder", {"forward": forward})


def encoder_with_a_mask(namespace):
    """One state per question survives a product with a mask."""

    def forward(self, questions, lengths):
        states = self.lstm(self.embedding(questions))[0]
        mask = functional.one_hot(lengths.to(states.device).long() - 1, questions.shape[1]).to(states.dtype)
        return torch.einsum("nqh,nq->nh", states, mask)

    in_place_of(namespace, "QuestionEncoder", {"forward": forward})


def fuse_with_flat_rows(namespace):
    """All leading axes run together first, and are put back at the end."""

    def fuse(question, image, projections, how):
        leading = question.shape[:-1]
        a = torch.tanh(projections.question(question.reshape(-1, question.shape[-1])))
        s = torch.tanh(projections.image(image.reshape(-1, image.shape[-1])))
        out = torch.cat((a, s), dim=1) if how == "concatenation" else a.mul(s)
        return out.reshape(*leading, -1)

    namespace["fuse"] = fuse


def fuse_by_match(namespace):
    """match for the ways, @ for the layers, functional.tanh."""

    def fuse(question, image, projections, how):
        def side(layer, x):
            return functional.tanh(x @ layer.weight.T + layer.bias)

        both = [side(projections.question, question), side(projections.image, image)]
        match how:
            case "product":
                return math.prod(both)
            case "concatenation":
                return torch.stack(both, dim=-2).flatten(-2)
        raise ValueError(how)

    namespace["fuse"] = fuse


def fuse_with_a_table(namespace):
    """A table of ways; tanh by the sigmoid of twice its argument."""
    ways = {"concatenation": lambda *both: torch.cat(both, dim=both[0].ndim - 1), "product": torch.Tensor.__mul__}

    def fuse(question, image, projections, how):
        squashed = [
            2 * torch.sigmoid(2 * layer(x)) - 1
            for layer, x in ((projections.question, question), (projections.image, image))
        ]
        return ways[how](*squashed)

    namespace["fuse"] = fuse


def model_counting_what_is_known(namespace):
    """Keyword arguments, functional.linear; the loss as a sum over those that are known, and their number."""

    def forward(self, questions, lengths, image):
        met = namespace["fuse"](
            question=self.encoder(questions=questions, lengths=lengths),
            image=image,
            projections=self.projections,
            how=self.how,
        )
        return functional.linear(met, self.head.weight, self.head.bias)

    @staticmethod
    def loss_of(scores, answers):
        wide = scores if scores.dtype == torch.float64 else scores.float()
        total = functional.cross_entropy(wide, answers, ignore_index=UNKNOWN, reduction="sum")
        return total / (answers != UNKNOWN).sum()

    in_place_of(namespace, "VQAModel", {"forward": forward, "loss_of": loss_of})


def model_with_one_hot_answers(namespace):
    """The loss by one-hot answers, and by the mean of each surprise."""

    def forward(self, questions, lengths, image):
        q = self.encoder(questions, lengths)
        return self.head.forward(namespace["fuse"](q, image, self.projections, self.how)) + 0.0

    @classmethod
    def loss_of(cls, scores, answers):
        rows = (answers + 1).nonzero()[:, 0]
        wide = scores[rows].to(torch.float64)
        right = functional.one_hot(answers[rows], scores.shape[1]).to(wide)
        loss = (wide.logsumexp(dim=1) - (wide * right).sum(dim=1)).mean()
        return loss if scores.dtype == torch.float64 else loss.float()

    in_place_of(namespace, "VQAModel", {"forward": forward, "loss_of": loss_of})


def model_answer_by_answer(namespace):
    """Loops: a question at a time, a surprise at a time."""

    def forward(self, questions, lengths, image):
        rows = []
        for n in range(len(lengths)):
            q = self.encoder(questions[n : n + 1], lengths[n : n + 1])
            rows.append(self.head(namespace["fuse"](q, image[n : n + 1], self.projections, self.how)))
        return torch.vstack(rows)

    @staticmethod
    def loss_of(scores, answers):
        wide = scores.float() if scores.element_size() < 4 else scores
        surprises = [-wide[n].log_softmax(0)[k] for n, k in enumerate(answers.tolist()) if k != UNKNOWN]
        return sum(surprises) / len(surprises)

    in_place_of(namespace, "VQAModel", {"forward": forward, "loss_of": loss_of})


def looking_with_flat_rows(namespace):
    """Every pair of question and position as a row of its own."""

    def forward(self, questions, lengths, positions):
        N, L, F = positions.shape
        q = self.encoder(questions, lengths)
        rows = namespace["fuse"](q.repeat_interleave(L, dim=0), positions.reshape(N * L, F), self.looking, "product")
        weights = torch.softmax(self.weigh(rows).reshape(N, L), dim=1)
        seen = torch.bmm(weights.unsqueeze(1), positions).reshape(N, F)
        return self.head(namespace["fuse"](q, seen, self.projections, "product")), weights

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


def looking_image_by_image(namespace):
    """A loop over the batch."""

    def forward(self, questions, lengths, positions):
        scores, looks = [], []
        for q, image in zip(self.encoder(questions, lengths), positions, strict=True):
            met = torch.tanh(self.looking.question(q)) * torch.tanh(self.looking.image(image))
            w = torch.softmax(met @ self.weigh.weight[0], dim=0)
            joint = torch.tanh(self.projections.question(q)) * torch.tanh(self.projections.image(w @ image))
            scores.append(self.head(joint))
            looks.append(w)
        return torch.stack(scores), torch.stack(looks)

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


def looking_with_columns(namespace):
    """Weights (N, L, 1) to the end, by a logsumexp; the question's side of both meetings from one product."""

    def forward(self, questions, lengths, positions):
        q = self.encoder(questions, lengths)
        P = self.head.in_features
        both = torch.cat([self.looking.question.weight, self.projections.question.weight])
        bias = torch.cat([self.looking.question.bias, self.projections.question.bias])
        asked = functional.linear(q, both, bias).tanh()
        e = self.weigh(asked[:, None, :P] * self.looking.image(positions).tanh())
        weights = torch.exp(e - torch.logsumexp(e, dim=1, keepdim=True))
        seen = torch.matmul(positions.transpose(1, 2), weights).squeeze(2)
        return self.head(asked[:, P:] * self.projections.image(seen).tanh()), weights.squeeze(2)

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


MODELS = [
    encoder_sorted_by_hand,
    encoder_by_length,
    encoder_with_a_mask,
    fuse_with_flat_rows,
    fuse_by_match,
    fuse_with_a_table,
    model_counting_what_is_known,
    model_with_one_hot_answers,
    model_answer_by_answer,
    looking_with_flat_rows,
    looking_image_by_image,
    looking_with_columns,
]
