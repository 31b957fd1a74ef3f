"""The plays of stage 2: what is done with a student's functions, and which results count.

A generator of random numbers cannot cross the wire. The notebook's given code has ``default_rng``, so a play lets it
make one on the student's side, from a seed that is an input of the case.
"""

from __future__ import annotations

from collections.abc import Mapping

from autograder.student import Handle, Student
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]
LEARNING_RATE = 0.1


def one_hot(student: Student, ids: Array, V: Array) -> Outputs:
    """Ids as one-hot vectors of the usual type."""
    return {"out": student.one_hot(ids, int(V[0]))}


def one_hot_in_float32(student: Student, ids: Array, V: Array) -> Outputs:
    """Ids as one-hot vectors of the type that is asked for."""
    return {"out": student.one_hot(ids, int(V[0]), dtype="float32")}


def embed(student: Student, x: Array, W: Array) -> Outputs:
    """Look ids up."""
    out, _ = student.word_embedding_forward(x, W)
    return {"out": out}


def embed_back(student: Student, x: Array, W: Array, dout: Array) -> Outputs:
    """Look ids up, then go back."""
    _, cache = student.word_embedding_forward(x, W)
    return {"dW": student.word_embedding_backward(dout, cache)}


def embed_back_with_two_caches(student: Student, x: Array, W: Array, dout: Array, other_x: Array) -> Outputs:
    """Look up twice, then go back through the first: its cache must not have been overwritten."""
    _, cache = student.word_embedding_forward(x, W)
    student.word_embedding_forward(other_x, W)
    return {"dW": student.word_embedding_backward(dout, cache)}


def surprise(student: Student, x: Array, y: Array, mask: Array) -> Outputs:
    """The loss and the gradient of the scores."""
    loss, dx = student.temporal_softmax_loss(x, y, mask)
    return {"loss": loss, "dx": dx}


def model_loss(student: Student, inputs: Array, targets: Array, h0: Array, **params: Array) -> Outputs:
    """Loss, gradients and last states of a model with known parameters."""
    loss, grads, h_last = student.CharRNN(dict(params)).loss(inputs, targets, h0)
    return {"loss": loss, "h_last": h_last} | {f"d{name}": grads[name] for name in params}


def model_loss_twice(student: Student, inputs: Array, targets: Array, h0: Array, **params: Array) -> Outputs:
    """The same model asked a second time: nothing of the first may linger."""
    model = student.CharRNN(dict(params))
    model.loss(inputs, targets, h0)
    loss, grads, h_last = model.loss(inputs, targets, h0)
    return {"loss": loss, "h_last": h_last} | {f"d{name}": grads[name] for name in params}


def write(
    student: Student, seed: Array, length: Array, temperature: Array, rng_seed: Array, times: Array, **params: Array
) -> Outputs:
    """The last of ``times`` texts by one model, chance coming from one known seed.

    Nothing of an earlier text may linger, but what was taken from the generator.
    """
    rng = student.default_rng(int(rng_seed[0]))
    model = student.CharRNN(dict(params))
    for _ in range(int(times[0])):
        written = model.sample(seed, int(length[0]), float(temperature[0]), rng)
    return {"written": written}


def read_in_chunks(student: Student, text: Array, chunk: Array, h0: Array, learn: Array, **params: Array) -> Outputs:
    """A text in chunks; where ``learn`` is 1, with a step of Adagrad after each."""
    model = student.CharRNN(dict(params))
    if not learn[0]:
        losses, grads, h_last = student.truncated_bptt(model, text, int(chunk[0]), h0)
        return {"first_loss": losses[0], "last_loss": losses[-1], "h_last": h_last} | {
            f"d{name}": grads[name] for name in params
        }
    optimizer = student.Adagrad(LEARNING_RATE)
    losses, _, h_last = student.truncated_bptt(model, text, int(chunk[0]), h0, optimizer)
    return {"first_loss": losses[0], "last_loss": losses[-1], "h_last": h_last} | {
        name: model.params[name] for name in params
    }


def select(student: Student, hidden: Array, labels: Array) -> Outputs:
    """The best unit, and the score of each."""
    best, scores = student.cell_selectivity(hidden, labels)
    return {"best": best, "scores": scores}


def scores_only(student: Student, hidden: Array, labels: Array) -> Outputs:
    """The score of each unit, where none is best."""
    _, scores = student.cell_selectivity(hidden, labels)
    return {"scores": scores}
