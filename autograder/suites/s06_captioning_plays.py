"""The plays of stage 6: what is done with a student's functions, and which results count.

Lists of words cannot be inputs of a case. They come as padded arrays of whole numbers, and a play writes them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.student import Handle, Student, answered_twice, tensor
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]
INJECT = ("dx", "dprev_h", "dv", "dWx", "dWh", "dWi", "db")
LAYERS = {
    "project_weight": "project.weight",
    "project_bias": "project.bias",
    "embed_weight": "embed.weight",
    "lstm_weight_ih": "lstm.weight_ih_l0",
    "lstm_weight_hh": "lstm.weight_hh_l0",
    "lstm_bias_ih": "lstm.bias_ih_l0",
    "lstm_bias_hh": "lstm.bias_hh_l0",
    "vocabulary_weight": "vocabulary.weight",
    "vocabulary_bias": "vocabulary.bias",
}
PADDING = -1


def caption_loss(
    student: Student, features: Array, captions: Array, special: Array, lstm: Array, **params: Array
) -> Outputs:
    """The loss and all gradients of a captioner with known parameters."""
    loss, grads = _captioner(student, special, lstm, params).loss(features, captions)
    return {"loss": loss} | {f"d{name}": grads[name] for name in params}


def caption_sample(
    student: Student, features: Array, special: Array, lstm: Array, max_length: Array, **params: Array
) -> Outputs:
    """What a captioner with known parameters says."""
    model = _captioner(student, special, lstm, params)
    return {"captions": model.sample(features, max_length=int(max_length[0]))}


def caption_twice(
    student: Student,
    features: Array,
    captions: Array,
    special: Array,
    lstm: Array,
    other_features: Array,
    **params: Array,
) -> Outputs:
    """The loss of other images first: nothing of it may linger."""
    model = _captioner(student, special, lstm, params)
    model.loss(other_features, captions)
    loss, grads = model.loss(features, captions)
    return {"loss": loss} | {f"d{name}": grads[name] for name in params}


def inject(student: Student, x: Array, prev_h: Array, v: Array, Wx: Array, Wh: Array, Wi: Array, b: Array) -> Outputs:
    """One step that sees the image."""
    next_h, _ = student.inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b)
    return {"next_h": next_h}


def inject_back(
    student: Student,
    x: Array,
    prev_h: Array,
    v: Array,
    Wx: Array,
    Wh: Array,
    Wi: Array,
    b: Array,
    dnext_h: Array,
    **other: Array,
) -> Outputs:
    """One step forward, then back through it; where another input is given, another step is taken in between."""
    _, cache = student.inject_step_forward(x, prev_h, v, Wx, Wh, Wi, b)
    if other:
        student.inject_step_forward(other["other_x"], other["other_h"], other["other_v"], Wx, Wh, Wi, b)
    return dict(zip(INJECT, student.inject_step_backward(dnext_h, cache), strict=True))


def module_loss(student: Student, features: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """Scores and loss of the torch module, and what autograd makes of it."""
    model = _module(student, features, special, layers)
    seen = student.put(tensor(features, requires_grad=True))
    read = student.put(tensor(captions))
    scores = model(seen, read)
    loss = model.loss_of(scores, read)
    loss.backward()
    gradients = {f"d{name}": _parameter(model, name).grad for name in layers}
    return {"scores": scores, "loss": loss, "dfeatures": seen.grad} | gradients


def module_twice(student: Student, features: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """Scores of the same images and captions twice; the second time counts."""
    model = _module(student, features, special, layers)
    return {"scores": answered_twice(student, model, features, captions)}


def module_in_bfloat16(student: Student, features: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """Scores of the torch module in the GPU's short float."""
    model = _module(student, features, special, layers).bfloat16()
    return {"scores": model(student.put(tensor(features)).bfloat16(), student.put(tensor(captions)))}


def module_elsewhere(student: Student, features: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """Scores on a device without numbers: what is made on the way must be made there too."""
    model = _module(student, features, special, layers).to("meta")
    scores = model(student.put(tensor(features)).to("meta"), student.put(tensor(captions)).to("meta"))
    return {name: scores.shape[axis] for axis, name in enumerate(("images", "words", "words_to_choose_from"))}


def short_scores(student: Student, scores: Array, captions: Array, special: Array, **layers: Array) -> Outputs:
    """The loss of given scores in the short float, which must not be added up in it."""
    model = _module(student, scores, special, layers)
    loss = model.loss_of(student.put(tensor(scores)).bfloat16(), student.put(tensor(captions)))
    return {"loss": loss}


def module_sample(student: Student, features: Array, special: Array, max_length: Array, **layers: Array) -> Outputs:
    """What the torch module says."""
    model = _module(student, features, special, layers)
    return {"captions": model.sample(student.put(tensor(features)), max_length=int(max_length[0]))}


def search(
    student: Student,
    W_embed: Array,
    Wh: Array,
    W_vocab: Array,
    state: Array,
    special: Array,
    width: Array,
    max_length: Array,
) -> Outputs:
    """A beam search over the sentences of a tiny writer."""
    writer = student.TinyWriter(W_embed, Wh, W_vocab)
    _, start, end = _whole(special)
    caption, log_prob = student.beam_search(
        writer.step, state, start=start, end=end, width=int(width[0]), max_length=int(max_length[0])
    )
    return {"caption": caption, "log_prob": log_prob}


def score(student: Student, candidates: Array, references: Array, max_n: Array) -> Outputs:
    """The BLEU of a corpus."""
    said, right = words_of(candidates), [words_of(one) for one in references]
    right = [[one for one in several if one] for several in right]
    if int(max_n[0]) == 4:
        return {"bleu": student.bleu(said, right)}
    return {"bleu": student.bleu(said, right, max_n=int(max_n[0]))}


def words_of(padded: Array) -> list[list[str]]:
    """Rows of numbers, filled up with -1, as lists of words."""
    return [[f"w{int(one)}" for one in row if one != PADDING] for row in padded]


def _captioner(student: Student, special: Array, lstm: Array, params: Mapping[str, Array]) -> Any:
    null, start, end = _whole(special)
    V = len(params["W_embed"])
    named = {"<NULL>": null, "<START>": start, "<END>": end}
    words = {f"word{one}": one for one in range(V) if one not in named.values()}
    model = student.CaptioningRNN(
        {name: one for name, one in named.items() if one >= 0} | words,
        input_dim=len(params["W_proj"]),
        wordvec_dim=len(params["Wx"]),
        hidden_dim=len(params["Wh"]),
        cell_type="lstm" if lstm[0] else "rnn",
        dtype=params["Wx"].dtype.name,
    )
    model.params.update(dict(params))
    return model


def _module(student: Student, features: Array, special: Array, layers: Mapping[str, Array]) -> Any:
    null, start, end = _whole(special)
    V, W = layers["embed_weight"].shape
    H, F = layers["project_weight"].shape
    model = student.Captioner(V, F, W, H, null=null, start=start, end=end)
    if features.dtype == np.float64:
        model = model.double()
    model.load_state_dict({LAYERS[name]: tensor(array) for name, array in layers.items()})
    return model


def _parameter(model: Any, name: str) -> Any:
    layer, parameter = LAYERS[name].split(".")
    return getattr(getattr(model, layer), parameter)


def _whole(special: Array) -> tuple[int, int, int]:
    null, start, end = (int(one) for one in special)
    return null, start, end
