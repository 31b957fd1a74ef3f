"""Data sets as arrays, one loader for each task.

Nothing here fetches anything: what is missing says which command brings it. ``load_digits``, ``load_text``,
``load_sentences``, ``load_pairs``, ``load_videos``, ``load_captions``, ``load_questions``; and ``load_coco_data``,
``sample_coco_minibatch``, ``decode_captions`` under the names that people know.
"""

from seqlab.data.captions import load_captions
from seqlab.data.coco_utils import decode_captions, load_coco_data, sample_coco_minibatch
from seqlab.data.digits import load_digits
from seqlab.data.errors import DataDamaged, DataError, DataMissing
from seqlab.data.pairs import load_pairs
from seqlab.data.questions import load_questions
from seqlab.data.sentences import load_sentences
from seqlab.data.text import load_text
from seqlab.data.videos import load_videos
from seqlab.data.vocabulary import END, NULL, START, UNK, Vocabulary

__all__ = [
    "END",
    "NULL",
    "START",
    "UNK",
    "DataDamaged",
    "DataError",
    "DataMissing",
    "Vocabulary",
    "decode_captions",
    "load_captions",
    "load_coco_data",
    "load_digits",
    "load_pairs",
    "load_questions",
    "load_sentences",
    "load_text",
    "load_videos",
    "sample_coco_minibatch",
]
