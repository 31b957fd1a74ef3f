"""More right answers in other clothes for stage 3."""

from functools import reduce
from itertools import accumulate

import numpy as np
import torch
from torch.nn import functional


def put(namespace, *answers):
    """Replace answers by those of the same names."""
    namespace.update({answer.__name__: answer for answer in answers})


def with_layers_as_objects(namespace):
    """A class for a layer; inputs projected in one product; gradients by einsum; a list of layers for a cache."""

    class Layer:
        def __init__(self, Wx, Wh, b):
            self.Wx, self.Wh, self.b = Wx, Wh, b

        def run(self, below, start):
            drive = below @ self.Wx + self.b
            self.below, self.states = below, [start]
            for t in range(drive.shape[1]):
                self.states.append(np.tanh(drive[:, t] + self.states[-1] @ self.Wh))
            return np.stack(self.states[1:], axis=1)

        def back(self, arriving):
            delta, carry = np.empty_like(arriving), 0
            for t in range(arriving.shape[1] - 1, -1, -1):
                delta[:, t] = (arriving[:, t] + carry) * (1 - self.states[t + 1] ** 2)
                carry = delta[:, t] @ self.Wh.T
            self.grads = (
                carry,
                np.einsum("ntd,nth->dh", self.below, delta),
                np.einsum("tni,ntj->ij", np.array(self.states[:-1]), delta),
                delta.sum(axis=(0, 1)),
            )
            return delta @ self.Wx.T

    def multilayer_rnn_forward(x, h0, Wx, Wh, b):
        stack = [Layer(*weights) for weights in zip(Wx, Wh, b, strict=True)]
        below, h = x, []
        for layer, start in zip(stack, h0, strict=True):
            h.append(below := layer.run(below, start))
        return h, stack

    def multilayer_rnn_backward(dh, stack):
        dx = reduce(lambda arriving, layer: layer.back(arriving), stack[::-1], dh)
        return dx, *([layer.grads[k] for layer in stack] for k in range(4))

    put(namespace, multilayer_rnn_forward, multilayer_rnn_backward)


def with_diagonals(namespace):
    """Time and depth by anti-diagonals: whatever is ready at once is done at once; a dictionary by (layer, step)."""

    def multilayer_rnn_forward(x, h0, Wx, Wh, b):
        K, T, h = len(Wx), x.shape[1], {}
        h |= {(-1, t): x[:, t] for t in range(T)} | {(k, -1): h0[k] for k in range(K)}
        for wave in range(K + T - 1):
            for k in range(max(0, wave - T + 1), min(K, wave + 1)):
                t = wave - k
                h[k, t] = np.tanh(h[k - 1, t] @ Wx[k] + h[k, t - 1] @ Wh[k] + b[k])
        return [np.stack([h[k, t] for t in range(T)], 1) for k in range(K)], (h, Wx, Wh)

    def multilayer_rnn_backward(dh, cache):
        (h, Wx, Wh), K, T = cache, len(cache[1]), dh.shape[1]
        grads = {place: np.zeros_like(state) for place, state in h.items()}
        sums = [[np.zeros_like(w) for w in ws] for ws in (Wx, Wh)] + [[np.zeros_like(w[0]) for w in Wh]]
        for t in range(T):
            grads[K - 1, t] += dh[:, t]
        for wave in range(K + T - 2, -1, -1):
            for k in range(max(0, wave - T + 1), min(K, wave + 1)):
                t = wave - k
                delta = grads[k, t] * (1 - h[k, t] ** 2)
                grads[k - 1, t] += delta @ Wx[k].T
                grads[k, t - 1] += delta @ Wh[k].T
                for held, found in zip(sums, (h[k - 1, t].T @ delta, h[k, t - 1].T @ delta, delta.sum(0)), strict=True):
                    held[k] += found
        return np.stack([grads[-1, t] for t in range(T)], 1), [grads[k, -1] for k in range(K)], *sums

    put(namespace, multilayer_rnn_forward, multilayer_rnn_backward)


def with_states_computed_again(namespace):
    """The cache holds the arguments only; the way back runs forward again, layer by layer, on views turned round."""
    earlier = namespace["earlier"]

    def multilayer_rnn_forward(x, h0, Wx, Wh, b):
        runs = accumulate(
            zip(h0, Wx, Wh, b, strict=True), lambda below, layer: earlier.rnn_forward(below, *layer)[0], initial=x
        )
        return [np.asfortranarray(h) for h in list(runs)[1:]], (x, h0, Wx, Wh, b)

    def multilayer_rnn_backward(dh, cache):
        x, *layers = cache
        below = [x, *multilayer_rnn_forward(x, *layers)[0]]
        parts = []
        for k in reversed(range(len(layers[0]))):
            _, kept = earlier.rnn_forward(below[k], *(each[k] for each in layers))
            dh, *found = earlier.rnn_backward(dh, kept)
            parts.append(found)
        return [dh, *map(list, zip(*parts[::-1], strict=True))]

    put(namespace, multilayer_rnn_forward, multilayer_rnn_backward)


def with_columns_and_hypot(namespace):
    """Gradients as columns; lengths by folding ``np.hypot``; bounds by one outer pass over the factors."""

    def state_gradient_norms(h, Wh, dh):
        norms, carry = [], np.zeros_like(dh[:, 0].T)
        for t in range(h.shape[1] - 1, -1, -1):
            whole = dh[:, t].T + carry
            norms.append(np.hypot.reduce(whole, axis=0))
            carry = Wh @ (whole - whole * h[:, t].T ** 2)
        return np.array(norms[::-1]).T

    def gradient_norm_bounds(h, Wh, dlast):
        stretches = np.linalg.svd(Wh, compute_uv=False)
        largest, least = stretches[0], stretches[-1]
        flat, steep = np.sort(1 - h * h, axis=2)[..., [0, -1]].transpose(2, 0, 1)
        lower, upper = (np.empty(h.shape[:2], h.dtype, order="F") for _ in "lu")
        end = np.hypot.reduce(dlast, axis=1)
        for t in range(h.shape[1]):
            lower[:, t] = end * np.prod(least * flat[:, t + 1 :], axis=1)
            upper[:, t] = end * np.prod(largest * steep[:, t + 1 :], axis=1)
        return lower, upper

    put(namespace, state_gradient_norms, gradient_norm_bounds)


def with_the_inverse(namespace):
    """The least stretch as one over the largest of the inverse; time by ``accumulate``; recursion for the norms."""

    def state_gradient_norms(h, Wh, dh):
        def lengths(t, carry):
            whole = dh[:, t] + carry
            mine = np.einsum("nh,nh->n", whole, whole)[:, None] ** 0.5
            rest = [lengths(t - 1, np.inner(whole * (1 - h[:, t] ** 2), Wh))] if t else []
            return np.hstack([*rest, mine])

        return lengths(h.shape[1] - 1, np.zeros_like(dh[:, -1]))

    def gradient_norm_bounds(h, Wh, dlast):
        wide = Wh.astype(np.float64)
        least, largest = 1 / np.linalg.norm(np.linalg.inv(wide), 2), np.linalg.norm(wide, 2)
        slopes = (1 - h**2)[:, :0:-1].swapaxes(0, 1)
        end = np.linalg.norm(dlast, axis=-1)
        lower = accumulate(slopes, lambda bound, slope: bound * slope.min(-1) * least, initial=end)
        upper = accumulate(slopes, lambda bound, slope: bound * slope.max(-1) * largest, initial=end)
        return tuple(np.stack(list(bounds)[::-1], axis=1).astype(h.dtype) for bounds in (lower, upper))

    put(namespace, state_gradient_norms, gradient_norm_bounds)


def with_logarithms(namespace):
    """Bounds as sums of logarithms, turned back at the end; slopes that are exactly 0 stay 0."""

    def gradient_norm_bounds(h, Wh, dlast):
        stretches, slopes = np.linalg.svd(Wh)[1].astype("f8"), 1 - h.astype("f8") ** 2
        with np.errstate(divide="ignore"):
            end = np.log(np.linalg.norm(dlast.astype("f8"), axis=1))
            low = np.log(slopes.min(2) * stretches.min())
            high = np.log(slopes.max(2) * stretches.max())
        found = []
        for logs in (low, high):
            after = np.cumsum(np.roll(logs, -1, axis=1)[:, -2::-1], axis=1)[:, ::-1]
            found.append(np.exp(np.c_[after, 0 * end] + end[:, None]).astype(h.dtype))
        return found

    put(namespace, gradient_norm_bounds)


def with_norms_of_norms(namespace):
    """The norm of the arrays' norms, each in float64; a helper scales."""

    def scaled(array, factor):
        array[...] = array * factor

    def clip_grad_norm(grads, max_norm):
        norm = float(np.linalg.norm([np.linalg.norm(grad.astype("f8")) for grad in grads.values()]))
        if norm > max_norm:
            for grad in grads.values():
                scaled(grad, max_norm / norm)
        return norm

    put(namespace, clip_grad_norm)


def with_dot_products(namespace):
    """A dot product of each array with itself; division instead of a factor, in a dictionary that is updated."""

    def clip_grad_norm(grads, max_norm):
        flat = {name: grad.ravel().astype(np.longdouble) for name, grad in grads.items()}
        norm = sum(array.dot(array) for array in flat.values()) ** 0.5
        over = max(1.0, float(norm) / max_norm)
        if over > 1:
            grads.update({name: (grad / over).astype(grad.dtype) for name, grad in grads.items()})
        return float(norm)

    put(namespace, clip_grad_norm)


def a_module_that(namespace, runs):
    """The master's parameters; ``runs(Wx, Wh, b, below, h)`` for each layer, from a state that is there."""

    class MultilayerRNN(namespace["MultilayerRNN"]):
        def forward(self, x, h0=None):
            starts, layers = h0 or [x.new_zeros(len(x), len(b)) for b in self.b], [x]
            for k, start in enumerate(starts):
                layers.append(runs(self.Wx[k], self.Wh[k], self.b[k], layers[k], start))
            return layers[1:]

    namespace["MultilayerRNN"] = MultilayerRNN


def with_linear_functions(namespace):
    """torch.nn.functional.linear, all inputs of a layer at once."""

    def runs(Wx, Wh, b, below, h):
        states = []
        for a in functional.linear(below, Wx.T, b).unbind(1):
            states.append(h := torch.tanh(a + functional.linear(h, Wh.T)))
        return torch.stack(states, dim=1)

    a_module_that(namespace, runs)


def with_a_buffer_made_beforehand(namespace):
    """States written into an array that is there before the loop."""

    def runs(Wx, Wh, b, below, h):
        out = below.new_zeros(*below.shape[:2], len(b))
        for t in range(below.size(1)):
            h = torch.tanh(torch.addmm(b, below.select(1, t), Wx).add(h.mm(Wh)))
            out[:, t] = h
        return out

    a_module_that(namespace, runs)


def with_a_scan(namespace):
    """itertools.accumulate over time, time first, one matrix for input and state."""

    def runs(Wx, Wh, b, below, h):
        weights = torch.cat([Wx, Wh])
        states = accumulate(
            below.transpose(0, 1), lambda h, row: torch.tanh(torch.cat([row, h], dim=1) @ weights + b), initial=h
        )
        return torch.stack(list(states)[1:]).transpose(0, 1)

    a_module_that(namespace, runs)


def with_recursion(namespace):
    """Time by recursion, the products by einsum."""

    def runs(Wx, Wh, b, below, h):
        h = torch.tanh(torch.einsum("nd,dh->nh", below[:, 0], Wx) + torch.einsum("ni,ij->nj", h, Wh) + b)
        rest = [runs(Wx, Wh, b, below[:, 1:], h)] if below.shape[1] > 1 else []
        return torch.cat([h.unsqueeze(1), *rest], dim=1)

    a_module_that(namespace, runs)


MORE = (
    with_layers_as_objects,
    with_diagonals,
    with_states_computed_again,
    with_columns_and_hypot,
    with_the_inverse,
    with_logarithms,
    with_norms_of_norms,
    with_dot_products,
    with_linear_functions,
    with_a_buffer_made_beforehand,
    with_a_scan,
    with_recursion,
)
