"""Grading a class again after a suite was mended, and telling what that changed. Records are attempts: none is lost.

Everybody is put the questions that they were put before, as far as the suite still asks them: hidden inputs are drawn
from the seed in each one's latest record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.authoring.master import read_master
from autograder.batch import Graded, check_controls, released_notebook
from autograder.course import Course, CourseError, Stage
from autograder.fleet import GradingPlan, Ungraded, graded_by_fleet, kept_grader
from autograder.gradebook import record_batch, require_stage
from autograder.grading import Wishes, require_deadlines
from autograder.hand_ins import HandIn, find_hand_ins
from autograder.history import moved, reasons
from autograder.record import Record, load_records
from autograder.secret import load_secret
from autograder.spreadsheet import write_rows
from autograder.workspace import Workspace

CONTROLS = 2
COLUMNS = ("student", "exercise", "before", "now", "points", "cause", "reason")


@dataclass
class Regraded:
    """What grading again came to.

    Attributes:
        pairs: the record before and the one now, by student.
        ungraded: those at whose work the grader itself stumbled.
        new: those who handed in and were never graded; ``autograder grade`` does that.
        gone: those who were graded and whose hand-in is no longer there.
    """

    pairs: dict[str, tuple[Record, Record]] = field(default_factory=dict)
    ungraded: list[Ungraded] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """How many went up, down, and stayed; those whose exercises changed while the total did not are told too."""
        signs = [(now.score > old.score) - (now.score < old.score) for old, now in self.pairs.values()]
        same = [student for student, (old, now) in self.pairs.items() if old.score == now.score and moved(old, now)]
        inside = f" ({len(same)} of them in other exercises)" if same else ""
        return f"{signs.count(1)} up, {signs.count(-1)} down, {signs.count(0)} same{inside}"


@dataclass(frozen=True)
class Regrading:
    """What is to be graded again: of which course and stage, in which workspace, how."""

    course: Course
    stage: Stage
    workspace: Workspace
    wishes: Wishes

    def run(self, dry: bool, progress: Callable[[int], Callable[[], None]], told: Callable[[str], None]) -> Regraded:
        """Grade everybody again who was graded before; ``dry`` records nothing.

        Raises:
            CourseError: nobody was graded, or the gradebook does not know the stage.
            ControlsFailed: the master did not score full or the untouched release did not score zero.
            LaunchFailed, IsolationMissing: student code cannot be run here.
        """
        before = {record.student: record for record in load_records(self.workspace.class_folder, self.stage.id)}
        if not before:
            raise CourseError(f"nothing of {self.stage.id} is graded yet; run autograder grade {self.stage.id} first")
        require_stage(self.workspace, self.stage.id)
        require_deadlines(self.course, self.workspace)
        hand_ins = {one.student: one for one in find_hand_ins(self.workspace.step_folder("submitted"), self.stage)}
        came = Regraded(new=[s for s in hand_ins if s not in before], gone=[s for s in before if s not in hand_ins])
        by_seed: dict[int, list[HandIn]] = defaultdict(list)
        for student in before.keys() & hand_ins.keys():
            by_seed[self._seed(before[student])].append(hand_ins[student])
        after_each = progress(sum(map(len, by_seed.values())) + CONTROLS * len(by_seed))
        for seed, group in by_seed.items():
            self._grade(self._plan(seed), group, _Pairing(before, came, after_each), dry, told)
        return came

    def _seed(self, record: Record) -> int:
        return record.seed if self.wishes.seed is None else self.wishes.seed

    def _plan(self, seed: int) -> GradingPlan:
        release = self.workspace.release_folder(self.stage.id)
        secret = load_secret(self.course.root)
        return GradingPlan(self.course.root, self.stage.id, release, self.wishes.isolation, seed, secret)

    def _grade(
        self, plan: GradingPlan, group: Sequence[HandIn], pairing: _Pairing, dry: bool, told: Callable[[str], None]
    ) -> None:
        released, grader = released_notebook(plan.release, self.stage), kept_grader(plan)
        told(grader.protections)
        master = read_master(self.course.master_path(self.stage.id), self.stage)
        check_controls(grader, master, plan.release, lambda _: pairing.after_each())
        fleet = graded_by_fleet(plan, group, self.wishes.workers, self.wishes.scheduler, self.wishes.together)
        batch = pairing.watched(fleet)
        if dry:
            for _ in batch:
                pass
        else:
            record_batch(self.workspace, released, batch)


@dataclass(frozen=True)
class _Pairing:
    before: Mapping[str, Record]
    came: Regraded
    after_each: Callable[[], None]

    def watched(self, batch: Iterable[Graded | Ungraded]) -> Iterator[Graded]:
        """Hand on what was graded, and keep it beside what it was before."""
        for one in batch:
            self.after_each()
            if isinstance(one, Ungraded):
                self.came.ungraded.append(one)
                continue
            self.came.pairs[one.record.student] = (self.before[one.record.student], one.record)
            yield one


def write_changes(workspace: Workspace, stage: str, came: Regraded) -> Path:
    """Write a row for each exercise whose score changed, into a new file of reports/; returns its path."""
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path = workspace.report_path(stage, f"regrade-{when}.csv")
    return write_rows(path, _rows(came), "x")


def _rows(came: Regraded) -> Iterator[Sequence[object]]:
    yield COLUMNS
    for student, (old, now) in sorted(came.pairs.items()):
        cause = " and ".join(reasons(old, now))
        for one in moved(old, now):
            yield (student, one.exercise, one.was, one.came, f"{one.points:g}", cause, one.why)
