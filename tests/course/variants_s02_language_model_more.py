"""More right answers in other clothes for stage 2: its functions. Its models are in ``variants_..._models``."""

from collections import defaultdict
from itertools import pairwise

import numpy as np


def put(namespace, *answers):
    """Replace answers by those of the same names."""
    namespace.update({answer.__name__: answer for answer in answers})


def with_flat_places(namespace):
    """One-hot by places in a flat array; look-ups by take; the way back counts by ``np.bincount``."""

    def one_hot(ids, V, dtype=np.float64):
        out = np.zeros(ids.size * V, dtype)
        out[np.arange(ids.size) * V + ids.ravel()] = 1
        return out.reshape(*ids.shape, V)

    def word_embedding_forward(x, W):
        return W.take(x.ravel(), axis=0).reshape(*x.shape, -1), {"ids": x.ravel(), "V": len(W)}

    def word_embedding_backward(dout, cache):
        columns = dout.reshape(-1, dout.shape[-1]).T
        sums = [np.bincount(cache["ids"], weights=column, minlength=cache["V"]) for column in columns]
        return np.array(sums, dtype=dout.dtype).T

    put(namespace, one_hot, word_embedding_forward, word_embedding_backward)


def with_places_by_id(namespace):
    """Memory in the other order for what is returned; a dictionary from each id to where it stands."""

    def one_hot(ids, V, dtype=np.float64):
        out = np.zeros((V, *ids.shape[::-1]), dtype).T
        out[(*np.indices(ids.shape), ids)] = 1
        return out

    def word_embedding_forward(x, W):
        places = defaultdict(list)
        out = np.empty((*x.shape, W.shape[1]), W.dtype, order="F")
        for place, one in np.ndenumerate(x):
            places[int(one)].append(place)
            out[place] = W[one]
        return out, (places, W.shape)

    def word_embedding_backward(dout, cache):
        places, shape = cache
        dW = np.zeros(shape, dout.dtype)
        for one, found in places.items():
            dW[one] = sum(dout[place] for place in found)
        return dW

    put(namespace, one_hot, word_embedding_forward, word_embedding_backward)


def with_comparisons(namespace):
    """Everything by comparing ids with a range: masks instead of indices."""

    def one_hot(ids, V, dtype=np.float64):
        return np.equal.outer(ids, np.arange(V)).astype(dtype)

    def word_embedding_forward(x, W):
        out = np.zeros((*x.shape, W.shape[1]), W.dtype)
        for one, row in enumerate(W):
            out[x == one] = row
        return out, [x == one for one in range(len(W))]

    def word_embedding_backward(dout, where):
        return np.stack([dout[here].sum(axis=0) for here in where])

    put(namespace, one_hot, word_embedding_forward, word_embedding_backward)


def with_counted_places_only(namespace):
    """The places that the mask leaves out never enter the sums."""

    def temporal_softmax_loss(x, y, mask, verbose=False):
        scores, wanted = x[mask], y[mask]
        each = np.arange(len(wanted))
        normal = np.logaddexp.reduce(scores, axis=-1)
        chances = np.exp(scores - normal[:, None])
        chances[each, wanted] -= 1
        dx = np.zeros_like(x)
        dx[mask] = chances / len(x)
        return (normal - scores[each, wanted]).sum() / len(x), dx

    put(namespace, temporal_softmax_loss)


def with_a_one_hot_target(namespace):
    """The target as one-hot vectors, one einsum for the loss, in-place work on a copy of the scores."""

    def temporal_softmax_loss(x, y, mask, verbose=False):
        wanted = np.equal(y[:, :, None], np.arange(x.shape[2])).astype(x.dtype)
        counts = mask.astype(x.dtype) / np.asarray(len(x), x.dtype)
        work = x.copy()
        work -= np.max(work, axis=2, keepdims=True)
        chances = np.exp(work)
        total = chances.sum(axis=2, keepdims=True)
        work -= np.log(total)
        np.divide(chances, total, out=chances)
        np.subtract(chances, wanted, out=chances)
        chances *= counts[..., np.newaxis]
        return -np.einsum("ntv,ntv,nt->", work, wanted, counts), chances

    put(namespace, temporal_softmax_loss)


def with_time_outside(namespace):
    """One step at a time, classes as rows; a helper for each step; the steps' losses in a generator."""

    def step(columns, wanted, counts):
        top = columns.max(axis=0)
        powers = np.exp(columns - top)
        normal = np.log(powers.sum(0)) + top
        each = range(len(wanted))
        delta = powers / powers.sum(0)
        delta[wanted, each] -= 1
        return np.dot(normal - columns[wanted, each], counts), np.where(counts, delta, 0)

    def temporal_softmax_loss(x, y, mask, verbose=False):
        N, T = y.shape
        steps = [step(x[:, t].T, y[:, t], mask[:, t]) for t in range(T)]
        dx = np.stack([delta.T for _, delta in steps], axis=1)
        dx /= N
        return np.float64(sum(loss for loss, _ in steps) / N), dx

    put(namespace, temporal_softmax_loss)


def with_recursion(namespace):
    """The first chunk, then what is left of the text."""

    def truncated_bptt(model, text, chunk, h0, optimizer=None):
        piece = text[:, : chunk + 1]
        loss, grads, h = model.loss(piece[:, :-1], piece[:, 1:], h0)
        mine = {name: np.array(grad) for name, grad in grads.items()}
        if optimizer:
            optimizer.update(model.params, grads)
        if text.shape[1] <= chunk + 1:
            return [loss], mine, h
        losses, later, last = truncated_bptt(model, text[:, chunk:], chunk, h, optimizer)
        return [loss, *losses], {name: mine[name] + later[name] for name in mine}, last

    put(namespace, truncated_bptt)


def with_a_generator(namespace):
    """A generator hands out the chunks; sums in place by ``np.add``, in a dictionary that fills itself."""

    def pieces(text, chunk):
        edges = [*range(0, text.shape[1] - 1, chunk), text.shape[1] - 1]
        for a, b in pairwise(edges):
            yield text[:, a:b], text[:, a + 1 : b + 1]

    def truncated_bptt(model, text, chunk, h0, optimizer=None):
        total, losses, state = {}, [], np.array(h0)
        for inputs, targets in pieces(text, chunk):
            loss, grads, state = model.loss(inputs, targets, state)
            losses.append(loss)
            for name, grad in grads.items():
                held = total.setdefault(name, np.zeros_like(grad))
                np.add(held, grad, out=held)
            _ = optimizer and optimizer.update(model.params, grads)
        return losses, total, state

    put(namespace, truncated_bptt)


def with_a_list_of_gradients(namespace):
    """A reader with a memory; every chunk's gradients kept, and added up once at the end."""

    class Reader:
        def __init__(self, model, optimizer, h):
            self.model, self.optimizer, self.h, self.seen = model, optimizer, h, []

        def read(self, inputs, targets):
            loss, grads, self.h = self.model.loss(inputs, targets, self.h)
            self.seen.append((loss, {name: grad.copy() for name, grad in grads.items()}))
            if self.optimizer is not None:
                self.optimizer.update(self.model.params, grads)

    def truncated_bptt(model, text, chunk, h0, optimizer=None):
        reader, length = Reader(model, optimizer, h0), text.shape[1] - 1
        for number in range(-(-length // chunk)):
            span = np.arange(number * chunk, min(number * chunk + chunk, length))
            reader.read(np.take(text, span, axis=1), np.take(text, span + 1, axis=1))
        losses, grads = zip(*reader.seen, strict=True)
        return list(losses), {name: sum(each[name] for each in grads) for name in grads[0]}, reader.h

    put(namespace, truncated_bptt)


def with_unit_vectors(namespace):
    """The correlation as the cosine between centred vectors; a vector of zeros has none."""

    def cell_selectivity(hidden, labels):
        def unit(vectors):
            centred = vectors - vectors.mean(axis=0, dtype="f8")
            length = np.linalg.norm(centred, axis=0, keepdims=True)
            flat = np.all(vectors == vectors[:1], axis=0)
            return np.where(flat, 0, centred) / np.where(flat, 1, length)

        scores = (unit(hidden).T @ unit(labels.astype("f8")[:, None]))[:, 0]
        return max(range(len(scores)), key=lambda j: abs(scores[j])), scores.astype(hidden.dtype)

    put(namespace, cell_selectivity)


def with_covariances(namespace):
    """One matrix of covariances of all units and the label."""

    def cell_selectivity(hidden, labels):
        table = np.cov(np.column_stack([hidden, labels]).astype(np.float64), rowvar=False)
        spread, last = np.sqrt(np.diag(table)), table[:-1, -1]
        still = (hidden.max(0) == hidden.min(0)) | (labels.max() == labels.min())
        scores = np.zeros(hidden.shape[1], hidden.dtype)
        scores[~still] = last[~still] / spread[:-1][~still] / spread[-1]
        return int(np.abs(scores).argmax()), scores

    put(namespace, cell_selectivity)


def with_sums_by_hand(namespace):
    """Python numbers, unit by unit; the deviations from the mean written out."""

    def deviations(values):
        mean = sum(values) / len(values)
        return [value - mean for value in values]

    def correlation(values, wanted):
        if min(values) == max(values) or min(wanted) == max(wanted):
            return 0.0
        a, b = deviations(values), deviations(wanted)
        across = sum(one * other for one, other in zip(a, b, strict=True))
        return across / (sum(one * one for one in a) * sum(one * one for one in b)) ** 0.5

    def cell_selectivity(hidden, labels):
        wanted = [float(label) for label in labels]
        scores = [correlation([float(value) for value in unit], wanted) for unit in hidden.T]
        sizes = [abs(score) for score in scores]
        return sizes.index(max(sizes)), np.array(scores, dtype=hidden.dtype)

    put(namespace, cell_selectivity)


MORE = (
    with_flat_places,
    with_places_by_id,
    with_comparisons,
    with_counted_places_only,
    with_a_one_hot_target,
    with_time_outside,
    with_recursion,
    with_a_generator,
    with_a_list_of_gradients,
    with_unit_vectors,
    with_covariances,
    with_sums_by_hand,
)
