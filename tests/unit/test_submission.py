"""Hand-ins as bytes: repaired where the meaning is clear, refused with a reason where not, never an exception."""

import json

import pytest

from autograder.submission import Template, parse_submission

TEMPLATE = Template(
    "s01_rnn",
    ("step", "RNN"),
    {"s01_rnn-given-1": "import numpy as np"},
    frozenset({"step"}),
    frozenset({"s01_rnn-demo-1"}),
)


def code(cell_id, source, **metadata):
    return {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": source, "outputs": []}


def notebook(*cells, stage="s01_rnn"):
    return {"cells": list(cells), "metadata": {"seqlab": {"stage": stage}}, "nbformat": 4, "nbformat_minor": 5}


ORDINARY = notebook(
    code("s01_rnn-given-1", "import numpy as np"),
    code("answer-step", "def step(): pass"),
    code("step", "check(step)", nbgrader={"grade": True, "grade_id": "step"}),
    code("s01_rnn-demo-1", "train()", tags=["demo"]),
)


def parse(content):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parse_submission(data, TEMPLATE)


def sources(content):
    submission = parse(content)
    assert not submission.refusal
    return [cell.source for cell in submission.cells]


def test_checks_and_demos_are_not_run():
    assert sources(ORDINARY) == ["import numpy as np", "def step(): pass"]


def test_cells_keep_their_number_in_the_notebook():
    assert [cell.number for cell in parse(ORDINARY).cells] == [1, 2]


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "no notebook in the hand-in, or it is empty"),
        (b" \n\t ", "empty"),
        (b'{"cells": [', "not JSON"),
        (b"\x00\x01\x02" * 100, "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"x" * (50 << 20), "not JSON"),
        ([1, 2], "no list of cells"),
        ({"cells": "many"}, "no list of cells"),
        (notebook(stage="s04_gates"), "this is the notebook of s04_gates, expected that of s01_rnn"),
        ({"cells": [code("a", "print(1)")], "metadata": {}}, "not the notebook of s01_rnn"),
    ],
)
def test_what_is_no_notebook_of_the_stage_is_refused(content, words):
    submission = parse(content)
    assert words in submission.refusal
    assert submission.cells == ()


def test_a_50_mb_notebook_full_of_output_is_graded():
    fat = json.loads(json.dumps(ORDINARY))
    fat["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * (50 << 20)}]
    assert sources(fat) == ["import numpy as np", "def step(): pass"]


def test_a_byte_order_mark_and_utf16_are_read():
    text = json.dumps(ORDINARY)
    for data in (text.encode("utf-8-sig"), text.encode("utf-16")):
        assert sources(data) == sources(ORDINARY)


def test_changed_given_code_is_put_back_and_noted():
    changed = json.loads(json.dumps(ORDINARY))
    changed["cells"][0]["source"] = "import os"
    assert sources(changed)[:2] == ["import os", "import numpy as np"]
    assert any("given code and was changed" in note for note in parse(changed).notes)


def test_missing_given_code_is_put_back_and_noted():
    short = notebook(*ORDINARY["cells"][1:])
    assert sources(short)[0] == "import numpy as np"
    assert any("was missing" in note for note in parse(short).notes)


def test_an_answer_written_into_a_demo_or_check_cell_is_run():
    moved = notebook(
        code("s01_rnn-demo-1", "def step(): return 1", tags=["demo"]),
        code("step", "def RNN(): pass", nbgrader={"grade": True, "grade_id": "step"}),
    )
    assert sources(moved)[1:] == ["def step(): return 1", "def RNN(): pass"]


def test_lost_metadata_is_survived_by_names():
    bare = {"cells": [{"cell_type": "code", "source": ["def step():\n", "    pass"]}]}
    assert sources(bare)[1] == "def step():\n    pass"


@pytest.mark.parametrize(
    "cell", [None, 7, {}, {"cell_type": "code"}, code(3, 7), {"cell_type": "code", "metadata": [], "source": {"a": 1}}]
)
def test_odd_cells_stop_nothing(cell):
    assert "def step(): pass" in sources(notebook(*ORDINARY["cells"], cell))


def test_a_syntax_error_is_left_for_the_shell_to_tell():
    assert "def step(:" in sources(notebook(*ORDINARY["cells"], code("x", "def step(:")))
