"""The bytes of a hand-in as JSON of a notebook: encodings, damaged ends, old and new formats, scripts.

What is mended is noted; where the bytes are no notebook, :class:`Refused` says what they are.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable
from typing import Any

from autograder.definitions import defined
from autograder.large_file import LARGE, TooLarge, read_large

MAX_BYTES = 256 << 20
LONGEST_INTEGER = 18
NEWEST_FORMAT = (4, 5)
OTHER_KINDS = {
    b"PK\x03\x04": "a zip archive; hand in the notebook itself",
    b"%PDF": "a PDF; hand in the notebook itself",
    b"\x89HDF": "an HDF5 file; hand in the notebook",
    b"<": "a web page or XML; hand in the notebook itself, not an export of it",
}
CELL_MARK = re.compile(r"^# (?:%%(?P<rest>.*)|In ?\[[ \d]*\]:.*)$", re.MULTILINE)
CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)


class Refused(Exception):
    """The bytes are not a notebook of the stage; the text says what they are."""


def read_notebook(data: bytes, exercises: Iterable[str], notes: list[str]) -> dict[str, Any]:
    """The notebook in some bytes, with a list of cells. What was mended is added to ``notes``.

    Raises:
        Refused: there is none in them.
    """
    if len(data) > MAX_BYTES:
        raise Refused(f"the file is too large; at most {MAX_BYTES >> 20} MB are read")
    if len(data) <= LARGE:
        return read_in_memory(data, exercises, notes)
    try:
        found = read_large(data, exercises)
    except TooLarge as error:
        raise Refused(str(error)) from error
    if "refused" in found:
        raise Refused(found["refused"])
    notes += found["notes"]
    notebook: dict[str, Any] = found["notebook"]
    return notebook


def read_in_memory(data: bytes, exercises: Iterable[str], notes: list[str]) -> dict[str, Any]:
    """What :func:`read_notebook` does, in this process whatever the size.

    Raises:
        Refused: there is no notebook in the bytes.
    """
    if not data.strip():
        raise Refused("there is no notebook in the hand-in, or it is empty")
    text = _decoded(data, notes)
    try:
        notebook = _json(text, notes)
    except (ValueError, RecursionError) as error:
        script = _script(text, frozenset(exercises), notes)
        if script is None:
            raise Refused(_why_not(data, text, error)) from error
        return script
    return _with_cells(notebook, notes)


def _decoded(data: bytes, notes: list[str]) -> str:
    encoding = _encoding(data)
    if encoding == "utf-8":
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            notes.append("the file is not UTF-8 and was read as Latin-1; accents may have come out wrong")
            text = data.decode("latin-1")
    else:
        text = data.decode(encoding, "replace")
        if not data.startswith(codecs.BOM_UTF8):
            notes.append(f"the file is in {encoding.upper()}, not UTF-8, and was read as that")
    if "\0" in text:
        notes.append(f"{text.count(chr(0))} NUL characters were taken out of the file")
        text = text.replace("\0", "")
    return text


def _encoding(data: bytes) -> str:
    """The encoding by the file's mark, or by where its NUL bytes stand; a few stray ones mean nothing."""
    encoding = json.detect_encoding(data)
    is_marked = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    return encoding if is_marked or data.count(b"\0") > len(data) / 4 else "utf-8"


def _json(text: str, notes: list[str]) -> Any:
    """The JSON value that the text begins with; what follows it is noted."""
    repeated: set[str] = set()

    def with_last(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            repeated.update(name for name in made if names.count(name) > 1)
        return made

    decoder = json.JSONDecoder(strict=False, object_pairs_hook=with_last, parse_int=_integer)
    start = len(text) - len(text.lstrip())
    value, end = decoder.raw_decode(text, start)
    if text[end : end + 1000].strip():
        if not isinstance(value, dict):
            raise ValueError("something follows the first value")
        notes.append("something follows the notebook in its file; it was not read")
    if repeated:
        named = ", ".join(sorted(repeated)[:5])
        notes.append(f"keys occur twice in one place of the file ({named}); the last of each counts")
    return value


def _integer(digits: str) -> float:
    """Python refuses to read integers of thousands of digits; none that long means anything here."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _why_not(data: bytes, text: str, error: Exception) -> str:
    kind = next((kind for start, kind in OTHER_KINDS.items() if data.lstrip().startswith(start)), None)
    if kind is not None:
        return f"the file is not a notebook: it is not JSON, but {kind}"
    if CONFLICT.search(text):
        return "the file is not a notebook: it is not JSON, and holds the marks of a merge conflict (<<<<<<<)"
    if isinstance(error, RecursionError):
        return "the file is not a notebook: it is not JSON that can be read, being nested too deeply"
    line = next(iter(str(error).splitlines()), type(error).__name__)[:120]
    return f"the file is not a notebook: it is not JSON ({line}); was it cut short while it was saved?"


def _with_cells(notebook: Any, notes: list[str]) -> dict[str, Any]:
    if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
        found = (notebook.get("nbformat"), notebook.get("nbformat_minor", 0))
        if all(isinstance(number, (int, float)) for number in found) and found > NEWEST_FORMAT:
            notes.append(
                f"the notebook's format {found[0]}.{found[1]} is newer than {NEWEST_FORMAT[0]}.{NEWEST_FORMAT[1]}"
            )
        return notebook
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        notes.append("the notebook is in the old format 3 and was read as that")
        sheets = [sheet["cells"] for sheet in notebook["worksheets"] if isinstance(sheet, dict) and "cells" in sheet]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
        return {**notebook, "cells": cells}
    raise Refused("the file is JSON, but not a notebook: it has no list of cells")


def _script(text: str, exercises: frozenset[str], notes: list[str]) -> dict[str, Any] | None:
    """A Python script that answers exercises, as a notebook: cut at its marks (``# %%``, ``# In[3]:``)."""
    cells = [_script_cell(rest, body) for rest, body in _script_parts(text)]
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    if not any(exercises & defined(source) for source in code):
        return None
    notes.append("the file is a Python script, not a notebook; it was cut into cells and run")
    return {"cells": cells}


def _script_parts(text: str) -> list[tuple[str, str]]:
    marks = list(CELL_MARK.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    head = text[: marks[0].start()] if marks else text
    parts = [(mark["rest"] or "", text[mark.end() : end]) for mark, end in zip(marks, ends, strict=bool(marks))]
    return [("", head), *parts]


def _script_cell(rest: str, body: str) -> dict[str, Any]:
    kind = "markdown" if re.search(r"\[(markdown|md|raw)\]", rest) else "code"
    return {"cell_type": kind, "metadata": {}, "source": body.strip("\n")}
