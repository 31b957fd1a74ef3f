"""The plays of stage 5: what is done with a student's modules, and which results count.

The inputs of a case hold the module's weights under the names of its state dict, so that every answer is exact.
Sizes are read from their shapes; where a number of steps is needed, from another input's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.student import Handle, Student, answered_twice, tensor
from seqlab.checking.values import Array

Outputs = Mapping[str, Handle]


def loaded(model: Any, weights: Mapping[str, Array]) -> Any:
    """A module with the given weights, in their precision."""
    if next(iter(weights.values())).dtype == np.float64:
        model = model.double()
    model.load_state_dict({name: tensor(array) for name, array in weights.items()})
    return model


def gradients(model: Any, **parameters: str) -> dict[str, Any]:
    """The gradients of some parameters, each under a name of its own."""
    return {output: model.get_parameter(name).grad for output, name in parameters.items()}


def shape_of(result: Any, *names: str) -> dict[str, Any]:
    """The sizes of a result, each under a name of its own: all there is to see of it on the device 'meta'."""
    return {name: result.shape[axis] for axis, name in enumerate(names)}


# ---------------------------------------------------------------- one to one, by looking


def glimpses(student: Student, images: Array, dscores: Array, dplaces: Array, **weights: Array) -> Outputs:
    """Look, and send gradients back from scores and places."""
    model = looker(student, dscores.shape[1], weights)
    result = model(tensor(images))
    scores, places = result[0], result[1]
    scores.backward(tensor(dscores), retain_graph=True)
    places.backward(tensor(dplaces))
    named = gradients(model, grad_cell_input="cell.weight_ih")
    if dscores.shape[1] > 1:  # the first look knows no state, so an answer may leave these weights aside
        named |= gradients(model, grad_look="look.weight", grad_cell_state="cell.weight_hh")
    return {"scores": scores, "places": places} | named


def glimpses_twice(student: Student, images: Array, dscores: Array, **weights: Array) -> Outputs:
    """Look at the same tensor twice; the second time counts."""
    model = looker(student, dscores.shape[1], weights)
    again = answered_twice(student, model, images)
    return {"scores": again[0], "places": again[1]}


def glimpses_transposed(student: Student, images_on_side: Array, dscores: Array, **weights: Array) -> Outputs:
    """Look at a view: images that were stored column by column."""
    model = looker(student, dscores.shape[1], weights)
    result = model(student.put(tensor(images_on_side)).transpose(1, 2))
    return {"scores": result[0], "places": result[1]}


def glimpses_elsewhere(student: Student, images: Array, dscores: Array, **weights: Array) -> Outputs:
    """Look on a device without numbers: what is made on the way must be made there too."""
    model = looker(student, dscores.shape[1], weights).to("meta")
    result = model(student.put(tensor(images)).to("meta"))
    return shape_of(result[0], "images", "looks", "classes")


def looker(student: Student, steps: int, weights: Mapping[str, Array]) -> Any:
    """A GlimpseClassifier of a number of looks with the given weights."""
    size = int((weights["cell.weight_ih"].shape[1] - 2) ** 0.5)
    classes, hidden = weights["read.weight"].shape
    return loaded(student.GlimpseClassifier(size, hidden, classes, steps), weights)


# ---------------------------------------------------------------- one to many


def drawing_lesson(student: Student, labels: Array, rows: Array, dscores: Array, **weights: Array) -> Outputs:
    """The scores with the teacher's rows, and the gradients of what begins and of what goes on."""
    model = _drawer(student, weights)
    scores = model(tensor(labels), tensor(rows))
    scores.backward(tensor(dscores))
    return {"scores": scores} | gradients(model, grad_start="start.weight", grad_gru="gru.weight_hh_l0")


def drawing_lesson_in_bfloat16(student: Student, labels: Array, rows: Array, **weights: Array) -> Outputs:
    """The scores in the GPU's short float."""
    model = _drawer(student, weights).bfloat16()
    return {"scores": model(tensor(labels), student.put(tensor(rows)).bfloat16())}


def two_endings(student: Student, labels: Array, rows: Array, other_rows: Array, **weights: Array) -> Outputs:
    """Two drawings that begin alike: what is scored before they differ must be the same."""
    model = _drawer(student, weights)
    given = tensor(labels)
    return {"scores": model(given, tensor(rows)), "other_scores": model(given, tensor(other_rows))}


def drawing(student: Student, labels: Array, uniform: Array, **weights: Array) -> Outputs:
    """A drawing with the given numbers of chance."""
    return {"drawn": _drawer(student, weights).draw(tensor(labels), tensor(uniform))}


def drawing_twice(student: Student, labels: Array, uniform: Array, **weights: Array) -> Outputs:
    """The same drawing asked for twice, from the same tensors; the second one counts."""
    model = _drawer(student, weights)
    given, chance = student.put(tensor(labels)), student.put(tensor(uniform))
    model.draw(given, chance)
    return {"drawn": model.draw(given, chance)}


def drawing_elsewhere(student: Student, labels: Array, rows: Array, uniform: Array, **weights: Array) -> Outputs:
    """Both modes on a device without numbers."""
    model = _drawer(student, weights).to("meta")
    given = student.put(tensor(labels)).to("meta")
    scores = model(given, student.put(tensor(rows)).to("meta"))
    drawn = model.draw(given, student.put(tensor(uniform)).to("meta"))
    return shape_of(scores, "drawings", "rows", "pixels") | {"rows_drawn": drawn.shape[1]}


def _drawer(student: Student, weights: Mapping[str, Array]) -> Any:
    classes, hidden = weights["start.weight"].shape
    return loaded(student.SequenceDrawer(classes, len(weights["ink.weight"]), hidden), weights)


# ---------------------------------------------------------------- many to many, aligned


def labels(student: Student, frames: Array, dscores: Array, **weights: Array) -> Outputs:
    """The scores of every frame, the state after the last, and gradients of the eye and of the memory."""
    model = labeller(student, weights, frames.shape[-1])
    result = model(tensor(frames))
    scores, state = result[0], result[1]
    scores.backward(tensor(dscores))
    named = gradients(model, grad_eye="eye.0.weight")
    if frames.shape[1] > 1:  # the first frame knows no state, so an answer may leave these weights aside
        named |= gradients(model, grad_lstm="lstm.weight_hh_l0")
    return {"scores": scores, "state": state[0], "cell": state[1]} | named


def two_films(student: Student, frames: Array, other_frames: Array, **weights: Array) -> Outputs:
    """Two films that begin alike: the labels of what they share must be the same."""
    model = labeller(student, weights, frames.shape[-1])
    scores, other = model(tensor(frames)), model(tensor(other_frames))
    return {"scores": scores[0], "other_scores": other[0]}


def continued(student: Student, frames: Array, later_frames: Array, **weights: Array) -> Outputs:
    """The first part of a film, and the second from where it stopped."""
    model = labeller(student, weights, frames.shape[-1])
    given = student.put(tensor(frames))
    first = model(given)
    later = model(tensor(later_frames), first[1])
    return {"later_scores": later[0], "later_state": later[1][0], "later_cell": later[1][1]}


def begun_again(student: Student, frames: Array, later_frames: Array, **weights: Array) -> Outputs:
    """The first part, the second, and the first once more from the beginning."""
    model = labeller(student, weights, frames.shape[-1])
    given = student.put(tensor(frames))
    first = model(given)
    model(tensor(later_frames), first[1])
    return {"scores": model(given)[0]}


def labels_of_a_view(student: Student, frames_by_time: Array, **weights: Array) -> Outputs:
    """Films that were stored frame by frame, seen as films."""
    model = labeller(student, weights, frames_by_time.shape[-1])
    return {"scores": model(student.put(tensor(frames_by_time)).transpose(0, 1))[0]}


def labels_in_bfloat16(student: Student, frames: Array, **weights: Array) -> Outputs:
    """The scores in the GPU's short float."""
    model = labeller(student, weights, frames.shape[-1]).bfloat16()
    return {"scores": model(student.put(tensor(frames)).bfloat16())[0]}


def labels_elsewhere(student: Student, frames: Array, **weights: Array) -> Outputs:
    """Twice on a device without numbers, the second time with a state."""
    model = labeller(student, weights, frames.shape[-1]).to("meta")
    given = student.put(tensor(frames)).to("meta")
    first = model(given)
    return shape_of(model(given, first[1])[0], "films", "frames_labelled", "classes")


def labeller(student: Student, weights: Mapping[str, Array], size: int) -> Any:
    """A FrameLabeller of frames of a size with the given weights."""
    channels, features = len(weights["eye.0.weight"]), len(weights["eye.5.weight"])
    classes, hidden = weights["head.weight"].shape
    return loaded(student.FrameLabeller(size, channels, features, hidden, classes), weights)
