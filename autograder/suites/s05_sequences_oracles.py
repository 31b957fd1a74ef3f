"""The second oracle of stage 5: each sequence by itself, one step at a time, without padding, from torch's primitives.

Batching, packing and shifting are what students get wrong, so nothing here does any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.oracles import gradient, leaf, numpy_of, plain
from seqlab.checking.values import Array

Outputs = dict[str, Array]
Leaves = Mapping[str, Tensor]
NULL, START, END = 0, 1, 2


def leaves_of(weights: Mapping[str, Array]) -> dict[str, Tensor]:
    """A leaf for each weight."""
    return {name: leaf(array) for name, array in weights.items()}


def sizes(array: Array, *names: str) -> Outputs:
    """The sizes of an array, each under a name of its own."""
    return {name: np.array(size) for name, size in zip(names, array.shape, strict=True)}


def looking(images: Array, dscores: Array, dplaces: Array | None = None, **weights: Array) -> Outputs:
    """``F.grid_sample`` for the eye and ``torch.gru_cell`` for the memory: scores, places, gradients."""
    w = leaves_of(weights)
    looks = [_look_at(image, dscores.shape[1], w) for image in plain(images)]
    scores, places = (torch.stack([look[k] for look in looks]) for k in (0, 1))
    outputs = {"scores": numpy_of(scores), "places": numpy_of(places)}
    if dplaces is None:
        return outputs | sizes(outputs["scores"], "images", "looks", "classes")
    torch.autograd.backward([scores, places], [plain(dscores), plain(dplaces)])
    names = {"grad_look": "look.weight", "grad_cell_state": "cell.weight_hh", "grad_cell_input": "cell.weight_ih"}
    return outputs | _gradients(w, names)


def looking_on_side(images_on_side: Array, dscores: Array, **weights: Array) -> Outputs:
    """The same for images that lie on their side."""
    return looking(images_on_side.transpose(0, 2, 1), dscores, **weights)


def _look_at(image: Tensor, steps: int, w: Leaves) -> tuple[Tensor, Tensor]:
    size = round((w["cell.weight_ih"].shape[1] - 2) ** 0.5)
    h = image.new_zeros(1, w["look.weight"].shape[1])
    scores, places = [], []
    for _ in range(steps):
        place = torch.tanh(linear(w, "look", h))
        seen = torch.cat([square(image, place[0], size).reshape(1, -1), place], dim=1)
        h = torch.gru_cell(seen, h, *(w[f"cell.{part}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")))
        scores.append(linear(w, "read", h)[0])
        places.append(place[0])
    return torch.stack(scores), torch.stack(places)


def square(image: Tensor, place: Tensor, size: int) -> Tensor:
    """The glimpse (size, size) of an image around a place, by ``F.grid_sample``."""
    last = torch.tensor([image.shape[1] - 1, image.shape[0] - 1], dtype=image.dtype)
    steps = torch.arange(size, dtype=image.dtype) - (size - 1) / 2
    across = place[0] + 2 * steps / last[0]
    down = place[1] + 2 * steps / last[1]
    grid = torch.stack([across.expand(size, size), down[:, None].expand(size, size)], dim=2)
    return functional.grid_sample(image[None, None], grid[None], align_corners=True, padding_mode="zeros")[0, 0]


def drawing_lesson(labels: Array, rows: Array, dscores: Array | None = None, **weights: Array) -> Outputs:
    """Each drawing by itself, row after row, with ``torch.gru_cell``."""
    w = leaves_of(weights)
    scores = torch.stack([_scores_of(int(label), plain(drawn), w) for label, drawn in zip(labels, rows, strict=True)])
    if dscores is None:
        return {"scores": numpy_of(scores)}
    scores.backward(plain(dscores))
    return {"scores": numpy_of(scores)} | _gradients(w, {"grad_start": "start.weight", "grad_gru": "gru.weight_hh_l0"})


def two_endings(labels: Array, rows: Array, other_rows: Array, **weights: Array) -> Outputs:
    """Both drawings."""
    other = drawing_lesson(labels, other_rows, **weights)["scores"]
    return drawing_lesson(labels, rows, **weights) | {"other_scores": other}


def drawing(labels: Array, uniform: Array, **weights: Array) -> Outputs:
    """Each drawing by itself; a pixel has ink where the score is above the logit of its number."""
    w = leaves_of(weights)
    drawn = [_drawn(int(label), plain(chance), w) for label, chance in zip(labels, uniform, strict=True)]
    return {"drawn": numpy_of(torch.stack(drawn))}


def drawing_of_all(labels: Array, uniform: Array, rows: Array | None = None, **weights: Array) -> Outputs:
    """The drawing, and where there are rows too, the sizes of what comes of them."""
    drawn = drawing(labels, uniform, **weights)
    if rows is None:
        return drawn
    return sizes(rows, "drawings", "rows", "pixels") | {"rows_drawn": np.array(uniform.shape[1])}


def _scores_of(label: int, rows: Tensor, w: Leaves) -> Tensor:
    h, seen, scores = w["start.weight"][label], torch.zeros_like(rows[0]), []
    for row in rows:
        h = _gru_step(seen, h, w)
        scores.append(linear(w, "ink", h))
        seen = row
    return torch.stack(scores)


def _drawn(label: int, chance: Tensor, w: Leaves) -> Tensor:
    h, row, rows = w["start.weight"][label], torch.zeros_like(chance[0]), []
    for numbers in chance:
        h = _gru_step(row, h, w)
        row = (linear(w, "ink", h) > torch.logit(numbers)).to(chance.dtype)
        rows.append(row)
    return torch.stack(rows)


def _gru_step(x: Tensor, h: Tensor, w: Leaves) -> Tensor:
    parts = (w[f"gru.{part}_l0"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    return torch.gru_cell(x[None], h[None], *parts)[0]


def verdicts(words: Array, lengths: Array, dscores: Array | None = None, **weights: Array) -> Outputs:
    """Each sentence by itself, cut to its length, forwards and reversed."""
    w = leaves_of(weights)
    pairs = zip(words, lengths, strict=True)
    scores = torch.stack([_verdict(torch.from_numpy(row[:length].copy()), w) for row, length in pairs])
    if dscores is None:
        return {"scores": numpy_of(scores)}
    scores.backward(plain(dscores))
    names = {"grad_embedding": "embedding.weight", "grad_lstm_forwards": "lstm.weight_hh_l0"}
    return {"scores": numpy_of(scores)} | _gradients(w, names | {"grad_lstm_backwards": "lstm.weight_hh_l0_reverse"})


def verdict_alone(words: Array, lengths: Array, words_alone: Array, length_alone: Array, **weights: Array) -> Outputs:
    """The batch, and the sentence by itself."""
    alone = verdicts(words_alone, length_alone, **weights)["scores"]
    return verdicts(words, lengths, **weights) | {"alone": alone}


def _verdict(sentence: Tensor, w: Leaves) -> Tensor:
    vectors = functional.embedding(sentence, w["embedding.weight"])
    forwards, _ = read(vectors, None, w, "lstm", "")
    backwards, _ = read(vectors.flip(0), None, w, "lstm", "_reverse")
    return linear(w, "head", torch.cat([forwards[-1], backwards[-1]]))


def lesson(source: Array, lengths: Array, target: Array, dscores: Array | None = None, **weights: Array) -> Outputs:
    """Each pair by itself: what is handed over, the scores, gradients."""
    w = leaves_of(weights)
    ends = _read_sources(source, lengths, w)
    spoken = zip(target, ends, strict=True)
    scores = torch.stack([scores_of_words(torch.from_numpy(row[:-1].copy()), end, w) for row, end in spoken])
    outputs = {"scores": numpy_of(scores)}
    if dscores is None:
        return outputs
    state, cell = (numpy_of(torch.stack([end[k] for end in ends]))[None] for k in (0, 1))
    scores.backward(plain(dscores))
    names = {"grad_source_embedding": "source_embedding.weight", "grad_target_embedding": "target_embedding.weight"}
    return outputs | {"state": state, "cell": cell} | _gradients(w, names)


def cost(source: Array, lengths: Array, target: Array, **weights: Array) -> Outputs:
    """The loss word by word, without ever looking at one behind END."""
    w = leaves_of(weights)
    costs = []
    for row, end in zip(target, _read_sources(source, lengths, w), strict=True):
        words = torch.from_numpy(row[: int(np.argmax(row == END)) + 1].copy())
        log_probabilities = torch.log_softmax(scores_of_words(words[:-1], end, w), dim=1)
        costs += [-log_probabilities[t, word] for t, word in enumerate(words[1:].tolist())]
    loss = torch.stack(costs).mean()
    loss.backward()
    names = {"grad_head": "head.weight", "grad_target_embedding": "target_embedding.weight"}
    return {"loss": numpy_of(loss)} | _gradients(w, names)


def translation(source: Array, lengths: Array, target: Array, **weights: Array) -> Outputs:
    """Each sentence by itself; the whole that was said so far is read again for each word."""
    w = leaves_of(weights)
    ends = _read_sources(source, lengths, w)
    return {"words": np.array([_said(end, target.shape[1] - 1, w) for end in ends])}


def translation_alone(
    source: Array, lengths: Array, target: Array, source_alone: Array, length_alone: Array, **weights: Array
) -> Outputs:
    """The batch, and the sentence by itself."""
    alone = translation(source_alone, length_alone, target, **weights)["words"]
    return translation(source, lengths, target, **weights) | {"alone": alone}


def translator(**inputs: Array) -> Outputs:
    """All that a case with these inputs can tell of an encoder and decoder."""
    if "source_alone" in inputs:
        return translation_alone(**inputs)
    if "dscores" in inputs:
        return lesson(**inputs)
    if not (inputs["target"] == END).any():
        return translation(**inputs)
    return lesson(**inputs) | cost(**inputs) | translation(**inputs)


def _read_sources(source: Array, lengths: Array, w: Leaves) -> list[tuple[Tensor, Tensor]]:
    pairs = zip(source, lengths, strict=True)
    return [end_of(torch.from_numpy(row[:length].copy()), w) for row, length in pairs]


def end_of(sentence: Tensor, w: Leaves) -> tuple[Tensor, Tensor]:
    """State and cell of the encoder after a sentence without padding."""
    return read(functional.embedding(sentence, w["source_embedding.weight"]), None, w, "encoder", "")[1]


def scores_of_words(words: Tensor, start: tuple[Tensor, Tensor], w: Leaves) -> Tensor:
    """The decoder's scores (T, V) after each of the words."""
    states, _ = read(functional.embedding(words, w["target_embedding.weight"]), start, w, "decoder", "")
    return linear(w, "head", states)


def _said(start: tuple[Tensor, Tensor], count: int, w: Leaves) -> list[int]:
    words = [START]
    while len(words) <= count and words[-1] != END:
        words.append(int(scores_of_words(torch.tensor(words), start, w)[-1].argmax()))
    return (words[1:] + [NULL] * count)[:count]


def labels(frames: Array, dscores: Array | None = None, **weights: Array) -> Outputs:
    """Each film by itself, each frame by itself through the eye, and the memory one step at a time."""
    w = leaves_of(weights)
    films = [_labelled(plain(film), None, w) for film in frames]
    scores = torch.stack([scores for scores, _ in films])
    outputs = {"scores": numpy_of(scores)}
    outputs |= {
        name: numpy_of(torch.stack([end[k] for _, end in films]))[None] for k, name in enumerate(("state", "cell"))
    }
    if dscores is None:
        return outputs | sizes(outputs["scores"], "films", "frames_labelled", "classes")
    scores.backward(plain(dscores))
    return outputs | _gradients(w, {"grad_eye": "eye.0.weight", "grad_lstm": "lstm.weight_hh_l0"})


def two_films(frames: Array, other_frames: Array, **weights: Array) -> Outputs:
    """Both films."""
    return {"scores": labels(frames, **weights)["scores"], "other_scores": labels(other_frames, **weights)["scores"]}


def continued(frames: Array, later_frames: Array, **weights: Array) -> Outputs:
    """The scores of the whole film, cut where the second part begins."""
    whole = labels(np.concatenate([frames, later_frames], axis=1), **weights)
    scores, cut = whole["scores"], frames.shape[1]
    later = {"later_scores": scores[:, cut:], "later_state": whole["state"], "later_cell": whole["cell"]}
    return {"scores": scores[:, :cut]} | later


def labels_of_a_view(frames_by_time: Array, **weights: Array) -> Outputs:
    """The same for films that were stored frame by frame."""
    return labels(np.swapaxes(frames_by_time, 0, 1), **weights)


def _labelled(film: Tensor, state: Any, w: Leaves) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    seen = torch.stack([features_of(frame, w) for frame in film])
    states, end = read(seen, state, w, "lstm", "")
    return linear(w, "head", states), end


def features_of(frame: Tensor, w: Leaves) -> Tensor:
    """The features of one frame."""
    first = torch.relu(functional.conv2d(frame[None, None], w["eye.0.weight"], w["eye.0.bias"], stride=2, padding=2))
    second = torch.relu(functional.conv2d(first, w["eye.2.weight"], w["eye.2.bias"], stride=2, padding=1))
    return linear(w, "eye.5", second.reshape(-1))


def read(vectors: Tensor, start: Any, w: Leaves, name: str, suffix: str) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """``torch.lstm_cell`` over one sequence (T, D): the states (T, H), and the last state and cell (H,)."""
    parts = [w[f"{name}.{part}_l0{suffix}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    zeros = vectors.new_zeros(parts[1].shape[1])
    h, c = (zeros, zeros) if start is None else start
    states = []
    for vector in vectors:
        next_h, next_c = torch.lstm_cell(vector[None], (h[None], c[None]), *parts)
        h, c = next_h[0], next_c[0]
        states.append(h)
    return torch.stack(states), (h, c)


def linear(w: Leaves, name: str, x: Tensor) -> Tensor:
    """``F.linear`` with the weights of a name."""
    return functional.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def _gradients(w: Leaves, names: Mapping[str, str]) -> Outputs:
    return {output: gradient(w[name]) for output, name in names.items()}
