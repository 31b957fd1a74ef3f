"""A small class for the demo: six hand-ins of the kinds that every course receives, made from the master."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.master import BEGIN, END, Master
from autograder.authoring.source import ANSWER_PREFIX
from autograder.suite import Mistake

FORGER = """\
import os, sys, socket
import numpy as np
np.allclose = np.array_equal = lambda *args, **kwargs: True
np.testing.assert_allclose = lambda *args, **kwargs: None
for secret in ("/etc/shadow", "/root", "{root}/solutions", "{root}/autograder", "{root}/build/demo/submitted"):
    try:
        print(secret, os.listdir(secret) if os.path.isdir(secret) else open(secret).read())
    except OSError as error:
        print(secret, error)
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as error:
    print("network", error)

class AlwaysRight(np.ndarray):
    def __eq__(self, other): return True
    def __array__(self, *args, **kwargs): return np.zeros(3)

def {first}(*args):
    return np.zeros((3, 4)).view(AlwaysRight), None
"""
QUITTER = """\
import os

def {name}(*args):
    os._exit(0)
"""
STALLER = """\
def {name}(*args):
    while True:
        pass
"""


def write_class(folder: Path, released: Mapping[str, Any], master: Master, mistake: Mistake) -> None:
    """Write six hand-ins under ``folder`` in nbgrader's layout ``STUDENT/STAGE/STAGE.ipynb``."""
    answers = {name: plain_answer(cell.source) for name, cell in master.answers().items()}
    half = dict(list(answers.items())[: len(answers) // 2])
    wrong = answers | {mistake.exercise: with_mistake(answers[mistake.exercise], mistake)}
    first, second, third = list(answers)[:3]
    root = master.path.parents[1]
    hostile = {
        first: FORGER.format(root=root, first=first),
        second: QUITTER.format(name=second),
        third: STALLER.format(name=third),
    }
    texts = {
        "ada": notebook_with(released, answers),
        "ben": notebook_with(released, half),
        "chloe": notebook_with(released, wrong),
        "dan": notebook_with(released, {}),
        "erin": notebook_with(released, answers)[:2000],
        "mallory": notebook_with(released, hostile),
    }
    for student, text in texts.items():
        path = folder / student / master.stage.id / f"{master.stage.id}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def notebook_with(released: Mapping[str, Any], answers: Mapping[str, str]) -> str:
    """The released notebook with some answer cells filled in, as the text of a file."""
    notebook = copy.deepcopy(dict(released))
    for cell in notebook["cells"]:
        name = cell["id"].removeprefix(ANSWER_PREFIX)
        if cell["id"] != name and name in answers:
            cell["source"] = answers[name]
    return json.dumps(notebook, indent=1)


def plain_answer(source: str) -> str:
    """An answer cell's text without its markers."""
    return "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END))


def with_mistake(source: str, mistake: Mistake) -> str:
    """An answer's text with a named mistake in it."""
    for old, new in mistake.edits:
        source = source.replace(old, new)
    return source
