"""Right answers in other clothes for stage 6: each replaces names in the reference's namespace."""

import heapq
import math
from collections import Counter, defaultdict

import numpy as np
import torch
from torch.nn import functional

from tests.course.variants_s06_captioning_measures import MEASURES
from tests.course.variants_s06_captioning_more import MORE


def in_place_of(namespace, name, methods):
    """A class like the reference's, with other methods."""
    namespace[name] = type(name, (namespace[name],), methods)


def captioner_word_by_word(namespace):  # noqa: PLR0915
    """Everything by the hand of the student: a loop over time, sums over the batch, no function of an earlier stage."""

    def sigmoid(a):
        return 1 / (1 + np.exp(-np.clip(a, -500, 500)))

    def step(self, x, h, c):
        p = self.params
        a = x @ p["Wx"] + h @ p["Wh"] + p["b"]
        if self.cell_type == "rnn":
            return np.tanh(a), c, None
        i, f, o = (sigmoid(one) for one in np.split(a, 4, axis=1)[:3])
        g = np.tanh(np.split(a, 4, axis=1)[3])
        after = f * c + i * g
        return o * np.tanh(after), after, (i, f, o, g)

    def back(self, dh, dc, kept):
        _, _, c, next_h, next_c, gates = kept
        if self.cell_type == "rnn":
            da = dh * (1 - next_h**2)
        else:
            i, f, o, g = gates
            shown = np.tanh(next_c)
            dc = dc + dh * o * (1 - shown**2)
            parts = [dc * g * i * (1 - i), dc * c * f * (1 - f), dh * shown * o * (1 - o), dc * i * (1 - g**2)]
            da, dc = np.hstack(parts), dc * f
        return da, dc

    def loss(self, features, captions):
        p, (N, T) = self.params, captions.shape
        grads = {name: np.zeros_like(one) for name, one in p.items()}
        first = h = features.dot(p["W_proj"]) + p["b_proj"]
        c, total, kept, dscores = np.zeros_like(h), 0.0, [], []
        for t in range(T - 1):
            x = p["W_embed"][captions[:, t]]
            next_h, next_c, gates = step(self, x, h, c)
            kept.append((x, h, c, next_h, next_c, gates))
            h, c = next_h, next_c
            scores = h @ p["W_vocab"] + p["b_vocab"]
            scores = scores - scores.max(axis=1, keepdims=True)
            logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
            right, counts = captions[:, t + 1], captions[:, t + 1] != self.null
            total -= logs[np.arange(N), right][counts].sum() / N
            d = np.exp(logs)
            d[np.arange(N), right] -= 1
            dscores.append(d * counts[:, None] / N)
        dh, dc = np.zeros_like(first), np.zeros_like(first)
        for t in range(T - 2, -1, -1):
            x, h, _, next_h, _, _ = kept[t]
            d = dscores[t].astype(h.dtype)
            grads["W_vocab"] += next_h.T @ d
            grads["b_vocab"] += d.sum(axis=0)
            da, dc = back(self, dh + d @ p["W_vocab"].T, dc, kept[t])
            grads["Wx"] += x.T @ da
            grads["Wh"] += h.T @ da
            grads["b"] += da.sum(axis=0)
            np.add.at(grads["W_embed"], captions[:, t], da @ p["Wx"].T)
            dh = da @ p["Wh"].T
        grads["W_proj"] += features.T @ dh
        grads["b_proj"] += dh.sum(axis=0)
        return np.float64(total), grads

    def sample(self, features, max_length=30):
        rows = []
        for one in features:
            h = (one @ self.params["W_proj"] + self.params["b_proj"])[None]
            c, row = np.zeros_like(h), [self.start]
            while len(row) <= max_length and row[-1] != self.end:
                h, c, _ = step(self, self.params["W_embed"][row[-1:]], h, c)
                order = np.argsort(-(h @ self.params["W_vocab"] + self.params["b_vocab"])[0], kind="stable")
                row.append(next(int(word) for word in order if word not in (self.null, self.start)))
            rows.append(row[1:] + [self.null] * (max_length + 1 - len(row)))
        return np.array(rows, dtype=np.int32)

    in_place_of(namespace, "CaptioningRNN", {"loss": loss, "sample": sample})


def captioner_of_steps(namespace):
    """Earlier stages' single steps in training too, caches on a stack; prints on the way."""
    earlier = namespace["earlier"]

    def loss(self, features, captions):
        p = dict(self.params)
        print("features", features.shape)
        inputs, right = np.array(captions[:, :-1]), np.array(captions[:, 1:])
        wide = features[:, None, :]
        first, door = earlier.temporal_affine_forward(wide, p["W_proj"], p["b_proj"])
        words, looked_up = earlier.word_embedding_forward(inputs, p["W_embed"])
        state, cell, stack, states = first[:, 0], np.zeros_like(first[:, 0]), [], []
        for t in range(inputs.shape[1]):
            if self.cell_type == "lstm":
                state, cell, cache = earlier.lstm_step_forward(words[:, t], state, cell, p["Wx"], p["Wh"], p["b"])
            else:
                state, cache = earlier.rnn_step_forward(words[:, t], state, p["Wx"], p["Wh"], p["b"])
            stack.append(cache)
            states.append(state)
        scores, kept = earlier.temporal_affine_forward(np.stack(states, axis=1), p["W_vocab"], p["b_vocab"])
        total, dscores = earlier.temporal_softmax_loss(scores, right, np.logical_not(right == self.null))
        dstates, dW_vocab, db_vocab = earlier.temporal_affine_backward(dscores, kept)
        dwords, later, later_cell = np.empty_like(words), np.zeros_like(state), np.zeros_like(state)
        sums = [0.0, 0.0, 0.0]
        while stack:
            t, cache = len(stack) - 1, stack.pop()
            arriving = dstates[:, t] + later
            if self.cell_type == "lstm":
                dwords[:, t], later, later_cell, *parts = earlier.lstm_step_backward(arriving, later_cell, cache)
            else:
                dwords[:, t], later, *parts = earlier.rnn_step_backward(arriving, cache)
            sums = [one + part for one, part in zip(sums, parts, strict=True)]
        _, dW_proj, db_proj = earlier.temporal_affine_backward(later[:, None], door)
        found = (dW_proj, db_proj, earlier.word_embedding_backward(dwords, looked_up), *sums, dW_vocab, db_vocab)
        return [total, dict(zip(p, found, strict=True))]

    in_place_of(namespace, "CaptioningRNN", {"loss": loss})


def captioner_with_a_large_sample(namespace):
    """Samples for all rows to the very end, and cuts afterwards; the whole sequence is read anew for every word."""
    earlier = namespace["earlier"]

    def sample(self, features, max_length=30):
        p = self.params
        h0 = features @ p["W_proj"] + p["b_proj"]
        run = earlier.rnn_forward if self.cell_type == "rnn" else earlier.lstm_forward
        said = np.full((len(features), 1), self.start)
        for _ in range(max_length):
            h, _ = run(p["W_embed"][said], h0, p["Wx"], p["Wh"], p["b"])
            scores = h[:, -1] @ p["W_vocab"] + p["b_vocab"]
            barred = np.isin(np.arange(scores.shape[1]), [self.start, self.null])
            said = np.hstack([said, np.where(barred, -np.inf, scores).argmax(axis=1)[:, None]])
        said = said[:, 1:]
        after = np.cumsum(said == self.end, axis=1) - (said == self.end) > 0
        said[after] = self.null
        return said

    in_place_of(namespace, "CaptioningRNN", {"sample": sample})


def inject_side_by_side(namespace):
    """Input and image side by side, one large product; a class for a cache."""

    class Kept:
        def __init__(self, **things):
            self.__dict__.update(things)

    def inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b):
        wide, weights = np.hstack([x, prev_h, v]), np.vstack([Wx, Wh, Wi])
        h = np.tanh(wide @ weights + b[None])
        return [h, Kept(wide=wide, weights=weights, h=h.copy(), cuts=[x.shape[1], x.shape[1] + prev_h.shape[1]])]

    def inject_step_backward(dnext_h, kept):
        d = dnext_h - dnext_h * kept.h * kept.h
        dx, dprev_h, dv = np.split(d @ kept.weights.T, kept.cuts, axis=1)
        dWx, dWh, dWi = np.split(kept.wide.T @ d, kept.cuts, axis=0)
        return [dx, dprev_h, dv, dWx, dWh, dWi, np.einsum("nh->h", d)]

    namespace["inject_step_forward"], namespace["inject_step_backward"] = inject_step_forward, inject_step_backward


def inject_example_by_example(namespace):
    """A loop over the batch."""

    def inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b):
        next_h = np.zeros_like(prev_h)
        for n in range(len(x)):
            next_h[n] = np.tanh(Wx.T @ x[n] + Wh.T @ prev_h[n] + Wi.T @ v[n] + b)
        return next_h, {"in": (x, prev_h, v), "by": (Wx, Wh, Wi), "out": next_h}

    def inject_step_backward(dnext_h, cache):
        seen = [np.zeros_like(one) for one in cache["in"]]
        learned = [np.zeros_like(one) for one in cache["by"]]
        db = np.zeros_like(dnext_h[0])
        for n, d in enumerate(dnext_h):
            local = d / np.cosh(np.arctanh(np.clip(cache["out"][n], -1 + 1e-16, 1 - 1e-16))) ** 2
            db = db + local
            for k in range(3):
                seen[k][n] = cache["by"][k] @ local
                learned[k] += np.outer(cache["in"][k][n], local)
        return (*seen, *learned, db)

    namespace["inject_step_forward"], namespace["inject_step_backward"] = inject_step_forward, inject_step_backward


def inject_by_way_of_the_bias(namespace):
    """What the image gives is put into the bias of each row; the slope from the exponential function."""

    def inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b):
        rows = np.matmul(v, Wi) + b
        return np.tanh(np.dot(prev_h, Wh) + np.dot(x, Wx) + rows), (x, prev_h, v, Wx, Wh, Wi, rows)

    def inject_step_backward(dnext_h, cache):
        x, prev_h, v, Wx, Wh, Wi, rows = cache
        h = np.tanh(x @ Wx + prev_h @ Wh + rows)
        d = dnext_h * (1 + h) * (1 - h)
        return d @ Wx.T, d @ Wh.T, d @ Wi.T, x.T @ d, prev_h.T @ d, v.T @ d, np.ones(len(d), d.dtype) @ d

    namespace["inject_step_forward"], namespace["inject_step_backward"] = inject_step_forward, inject_step_backward


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


def beam_in_arrays(namespace):
    """All scores of a round in one array; ended captions aside, and the list cut to what fits."""

    def beam_search(step, state, start, end, width, max_length):
        alive, done = [([], 0.0, state)], []
        for _ in range(max_length):
            grown = []
            for words, total, memory in alive:
                logs, after = step(memory, words[-1] if words else start)
                for word in np.argsort(-logs)[:width]:
                    grown.append(([*words, int(word)], total + logs[word], after))
            pool = sorted(grown + done, key=lambda one: -one[1])[:width]
            done = [one for one in pool if one[0][-1] == end]
            alive = [one for one in pool if one[0][-1] != end]
            if not alive:
                break
        words, total, _ = max(alive + done, key=lambda one: one[1])
        return np.asarray(words, dtype=np.int32), np.float64(total)

    namespace["beam_search"] = beam_search


def beam_with_a_heap(namespace):
    """A heap of tuples; stops as soon as the best of all has ended, since log-probabilities only fall."""

    def beam_search(step, state, start, end, width, max_length):
        count = 0
        beam = [(0.0, count, (start,), state)]
        for place in range(max_length):
            candidates = []
            for cost, _, words, memory in beam:
                if place and words[-1] == end:
                    candidates.append((cost, count, words, memory))
                    count += 1
                else:
                    logs, after = step(memory, words[-1])
                    for word in range(len(logs)):
                        candidates.append((cost - logs[word], count, (*words, word), after))
                        count += 1
            beam = heapq.nsmallest(width, candidates)
            if beam[0][2][-1] == end:
                break
        return [np.array(beam[0][2][1:]), -beam[0][0]]

    namespace["beam_search"] = beam_search


def beam_by_recursion(namespace):
    """One round is a function that calls itself."""

    def beam_search(step, state, start, end, width, max_length):
        def go_on(beam, left):
            if left == 0:
                return beam[0]
            longer = []
            for total, words, memory in beam:
                if len(words) > 1 and words[-1] == end:
                    longer += [(total, words, memory)]
                else:
                    logs, after = step(memory, words[-1])
                    longer += [(total + logs[k], [*words, k], after) for k in range(logs.size)]
            longer.sort(key=lambda one: one[0])
            return go_on(longer[::-1][:width], left - 1)

        total, words, _ = go_on([(np.float64(0), [start], state)], max_length)
        return np.array(words[1:]), float(total)

    namespace["beam_search"] = beam_search


def bleu_with_dictionaries(namespace):
    """Plain dictionaries, fractions multiplied, a root at the end."""

    def bleu(candidates, references, max_n=4):
        product, c, r = 1.0, 0, 0
        for n in range(1, max_n + 1):
            hits = total = 0
            for candidate, right in zip(candidates, references, strict=True):
                counts = defaultdict(int)
                for k in range(len(candidate) - n + 1):
                    counts[" ".join(candidate[k : k + n])] += 1
                for gram, count in counts.items():
                    ceiling = 0
                    for one in right:
                        there = [" ".join(one[k : k + n]) for k in range(len(one) - n + 1)]
                        ceiling = max(ceiling, there.count(gram))
                    hits += min(count, ceiling)
                total += sum(counts.values())
            product *= hits / total if total else 0.0
        for candidate, right in zip(candidates, references, strict=True):
            c += len(candidate)
            r += sorted((len(one) for one in right), key=lambda length: (abs(length - len(candidate)), length))[0]
        if c == 0:
            return 0
        return product ** (1 / max_n) * min(1.0, math.exp(1 - r / c))

    namespace["bleu"] = bleu


def bleu_in_logarithms(namespace):
    """Counters kept for each sentence, and sums of logarithms."""

    def bleu(candidates, references, max_n=4):
        def grams(words, n):
            return Counter(zip(*(words[k:] for k in range(n)), strict=False))

        logs = []
        for n in range(1, max_n + 1):
            pairs = [
                (grams(said, n), [grams(one, n) for one in right])
                for said, right in zip(candidates, references, strict=True)
            ]
            found = sum(min(k, max(one[g] for one in right)) for said, right in pairs for g, k in said.items())
            all_of_them = sum(said.total() for said, _ in pairs)
            if not found:
                return np.float64(0.0)
            logs.append(math.log(found) - math.log(all_of_them))
        c = sum(map(len, candidates))
        r = 0
        for said, right in zip(candidates, references, strict=True):
            lengths = sorted(map(len, right))
            r += min(lengths, key=lambda one: abs(one - len(said)))
        return np.float64(math.exp(sum(logs) / max_n + min(0.0, 1 - r / c)))

    namespace["bleu"] = bleu


VARIANTS = [
    captioner_word_by_word,
    captioner_of_steps,
    captioner_with_a_large_sample,
    inject_side_by_side,
    inject_example_by_example,
    inject_by_way_of_the_bias,
    module_of_cells,
    module_row_by_row,
    module_with_the_image_as_a_packed_start,
    beam_in_arrays,
    beam_with_a_heap,
    beam_by_recursion,
    bleu_with_dictionaries,
    bleu_in_logarithms,
    *MORE,
    *MEASURES,
]
