"""Where students stumble in stages 7 and 8: maps of one size, ``squeeze``, and what is kept from the last call.

Each answer here is as a student would write it. It works on ordinary sizes, so it keeps most of its exercise, and both
kinds of cases notice it.
"""

import math

import numpy as np
import pytest
import torch

from tests.course.test_stumbling import assert_little_is_lost, replaced_methods
from tests.course.variants_s06_captioning import in_place_of


def maps_of(side, namespace):
    """Looks in NumPy at square maps; ``side(L)`` says of which size."""

    def softmax(scores):
        fits = np.exp(scores - scores.max(axis=1, keepdims=True))
        return fits / fits.sum(axis=1, keepdims=True)

    def dot_product_attention_forward(prev_h, A):
        N, H = prev_h.shape
        s = side(A[0, 0].size)
        places = A.reshape(N, H, s * s)
        weights = softmax((prev_h[:, None] @ places)[:, 0] / H**0.5)
        return (weights[:, None] * places).sum(axis=2), weights.reshape(N, s, s), (prev_h, places, weights)

    def dot_product_attention_backward(dattn, cache):
        h, places, w = cache
        (N, H), s = h.shape, side(w.shape[1])
        dw = (dattn[:, None] @ places)[:, 0]
        de = w * (dw - (w * dw).sum(axis=1, keepdims=True)) / H**0.5
        dA = dattn[:, :, None] * w[:, None] + h[:, :, None] * de[:, None]
        return (de[:, None] * places).sum(axis=2), dA.reshape(N, H, s, s)

    namespace["dot_product_attention_forward"] = dot_product_attention_forward
    namespace["dot_product_attention_backward"] = dot_product_attention_backward


def maps_of_four_by_four(namespace):
    maps_of(lambda _: 4, namespace)


def maps_that_are_square(namespace):
    maps_of(math.isqrt, namespace)


def torch_maps_of_four_by_four(namespace):
    def dot_product_attention(prev_h, A):
        N, H = prev_h.shape
        places = A.reshape(N, H, 16)
        weights = torch.softmax(torch.einsum("nh,nhl->nl", prev_h, places) / H**0.5, dim=1)
        return torch.einsum("nl,nhl->nh", weights, places), weights.reshape(N, 4, 4)

    namespace["dot_product_attention"] = dot_product_attention


def torch_look_that_squeezes(namespace):
    def dot_product_attention(prev_h, A):
        weights = torch.bmm(prev_h[:, None], A.flatten(2)).squeeze().div(A.shape[1] ** 0.5).softmax(dim=-1)
        attn = torch.bmm(A.flatten(2), weights[:, :, None]).squeeze()
        return attn, weights.reshape(len(A), *A.shape[2:])

    namespace["dot_product_attention"] = dot_product_attention


def ask_that_squeezes(namespace):
    def additive_attention(query, keys, values, v):
        weights = (torch.tanh(query[:, None] + keys) @ v[:, None]).squeeze().softmax(dim=-1)
        return (weights[:, :, None] * values).sum(dim=1), weights

    namespace["additive_attention"] = additive_attention


def lstm_that_keeps_its_results(namespace):
    """In tensors of its own, which it fills anew with each call."""

    def keeping(right):
        def forward(self, x, A):
            found = right(self, x, A)
            kept = getattr(self, "kept", None)
            if kept is None or kept[0].shape != found[0].shape:
                self.kept = kept = [torch.empty_like(one) for one in found]
            return tuple(one.copy_(new) for one, new in zip(kept, found, strict=True))

        return forward

    namespace["AttentionLSTM"] = replaced_methods(namespace["AttentionLSTM"], keeping)


def lstm_that_goes_on(namespace):
    """With the state that the last call ended with."""

    def forward(self, x, A):
        h, c = getattr(self, "ended", (A.mean(dim=(2, 3)),) * 2)
        states, looks = [], []
        for word in x.unbind(1):
            attn, weights = namespace["dot_product_attention"](h, A)
            h, c = self.step_forward(word, h, c, attn)
            states.append(h)
            looks.append(weights)
        self.ended = h, c
        return torch.stack(states, dim=1), torch.stack(looks, dim=1)

    in_place_of(namespace, "AttentionLSTM", {"forward": forward})


def captioner_with_the_keys_of_its_first_call(namespace):
    right = namespace["AttentionCaptioner"].attend

    def attend(self, prev_h, features, keys):
        self.keys = getattr(self, "keys", keys)
        return right(self, prev_h, features, self.keys)

    in_place_of(namespace, "AttentionCaptioner", {"attend": attend})


def hard_loss_that_squeezes(namespace):
    def hard_attention_loss(word_log_probs, weights, positions, counts, baseline):
        words = word_log_probs * counts
        surplus = (words.flip(1).cumsum(1).flip(1) - baseline).detach() * counts
        looks = weights.gather(2, positions[:, :, None]).squeeze().log()
        return -(words.sum() + (surplus * looks).sum()) / len(words)

    namespace["hard_attention_loss"] = hard_attention_loss


def encoder_that_squeezes(namespace):
    def squeezing(right):
        return lambda self, questions, lengths: right(self, questions, lengths)[None].squeeze()

    namespace["QuestionEncoder"] = replaced_methods(namespace["QuestionEncoder"], squeezing)


def encoder_that_goes_on(namespace):
    """With the state that the last batch of the same size ended with."""

    def forward(self, questions, lengths):
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            self.embedding(questions), lengths, batch_first=True, enforce_sorted=False
        )
        before = getattr(self, "ended", None)
        known = before is not None and before[0].shape[1] == len(lengths)
        _, self.ended = self.lstm(packed, before if known else None)
        return self.ended[0][0]

    in_place_of(namespace, "QuestionEncoder", {"forward": forward})


def fuse_along_the_second_axis(namespace):
    def fuse(question, image, projections, how):
        both = projections.question(question).tanh(), projections.image(image).tanh()
        return both[0] * both[1] if how == "product" else torch.cat(both, dim=1)

    namespace["fuse"] = fuse


def model_that_keeps_its_first_image(namespace):
    def keeping(right):
        def forward(self, questions, lengths, image):
            self.image = getattr(self, "image", image)
            return right(self, questions, lengths, self.image)

        return forward

    namespace["VQAModel"] = replaced_methods(namespace["VQAModel"], keeping)


def model_whose_loss_needs_a_model(namespace):
    right = namespace["VQAModel"].loss_of
    in_place_of(namespace, "VQAModel", {"loss_of": lambda self, scores, answers: right(scores, answers)})


def looking_that_squeezes(namespace):
    def forward(self, questions, lengths, positions):
        q, fuse = self.encoder(questions, lengths), namespace["fuse"]
        everywhere = q[:, None].expand(-1, positions.shape[1], -1)
        weights = self.weigh(fuse(everywhere, positions, self.looking, "product")).squeeze().softmax(dim=-1)
        seen = (weights[:, None] @ positions).squeeze(1)
        return self.head(fuse(q, seen, self.projections, "product")), weights

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


def looking_where_it_looked_first(namespace):
    """The question's meeting with the positions is worked out in the first call only."""

    def forward(self, questions, lengths, positions):
        q, fuse = self.encoder(questions, lengths), namespace["fuse"]
        if not hasattr(self, "weights"):
            self.weights = self.weigh(
                fuse(q[:, None].expand(-1, positions.shape[1], -1), positions, self.looking, "product")
            )
            self.weights = self.weights[..., 0].softmax(dim=1)
        seen = (self.weights[:, :, None] * positions).sum(dim=1)
        return self.head(fuse(q, seen, self.projections, "product")), self.weights

    in_place_of(namespace, "AttentionVQA", {"forward": forward})


def consensus_of_ten(namespace):
    def consensus_accuracy(said, all_answers):
        m = ((all_answers == said[:, None]) & (all_answers >= 0)).sum(axis=1)
        return (m * np.clip((m - 1) / 3, 0, 1) + (10 - m) * np.clip(m / 3, 0, 1)) / 10

    namespace["consensus_accuracy"] = consensus_accuracy


STUMBLES = [
    ("s07_attention", maps_of_four_by_four, "dot_product_attention_forward"),
    ("s07_attention", maps_of_four_by_four, "dot_product_attention_backward"),
    ("s07_attention", maps_that_are_square, "dot_product_attention_forward"),
    ("s07_attention", maps_that_are_square, "dot_product_attention_backward"),
    ("s07_attention", torch_maps_of_four_by_four, "dot_product_attention"),
    ("s07_attention", torch_maps_of_four_by_four, "AttentionLSTM"),
    ("s07_attention", torch_look_that_squeezes, "dot_product_attention"),
    ("s07_attention", torch_look_that_squeezes, "AttentionLSTM"),
    ("s07_attention", ask_that_squeezes, "additive_attention"),
    ("s07_attention", ask_that_squeezes, "AttentionCaptioner"),
    ("s07_attention", lstm_that_keeps_its_results, "AttentionLSTM"),
    ("s07_attention", lstm_that_goes_on, "AttentionLSTM"),
    ("s07_attention", captioner_with_the_keys_of_its_first_call, "AttentionCaptioner"),
    ("s07_attention", hard_loss_that_squeezes, "hard_attention_loss"),
    ("s08_vqa", encoder_that_squeezes, "QuestionEncoder"),
    ("s08_vqa", encoder_that_goes_on, "QuestionEncoder"),
    ("s08_vqa", fuse_along_the_second_axis, "fuse"),
    ("s08_vqa", model_that_keeps_its_first_image, "VQAModel"),
    ("s08_vqa", model_whose_loss_needs_a_model, "VQAModel"),
    ("s08_vqa", looking_that_squeezes, "AttentionVQA"),
    ("s08_vqa", looking_where_it_looked_first, "AttentionVQA"),
    ("s08_vqa", consensus_of_ten, "consensus_accuracy"),
]


@pytest.mark.parametrize(("stage_id", "stumbling", "exercise"), STUMBLES)
def test_an_answer_that_works_on_ordinary_sizes_keeps_most_of_its_points(subject, stumbling, exercise):
    namespace = subject.reference()
    stumbling(namespace)
    assert_little_is_lost(subject, namespace, exercise)
