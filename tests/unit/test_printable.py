"""Text from student code is harmless on a terminal."""

from autograder.printable import printable
from autograder.submission import parse_submission
from tests.unit.test_submission import TEMPLATE, notebook


def test_terminal_escapes_and_control_characters_go():
    assert printable("a\x1b[31mred\x07\x00") == "a\ufffd[31mred\ufffd\ufffd"


def test_lines_are_joined_and_length_is_bounded():
    assert printable("one\n\ttwo") == "one two"
    assert len(printable("x" * 10**6)) == 2000


def test_an_exception_text_is_taken_as_text():
    assert printable(ValueError("no\rway")) == "no way"


def test_a_refusal_cannot_carry_escapes():
    import json

    refusal = parse_submission(json.dumps(notebook(stage="\x1b[2Jevil")).encode(), TEMPLATE).refusal
    assert "\x1b" not in refusal
    assert "evil" in refusal
