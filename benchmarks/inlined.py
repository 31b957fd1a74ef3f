"""What a graded cell with inlined hidden cases does in a kernel. It imports nothing that a notebook does not."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping

import numpy as np

from seqlab.checking.casefile import PublicCase
from seqlab.checking.outcome import replay_case
from seqlab.checking.steps import Plan
from seqlab.checking.values import Value


def replay_inlined(text: str, namespace: Mapping[str, object]) -> None:
    """What an inlined graded cell does, in the student's kernel: replay each case and fail at the first that is wrong.

    Raises:
        AssertionError: a case is not right.
    """
    for case in json.loads(text):
        arrays = dict(np.load(io.BytesIO(base64.b64decode(case["arrays"]))))
        inputs = {name: arrays[f"in/{name}"] for name in case["inputs"]}
        expected = {name: Value(**kind, numbers=arrays[f"out/{name}"]) for name, kind in case["expected"].items()}
        outcome = replay_case(PublicCase(case["title"], Plan.from_text(case["plan"]), inputs, expected), namespace)
        assert outcome.right, case["title"]
