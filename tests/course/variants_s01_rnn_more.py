"""More right answers in other clothes for stage 1: other products, other memory, other ways through time."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np


def put(namespace, *answers):
    """Replace answers by those of the same names."""
    namespace.update({answer.__name__: answer for answer in answers})


def by_any_steps(namespace):
    """A way back through time that does not look into the caches of steps, as the master's does."""

    def rnn_backward(dh, cache):
        carry, dx, sums = np.zeros_like(dh[:, 0]), [], [0, 0, 0]
        for t in reversed(range(dh.shape[1])):
            dx_t, carry, *found = namespace["rnn_step_backward"](dh[:, t] + carry, cache[t])
            dx, sums = [dx_t, *dx], [old + new for old, new in zip(sums, found, strict=True)]
        return np.stack(dx, axis=1), carry, *sums

    put(namespace, rnn_backward)


def with_inputs_side_by_side(namespace):
    """Input, state and a 1 in one row; all weights in one matrix; gradients cut out of one product."""

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        rows = np.concatenate([x, prev_h, np.ones_like(x[:, :1])], axis=1)
        weights = np.concatenate([Wx, Wh, b[None]])
        next_h = np.tanh(rows @ weights)
        return next_h, {"rows": rows, "weights": weights, "h": next_h, "D": x.shape[1]}

    def rnn_step_backward(dnext_h, cache):
        da = dnext_h - dnext_h * cache["h"] ** 2
        drows, dweights, D = da @ cache["weights"].T, cache["rows"].T @ da, cache["D"]
        return drows[:, :D], drows[:, D:-1], dweights[:D], dweights[D:-1], dweights[-1]

    def temporal_affine_forward(x, w, b):
        rows = np.concatenate([x, np.ones_like(x[..., :1])], axis=2)
        weights = np.vstack((w, b))
        return rows @ weights, (rows, weights)

    def temporal_affine_backward(dout, cache):
        rows, weights = cache
        dweights = np.tensordot(rows, dout, axes=([0, 1], [0, 1]))
        return (dout @ weights.T)[..., :-1], dweights[:-1], dweights[-1]

    put(namespace, rnn_step_forward, rnn_step_backward, temporal_affine_forward, temporal_affine_backward)
    by_any_steps(namespace)


def with_out_arguments(namespace):
    """Every result written to where it belongs, by the ``out`` of NumPy's functions, in Fortran's order."""

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        total, part = np.empty_like(prev_h, order="F"), np.empty_like(prev_h)
        np.matmul(x, Wx, out=total)
        np.matmul(prev_h, Wh, out=part)
        np.add(total, part, out=total)
        np.add(total, b, out=total)
        return np.tanh(total, out=total), [total, x, prev_h, Wx, Wh]

    def rnn_step_backward(dnext_h, cache):
        h, x, prev_h, Wx, Wh = cache
        da = np.square(h)
        np.subtract(1, da, out=da)
        np.multiply(da, dnext_h, out=da)
        found = [np.empty_like(array, order="F") for array in (x, prev_h, Wx, Wh)]
        for out, pair in zip(found, ((da, Wx.T), (da, Wh.T), (x.T, da), (prev_h.T, da)), strict=True):
            np.matmul(*pair, out=out)
        return (*found, np.add.reduce(da, axis=0))

    def temporal_affine_forward(x, w, b):
        out = np.broadcast_to(b, (*x.shape[:2], len(b))).copy()
        np.add(out, np.matmul(x, w), out=out)
        return out, (x, w)

    def temporal_affine_backward(dout, cache):
        x, w = cache
        dw = np.zeros_like(w, order="F")
        for one, arrived in zip(x, dout, strict=True):
            np.add(dw, one.T.dot(arrived), out=dw)
        return np.inner(dout, w), dw, np.add.reduce(dout, axis=(0, 1))

    put(namespace, rnn_step_forward, rnn_step_backward, temporal_affine_forward, temporal_affine_backward)
    by_any_steps(namespace)


def with_columns_for_rows(namespace):
    """Examples as columns, as mathematicians write; views of the results turned back."""

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        h = np.tanh(Wx.T @ x.T + Wh.T @ prev_h.T + b[:, np.newaxis])
        return h.T, {"h": h, "inputs": (x.T, prev_h.T), "weights": (Wx, Wh)}

    def rnn_step_backward(dnext_h, cache):
        delta = (1 + cache["h"]) * (1 - cache["h"]) * dnext_h.T
        dinputs = [(w @ delta).T for w in cache["weights"]]
        dweights = [(delta @ columns.T).T for columns in cache["inputs"]]
        return [*dinputs, *dweights, delta.sum(1)]

    def temporal_affine_forward(x, w, b):
        columns = x.reshape(-1, x.shape[2]).T
        return (w.T @ columns + b[:, None]).T.reshape(*x.shape[:2], -1), (columns, w, x.shape)

    def temporal_affine_backward(dout, cache):
        columns, w, shape = cache
        delta = dout.reshape(-1, dout.shape[2]).T
        return (w @ delta).T.reshape(shape), columns @ delta.T, delta.sum(1)

    put(namespace, rnn_step_forward, rnn_step_backward, temporal_affine_forward, temporal_affine_backward)
    by_any_steps(namespace)


def with_inputs_kept_only(namespace):
    """The cache holds the arguments; the way back computes the states again, and one unit's gradient at a time."""

    def rnn_step_forward(x, prev_h, Wx, Wh, b):
        return np.tanh(b + prev_h.dot(Wh) + x.dot(Wx)), (x, prev_h, Wx, Wh, b)

    def rnn_step_backward(dnext_h, cache):
        x, prev_h, Wx, Wh, b = cache
        again = np.tanh(x @ Wx + prev_h @ Wh + b)
        dx, dprev_h, dWx, dWh, db = (np.zeros_like(array) for array in cache)
        for j in range(len(b)):
            delta = dnext_h[:, j] * (1 - again[:, j] ** 2)
            dx += np.outer(delta, Wx[:, j])
            dprev_h += np.outer(delta, Wh[:, j])
            dWx[:, j], dWh[:, j], db[j] = delta @ x, delta @ prev_h, delta.sum()
        return dx, dprev_h, dWx, dWh, db

    def temporal_affine_forward(x, w, b):
        return np.stack([one.dot(w) + b for one in x]), (x, w, b)

    def temporal_affine_backward(dout, cache):
        x, w, b = cache
        dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
        for t in range(x.shape[1]):
            dx[:, t] = dout[:, t] @ w.T
            dw += x[:, t].T @ dout[:, t]
            db += dout[:, t].sum(axis=0)
        return dx, dw, db

    put(namespace, rnn_step_forward, rnn_step_backward, temporal_affine_forward, temporal_affine_backward)


def with_slopes_kept(namespace):
    """A small class for what is kept of a step, the slope worked out on the way forward."""

    @dataclass
    class Step:
        x: object
        prev_h: object
        slope: object

    def rnn_forward(x, h0, Wx, Wh, b):
        steps, out, h = [], [], h0
        for x_t in x.swapaxes(0, 1):
            before, h = h, np.tanh(x_t @ Wx + h @ Wh + b)
            steps.append(Step(x_t, before, 1 - h * h))
            out.append(h)
        return np.stack(out, axis=1), (steps, Wx, Wh)

    def rnn_backward(dh, cache):
        steps, Wx, Wh = cache
        sums, carry, dx = [0, 0, 0], np.zeros_like(dh[:, 0]), np.zeros((*dh.shape[:2], len(Wx)), dh.dtype)
        for t in range(len(steps) - 1, -1, -1):
            step = steps[t]
            da = step.slope * (carry + dh[:, t])
            dx[:, t], carry = da @ Wx.T, da @ Wh.T
            found = (step.x.T @ da, step.prev_h.T @ da, da.sum(axis=0))
            sums = [old + new for old, new in zip(sums, found, strict=True)]
        return dx, carry, *sums

    put(namespace, rnn_forward, rnn_backward)


def with_time_first(namespace):
    """One array of T + 1 states, time first, filled in place; weight gradients of all steps in one product."""

    def rnn_forward(x, h0, Wx, Wh, b):
        N, T, D = x.shape
        states = np.empty((T + 1, N, len(b)), dtype=x.dtype)
        states[0] = h0
        inputs = np.ascontiguousarray(x.transpose(1, 0, 2))
        states[1:] = (inputs.reshape(T * N, D) @ Wx + b).reshape(T, N, -1)
        for t in range(T):
            states[t + 1] += states[t] @ Wh
            np.tanh(states[t + 1], out=states[t + 1])
        return states[1:].transpose(1, 0, 2), (inputs, states, Wx, Wh)

    def rnn_backward(dh, cache):
        inputs, states, Wx, Wh = cache
        da = dh.transpose(1, 0, 2).copy()
        for t in range(len(da))[::-1]:
            if t + 1 < len(da):
                da[t] += np.dot(da[t + 1], Wh.T)
            da[t] *= 1 - states[t + 1] ** 2
        flat = da.reshape(-1, da.shape[2])
        dWx = inputs.reshape(-1, inputs.shape[2]).T @ flat
        dWh = states[:-1].reshape(-1, da.shape[2]).T @ flat
        return np.einsum("tnh,dh->ntd", da, Wx), da[0] @ Wh.T, dWx, dWh, flat.sum(0)

    put(namespace, rnn_forward, rnn_backward)


def with_recursion(namespace):
    """The first step, then the rest of the sequence; the caches are nested pairs."""
    step, back = namespace["rnn_step_forward"], namespace["rnn_step_backward"]

    def rnn_forward(x, h0, Wx, Wh, b):
        h, kept = step(x[:, 0], h0, Wx, Wh, b)
        if x.shape[1] == 1:
            return h[:, None], (kept, None)
        later, rest = rnn_forward(x[:, 1:], h, Wx, Wh, b)
        return np.concatenate([h[:, None], later], axis=1), (kept, rest)

    def rnn_backward(dh, cache):
        kept, rest = cache
        if rest is None:
            dx, *others = back(dh[:, 0], kept)
            return [dx[:, None], *others]
        dx_later, carry, *later = rnn_backward(dh[:, 1:], rest)
        dx, dh0, *weights = back(dh[:, 0] + carry, kept)
        dx = np.concatenate([dx[:, None], dx_later], axis=1)
        return [dx, dh0, *(one + other for one, other in zip(weights, later, strict=True))]

    put(namespace, rnn_forward, rnn_backward)


def with_accumulate(namespace):
    """Time by ``itertools.accumulate`` in both directions; a dictionary by step for a cache."""

    def rnn_forward(x, h0, Wx, Wh, b):
        drive = np.moveaxis(np.einsum("ntd,dh->nth", x, Wx) + b, 1, 0)
        states = list(accumulate(drive, lambda h, a: np.tanh(a + h @ Wh), initial=h0))
        return np.swapaxes(states[1:], 0, 1), dict(enumerate(states)) | {"x": x, "Wx": Wx, "Wh": Wh}

    def rnn_backward(dh, cache):
        T, Wh = dh.shape[1], cache["Wh"]

        def earlier_delta(later, t):
            return (dh[:, t] + later @ Wh.T) * (1 - cache[t + 1] ** 2)

        deltas = list(accumulate(range(T - 1, -1, -1), earlier_delta, initial=np.zeros_like(dh[:, 0])))[:0:-1]
        dWh = sum(cache[t].T @ delta for t, delta in enumerate(deltas))
        delta = np.stack(deltas, 1)
        dWx = np.tensordot(cache["x"], delta, ((0, 1), (0, 1)))
        return delta @ cache["Wx"].T, deltas[0] @ Wh.T, dWx, dWh, delta.sum(axis=1).sum(axis=0)

    put(namespace, rnn_forward, rnn_backward)


def with_one_sequence_at_a_time(namespace):
    """Each example by itself, vectors only; a list of lists for a cache."""

    def rnn_forward(x, h0, Wx, Wh, b):
        runs = []
        for sequence, state in zip(x, h0, strict=True):
            states = [state]
            for vector in sequence:
                states.append(np.tanh(vector @ Wx + states[-1] @ Wh + b))
            runs.append(states)
        return np.array([states[1:] for states in runs]), [x, Wx, Wh, runs]

    def rnn_backward(dh, cache):
        x, Wx, Wh, runs = cache
        dx, dh0 = np.empty_like(x), np.empty_like(dh[:, 0])
        dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh), dh.dtype)
        for n, states in enumerate(runs):
            carry = np.zeros(len(Wh), dh.dtype)
            for t in reversed(range(x.shape[1])):
                delta = (dh[n, t] + carry) * (1 - states[t + 1] ** 2)
                dx[n, t], carry = Wx @ delta, Wh @ delta
                dWx += np.outer(x[n, t], delta)
                dWh += np.outer(states[t], delta)
                db += delta
            dh0[n] = carry
        return dx, dh0, dWx, dWh, db

    put(namespace, rnn_forward, rnn_backward)


MORE = [
    with_inputs_side_by_side,
    with_out_arguments,
    with_columns_for_rows,
    with_inputs_kept_only,
    with_slopes_kept,
    with_time_first,
    with_recursion,
    with_accumulate,
    with_one_sequence_at_a_time,
]
