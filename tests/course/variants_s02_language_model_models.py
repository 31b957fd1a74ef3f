"""Right answers in other clothes for stage 2's CharRNN: other ways to a loss, other ways to write."""

import numpy as np


def drawn(scores, temperature, rng):
    """A character by its place among the summed chances, asked of the generator once."""
    cooled = np.asarray(scores, np.float64) / temperature
    sums = np.cumsum(np.exp(cooled - cooled.max()))
    return int(np.searchsorted(sums / sums[-1], rng.random(), side="right"))


def with_a_model_that_looks_up_states(namespace):
    """Embedding and input weights multiplied once, so that a look-up gives what a character adds to the state."""

    class CharRNN:
        def __init__(self, params):
            self.params = params

        def table(self):
            return self.params["W_embed"] @ self.params["Wx"] + self.params["b"]

        def loss(self, inputs, targets, h0):
            p, (N, T) = self.params, inputs.shape
            added, states = self.table()[inputs], [h0]
            for t in range(T):
                states.append(np.tanh(added[:, t] + states[-1] @ p["Wh"]))
            h = np.stack(states[1:], 1)
            scores = h @ p["W_vocab"] + p["b_vocab"]
            normal = np.logaddexp.reduce(scores, axis=2, keepdims=True)
            wanted = np.eye(len(p["b_vocab"]), dtype=h.dtype)[targets]
            dscores = (np.exp(scores - normal) - wanted) / N
            loss = ((normal[..., 0] - (scores * wanted).sum(2)) / N).sum()
            da = dscores @ p["W_vocab"].T
            for t in range(T - 1, -1, -1):
                da[:, t] = (da[:, t] + (da[:, t + 1] @ p["Wh"].T if t + 1 < T else 0)) * (1 - h[:, t] ** 2)
            dtable = np.zeros_like(added, shape=(len(p["W_embed"]), h.shape[2]))
            np.add.at(dtable, inputs, da)
            grads = {"W_embed": dtable @ p["Wx"].T, "Wx": p["W_embed"].T @ dtable, "b": dtable.sum(0)}
            grads["Wh"] = np.einsum("tni,ntj->ij", np.array(states[:-1]), da)
            grads["W_vocab"], grads["b_vocab"] = np.tensordot(h, dscores, ((0, 1), (0, 1))), dscores.sum((0, 1))
            return float(loss), grads, states[-1]

        def sample(self, seed, length, temperature, rng):
            p, table = self.params, self.table()
            h, out, waiting = np.zeros(len(p["Wh"]), p["Wh"].dtype), [], list(seed)
            while len(out) < length:
                while waiting:
                    h = np.tanh(table[waiting.pop(0)] + h @ p["Wh"])
                out.append(drawn(h @ p["W_vocab"] + p["b_vocab"], temperature, rng))
                waiting.append(out[-1])
            return np.array(out)

    namespace["CharRNN"] = CharRNN


def with_a_model_of_steps(namespace):
    """The steps of stage 1 one by one, the loss of stage 2 for all; a list of caches; writing from the same step."""
    earlier, surprise = namespace["earlier"], namespace["temporal_softmax_loss"]

    class CharRNN:
        def __init__(self, params):
            self.params = params

        def advance(self, ids, h):
            p = self.params
            x, looked_up = namespace["word_embedding_forward"](ids[:, None], p["W_embed"])
            h, kept = earlier.rnn_step_forward(x[:, 0], h, p["Wx"], p["Wh"], p["b"])
            scores, layer = earlier.temporal_affine_forward(h[:, None], p["W_vocab"], p["b_vocab"])
            return h, scores, (looked_up, kept, layer)

        def loss(self, inputs, targets, h0):
            h, scores, caches = h0, [], []
            for ids in inputs.T:
                h, score, cache = self.advance(ids, h)
                scores.append(score)
                caches.append(cache)
            loss, dscores = surprise(np.concatenate(scores, axis=1), targets, targets >= 0)
            grads = {name: np.zeros_like(array) for name, array in self.params.items()}
            carry = np.zeros_like(h0)
            for t in range(len(caches))[::-1]:
                carry = self.back(dscores[:, t : t + 1], carry, caches[t], grads)
            return loss, grads, h

        def back(self, dscores, carry, caches, grads):
            looked_up, kept, layer = caches
            dh, dW_vocab, db_vocab = earlier.temporal_affine_backward(dscores, layer)
            dx, carry, dWx, dWh, db = earlier.rnn_step_backward(dh[:, 0] + carry, kept)
            dW_embed = namespace["word_embedding_backward"](dx[:, None], looked_up)
            for name, found in zip(grads, (dW_embed, dWx, dWh, db, dW_vocab, db_vocab), strict=True):
                grads[name] += found
            return carry

        def sample(self, seed, length, temperature, rng):
            h, out = np.zeros((1, len(self.params["b"])), self.params["b"].dtype), []
            for one in seed:
                h, scores, _ = self.advance(np.array([one]), h)
            for place in range(length):
                if place:
                    h, scores, _ = self.advance(np.array([out[-1]]), h)
                cooled = scores[0, 0].astype("f8") / temperature
                chances = np.exp(cooled - np.logaddexp.reduce(cooled))
                out.append(rng.choice(np.arange(len(chances)), p=chances / chances.sum()))
            return np.array(out)

    namespace["CharRNN"] = CharRNN


def with_a_model_of_single_texts(namespace):
    """One text after the other, vectors only; the mean over texts at the end; writing by a generator."""

    class CharRNN:
        def __init__(self, params):
            self.params = params

        def step(self, one, h):
            p = self.params
            return np.tanh(p["W_embed"][one] @ p["Wx"] + h @ p["Wh"] + p["b"])

        def text(self, ids, wanted, h, grads):
            p, states, deltas, loss = self.params, [h], [], 0.0
            for one, next_one in zip(ids, wanted, strict=True):
                states.append(self.step(one, states[-1]))
                scores = p["W_vocab"].T @ states[-1] + p["b_vocab"]
                delta = np.exp(scores - scores.max())
                delta /= delta.sum()
                loss -= np.log(delta[next_one])
                delta[next_one] -= 1
                deltas.append(delta)
            carry = 0 * h
            for t in range(len(ids) - 1, -1, -1):
                da = (p["W_vocab"] @ deltas[t] + carry) * (1 - states[t + 1] ** 2)
                grads["W_vocab"] += np.outer(states[t + 1], deltas[t])
                grads["b_vocab"] += deltas[t]
                grads["W_embed"][ids[t]] += p["Wx"] @ da
                grads["Wx"] += np.outer(p["W_embed"][ids[t]], da)
                grads["Wh"] += np.outer(states[t], da)
                grads["b"] += da
                carry = p["Wh"] @ da
            return loss, states[-1]

        def loss(self, inputs, targets, h0):
            grads = {name: np.zeros(array.shape, array.dtype) for name, array in self.params.items()}
            losses, last = zip(*map(lambda *text: self.text(*text, grads), inputs, targets, h0), strict=True)
            return sum(losses) / len(inputs), {name: grad / len(inputs) for name, grad in grads.items()}, np.array(last)

        def written(self, h, temperature, rng):
            while True:
                one = drawn(h @ self.params["W_vocab"] + self.params["b_vocab"], temperature, rng)
                yield one
                h = self.step(one, h)

        def sample(self, seed, length, temperature, rng):
            h = np.zeros_like(self.params["b"])
            for one in seed:
                h = self.step(one, h)
            return np.fromiter(self.written(h, temperature, rng), dtype=np.int64, count=length)

    namespace["CharRNN"] = CharRNN


def with_a_model_in_einsum(namespace):
    """One-hot vectors and einsum all the way; scores added up in place; the master's way to write."""

    class CharRNN(namespace["CharRNN"]):
        def loss(self, inputs, targets, h0):
            E, Wx, Wh, b, V, c = (self.params[n] for n in ("W_embed", "Wx", "Wh", "b", "W_vocab", "b_vocab"))
            seen, wanted = (np.equal.outer(ids, range(len(c))).astype(E.dtype) for ids in (inputs, targets))
            h = np.empty((inputs.shape[1] + 1, *h0.shape), h0.dtype)
            h[0] = h0
            h[1:] = np.einsum("ntv,vd,dh->tnh", seen, E, Wx) + b
            for t in range(len(h) - 1):
                h[t + 1] += h[t] @ Wh
                np.tanh(h[t + 1], out=h[t + 1])
            scores = np.einsum("tnh,hv->ntv", h[1:], V)
            scores += c
            scores -= scores.max(axis=-1, keepdims=True)
            chances = np.exp(scores)
            chances /= chances.sum(axis=-1, keepdims=True)
            loss = -np.einsum("ntv,ntv->", np.log(chances), wanted) / len(h0)
            delta = (chances - wanted) / np.asarray(len(h0), E.dtype)
            dh = np.einsum("ntv,hv->tnh", delta, V)
            for t in reversed(range(len(dh))):
                dh[t] *= 1 - h[t + 1] ** 2
                if t:
                    dh[t - 1] += np.einsum("nj,ij->ni", dh[t], Wh)
            return (
                loss,
                {
                    "W_embed": np.einsum("ntv,tnh,dh->vd", seen, dh, Wx),
                    "Wx": np.einsum("ntv,vd,tnh->dh", seen, E, dh),
                    "Wh": np.einsum("tni,tnj->ij", h[:-1], dh),
                    "b": np.einsum("tnh->h", dh),
                    "W_vocab": np.einsum("tnh,ntv->hv", h[1:], delta),
                    "b_vocab": np.einsum("ntv->v", delta),
                },
                h[-1],
            )

    namespace["CharRNN"] = CharRNN


MODELS = (
    with_a_model_that_looks_up_states,
    with_a_model_of_steps,
    with_a_model_of_single_texts,
    with_a_model_in_einsum,
)
