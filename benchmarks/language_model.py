"""Stage 2's network on the known schedule: ``python -m benchmarks.language_model`` (half an hour at full length).

100 hidden units, one stream, chunks of 25 characters, the state carried over, Adagrad; the master's answers work.
Nats per character are told at each mark: on the chunks just read, before learning from them, and on text never seen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers import answers
from benchmarks.measuring import Line, print_table
from seqlab.data import load_text
from seqlab.data.text import Text
from seqlab.language.threads import one_thread
from seqlab.training import Adagrad

Array = NDArray[Any]
D, H, CHUNK, TOGETHER = 64, 100, 25, 100
STREAMS, LONG = 20, 2500
CORPORA = ("plays", "latex", "c_source")


def measure(corpus: str, marks: tuple[int, ...], learning_rate: float) -> Iterator[Line]:
    """Train on one corpus and yield a line at each mark, a number of chunks that 100 divides."""
    text, names = load_text(corpus), answers("s02_language_model")
    rng = np.random.default_rng(0)
    model = names["CharRNN"](names["new_params"](len(text.vocabulary), D, H, rng))
    optimizer, state = Adagrad(learning_rate, clip=5.0), np.zeros((1, H), dtype=np.float32)
    recent: list[float] = []
    start, aside = time.perf_counter(), 0.0
    for done in range(0, marks[-1], TOGETHER):
        places = np.arange(done * CHUNK, (done + TOGETHER) * CHUNK + 1) % len(text.train)
        losses, _, state = names["truncated_bptt"](model, text.train[places][None], CHUNK, state, optimizer)
        recent = [*recent, *(loss / CHUNK for loss in losses)][-1000:]
        if done + TOGETHER in marks:
            before = time.perf_counter()
            unseen = held_out(names, model, text)
            aside += time.perf_counter() - before
            figure = f"{np.mean(recent):.3f} just read, {unseen:.3f} never seen ({before - start - aside:.0f} s)"
            yield Line(f"{corpus}, nats per character after {done + TOGETHER:,} chunks", figure)


def held_out(names: dict[str, Any], model: Any, text: Text) -> float:
    """Nats per character on the first 50,000 characters that were not trained on, read as 20 texts."""
    unseen = np.asarray(text.val[: STREAMS * (LONG + 1)]).reshape(STREAMS, LONG + 1)
    losses, _, _ = names["truncated_bptt"](model, unseen, 250, np.zeros((STREAMS, H), dtype=np.float32))
    return float(np.sum(losses)) / LONG


def main() -> None:
    """Measure the corpora that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="*", default=CORPORA, help="default: all three")
    parser.add_argument("--marks", type=int, nargs="+", default=[10_000, 200_000], help="chunks after which to tell")
    parser.add_argument("--learning-rate", type=float, default=0.05)
    wanted = parser.parse_args()
    for corpus in wanted.corpora:
        with one_thread():
            lines = list(measure(corpus, tuple(wanted.marks), wanted.learning_rate))
        print_table(f"Language model, {corpus}", lines)


if __name__ == "__main__":
    main()
