"""Right answers in other clothes for stage 2: each replaces names in the reference's namespace."""

import numpy as np

from tests.course.variants_s02_language_model_models import MODELS
from tests.course.variants_s02_language_model_more import MORE


def with_identity_and_products(namespace):
    """Rows of an identity matrix; embedding and its gradient as products with one-hot vectors."""

    def one_hot(ids, V, dtype=float):
        return np.eye(V, dtype=dtype)[ids]

    def word_embedding_forward(x, W):
        picked = one_hot(x, len(W), W.dtype)
        return [picked @ W, picked]

    def word_embedding_backward(dout, picked):
        return np.einsum("ntv,ntd->vd", picked, dout)

    for function in (one_hot, word_embedding_forward, word_embedding_backward):
        namespace[function.__name__] = function


def with_loops(namespace):
    """Every place visited one by one; a cache of the student's own kind."""

    class Kept:
        pass

    def one_hot(ids, V, dtype="float64"):
        out = np.zeros((*ids.shape, V), dtype)
        for n in range(ids.shape[0]):
            for t in range(ids.shape[1]):
                out[n, t, ids[n, t]] = 1
        return out

    def word_embedding_forward(x, W):
        kept = Kept()
        kept.ids, kept.rows, kept.dtype = x.copy(), W.shape[0], W.dtype
        return np.array([[W[one] for one in row] for row in x]), kept

    def word_embedding_backward(dout, kept):
        dW = np.zeros((kept.rows, dout.shape[2]), kept.dtype)
        for row, arrivals in zip(kept.ids, dout, strict=True):
            for one, arrival in zip(row, arrivals, strict=True):
                dW[one] = dW[one] + arrival
        return dW

    def temporal_softmax_loss(x, y, mask, verbose=False):
        N, T, _ = x.shape
        loss, dx = 0.0, np.zeros_like(x)
        for n in range(N):
            for t in range(T):
                if mask[n, t]:
                    powers = np.exp(x[n, t] - np.max(x[n, t]))
                    total = powers.sum()
                    loss += (np.log(total) - (x[n, t, y[n, t]] - np.max(x[n, t]))) / N
                    dx[n, t] = powers / total / N
                    dx[n, t, y[n, t]] -= 1 / N
        return np.float64(loss), dx

    for function in (one_hot, word_embedding_forward, word_embedding_backward, temporal_softmax_loss):
        namespace[function.__name__] = function


def with_flat_arrays(namespace):
    """Everything flattened to two axes, logaddexp for the normaliser, sorting for the embedding's gradient."""

    def word_embedding_forward(x, W):
        return np.take(W, x, axis=0), (x.ravel(), W.shape)

    def word_embedding_backward(dout, cache):
        ids, (V, D) = cache
        flat = np.asarray(dout).reshape(-1, D)
        dW = np.zeros((V, D), flat.dtype)
        order = np.argsort(ids, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(ids[order]) > 0])
        dW[ids[order][starts]] = np.add.reduceat(flat[order], starts, axis=0)
        return dW

    def temporal_softmax_loss(x, y, mask, verbose=False):
        N, T, V = x.shape
        flat, right, counts = x.reshape(-1, V), y.ravel(), mask.ravel().astype(x.dtype)
        normal = np.logaddexp.reduce(flat, axis=1)
        loss = ((normal - flat[np.arange(N * T), right]) * counts).sum() / N
        dflat = np.exp(flat - normal[:, None])
        dflat[range(N * T), right] -= 1
        return loss, (dflat * (counts / N).astype(x.dtype)[:, None]).reshape(N, T, V)

    def one_hot(ids, V, dtype=np.float64):
        print("one-hot of", ids.shape)
        return (np.arange(V) == ids[..., None]).astype(dtype)

    for function in (one_hot, word_embedding_forward, word_embedding_backward, temporal_softmax_loss):
        namespace[function.__name__] = function


def with_a_model_of_its_own(namespace):
    """A model without any helper: loops over time, gradients by hand, sampling by the cumulative sum."""

    class CharRNN:
        def __init__(self, params):
            self.params = params

        def _step(self, ids, h):
            p = self.params
            h = np.tanh(p["W_embed"][ids] @ p["Wx"] + h @ p["Wh"] + p["b"])
            return h, h @ p["W_vocab"] + p["b_vocab"]

        def loss(self, inputs, targets, h0):
            p, (N, T) = self.params, inputs.shape
            grads = {name: np.zeros_like(value) for name, value in p.items()}
            states, chances, loss = [h0], [], 0
            for t in range(T):
                h, scores = self._step(inputs[:, t], states[-1])
                scores = scores - scores.max(1, keepdims=True)
                chance = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
                loss -= np.log(chance[np.arange(N), targets[:, t]]).sum() / N
                states.append(h)
                chances.append(chance)
            carry = np.zeros_like(h0)
            for t in reversed(range(T)):
                ds = chances[t].copy()
                ds[np.arange(N), targets[:, t]] -= 1
                ds /= N
                grads["W_vocab"] += states[t + 1].T @ ds
                grads["b_vocab"] += ds.sum(0)
                da = (ds @ p["W_vocab"].T + carry) * (1 - states[t + 1] ** 2)
                grads["Wx"] += p["W_embed"][inputs[:, t]].T @ da
                grads["Wh"] += states[t].T @ da
                grads["b"] += da.sum(0)
                np.add.at(grads["W_embed"], inputs[:, t], da @ p["Wx"].T)
                carry = da @ p["Wh"].T
            return [loss, grads, states[-1]]

        def sample(self, seed, length, temperature, rng):
            h, out = np.zeros((1, self.params["b"].shape[0])), []
            for one in seed:
                h, scores = self._step(np.array([one]), h)
            for _ in range(length):
                z = scores[0] / temperature
                p = np.exp(z - np.max(z))
                reached = np.cumsum(p / p.sum())
                out.append(min(int(np.argmax(reached > rng.random())), len(p) - 1))
                h, scores = self._step(np.array(out[-1:]), h)
            return np.array(out)

    namespace["CharRNN"] = CharRNN


def with_slices_and_arrays(namespace):
    """Chunks as a list made beforehand; losses as an array; gradients started from the first chunk."""

    def truncated_bptt(model, text, chunk, h0, optimizer=None):
        inputs, targets = np.ascontiguousarray(text[:, :-1]), np.ascontiguousarray(text[:, 1:])
        cuts = np.arange(chunk, inputs.shape[1], chunk)
        pieces = zip(np.split(inputs, cuts, 1), np.split(targets, cuts, 1), strict=True)
        losses, total, h = [], None, h0.copy()
        for x, y in pieces:
            loss, grads, h = model.loss(x, y, h)
            losses.append(float(loss))
            copies = {name: grad.copy() for name, grad in grads.items()}
            total = copies if total is None else {name: total[name] + copies[name] for name in copies}
            if optimizer:
                optimizer.update(model.params, grads)
        return np.array(losses), total, h

    namespace["truncated_bptt"] = truncated_bptt


def with_a_loop_that_pops(namespace):
    """A while loop, a tuple of losses, gradients of its own model left alone."""

    def truncated_bptt(model, text, chunk, h0, optimizer=None):
        total, losses, at = dict.fromkeys(model.params, 0), (), 0
        while at + 1 < text.shape[1]:
            window = text[:, at : at + chunk + 1]
            loss, grads, h0 = model.loss(window[:, :-1], window[:, 1:], h0)
            losses += (loss,)
            total = {name: total[name] + grads[name] for name in total}
            at += chunk
            if optimizer is not None:
                optimizer.update(model.params, grads)
        return losses, total, h0

    namespace["truncated_bptt"] = truncated_bptt


def with_corrcoef(namespace):
    """NumPy's own correlation, one unit at a time."""

    def cell_selectivity(hidden, labels):
        scores = np.zeros(hidden.shape[1], hidden.dtype)
        for unit in range(hidden.shape[1]):
            if hidden[:, unit].std() > 0 and labels.std() > 0:
                scores[unit] = np.corrcoef(hidden[:, unit], labels)[0, 1]
        return np.abs(scores).argmax(), scores

    namespace["cell_selectivity"] = cell_selectivity


def with_standard_scores(namespace):
    """The mean of products of standard scores, nan turned into 0; a list is returned."""

    def cell_selectivity(hidden, labels):
        labels = labels.astype(hidden.dtype)
        with np.errstate(all="ignore"):
            z = (hidden - hidden.mean(0)) / hidden.std(0)
            w = (labels - labels.mean()) / labels.std()
            scores = np.nan_to_num((z * w[:, None]).mean(0), nan=0.0, posinf=0.0, neginf=0.0)
        return [int(np.argmax(scores**2)), scores]

    namespace["cell_selectivity"] = cell_selectivity


VARIANTS = (
    with_identity_and_products,
    with_loops,
    with_flat_arrays,
    with_a_model_of_its_own,
    with_slices_and_arrays,
    with_a_loop_that_pops,
    with_corrcoef,
    with_standard_scores,
    *MORE,
    *MODELS,
)
