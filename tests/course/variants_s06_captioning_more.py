"""More right answers in other clothes for stage 6: captioners and the step that sees the image, in NumPy."""

from dataclasses import dataclass

import numpy as np


def in_place_of(namespace, name, methods):
    """A class like the reference's, with other methods."""
    namespace[name] = type(name, (namespace[name],), methods)


def captioner_with_tables_of_words(namespace):
    """Words multiplied by Wx once for the whole vocabulary; a mask of weights; `early stop` while it samples."""
    earlier = namespace["earlier"]

    def loss(self, features, captions):
        p, N = self.params, len(features)
        read, right = captions[:, :-1].ravel(), captions[:, 1:]
        one_hot = np.eye(len(p["W_embed"]), dtype=p["Wx"].dtype)
        words = one_hot[read] @ p["W_embed"]
        run = {
            "rnn": (earlier.rnn_forward, earlier.rnn_backward),
            "lstm": (earlier.lstm_forward, earlier.lstm_backward),
        }
        there, back = run[self.cell_type]
        h0 = np.einsum("nf,fh->nh", features, p["W_proj"]) + p["b_proj"]
        h, cache = there(words.reshape(*right.shape, -1), h0, p["Wx"], p["Wh"], p["b"])
        scores = h @ p["W_vocab"] + p["b_vocab"]
        chances = np.exp(scores - scores.max(axis=-1, keepdims=True))
        chances /= chances.sum(axis=-1, keepdims=True)
        share = (np.where(right == self.null, 0, 1) / N).astype(scores.dtype)
        at_right = np.take_along_axis(chances, right[..., None], axis=-1)
        value = -(np.log(at_right[..., 0]) * share).sum()
        dscores = (chances - one_hot[right]) * share[..., None]
        dwords, dh0, dWx, dWh, db = back(dscores @ p["W_vocab"].T, cache)
        flat = dscores.reshape(-1, dscores.shape[-1])
        return value, {
            "b_vocab": flat.sum(0),
            "W_vocab": h.reshape(len(flat), -1).T @ flat,
            "Wx": dWx,
            "Wh": dWh,
            "b": db,
            "W_embed": one_hot[read].T @ dwords.reshape(len(flat), -1),
            "W_proj": np.einsum("nf,nh->fh", features, dh0),
            "b_proj": np.einsum("nh->h", dh0),
        }

    def sample(self, features, max_length=30):
        p = self.params
        bias = p["b_vocab"].copy()
        bias[self.start] = bias[self.null] = -np.inf
        memory = [features @ p["W_proj"] + p["b_proj"]]
        if self.cell_type == "lstm":
            memory.append(np.zeros_like(memory[0]))
        step = getattr(earlier, f"{self.cell_type}_step_forward")
        said = np.full((max_length + 1, len(features)), self.null)
        word, speaking = np.repeat(self.start, len(features)), np.ones(len(features), bool)
        for t in range(max_length):
            *memory, _ = step(p["W_embed"][word], *memory, p["Wx"], p["Wh"], p["b"])
            word = np.argmax(memory[0] @ p["W_vocab"] + bias, axis=1)
            said[t] = np.where(speaking, word, self.null)
            speaking = speaking & (word != self.end)
            if not np.any(speaking):
                break
        return said[:max_length].T

    in_place_of(namespace, "CaptioningRNN", {"loss": loss, "sample": sample})


def captioner_caption_by_caption(namespace):
    """Each image by itself, cut behind its last word, gradients added up and divided at the end; a helper class."""
    earlier = namespace["earlier"]

    class One:
        def __init__(self, params, cell_type):
            self.p, self.kind = params, cell_type

        def first(self, feature):
            return (feature @ self.p["W_proj"] + self.p["b_proj"])[None, :]

        def run(self, feature, words):
            run = earlier.rnn_forward if self.kind == "rnn" else earlier.lstm_forward
            x = self.p["W_embed"][words][None]
            return run(x, self.first(feature), self.p["Wx"], self.p["Wh"], self.p["b"])

        def learn(self, feature, caption, counts):
            p = self.p
            h, cache = self.run(feature, caption[:-1])
            scores = h[0] @ p["W_vocab"] + p["b_vocab"]
            logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
            d = np.exp(logs)
            rows = np.arange(len(d))
            d[rows, caption[1:]] -= 1
            d[~counts] = 0
            back = earlier.rnn_backward if self.kind == "rnn" else earlier.lstm_backward
            dx, dh0, dWx, dWh, db = back((d @ p["W_vocab"].T)[None], cache)
            dW_embed = np.zeros_like(p["W_embed"])
            for word, gradient in zip(caption[:-1], dx[0], strict=True):
                dW_embed[word] += gradient
            found = [np.outer(feature, dh0[0]), dh0[0], dW_embed, dWx, dWh, db, h[0].T @ d, d.sum(axis=0)]
            return -logs[rows, caption[1:]][counts].sum(), dict(zip(p, found, strict=True))

    def loss(self, features, captions):
        one, N = One(self.params, self.cell_type), len(features)
        total, sums = 0.0, {name: np.zeros_like(array) for name, array in self.params.items()}
        for feature, caption in zip(features, captions, strict=True):
            last = int(np.flatnonzero(caption != self.null).max())
            cut = caption[: max(last, 1) + 1]
            found, grads = one.learn(feature, cut, cut[1:] != self.null)
            total += found
            for name, grad in grads.items():
                sums[name] += grad
        return total / N, {name: (array / N).astype(array.dtype) for name, array in sums.items()}

    def sample(self, features, max_length=30):
        one, rows = One(self.params, self.cell_type), []
        for feature in features:
            said = [self.start]
            while len(said) <= max_length and said[-1] != self.end:
                h, _ = one.run(feature, np.array(said))
                scores = (h[0, -1] @ self.params["W_vocab"] + self.params["b_vocab"]).tolist()
                allowed = sorted(set(range(len(scores))) - {self.null, self.start})
                said.append(max(allowed, key=lambda word: scores[word]))
            rows.append(np.pad(said[1:], (0, max_length + 1 - len(said)), constant_values=self.null))
        return np.stack(rows)

    in_place_of(namespace, "CaptioningRNN", {"loss": loss, "sample": sample})


def captioner_time_first(namespace):  # noqa: PLR0915
    """Arrays with time in front, written in place; the backward pass reads them from the end."""

    def forward(self, features, captions):
        p, steps = self.params, captions.shape[1] - 1
        h = np.empty((steps + 1, len(features), len(p["Wh"])), dtype=p["Wh"].dtype)
        c = np.zeros_like(h)
        gates = np.empty((steps, len(features), p["Wh"].shape[1]), dtype=h.dtype)
        h[0] = features @ p["W_proj"] + p["b_proj"]
        x = p["W_embed"].take(captions[:, :-1].T, axis=0)
        for t in range(steps):
            a = np.matmul(x[t], p["Wx"], out=gates[t])
            a += h[t] @ p["Wh"]
            a += p["b"]
            if self.cell_type == "rnn":
                np.tanh(a, out=h[t + 1])
                continue
            i, f, o, g = np.split(a, 4, axis=1)
            for gate in (i, f, o):
                gate[...] = 0.5 * (1 + np.tanh(gate / 2))
            g[...] = np.tanh(g)
            c[t + 1] = f * c[t] + i * g
            h[t + 1] = o * np.tanh(c[t + 1])
        return x, h, c, gates

    def back(self, h, c, gates, dstates):
        p, da = self.params, np.empty_like(gates)
        dh, dc = np.zeros_like(h[0]), np.zeros_like(h[0])
        for t in range(len(gates) - 1, -1, -1):
            dh = dh + dstates[t]
            if self.cell_type == "rnn":
                da[t] = dh * (1 - h[t + 1]) * (1 + h[t + 1])
            else:
                i, f, o, g = np.split(gates[t], 4, axis=1)
                shown = np.tanh(c[t + 1])
                dc = dc + dh * o * (1 - shown**2)
                np.concatenate(
                    [dc * g * i * (1 - i), dc * c[t] * f * (1 - f), dh * shown * o * (1 - o), dc * i * (1 - g * g)],
                    axis=1,
                    out=da[t],
                )
                dc = dc * f
            dh = da[t] @ p["Wh"].T
        return da, dh

    def loss(self, features, captions):
        p, right = self.params, captions[:, 1:].T
        x, h, c, gates = forward(self, features, captions)
        scores = np.tensordot(h[1:], p["W_vocab"], 1) + p["b_vocab"]
        scores -= scores.max(axis=2, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=2, keepdims=True))
        t, n = np.nonzero(right != self.null)
        total = -scores[t, n, right[t, n]].sum() / len(features)
        d = np.zeros_like(scores)
        d[t, n] = np.exp(scores[t, n])
        d[t, n, right[t, n]] -= 1
        d /= len(features)
        da, dh0 = back(self, h, c, gates, d @ p["W_vocab"].T)
        grads = {"W_vocab": np.tensordot(h[1:], d, ([0, 1], [0, 1])), "b_vocab": d.sum((0, 1))}
        grads |= {"Wx": np.tensordot(x, da, ([0, 1], [0, 1])), "Wh": np.tensordot(h[:-1], da, ([0, 1], [0, 1]))}
        grads |= {"b": da.sum(axis=(0, 1)), "W_proj": np.dot(features.T, dh0), "b_proj": dh0.sum(0)}
        grads["W_embed"] = np.zeros_like(p["W_embed"])
        np.add.at(grads["W_embed"], captions[:, :-1].T, da @ p["Wx"].T)
        return total, grads

    in_place_of(namespace, "CaptioningRNN", {"loss": loss})


def inject_with_einsum(namespace):
    """Sums over named letters; a dataclass keeps what goes back."""

    @dataclass
    class Kept:
        seen: tuple
        by: tuple
        slope: np.ndarray

    def inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b):
        seen, by = (x, prev_h, v), (Wx, Wh, Wi)
        h = np.tanh(sum(np.einsum("nk,kh->nh", one, weights) for one, weights in zip(seen, by, strict=True)) + b)
        return h, Kept(seen, by, 1 - np.square(h))

    def inject_step_backward(dnext_h, cache):
        d = np.multiply(dnext_h, cache.slope)
        inputs = [np.einsum("nh,kh->nk", d, weights) for weights in cache.by]
        weights = [np.einsum("nk,nh->kh", one, d) for one in cache.seen]
        return (*inputs, *weights, np.einsum("nh->h", d))

    namespace.update(inject_step_forward=inject_step_forward, inject_step_backward=inject_step_backward)


def inject_as_a_plain_step(namespace):
    """The step of stage 1 with a wider input; what it gives back is cut in two."""
    earlier = namespace["earlier"]

    def inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b):
        both, weights = np.concatenate([x, v], axis=1), np.concatenate([Wx, Wi])
        h, cache = earlier.rnn_step_forward(both, prev_h, weights, Wh, b)
        return h, {"cut": len(Wx), "cache": cache}

    def inject_step_backward(dnext_h, kept):
        k = kept["cut"]
        dboth, dprev_h, dweights, dWh, db = earlier.rnn_step_backward(dnext_h, kept["cache"])
        return dboth[:, :k], dprev_h, dboth[:, k:], dweights[:k], dWh, dweights[k:], db

    namespace.update(inject_step_forward=inject_step_forward, inject_step_backward=inject_step_backward)


def inject_in_place(namespace):
    """One array of its own that is added to; the slope by the cosine of the sum, which is kept in a list."""

    def inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b):
        a = np.empty_like(prev_h)
        a[:] = b
        for one, weights in [(v, Wi), (prev_h, Wh), (x, Wx)]:
            a += one @ weights
        return np.tanh(a), [x, prev_h, v, Wx, Wh, Wi, a]

    def inject_step_backward(dnext_h, cache):
        *things, a = cache
        with np.errstate(over="ignore"):
            d = dnext_h / np.cosh(a) ** 2
        out = []
        for weights in things[3:]:
            out.append(np.dot(d, np.transpose(weights)))
        for one in things[:3]:
            out.append(np.dot(np.transpose(one), d))
        db = np.zeros_like(d[0])
        for row in d:
            db += row
        out.append(db)
        return out

    namespace.update(inject_step_forward=inject_step_forward, inject_step_backward=inject_step_backward)


MORE = [
    captioner_with_tables_of_words,
    captioner_caption_by_caption,
    captioner_time_first,
    inject_with_einsum,
    inject_as_a_plain_step,
    inject_in_place,
]
