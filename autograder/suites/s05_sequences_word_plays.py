"""The plays of stage 5 with sentences: those that are judged, and those that are translated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.student import Handle, Student, answered_twice, tensor
from autograder.suites.s05_sequences_plays import gradients, loaded
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]

# ---------------------------------------------------------------- many to one


def verdicts(student: Student, words: Array, lengths: Array, dscores: Array, **weights: Array) -> Outputs:
    """The scores of a batch of sentences, and gradients."""
    model = _reader(student, weights)
    scores = model(tensor(words), tensor(lengths))
    scores.backward(tensor(dscores))
    named = gradients(model, grad_embedding="embedding.weight")
    if words.shape[1] > 1:  # the first word knows no state, so an answer may leave these weights aside
        both_ways = {"grad_lstm_forwards": "lstm.weight_hh_l0", "grad_lstm_backwards": "lstm.weight_hh_l0_reverse"}
        named |= gradients(model, **both_ways)
    return {"scores": scores} | named


def verdict_alone(
    student: Student, words: Array, lengths: Array, words_alone: Array, length_alone: Array, **weights: Array
) -> Outputs:
    """A batch, and one of its sentences by itself."""
    model = _reader(student, weights)
    scores = model(tensor(words), tensor(lengths))
    return {"scores": scores, "alone": model(tensor(words_alone), tensor(length_alone))}


def verdicts_twice(student: Student, words: Array, lengths: Array, **weights: Array) -> Outputs:
    """The same batch twice, from the same tensors; the second time counts."""
    model = _reader(student, weights)
    return {"scores": answered_twice(student, model, words, lengths)}


def verdicts_in_bfloat16(student: Student, words: Array, lengths: Array, **weights: Array) -> Outputs:
    """The scores in the GPU's short float."""
    return {"scores": _reader(student, weights).bfloat16()(tensor(words), tensor(lengths))}


def _reader(student: Student, weights: Mapping[str, Array]) -> Any:
    (vocabulary, embed), (classes, double) = weights["embedding.weight"].shape, weights["head.weight"].shape
    return loaded(student.SentimentClassifier(vocabulary, embed, double // 2, classes), weights)


# ---------------------------------------------------------------- many to many, of another length


def lesson(student: Student, source: Array, lengths: Array, target: Array, dscores: Array, **weights: Array) -> Outputs:
    """What is handed over, the scores with the teacher's words, and gradients on both sides."""
    model = translator(student, weights)
    given = student.put(tensor(source))
    known = student.put(tensor(lengths))
    state = model.encode(given, known)
    scores = model(given, known, tensor(target))
    scores.backward(tensor(dscores))
    named = gradients(
        model, grad_source_embedding="source_embedding.weight", grad_target_embedding="target_embedding.weight"
    )
    return {"state": state[0], "cell": state[1], "scores": scores} | named


def lesson_twice(student: Student, source: Array, lengths: Array, target: Array, **weights: Array) -> Outputs:
    """The scores of the same sentences twice; the second time counts."""
    model = translator(student, weights)
    return {"scores": answered_twice(student, model, source, lengths, target)}


def lesson_in_bfloat16(student: Student, source: Array, lengths: Array, target: Array, **weights: Array) -> Outputs:
    """The scores in the GPU's short float."""
    model = translator(student, weights).bfloat16()
    return {"scores": model(tensor(source), tensor(lengths), tensor(target))}


def cost(student: Student, source: Array, lengths: Array, target: Array, **weights: Array) -> Outputs:
    """The loss, and gradients of it."""
    model = translator(student, weights)
    loss = model.loss(tensor(source), tensor(lengths), tensor(target))
    loss.backward()
    return {"loss": loss} | gradients(model, grad_head="head.weight", grad_target_embedding="target_embedding.weight")


def translation(student: Student, source: Array, lengths: Array, target: Array, **weights: Array) -> Outputs:
    """As many words as the targets have places, START not counted."""
    model = translator(student, weights)
    return {"words": model.translate(tensor(source), tensor(lengths), target.shape[1] - 1)}


def translation_alone(
    student: Student,
    source: Array,
    lengths: Array,
    target: Array,
    source_alone: Array,
    length_alone: Array,
    **weights: Array,
) -> Outputs:
    """A batch, twice, and one of its sentences by itself."""
    model = translator(student, weights)
    count = target.shape[1] - 1
    given, known = student.put(tensor(source)), student.put(tensor(lengths))
    model.translate(given, known, count)
    alone = model.translate(tensor(source_alone), tensor(length_alone), count)
    return {"words": model.translate(given, known, count), "alone": alone}


def translator(student: Student, weights: Mapping[str, Array]) -> Any:
    """A Seq2Seq with the given weights."""
    (sources, embed), (targets, hidden) = weights["source_embedding.weight"].shape, weights["head.weight"].shape
    return loaded(student.Seq2Seq(sources, targets, embed, hidden), weights)
