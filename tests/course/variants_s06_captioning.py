"""Right answers in other clothes for stage 6: each replaces names in the reference's namespace."""

import numpy as np

from tests.course.variants_s06_captioning_measures import MEASURES
from tests.course.variants_s06_captioning_modules import MODULES
from tests.course.variants_s06_captioning_more import MORE, in_place_of
from tests.course.variants_s06_captioning_searches import SEARCHES


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


VARIANTS = [
    captioner_word_by_word,
    captioner_of_steps,
    captioner_with_a_large_sample,
    inject_side_by_side,
    inject_example_by_example,
    inject_by_way_of_the_bias,
    *MORE,
    *MODULES,
    *SEARCHES,
    *MEASURES,
]
