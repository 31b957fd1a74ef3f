"""Stage 8 at full length: ``python -m benchmarks.questions`` (each seed takes a quarter of an hour on a quiet core).

Every network learns to see by itself, end to end, for the same number of epochs; the master's answers work. Shares of
right answers on the held-out split, by the kind of the question.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.answers import answers
from seqlab.answering.by_image import QuestionsByImage
from seqlab.answering.eye import Eye, strongest
from seqlab.answering.kinds import nearest_images, shares_right
from seqlab.answering.training import Score, See, answers_of, by, fit
from seqlab.data import load_questions
from seqlab.data.questions import Questions

D, H, P = 32, 64, 128
SETS = {"easy_vqa": (8, 9), "digit_scenes": (16, 12)}  # channels of the eye, epochs
NETWORKS = (
    "question only", "image only", "concatenation", "concatenation, hidden layer", "product", "attention",
)  # fmt: skip
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Trial:
    """One network to be trained: what learns, how it sees, how it scores."""

    learner: nn.Module
    see: See
    score: Score


def counted(names: Mapping[str, Any], data: Questions) -> Iterator[tuple[str, Shares]]:
    """The three ways of guessing, without any network; a new image stands for the training image most like it."""
    train, val = QuestionsByImage.of(data.train), QuestionsByImage.of(data.val)
    alike = nearest_images(train.images.numpy(), val.images.numpy())[val.image_idxs.numpy()]
    before = (train.questions.numpy(), train.image_idxs.numpy(), train.answers.numpy())
    for name, said in names["answer_priors"](*before, val.questions.numpy(), alike).items():
        yield f"counting: {name}", shares_right(said, val.answers.numpy(), val.kinds.numpy(), data.kinds)


def trial(names: Mapping[str, Any], data: Questions, network: str) -> Trial:
    """A network of the given name, with fresh weights."""
    eye = Eye(SETS[data.name][0])
    sizes = (len(data.vocabulary), D, H, eye.features, P, len(data.answers))
    if network == "attention":
        looking = names["AttentionVQA"](*sizes)
        return Trial(nn.ModuleList([eye, looking]), by(eye), lambda q, n, seen: looking(q, n, seen)[0])
    model = names["VQAModel"](*sizes, "concatenation" if "concatenation" in network else "product")
    if "hidden" in network:
        model.head = nn.Sequential(nn.Linear(2 * P, 2 * P), nn.ReLU(), nn.Linear(2 * P, len(data.answers)))

    def score(questions: Tensor, lengths: Tensor, positions: Tensor) -> Tensor:
        if network == "image only":
            questions, lengths = torch.zeros_like(questions[:, :1]), torch.ones_like(lengths)
        scores: Tensor = model(questions, lengths, strongest(positions))
        return scores

    def blind(asked: QuestionsByImage, images: Tensor) -> Tensor:
        return torch.zeros(len(images), 1, eye.features)

    return Trial(nn.ModuleList([eye, model]), blind if network == "question only" else by(eye), score)


def trained(names: Mapping[str, Any], data: Questions, network: str, seed: int) -> Shares:
    """Train a network on the training split, and ask it the held-out questions."""
    torch.manual_seed(seed)
    one, epochs = trial(names, data, network), SETS[data.name][1]
    train, val = QuestionsByImage.of(data.train), QuestionsByImage.of(data.val)
    loss_of = names["VQAModel"].loss_of
    rng = np.random.default_rng(seed)
    fit(one.learner, one.see, one.score, loss_of, train, epochs=epochs, rng=rng, name=network)
    return shares_right(answers_of(one.see, one.score, val), val.answers.numpy(), val.kinds.numpy(), data.kinds)


def line(name: str, several: list[Shares]) -> str:
    """A line of the table: the mean over seeds in percent; behind it, where there are several, the spread of all."""
    cells = [f"{100 * np.mean([shares[kind] for shares in several]):.1f}" for kind in several[0]]
    whole = [100 * shares["all"] for shares in several]
    spread = f" ({min(whole):.1f} to {max(whole):.1f})" if len(whole) > 1 else ""
    return f"| {name} | " + " | ".join(cells) + spread + " |"


def measure(name: str, seeds: list[int], networks: list[str]) -> None:
    """Print the table of one set; each result is told as soon as it is there."""
    names, data = answers("s08_vqa"), load_questions(name)
    lines = [line(way, [shares]) for way, shares in counted(names, data)]
    for network in networks:
        results, start = [], time.process_time()
        for seed in seeds:
            results.append(trained(names, data, network, seed))
            print(f"{name}, seed {seed}: {line(network, results[-1:])}", flush=True)
        seconds = (time.process_time() - start) / len(seeds)
        lines.append(f"{line(network, results)[:-1]}| {seconds:.0f} |")
    kinds = [*data.kinds, "all"]
    print(f"\n| {name} | {' | '.join(kinds)} | s |\n|---|{'---|' * (len(kinds) + 1)}")
    print("\n".join(lines), flush=True)


def main() -> None:
    """Measure the sets, seeds and networks that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(SETS), help="default: both")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    for name in wanted.sets:
        measure(name, wanted.seeds, wanted.networks)


if __name__ == "__main__":
    main()
