"""Right answers in other clothes for stage 3. Each replaces functions in the reference's namespace."""

import math

import numpy as np
import torch

from tests.course.variants_s03_gradient_flow_more import MORE


def with_loops_of_its_own(namespace):
    """A stack without the functions of stage 1: time outside, layers inside; tuples for lists; one flat cache."""

    def multilayer_rnn_forward(x, h0, Wx, Wh, b):
        state = list(h0)
        out = [np.zeros((len(x), x.shape[1], len(bias)), dtype=x.dtype) for bias in b]
        for t in range(x.shape[1]):
            below = x[:, t]
            for k in range(len(b)):
                state[k] = below = np.tanh(below @ Wx[k] + state[k] @ Wh[k] + b[k])
                out[k][:, t] = below
        return tuple(out), {"x": x, "h0": h0, "Wx": Wx, "Wh": Wh, "out": out}

    def multilayer_rnn_backward(dh, cache):
        Wx, Wh, out, T = cache["Wx"], cache["Wh"], cache["out"], dh.shape[1]
        grads = {name: [np.zeros_like(w) for w in cache[name]] for name in ("Wx", "Wh")}
        db = [np.zeros_like(w[0]) for w in Wh]
        carry = [np.zeros_like(start) for start in cache["h0"]]
        dx = np.zeros_like(cache["x"])
        for t in range(T)[::-1]:
            down = dh[:, t]
            for k in range(len(Wh))[::-1]:
                da = (down + carry[k]) * (1 - out[k][:, t] ** 2)
                before = out[k][:, t - 1] if t else cache["h0"][k]
                below = out[k - 1][:, t] if k else cache["x"][:, t]
                grads["Wx"][k] += below.T @ da
                grads["Wh"][k] += before.T @ da
                db[k] += da.sum(0)
                carry[k], down = da @ Wh[k].T, da @ Wx[k].T
            dx[:, t] = down
        return [dx, tuple(carry), grads["Wx"], grads["Wh"], db]

    namespace["multilayer_rnn_forward"] = multilayer_rnn_forward
    namespace["multilayer_rnn_backward"] = multilayer_rnn_backward


def with_indices_and_views(namespace):
    """The stack by index, from the functions of stage 1; gradients placed into lists; returned views."""
    earlier = namespace["earlier"]

    def multilayer_rnn_forward(x, h0, Wx, Wh, b):
        states, caches = [x], []
        for k in range(len(Wx)):
            out = earlier.rnn_forward(states[k], h0[k], Wx[k], Wh[k], b[k])
            states += [out[0]]
            caches += [out[1]]
        return states[1:], tuple(caches)

    def multilayer_rnn_backward(dh, cache):
        K = len(cache)
        dh0, dWx, dWh, db = [None] * K, [None] * K, [None] * K, [None] * K
        for k in range(K - 1, -1, -1):
            dh, dh0[k], dWx[k], dWh[k], db[k] = earlier.rnn_backward(dh, cache[k])
        return dh, dh0, dWx, dWh, db

    namespace["multilayer_rnn_forward"] = multilayer_rnn_forward
    namespace["multilayer_rnn_backward"] = multilayer_rnn_backward


def with_recursion(namespace):
    """The bottom layer, then a stack of the rest."""
    earlier = namespace["earlier"]

    def multilayer_rnn_forward(x, h0, Wx, Wh, b):
        if not Wx:
            return [], None
        h, cache = earlier.rnn_forward(x, h0[0], Wx[0], Wh[0], b[0])
        above, rest = multilayer_rnn_forward(h, h0[1:], Wx[1:], Wh[1:], b[1:])
        return [h, *above], (cache, rest)

    def multilayer_rnn_backward(dh, cache):
        if cache is None:
            return dh, [], [], [], []
        dh, *above = multilayer_rnn_backward(dh, cache[1])
        dx, *own = earlier.rnn_backward(dh, cache[0])
        return (dx, *([mine, *theirs] for mine, theirs in zip(own, above, strict=True)))

    namespace["multilayer_rnn_forward"] = multilayer_rnn_forward
    namespace["multilayer_rnn_backward"] = multilayer_rnn_backward


def with_linalg(namespace):
    """Norms by np.linalg.norm, a matrix of slopes, all gradients kept first; bounds by cumulative products."""

    def state_gradient_norms(h, Wh, dh):
        total = dh.copy()
        for t in range(h.shape[1] - 1, 0, -1):
            total[:, t - 1] += np.einsum("nj,nj,ij->ni", total[:, t], (1 - h[:, t]) * (1 + h[:, t]), Wh)
        return np.linalg.norm(total, axis=-1)

    def gradient_norm_bounds(h, Wh, dlast):
        s = np.linalg.svd(Wh)[1]
        slopes = 1 - np.square(h)
        ends = np.linalg.norm(dlast, axis=1)[:, None]
        parts = []
        for factors in (slopes.min(-1) * s[-1], slopes.max(-1) * s[0]):
            steps = np.concatenate([factors[:, 1:], np.ones_like(ends)], axis=1)
            parts.append(ends * np.cumprod(steps[:, ::-1], axis=1)[:, ::-1])
        return parts

    namespace["state_gradient_norms"], namespace["gradient_norm_bounds"] = state_gradient_norms, gradient_norm_bounds


def with_one_sequence_after_another(namespace):
    """Lists, Python's own functions, and the Jacobian written out as a matrix for every single step."""

    def state_gradient_norms(h, Wh, dh):
        rows = []
        for states, own in zip(h, dh, strict=True):
            g, row = own[-1], []
            for t in range(len(own) - 1, -1, -1):
                row = [np.sqrt(g @ g), *row]
                if t:
                    g = own[t - 1] + Wh @ np.diag(1 - states[t] ** 2) @ g
            rows.append(row)
        return np.array(rows, dtype=h.dtype)

    def gradient_norm_bounds(h, Wh, dlast):
        N, T, _ = h.shape
        high, low = np.linalg.norm(Wh, 2), np.linalg.norm(Wh, -2)
        bounds = np.zeros((2, N, T), h.dtype)
        for n in range(N):
            bounds[:, n, T - 1] = math.sqrt(sum(float(g) ** 2 for g in dlast[n]))
            for t in range(T - 2, -1, -1):
                flattest, steepest = np.abs(h[n, t + 1]).max(), np.abs(h[n, t + 1]).min()
                bounds[0, n, t] = bounds[0, n, t + 1] * low * (1 - flattest**2)
                bounds[1, n, t] = bounds[1, n, t + 1] * high * (1 - steepest**2)
        return bounds[0], bounds[1]

    namespace["state_gradient_norms"], namespace["gradient_norm_bounds"] = state_gradient_norms, gradient_norm_bounds


def with_the_time_axis_first(namespace):
    """Time-major copies, and one einsum for the lengths at the end."""

    def state_gradient_norms(h, Wh, dh):
        slopes = 1 - np.moveaxis(h, 1, 0) ** 2
        total = np.array(np.moveaxis(dh, 1, 0))
        for t in reversed(range(1, len(total))):
            total[t - 1] += np.dot(slopes[t] * total[t], np.transpose(Wh))
        return np.sqrt(np.einsum("tnh,tnh->nt", total, total))

    namespace["state_gradient_norms"] = state_gradient_norms


def with_torchs_epsilon(namespace):
    """The factor as PyTorch has it, always multiplied, capped at 1; a NumPy number returned."""

    def clip_grad_norm(grads, max_norm):
        norm = np.linalg.norm(np.concatenate([g.astype(np.float64).ravel() for g in grads.values()]))
        factor = min(1.0, max_norm / (norm + 1e-6))
        for name in grads:
            grads[name] *= factor
        return norm

    namespace["clip_grad_norm"] = clip_grad_norm


def with_new_arrays_in_the_dictionary(namespace):
    """The dictionary's entries replaced by scaled copies; math instead of NumPy for the sum."""

    def clip_grad_norm(grads, max_norm):
        norm = math.sqrt(math.fsum(float(g) ** 2 for array in grads.values() for g in array.flat))
        if norm >= max_norm:
            for name, array in grads.items():
                grads[name] = (array / norm * max_norm).astype(array.dtype)
        return norm

    namespace["clip_grad_norm"] = clip_grad_norm


def with_the_largest_entry_out(namespace):
    """Squares of the entries over the largest, so that they fit into any type."""

    def clip_grad_norm(grads, max_norm):
        top = max(float(abs(g).max()) for g in grads.values())
        if top == 0:
            return 0.0
        norm = top * float(sum(((g / top) ** 2).sum(dtype="f8") for g in grads.values())) ** 0.5
        scale = max_norm / norm
        _ = [np.multiply(g, scale, out=g) for g in grads.values() if scale < 1]
        return norm

    namespace["clip_grad_norm"] = clip_grad_norm


def with_cells_in_time_order(namespace):
    """A module that goes through all layers at each step, and fuses the sums."""
    stack = namespace["MultilayerRNN"]

    class MultilayerRNN(stack):
        def forward(self, x, h0=None):
            K = len(self.b)
            state = [x.new_zeros(len(x), len(b)) for b in self.b] if h0 is None else list(h0)
            out = [[] for _ in range(K)]
            for now in x.unbind(1):
                for k in range(K):
                    projected = torch.addmm(self.b[k], state[k - 1] if k else now, self.Wx[k])
                    state[k] = torch.addmm(projected, state[k], self.Wh[k]).tanh()
                    out[k] += [state[k]]
            return tuple(torch.stack(states, 1) for states in out)

    namespace["MultilayerRNN"] = MultilayerRNN


VARIANTS = (
    with_loops_of_its_own,
    with_indices_and_views,
    with_recursion,
    with_linalg,
    with_one_sequence_after_another,
    with_the_time_axis_first,
    with_torchs_epsilon,
    with_new_arrays_in_the_dictionary,
    with_the_largest_entry_out,
    with_cells_in_time_order,
    *MORE,
)
