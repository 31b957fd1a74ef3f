"""Naming a mistake: which classic wrong answers explain the outputs that are off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqlab.checking.compare import Finding, agree
from seqlab.checking.values import Value


def explaining_mistakes(
    findings: Sequence[Finding],
    got: Mapping[str, Value],
    mistakes: Mapping[str, Mapping[str, Value]],
    precision: str = "float64",
) -> list[str]:
    """The keys of the named mistakes that reproduce the student's wrong outputs, best explanation first.

    Greedy cover: the mistake that explains most of the wrong outputs, then the one that explains most of
    what is left. Of two that explain as much, the one that would spoil fewer of the right outputs wins, then
    the one listed first. Outputs that no mistake explains stay unexplained.
    """
    wrong = {finding.output for finding in findings if not finding.right}
    unexplained = {finding.output for finding in findings if not finding.right and finding.output in got}
    matches = {key: _matching(unexplained, got, outputs, precision) for key, outputs in mistakes.items()}
    chosen: list[str] = []
    while unexplained:
        key = max(
            matches, key=lambda one: (len(matches[one] & unexplained), -len(set(mistakes[one]) - wrong)), default=None
        )
        if key is None or not matches[key] & unexplained:
            break
        chosen.append(key)
        unexplained -= matches[key]
    return chosen


def _matching(names: set[str], got: Mapping[str, Value], outputs: Mapping[str, Value], precision: str) -> set[str]:
    return {name for name in names if name in outputs and agree(outputs[name], got[name], precision)}
