"""What a feedback page says in words: how a score came about, what a repair means, where to go next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from autograder.judge import Verdict
from autograder.late import lateness
from autograder.pages import number
from autograder.record import Record
from autograder.standings import ByHand, Standing

MEANINGS = (
    ("is not a code cell", "Change its type back to Code, or your own notebook leaves it out."),
    ("is given code and was changed", "Given code is graded as it was given; put your own code into answer cells."),
    ("was missing and was put back|stands after answers that need it", "As it is, it does not run from top to bottom."),
    ("the last counts", "As in Jupyter, the last one wins; delete the ones that you do not mean."),
    ("untouched copy", "The one that you wrote counts; delete the other."),
    ("are all called|lost its name|lost their names", "That comes of copied cells; copy texts, not cells."),
    ("is tagged", "Take the tags away, so that nobody is misled."),
    ("without its first line", "Lines such as %%timeit are for trying out; take them away before you hand in."),
    ("goes on with cell", "Put an answer into one cell, so that it runs for you as it did here."),
    ("is a check or a demo", "These are not run when grading; move what your answers need into an answer cell."),
    ("that part was not run", "Checks and demos are not run when grading; leave them in their cells."),
    ("is gone", "There was nothing to grade; take the cell from the notebook that you were given."),
    ("was taken as|might be the hand-in", "Hand in one file, with the name that it was given."),
    ("is a link|is a pipe|is a socket|is a device|is a folder|folder is called", "Only plain files are read."),
    (
        "Latin-1|the file is in|NUL|keys occur twice|something follows|old format|Python script",
        "The file was changed on its way; save it with Jupyter before you hand in again.",
    ),
)  # fmt: skip


def headline(record: Record) -> str:
    """How many exercises are right, in part, and without points."""
    full = sum(verdict.full for verdict in record.verdicts)
    none = sum(verdict.score <= 0 for verdict in record.verdicts)
    part = len(record.verdicts) - full - none
    said = [f"{full} of {len(record.verdicts)} exercises are right"]
    said += [f"{part} in part"] * (part > 0) + [f"{none} earned no points"] * (none > 0)
    return ", ".join(said)


def how_earned(verdict: Verdict) -> str:
    """How the points of an exercise came about."""
    right = sum(outcome.right for outcome in verdict.outcomes)
    part = sum(0 < outcome.share < 1 for outcome in verdict.outcomes)
    cases = f"{right} of {len(verdict.outcomes)} cases are right" + (f" and {part} in part" if part else "")
    return f"{cases}, which gives {number(verdict.score)} of {number(verdict.points)} points"


def reckoning(record: Record, standing: Standing) -> list[str]:
    """How the final score follows from the judge's points; nothing where the two are the same."""
    lines = [_by_hand(exercise, done, record) for exercise, done in standing.by_hand.items()]
    lines = [line for line in lines if line]
    if standing.late_seconds:
        cost = f"takes off {number(standing.penalty)} points" if standing.penalty else "costs nothing here"
        lines.append(
            f"The hand-in was late by {lateness(standing.late_seconds)}, beyond what extensions and late days cover, "
            f"which {cost}."
        )
    return [f"The cases give {number(record.score)} of {number(record.points)} points.", *lines] if lines else []


def final_score(record: Record, standing: Standing) -> float:
    """What stands in the gradebook: the judge's points, what was done by hand, and the penalty for lateness."""
    scores: Mapping[str, float] = record.scores()
    for exercise, done in standing.by_hand.items():
        judged = scores.get(exercise, 0.0)
        scores = {**scores, exercise: (judged if done.score is None else done.score) + done.extra}
    return max(0.0, round(sum(scores.values()) - standing.penalty, 2))


def meaning(note: str) -> str:
    """What a repair means for the student's own notebook; empty where the note says it all."""
    return next((says for pattern, says in MEANINGS if re.search(pattern, note)), "")


def start_here(verdicts: Sequence[Verdict]) -> str:
    """The exercise to go on with: the first that is not full, or an earlier one in which its mistake lies."""
    names = [verdict.exercise for verdict in verdicts]
    for verdict in verdicts:
        if not verdict.full:
            origins = [mistake.exercise for mistake in verdict.mistakes[:1] if mistake.exercise in names]
            return min([*origins, verdict.exercise], key=names.index)
    return ""


def carried_from(verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
    """The earlier exercise whose mistake runs through this one and costs nothing here; empty where none does."""
    carried = {outcome.carried for outcome in verdict.outcomes if outcome.carried}
    return ", ".join(dict.fromkeys(_owners(carried, verdicts))) or ("an earlier exercise" if carried else "")


def _owners(keys: set[str], verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield from (mistake.exercise for verdict in verdicts for mistake in verdict.mistakes if mistake.key in keys)


def _by_hand(exercise: str, done: ByHand, record: Record) -> str:
    judged = record.scores().get(exercise, 0.0)
    said = []
    if done.score is not None and done.score != judged:
        said.append(f"set the points of {exercise} to {number(done.score)} (the cases give {number(judged)})")
    if done.extra:
        said.append(f"gave {number(done.extra)} extra points for {exercise}")
    return f"Your instructor {' and '.join(said)}." if said else ""
