"""The plays of stage 8: what is done with a student's functions and modules, and which results count.

As in stage 5, the inputs of a case hold a module's weights under the names of its state dict, so that every answer is
exact. Sizes are read from their shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.student import Handle, Student, answered_twice, tensor
from autograder.suites.s05_sequences_plays import gradients, loaded
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]
PRIORS = {"most_common": "most common", "question": "question", "image": "image"}


# ---------------------------------------------------------------- counting


def priors(
    student: Student, questions: Array, images: Array, answers: Array, new_questions: Array, new_images: Array
) -> Outputs:
    """The guesses of all three, each by itself."""
    guesses = student.answer_priors(questions, images, answers, new_questions, new_images)
    return {output: guesses[key] for output, key in PRIORS.items()}


def consensus(student: Student, said: Array, all_answers: Array) -> Outputs:
    """The accuracy of each question."""
    return {"accuracy": student.consensus_accuracy(said, all_answers)}


# ---------------------------------------------------------------- reading


def states(student: Student, questions: Array, lengths: Array, dstates: Array, **weights: Array) -> Outputs:
    """What is left of each question, and gradients."""
    model = _encoder(student, weights)
    read = model(tensor(questions), tensor(lengths))
    read.backward(tensor(dstates))
    return {"states": read} | gradients(model, dembedding="embedding.weight", dlstm="lstm.weight_hh_l0")


def state_alone(
    student: Student, questions: Array, lengths: Array, questions_alone: Array, length_alone: Array, **weights: Array
) -> Outputs:
    """A batch, and one of its questions by itself."""
    model = _encoder(student, weights)
    together = model(tensor(questions), tensor(lengths))
    return {"states": together, "alone": model(tensor(questions_alone), tensor(length_alone))}


def states_twice(student: Student, questions: Array, lengths: Array, **weights: Array) -> Outputs:
    """The same batch twice, from the same tensors; the second time counts."""
    model = _encoder(student, weights)
    return {"states": answered_twice(student, model, questions, lengths)}


def states_in_bfloat16(student: Student, questions: Array, lengths: Array, **weights: Array) -> Outputs:
    """What is left of each question in the GPU's short float."""
    return {"states": _encoder(student, weights).bfloat16()(tensor(questions), tensor(lengths))}


def _encoder(student: Student, weights: Mapping[str, Array]) -> Any:
    vocabulary, embed = weights["embedding.weight"].shape
    return loaded(student.QuestionEncoder(vocabulary, embed, weights["lstm.weight_hh_l0"].shape[1]), weights)


# ---------------------------------------------------------------- meeting


def by_product(student: Student, question: Array, image: Array, dfused: Array, **weights: Array) -> Outputs:
    """The product, and all gradients."""
    return _fused(student, "product", question, image, dfused, weights)


def by_concatenation(student: Student, question: Array, image: Array, dfused: Array, **weights: Array) -> Outputs:
    """Side by side, and all gradients."""
    return _fused(student, "concatenation", question, image, dfused, weights)


def both_twice(student: Student, question: Array, image: Array, **weights: Array) -> Outputs:
    """Both ways, twice with the same tensors; the second time counts."""
    layers = _projections(student, weights)
    asked, seen = student.put(tensor(question)), student.put(tensor(image))
    for how in ("product", "concatenation"):
        student.fuse(asked, seen, layers, how)
    return {how: student.fuse(asked, seen, layers, how) for how in ("product", "concatenation")}


def both_in_bfloat16(student: Student, question: Array, image: Array, **weights: Array) -> Outputs:
    """Both ways in the GPU's short float."""
    layers = _projections(student, weights).bfloat16()
    asked, seen = (student.put(tensor(one)).bfloat16() for one in (question, image))
    return {how: student.fuse(asked, seen, layers, how) for how in ("product", "concatenation")}


def _fused(
    student: Student, how: str, question: Array, image: Array, dfused: Array, weights: Mapping[str, Array]
) -> Outputs:
    layers = _projections(student, weights)
    asked, seen = student.put(tensor(question, requires_grad=True)), student.put(tensor(image, requires_grad=True))
    fused = student.fuse(asked, seen, layers, how)
    fused.backward(tensor(dfused))
    named = gradients(layers, dask="question.weight", dsee="image.weight")
    return {"fused": fused, "dquestion": asked.grad, "dimage": seen.grad} | named


def _projections(student: Student, weights: Mapping[str, Array]) -> Any:
    (joint, question), image = weights["question.weight"].shape, weights["image.weight"].shape[1]
    return loaded(student.Projections(question, image, joint), weights)


# ---------------------------------------------------------------- the whole model


def answers(
    student: Student, questions: Array, lengths: Array, image: Array, dscores: Array, **weights: Array
) -> Outputs:
    """The scores, and gradients of the words, of the image and of the head."""
    model = _model(student, weights)
    seen = student.put(tensor(image, requires_grad=True))
    scores = model(tensor(questions), tensor(lengths), seen)
    scores.backward(tensor(dscores))
    named = gradients(model, dwords="encoder.embedding.weight", dsee="projections.image.weight", dhead="head.weight")
    return {"scores": scores, "dimage": seen.grad} | named


def answers_about_two(
    student: Student, questions: Array, lengths: Array, image: Array, other_image: Array, **weights: Array
) -> Outputs:
    """The same questions about two batches of images, one after the other; both count, and are looked at in the end."""
    model = _model(student, weights)
    given, known = student.put(tensor(questions)), student.put(tensor(lengths))
    scores = model(given, known, student.put(tensor(image)))
    return {"scores": scores, "other_scores": model(given, known, student.put(tensor(other_image)))}


def answers_twice(student: Student, questions: Array, lengths: Array, image: Array, **weights: Array) -> Outputs:
    """The same questions twice, from the same tensors; the second time counts."""
    model = _model(student, weights)
    return {"scores": answered_twice(student, model, questions, lengths, image)}


def answers_in_bfloat16(student: Student, questions: Array, lengths: Array, image: Array, **weights: Array) -> Outputs:
    """The scores in the GPU's short float."""
    model = _model(student, weights).bfloat16()
    return {"scores": model(tensor(questions), tensor(lengths), student.put(tensor(image)).bfloat16())}


def cost(student: Student, given_scores: Array, right_answers: Array, **weights: Array) -> Outputs:
    """The loss of given scores, and its gradient."""
    scores = student.put(tensor(given_scores, requires_grad=True))
    loss = _model(student, weights).loss_of(scores, tensor(right_answers))
    loss.backward()
    return {"loss": loss, "dscores": scores.grad}


def cost_of_class(student: Student, given_scores: Array, right_answers: Array, of_class: Array) -> Outputs:
    """The loss of given scores, asked of the class, as the notebook does."""
    loss_of = student.taken_of("VQAModel", "loss_of")
    return {"loss": loss_of(tensor(given_scores), tensor(right_answers))}


def cost_in_bfloat16(student: Student, given_scores: Array, right_answers: Array, **weights: Array) -> Outputs:
    """The loss of given scores in the short float, which must not be added up in it."""
    short = student.put(tensor(given_scores)).bfloat16()
    return {"loss": _model(student, weights).loss_of(short, tensor(right_answers))}


def _model(student: Student, weights: Mapping[str, Array]) -> Any:
    joint, image = weights["projections.image.weight"].shape
    answers, width = weights["head.weight"].shape
    how = "product" if width == joint else "concatenation"
    return loaded(student.VQAModel(*_reading(weights), image, joint, answers, how=how), weights)


# ---------------------------------------------------------------- looking


def looks(
    student: Student, questions: Array, lengths: Array, positions: Array, dscores: Array, **weights: Array
) -> Outputs:
    """The scores, the weights, and gradients of the words, of the positions and of both meetings."""
    model = _looking(student, weights)
    seen = student.put(tensor(positions, requires_grad=True))
    result = model(tensor(questions), tensor(lengths), seen)
    scores = result[0]
    scores.backward(tensor(dscores))
    named = gradients(model, dwords="encoder.embedding.weight", dlooking="looking.question.weight")
    named |= gradients(model, dsee="projections.image.weight", dhead="head.weight")
    return {"scores": scores, "weights": result[1], "dpositions": seen.grad} | named


def looks_twice(student: Student, questions: Array, lengths: Array, positions: Array, **weights: Array) -> Outputs:
    """The same questions twice, from the same tensors; the second time counts."""
    model = _looking(student, weights)
    result = answered_twice(student, model, questions, lengths, positions)
    return {"scores": result[0], "weights": result[1]}


def looks_at_two(
    student: Student, questions: Array, lengths: Array, positions: Array, other_positions: Array, **weights: Array
) -> Outputs:
    """The same questions about two batches of images, one after the other; both count, and are looked at in the end."""
    model = _looking(student, weights)
    given, known = student.put(tensor(questions)), student.put(tensor(lengths))
    first, second = (model(given, known, student.put(tensor(one))) for one in (positions, other_positions))
    return {"scores": first[0], "weights": first[1], "other_scores": second[0], "other_weights": second[1]}


def looks_at_a_view(
    student: Student, questions: Array, lengths: Array, features_first: Array, **weights: Array
) -> Outputs:
    """Images that were stored with their features first, (N, F, L), as networks for images give them."""
    model = _looking(student, weights)
    seen = student.put(tensor(features_first)).transpose(1, 2)
    result = model(tensor(questions), tensor(lengths), seen)
    return {"scores": result[0], "weights": result[1]}


def looks_in_bfloat16(
    student: Student, questions: Array, lengths: Array, positions: Array, **weights: Array
) -> Outputs:
    """Scores and weights in the GPU's short float."""
    model = _looking(student, weights).bfloat16()
    result = model(tensor(questions), tensor(lengths), student.put(tensor(positions)).bfloat16())
    return {"scores": result[0], "weights": result[1]}


def _looking(student: Student, weights: Mapping[str, Array]) -> Any:
    joint, image = weights["projections.image.weight"].shape
    return loaded(student.AttentionVQA(*_reading(weights), image, joint, len(weights["head.weight"])), weights)


def _reading(weights: Mapping[str, Array]) -> tuple[int, int, int]:
    """V, D and H of the encoder inside."""
    vocabulary, embed = weights["encoder.embedding.weight"].shape
    return int(vocabulary), int(embed), int(np.shape(weights["encoder.lstm.weight_hh_l0"])[1])
