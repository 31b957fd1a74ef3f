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
) -> tuple[list[str], list[str]]:
    """The keys of the named mistakes that reproduce the student's wrong outputs, best explanation first.

    Greedy cover: the mistake that explains most of the wrong outputs, then the one that explains most of
    what is left; of two that explain as much, the one listed first. A mistake that would spoil an output that is right
    explains nothing. Outputs that no mistake explains stay unexplained.

    Returns:
        chosen: the keys of the cover.
        possible: the keys of all mistakes that explain everything that is off; the case alone cannot tell them apart.
    """
    wrong = {finding.output for finding in findings if not finding.right}
    fetched = {output for output in wrong if output in got}
    fitting = {key: outputs for key, outputs in mistakes.items() if set(outputs) <= wrong}
    matches = {key: _matching(fetched, got, outputs, precision) for key, outputs in fitting.items()}
    possible = [key for key, explained in matches.items() if fetched and explained == fetched]
    return _cover(fetched, matches), possible


def _cover(unexplained: set[str], matches: Mapping[str, set[str]]) -> list[str]:
    chosen: list[str] = []
    left = set(unexplained)
    while left:
        key = max(matches, key=lambda one: len(matches[one] & left), default=None)
        if key is None or not matches[key] & left:
            break
        chosen.append(key)
        left -= matches[key]
    return chosen


def _matching(names: set[str], got: Mapping[str, Value], outputs: Mapping[str, Value], precision: str) -> set[str]:
    return {name for name in names if name in outputs and agree(outputs[name], got[name], precision)}
