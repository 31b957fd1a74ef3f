"""Grading a class: who has to be graded, on which workers, and into the gradebook as it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.authoring.master import read_master
from autograder.batch import Graded, Grader, check_controls, fresh_seed, released_notebook
from autograder.circumstances import suite_digest
from autograder.course import Course, CourseError, Stage
from autograder.deadlines import load_deadlines
from autograder.fleet import TOGETHER, GradingPlan, Ungraded, graded_by_fleet, kept_grader
from autograder.gradebook import record_batch, require_stage, settle_lateness
from autograder.hand_ins import HandIn, find_hand_ins
from autograder.history import changes
from autograder.record import Record, load_records
from autograder.secret import load_secret
from autograder.workspace import Workspace


@dataclass(frozen=True)
class Wishes:
    """How a class is to be graded.

    Attributes:
        isolation: what stands between student code and this machine.
        workers: how many are graded at a time on this machine.
        together: how many of them at most share a process.
        scheduler: the address of a Dask cluster to use in their place.
        seed: draw the hidden inputs from this one again; everybody is graded.
        force: grade those too whose work and suite have not changed.
    """

    isolation: str = "bubblewrap"
    workers: int = 1
    together: int = TOGETHER
    scheduler: str | None = None
    seed: int | None = None
    force: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        graded: the students who were graded now.
        unchanged: those whose work and suite are as they were.
        ungraded: those at whose work the grader itself stumbled.
        changed: for each student who was graded before, what changed and why.
    """

    graded: tuple[str, ...]
    unchanged: tuple[str, ...]
    ungraded: tuple[Ungraded, ...]
    changed: Mapping[str, list[str]]


def grade_class(
    course: Course,
    stage: Stage,
    workspace: Workspace,
    wishes: Wishes,
    progress: Callable[[int], Callable[[], None]],
    told: Callable[[str], None] = lambda protections: None,
) -> Outcome:
    """Grade every hand-in of a stage that needs it.

    ``progress`` is told how many, and gives what to call after each; ``told`` hears which protections are in force.

    What is graded is in the gradebook and on record when this ends, however it ends; the next run goes on from there.

    Raises:
        CourseError: there is nothing to grade, or the gradebook does not know the stage.
        ControlsFailed: the master did not score full or the untouched release did not score zero.
        LaunchFailed, IsolationMissing: student code cannot be run here.
    """
    release = workspace.release_folder(stage.id)
    hand_ins = find_hand_ins(workspace.step_folder("submitted"), stage)
    if not hand_ins:
        where = workspace.step_folder("submitted") / "STUDENT" / stage.id / f"{stage.id}.ipynb"
        raise CourseError(f"found no hand-in of {stage.id}; each is expected at {where}")
    require_stage(workspace, stage.id)
    require_deadlines(course, workspace)
    before = {record.student: record for record in load_records(workspace.class_folder, stage.id)}
    plan = _plan(course, stage, workspace, wishes, list(before.values()))
    grader = kept_grader(plan)
    todo = [one for one in hand_ins if wishes.force or wishes.seed is not None or _is_due(one, before, grader)]
    after_each = progress(len(todo) + 2)
    told(grader.protections)
    if todo:
        master = read_master(course.master_path(stage.id), stage)
        check_controls(grader, master, release, lambda _: after_each())
    seen = _Seen(before, after_each)
    graded_now = seen.watched(graded_by_fleet(plan, todo, wishes.workers, wishes.scheduler, wishes.together))
    record_batch(workspace, released_notebook(release, stage), graded_now)
    done = {*seen.graded, *(one.student for one in seen.ungraded)}
    unchanged = tuple(one.student for one in hand_ins if one.student not in done)
    settle_lateness(workspace, unchanged)
    return Outcome(tuple(seen.graded), unchanged, tuple(seen.ungraded), seen.changed)


def require_deadlines(course: Course, workspace: Workspace) -> None:
    """Make sure, before anybody is graded, that ``deadlines.toml`` can be read and names stages of the course.

    Raises:
        CourseError: it does not.
    """
    if deadlines := load_deadlines(workspace.class_folder):
        deadlines.require_stages(course.stages)


class _Seen:
    """What passed by on its way into the gradebook; the records themselves are not kept, so that memory stays flat."""

    def __init__(self, before: Mapping[str, Record], after_each: Callable[[], None]) -> None:
        self._before = before
        self._after_each = after_each
        self.graded: list[str] = []
        self.ungraded: list[Ungraded] = []
        self.changed: dict[str, list[str]] = {}

    def watched(self, batch: Iterable[Graded | Ungraded]) -> Iterator[Graded]:
        """Hand on what was graded."""
        for one in batch:
            self._after_each()
            if isinstance(one, Ungraded):
                self.ungraded.append(one)
                continue
            self.graded.append(one.record.student)
            if one.record.student in self._before:
                self.changed[one.record.student] = changes(self._before[one.record.student], one.record)
            yield one


def _plan(course: Course, stage: Stage, workspace: Workspace, wishes: Wishes, before: Sequence[Record]) -> GradingPlan:
    """One seed for a class: a run that goes on from another uses its seed, as long as the suite is the same."""
    secret, release = load_secret(course.root), workspace.release_folder(stage.id)
    released_notebook(release, stage)  # says what to do where there is none
    suite = suite_digest(course, stage, release)
    seeds = [record.seed for record in before if (record.suite, record.secret) == (suite, secret.name)]
    seed = wishes.seed if wishes.seed is not None else seeds[0] if seeds and not wishes.force else fresh_seed()
    return GradingPlan(course.root, stage.id, release, wishes.isolation, seed, secret)


def _is_due(hand_in: HandIn, before: Mapping[str, Record], grader: Grader) -> bool:
    record = before.get(hand_in.student)
    if record is None or (record.suite, record.secret) != (grader.suite, grader.judge.secret.name):
        return True
    return record.digest != hashlib.sha256(hand_in.read()[0]).hexdigest()
