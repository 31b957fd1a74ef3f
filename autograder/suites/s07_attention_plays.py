"""The plays of stage 7: what is done with a student's functions, and which results count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from autograder.student import Handle, Student, tensor
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]
WEIGHTS = ("Wx", "Wh", "Wattn", "b")
LAYERS = {
    "first_h_weight": "first_h.weight",
    "first_h_bias": "first_h.bias",
    "first_c_weight": "first_c.weight",
    "first_c_bias": "first_c.bias",
    "embed_weight": "embed.weight",
    "query_weight": "query.weight",
    "query_bias": "query.bias",
    "key_weight": "key.weight",
    "v": "v",
    "cell_weight_ih": "cell.weight_ih",
    "cell_weight_hh": "cell.weight_hh",
    "cell_bias_ih": "cell.bias_ih",
    "cell_bias_hh": "cell.bias_hh",
    "vocabulary_weight": "vocabulary.weight",
    "vocabulary_bias": "vocabulary.bias",
}


def look(student: Student, prev_h: Array, A: Array) -> Outputs:
    """A look in NumPy."""
    attn, weights, _ = student.dot_product_attention_forward(prev_h, A)
    return {"attn": attn, "weights": weights}


def look_and_measure(student: Student, prev_h: Array, A: Array, size: Array) -> Outputs:
    """A look in NumPy, and whether the numbers of attn are too long.

    A type alone names no mistake; a number that is off does. It should be zero, so that it earns nothing where it is.
    """
    attn, weights, _ = student.dot_product_attention_forward(prev_h, A)
    return {"attn": attn, "weights": weights, "too_long_numbers_in_attn": _longer(student, attn, size)}


def look_back(student: Student, prev_h: Array, A: Array, dattn: Array, **other: Array) -> Outputs:
    """A look and back through it; where other inputs are given, they are looked at in between."""
    _, _, cache = student.dot_product_attention_forward(prev_h, A)
    if other:
        student.dot_product_attention_forward(other["other_h"], other["other_A"])
    dprev_h, dA = student.dot_product_attention_backward(dattn, cache)
    return {"dprev_h": dprev_h, "dA": dA}


def look_back_and_measure(student: Student, prev_h: Array, A: Array, dattn: Array, size: Array) -> Outputs:
    """Back through a look in float32, and whether the numbers of each gradient are too long.

    The gradients are made short before they are judged: what a long forward pass did is told by their length alone, so
    that it can be found to be that mistake, and is not charged again.
    """
    _, _, cache = student.dot_product_attention_forward(prev_h, A)
    dprev_h, dA = student.dot_product_attention_backward(dattn, cache)
    gradients = {"dprev_h": dprev_h, "dA": dA}
    short = {name: one.astype("float32") for name, one in gradients.items()}
    return short | {f"too_long_numbers_in_{name}": _longer(student, one, size) for name, one in gradients.items()}


def look_in_torch(student: Student, prev_h: Array, A: Array, dattn: Array) -> Outputs:
    """A look in torch, and what autograd makes of it."""
    state, image = student.put(tensor(prev_h, requires_grad=True)), student.put(tensor(A, requires_grad=True))
    attn, weights = student.dot_product_attention(state, image)
    attn.backward(tensor(dattn))
    return {"attn": attn, "weights": weights, "dprev_h": state.grad, "dA": image.grad}


def look_in_bfloat16(student: Student, prev_h: Array, A: Array) -> Outputs:
    """A look in the GPU's short float."""
    state, image = student.put(tensor(prev_h)).bfloat16(), student.put(tensor(A)).bfloat16()
    attn, weights = student.dot_product_attention(state, image)
    return {"attn": attn, "weights": weights}


def ask(student: Student, query: Array, keys: Array, values: Array, v: Array, dattn: Array) -> Outputs:
    """Additive attention, and what autograd makes of what was seen."""
    inputs = {"query": query, "keys": keys, "values": values, "v": v}
    leaves = {name: student.put(tensor(array, requires_grad=True)) for name, array in inputs.items()}
    attn, weights = student.additive_attention(*leaves.values())
    attn.backward(tensor(dattn))
    return {"attn": attn, "weights": weights} | {f"d{name}": _gradient(leaf) for name, leaf in leaves.items()}


def ask_for_weights(student: Student, query: Array, keys: Array, values: Array, v: Array, dweights: Array) -> Outputs:
    """Additive attention, and what autograd makes of its weights and of what was seen together."""
    inputs = {"query": query, "keys": keys, "values": values, "v": v}
    leaves = {name: student.put(tensor(array, requires_grad=True)) for name, array in inputs.items()}
    attn, weights = student.additive_attention(*leaves.values())
    attn.sum().add(weights.mul(student.put(tensor(dweights))).sum()).backward()
    return {"weights": weights} | {f"d{name}": _gradient(leaf) for name, leaf in leaves.items()}


def ask_in_bfloat16(student: Student, query: Array, keys: Array, values: Array, v: Array) -> Outputs:
    """Additive attention in the GPU's short float."""
    short = [student.put(tensor(array)).bfloat16() for array in (query, keys, values, v)]
    attn, weights = student.additive_attention(*short)
    return {"attn": attn, "weights": weights}


def step(student: Student, x: Array, prev_h: Array, prev_c: Array, attn: Array, **weights: Array) -> Outputs:
    """One step of the LSTM that looks."""
    model = _looking(student, x, weights)
    handed = [student.put(tensor(array)) for array in (x, prev_h, prev_c, attn)]
    next_h, next_c = model.step_forward(*handed)
    return {"next_h": next_h, "next_c": next_c}


def read(student: Student, x: Array, A: Array, dh: Array, **weights: Array) -> Outputs:
    """A whole sequence, and what autograd makes of it."""
    model = _looking(student, x, weights)
    leaves = {"dx": student.put(tensor(x, requires_grad=True)), "dA": student.put(tensor(A, requires_grad=True))}
    h, looks = model.forward(leaves["dx"], leaves["dA"])
    h.backward(tensor(dh))
    gradients = {name: leaf.grad for name, leaf in leaves.items()}
    return {"h": h, "weights": looks} | gradients | {f"d{name}": getattr(model, name).grad for name in WEIGHTS}


def read_two_images(student: Student, x: Array, A: Array, other_x: Array, other_A: Array, **weights: Array) -> Outputs:
    """One model, two batches, one after the other; both count, and are looked at in the end."""
    model = _looking(student, x, weights)
    h, looks = model.forward(student.put(tensor(x)), student.put(tensor(A)))
    other_h, other_looks = model.forward(student.put(tensor(other_x)), student.put(tensor(other_A)))
    return {"h": h, "weights": looks, "other_h": other_h, "other_weights": other_looks}


def read_in_bfloat16(student: Student, x: Array, A: Array, **weights: Array) -> Outputs:
    """A whole sequence in the GPU's short float."""
    model = _looking(student, x, weights).bfloat16()
    h, looks = model.forward(student.put(tensor(x)).bfloat16(), student.put(tensor(A)).bfloat16())
    return {"h": h, "weights": looks}


def caption_loss(student: Student, features: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """Scores, looks and loss of the captioner, and what autograd makes of it."""
    model = _captioner(student, features, special, layers)
    seen, told = student.put(tensor(features, requires_grad=True)), student.put(tensor(captions))
    scores, looks = model.forward(seen, told)
    loss = model.loss_of(scores, told)
    loss.backward()
    gradients = {f"d{name}": _gradient(_parameter(model, name)) for name in layers}
    return {"scores": scores, "weights": looks, "loss": loss, "dfeatures": seen.grad} | gradients


def caption_weights(
    student: Student, features: Array, captions: Array, special: Array, dweights: Array, **layers: Array
) -> Outputs:
    """The captioner's looks, and what autograd makes of them and of its scores together."""
    model = _captioner(student, features, special, layers)
    seen = student.put(tensor(features, requires_grad=True))
    scores, looks = model.forward(seen, student.put(tensor(captions)))
    scores.sum().add(looks.mul(student.put(tensor(dweights))).sum()).backward()
    gradients = {f"d{name}": _gradient(_parameter(model, name)) for name in ("query_weight", "key_weight", "v")}
    return {"weights": looks, "dfeatures": seen.grad} | gradients


def caption_two_images(
    student: Student, features: Array, captions: Array, special: Array, other_features: Array, **layers: Array
) -> Outputs:
    """One captioner, two batches of images, one after the other; both count, and are looked at in the end."""
    model = _captioner(student, features, special, layers)
    told = student.put(tensor(captions))
    scores, looks = model.forward(student.put(tensor(features)), told)
    other_scores, other_looks = model.forward(student.put(tensor(other_features)), told)
    return {"scores": scores, "weights": looks, "other_scores": other_scores, "other_weights": other_looks}


def caption_one_place(
    student: Student, features: Array, captions: Array, special: Array, one_place: Array, **layers: Array
) -> Outputs:
    """Scores and looks of the captioner after its ``attend`` was replaced."""
    model = student.see_one_place(_captioner(student, features, special, layers))
    scores, looks = model.forward(student.put(tensor(features)), student.put(tensor(captions)))
    return {"scores": scores, "weights": looks}


def sample_one_place(
    student: Student, features: Array, special: Array, max_length: Array, one_place: Array, **layers: Array
) -> Outputs:
    """What the captioner says after its ``attend`` was replaced."""
    model = student.see_one_place(_captioner(student, features, special, layers))
    said, looks = model.sample(student.put(tensor(features)), max_length=int(max_length[0]))
    return {"captions": said, "weights": looks}


def caption_in_bfloat16(student: Student, features: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """Scores and looks of the captioner in the GPU's short float."""
    model = _captioner(student, features, special, layers).bfloat16()
    scores, looks = model.forward(student.put(tensor(features)).bfloat16(), student.put(tensor(captions)))
    return {"scores": scores, "weights": looks}


def short_scores(student: Student, scores: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """The loss of given scores in the short float, which must not be added up in it."""
    model = _captioner(student, scores, special, layers)
    return {"loss": model.loss_of(student.put(tensor(scores)).bfloat16(), student.put(tensor(captions)))}


def caption_sample(student: Student, features: Array, special: Array, max_length: Array, **layers: Array) -> Outputs:
    """What the captioner says, and where it looks."""
    model = _captioner(student, features, special, layers)
    said, looks = model.sample(student.put(tensor(features)), max_length=int(max_length[0]))
    return {"captions": said, "weights": looks}


def reinforce(
    student: Student, word_log_probs: Array, place_scores: Array, positions: Array, counts: Array, baseline: Array
) -> Outputs:
    """The loss of hard attention and its gradients.

    Weights add up to 1, so that the gradient at the weights themselves could be this or that; at the scores that they
    are made of it could not. No gradient should come to the baseline, and torch then says None; so 1 is added on the
    way and taken off again.
    """
    inputs = {"word_log_probs": word_log_probs, "place_scores": place_scores, "baseline": baseline}
    leaves = {name: student.put(tensor(array, requires_grad=True)) for name, array in inputs.items()}
    words, scores, expected = leaves.values()
    drawn, counted = student.put(tensor(positions)), student.put(tensor(counts))
    loss = student.hard_attention_loss(words, scores.softmax(2), drawn, counted, expected)
    loss.add(expected.sum()).backward()
    gradients = {"dword_log_probs": words.grad, "dplace_scores": scores.grad}
    return {"loss": loss} | gradients | {"dbaseline": expected.grad.sub(1.0)}


def _longer(student: Student, array: Any, size: Array) -> Handle:
    """1 where a number of the array takes more bytes than it should, else 0; without torch, which is guarded here."""
    return cast(Handle, student.put(size).searchsorted(array.itemsize))


def _gradient(leaf: Any) -> Handle:
    """What came to a leaf; zeros where nothing did (torch then says None, which no mistake can be told by)."""
    leaf.mul(0.0).sum().backward()
    return cast(Handle, leaf.grad)


def _looking(student: Student, x: Array, weights: Mapping[str, Array]) -> Any:
    model = student.AttentionLSTM(len(weights["Wx"]), len(weights["Wh"]))
    if x.dtype == np.float64:
        model = model.double()
    model.load_state_dict({name: tensor(weights[name]) for name in WEIGHTS})
    return model


def _captioner(student: Student, features: Array, special: Array, layers: Mapping[str, Array]) -> Any:
    null, start, end = (int(one) for one in special)
    V, W = layers["embed_weight"].shape
    H, D = layers["first_h_weight"].shape
    Q = len(layers["v"])
    model = student.AttentionCaptioner(V, D, W, H, Q, null=null, start=start, end=end)
    if features.dtype == np.float64:
        model = model.double()
    model.load_state_dict({LAYERS[name]: tensor(array) for name, array in layers.items()})
    return model


def _parameter(model: Any, name: str) -> Any:
    for part in LAYERS[name].split("."):
        model = getattr(model, part)
    return model
