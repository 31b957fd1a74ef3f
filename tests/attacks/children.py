"""Talking to a child of the sandbox, as several files of tests do."""

import time
from dataclasses import replace

from autograder.course import load_course
from tests.conftest import ROOT

LIMITS = replace(load_course(ROOT).limits, cell_seconds=8, case_seconds=4, file_mb=4, memory_mb=512, output_kb=64)


def run(child, source, seconds=8):
    """Run a cell; what went wrong, in words."""
    answer, _ = child.request({"action": "cell", "source": source}, seconds)
    return answer["error"]


def printed(child, word):
    """What the child printed, once ``word`` has arrived: output comes by another way than answers."""
    deadline = time.monotonic() + 5
    while word not in child.printed() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert word in child.printed()
    return child.printed()
