"""Right answers in other clothes for stage 4's torch modules."""

from itertools import accumulate

import torch
from torch.nn.functional import linear


def _parameters(module, inputs, hidden, blocks):
    module.Wx = torch.nn.Parameter(torch.zeros(inputs, blocks * hidden))
    module.Wh = torch.nn.Parameter(torch.zeros(hidden, blocks * hidden))
    module.b = torch.nn.Parameter(torch.zeros(blocks * hidden))


def with_torch_cells_of_their_own(namespace):
    """Modules that project step by step, slice the blocks, return a list, stack along time and turn round."""

    class LSTM(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim, forget_bias=1.0):
            super().__init__()
            _parameters(self, input_dim, hidden_dim, 4)

        def step(self, x, h, c):
            H = h.shape[1]
            a = torch.addmm(self.b, x, self.Wx) + h.mm(self.Wh)
            i, f, o = a[:, : 3 * H].sigmoid().split(H, 1)
            c = f * c + i * a[:, 3 * H :].tanh()
            return o * c.tanh(), c

        def forward(self, x, state=None):
            h, c = state or [torch.zeros(len(x), len(self.Wh), device=x.device, dtype=x.dtype) for _ in "hc"]
            out = []
            for x_t in x.transpose(0, 1):
                h, c = self.step(x_t, h, c)
                out.append(h)
            return [torch.stack(out).transpose(0, 1), [h, c]]

    class GRU(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim):
            super().__init__()
            _parameters(self, input_dim, hidden_dim, 3)

        def forward(self, x, h0=None):
            H = len(self.Wh)
            out = [torch.zeros_like(x[:, 0, :1]).expand(-1, H) if h0 is None else h0]
            for x_t in x.unbind(1):
                a, u = x_t @ self.Wx + self.b, out[-1] @ self.Wh
                r, z = torch.sigmoid(a[:, :H] + u[:, :H]), torch.sigmoid(a[:, H : 2 * H] + u[:, H : 2 * H])
                out.append(torch.lerp(torch.tanh(a[:, 2 * H :] + r * u[:, 2 * H :]), out[-1], z))
            return torch.stack(out[1:], 1)

    namespace["LSTM"], namespace["GRU"] = LSTM, GRU


def with_torch_modules_by_blocks(namespace):
    """Modules with one product for each block of weights."""

    class LSTM(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim, forget_bias=1.0):
            super().__init__()
            _parameters(self, input_dim, hidden_dim, 4)

        def forward(self, x, state=None):
            if state is None:
                state = (x.new_zeros(x.size(0), self.Wh.size(0)),) * 2
            h, c = state
            blocks = list(zip(self.Wx.chunk(4, 1), self.Wh.chunk(4, 1), self.b.chunk(4), strict=True))
            out = []
            for t in range(x.size(1)):
                i, f, o, g = (x[:, t] @ w + h @ u + v for w, u, v in blocks)
                c = c * f.sigmoid() + i.sigmoid() * g.tanh()
                h = c.tanh() * o.sigmoid()
                out += [h[:, None]]
            return torch.cat(out, 1), (h, c)

    class GRU(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim):
            super().__init__()
            _parameters(self, input_dim, hidden_dim, 3)

        def forward(self, x, h0=None):
            h = x.new_zeros(x.size(0), self.Wh.size(0)) if h0 is None else h0
            (Wr, Wz, Wn), (Ur, Uz, Un), (br, bz, bn) = self.Wx.chunk(3, 1), self.Wh.chunk(3, 1), self.b.chunk(3)
            out = []
            for x_t in x.unbind(1):
                r, z = torch.sigmoid(x_t @ Wr + h @ Ur + br), torch.sigmoid(x_t @ Wz + h @ Uz + bz)
                h = z * h + (1 - z) * torch.tanh(x_t @ Wn + bn + r * (h @ Un))
                out.append(h)
            return torch.stack(out, dim=1)

    namespace["LSTM"], namespace["GRU"] = LSTM, GRU


def with_torch_modules_time_major(namespace):
    """Modules that put time first, write each state into a list made beforehand, and use functional forms."""

    class LSTM(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim, forget_bias=1.0):
            super().__init__()
            _parameters(self, input_dim, hidden_dim, 4)

        def forward(self, x, state=None):
            a = linear(x.permute(1, 0, 2), self.Wx.T, self.b)
            zeros = torch.zeros_like(a[0, :, : len(self.Wh)])
            h, c = (zeros, zeros) if state is None else (state[0], state[1])
            states = [None] * len(a)
            for t, a_t in enumerate(a):
                s = (a_t + linear(h, self.Wh.T)).unflatten(1, (4, -1))
                i, f, o = torch.sigmoid(s[:, :3]).unbind(1)
                c = torch.addcmul(f * c, i, torch.tanh(s[:, 3]))
                h = states[t] = o * torch.tanh(c)
            return torch.stack(states).permute(1, 0, 2), (h, c)

    class GRU(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim):
            super().__init__()
            _parameters(self, input_dim, hidden_dim, 3)

        def forward(self, x, h0=None):
            a = linear(x.permute(1, 0, 2), self.Wx.T, self.b).unflatten(2, (3, -1))
            h = torch.zeros_like(a[0, :, 0]) if h0 is None else h0
            states = []
            for a_t in a:
                u = linear(h, self.Wh.T).unflatten(1, (3, -1))
                r, z = torch.sigmoid(a_t[:, :2] + u[:, :2]).unbind(1)
                n = torch.tanh(torch.addcmul(a_t[:, 2], r, u[:, 2]))
                h = n - z * n + z * h
                states.append(h)
            return torch.stack(states, 1)

    namespace["LSTM"], namespace["GRU"] = LSTM, GRU


def modules_that(namespace, lstm, gru):
    """The master's parameters; the functions run from a state that is there and return what the modules do."""

    class LSTM(namespace["LSTM"]):
        def forward(self, x, state=None):
            start = [x.new_zeros(len(x), len(self.Wh)) for _ in "hc"] if state is None else state
            return lstm(self, x, *start)

    class GRU(namespace["GRU"]):
        def forward(self, x, h0=None):
            return gru(self, x, x.new_zeros(len(x), len(self.Wh)) if h0 is None else h0)

    namespace["LSTM"], namespace["GRU"] = LSTM, GRU


def with_buffers_made_beforehand(namespace):
    """Input and state side by side in one product; states written into an array that is there before the loop."""

    def lstm(module, x, h, c):
        H, weights = h.shape[1], torch.cat([module.Wx, module.Wh], dim=0)
        out = x.new_empty(*x.shape[:2], H)
        for t in range(x.shape[1]):
            a = torch.addmm(module.b, torch.cat([x[:, t], h], dim=1), weights)
            gates = torch.sigmoid(a.narrow(1, 0, 3 * H))
            c = gates[:, H : 2 * H] * c + gates[:, :H] * torch.tanh(a.narrow(1, 3 * H, H))
            h = gates[:, 2 * H :] * torch.tanh(c)
            out[:, t] = h
        return out, (h, c)

    def gru(module, x, h):
        H = h.shape[1]
        out = x.new_zeros(*x.shape[:2], H)
        for t in range(x.shape[1]):
            both = torch.cat([x[:, t], h], dim=1) @ torch.cat([module.Wx, module.Wh])[:, : 2 * H]
            r, z = torch.sigmoid(both + module.b[: 2 * H]).tensor_split(2, dim=1)
            n = torch.addmm(module.b[2 * H :], x[:, t], module.Wx[:, 2 * H :]) + r * (h @ module.Wh[:, 2 * H :])
            h = z * h + (1 - z) * n.tanh()
            out[:, t] = h
        return out

    modules_that(namespace, lstm, gru)


def with_scans(namespace):
    """itertools.accumulate over the steps; blocks as an axis, products by einsum."""

    def blocks(module, count):
        return (
            module.Wx.unflatten(1, (count, -1)),
            module.Wh.unflatten(1, (count, -1)),
            module.b.unflatten(0, (count, -1)),
        )

    def lstm(module, x, h, c):
        W, U, v = blocks(module, 4)

        def step(state, a):
            i, f, o, g = (a + torch.einsum("ni,ikh->nkh", state[0], U)).unbind(1)
            c = torch.addcmul(f.sigmoid() * state[1], i.sigmoid(), g.tanh())
            return o.sigmoid() * c.tanh(), c

        drive = (torch.einsum("ntd,dkh->ntkh", x, W) + v).unbind(1)
        run = list(accumulate(drive, step, initial=(h, c)))
        return torch.stack([h for h, _ in run[1:]], dim=1), run[-1]

    def gru(module, x, h):
        W, U, v = blocks(module, 3)

        def step(h, a):
            u = torch.einsum("ni,ikh->nkh", h, U)
            r, z = (a[:, :2] + u[:, :2]).sigmoid().unbind(1)
            return torch.lerp((a[:, 2] + r * u[:, 2]).tanh(), h, z)

        drive = (torch.einsum("ntd,dkh->ntkh", x, W) + v).unbind(1)
        return torch.stack(list(accumulate(drive, step, initial=h))[1:], dim=1)

    modules_that(namespace, lstm, gru)


MODULES = (
    with_torch_cells_of_their_own,
    with_torch_modules_by_blocks,
    with_torch_modules_time_major,
    with_buffers_made_beforehand,
    with_scans,
)
