"""What comes of a hand-in whose worker is lost for good: it is named, and the others are graded."""

from concurrent.futures import Future
from pathlib import Path

import pytest

from autograder import fleet
from autograder.fleet import GradingPlan, Ungraded
from autograder.hand_ins import HandIn
from autograder.sandbox.child import LaunchFailed
from autograder.secret import CourseSecret

PLAN = GradingPlan(Path("course"), "s01_rnn", Path("release"), "none", 1, CourseSecret(bytes(32)))


class Executor:
    """One whose workers die over some students, and say the student's name of others."""

    def __init__(self, **deaths):
        self._deaths = deaths

    def submit(self, function, plan, student, *rest):
        future = Future()
        if student in self._deaths:
            future.set_exception(self._deaths[student])
        else:
            future.set_result(Ungraded(student, "fine"))
        return future


def mapped(executor, students):
    return list(fleet._mapped(executor, 2, PLAN, [HandIn(student, Path("nowhere")) for student in students]))


def test_a_hand_in_whose_workers_die_is_named_and_the_others_go_on():
    came = mapped(Executor(ben=RuntimeError("attempted to run on 4 workers, all died")), ["ann", "ben", "cat"])
    assert {one.student: one.reason for one in came} == {
        "ann": "fine",
        "ben": "RuntimeError: attempted to run on 4 workers, all died",
        "cat": "fine",
    }


def test_each_is_handed_out_once_however_many_there_are():
    students = [f"s{number}" for number in range(23)]
    assert sorted(one.student for one in mapped(Executor(), students)) == sorted(students)


def test_a_machine_that_cannot_run_student_code_stops_the_run():
    with pytest.raises(LaunchFailed, match="no walls"):
        mapped(Executor(ben=LaunchFailed("no walls")), ["ann", "ben"])
