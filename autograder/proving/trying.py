"""Trying mutants: which of them the hidden and the public cases notice. In this process: the answers are our own."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import numpy as np

from autograder.authoring.checks import public_draws
from autograder.authoring.master import Master
from autograder.course import CourseError
from autograder.proving.making import Mutant
from autograder.reference import reference_namespace
from autograder.suite import Suite
from autograder.truth import DrawnCase, Truth
from seqlab.checking.casefile import PublicCase
from seqlab.checking.outcome import replay_case

SECONDS = 20


@dataclass(frozen=True)
class Trial:
    """What became of a mutant: whether each kind of cases noticed it."""

    mutant: Mutant
    hidden: bool
    public: bool


class TooLong(BaseException):
    """A mutant that does not end; no ``except Exception`` of its own may hold it."""


class Proving:
    """The cases of one stage, on which mutants of its answers are tried: the hidden ones drawn so many times."""

    def __init__(self, master: Master, suite: Suite, draws: int = 1) -> None:
        self.master = master
        truth = Truth(master, suite)
        self._hidden = [
            {one.name: _hidden(truth, suite, one.name, seed) for one in suite.exercises} for seed in range(draws)
        ]
        self._public = {one.name: _public(truth, suite, one.name) for one in suite.exercises}

    def try_out(self, mutant: Mutant) -> Trial:
        """Put the mutant to the cases of its exercise, then to those of the others, until one notices it.

        Each draw of the hidden cases has to notice it: no mutant is to die by luck. A cache without what the backward
        pass needs is noticed there, and costs the student there.
        """
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                with time_limit(SECONDS):
                    namespace = reference_namespace(self.master, replaced={mutant.exercise: mutant.source})
            except (CourseError, TooLong):
                return Trial(mutant, hidden=True, public=True)
            hidden = all(_noticed(_own_first(cases, mutant.exercise), namespace) for cases in self._hidden)
            public = _noticed(_own_first(self._public, mutant.exercise), namespace)
        return Trial(mutant, hidden, public)


def _own_first(cases: Mapping[str, list[PublicCase]], exercise: str) -> list[PublicCase]:
    others = (case for name, of_one in cases.items() if name != exercise for case in of_one)
    return [*cases[exercise], *others]


def _noticed(cases: Sequence[PublicCase], namespace: Mapping[str, object]) -> bool:
    try:
        with time_limit(SECONDS):
            return not all(replay_case(case, namespace).right for case in cases)
    except (TooLong, RecursionError, MemoryError):
        return True


def _hidden(truth: Truth, suite: Suite, exercise: str, seed: int) -> list[PublicCase]:
    own = suite.exercise(exercise)
    rng = np.random.default_rng([seed, len(exercise)])
    return [_plain(truth.draw(own, case, rng)) for case in own.cases if case.weight > 0]


def _public(truth: Truth, suite: Suite, exercise: str) -> list[PublicCase]:
    return [_plain(drawn) for drawn in public_draws(suite.exercise(exercise), truth)]


def _plain(drawn: DrawnCase) -> PublicCase:
    """A case as data, without the outputs of named mistakes: nothing is to be named here."""
    case = drawn.case
    return PublicCase(case.title, drawn.plan, drawn.inputs, drawn.expected, {}, case.guards_inputs)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TooLong` in what is inside when it has run for so long; main thread only."""

    def _stop(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
