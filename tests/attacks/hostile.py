"""What a hostile hand-in is made of: cells that run first, answers, and edits of the notebook's JSON."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Notebook = dict[str, Any]
FUNCTIONS = {
    "rnn_step_forward": 2,
    "rnn_step_backward": 5,
    "rnn_forward": 2,
    "rnn_backward": 5,
    "temporal_affine_forward": 2,
    "temporal_affine_backward": 3,
    "RowReader": 0,
    "RNN": 0,
}
FIRST = "rnn_step_forward"


@dataclass(frozen=True)
class HandInCase:
    """A hand-in to grade: ``first`` runs before everything, ``answers`` fill cells, ``edit`` changes the JSON.

    ``earns`` is what its honest part is worth.
    """

    name: str
    kind: str
    first: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    edit: Callable[[Notebook], None] | None = None
    earns: float = 0.0

    def notebook(self, released: Mapping[str, Any]) -> bytes:
        """The hand-in as bytes."""
        made = copy.deepcopy(dict(released))
        for cell in made["cells"]:
            name = cell["id"].removeprefix("answer-")
            if cell["id"] != name and name in self.answers:
                cell["source"] = self.answers[name]
        if self.first:
            made["cells"].insert(0, code(self.first))
        if self.edit is not None:
            self.edit(made)
        return json.dumps(made).encode()


def code(source: str, **more: Any) -> dict[str, Any]:
    """A code cell of the student's own."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def prose(source: str, **more: Any) -> dict[str, Any]:
    """A markdown cell of the student's own."""
    return {"cell_type": "markdown", "source": source, "metadata": {}, **more}


def everywhere(body: str) -> dict[str, str]:
    """All answers, each a function with this body; it may use ``args`` and ``name``."""
    return {name: answer(name, body) for name in FUNCTIONS}


def answer(name: str, body: str) -> str:
    """One answer, a function of anything with this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"def {name}(*args, **kwargs):\n    name = {name!r}\n{lines}"


def only(body: str, name: str = FIRST) -> dict[str, str]:
    """One answer."""
    return {name: answer(name, body)}


def returning(expression: str) -> dict[str, str]:
    """All answers; each function returns as many of ``expression`` as it should."""
    counts = {name: max(count, 1) for name, count in FUNCTIONS.items()}
    return {
        name: answer(name, f"result = {expression}\nreturn {', '.join(['result'] * count)}")
        for name, count in counts.items()
    }
