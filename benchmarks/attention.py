"""Captioners that look against one that looks once: ``python -m benchmarks.attention`` (an hour for three seeds).

The masters' answers, trained alike on one thread. On the icons: stage 6's Captioner on a coarse map of features, stage
7's AttentionCaptioner on the features of 64 places, and the same with hard attention, which starts from the soft one.
On the digit scenes: how well looks agree with the boxes that are known.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.answers import answers
from seqlab.attention.hard import LIKELIEST, DrawsPlaces, loss_by_chance
from seqlab.attention.scenes import SceneEyes, box_scores, digits_told, known_boxes, phrase_scores
from seqlab.attention.training import Learner, standardised_places
from seqlab.caption_metrics import cider, exact_match
from seqlab.captioning.icons import Task, standardised
from seqlab.captioning.training import fit
from seqlab.data import load_captions
from seqlab.data.captions import Captions
from seqlab.data.synthesis.scenes import COLOURS, NAMES
from seqlab.language.threads import one_thread
from seqlab.torch_training import fit as fit_examples

Names = Mapping[str, Any]
Row = tuple[str, list[float]]
ICON_COLUMNS = ("exact", "BLEU-4", "BLEU-2", "CIDEr", "processor seconds")
SCENE_COLUMNS = ("true captions", "inside the box", "evenly spread", "peak inside", "blindly", "processor seconds")
W, H, S = 128, 256, 64
RATE, ITS_RATE, DROP = 3e-3, 2e-3, 0.5  # stage 6's captioner has the rate of its notebook: with 3e-3 it does worse


@dataclass(frozen=True)
class Lengths:
    """How many epochs each captioner is trained."""

    icons: int
    hard: int
    scenes: int


def on_icons(seed: int, lengths: Lengths) -> Iterator[Row]:
    """Three captioners on icons never seen, each with the figures of ``ICON_COLUMNS``."""
    icons, six, seven = load_captions("icons", features="spatial"), answers("s06_captioning"), answers("s07_attention")
    coarse, places = standardised(icons), standardised_places(icons)
    V, F, D = len(icons.vocabulary), coarse[0].features.shape[1], places[0].features.shape[2]
    torch.manual_seed(seed)
    plain = six["Captioner"](V, F, W, H)
    seconds = trained(plain, coarse, lengths.icons, ITS_RATE)
    yield "looks once (stage 6)", [*measures(icons, plain.sample(coarse[1].features, 6), six), seconds]
    torch.manual_seed(seed)
    soft = seven["AttentionCaptioner"](V, D, W, H, S)
    seconds = trained(Learner(soft, lambda seen, told: soft.loss_of(soft(seen, told)[0], told)), places, lengths.icons)
    yield "soft attention", [*measures(icons, soft.sample(places[1].features, 6)[0], six), seconds]
    hard = hardened(seven["AttentionCaptioner"], (V, D, W, H, S))
    hard.load_state_dict(soft.state_dict())
    loss = partial(loss_by_chance, hard, seven["hard_attention_loss"])
    seconds += trained(Learner(hard, loss), places, lengths.hard, RATE / 3)
    hard.forget(LIKELIEST)
    yield "hard attention, after the soft", [*measures(icons, hard.sample(places[1].features, 6)[0], six), seconds]


def trained(model: nn.Module, tasks: tuple[Task, Task], epochs: int, rate: float = RATE) -> float:
    """Train a model; the processor seconds that it took."""
    start = time.process_time()
    fit(model, *tasks, epochs=epochs, rate=rate, drop=DROP)
    return time.process_time() - start


def measures(icons: Captions, said: Tensor, six: Names) -> list[float]:
    """Exact match, BLEU-4, BLEU-2 and CIDEr of what was said of the held-out icons."""
    told, right = (
        [icons.vocabulary.sentence(row).split() for row in rows.tolist()] for rows in (said, icons.val.captions[:])
    )
    references = [[one] for one in right]
    bleus = [six["bleu"](told, references, max_n=n) for n in (4, 2)]
    return [exact_match(told, references), *bleus, cider(told, references)]


def hardened(captioner: type[nn.Module], sizes: Sequence[int]) -> Any:
    """A captioner that sees one place at a time."""
    return type("HardCaptioner", (DrawsPlaces, captioner), {})(*sizes)


def on_scenes(seed: int, lengths: Lengths) -> Iterator[Row]:
    """Soft attention on digit scenes never seen, with the figures of ``SCENE_COLUMNS``."""
    scenes, seven = load_captions("digit_scenes", features="images"), answers("s07_attention")
    torch.manual_seed(seed)
    eyes = SceneEyes()
    reader = seven["AttentionCaptioner"](len(scenes.vocabulary), eyes.feature_dim, 32, 128, S)

    def loss_of(told: Tensor, images: Tensor, _: Tensor) -> Tensor:
        loss: Tensor = reader.loss_of(reader(eyes(images), told)[0], told)
        return loss

    start, both = time.process_time(), nn.ModuleList([eyes, reader])
    rng = np.random.default_rng(seed)
    fit_examples(
        both,
        scenes.train,
        loss_of,
        epochs=lengths.scenes,
        batch_size=64,
        rng=rng,
        learning_rate=4e-3,
        weight_decay=0.05,
    )
    seconds = time.process_time() - start
    told, images = (torch.from_numpy(one) for one in scenes.val.batch(np.arange(len(scenes.val)))[:2])
    with torch.no_grad():
        said, weights = reader.sample(eyes(images), told.shape[1] - 1)
    spoken, right = ([scenes.vocabulary.sentence(row).split() for row in rows.tolist()] for rows in (said, told))
    digits = [digits_told(one, other) for one, other in zip(spoken, right, strict=True)]
    boxes, gaze = known_boxes("val"), weights.numpy()
    found = box_scores(spoken, digits, gaze, boxes)
    true = sum(one is not None for one in digits) / len(digits)
    parts = {"all words of a digit": found, "of these, *a*": found.of("a"), "colours": found.of(*COLOURS)}
    parts |= {"names": found.of(*NAMES), "whole phrases": phrase_scores(digits, gaze, boxes)}
    for name, part in parts.items():
        figures = [float(one.mean()) for one in (part.inside, part.area, part.peak, part.chance)]
        yield name, [true, *figures, seconds]


def told(seed: int, rows: Iterator[Row]) -> Iterator[Row]:
    """The same rows, each printed as soon as it is there."""
    for name, figures in rows:
        print(f"seed {seed}, {name}: {', '.join(f'{one:.3f}' for one in figures)}", flush=True)
        yield name, figures


def table(title: str, columns: Sequence[str], runs: Sequence[Sequence[Row]]) -> None:
    """Print the mean of all runs, and the least and the largest figure where there are several."""
    print(f"\n### {title}, {len(runs)} seeds\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for rows in zip(*runs, strict=True):
        figures = np.array([row[1] for row in rows])
        cells = [_cell(column, one) for column, one in zip(columns, figures.T, strict=True)]
        print(f"| {rows[0][0]} | {' | '.join(cells)} |", flush=True)


def _cell(column: str, figures: Sequence[float]) -> str:
    style = "{:.0f}" if "seconds" in column else "{:.3f}" if column in ("BLEU-4", "BLEU-2", "CIDEr") else "{:.1%}"
    mean, least, most = (style.format(one) for one in (np.mean(figures), np.min(figures), np.max(figures)))
    return mean if least == most else f"{mean} ({least} to {most})"


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=["icons", "scenes"], default=["icons", "scenes"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=25, help="of the captioners of the icons")
    parser.add_argument("--hard-epochs", type=int, default=8, help="of hard attention, after the soft one")
    parser.add_argument("--scene-epochs", type=int, default=12)
    wanted = parser.parse_args()
    lengths = Lengths(wanted.epochs, wanted.hard_epochs, wanted.scene_epochs)
    tasks = {"icons": (on_icons, ICON_COLUMNS), "scenes": (on_scenes, SCENE_COLUMNS)}
    with one_thread():
        for what in wanted.what:
            measure, columns = tasks[what]
            runs = [list(told(seed, measure(seed, lengths))) for seed in wanted.seeds]
            table(what, columns, runs)


if __name__ == "__main__":
    main()
