"""Sentences for students: what is right already, what is off, by how much and where. Never the answer."""

from __future__ import annotations

from collections.abc import Sequence

from seqlab.checking.compare import Finding, Mismatch, shape_text
from seqlab.checking.outcome import CaseOutcome

RIGHT = "right"


def sentence(finding: Finding, reveal: bool = True) -> str:
    """Say what was found out about one output.

    ``reveal`` allows the numbers of a public case; for hidden cases only the kind of problem is told.
    """
    if finding.right:
        return RIGHT
    if finding.problem == "changed inputs":
        return f"your function wrote into {finding.found}: callers expect their arrays back unchanged"
    if finding.problem == "type":
        return f"expected {finding.expected}, found {finding.found}"
    if finding.problem == "shape":
        return shape_text(finding.found, finding.expected)
    if finding.problem == "dtype":
        return f"shape and values right; dtype is {finding.found}, expected {finding.expected}"
    return _off(finding, reveal)


def headline(outcomes: Sequence[CaseOutcome]) -> str:
    """``3 of 5 cases right``."""
    right = sum(outcome.right for outcome in outcomes)
    return f"{right} of {len(outcomes)} case{'s' * (len(outcomes) != 1)} right"


def _off(finding: Finding, reveal: bool) -> str:
    mismatch = finding.mismatch
    if mismatch is None:
        return "values off"
    if mismatch.near:
        return (
            "shape right, and the values to four digits and more, but no further: where on the way is precision lost?"
        )
    lead = "shape right; " + ("not finite (nan or inf); " if finding.problem == "not finite" else "")
    text = lead + f"{mismatch.off} of {mismatch.total} values off"
    if reveal and finding.problem == "values":
        text += f", by up to {mismatch.largest:.3g}"
    if reveal:
        text += f"; first{_place(mismatch)}: yours {mismatch.got:.6g}, expected {mismatch.expected:.6g}"
    return text + _pattern(mismatch)


def _place(mismatch: Mismatch) -> str:
    return f" at [{', '.join(map(str, mismatch.first))}]" if mismatch.first else ""


def _pattern(mismatch: Mismatch) -> str:
    ratio = mismatch.ratio
    if ratio is None or mismatch.total < 2 or mismatch.off < mismatch.total:
        return ""
    if abs(ratio + 1) < 1e-3:
        return "; every value has the opposite sign"
    return f"; every value is {ratio:.4g} times the expected one"
