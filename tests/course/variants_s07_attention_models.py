"""More right answers in other clothes for stage 7: the LSTM and the captioner that look, and REINFORCE."""

from itertools import accumulate
from typing import NamedTuple

import torch
from torch.distributions import Categorical
from torch.nn import functional

from tests.course.variants_s06_captioning import in_place_of


class Memory(NamedTuple):
    """State and cell."""

    h: torch.Tensor
    c: torch.Tensor


def lstm_of_four_gates(namespace):
    """Each gate has its own slices of the weights; state and cell in a named tuple."""

    def _gate(self, k, x, h, attn):
        H = self.Wh.shape[0]
        part = slice(k * H, (k + 1) * H)
        return x @ self.Wx[:, part] + h @ self.Wh[:, part] + attn @ self.Wattn[:, part] + self.b[part]

    def step_forward(self, x, prev_h, prev_c, attn):
        i, f, o = (torch.sigmoid(self._gate(k, x, prev_h, attn)) for k in range(3))
        c = f * prev_c + i * torch.tanh(self._gate(3, x, prev_h, attn))
        return Memory(o * torch.tanh(c), c)

    def forward(self, x, A):
        memory = Memory(A.mean((2, 3)), A.mean((2, 3)))
        states, looks = [], []
        for word in x.unbind(1):
            attn, where = namespace["dot_product_attention"](memory.h, A)
            memory = self.step_forward(word, memory.h, memory.c, attn)
            states += [memory.h[:, None]]
            looks += [where[:, None]]
        return torch.cat(states, dim=1), torch.cat(looks, dim=1)

    in_place_of(namespace, "AttentionLSTM", {"_gate": _gate, "step_forward": step_forward, "forward": forward})


def lstm_with_one_product(namespace):
    """Word, state and what is seen side by side, one matrix; the bias as a product with 1; flat maps."""

    def step_forward(self, x, prev_h, prev_c, attn):
        whole = torch.cat([self.Wx, self.Wh, self.Wattn, self.b[None]])
        a = torch.hstack([x, prev_h, attn, x.new_ones(len(x), 1)]) @ whole
        i, f, o, g = torch.tensor_split(a, 4, dim=1)
        next_c = torch.addcmul(f.sigmoid() * prev_c, i.sigmoid(), g.tanh())
        return o.sigmoid() * next_c.tanh(), next_c

    def forward(self, x, A):
        T = x.shape[1]
        flat = A.flatten(start_dim=2)
        h = c = flat.mean(dim=-1)
        out = []
        for t in range(T):
            w = torch.softmax(torch.bmm(h[:, None], flat) / flat.shape[1] ** 0.5, dim=-1)
            h, c = self.step_forward(x[:, t], h, c, torch.bmm(flat, w.transpose(1, 2))[..., 0])
            out.append((h, w[:, 0].unflatten(1, A.shape[2:])))
        return torch.stack([one for one, _ in out], 1), torch.stack([one for _, one in out], 1)

    in_place_of(namespace, "AttentionLSTM", {"step_forward": step_forward, "forward": forward})


def lstm_that_calls_itself(namespace):
    """The last step asks for those before it; addmm for the products."""

    def step_forward(self, x, prev_h, prev_c, attn):
        a = torch.addmm(torch.addmm(torch.addmm(self.b, x, self.Wx), prev_h, self.Wh), attn, self.Wattn)
        H = prev_h.shape[1]
        i, f, o, g = a.split(H, dim=1)
        c = prev_c.mul(f.sigmoid()).add(i.sigmoid().mul(g.tanh()))
        return c.tanh().mul(o.sigmoid()), c

    def _until(self, t, x, A):
        if t < 0:
            mean = torch.einsum("nhrc->nh", A) / (A.shape[2] * A.shape[3])
            return mean, mean, [], []
        h, c, states, looks = self._until(t - 1, x, A)
        attn, weights = namespace["dot_product_attention"](h, A)
        h, c = self.step_forward(x[:, t, :], h, c, attn)
        return h, c, [*states, h], [*looks, weights]

    def forward(self, x, A):
        *_, states, looks = self._until(x.shape[1] - 1, x, A)
        return torch.stack(states).movedim(0, 1), torch.stack(looks).movedim(0, 1)

    in_place_of(namespace, "AttentionLSTM", {"step_forward": step_forward, "_until": _until, "forward": forward})


def captioner_with_a_generator(namespace):
    """One generator speaks; teacher and sampler send it the words that it reads next."""

    def _speaks(self, features):
        keys = self.key(features)
        h, c = (first(features.mean(dim=-2)) for first in (self.first_h, self.first_c))
        words = yield
        while True:
            attn, weights = self.attend(h, features, keys)
            h, c = self.cell(torch.cat([self.embed(words), attn], dim=-1), (h, c))
            words = yield self.vocabulary(torch.cat([h, attn], dim=-1)), weights

    def _spoken(self, features):
        speaker = self._speaks(features)
        next(speaker)
        return speaker.send

    def forward(self, features, captions):
        say = self._spoken(features)
        scores, looks = zip(*(say(words) for words in captions[:, :-1].unbind(1)), strict=True)
        return torch.stack(scores, 1), torch.stack(looks, 1)

    def loss_of(self, scores, captions):
        wide = scores if scores.dtype == torch.float64 else scores.float()
        logs = wide.log_softmax(dim=-1).transpose(1, 2)
        return functional.nll_loss(logs, captions[:, 1:], ignore_index=self.null, reduction="sum") / captions.size(0)

    @torch.no_grad()
    def sample(self, features, max_length=30):
        say, N = self._spoken(features), len(features)
        said, looks = [], []
        words, over = torch.tensor([self.start] * N), torch.zeros(N, dtype=torch.bool)
        while len(said) < max_length:
            scores, weights = say(words)
            scores[:, self.start] = scores[:, self.null] = scores.min() - 1
            words = torch.where(over, self.null, scores.argmax(-1))
            said.append(words)
            looks.append(torch.where(over[:, None], torch.zeros_like(weights), weights))
            over = over | (words == self.end)
        return torch.stack(said, dim=1), torch.stack(looks, dim=1)

    methods = {"_speaks": _speaks, "_spoken": _spoken, "forward": forward, "loss_of": loss_of, "sample": sample}
    in_place_of(namespace, "AttentionCaptioner", methods)


def captioner_that_scores_in_the_end(namespace):
    """All words embedded before the loop, all scores after it; best of the three likeliest that may be said."""

    def _step(self, vectors, memory, features, keys):
        attn, weights = self.attend(memory[0], features, keys)
        memory = self.cell(torch.cat((vectors, attn), 1), memory)
        return torch.cat((memory[0], attn), 1), weights, memory

    def _first(self, features):
        mean = torch.mean(features, 1)
        return (self.first_h(mean), self.first_c(mean)), self.key(features)

    def forward(self, features, captions):
        memory, keys = self._first(features)
        vectors, read, looks = self.embed(captions), [], []
        for t in range(captions.shape[1] - 1):
            one, weights, memory = self._step(vectors[:, t], memory, features, keys)
            read.append(one)
            looks.append(weights)
        return self.vocabulary(torch.stack(read, dim=1)), torch.stack(looks, dim=1)

    def loss_of(self, scores, captions):
        targets = captions[:, 1:]
        wide = scores.to(torch.float64)
        surprise = wide.logsumexp(dim=2) - (functional.one_hot(targets, scores.shape[2]) * wide).sum(dim=2)
        total = torch.where(targets == self.null, 0.0, surprise).sum(dim=1).mean()
        return total.to(scores.dtype if scores.dtype == torch.float64 else torch.float32)

    @torch.no_grad()
    def sample(self, features, max_length=30):
        memory, keys = self._first(features)
        said, looks = [[] for _ in features], torch.zeros(len(features), max_length, features.shape[1]).to(features)
        last = [self.start] * len(features)
        for t in range(max_length):
            one, weights, memory = self._step(self.embed(torch.tensor(last)), memory, features, keys)
            best = self.vocabulary(one).topk(3, dim=1).indices.tolist()
            last = [next(word for word in row if word not in (self.start, self.null)) for row in best]
            for n, word in enumerate(last):
                if self.end not in said[n]:
                    said[n].append(word)
                    looks[n, t] = weights[n]
        rows = [words + [self.null] * (max_length - len(words)) for words in said]
        return torch.tensor(rows), looks

    methods = {"_step": _step, "_first": _first, "forward": forward, "loss_of": loss_of, "sample": sample}
    in_place_of(namespace, "AttentionCaptioner", methods)


def captioner_with_gates_by_hand(namespace):
    """The cell's equations with slices in torch's order; -inf is added where forbidden; stops when all have ended."""

    def _cell(self, x, h, c):
        a = functional.linear(x, self.cell.weight_ih, self.cell.bias_ih)
        a = a + functional.linear(h, self.cell.weight_hh, self.cell.bias_hh)
        H = h.shape[1]
        c = a[:, H : 2 * H].sigmoid() * c + a[:, :H].sigmoid() * a[:, 2 * H : 3 * H].tanh()
        return a[:, 3 * H :].sigmoid() * c.tanh(), c

    def forward(self, features, captions):
        keys, mean = self.key(features), features.mean(1)
        h, c, out = self.first_h(mean), self.first_c(mean), []
        for t in range(1, captions.shape[1]):
            attn, weights = self.attend(h, features, keys)
            h, c = self._cell(torch.cat([self.embed(captions[:, t - 1]), attn], 1), h, c)
            out.append([self.vocabulary(torch.cat([h, attn], 1)), weights])
        return tuple(torch.stack(part, 1) for part in zip(*out, strict=True))

    def sample(self, features, max_length=30):
        N, L, _ = features.shape
        said, looks = torch.full((N, max_length), self.null), features.new_zeros(N, max_length, L)
        forbidden = features.new_zeros(self.vocabulary.out_features)
        forbidden[[self.null, self.start]] = -float("inf")
        with torch.no_grad():
            keys, mean = self.key(features), features.mean(1)
            h, c, word = self.first_h(mean), self.first_c(mean), torch.full((N,), self.start)
            speaking = torch.arange(N)
            for t in range(max_length):
                attn, weights = self.attend(h, features, keys)
                h, c = self._cell(torch.cat([self.embed(word), attn], 1), h, c)
                word = (self.vocabulary(torch.cat([h, attn], 1)) + forbidden).argmax(1)
                said[speaking, t], looks[speaking, t] = word[speaking], weights[speaking]
                speaking = speaking[word[speaking] != self.end]
                if len(speaking) == 0:
                    break
        return said, looks

    in_place_of(namespace, "AttentionCaptioner", {"_cell": _cell, "forward": forward, "sample": sample})


def hard_loss_of_logits(namespace):
    """Categorical with logits; rewards by a cumulated sum of reversed indices."""

    def hard_attention_loss(word_log_probs, weights, positions, counts, baseline):
        turned = torch.arange(counts.shape[1] - 1, -1, -1)
        words = torch.where(counts, word_log_probs, torch.zeros_like(word_log_probs))
        rewards = torch.cumsum(words[:, turned], 1)[:, turned]
        looks = Categorical(logits=torch.log(weights)).log_prob(positions)
        surplus = (rewards - baseline).detach()
        return -(words.sum() + (surplus * looks)[counts].sum()) / counts.shape[0]

    namespace["hard_attention_loss"] = hard_attention_loss


def hard_loss_with_plain_numbers(namespace):
    """Rewards as lists of plain numbers, which no gradient can pass; places picked by nll_loss."""

    def hard_attention_loss(word_log_probs, weights, positions, counts, baseline):
        mask = counts.to(word_log_probs)
        rows = (word_log_probs * mask).tolist()
        rewards = word_log_probs.new_tensor([list(accumulate(row[::-1]))[::-1] for row in rows])
        surplus = rewards - baseline.detach()
        surprise = functional.nll_loss(weights.log().flatten(0, 1), positions.flatten(), reduction="none")
        losses = -word_log_probs + surplus * surprise.view_as(surplus)
        return torch.einsum("nt,nt->", losses, mask) / len(mask)

    namespace["hard_attention_loss"] = hard_attention_loss


def hard_loss_caption_by_caption(namespace):
    """Loops over captions and steps, as one would say it."""

    def hard_attention_loss(word_log_probs, weights, positions, counts, baseline):
        total = word_log_probs.new_zeros(())
        for n in range(len(counts)):
            spoken = [t for t in range(counts.shape[1]) if counts[n, t]]
            for t in spoken:
                reward = sum(word_log_probs[n, k].item() for k in spoken if k >= t)
                look = weights[n, t, positions[n, t]].log()
                total = total - word_log_probs[n, t] - (reward - baseline[n, t].item()) * look
        return total / len(counts)

    namespace["hard_attention_loss"] = hard_attention_loss


MODELS = [
    lstm_of_four_gates,
    lstm_with_one_product,
    lstm_that_calls_itself,
    captioner_with_a_generator,
    captioner_that_scores_in_the_end,
    captioner_with_gates_by_hand,
    hard_loss_of_logits,
    hard_loss_with_plain_numbers,
    hard_loss_caption_by_caption,
]
