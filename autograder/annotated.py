"""The graded notebook: the student's own, with the verdict as the output of each graded cell.

nbgrader reads the score from that output (a number, as for its own partial credit), and instructors read the page.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

import nbformat
from nbconvert.preprocessors.sanitize import SanitizeHTML

from autograder.judge import Verdict
from seqlab.checking.report import rows

Node = Any
FOLLOWED = re.compile(r"(?<=\])(?=[(:])")  # between [text] and (address), or [name] and : address
ACTIVE_MATH = re.compile(r"\\(href|url|require|style|class|cssId|html\w*)")


def annotated_notebook(
    released: Mapping[str, Any], notebook: Mapping[str, Any] | None, verdicts: Iterable[Verdict] | None
) -> Node:
    """The released notebook with the student's answers in place, and every graded cell scored if there are verdicts.

    Outputs of the hand-in are dropped and HTML in the student's prose is cleaned: instructors open this in a browser.
    It is built on the release, not on the hand-in, so that no cell of a broken hand-in is missing, doubled or foreign;
    the student's other cells follow where they stood. ``notebook`` is None where nothing could be read.
    """
    made = nbformat.from_dict(copy.deepcopy(dict(released)))
    for cell in made.cells:
        cell.source = _text(cell)
    made.cells = _merged(made.cells, [] if notebook is None else notebook.get("cells", []))
    if verdicts is not None:
        score_cells(made, verdicts)
    return made


def score_cells(notebook: Node, verdicts: Iterable[Verdict]) -> None:
    """Put each verdict into the outputs of its graded cell; all other outputs go."""
    by_name = {verdict.exercise: verdict for verdict in verdicts}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = []
        data = cell.metadata.get("nbgrader", {})
        if data.get("grade"):
            cell.outputs = _outputs(by_name[data["grade_id"]])


def verdict_text(verdict: Verdict) -> str:
    """A verdict in words: each case with what was right and what was off, no numbers of hidden cases."""
    lines = [f"{verdict.exercise}: {verdict.score:g} of {verdict.points:g} points"]
    for outcome, told in rows(verdict.outcomes, reveal=False):
        mark = "right" if outcome.right else "off"
        lines += [f"  [{mark}] {outcome.title}: {line}" for line in told]
    return "\n".join(lines)


def _outputs(verdict: Verdict) -> list[Node]:
    text = nbformat.v4.new_output("stream", name="stdout", text=verdict_text(verdict) + "\n")
    score = nbformat.v4.new_output("execute_result", data={"text/plain": repr(verdict.score)}, execution_count=1)
    return [text, score]


def _merged(released: list[Node], handed_in: object) -> list[Node]:
    """The released cells with the student's text in their answer cells, and the student's own cells after them."""
    if not isinstance(handed_in, list):
        return released
    known = {cell.id: cell for cell in released}
    place = released[0].id if released else ""
    extra: dict[str, list[Node]] = {}
    for cell in handed_in:
        name = _known_name(cell, known)
        if name is None:
            extra.setdefault(place, []).extend(_own_cell(cell, sum(map(len, extra.values()))))
            continue
        place = name
        if known[name].metadata.get("nbgrader", {}).get("solution"):
            known[name].source = _own_text(cell, known[name].cell_type)
    return [each for cell in released for each in (cell, *extra.get(cell.id, []))]


def _known_name(cell: object, known: Mapping[str, Node]) -> str | None:
    if not isinstance(cell, dict):
        return None
    metadata = cell.get("metadata")
    data = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    candidates = [data.get("grade_id") if isinstance(data, dict) else None, cell.get("id")]
    return next((name for name in candidates if isinstance(name, str) and name in known), None)


def _own_cell(cell: object, number: int) -> list[Node]:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown"):
        return []
    if cell["cell_type"] == "code":
        return [nbformat.v4.new_code_cell(_text(cell), id=f"own-{number}")]
    return [nbformat.v4.new_markdown_cell(_own_text(cell, "markdown"), id=f"own-{number}")]


def _own_text(cell: Mapping[str, Any], kind: str) -> str:
    """What the student wrote; prose is cleaned, since it is rendered as HTML.

    nbconvert takes any address in a Markdown link, ``javascript:`` too, and so does MathJax: links become text.
    """
    text = _text(cell)
    if kind == "code":
        return text
    return FOLLOWED.sub(" ", ACTIVE_MATH.sub(r"\1", str(SanitizeHTML().sanitize_html_tags(text))))


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return text.encode("utf-8", "replace").decode("utf-8")  # JSON may hold halves of characters, UTF-8 may not
