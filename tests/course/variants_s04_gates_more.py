"""More right answers in other clothes for stage 4: steps and sequences by hand."""

from itertools import accumulate

import numpy as np


def put(namespace, *answers):
    """Replace answers by those of the same names."""
    namespace.update({answer.__name__: answer for answer in answers})


def _sigmoid(a):
    return 0.5 * np.tanh(0.5 * a) + 0.5


def with_a_matrix_for_each_gate(namespace):
    """Gates by name in dictionaries, each with matrices of its own."""

    def taken_apart(names, *arrays):
        H = arrays[-1].shape[-1] // len(names)
        return [{n: array[..., k * H : k * H + H] for k, n in enumerate(names)} for array in arrays]

    def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
        W, U, v = taken_apart("ifog", Wx, Wh, b)
        gates = {n: (np.tanh if n == "g" else _sigmoid)(x @ W[n] + prev_h @ U[n] + v[n]) for n in "ifog"}
        gates["c"] = gates["i"] * gates["g"] + gates["f"] * prev_c
        gates["h"] = gates["o"] * np.tanh(gates["c"])
        return gates["h"], gates["c"], {"W": W, "U": U, "x": x, "prev_h": prev_h, "prev_c": prev_c} | gates

    def lstm_step_backward(dnext_h, dnext_c, k):
        shown = np.tanh(k["c"])
        dc = dnext_c + dnext_h * k["o"] * (1 - shown**2)
        through = {"i": dc * k["g"], "f": dc * k["prev_c"], "o": dnext_h * shown, "g": dc * k["i"]}
        slope = {n: k[n] * (1 - k[n]) for n in "ifo"} | {"g": 1 - k["g"] ** 2}
        da = {n: through[n] * slope[n] for n in "ifog"}
        dx, dprev_h = (sum(da[n] @ k[w][n].T for n in "ifog") for w in "WU")
        dWx, dWh = (np.hstack([k[name].T @ da[n] for n in "ifog"]) for name in ("x", "prev_h"))
        return dx, dprev_h, dc * k["f"], dWx, dWh, np.concatenate([da[n].sum(0) for n in "ifog"])

    def gru_step_forward(x, prev_h, Wx, Wh, b):
        W, U, v = taken_apart("rzn", Wx, Wh, b)
        a, u = {n: x @ W[n] + v[n] for n in "rzn"}, {n: prev_h @ U[n] for n in "rzn"}
        gates = {n: _sigmoid(a[n] + u[n]) for n in "rz"}
        gates["n"] = np.tanh(a["n"] + gates["r"] * u["n"])
        next_h = gates["n"] + gates["z"] * (prev_h - gates["n"])
        return next_h, {"W": W, "U": U, "x": x, "prev_h": prev_h, "u": u["n"]} | gates

    def gru_step_backward(dnext_h, k):
        da = {"n": dnext_h * (1 - k["z"]) * (1 - k["n"] ** 2)}
        da |= {"r": da["n"] * k["u"] * k["r"] * (1 - k["r"])}
        da |= {"z": dnext_h * (k["prev_h"] - k["n"]) * k["z"] * (1 - k["z"])}
        du = da | {"n": da["n"] * k["r"]}
        dprev_h = dnext_h * k["z"] + sum(du[n] @ k["U"][n].T for n in "rzn")
        dWx, dWh = (np.hstack([k[name].T @ d[n] for n in "rzn"]) for name, d in (("x", da), ("prev_h", du)))
        return sum(da[n] @ k["W"][n].T for n in "rzn"), dprev_h, dWx, dWh, np.hstack([da[n].sum(0) for n in "rzn"])

    put(namespace, lstm_step_forward, lstm_step_backward, gru_step_forward, gru_step_backward)


def with_gates_as_an_axis(namespace):
    """Blocks as an axis of their own, einsum over it, cache objects."""

    class Kept:
        def __init__(self, **kept):
            vars(self).update(kept)

    def blocks(array, count):
        return array.reshape(*array.shape[:-1], count, -1)

    def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
        W, U = blocks(Wx, 4), blocks(Wh, 4)
        a = np.einsum("nd,dkh->knh", x, W) + np.einsum("ni,ikh->knh", prev_h, U) + blocks(b, 4)[:, None]
        s = np.concatenate([_sigmoid(a[:3]), np.tanh(a[3:])])
        c = s[1] * prev_c + s[0] * s[3]
        shown = np.tanh(c)
        return s[2] * shown, c, Kept(x=x, prev_h=prev_h, prev_c=prev_c, W=W, U=U, s=s, shown=shown)

    def lstm_step_backward(dnext_h, dnext_c, kept):
        s, shown = kept.s, kept.shown
        dc = dnext_c + dnext_h * s[2] * (1 - shown) * (1 + shown)
        da = np.stack([dc * s[3], dc * kept.prev_c, dnext_h * shown, dc * s[0]])
        da[:3] *= s[:3] * (1 - s[:3])
        da[3] *= 1 - s[3] ** 2
        dx, dprev_h = np.einsum("knh,dkh->nd", da, kept.W), np.einsum("knh,ikh->ni", da, kept.U)
        dWx, dWh = np.einsum("nd,knh->dkh", kept.x, da), np.einsum("ni,knh->ikh", kept.prev_h, da)
        db = da.sum(axis=1).ravel()
        return dx, dprev_h, dc * s[1], dWx.reshape(-1, db.size), dWh.reshape(-1, db.size), db

    def gru_step_forward(x, prev_h, Wx, Wh, b):
        W, U = blocks(Wx, 3), blocks(Wh, 3)
        a, u = np.einsum("nd,dkh->knh", x, W) + blocks(b, 3)[:, None], np.einsum("ni,ikh->knh", prev_h, U)
        r, z = _sigmoid(a[:2] + u[:2])
        n = np.tanh(a[2] + r * u[2])
        return (1 - z) * n + z * prev_h, Kept(x=x, prev_h=prev_h, W=W, U=U, r=r, z=z, n=n, u=u[2])

    def gru_step_backward(dnext_h, kept):
        r, z, n = kept.r, kept.z, kept.n
        dn = (dnext_h - dnext_h * z) * (1 - n * n)
        da = np.array([dn * kept.u * (r - r * r), dnext_h * (kept.prev_h - n) * (z - z * z), dn])
        du = da.copy()
        du[2] *= r
        dx = np.einsum("knh,dkh->nd", da, kept.W)
        dprev_h = np.einsum("knh,ikh->ni", du, kept.U) + z * dnext_h
        dWx, dWh = np.einsum("nd,knh->dkh", kept.x, da), np.einsum("ni,knh->ikh", kept.prev_h, du)
        db = da.sum(axis=1).reshape(-1)
        return dx, dprev_h, dWx.reshape(-1, len(db)), dWh.reshape(-1, len(db)), db

    put(namespace, lstm_step_forward, lstm_step_backward, gru_step_forward, gru_step_backward)


def with_columns_in_place(namespace):
    """Examples as columns, gates as slices of one array that is worked on in place; views turned back."""

    def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
        H = prev_h.shape[1]
        s = np.matmul(Wx.T, x.T)
        s += Wh.T @ prev_h.T + b[:, None]
        s[: 3 * H] *= 0.5
        np.tanh(s, out=s)
        s[: 3 * H] += 1
        s[: 3 * H] *= 0.5
        c = s[H : 2 * H] * prev_c.T + s[:H] * s[3 * H :]
        shown = np.tanh(c)
        return (s[2 * H : 3 * H] * shown).T, c.T, [s, shown, x.T, prev_h.T, prev_c.T, Wx, Wh]

    def lstm_step_backward(dnext_h, dnext_c, cache):
        s, shown, x, prev_h, prev_c, Wx, Wh = cache
        H = len(shown)
        da = s * (1 - s)
        da[3 * H :] = 1 - np.square(s[3 * H :])
        dc = 1 - np.square(shown)
        dc *= s[2 * H : 3 * H] * dnext_h.T
        dc += dnext_c.T
        for block, factor in enumerate((dc * s[3 * H :], dc * prev_c, dnext_h.T * shown, dc * s[:H])):
            da[block * H : block * H + H] *= factor
        return (Wx @ da).T, (Wh @ da).T, (dc * s[H : 2 * H]).T, x @ da.T, prev_h @ da.T, da.sum(axis=1)

    def gru_step_forward(x, prev_h, Wx, Wh, b):
        H = prev_h.shape[1]
        a, u = Wx.T @ x.T, Wh.T @ prev_h.T
        a += b[:, None]
        a[: 2 * H] = _sigmoid(a[: 2 * H] + u[: 2 * H])
        a[2 * H :] += a[:H] * u[2 * H :]
        np.tanh(a[2 * H :], out=a[2 * H :])
        h = prev_h.T - a[2 * H :]
        h *= a[H : 2 * H]
        h += a[2 * H :]
        return h.T, (a, u[2 * H :].copy(), x.T, prev_h.T, Wx, Wh)

    def gru_step_backward(dnext_h, cache):
        a, u, x, prev_h, Wx, Wh = cache
        H = len(u)
        r, z, n = a[:H], a[H : 2 * H], a[2 * H :]
        da, back = np.empty_like(a), dnext_h.T
        np.multiply((1 - z) * (1 - n**2), back, out=da[2 * H :])
        np.multiply(da[2 * H :] * u, r * (1 - r), out=da[:H])
        np.multiply(back * (prev_h - n), z * (1 - z), out=da[H : 2 * H])
        du = np.vstack([da[: 2 * H], da[2 * H :] * r])
        return (Wx @ da).T, (Wh @ du + z * back).T, x @ da.T, prev_h @ du.T, da.sum(axis=1)

    put(namespace, lstm_step_forward, lstm_step_backward, gru_step_forward, gru_step_backward)


def with_arguments_kept_only(namespace):
    """The cache holds the arguments; the way back computes the gates again."""

    def lstm_gates(x, prev_h, prev_c, Wx, Wh, b):
        H = prev_h.shape[1]
        a = np.hstack([x, prev_h]) @ np.vstack([Wx, Wh]) + b
        return (*np.split(_sigmoid(a[:, : 3 * H]), 3, axis=1), np.tanh(a[:, 3 * H :]))

    def lstm_step_forward(*arguments):
        i, f, o, g = lstm_gates(*arguments)
        c = f * arguments[2] + i * g
        return np.tanh(c) * o, c, arguments

    def lstm_step_backward(dnext_h, dnext_c, arguments):
        x, prev_h, prev_c, Wx, Wh, _ = arguments
        i, f, o, g = lstm_gates(*arguments)
        shown = np.tanh(f * prev_c + i * g)
        dc = dnext_h * (o - o * shown * shown) + dnext_c
        da = np.hstack(
            [dc * g * (i - i * i), dc * prev_c * (f - f * f), dnext_h * shown * (o - o * o), dc * (i - i * g * g)]
        )
        back, ahead = da @ np.vstack([Wx, Wh]).T, np.hstack([x, prev_h]).T @ da
        D = x.shape[1]
        return back[:, :D], back[:, D:], dc * f, ahead[:D], ahead[D:], np.ones_like(da[:, 0]) @ da

    def gru_gates(x, prev_h, Wx, Wh, b):
        (a_r, a_z, a_n), (u_r, u_z, u) = (np.split(part, 3, axis=-1) for part in (x @ Wx + b, prev_h @ Wh))
        r, z = _sigmoid(a_r + u_r), _sigmoid(a_z + u_z)
        return r, z, np.tanh(a_n + r * u), u

    def gru_step_forward(*arguments):
        _, z, n, _ = gru_gates(*arguments)
        return z * arguments[1] + (1 - z) * n, arguments

    def gru_step_backward(dnext_h, arguments):
        x, prev_h, Wx, Wh, _ = arguments
        r, z, n, u = gru_gates(*arguments)
        dn = dnext_h * (1 - z) * (1 - n**2)
        da = np.hstack([dn * u * r * (1 - r), dnext_h * (prev_h - n) * z * (1 - z), dn])
        du = da * np.hstack([np.ones_like(r), np.ones_like(r), r])
        return da.dot(Wx.T), du.dot(Wh.T) + dnext_h * z, x.T.dot(da), prev_h.T.dot(du), da.sum(0)

    put(namespace, lstm_step_forward, lstm_step_backward, gru_step_forward, gru_step_backward)


def with_recursion(namespace):
    """The first step, then the rest of the sequence; the way back as the forward pass returns."""

    def lstm_run(x, h, c, weights):
        if not x.shape[1]:
            return [], []
        h, c, kept = namespace["lstm_step_forward"](x[:, 0], h, c, *weights)
        later, caches = lstm_run(x[:, 1:], h, c, weights)
        return [h, *later], [kept, *caches]

    def lstm_forward(x, h0, *weights):
        states, caches = lstm_run(x, h0, np.zeros_like(h0), weights)
        return np.stack(states, axis=1), tuple(caches)

    def lstm_back(dh, caches):
        if not caches:
            return [], 0 * dh[:, 0], 0 * dh[:, 0], [0, 0, 0]
        later, carry, road, sums = lstm_back(dh[:, 1:] if len(caches) > 1 else dh, caches[1:])
        dx, carry, road, *found = namespace["lstm_step_backward"](dh[:, 0] + carry, road, caches[0])
        return [dx, *later], carry, road, [old + new for old, new in zip(sums, found, strict=True)]

    def lstm_backward(dh, caches):
        dx, dh0, _, sums = lstm_back(dh, caches)
        return np.stack(dx, axis=1), dh0, *sums

    def gru_forward(x, h0, *weights):
        h, kept = namespace["gru_step_forward"](x[:, 0], h0, *weights)
        if x.shape[1] == 1:
            return h[:, None], [kept]
        later, caches = gru_forward(x[:, 1:], h, *weights)
        return np.concatenate([h[:, None], later], axis=1), [kept, *caches]

    def gru_backward(dh, caches):
        if len(caches) == 1:
            dx, *found = namespace["gru_step_backward"](dh[:, 0], caches[0])
            return [dx[:, None], *found]
        dx_later, carry, *later = gru_backward(dh[:, 1:], caches[1:])
        dx, dh0, *found = namespace["gru_step_backward"](dh[:, 0] + carry, caches[0])
        dx = np.concatenate([dx[:, None], dx_later], axis=1)
        return [dx, dh0, *(one + other for one, other in zip(found, later, strict=True))]

    put(namespace, lstm_forward, lstm_backward, gru_forward, gru_backward)


def with_accumulate(namespace):
    """Time by ``itertools.accumulate`` in both directions, over what the steps return."""

    def lstm_forward(x, h0, *weights):
        def step(before, x_t):
            return namespace["lstm_step_forward"](x_t, before[0], before[1], *weights)

        run = list(accumulate(np.moveaxis(x, 1, 0), step, initial=(h0, np.zeros_like(h0), None)))[1:]
        return np.stack([h for h, _, _ in run]).swapaxes(0, 1), {t: kept for t, (_, _, kept) in enumerate(run)}

    def lstm_backward(dh, caches):
        def step(later, t):
            return namespace["lstm_step_backward"](dh[:, t] + later[1], later[2], caches[t])

        start = (None, np.zeros_like(dh[:, 0]), np.zeros_like(dh[:, 0]))
        run = list(accumulate(reversed(range(len(caches))), step, initial=start))[1:]
        dx = np.stack([back[0] for back in run[::-1]], axis=1)
        return dx, run[-1][1], *(sum(back[k] for back in run) for k in (3, 4, 5))

    def gru_forward(x, h0, *weights):
        def step(before, x_t):
            return namespace["gru_step_forward"](x_t, before[0], *weights)

        states, caches = zip(*accumulate(np.moveaxis(x, 1, 0), step, initial=(h0, None)), strict=True)
        return np.moveaxis(np.array(states[1:]), 0, 1), caches[1:]

    def gru_backward(dh, caches):
        def step(later, t):
            return namespace["gru_step_backward"](dh[:, t] + later[1], caches[t])

        start = (None, np.zeros_like(dh[:, 0]))
        run = list(accumulate(range(len(caches) - 1, -1, -1), step, initial=start))[1:]
        dx, (dWx, dWh, db) = [back[0] for back in run], (sum(back[k] for back in run) for k in (2, 3, 4))
        return np.stack(dx[::-1], 1), run[-1][1], dWx, dWh, db

    put(namespace, lstm_forward, lstm_backward, gru_forward, gru_backward)


MORE = (
    with_a_matrix_for_each_gate,
    with_gates_as_an_axis,
    with_columns_in_place,
    with_arguments_kept_only,
    with_recursion,
    with_accumulate,
)
