"""More right answers in other clothes for stage 6: the torch module, searches and measures."""

import math
from bisect import insort
from collections import Counter, namedtuple
from dataclasses import dataclass
from fractions import Fraction
from statistics import geometric_mean

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def in_place_of(namespace, name, methods):
    """A class like the reference's, with other methods."""
    namespace[name] = type(name, (namespace[name],), methods)


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


def beam_of_matrices(namespace):
    """A matrix of sums, its largest entries by argpartition; ended captions in it as a column of their own."""

    def beam_search(step, state, start, end, width, max_length):
        captions, totals, memories = [[]], np.zeros(1), [state]
        for _ in range(max_length):
            rows, after = [], []
            for words, memory in zip(captions, memories, strict=True):
                if words and words[-1] == end:
                    rows.append(None)
                    after.append(memory)
                else:
                    logs, state = step(memory, words[-1] if words else start)
                    rows.append(np.asarray(logs))
                    after.append(state)
            if all(row is None for row in rows):
                break
            V = max(len(row) for row in rows if row is not None)
            table = np.full((len(rows), V + 1), -np.inf)
            for k, row in enumerate(rows):
                table[k, -1 if row is None else slice(V)] = totals[k] + (0.0 if row is None else row)
            flat = table.ravel()
            best = np.argpartition(-flat, min(width, flat.size) - 1)[:width]
            best = [int(place) for place in best[np.argsort(-flat[best])] if flat[place] > -np.inf]
            origins, said = np.divmod(best, V + 1)
            captions = [captions[k] + ([] if word == V else [int(word)]) for k, word in zip(origins, said, strict=True)]
            memories, totals = [after[k] for k in origins], flat[best]
        return np.array(captions[0]), totals[0]

    namespace["beam_search"] = beam_search


def beam_of_objects(namespace):
    """Captions as objects that know their parents; a list that is kept sorted."""

    @dataclass(frozen=True)
    class Beginning:
        total: float
        word: int
        parent: object
        state: object

        def words(self):
            return [] if self.parent is None else [*self.parent.words(), self.word]

        def ended(self, end):
            return self.parent is not None and self.word == end

    def beam_search(step, state, start, end, width, max_length):
        beam = [Beginning(0.0, start, None, state)]
        for _ in range(max_length):
            kept = []
            for one in beam:
                if one.ended(end):
                    insort(kept, one, key=lambda b: -b.total)
                    continue
                logs, after = step(one.state, one.word)
                for word, log in enumerate(np.asarray(logs).tolist()):
                    insort(kept, Beginning(one.total + log, word, one, after), key=lambda b: -b.total)
                    del kept[width:]
            beam = kept[:width]
        return np.array(beam[0].words()), beam[0].total

    namespace["beam_search"] = beam_search


def beam_in_a_dictionary(namespace):
    """Captions as keys, sums as values; the states in a dictionary beside."""

    def beam_search(step, state, start, end, width, max_length):
        sums, states = {(): 0.0}, {(): state}
        for _ in range(max_length):
            longer = {words: total for words, total in sums.items() if words[-1:] == (end,)}
            after = {}
            for words, total in sums.items():
                if words[-1:] != (end,):
                    logs, next_state = step(states[words], (start, *words)[-1])
                    longer.update({(*words, k): total + one for k, one in enumerate(logs)})
                    after.update(dict.fromkeys(((*words, k) for k in range(len(logs))), next_state))
            chosen = Counter(longer).most_common(width)
            sums, states = dict(chosen), {words: after.get(words) for words, _ in chosen}
        best = max(sums, key=sums.get)
        return np.fromiter(best, dtype=int), sums[best].item()

    namespace["beam_search"] = beam_search


def bleu_in_exact_fractions(namespace):
    """Exact fractions, n-grams of slices in nested dictionaries."""

    def count(words, n):
        counts = {}
        for k in range(len(words) + 1 - n):
            gram = tuple(words[k : k + n])
            counts[gram] = counts.get(gram, 0) + 1
        return counts

    def nearness(said):
        return lambda one: (abs(len(one) - len(said)), len(one))

    def bleu(candidates, references, max_n=4):
        precisions = []
        for n in range(1, max_n + 1):
            hits = places = 0
            for said, right in zip(candidates, references, strict=True):
                most = {}
                for one in right:
                    for gram, number in count(one, n).items():
                        most[gram] = max(number, most.get(gram, 0))
                for gram, number in count(said, n).items():
                    places += number
                    hits += min(number, most.get(gram, 0))
            precisions.append(Fraction(hits, places) if places else Fraction(0))
        if not all(precisions):
            return 0.0
        c = sum(len(said) for said in candidates)
        nearest = [min(right, key=nearness(said)) for said, right in zip(candidates, references, strict=True)]
        r = sum(map(len, nearest))
        brevity = 1 if c >= r else math.e ** (1 - r / c)
        return brevity * float(math.prod(precisions)) ** (1 / max_n)

    namespace["bleu"] = bleu


def bleu_by_ticking_off(namespace):
    """Each n-gram that is said is ticked off in every reference that still has it; the library's geometric mean."""

    Score = namedtuple("Score", "hits places")

    def ticked(said, right, n):
        left = [[tuple(one[k : k + n]) for k in range(len(one) - n + 1)] for one in right]
        hits, places = 0, max(len(said) - n + 1, 0)
        for k in range(places):
            gram = tuple(said[k : k + n])
            found = [one for one in left if gram in one]
            hits += bool(found)
            for one in found:
                one.remove(gram)
        return Score(hits, places)

    def bleu(candidates, references, max_n=4):
        both = list(zip(candidates, references, strict=True))
        scores = [[ticked(said, right, n + 1) for said, right in both] for n in range(max_n)]
        hits = [sum(one.hits for one in row) for row in scores]
        if 0 in hits:
            return 0
        mean = geometric_mean(found / sum(one.places for one in row) for found, row in zip(hits, scores, strict=True))
        c = r = 0
        for said, right in both:
            lengths = np.array(sorted(len(one) for one in right))
            c, r = c + len(said), r + int(lengths[np.abs(lengths - len(said)).argmin()])
        return mean * min(1, math.exp(1 - r / c))

    namespace["bleu"] = bleu


def bleu_in_arrays(namespace):
    """Counts in two arrays, one row for each sentence; a helper class; float32 where it does no harm."""

    class Sentence:
        def __init__(self, words):
            self.words = list(words)

        def grams(self, n):
            return ["\x00".join(self.words[k : k + n]) for k in range(len(self.words)) if k + n <= len(self.words)]

        def hits(self, others, n):
            mine, theirs = self.grams(n), [other.grams(n) for other in others]
            return sum(min(mine.count(gram), max(one.count(gram) for one in theirs)) for gram in set(mine))

    def bleu(candidates, references, max_n=4):
        table = np.zeros((2, len(candidates), max_n))
        lengths = np.zeros((len(candidates), 2), dtype=int)
        for row, (said, right) in enumerate(zip(candidates, references, strict=True)):
            own, others = Sentence(said), [Sentence(one) for one in right]
            table[0, row] = [own.hits(others, n) for n in range(1, max_n + 1)]
            table[1, row] = [len(own.grams(n)) for n in range(1, max_n + 1)]
            gaps = [(len(one.words) - len(own.words)) for one in others]
            lengths[row] = len(own.words), len(own.words) + sorted(gaps, key=lambda gap: (abs(gap), gap))[0]
        hits, places = table.sum(axis=1)
        if not hits.all():
            return np.float64(0)
        c, r = lengths.sum(axis=0)
        return np.exp(np.mean(np.log(hits)) - np.mean(np.log(places)) + np.minimum(0, 1 - r / c))

    namespace["bleu"] = bleu


MEASURES = [
    module_with_a_cell_of_torch,
    module_with_equations,
    module_with_a_mask_of_ones,
    beam_of_matrices,
    beam_of_objects,
    beam_in_a_dictionary,
    bleu_in_exact_fractions,
    bleu_by_ticking_off,
    bleu_in_arrays,
]
