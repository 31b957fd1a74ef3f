"""The confusion of mistakes: what each named mistake is called when it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.checks import public_checks
from autograder.authoring.master import Master
from autograder.judge import Judge
from autograder.proving.local import LocalSession
from autograder.reference import reference_namespace
from autograder.secret import CourseSecret
from autograder.suite import Mistake, Suite
from autograder.truth import Truth
from seqlab.checking.outcome import replay_case
from seqlab.checking.report import named_mistakes


@dataclass(frozen=True)
class Naming:
    """What a mistake was called: by the hidden cases and by the public ones, the first name said first.

    ``spread`` has the other exercises that lost points by it.
    """

    mistake: Mistake
    hidden: tuple[str, ...]
    public: tuple[str, ...]
    spread: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether both say its own name first, and no other exercise lost points."""
        own = self.mistake.key
        return self.hidden[:1] == (own,) and own in self.public and not self.spread


def namings(master: Master, suite: Suite, seed: int = 0) -> Iterator[Naming]:
    """Make each named mistake of a stage, and see what it is called."""
    truth = Truth(master, suite)
    judge = Judge(master.stage, truth, seed, CourseSecret(bytes(32)))
    checks = public_checks(suite, truth)
    for mistake in suite.mistakes:
        namespace = reference_namespace(master, mistake)
        verdicts = {verdict.exercise: verdict for verdict in judge.judge(LocalSession(namespace))}
        own = verdicts.pop(mistake.exercise)
        outcomes = [replay_case(case, namespace) for case in checks.exercises[mistake.exercise].cases]
        yield Naming(
            mistake,
            tuple(one.key for one in own.mistakes),
            tuple(one.key for one in named_mistakes(outcomes, dict(checks.mistakes))),
            tuple(name for name, verdict in verdicts.items() if not verdict.full),
        )
