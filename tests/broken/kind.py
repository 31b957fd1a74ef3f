"""What a kind of broken hand-in is, and the whole notebook that each is broken from."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass

from autograder.demo import notebook_with, plain_answer

ALL = ("rnn_step_forward", "rnn_step_backward", "rnn_forward", "rnn_backward", "temporal_affine_forward",
       "temporal_affine_backward", "RowReader", "RNN")  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of broken hand-in and what is to come of it.

    Attributes:
        key: the student's name in the batch, and the file's name in the corpus.
        make: ``make(whole)`` breaks the whole notebook (as JSON) and returns JSON, text or bytes.
        words: must stand in the reasons, notes or cell problems that are reported.
        loses: the exercises that score zero; all others score full.
        refused: nothing is run, all score zero.
        big: it is made when tests need it, and is not kept as a file.
        lay: ``lay(folder, data)`` puts the hand-in into the student's folder in an odd way.
    """

    key: str
    make: Callable
    words: str = ""
    loses: tuple[str, ...] = ()
    refused: bool = False
    big: bool = False
    lay: Callable | None = None

    def data(self, whole):
        """The bytes of the hand-in."""
        made = self.make(copy.deepcopy(whole))
        if isinstance(made, dict):
            made = json.dumps(made, indent=0)
        return made.encode() if isinstance(made, str) else made


def whole_notebook(released, master):
    """The released notebook with every answer in it, without most of its prose: small files are easier to read."""
    answers = {name: plain_answer(cell.source) for name, cell in master.answers().items()}
    notebook = json.loads(notebook_with(released, answers))
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" or "prose-2" in cell["id"]]
    for cell in notebook["cells"]:
        cell["source"] = text(cell)
    return notebook


def text(cell):
    return "".join(cell["source"])


def place(notebook, name):
    """Where the cell called ``name`` is in the list of cells."""
    return next(number for number, cell in enumerate(notebook["cells"]) if cell.get("id") == name)


def answer(notebook, exercise):
    return notebook["cells"][place(notebook, f"answer-{exercise}")]


def code(source, **metadata):
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "own",
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def each_cell(change):
    """A kind's ``make`` that does something to every cell."""

    def make(notebook):
        for cell in notebook["cells"]:
            change(cell)
        return notebook

    return make


def with_answer(exercise, edit):
    """A kind's ``make`` that edits the text of one answer."""

    def make(notebook):
        cell = answer(notebook, exercise)
        cell["source"] = edit(cell["source"])
        return notebook

    return make


def with_cell(source, before="answer-rnn_forward"):
    """A kind's ``make`` that puts a cell of the student's own before another."""

    def make(notebook):
        notebook["cells"].insert(place(notebook, before), code(source))
        return notebook

    return make
