"""The outcome of one case: a finding for each output, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from seqlab.checking.casefile import PublicCase
from seqlab.checking.compare import Finding, compare, kind_text, precision_of
from seqlab.checking.complaints import StudentError
from seqlab.checking.guards import Guard, told
from seqlab.checking.naming import explaining_mistakes
from seqlab.checking.values import NotAValue, Value
from seqlab.checking.workbench import Workbench

INPUTS = "inputs"


@dataclass(frozen=True)
class CaseOutcome:
    """What came of one case.

    Attributes:
        title: the case's name.
        findings: one for each expected output, empty where the case could not be run.
        error: why the case could not be run, in words for the student.
        unfinished: whether that reason is a stub not filled in yet.
        mistakes: keys of the named mistakes that explain what is off, best first.
        possible: keys of all named mistakes that explain everything that is off in this case.
        ruled_out: keys of the named mistakes that would have spoiled an output that is right.
        carried: the key of a mistake already charged to an earlier exercise that explains all that is off here.
        guarded: what the exercise leaned on that it may not use, in words.
    """

    title: str
    findings: tuple[Finding, ...] = ()
    error: str = ""
    unfinished: bool = False
    mistakes: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    carried: str = ""
    guarded: str = ""

    @property
    def right(self) -> bool:
        """Whether every output of the case is right, or would be but for a mistake charged elsewhere."""
        return self.share == 1.0

    @property
    def share(self) -> float:
        """The share of the case that is earned: its right outputs over all; inputs changed earn nothing.

        An output that should be zero and is counts neither way, unless there is no other.
        """
        if not self.findings or any(finding.problem == "changed inputs" for finding in self.findings):
            return 0.0
        if self.carried:
            return 1.0
        counted = [one for one in self.findings if not (one.right and one.idle)] or self.findings
        return sum(finding.right for finding in counted) / len(counted)


def judge_outputs(
    title: str,
    expected: Mapping[str, Value],
    got: Mapping[str, Value | NotAValue],
    mistakes: Mapping[str, Mapping[str, Value]],
    precision: str,
    changed_inputs: list[str] | None = None,
) -> CaseOutcome:
    """Compare every output and name the mistakes; ``changed_inputs`` is given where the case forbids changes."""
    findings = [_finding(name, value, got[name], precision) for name, value in expected.items()]
    if changed_inputs:
        findings.append(Finding(INPUTS, "changed inputs", "unchanged", ", ".join(changed_inputs)))
    values = {name: value for name, value in got.items() if isinstance(value, Value)}
    named, possible = explaining_mistakes(findings, values, mistakes, precision)
    right = {finding.output for finding in findings if finding.right}
    ruled_out = tuple(key for key, outputs in mistakes.items() if right & set(outputs))
    return CaseOutcome(title, tuple(findings), "", False, tuple(named), tuple(possible), ruled_out)


def failed(title: str, error: StudentError) -> CaseOutcome:
    """The outcome of a case that the student's code could not finish."""
    return CaseOutcome(title, error=str(error), unfinished=error.unfinished)


def replay_case(case: PublicCase, namespace: Mapping[str, object], guard: Guard | None = None) -> CaseOutcome:
    """Replay a public case on the functions of ``namespace`` and judge what comes out.

    With ``guard``, the outcome also says which library the exercise leaned on that it may not use.
    """
    bench = Workbench(namespace)
    bench.guard(guard)
    outcome = _replayed(case, bench)
    own = [told(function, what, guard) for function, what in bench.guarded() if guard and function == guard.exercise]
    return replace(outcome, guarded=own[0]) if own else outcome


def _replayed(case: PublicCase, bench: Workbench) -> CaseOutcome:
    try:
        bench.perform(case.plan, case.inputs)
    except StudentError as error:
        return failed(case.title, error)
    got = {name: fetch(bench, place) for name, place in case.plan.outputs.items()}
    changed = bench.changed_inputs() if case.guards_inputs else None
    precision = precision_of(case.inputs.values())
    return judge_outputs(case.title, case.expected, got, case.mistakes, precision, changed)


class Shelf(Protocol):
    """Where the results of steps lie: a workbench, or the sandbox's side of one."""

    def value(self, index: int) -> Value:
        """The result of a step as data."""


def fetch(bench: Shelf, place: int) -> Value | NotAValue:
    """The value at ``place``, or the reason why it is not one."""
    try:
        return bench.value(place)
    except (NotAValue, StudentError) as error:
        return NotAValue(str(error))


def _finding(name: str, expected: Value, got: Value | NotAValue, precision: str) -> Finding:
    if isinstance(got, NotAValue):
        return Finding(name, "type", kind_text(expected), str(got).removeprefix("expected numbers, found "))
    return replace(compare(name, expected, got, precision), idle=not expected.numbers.any())
