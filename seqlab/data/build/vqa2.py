"""VQA v2: questions about COCO photographs, each answered by ten people (Goyal et al. 2017)."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


from seqlab.data.build.contents import described_as, json_of, wrong
from seqlab.data.build.progress import shown
from seqlab.data.build.sources import Sources
from seqlab.data.layouts.questions import Asked, write_questions

YEARS = {"train": "train2014", "val": "val2014"}
ANSWERS = 3_000
GIVEN = 10
SEEN_AT_LEAST = 3
Table = Mapping[int, Mapping[str, Any]]


def build_vqa2(sources: Sources, folder: Path) -> None:
    """Write ``questions.h5``: to choose from are the 3,000 answers that are most common in the training part.

    An image's number is its place among the split's image ids, which are kept in ascending order as ``S_image_ids``.
    About 1.5 GB of memory are needed.

    Raises:
        WrongContents: an archive does not hold the questions or answers, or they do not belong together.
    """
    splits: dict[str, list[Asked]] = {}
    image_ids: dict[str, list[int]] = {}
    for split in YEARS:
        image_ids[split], splits[split] = _split(sources, split)
    write_questions(folder, splits, most_common(splits["train"], ANSWERS), SEEN_AT_LEAST, image_ids)


def most_common(asked: Sequence[Asked], count: int) -> list[str]:
    """The ``count`` most common answers, the most common first; equally common ones in the order of the alphabet."""
    counts = Counter(one.answer for one in asked)
    return sorted(counts, key=lambda answer: (-counts[answer], answer))[:count]


def plain(answer: str) -> str:
    """An answer as it is compared: in small letters, without spaces around it."""
    return sys.intern(answer.strip().lower())


def _split(sources: Sources, split: str) -> tuple[list[int], list[Asked]]:
    name, year = split.capitalize(), YEARS[split]
    archive = sources.files[f"v2_Annotations_{name}_mscoco.zip"]
    questions = _by_question(
        sources.files[f"v2_Questions_{name}_mscoco.zip"], f"v2_OpenEnded_mscoco_{year}_questions.json", "questions"
    )
    answered = _by_question(archive, f"v2_mscoco_{year}_annotations.json", "annotations")
    if questions.keys() != answered.keys():
        odd = sorted(questions.keys() ^ answered.keys())
        raise wrong(archive, "an answer for every question and no others", f"{len(odd)} that differ: {odd[:5]}")
    with described_as(f"image_id, question; answers ({GIVEN} of them), answer_type, the same image_id", archive):
        image_ids = sorted({int(question["image_id"]) for question in questions.values()})
        return image_ids, list(_asked(questions, answered, image_ids, f"pairing {split} questions"))


def _asked(questions: Table, answered: Table, image_ids: Sequence[int], title: str) -> Iterator[Asked]:
    number = {image: place for place, image in enumerate(image_ids)}
    for key, question in shown(questions.items(), title, "question"):
        annotation = answered[key]
        given = tuple(annotation["answers"])
        if len(given) != GIVEN or annotation["image_id"] != question["image_id"]:
            raise ValueError(f"question {key} of image {question['image_id']}: {annotation}")
        answer, kind = plain(annotation["multiple_choice_answer"]), sys.intern(annotation["answer_type"])
        yield Asked(question["question"], answer, number[question["image_id"]], kind, given)


def _by_question(archive: Path, member: str, key: str) -> Table:
    table = json_of(archive, member, _condensed)
    with described_as(f"a list of {key}, each with a question_id", f"{member} of {archive}"):
        found = {int(entry["question_id"]): entry for entry in table[key]}
        if not found or len(found) != len(table[key]):
            raise ValueError(f"{len(table[key])} entries with {len(found)} different ids")
        return found


def _condensed(entry: dict[str, Any]) -> Any:
    """One person's answer as its text alone: 6.6 million dictionaries would need gigabytes."""
    return plain(entry["answer"]) if "answer_confidence" in entry else entry
