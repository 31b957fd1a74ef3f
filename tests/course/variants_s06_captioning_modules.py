"""Right answers in other clothes for stage 6's torch module."""

import math

import torch
from torch import nn
from torch.nn import functional

from tests.course.variants_s06_captioning_more import in_place_of


def module_of_cells(namespace):
    """torch's cell, step by step, with the parameters of the layer; the loss by gathering log-probabilities."""

    def forward(self, features, captions):
        h = self.project(features)
        c = torch.zeros_like(h)
        scores = []
        for t in range(captions.shape[1] - 1):
            h, c = self._cell(captions[:, t], h, c)
            scores.append(self.vocabulary(h))
        return torch.stack(scores, 1)

    def _cell(self, words, h, c):
        lstm = self.lstm
        weights = (lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0)
        return torch.lstm_cell(self.embed(words), (h, c), *weights)

    def loss_of(self, scores, captions):
        scores = scores.float() if scores.dtype == torch.bfloat16 else scores
        right = captions[:, 1:, None].long()
        logs = functional.log_softmax(scores, dim=-1).gather(2, right)[..., 0]
        return -(logs * (captions[:, 1:] != self.null)).sum() / captions.shape[0]

    def sample(self, features, max_length=30):
        with torch.no_grad():
            h = self.project(features)
            c, word, rows = torch.zeros_like(h), torch.full((len(h),), self.start), []
            for _ in range(max_length):
                h, c = self._cell(word, h, c)
                scores = self.vocabulary(h).double()
                scores[:, self.null] = scores[:, self.start] = -1e30
                word = scores.max(dim=1).indices
                rows.append(word)
            said = torch.stack(rows, 1)
            ended = (said == self.end).long().cumsum(1) - (said == self.end).long()
            return said.masked_fill(ended > 0, self.null)

    in_place_of(namespace, "Captioner", {"forward": forward, "_cell": _cell, "loss_of": loss_of, "sample": sample})


def module_row_by_row(namespace):
    """Samples one image at a time; the mask by hand before the loss."""

    def sample(self, features, max_length=30):
        rows = []
        for one in features:
            h = self.project(one)[None, None]
            memory, row = (h, h * 0), []
            last = self.start
            for _ in range(max_length):
                states, memory = self.lstm(self.embed(torch.tensor([[last]])), memory)
                scores = self.vocabulary(states)[0, 0].tolist()
                last = max((k for k in range(len(scores)) if k not in (self.start, self.null)), key=scores.__getitem__)
                row.append(last)
                if last == self.end:
                    break
            rows.append(row + [self.null] * (max_length - len(row)))
        return torch.tensor(rows)

    def loss_of(self, scores, captions):
        counts = captions[:, 1:] != self.null
        wide = scores[counts].to(torch.float64 if scores.dtype == torch.float64 else torch.float32)
        return functional.cross_entropy(wide, captions[:, 1:][counts].long(), reduction="sum").div(len(captions))

    in_place_of(namespace, "Captioner", {"loss_of": loss_of, "sample": sample})


def module_with_the_image_as_a_packed_start(namespace):
    """Forward with a batch that lies the other way round inside."""

    def forward(self, features, captions):
        h0 = self.project(features).unsqueeze(0).contiguous()
        c0 = h0.new_zeros(h0.shape)
        out, _ = self.lstm(self.embed(captions)[:, : captions.size(1) - 1], (h0, c0))
        return self.vocabulary(out.reshape(-1, out.shape[-1])).view(len(captions), -1, self.vocabulary.out_features)

    in_place_of(namespace, "Captioner", {"forward": forward})


def module_with_a_cell_of_torch(namespace):
    """An LSTMCell that borrows the layer's parameters; words are written until all have ended."""

    def _cell(self):
        cell = nn.LSTMCell(self.lstm.input_size, self.lstm.hidden_size, device="meta")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(cell, name, getattr(self.lstm, f"{name}_l0"))
        return cell

    def forward(self, features, captions):
        cell, h, out = self._cell(), self.project(features), []
        state = (h, torch.zeros_like(h))
        for words in captions.t()[:-1]:
            state = cell(self.embed(words), state)
            out.append(state[0])
        return self.vocabulary(torch.stack(out, dim=1))

    def sample(self, features, max_length=30):
        with torch.no_grad():
            cell, h = self._cell(), self.project(features)
            state, word = (h, h.new_zeros(h.shape)), torch.as_tensor([self.start]).repeat(len(h))
            out, alive = torch.full((len(h), max_length), self.null), torch.ones_like(word, dtype=torch.bool)
            for t in range(max_length):
                state = cell(self.embed(word), state)
                scores = self.vocabulary(state[0]).index_fill(1, torch.tensor([self.start, self.null]), -torch.inf)
                word = scores.max(1)[1]
                out[alive, t] = word[alive]
                alive &= word.ne(self.end)
                if not alive.any():
                    return out
            return out

    in_place_of(namespace, "Captioner", {"_cell": _cell, "forward": forward, "sample": sample})


def module_with_equations(namespace):
    """The LSTM by its equations, inputs multiplied beforehand; the loss by log-sum-exp, row by row."""

    def _states(self, h, a):
        c, states = torch.zeros_like(h), []
        for t in range(a.shape[1]):
            i, f, g, o = torch.split(a[:, t] + h @ self.lstm.weight_hh_l0.T, h.shape[1], dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            states.append(h)
        return torch.stack(states, 1)

    def _read(self, words):
        return functional.linear(self.embed(words), self.lstm.weight_ih_l0, self.lstm.bias_ih_l0) + self.lstm.bias_hh_l0

    def forward(self, features, captions):
        states = self._states(self.project(features), self._read(captions)[:, :-1])
        return torch.einsum("nth,vh->ntv", states, self.vocabulary.weight) + self.vocabulary.bias

    def loss_of(self, scores, captions):
        rows = []
        for said, row in zip(scores, captions[:, 1:], strict=True):
            wide = said[row != self.null]
            wide = wide.float() if wide.element_size() < 4 else wide
            right = row[row != self.null].to(torch.int64)
            rows.append((wide.logsumexp(1) - wide[torch.arange(len(right)), right]).sum())
        return torch.stack(rows).mean()

    def sample(self, features, max_length=30):
        allowed = [word for word in range(self.vocabulary.out_features) if word not in (self.start, self.null)]
        allowed = torch.tensor(allowed)
        said = torch.full((len(features), 1), self.start)
        with torch.no_grad():
            for _ in range(max_length):
                last = self._states(self.project(features), self._read(said))[:, -1]
                word = allowed[self.vocabulary(last)[:, allowed].argmax(1)]
                word[(said == self.end).any(1)] = self.null
                said = torch.cat([said, word[:, None]], 1)
        return said[:, 1:].int()

    methods = {"_states": _states, "_read": _read, "forward": forward, "loss_of": loss_of, "sample": sample}
    in_place_of(namespace, "Captioner", methods)


def module_with_a_mask_of_ones(namespace):
    """torch's loss without a sum, weighed by a mask; a generator of words."""

    def loss_of(self, scores, captions):
        right = captions[:, 1:].long()
        mask = torch.where(right == self.null, 0.0, 1.0)
        scores = scores if scores.dtype in (torch.float32, torch.float64) else scores.to(torch.float32)
        each = nn.CrossEntropyLoss(reduction="none")(scores.transpose(1, 2), right)
        return (each * mask.to(each)).sum(dim=1).mean(dim=0)

    def _words(self, features):
        h = self.project(features).detach()[None]
        memory, word = (h, 0 * h), torch.full((h.shape[1], 1), self.start)
        banned = torch.zeros(self.vocabulary.out_features).to(h)
        banned[[self.start, self.null]] = -math.inf
        while True:
            states, memory = self.lstm(self.embed(word), memory)
            word = (self.vocabulary(states) + banned).argmax(dim=-1)
            yield word[:, 0]

    def sample(self, features, max_length=30):
        with torch.no_grad():
            said = torch.stack([word for _, word in zip(range(max_length), self._words(features), strict=False)], 1)
        for row in said:
            ends = torch.nonzero(row == self.end)
            if len(ends):
                row[ends[0, 0] + 1 :] = self.null
        return said

    in_place_of(namespace, "Captioner", {"loss_of": loss_of, "_words": _words, "sample": sample})


MODULES = [
    module_of_cells,
    module_row_by_row,
    module_with_the_image_as_a_packed_start,
    module_with_a_cell_of_torch,
    module_with_equations,
    module_with_a_mask_of_ones,
]
