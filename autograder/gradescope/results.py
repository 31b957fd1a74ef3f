"""``results.json`` in Gradescope's documented format: https://gradescope-autograders.readthedocs.io/en/latest/specs/

A test for each exercise. What stands in ``output`` is for the student: no hidden case is named and no value shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.course import Stage
from autograder.judge import Verdict
from autograder.printable import printable
from autograder.record import Record
from seqlab.checking.outcome import CaseOutcome
from seqlab.checking.report import MAX_NAMED
from seqlab.checking.wording import sentence

VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")
MAX_LINES = 12


def results_of(record: Record, visibility: str) -> dict[str, Any]:
    """The results of a graded submission."""
    tests = [_test(verdict, visibility) for verdict in record.verdicts]
    lines = [f"{record.score:g} of {record.points:g} points."]
    if record.refusal:
        lines.append(f"Nothing could be graded: {record.refusal}")
    lines += [f"Cell {one.cell} did not run to its end: {one.reason}" for one in record.cell_problems]
    lines += [f"Repaired: {note}" for note in record.notes]
    return {"score": record.score, "output": _text(lines), **_settings(visibility), "tests": tests}


def zero(stage: Stage, reason: str, visibility: str = VISIBILITIES[0]) -> dict[str, Any]:
    """The results where nothing may be graded, and why."""
    tests = [
        {"name": name, "score": 0.0, "max_score": points, "output": "not graded", "visibility": visibility}
        for name, points in stage.points.items()
    ]
    return {"score": 0.0, "output": f"Nothing was graded: {reason}", **_settings(visibility), "tests": tests}


def _settings(visibility: str) -> Mapping[str, str]:
    return {"output_format": "text", "visibility": visibility, "stdout_visibility": "hidden"}


def _test(verdict: Verdict, visibility: str) -> dict[str, Any]:
    return {
        "name": verdict.exercise,
        "score": verdict.score,
        "max_score": verdict.points,
        "status": "passed" if verdict.full else "failed",
        "output": _text(_told(verdict)),
        "output_format": "text",
        "visibility": visibility,
    }


def _told(verdict: Verdict) -> list[str]:
    """How many cases are right, what is off (each kind once, no case by name), and the questions that lead on."""
    right = sum(outcome.right for outcome in verdict.outcomes)
    lines = [f"{right} of {len(verdict.outcomes)} cases right."]
    if verdict.full:
        return lines
    lines += dict.fromkeys(line for outcome in verdict.outcomes for line in _off(outcome))
    return lines[:MAX_LINES] + [f"It looks like this: {one.says} {one.asks}" for one in verdict.mistakes[:MAX_NAMED]]


def _off(outcome: CaseOutcome) -> list[str]:
    if outcome.error:
        return [outcome.error]
    return [f"{one.output}: {sentence(one, reveal=False)}" for one in outcome.findings if not one.right]


def _text(lines: list[str]) -> str:
    return "\n".join(printable(line) for line in lines)
