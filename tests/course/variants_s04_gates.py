"""Right answers in other clothes for stage 4. Each replaces functions in the reference's namespace."""

import numpy as np

from tests.course.variants_s04_gates_modules import MODULES
from tests.course.variants_s04_gates_more import MORE
from tests.course.variants_s04_gates_small import ROADS_AND_CONVERTERS


def _sigmoid(a):
    return 1 / (1 + np.exp(-np.clip(a, -60, 60)))


def with_slices_and_dictionaries(namespace):
    """Slices instead of split, a dictionary for a cache, a sigmoid of their own, lists for tuples."""

    def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
        H = prev_h.shape[1]
        a = b + np.einsum("nd,dh->nh", x, Wx) + np.einsum("ni,ij->nj", prev_h, Wh)
        gates = _sigmoid(a[:, : 3 * H])
        i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
        g = np.tanh(a[:, 3 * H :])
        c = prev_c * f + g * i
        kept = {"x": x, "h": prev_h, "c": prev_c, "Wx": Wx, "Wh": Wh, "i": i, "f": f, "o": o, "g": g, "t": np.tanh(c)}
        return [o * np.tanh(c), c, kept]

    def lstm_step_backward(dnext_h, dnext_c, k):
        dc = dnext_c + dnext_h * k["o"] * (1 - k["t"] * k["t"])
        H = dc.shape[1]
        da = np.empty((len(dc), 4 * H), dtype=dc.dtype)
        da[:, :H] = dc * k["g"] * k["i"] * (1 - k["i"])
        da[:, H : 2 * H] = dc * k["c"] * k["f"] * (1 - k["f"])
        da[:, 2 * H : 3 * H] = dnext_h * k["t"] * k["o"] * (1 - k["o"])
        da[:, 3 * H :] = dc * k["i"] * (1 - k["g"] ** 2)
        return [da.dot(k["Wx"].T), da.dot(k["Wh"].T), dc * k["f"], k["x"].T.dot(da), k["h"].T.dot(da), np.sum(da, 0)]

    def gru_step_forward(x, prev_h, Wx, Wh, b):
        H = prev_h.shape[1]
        a, u = x @ Wx + b, prev_h @ Wh
        r, z = _sigmoid(a[:, :H] + u[:, :H]), _sigmoid(a[:, H : 2 * H] + u[:, H : 2 * H])
        n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
        return [n + z * (prev_h - n), {"all": (x, prev_h, Wx, Wh, r, z, n, u[:, 2 * H :])}]

    def gru_step_backward(dnext_h, cache):
        x, prev_h, Wx, Wh, r, z, n, u = cache["all"]
        dan = dnext_h * (1 - z) * (1 - n**2)
        left = [dan * u * r * (1 - r), dnext_h * (prev_h - n) * z * (1 - z)]
        right_x, right_h = np.hstack([*left, dan]), np.hstack([*left, dan * r])
        return [right_x @ Wx.T, right_h @ Wh.T + dnext_h * z, x.T @ right_x, prev_h.T @ right_h, right_x.sum(0)]

    for function in (lstm_step_forward, lstm_step_backward, gru_step_forward, gru_step_backward):
        namespace[function.__name__] = function


def with_one_product_before_the_loop(namespace):
    """Inputs projected at once, nothing allocated per step, weight gradients in one product; step functions unused."""

    def lstm_forward(x, h0, Wx, Wh, b):
        N, T, _ = x.shape
        H = h0.shape[1]
        a = np.ascontiguousarray((x @ Wx + b).transpose(1, 0, 2))
        h, c = np.empty((T + 1, N, H), h0.dtype), np.zeros((T + 1, N, H), h0.dtype)
        h[0] = h0
        for t in range(T):
            a[t] += h[t] @ Wh
            a[t, :, : 3 * H] = 0.5 * (1 + np.tanh(0.5 * a[t, :, : 3 * H]))
            a[t, :, 3 * H :] = np.tanh(a[t, :, 3 * H :])
            c[t + 1] = a[t, :, H : 2 * H] * c[t] + a[t, :, :H] * a[t, :, 3 * H :]
            h[t + 1] = a[t, :, 2 * H : 3 * H] * np.tanh(c[t + 1])
        return h[1:].transpose(1, 0, 2), (x.copy(), Wx, Wh, a, h, c)

    def lstm_backward(dh, cache):
        x, Wx, Wh, a, h, c = cache
        T, N, H = a.shape[0], a.shape[1], h.shape[2]
        da = np.empty_like(a)
        carry, dc = np.zeros((N, H), dh.dtype), np.zeros((N, H), dh.dtype)
        for t in range(T - 1, -1, -1):
            i, f, o, g = (a[t, :, k * H : (k + 1) * H] for k in range(4))
            up, shown = dh[:, t] + carry, np.tanh(c[t + 1])
            dc += up * o * (1 - shown**2)
            da[t, :, :H], da[t, :, H : 2 * H] = dc * g * i * (1 - i), dc * c[t] * f * (1 - f)
            da[t, :, 2 * H : 3 * H], da[t, :, 3 * H :] = up * shown * o * (1 - o), dc * i * (1 - g**2)
            carry, dc = da[t] @ Wh.T, dc * f
        dWx = np.tensordot(x, da, axes=((1, 0), (0, 1)))
        dWh = np.tensordot(h[:-1], da, axes=((0, 1), (0, 1)))
        return (da @ Wx.T).transpose(1, 0, 2), carry, dWx, dWh, da.sum((0, 1))

    def gru_forward(x, h0, Wx, Wh, b):
        projected, states, cache = x @ Wx + b, [h0], []
        H = h0.shape[1]
        for t in range(x.shape[1]):
            a, u = projected[:, t], states[-1] @ Wh
            gates = _sigmoid(a[:, : 2 * H] + u[:, : 2 * H])
            r, z = gates[:, :H], gates[:, H:]
            n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
            cache.append((x[:, t], states[-1], Wx, Wh, r, z, n, u[:, 2 * H :]))
            states.append(n - z * n + z * states[-1])
        return np.stack(states[1:], 1), cache

    def gru_backward(dh, cache):
        dx, grads, carry = [], None, 0
        for t in range(dh.shape[1])[::-1]:
            dx_t, carry, *step = namespace["gru_step_backward"](dh[:, t] + carry, cache[t])
            grads = step if grads is None else [a + b for a, b in zip(grads, step, strict=True)]
            dx.append(dx_t)
        return np.stack(dx[::-1], axis=1), carry, *grads

    for function in (lstm_forward, lstm_backward, gru_forward, gru_backward):
        namespace[function.__name__] = function


def with_loops_over_units(namespace):
    """Every gate written out, unit by unit."""

    def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
        N, H = prev_h.shape
        gates = np.empty((4, N, H), x.dtype)
        for k in range(4):
            for j in range(H):
                column = k * H + j
                total = b[column] + (x * Wx[:, column]).sum(1) + (prev_h * Wh[:, column]).sum(1)
                gates[k, :, j] = np.tanh(total) if k == 3 else _sigmoid(total)
        i, f, o, g = gates
        next_c = i * g + f * prev_c
        return o * np.tanh(next_c), next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)

    def gru_step_forward(x, prev_h, Wx, Wh, b):
        N, H = prev_h.shape
        parts = np.empty((4, N, H), x.dtype)
        for j in range(H):
            sees = [(x * Wx[:, k * H + j]).sum(1) + b[k * H + j] for k in range(3)]
            keeps = [(prev_h * Wh[:, k * H + j]).sum(1) for k in range(3)]
            r, z = _sigmoid(sees[0] + keeps[0]), _sigmoid(sees[1] + keeps[1])
            parts[0, :, j], parts[1, :, j], parts[3, :, j] = r, z, keeps[2]
            parts[2, :, j] = np.tanh(sees[2] + r * keeps[2])
        r, z, n, h_n = parts
        return prev_h * z + n - n * z, (x, prev_h, Wx, Wh, r, z, n, h_n)

    namespace["lstm_step_forward"], namespace["gru_step_forward"] = lstm_step_forward, gru_step_forward


def with_gradients_from_the_definition(namespace):
    """One gate at a time, each with its own block of weights, put together at the end; in-place sums on the way."""

    def lstm_step_backward(dnext_h, dnext_c, cache):
        x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
        H = prev_h.shape[1]
        dc = dnext_c.copy()
        dc += dnext_h * o * (1 / np.cosh(np.minimum(np.abs(next_c), 40))) ** 2
        sums = (i * (1 - i) * g * dc, f * (1 - f) * prev_c * dc, o * (1 - o) * np.tanh(next_c) * dnext_h)
        dx, dprev_h, dWx, dWh, db = np.zeros_like(x), np.zeros_like(prev_h), [], [], []
        for k, da in enumerate((*sums, (1 - g) * (1 + g) * i * dc)):
            block = slice(k * H, (k + 1) * H)
            dx += da @ Wx[:, block].T
            dprev_h += da @ Wh[:, block].T
            dWx, dWh, db = [*dWx, x.T @ da], [*dWh, prev_h.T @ da], [*db, da.sum(0)]
        return dx, dprev_h, f * dc, np.hstack(dWx), np.hstack(dWh), np.concatenate(db)

    def gru_step_backward(dnext_h, cache):
        x, prev_h, Wx, Wh, r, z, n, h_n = cache
        dn = (1 - n) * (1 + n) * (1 - z) * dnext_h
        dz = z * (1 - z) * (prev_h * dnext_h - n * dnext_h)
        dr = r * (1 - r) * h_n * dn
        Wr, Wz, Wn = np.split(Wx, 3, axis=1)
        Ur, Uz, Un = np.split(Wh, 3, axis=1)
        dprev_h = z * dnext_h + dr @ Ur.T + dz @ Uz.T + (r * dn) @ Un.T
        dWx = np.concatenate([x.T @ part for part in (dr, dz, dn)], axis=1)
        dWh = np.concatenate([prev_h.T @ part for part in (dr, dz, r * dn)], axis=1)
        return dr @ Wr.T + dz @ Wz.T + dn @ Wn.T, dprev_h, dWx, dWh, np.hstack([dr, dz, dn]).sum(0)

    namespace["lstm_step_backward"], namespace["gru_step_backward"] = lstm_step_backward, gru_step_backward


def with_stacks_of_states(namespace):
    """Lists that grow at the front, states stacked at the end, an object for a cache."""

    class Memory:
        def __init__(self, steps, shape):
            self.steps, self.shape = steps, shape

    def lstm_forward(x, h0, Wx, Wh, b):
        steps, h, state, cell = [], [], h0, 0 * h0
        for x_t in np.moveaxis(x, 1, 0):
            state, cell, memory = namespace["lstm_step_forward"](x_t, state, cell, Wx, Wh, b)
            h, steps = [*h, state], [*steps, memory]
        return np.swapaxes(np.array(h), 0, 1), Memory(steps, x.shape)

    def lstm_backward(dh, cache):
        carry, road, dx, total = 0, np.zeros_like(dh[:, 0]), [], [0, 0, 0]
        for t in range(cache.shape[1] - 1, -1, -1):
            back = namespace["lstm_step_backward"](dh[:, t] + carry, road, cache.steps[t])
            carry, road = back[1], back[2]
            dx.insert(0, back[0])
            total = [old + new for old, new in zip(total, back[3:], strict=True)]
        return [np.stack(dx, axis=1), carry, *total]

    def gru_forward(x, h0, Wx, Wh, b):
        steps, h = [], [h0]
        for x_t in np.moveaxis(x, 1, 0):
            state, memory = namespace["gru_step_forward"](x_t, h[-1], Wx, Wh, b)
            h, steps = [*h, state], [*steps, memory]
        return np.stack(h[1:]).transpose(1, 0, 2), Memory(steps, x.shape)

    def gru_backward(dh, cache):
        carry, dx, total = np.zeros_like(dh[:, 0]), [], [0, 0, 0]
        for t in reversed(range(cache.shape[1])):
            dx_t, carry, *weights = namespace["gru_step_backward"](dh[:, t] + carry, cache.steps[t])
            dx, total = [dx_t, *dx], [a + b for a, b in zip(total, weights, strict=True)]
        return [np.stack(dx, 1), carry, *total]

    for function in (lstm_forward, lstm_backward, gru_forward, gru_backward):
        namespace[function.__name__] = function


def with_plain_loops(namespace):
    """The loops of the notebook as most students write them, with zero-filled arrays and prints."""

    def lstm_forward(x, h0, Wx, Wh, b):
        N, T, _ = x.shape
        h, c, out, caches = h0.copy(), np.zeros(h0.shape, h0.dtype), np.zeros((N, T, h0.shape[1]), x.dtype), {}
        for t in range(T):
            h, c, caches[t] = namespace["lstm_step_forward"](x[:, t, :], h, c, Wx, Wh, b)
            out[:, t, :] = h
        print("forward done")
        return out, caches

    def lstm_backward(dh, caches):
        T = len(caches)
        dx, dh_t, dc_t, dWx, dWh, db = namespace["lstm_step_backward"](dh[:, -1], 0 * dh[:, -1], caches[T - 1])
        dxs = [dx]
        for t in range(T - 2, -1, -1):
            dx, dh_t, dc_t, a, u, v = namespace["lstm_step_backward"](dh_t + dh[:, t], dc_t, caches[t])
            dxs, dWx, dWh, db = [dx, *dxs], dWx + a, dWh + u, db + v
        return np.stack(dxs, axis=1), dh_t, dWx, dWh, db

    def gru_forward(x, h0, Wx, Wh, b):
        out, cache = np.zeros((*x.shape[:2], len(Wh)), x.dtype), []
        for t in range(x.shape[1]):
            before = h0 if t == 0 else out[:, t - 1]
            out[:, t], kept = namespace["gru_step_forward"](x[:, t], before, Wx, Wh, b)
            cache.append(kept)
        return out, cache

    def gru_backward(dh, cache):
        dh = dh.copy()
        dx, sums = [None] * len(cache), [0.0, 0.0, 0.0]
        for t in range(len(cache) - 1, -1, -1):
            dx[t], before, *weights = namespace["gru_step_backward"](dh[:, t], cache[t])
            sums = [one + other for one, other in zip(sums, weights, strict=True)]
            if t:
                dh[:, t - 1] += before
        return np.stack(dx, 1), before, sums[0], sums[1], sums[2]

    for function in (lstm_forward, lstm_backward, gru_forward, gru_backward):
        namespace[function.__name__] = function


VARIANTS = (
    with_slices_and_dictionaries,
    with_one_product_before_the_loop,
    with_loops_over_units,
    with_gradients_from_the_definition,
    with_stacks_of_states,
    with_plain_loops,
    *MORE,
    *ROADS_AND_CONVERTERS,
    *MODULES,
)
