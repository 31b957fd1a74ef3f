"""A table of captioners: how good what they say is, beside two baselines that do not caption."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from seqlab.caption_metrics import cider, exact_match
from seqlab.captioning.icons import Task, most_common, of_the_nearest
from seqlab.data.vocabulary import Vocabulary

Words = list[str]
Bleu = Callable[[Sequence[Words], Sequence[Sequence[Words]]], float]
MOST = 2000
WIDTH = 24


def table_of(model: Any, train: Task, held_out: Task, words: Vocabulary, bleu: Bleu | None) -> Iterator[str]:
    """The lines of the table, for up to 2,000 held-out images, all of whose captions are right.

    Args:
        model: has ``sample(features, max_length)``, as stage 6's Captioner; in evaluation mode.
        train, held_out: both splits, on one device.
        words: of the captions.
        bleu: stage 6's exercise; None where it is not written yet, and then there is no such column.
    """
    features, captions = held_out.first_of_each_image(MOST)
    references = [[words.sentence(one).split() for one in of_one.tolist()] for of_one in captions]
    here, there = train.to("cpu"), Task(features.cpu(), torch.stack([of_one[0] for of_one in captions]).cpu())
    said = {
        "most common caption": most_common(here, len(there)).tolist(),
        "nearest image's caption": of_the_nearest(here, there).tolist(),
        "the captioner, greedy": model.sample(features, captions[0].shape[1] - 1).tolist(),
    }
    title = f"{len(there):,} images never seen"
    yield f"{title:{WIDTH}s}  exact   CIDEr" + ("  BLEU-4" if bleu else "")
    for name, rows in said.items():
        lists = [words.sentence(row).split() for row in rows]
        line = f"{name:{WIDTH}s} {exact_match(lists, references):6.1%}  {cider(lists, references):6.3f}"
        yield line + (f"  {bleu(lists, references):6.3f}" if bleu else "")
