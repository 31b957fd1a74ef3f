"""Right answers in other clothes for stage 7: loops, torch's ready layers, other orders of the same sums."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.course.variants_s06_captioning import in_place_of
from tests.course.variants_s07_attention_models import MODELS
from tests.course.variants_s07_attention_more import LOOKS


def look_place_by_place(namespace):
    """Loops over images and places, a dictionary for a cache."""

    def dot_product_attention_forward(prev_h, A):
        N, H, R, C = A.shape
        attn, weights = np.zeros_like(prev_h), np.zeros((N, R, C), dtype=A.dtype)
        for n in range(N):
            scores = np.array([[prev_h[n] @ A[n, :, r, c] for c in range(C)] for r in range(R)]) / math.sqrt(H)
            weights[n] = np.exp(scores - scores.max())
            weights[n] /= weights[n].sum()
            for r in range(R):
                for c in range(C):
                    attn[n] += weights[n, r, c] * A[n, :, r, c]
        print("looked at", N, "images")
        return [attn, weights, {"h": prev_h.copy(), "A": A.copy(), "w": weights}]

    def dot_product_attention_backward(dattn, kept):
        h, A, w = kept["h"], kept["A"], kept["w"]
        N, H, R, C = A.shape
        dh, dA = np.zeros_like(h), np.zeros_like(A)
        for n in range(N):
            flat = w[n].ravel()
            slope = np.diag(flat) - np.outer(flat, flat)
            dw = np.array([dattn[n] @ A[n, :, r, c] for r in range(R) for c in range(C)])
            de = (slope @ dw).reshape(R, C)
            for r in range(R):
                for c in range(C):
                    dh[n] += de[r, c] * A[n, :, r, c] / H**0.5
                    dA[n, :, r, c] = de[r, c] * h[n] / H**0.5 + w[n, r, c] * dattn[n]
        return [dh, dA]

    namespace["dot_product_attention_forward"] = dot_product_attention_forward
    namespace["dot_product_attention_backward"] = dot_product_attention_backward


def look_in_four_dimensions(namespace):
    """Sums over axes and broadcasting, the state divided before and not the scores after."""

    def dot_product_attention_forward(prev_h, A):
        question = prev_h / A.dtype.type(np.sqrt(prev_h.shape[1]))
        scores = (question[:, :, None, None] * A).sum(axis=1)
        weights = np.exp(scores - scores.max(axis=(1, 2), keepdims=True))
        weights = weights / weights.sum(axis=(1, 2))[:, None, None]
        return (weights[:, None] * A).sum((2, 3)), weights, (question, A, weights)

    def dot_product_attention_backward(dattn, cache):
        question, A, weights = cache
        dweights = (dattn[:, :, None, None] * A).sum(axis=1)
        dscores = weights * dweights
        dscores -= weights * dscores.sum(axis=(1, 2), keepdims=True)
        dquestion = (dscores[:, None] * A).sum(axis=(2, 3))
        dA = dattn[:, :, None, None] * weights[:, None] + question[:, :, None, None] * dscores[:, None]
        return dquestion / A.dtype.type(np.sqrt(A.shape[1])), dA

    namespace["dot_product_attention_forward"] = dot_product_attention_forward
    namespace["dot_product_attention_backward"] = dot_product_attention_backward


def look_with_matrix_products(namespace):
    """Batched products, places before features, the cache made anew on the way back."""

    def softmax(scores):
        return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))

    def dot_product_attention_forward(prev_h, A):
        N, H = prev_h.shape
        places = np.moveaxis(A, 1, -1).reshape(N, -1, H)
        weights = softmax((places @ prev_h[:, :, None])[..., 0] * float(H) ** -0.5)
        attn = np.matmul(weights[:, None, :], places).squeeze(1)
        return attn, weights.reshape((N, *A.shape[2:])), (prev_h, A)

    def dot_product_attention_backward(dattn, cache):
        prev_h, A = cache
        N, H, R, C = A.shape
        root = float(H) ** -0.5
        places = np.moveaxis(A, 1, -1).reshape(N, R * C, H)
        weights = softmax((places @ prev_h[:, :, None])[..., 0] * root)
        dweights = (places @ dattn[:, :, None])[..., 0]
        dscores = (dweights - np.einsum("nl,nl->n", weights, dweights)[:, None]) * weights * root
        dplaces = weights[..., None] @ dattn[:, None] + dscores[..., None] @ prev_h[:, None]
        dA = np.moveaxis(dplaces.reshape(N, R, C, H), -1, 1)
        return np.matmul(dscores[:, None], places)[:, 0], dA

    namespace["dot_product_attention_forward"] = dot_product_attention_forward
    namespace["dot_product_attention_backward"] = dot_product_attention_backward


def torch_look_as_a_convolution(namespace):
    """Scores as sums over broadcast products, weights by exponentials; views where there can be."""

    def dot_product_attention(prev_h, A):
        scores = (prev_h[:, :, None, None] * A).sum(1).div(math.sqrt(prev_h.size(1)))
        weights = scores.flatten(1).softmax(-1).view_as(scores)
        return (A * weights.unsqueeze(1)).sum(dim=(-1, -2)), weights

    namespace["dot_product_attention"] = dot_product_attention


def torch_look_in_batches(namespace):
    """Batched matrix products; a list for a tuple."""

    def dot_product_attention(prev_h, A):
        N, H, R, C = A.shape
        places = A.reshape(N, H, -1)
        e = torch.bmm((prev_h / H**0.5).unsqueeze(1), places)
        w = functional.softmax(e, dim=2)
        return [torch.bmm(places, w.mT).squeeze(2), w.reshape(N, R, C)]

    namespace["dot_product_attention"] = dot_product_attention


def ask_with_einsum(namespace):
    """einsum for everything; softmax as the exponential of log_softmax."""

    def additive_attention(query, keys, values, v):
        e = torch.einsum("nls,s->nl", torch.tanh(keys + query.unsqueeze(1)), v)
        w = functional.log_softmax(e, dim=-1).exp()
        return torch.einsum("nld,nl->nd", values, w), w

    namespace["additive_attention"] = additive_attention


def ask_as_a_linear_layer(namespace):
    """functional.linear with one output, sums in place of products; query spread out first."""

    def additive_attention(query, keys, values, v):
        spread = query[:, None].expand(-1, keys.shape[1], -1)
        scores = functional.linear((spread + keys).tanh(), v[None])
        weights = scores.softmax(dim=1)
        return [(weights * values).sum(dim=1), weights.squeeze(-1)]

    namespace["additive_attention"] = additive_attention


def ask_image_by_image(namespace):
    """A loop over the batch."""

    def additive_attention(query, keys, values, v):
        pairs = []
        for q, k, a in zip(query, keys, values, strict=True):
            w = torch.softmax(torch.mv(torch.tanh(k + q), v), dim=0)
            pairs.append((w @ a, w))
        attn, weights = zip(*pairs, strict=True)
        return torch.stack(attn), torch.stack(weights)

    namespace["additive_attention"] = additive_attention


def lstm_with_a_product_before_the_loop(namespace):
    """The words' products for all steps at once; looks by hand; results written into tensors."""

    class AttentionLSTM(namespace["AttentionLSTM"]):
        def step_forward(self, x, prev_h, prev_c, attn):
            return self._go_on(x @ self.Wx, prev_h, prev_c, attn)

        def _go_on(self, from_word, h, c, attn):
            H = h.shape[1]
            a = from_word + torch.cat([h, attn], 1) @ torch.cat([self.Wh, self.Wattn]) + self.b
            gates = a[:, : 3 * H].sigmoid()
            c = gates[:, H : 2 * H] * c + gates[:, :H] * a[:, 3 * H :].tanh()
            return [gates[:, 2 * H :] * c.tanh(), c]

        def forward(self, x, A):
            N, T = x.shape[:2]
            H, R, C = A.shape[1:]
            mean = A.reshape(N, H, R * C).sum(2) / (R * C)
            h, c = mean, mean.clone()
            words = x @ self.Wx
            states, looks = x.new_empty(N, T, H), x.new_empty(N, T, R, C)
            for t in range(T):
                weights = torch.softmax((h[:, :, None] * A.flatten(2)).sum(1) / H**0.5, 1)
                attn = (weights[:, None] * A.flatten(2)).sum(2)
                h, c = self._go_on(words[:, t], h, c, attn)
                states[:, t], looks[:, t] = h, weights.view(N, R, C)
            return states, looks

    namespace["AttentionLSTM"] = AttentionLSTM


def lstm_with_torchs_cell(namespace):
    """torch's ready cell, with the blocks put in its order."""

    def step_forward(self, x, prev_h, prev_c, attn):
        def turned(blocks):
            i, f, o, g = blocks.chunk(4, dim=-1)
            return torch.cat([i, f, g, o], dim=-1)

        into, back = turned(torch.cat([self.Wx, self.Wattn])).T, turned(self.Wh).T
        wide, bias = torch.cat([x, attn], dim=1), turned(self.b)
        return torch.lstm_cell(wide, (prev_h, prev_c), into, back, bias, torch.zeros_like(bias))

    in_place_of(namespace, "AttentionLSTM", {"step_forward": step_forward})


def lstm_with_other_parameters_first(namespace):
    """A constructor of its own with the same names, time first inside."""

    look = namespace["dot_product_attention"]

    class AttentionLSTM(nn.Module):
        def __init__(self, input_dim, hidden_dim):
            super().__init__()
            sizes = {"Wx": (input_dim,), "Wh": (hidden_dim,), "Wattn": (hidden_dim,), "b": ()}
            for name, size in sizes.items():
                self.register_parameter(name, nn.Parameter(torch.zeros(*size, 4 * hidden_dim)))

        def step_forward(self, x, prev_h, prev_c, attn):
            parts = (x.matmul(self.Wx) + prev_h.matmul(self.Wh) + attn.matmul(self.Wattn)).add(self.b)
            i, f, o, g = parts.view(len(x), 4, -1).unbind(1)
            c = prev_c * f.sigmoid() + g.tanh() * i.sigmoid()
            return c.tanh() * o.sigmoid(), c

        def forward(self, x, A):
            memory, seen = (A.mean((-1, -2)),) * 2, []
            for word in x.transpose(0, 1):
                attn, where = look(memory[0], A)
                memory = self.step_forward(word, *memory, attn)
                seen.append((memory[0], where))
            return tuple(torch.stack(one).transpose(0, 1) for one in zip(*seen, strict=True))

    namespace["AttentionLSTM"] = AttentionLSTM


def captioner_of_steps(namespace):
    """One step as a method; the loss by gathering; sampling to the very end, cut afterwards."""

    def _begin(self, features):
        mean = features.mean(1)
        return self.first_h(mean), self.first_c(mean), self.key(features)

    def _step(self, words, h, c, features, keys):
        attn, weights = self.attend(h, features, keys)
        h, c = self.cell(torch.hstack([self.embed(words), attn]), (h, c))
        return self.vocabulary(torch.hstack([h, attn])), weights, h, c

    def forward(self, features, captions):
        h, c, keys = self._begin(features)
        N, steps = captions.shape[0], captions.shape[1] - 1
        scores = features.new_empty(N, steps, self.vocabulary.out_features)
        looks = features.new_empty(N, steps, features.shape[1])
        for t in range(steps):
            scores[:, t], looks[:, t], h, c = self._step(captions[:, t], h, c, features, keys)
        return scores, looks

    def loss_of(self, scores, captions):
        scores = scores.float() if scores.dtype == torch.bfloat16 else scores
        logs = functional.log_softmax(scores, dim=-1).gather(2, captions[:, 1:, None].long())[..., 0]
        return -(logs * (captions[:, 1:] != self.null)).sum() / captions.shape[0]

    def sample(self, features, max_length=30):
        with torch.no_grad():
            h, c, keys = self._begin(features)
            word, rows, looks = torch.full((len(h),), self.start), [], []
            for _ in range(max_length):
                scores, weights, h, c = self._step(word, h, c, features, keys)
                scores = scores.double()
                scores[:, self.null] = scores[:, self.start] = -1e30
                word = scores.max(dim=1).indices
                rows.append(word)
                looks.append(weights)
            said, looks = torch.stack(rows, 1), torch.stack(looks, 1)
            over = (said == self.end).long().cumsum(1) - (said == self.end).long() > 0
            return said.masked_fill(over, self.null), looks.masked_fill(over[:, :, None], 0)

    methods = {"_begin": _begin, "_step": _step, "forward": forward, "loss_of": loss_of, "sample": sample}
    in_place_of(namespace, "AttentionCaptioner", methods)


def captioner_with_cells_by_hand(namespace):
    """torch's cell as a function, looks through the given attend, everything transposed to time first."""

    def forward(self, features, captions):
        keys = torch.matmul(features, self.key.weight.T)
        mean = features.sum(dim=1) / features.size(1)
        memory, pairs = (self.first_h(mean), self.first_c(mean)), []
        cell = (self.cell.weight_ih, self.cell.weight_hh, self.cell.bias_ih, self.cell.bias_hh)
        for words in captions.T[:-1]:
            attn, weights = self.attend(memory[0], features, keys)
            memory = torch.lstm_cell(torch.cat((self.embed(words), attn), -1), memory, *cell)
            pairs.append((torch.cat((memory[0], attn), -1), weights))
        read, weights = (torch.stack(one, dim=1) for one in zip(*pairs, strict=True))
        return self.vocabulary(read), weights

    in_place_of(namespace, "AttentionCaptioner", {"forward": forward})


def captioner_row_by_row(namespace):
    """Samples one image at a time and stops at its end; the mask by hand before the loss."""

    def sample(self, features, max_length=30):
        said = torch.zeros(len(features), max_length, dtype=torch.int64) + self.null
        looks = torch.zeros(len(features), max_length, features.shape[1], dtype=features.dtype)
        for n in range(len(features)):
            image = features[n : n + 1]
            keys, mean = self.key(image), image.mean(dim=1)
            h, c, last = self.first_h(mean), self.first_c(mean), self.start
            for t in range(max_length):
                attn, weights = self.attend(h, image, keys)
                h, c = self.cell(torch.cat([self.embed(torch.tensor([last])), attn], dim=1), (h, c))
                scores = self.vocabulary(torch.cat([h, attn], dim=1))[0].tolist()
                last = max((k for k in range(len(scores)) if k not in (self.start, self.null)), key=scores.__getitem__)
                said[n, t], looks[n, t] = last, weights[0]
                if last == self.end:
                    break
        return [said, looks]

    def loss_of(self, scores, captions):
        counts = captions[:, 1:] != self.null
        wide = scores[counts].to(torch.float64 if scores.dtype == torch.float64 else torch.float32)
        return functional.cross_entropy(wide, captions[:, 1:][counts].long(), reduction="sum").div(len(captions))

    in_place_of(namespace, "AttentionCaptioner", {"loss_of": loss_of, "sample": sample})


def hard_loss_step_by_step(namespace):
    """From the last step to the first, with a running reward."""

    def hard_attention_loss(word_log_probs, weights, positions, counts, baseline):
        N, T = word_log_probs.shape
        reward, total = torch.zeros_like(word_log_probs[:, 0]), 0.0
        for t in range(T - 1, -1, -1):
            word = torch.where(counts[:, t], word_log_probs[:, t], torch.zeros_like(reward))
            reward = reward + word.detach()
            chosen = weights[torch.arange(N), t, positions[:, t]].log()
            gain = (reward - baseline[:, t].detach()) * chosen
            total = total - word.sum() - gain[counts[:, t]].sum()
        return total / N

    namespace["hard_attention_loss"] = hard_attention_loss


def hard_loss_with_a_triangle(namespace):
    """Rewards by a triangular matrix, in a block without gradients; places by one-hot vectors."""

    def hard_attention_loss(word_log_probs, weights, positions, counts, baseline):
        mask = counts.to(word_log_probs.dtype)
        with torch.no_grad():
            later = torch.ones(mask.shape[1], mask.shape[1], dtype=mask.dtype).tril()
            surplus = (word_log_probs * mask) @ later - baseline
        chosen = (functional.one_hot(positions, weights.shape[2]) * weights.log()).sum(dim=2)
        return -((word_log_probs + surplus * chosen) * mask).sum(dim=1).mean()

    namespace["hard_attention_loss"] = hard_attention_loss


def hard_loss_of_a_distribution(namespace):
    """torch.distributions; the past taken off the whole."""

    def hard_attention_loss(word_log_probs, weights, positions, counts, baseline):
        chosen = torch.distributions.Categorical(probs=weights).log_prob(positions)
        words = word_log_probs.masked_fill(~counts, 0.0)
        fixed = words.detach()
        rewards = fixed.sum(1, keepdim=True) - fixed.cumsum(1) + fixed
        per_caption = (words + (rewards - baseline.data) * chosen.masked_fill(~counts, 0.0)).sum(1)
        return per_caption.neg().mean()

    namespace["hard_attention_loss"] = hard_attention_loss


VARIANTS = [
    look_place_by_place,
    look_in_four_dimensions,
    look_with_matrix_products,
    torch_look_as_a_convolution,
    torch_look_in_batches,
    ask_with_einsum,
    ask_as_a_linear_layer,
    ask_image_by_image,
    lstm_with_a_product_before_the_loop,
    lstm_with_torchs_cell,
    lstm_with_other_parameters_first,
    captioner_of_steps,
    captioner_with_cells_by_hand,
    captioner_row_by_row,
    hard_loss_step_by_step,
    hard_loss_with_a_triangle,
    hard_loss_of_a_distribution,
    *LOOKS,
    *MODELS,
]
