"""Right answers in other clothes: what a suite must accept. Each replaces functions in the reference's namespace."""

import numpy as np

from tests.course.variants_s01_rnn_more import MORE
from tests.course.variants_s01_rnn_readers import READERS


def with_loops(namespace):
    """Every sum written out."""

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        N, D = x.shape
        H = len(b)
        next_h = np.zeros((N, H), dtype=x.dtype)
        for n in range(N):
            for j in range(H):
                total = b[j]
                for i in range(D):
                    total = total + x[n, i] * Wx[i, j]
                for i in range(H):
                    total = total + prev_h[n, i] * Wh[i, j]
                next_h[n, j] = np.tanh(total)
        return next_h, (x, prev_h, Wx, Wh, next_h)

    namespace["rnn_step_forward"] = rnn_step_forward


def with_one_big_product(namespace):
    """Inputs projected in one product; the cache is a dict; the step function is not used."""

    def rnn_forward(x, h0, Wx, Wh, b):
        projected = x @ Wx + b
        states = [h0]
        for t in range(x.shape[1]):
            states.append(np.tanh(projected[:, t] + states[-1] @ Wh))
        return np.stack(states[1:], axis=1), {"x": x, "states": states, "Wx": Wx, "Wh": Wh}

    def rnn_backward(dh, cache):
        states = cache["states"]
        da = np.zeros_like(dh)
        carry = 0.0
        for t in range(dh.shape[1] - 1, -1, -1):
            da[:, t] = (dh[:, t] + carry) * (1 - states[t + 1] ** 2)
            carry = da[:, t] @ cache["Wh"].T
        before = np.stack(states[:-1], axis=1)
        dWx = np.einsum("ntd,nth->dh", cache["x"], da)
        dWh = np.einsum("nti,ntj->ij", before, da)
        return [da @ cache["Wx"].T, carry, dWx, dWh, da.sum((0, 1))]

    namespace["rnn_forward"], namespace["rnn_backward"] = rnn_forward, rnn_backward


def with_einsum_and_lists(namespace):
    """einsum everywhere, lists where tuples are natural, a cache object of the student's own class."""

    class Memory:
        def __init__(self, **kept):
            self.__dict__.update(kept)

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        h = np.tanh(np.einsum("nd,dh->nh", x, Wx) + np.einsum("ni,ij->nj", prev_h, Wh) + b)
        return [h, Memory(x=x, prev=prev_h, Wx=Wx, Wh=Wh, h=h)]

    def rnn_step_backward(dnext_h, m):
        da = (1 - m.h * m.h) * dnext_h
        dWx, dWh = np.einsum("nd,nh->dh", m.x, da), np.einsum("ni,nj->ij", m.prev, da)
        return [np.einsum("nh,dh->nd", da, m.Wx), np.einsum("nj,ij->ni", da, m.Wh), dWx, dWh, np.sum(da, 0)]

    def rnn_backward(dh, cache):
        dx, dWx, dWh, db, carry = [], 0, 0, 0, np.zeros_like(dh[:, 0])
        for t, memory in reversed(list(enumerate(cache))):
            dx_t, carry, gx, gh, gb = rnn_step_backward(dh[:, t] + carry, memory)
            dx.insert(0, dx_t)
            dWx, dWh, db = dWx + gx, dWh + gh, db + gb
        return np.stack(dx, 1), carry, dWx, dWh, db

    for function in (rnn_step_forward, rnn_step_backward, rnn_backward):
        namespace[function.__name__] = function


def with_work_in_place(namespace):
    """In-place work on their own arrays, returned views, prints and warnings on the way."""
    import sys

    def temporal_affine_forward(x, w, b):
        out = np.zeros((x.shape[0], x.shape[1], w.shape[1] + 1), dtype=x.dtype)[..., 1:]
        out += x @ w
        out += b
        print("working", file=sys.stderr)
        return out, [w, x.copy()]

    def temporal_affine_backward(dout, cache):
        w, x = cache
        flat = dout.reshape(-1, dout.shape[-1])
        return dout.dot(w.T), np.ascontiguousarray(flat.T @ x.reshape(-1, x.shape[-1])).T, flat.sum(0)

    namespace["temporal_affine_forward"] = temporal_affine_forward
    namespace["temporal_affine_backward"] = temporal_affine_backward


def with_a_reader_of_its_own(namespace):
    """A reader that returns NumPy scalars, keeps extra gradients, and does without the helper functions."""

    class RowReader:
        def __init__(self, params):
            self.params = params

        def loss(self, images, labels):
            p = self.params
            N, T, _ = images.shape
            states = [np.zeros((N, p["Wh"].shape[1]), images.dtype)]
            for t in range(T):
                states.append(np.tanh(images[:, t] @ p["Wx"] + states[-1] @ p["Wh"] + p["b"]))
            scores = states[-1] @ p["W_out"] + p["b_out"]
            top = scores.max(1)
            total = np.log(np.exp(scores - top[:, None]).sum(1)) + top
            loss = np.mean(total - scores[range(N), labels])
            right = np.eye(scores.shape[1], dtype=images.dtype)[labels]
            ds = (np.exp(scores - total[:, None]) - right) / np.asarray(N, images.dtype)
            grads = {"W_out": states[-1].T @ ds, "b_out": ds.sum(0), "extra": None}
            grads |= {name: np.zeros_like(p[name]) for name in ("Wx", "Wh", "b")}
            carry = ds @ p["W_out"].T
            for t in range(T - 1, -1, -1):
                da = carry * (1 - states[t + 1] ** 2)
                grads["Wx"] += images[:, t].T @ da
                grads["Wh"] += states[t].T @ da
                grads["b"] += da.sum(0)
                carry = da @ p["Wh"].T
            return loss, grads

    namespace["RowReader"] = RowReader


def with_torch_layers(namespace):
    """A module that projects all inputs at once and keeps its states in a preallocated order of its own."""
    import torch

    class RNN(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim):
            super().__init__()
            self.Wx = torch.nn.Parameter(torch.zeros(input_dim, hidden_dim))
            self.Wh = torch.nn.Parameter(torch.zeros(hidden_dim, hidden_dim))
            self.b = torch.nn.Parameter(torch.zeros(hidden_dim))

        def forward(self, x, h0=None):
            projected = (x @ self.Wx + self.b).unbind(1)
            h = torch.zeros_like(projected[0]) if h0 is None else h0
            out = []
            for part in projected:
                h = torch.tanh(torch.addmm(part, h, self.Wh))
                out += [h]
            return torch.stack(out).transpose(0, 1)

    namespace["RNN"] = RNN


VARIANTS = [
    with_loops,
    with_one_big_product,
    with_einsum_and_lists,
    with_work_in_place,
    with_a_reader_of_its_own,
    with_torch_layers,
    *MORE,
    *READERS,
]
