"""Classes made up of records, for the tests of figures and pages: every kind of student, hostile ones too."""

import math

from autograder.course import Stage
from autograder.judge import Verdict
from autograder.record import Record
from autograder.reporting.classroom import Attempt, Classroom, Work, percent_of
from autograder.session import CellProblem
from autograder.standings import Standing, Standings
from seqlab.checking.casefile import NamedMistake
from seqlab.checking.compare import Finding, Mismatch
from seqlab.checking.outcome import CaseOutcome

STAGE = Stage("s01_rnn", "The recurrent cell & its <graph>", {"step": 40.0, "loop": 60.0})
NO_BIAS = NamedMistake("no_bias", "step", "these are the values of a step without its bias.", "What does b do?")
TRANSPOSED = NamedMistake("transposed", "loop", "the axes have changed places.", "Which one is time?")
RIGHT = CaseOutcome("small", (Finding("h"),))
MISMATCH = Mismatch(2, 4, math.nan, (0, 1), math.inf, 0.515625, None)
OFF = CaseOutcome("large", (Finding("h", "values", mismatch=MISMATCH), Finding("dx")), mistakes=("no_bias",))
STUB = CaseOutcome("small", error="step is not written yet", unfinished=True)
EVIL = "<script>alert(31337)</script><img src=x onerror=alert(1)>"
EVIL_NAMES = ("<script>alert(31337)<", "=1+1|cmd", 'O\'Neil & "Söhne"', "x" * 200, "دانشجو", "a/../b")


def verdict(exercise, *outcomes, mistakes=(), reason=""):
    """A verdict whose score follows from its outcomes, each of weight 1."""
    points = STAGE.points[exercise]
    score = round(points * sum(outcome.share for outcome in outcomes) / len(outcomes), 2)
    return Verdict(exercise, score, points, outcomes, (1.0,) * len(outcomes), mistakes, reason)


def record(student, *verdicts, **rest):
    """A record; without verdicts, of somebody who earned everything."""
    judged = verdicts or (verdict("step", RIGHT, RIGHT), verdict("loop", RIGHT, RIGHT))
    return Record(student, STAGE.id, rest.pop("digest", "d1"), 7, "walls", judged, graded_at="2026-11-25", **rest)


def refused(student, reason):
    lost = CaseOutcome("small", error=reason)
    return record(student, verdict("step", lost), verdict("loop", lost), refusal=reason)


def half_right(student, **rest):
    """70 of 100: ``large`` of step is half right, and loop half unwritten."""
    step = verdict("step", RIGHT, OFF, mistakes=(NO_BIAS,), reason=NO_BIAS.says)
    loop = verdict("loop", RIGHT, CaseOutcome("large", error="took longer than 10 seconds and was stopped"))
    return record(student, step, loop, **rest)


def unwritten(student, **rest):
    return record(student, verdict("step", STUB, STUB), verdict("loop", STUB, STUB), **rest)


def work(latest, *before, earlier=None):
    """Somebody's work, from all their records, the latest first."""
    attempts = [Attempt(one.digest, percent_of(one.score, one.points)) for one in reversed((latest, *before))]
    return Work(latest, before[0] if before else None, tuple(attempts), earlier or {})


def classroom(works, **rest):
    return Classroom(STAGE, tuple(works), kept_bytes=1000, **rest)


def hostile_record(student):
    """Everything that a student can fill is filled with something odd."""
    long = EVIL + "y" * 10_000
    outcome = CaseOutcome(long, error=f"stopped with ValueError: {long}", guarded=f"step called {EVIL}")
    evil = NamedMistake("evil", "step", long, EVIL)
    judged = verdict("step", outcome, OFF, mistakes=(evil,)), verdict("loop", CaseOutcome(EVIL, error=EVIL))
    problems = (CellProblem(0, long), CellProblem(3, "OSError: [Errno 101] Network is unreachable"))
    notes = (EVIL, long, "the student's folder is called " + EVIL)
    return record(student, *judged, notes=notes, cell_problems=problems, printed=f"/etc/shadow {EVIL}\n" * 50)


def mixed_class(count=40):
    """A class of ``count`` with every kind of student in it, several times over."""
    kinds = (
        lambda name: work(record(name)),
        lambda name: work(half_right(name), record(name, digest="d0"), earlier={"s00": 95.0}),
        lambda name: work(unwritten(name), earlier={"s00": 88.0}),
        lambda name: work(refused(name, "the file is not a notebook: " + EVIL)),
        lambda name: work(hostile_record(name)),
        lambda name: work(half_right(name, digest="d3"), half_right(name, digest="d2"), half_right(name)),
    )
    names = [*EVIL_NAMES, *(f"student{number:04d}" for number in range(count))][:count]
    standings = {name: Standing(90_000.0 * (place % 2), 5.0) for place, name in enumerate(names)}
    return classroom(
        [kinds[place % len(kinds)](name) for place, name in enumerate(names)],
        missing={f"{EVIL} {count}": {"s00": 50.0}, "only in the gradebook": {}},
        ungraded=("late comer",),
        standings=Standings(True, frozenset(names), standings),
    )
