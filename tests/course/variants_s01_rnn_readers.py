"""Right answers in other clothes for stage 1's RowReader and its torch module."""

from functools import reduce
from itertools import accumulate

import numpy as np
import torch
from torch.nn import functional


def with_a_reader_of_helpers(namespace):
    """A reader from the functions of the stage, its output layer seen as a sequence of one step."""

    class RowReader:
        def __init__(self, params):
            self.params = params

        def scores(self, last):
            return namespace["temporal_affine_forward"](last[:, None], self.params["W_out"], self.params["b_out"])

        def loss(self, images, labels):
            Wx, Wh, b = (self.params[name] for name in ("Wx", "Wh", "b"))
            h, run = namespace["rnn_forward"](images, np.zeros((len(images), len(b)), images.dtype), Wx, Wh, b)
            scores, layer = self.scores(h[:, -1])
            log_probs = scores - np.logaddexp.reduce(scores, axis=2, keepdims=True)
            wanted = np.zeros_like(log_probs)
            wanted[np.arange(len(labels)), 0, labels] = 1
            dscores = (np.exp(log_probs) - wanted) / len(labels)
            dlast, dW_out, db_out = namespace["temporal_affine_backward"](dscores, layer)
            dh = np.concatenate([np.zeros_like(h[:, 1:]), dlast], axis=1)
            weights = namespace["rnn_backward"](dh, run)[2:]
            return -(log_probs * wanted).sum() / len(labels), dict(zip(("Wx", "Wh", "b"), weights, strict=True)) | {
                "W_out": dW_out,
                "b_out": db_out,
            }

    namespace["RowReader"] = RowReader


def with_a_reader_of_single_images(namespace):
    """One image at a time, the loss and all gradients added up and divided at the end."""

    class RowReader:
        def __init__(self, params):
            self.params = params

        def one(self, image, label, grads):
            p, states = self.params, [np.zeros(len(self.params["b"]), image.dtype)]
            for row in image:
                states.append(np.tanh(row @ p["Wx"] + states[-1] @ p["Wh"] + p["b"]))
            scores = states[-1] @ p["W_out"] + p["b_out"]
            powers = np.exp(scores - scores.max())
            loss = np.log(powers.sum()) + scores.max() - scores[label]
            delta = powers / powers.sum()
            delta[label] -= 1
            grads["W_out"] += np.outer(states[-1], delta)
            grads["b_out"] += delta
            carry = p["W_out"] @ delta
            for row, before, after in zip(image[::-1], states[-2::-1], states[:0:-1], strict=True):
                delta = carry * (1 - after**2)
                grads["Wx"] += np.outer(row, delta)
                grads["Wh"] += np.outer(before, delta)
                grads["b"] += delta
                carry = p["Wh"] @ delta
            return loss

        def loss(self, images, labels):
            grads = {name: np.zeros_like(array) for name, array in self.params.items()}
            losses = [self.one(image, label, grads) for image, label in zip(images, labels, strict=True)]
            return sum(losses) / len(images), {name: grad / len(images) for name, grad in grads.items()}

    namespace["RowReader"] = RowReader


def with_a_reader_of_columns(namespace):
    """Examples as columns, time first, transposed weights made once; the loss by take_along_axis."""

    class RowReader:
        def __init__(self, params):
            self.params = params

        def loss(self, images, labels):
            p = self.params
            rows, count = images.transpose(1, 2, 0), images.shape[0]
            states = [np.zeros((p["Wh"].shape[0], count), images.dtype)]
            for row in rows:
                states.append(np.tanh(p["Wx"].T @ row + p["Wh"].T @ states[-1] + p["b"][:, None]))
            scores = p["W_out"].T @ states[-1] + p["b_out"][:, None]
            scores -= scores.max(axis=0)
            normal = np.log(np.exp(scores).sum(axis=0))
            loss = float(np.mean(normal - np.take_along_axis(scores, labels[None], 0)[0]))
            delta = np.exp(scores - normal)
            delta[labels, np.arange(count)] -= 1
            delta *= 1 / count
            grads = {"W_out": states[-1] @ delta.T, "b_out": delta.sum(1)}
            carry, deltas = p["W_out"] @ delta, []
            for state in states[:0:-1]:
                deltas.insert(0, carry * (1 - state * state))
                carry = p["Wh"] @ deltas[0]
            grads["Wx"] = sum(row @ delta.T for row, delta in zip(rows, deltas, strict=True))
            grads["Wh"] = sum(state @ delta.T for state, delta in zip(states, deltas, strict=False))
            return loss, grads | {"b": sum(delta.sum(1) for delta in deltas)}

    namespace["RowReader"] = RowReader


def with_a_reader_of_parts(namespace):
    """Two layers as objects, each with its own memory; einsum; gradients under the names of the params at the end."""

    class Memory:
        def __init__(self, Wx, Wh, b):
            self.Wx, self.Wh, self.b = Wx, Wh, b

        def read(self, images):
            drive = np.einsum("ntd,dh->tnh", images, self.Wx) + self.b
            start = np.zeros_like(drive[0])
            self.images, self.states = images, list(accumulate(drive, self.step, initial=start))
            return self.states[-1]

        def step(self, h, a):
            return np.tanh(a + h @ self.Wh)

        def back(self, carry):
            delta = np.empty_like(self.states[1:])
            for t in range(len(delta) - 1, -1, -1):
                delta[t] = carry * (1 - self.states[t + 1] ** 2)
                carry = delta[t] @ self.Wh.T
            dWx = np.einsum("ntd,tnh->dh", self.images, delta)
            return dWx, np.einsum("tni,tnj->ij", np.stack(self.states[:-1]), delta), delta.sum((0, 1))

    class RowReader:
        def __init__(self, params):
            self.params = params

        def loss(self, images, labels):
            *inner, W_out, b_out = (self.params[name] for name in ("Wx", "Wh", "b", "W_out", "b_out"))
            memory = Memory(*inner)
            last = memory.read(images)
            scores = last @ W_out + b_out
            chances = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
            losses = np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(labels)), labels]
            chances[np.arange(len(labels)), labels] -= 1
            delta = chances / len(labels)
            dWx, dWh, db = memory.back(delta @ W_out.T)
            return losses.mean(), {"b_out": delta.sum(0), "W_out": last.T @ delta, "b": db, "Wh": dWh, "Wx": dWx}

    namespace["RowReader"] = RowReader


def a_module_that(namespace, runs):
    """The master's parameters; ``runs(module, x, h)`` for the forward pass, from a state that is there."""

    class RNN(namespace["RNN"]):
        def forward(self, x, h0=None):
            return runs(self, x, torch.zeros(len(x), len(self.b), dtype=x.dtype, device=x.device) if h0 is None else h0)

    namespace["RNN"] = RNN


def with_linear_functions(namespace):
    """torch.nn.functional.linear for both products, time first."""

    def runs(module, x, h):
        drive, states = functional.linear(x.transpose(0, 1), module.Wx.T, module.b), []
        for a in drive:
            h = torch.tanh(a + functional.linear(h, module.Wh.T))
            states.append(h.unsqueeze(1))
        return torch.cat(states, dim=1)

    a_module_that(namespace, runs)


def with_a_buffer_made_beforehand(namespace):
    """States written into an array that is there before the loop."""

    def runs(module, x, h):
        out = x.new_empty(x.shape[0], x.shape[1], module.b.shape[0])
        for t in range(x.shape[1]):
            h = (x[:, t] @ module.Wx).add(h @ module.Wh).add(module.b).tanh()
            out[:, t] = h
        return out

    a_module_that(namespace, runs)


def with_one_matrix(namespace):
    """Input and state side by side, both matrices stacked, the products by einsum."""

    def runs(module, x, h):
        weights, states = torch.vstack([module.Wx, module.Wh]), []
        for row in x.unbind(1):
            h = torch.einsum("nk,kh->nh", torch.hstack([row, h]), weights).add(module.b).tanh()
            states += [h]
        return torch.stack(states, 1)

    a_module_that(namespace, runs)


def with_a_scan(namespace):
    """itertools.accumulate instead of a loop."""

    def runs(module, x, h):
        rows = (x @ module.Wx).unbind(1)
        states = accumulate(rows, lambda h, a: torch.tanh(torch.addmm(a + module.b, h, module.Wh)), initial=h)
        return torch.stack(list(states)[1:], dim=-2)

    a_module_that(namespace, runs)


def with_pairs_folded(namespace):
    """functools.reduce over the steps, with all states so far as what is carried."""

    def runs(module, x, h):
        def step(states, row):
            return (*states, torch.tanh(row.matmul(module.Wx) + states[-1].matmul(module.Wh) + module.b))

        return torch.stack(reduce(step, x.permute(1, 0, 2), (h,))[1:]).permute(1, 0, 2)

    a_module_that(namespace, runs)


READERS = [
    with_a_reader_of_helpers,
    with_a_reader_of_single_images,
    with_a_reader_of_columns,
    with_a_reader_of_parts,
    with_linear_functions,
    with_a_buffer_made_beforehand,
    with_one_matrix,
    with_a_scan,
    with_pairs_folded,
]
