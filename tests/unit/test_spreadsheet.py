"""No text of a student becomes a formula, whether a spreadsheet takes commas, semicolons or tabs for ends of fields."""

import csv
import io
import time

import pytest

from autograder.spreadsheet import MAX_FIELD, harmless_field

SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
EVIL = "=1+cmd|' /C calc'!A0"


def cells(field, separator):
    """What a spreadsheet with this separator makes of a line of ours; quotes count only where a cell begins."""
    file = io.StringIO()
    csv.writer(file).writerow(["A cell did not run", "mallory", field, 7])
    file.seek(0)
    return [cell for row in csv.reader(file, delimiter=separator) for cell in row]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "before",
    ["", " ", "x;", "x; ", "x;;\t", 'x;"', 'x,y;" "', "x\t", "x\n", "x\r\n", 'x "quoted", y\n', "x;\n ", "x;'=1;"],
)
@pytest.mark.parametrize("sign", SIGNS)
def test_no_cell_of_any_separator_is_a_formula(separator, before, sign):
    field = harmless_field(f"{before}{sign}{EVIL[1:]};ok")
    assert not [cell for cell in cells(field, separator) if cell.lstrip(' "\t').startswith(SIGNS)]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a - b; c = d, e@f; (2, 3)", "a - b; c = d, e@f; (2, 3)"),
        ("h: shape (2, 3); -3 expected", "h: shape (2, 3); '-3 expected"),
        ("x;=1", "x;'=1"),
        ("-3", "'-3"),
        ("", ""),
    ],
)
def test_ordinary_text_stays_readable(text, kept):
    assert harmless_field(text) == kept


@pytest.mark.parametrize("unit", ["\n", ";", ";=", '"', " ", '\n"'])
def test_a_field_is_short_and_soon_written(unit):
    start = time.process_time()
    assert len(harmless_field(unit * 10**6)) <= 1.5 * MAX_FIELD + 1
    assert time.process_time() - start < 0.5
