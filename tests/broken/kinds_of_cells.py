"""Cells doubled, deleted, retyped, split, merged, renamed and moved; metadata lost, foreign and swapped."""

import copy
from functools import partial

from tests.broken.kind import ALL, Kind, answer, each_cell, place, text, with_answer, with_cell


def doubled(notebook, name, change=lambda source: source, after=True):
    cell = copy.deepcopy(notebook["cells"][place(notebook, name)])
    cell["source"] = change(cell["source"])
    notebook["cells"].insert(place(notebook, name) + after, cell)
    return notebook


def stub_after(notebook):
    stub = "def rnn_forward(x, h0, Wx, Wh, b):\n    raise NotImplementedError()\n"
    head = answer(notebook, "rnn_forward")["source"].split('"""')
    head = '"""'.join([*head[:2], "\n    # YOUR CODE HERE\n    raise NotImplementedError()"])
    return doubled(notebook, "answer-rnn_forward", lambda _: head if '"""' in head else stub)


def without(*names):
    def make(notebook):
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in names]
        return notebook

    return make


def all_checks_gone(notebook):
    return without(*ALL)(notebook)


def retyped(kind, name, wrap="{}"):
    def make(notebook):
        cell = notebook["cells"][place(notebook, name)]
        cell |= {"cell_type": kind, "source": wrap.format(cell["source"])}
        cell.pop("outputs")
        return notebook

    return make


def retyped_without_id(notebook):
    cell = answer(notebook, "RNN")
    cell |= {"cell_type": "raw", "metadata": {}, "id": "b7"}
    return notebook


def prose_as_code(notebook):
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")["cell_type"] = "code"
    return notebook


def split(exercise, mark, parts=2):
    """Split an answer before the lines that begin with ``mark``."""

    def make(notebook):
        at = place(notebook, f"answer-{exercise}")
        cell = notebook["cells"][at]
        pieces = cell["source"].split(f"\n{mark}", parts - 1)
        texts = [pieces[0], *(mark + piece for piece in pieces[1:])]
        assert len(texts) == parts
        notebook["cells"][at : at + 1] = [copy.deepcopy(cell) | {"source": one} for one in texts]
        return notebook

    return make


def merged(first, last):
    """All code cells from one to another in one, as Jupyter merges them."""

    def make(notebook):
        start, end = place(notebook, first), place(notebook, last) + 1
        run = [cell for cell in notebook["cells"][start:end] if cell["cell_type"] == "code"]
        notebook["cells"][start:end] = [run[0] | {"source": "\n\n".join(map(text, run))}]
        return notebook

    return make


def reversed_cells(notebook):
    notebook["cells"].reverse()
    return notebook


def swapped(first, second):
    def make(notebook):
        one, other = (notebook["cells"][place(notebook, name)] for name in (first, second))
        for key in ("id", "metadata"):
            one[key], other[key] = other[key], one[key]
        return notebook

    return make


def bare(cell):
    cell.pop("id")
    cell["metadata"] = {}


def foreign(cell):
    cell["metadata"] = {"colab": {"base_uri": "x"}, "nbgrader": "yes", "tags": 7}
    cell["id"] = "c" + cell["id"][:3]


def nameless_and_mixed(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = ["none", None, 3][len(cell["id"]) % 3]
        cell["id"] = 7
    return notebook


def renamed(notebook):
    cell = answer(notebook, "rnn_step_forward")
    cell["id"] = cell["metadata"]["nbgrader"]["grade_id"] = "my-cell"
    return notebook


def tagged(*tags):
    return each_cell(lambda cell: cell["metadata"].setdefault("tags", []).extend(tags))


def answer_in_demo(notebook):
    cell = answer(notebook, "rnn_backward")
    demo = notebook["cells"][place(notebook, "s01_rnn-demo-2")]
    demo["source"] = cell["source"] + "\n\n" + demo["source"]
    return without("answer-rnn_backward")(notebook)


def given_changed(notebook):
    notebook["cells"][place(notebook, "s01_rnn-given-1")]["source"] = "import os"
    return notebook


def everything_in_one(notebook):
    return merged("s01_rnn-given-1", "s01_rnn-demo-8")(notebook)


CELLS = [
    Kind("whole", lambda whole: whole),
    Kind(
        "answer-doubled",
        partial(doubled, name="answer-rnn_forward"),
        "cells 10 and 11 are all called answer-rnn_forward",
    ),
    Kind("answer-doubled-by-stub", stub_after, "its untouched copy in 11 was left out"),
    Kind(
        "answer-doubled-first-broken",
        partial(doubled, name="answer-RNN", change=lambda source: source.replace("(", "", 1), after=False),
        "are all called answer-RNN",
    ),
    Kind(
        "answer-doubled-last-wrong",
        partial(
            doubled, name="answer-RNN", change=lambda source: source.replace("return torch", "return 2 * torch", 1)
        ),
        "the last counts",
        loses=("RNN",),
    ),
    Kind("check-doubled", partial(doubled, name="rnn_forward"), "are all called rnn_forward"),
    Kind("given-doubled", partial(doubled, name="s01_rnn-given-1"), "are all called s01_rnn-given-1"),
    Kind(
        "answer-deleted",
        without("answer-rnn_backward"),
        "the answer cell of rnn_backward is gone",
        loses=("rnn_backward", "RowReader"),
    ),
    Kind("checks-deleted", all_checks_gone),
    Kind("given-deleted", without("s01_rnn-given-1", "s01_rnn-given-2"), "was missing and was put back"),
    Kind("everything-deleted", lambda whole: whole | {"cells": []}, "the answer cell of RNN is gone", loses=ALL),
    Kind("answer-as-markdown", retyped("markdown", "answer-rnn_forward"), "is not a code cell (markdown)"),
    Kind(
        "answer-as-fenced-markdown",
        retyped("markdown", "answer-rnn_forward", "```python\n{}\n```"),
        "is not a code cell (markdown)",
    ),
    Kind("answer-as-raw", retyped("raw", "answer-RowReader"), "is not a code cell (raw)"),
    Kind("answer-as-raw-without-id", retyped_without_id, "is not a code cell (raw)"),
    Kind("given-as-raw", retyped("raw", "s01_rnn-given-1"), "is not a code cell (raw)"),
    Kind("answer-of-unknown-type", retyped("Code", "answer-RNN"), "is not a code cell (of no known kind)"),
    Kind("prose-as-code", prose_as_code),
    Kind("answer-split-in-the-body", split("rnn_step_forward", "    ", 3), "goes on with cell"),
    Kind("class-split-between-methods", split("RowReader", "    def "), "goes on with cell"),
    Kind("answer-merged-with-check", merged("answer-rnn_forward", "rnn_forward"), "holds rnn_forward as well"),
    Kind(
        "answers-merged",
        merged("answer-rnn_step_forward", "answer-rnn_backward"),
        "holds rnn_forward, rnn_step_backward, rnn_step_forward, s01_rnn-demo-2 as well",
    ),
    Kind("all-cells-merged", everything_in_one, "s01_rnn-demo-8, temporal_affine_backward"),
    Kind("answer-renamed", renamed, "was taken as the answer to rnn_step_forward"),
    Kind(
        "function-renamed",
        with_answer("rnn_step_backward", lambda source: source.replace("rnn_step_backward", "step_backward")),
        loses=("rnn_step_backward", "rnn_backward", "RowReader"),
    ),
    Kind("cells-reversed", reversed_cells, "stands after answers that need it"),
    Kind("ids-swapped-answers", swapped("answer-rnn_forward", "answer-RNN")),
    Kind("ids-swapped-answer-and-check", swapped("answer-rnn_forward", "rnn_forward")),
    Kind(
        "ids-swapped-answer-and-given",
        swapped("answer-rnn_forward", "s01_rnn-given-1"),
        "is given code and was changed",
    ),
    Kind("metadata-missing", each_cell(bare), "the cells have lost their names"),
    Kind("metadata-foreign", each_cell(foreign), "the cells have lost their names"),
    Kind("metadata-of-odd-kinds", nameless_and_mixed, "the cells have lost their names"),
    Kind(
        "metadata-of-another-student",
        lambda whole: (
            whole
            | {"metadata": whole["metadata"] | {"authors": [{"name": "ada"}], "student": "ada", "celltoolbar": "x"}}
        ),
    ),
    Kind("notebook-metadata-missing", lambda whole: {"cells": whole["cells"]}),
    Kind(
        "tags-skip-execution", tagged("skip-execution", "raises-exception"), "tagged raises-exception, skip-execution"
    ),
    Kind("tags-demo-everywhere", tagged("demo")),
    Kind("answer-in-demo", answer_in_demo),
    Kind("attachments", each_cell(lambda cell: cell.update(attachments={"a.png": {"image/png": "AAAA"}}))),
    Kind(
        "cells-of-no-kind",
        lambda whole: whole | {"cells": ["def f(): pass", None, 3, ["x"], *whole["cells"]]},
        "4 entries in the list of cells are no cells",
    ),
    Kind(
        "sources-as-lists-without-line-breaks", each_cell(lambda cell: cell.update(source=cell["source"].split("\n")))
    ),
    Kind("source-as-dict", with_cell({"def": 1}), "has a source that is no text"),
    Kind("source-of-numbers", with_cell(["x = 1\n", 2, None]), "has a source that is no text"),
    Kind("given-code-changed", given_changed, "is given code and was changed"),
    Kind(
        "own-cells-around",
        lambda whole: with_cell("helper = 3")(with_cell("def mine(): return 1", "answer-RNN")(whole)),
    ),
]
