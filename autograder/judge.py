"""The judge: hidden cases with fresh inputs, put to a student's functions from outside, become verdicts.

It lives in a process that never runs student code. The score is zero until a case proves otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Protocol

from autograder.course import REPORT, Imports, Stage
from autograder.sandbox.child import ChildLost
from autograder.secret import CourseSecret
from autograder.session import SessionOver
from autograder.student import Bench
from autograder.suite import ExerciseSuite
from autograder.truth import DrawnCase, Truth
from seqlab.checking.casefile import NamedMistake
from seqlab.checking.compare import compare, precision_of
from seqlab.checking.complaints import StudentError
from seqlab.checking.guards import Guard, Hit, told
from seqlab.checking.outcome import CaseOutcome, failed, fetch, judge_outputs
from seqlab.checking.report import named_mistakes
from seqlab.checking.values import NotAValue, Value


@dataclass(frozen=True)
class Verdict:
    """The judgement of one exercise of one submission.

    ``outcomes`` and ``weights`` go together; ``reason`` says in a line why the score is not full.
    """

    exercise: str
    score: float
    points: float
    outcomes: tuple[CaseOutcome, ...]
    weights: tuple[float, ...]
    mistakes: tuple[NamedMistake, ...]
    reason: str

    @property
    def full(self) -> bool:
        """Whether every point was earned."""
        return self.score == self.points

    @property
    def worth(self) -> tuple[float, ...]:
        """Points that each case is worth."""
        total = sum(self.weights)
        return tuple(self.points * weight / total for weight in self.weights)


class GuardedBench(Bench, Protocol):
    """A bench that can watch what the answers lean on."""

    def guard(self, guard: Guard | None) -> None:
        """Watch, from now on."""

    def guarded(self) -> list[Hit]:
        """What was used against the guard."""


class Sitting(Protocol):
    """Where the judge finds a submission's functions: a :class:`autograder.session.Session`."""

    def bench(self) -> GuardedBench:
        """A bench with the functions on it."""

    def abandon(self) -> None:
        """Give up what is behind the bench; the next one is new."""


class Judge:
    """Judges submissions of one stage; all of one batch meet the same hidden inputs, drawn from secret and ``seed``."""

    def __init__(self, stage: Stage, truth: Truth, seed: int, secret: CourseSecret) -> None:
        self.stage = stage
        self.seed = seed
        self.secret = secret
        self._truth = truth
        self._mistakes = {m.key: NamedMistake(m.key, m.exercise, m.says, m.asks) for m in truth.suite.mistakes}
        self._drawn = {name: self._draw(truth.suite.exercise(name)) for name in stage.points}

    def judge(self, session: Sitting) -> tuple[Verdict, ...]:
        """Judge every exercise; one that crashes or hangs costs itself only.

        A named mistake is charged once: where it explains all that is off in a later exercise that builds on the
        mistaken one, that exercise is right as far as it can be.
        """
        verdicts: list[Verdict] = []
        charged: set[str] = set()
        leaning: set[str] = set()
        for name, drawn in self._drawn.items():
            outcomes = self._with_ruled_out(self._outcomes(session, drawn, charged, leaning), drawn)
            if any(outcome.guarded for outcome in outcomes):
                leaning.add(name)
            verdicts.append(self._verdict(name, _paid(outcomes, self.stage.rules(name))))
            charged |= {key for one in outcomes for key in one.mistakes if self._mistakes[key].exercise == name}
        return tuple(verdicts)

    def drawn(self, exercise: str) -> Sequence[DrawnCase]:
        """The hidden cases of an exercise, for staff who explain a grade."""
        return self._drawn[exercise]

    def refuse(self, reason: str) -> tuple[Verdict, ...]:
        """The verdicts on a submission of which nothing can be run."""
        return tuple(
            self._verdict(name, [CaseOutcome(one.case.title, error=reason) for one in drawn])
            for name, drawn in self._drawn.items()
        )

    def _draw(self, exercise: ExerciseSuite) -> list[DrawnCase]:
        cases = [case for case in exercise.cases if case.weight > 0]
        place = (self.stage.id, exercise.name)
        return [
            self._truth.draw(exercise, case, self.secret.generator(self.seed, *place, case.title)) for case in cases
        ]

    def _outcomes(
        self, session: Sitting, drawn: Sequence[DrawnCase], charged: Set[str], leaning: Set[str]
    ) -> list[CaseOutcome]:
        outcomes: list[CaseOutcome] = []
        for one in drawn:
            try:
                bench = session.bench()
                bench.guard(self.stage.guard(one.exercise))
                outcome = self.outcome(bench, one, charged)
                outcomes.append(replace(outcome, guarded=self._leaned(one.exercise, bench.guarded(), leaning)))
            except ChildLost as error:
                session.abandon()
                return outcomes + [_lost(rest, str(error)) for rest in drawn[len(outcomes) :]]
            except SessionOver as error:
                return [_lost(rest, str(error)) for rest in drawn]
        return outcomes

    def _with_ruled_out(self, outcomes: list[CaseOutcome], drawn: Sequence[DrawnCase]) -> list[CaseOutcome]:
        """Note, where mistakes are named, which of them the right cases speak against.

        What mistakes make of a case is worked out only then: most hand-ins need it for no case.
        """
        if not any(outcome.mistakes for outcome in outcomes):
            return outcomes
        return [
            replace(outcome, ruled_out=tuple(self._truth.mistaken(one))) if _all_right(outcome) else outcome
            for outcome, one in zip(outcomes, drawn, strict=True)
        ]

    def _leaned(self, exercise: str, hits: Sequence[Hit], leaning: Set[str]) -> str:
        """What an exercise leaned on, in words; what an earlier exercise is charged for is left out."""
        own = [hit for hit in hits if hit[0] == exercise or hit[0] not in leaning]
        return told(*own[0], self.stage.guard(exercise)) if own else ""

    def outcome(self, bench: Bench, drawn: DrawnCase, charged: Set[str] = frozenset()) -> CaseOutcome:
        """Put one case to a student's functions on ``bench`` and judge what comes back.

        ``charged`` are the keys of the mistakes that earlier exercises have paid for.

        Raises:
            ChildLost: the child did not live through it.
        """
        title = drawn.case.title
        try:
            bench.perform(drawn.plan, drawn.inputs)
        except StudentError as error:
            return failed(title, error)
        got = {name: fetch(bench, place) for name, place in drawn.plan.outputs.items()}
        changed = bench.changed_inputs() if drawn.case.guards_inputs else None
        precision = precision_of(drawn.inputs.values())
        outcome = judge_outputs(title, drawn.expected, got, {}, precision, changed)
        if outcome.right:
            return outcome
        mistaken = self._truth.mistaken(drawn)
        outcome = judge_outputs(title, drawn.expected, got, mistaken, precision, changed)
        explains = (key for key in mistaken if key in charged and _explains(mistaken[key], outcome, got, precision))
        return replace(outcome, carried=next(explains, ""))

    def _verdict(self, name: str, outcomes: Sequence[CaseOutcome]) -> Verdict:
        weights = tuple(one.case.weight for one in self._drawn[name])
        earned = sum(weight * outcome.share for weight, outcome in zip(weights, outcomes, strict=True))
        points = self.stage.points[name]
        mistakes = named_mistakes(outcomes, self._mistakes)
        score = round(points * earned / sum(weights), 2)
        return Verdict(name, score, points, tuple(outcomes), weights, mistakes, _reason(outcomes, mistakes))


def _all_right(outcome: CaseOutcome) -> bool:
    return bool(outcome.findings) and all(finding.right for finding in outcome.findings)


def _explains(
    mistaken: Mapping[str, Value], outcome: CaseOutcome, got: Mapping[str, Value | NotAValue], precision: str
) -> bool:
    """Whether every wrong output is exactly what the mistake makes of the reference."""
    wrong = [finding.output for finding in outcome.findings if not finding.right]
    values = {name: value for name, value in got.items() if isinstance(value, Value)}
    return all(
        name in mistaken and name in values and compare(name, mistaken[name], values[name], precision).right
        for name in wrong
    )


def _paid(outcomes: Sequence[CaseOutcome], rules: Imports) -> list[CaseOutcome]:
    """The outcomes after what leaning on a library costs."""
    found = next((outcome.guarded for outcome in outcomes if outcome.guarded), "")
    if not found or rules.cost == REPORT:
        return list(outcomes)
    whole = rules.cost == "exercise"
    return [
        CaseOutcome(outcome.title, error=outcome.guarded or found, guarded=outcome.guarded)
        if whole or outcome.guarded
        else outcome
        for outcome in outcomes
    ]


def _lost(drawn: DrawnCase, reason: str) -> CaseOutcome:
    return CaseOutcome(drawn.case.title, error=reason)


def _reason(outcomes: Sequence[CaseOutcome], mistakes: Sequence[NamedMistake]) -> str:
    wrong = [outcome for outcome in outcomes if not outcome.right]
    if not wrong:
        return next((outcome.guarded for outcome in outcomes if outcome.guarded), "")
    if wrong[0].error:
        whole = "" if len(wrong) == len(outcomes) else f"{wrong[0].title}: "
        return whole + wrong[0].error
    if mistakes:
        return mistakes[0].says
    off = dict.fromkeys(finding.output for outcome in wrong for finding in outcome.findings if not finding.right)
    where = f"'{wrong[0].title}'" if len(wrong) == 1 else f"{len(wrong)} of {len(outcomes)} cases"
    return f"{', '.join(off)} off in {where}"
