"""A class on several workers: the same grades, resumable, and nothing lost or doubled when something is killed."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.source import notebook_text, source_notebook
from autograder.environment import programs_on_path
from autograder.explain import Asked, explain_grade
from autograder.fleet import Ungraded
from autograder.grading import Wishes, grade_class
from autograder.record import attempt_paths, load_record, load_records
from autograder.workspace import Workspace
from tests.conftest import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
FORGOTTEN = ("np.tanh(x @ Wx + prev_h @ Wh + b)", "np.tanh(x @ Wx + prev_h @ Wh)")
CLASS = {"ann": 100, "ben": 90, "cat": 100, "dan": 0, "eve": 90, "fay": 100, "gus": 90, "hal": 100}


def submit(workspace, stage, student, text):
    folder = workspace.step_folder("submitted") / student / stage.id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stage.id}.ipynb").write_text(text)


@pytest.fixture(scope="module")
def solved(master):
    return notebook_text(source_notebook(master))


@pytest.fixture(scope="module")
def full_class(released, stage, solved, tmp_path_factory, isolation):
    """Five hand-ins, not yet graded; tests take a copy."""
    folder = tmp_path_factory.mktemp("fleet") / "class"
    shutil.copytree(released.root, folder)
    workspace = Workspace.together(folder)
    for student, score in CLASS.items():
        text = {100: solved, 90: solved.replace(*FORGOTTEN), 0: "not a notebook"}[score]
        submit(workspace, stage, student, text)
    return workspace


@pytest.fixture
def classroom(full_class, tmp_path):
    shutil.copytree(full_class.root, tmp_path / "class")
    return Workspace.together(tmp_path / "class")


def grade(course, stage, workspace, **wishes):
    return grade_class(course, stage, workspace, Wishes(**wishes), lambda total: lambda: None)


def scores(workspace, stage):
    return {record.student: record.score for record in load_records(workspace.class_folder, stage.id)}


def gradebook_scores(workspace, stage):
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        return {one.student.id: one.score for one in gradebook.assignment_submissions(stage.id)}


@pytest.fixture
def graded(classroom, course, stage):
    """The class graded on two threads of this process."""
    return classroom, grade(course, stage, classroom, workers=2)


def test_workers_give_the_same_grades_and_an_unchanged_class_is_not_graded_again(graded, course, stage, solved):
    workspace, outcome = graded
    assert sorted(outcome.graded) == sorted(CLASS)
    assert scores(workspace, stage) == gradebook_scores(workspace, stage) == CLASS
    again = grade(course, stage, workspace, workers=2, together=1)
    assert (again.graded, sorted(again.unchanged)) == ((), sorted(CLASS))
    submit(workspace, stage, "ben", solved)
    changed = grade(course, stage, workspace)
    assert changed.graded == ("ben",)
    first, line = changed.changed["ben"]
    assert first == "90 to 100 of 100, because another file was handed in"
    assert line.startswith("rnn_step_forward: 0 to 10")
    attempts = [load_record(path) for path in attempt_paths(workspace.class_folder, "ben", stage.id)]
    assert [one.score for one in attempts] == [90, 100]
    assert attempts[0].seed == attempts[1].seed, "one class, one seed"
    everybody = {record.seed for record in load_records(workspace.class_folder, stage.id)}
    assert len(everybody) == 1


def test_manual_scores_and_comments_survive_a_regrade(graded, course, stage):
    workspace, _ = graded
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        grade_of = gradebook.find_grade("rnn_forward", stage.id, stage.id, "ann")
        grade_of.manual_score = 3
        comment = gradebook.find_submission_notebook(stage.id, stage.id, "ann").comments[0]
        comment.manual_comment = "see me"
        gradebook.db.commit()
    outcome = grade(course, stage, workspace, force=True)
    assert "ann" in outcome.graded
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        assert gradebook.find_grade("rnn_forward", stage.id, stage.id, "ann").manual_score == 3
        comments = gradebook.find_submission_notebook(stage.id, stage.id, "ann").comments
        assert [one.manual_comment for one in comments].count("see me") == 1
        assert gradebook.find_submission(stage.id, "ann").score == 93


def test_a_grade_can_be_explained_and_comes_out_the_same(graded, course, stage):
    workspace, _ = graded
    asked = Asked("ben", "rnn_step_forward", None, "bubblewrap")
    text = "\n".join(explain_grade(course, stage, workspace, asked))
    assert "ben, s01_rnn, rnn_step_forward: 0 of 10 points" in text
    assert "graded again now: 0 of 10, as recorded" in text
    assert "TODAY" not in text
    assert "expected next_h (" in text


def test_an_explanation_says_what_is_another_today(graded, course, stage, monkeypatch, tmp_path, solved):
    workspace, _ = graded
    monkeypatch.setenv("SEQLAB_SECRET", str(tmp_path / "another" / "secret"))
    submit(workspace, stage, "ben", solved)
    text = "\n".join(explain_grade(course, stage, workspace, Asked("ben", "RNN", 1, "bubblewrap")))
    assert "TODAY the course secret is another" in text
    assert "another file today than the one that was graded, so it is not run again" in text


def test_a_hand_in_at_which_the_grader_stumbles_is_not_recorded_and_stops_nobody(classroom, course, stage, monkeypatch):
    from autograder.batch import Grader

    really = Grader.grade

    def stumbling(self, student, data, notes=()):
        if student == "cat":
            raise KeyError("a bug of ours")
        return really(self, student, data, notes)

    monkeypatch.setattr(Grader, "grade", stumbling)
    outcome = grade(course, stage, classroom)
    assert outcome.ungraded == (Ungraded("cat", "KeyError: 'a bug of ours'"),)
    assert scores(classroom, stage) == {student: score for student, score in CLASS.items() if student != "cat"}
    monkeypatch.undo()
    assert grade(course, stage, classroom).graded == ("cat",)
    assert scores(classroom, stage) == CLASS


RUN = """
import sys
from pathlib import Path
from autograder.course import load_course
from autograder.grading import Wishes, grade_class
from autograder.workspace import Workspace
if __name__ == "__main__":
    course = load_course(Path({root!r}))
    done = lambda: print("done", flush=True)
    outcome = grade_class(
        course, course.stage("s01_rnn"), Workspace.together(Path(sys.argv[1])), Wishes(workers=2, together=1),
        lambda total: done,
    )
    print("graded", len(outcome.graded), flush=True)
"""


@pytest.fixture
def start(classroom, tmp_path):
    """Starts a grading of the class in a process of its own."""
    script = tmp_path / "run.py"
    script.write_text(RUN.format(root=str(ROOT)))
    started = []

    def begin():
        process = subprocess.Popen(
            [sys.executable, str(script), str(classroom.root)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def descendants(parent):
    """The processes below ``parent``: (number, command)."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    found, grown = {parent}, True
    while grown:
        more = {int(pid) for pid, above, _ in rows if int(above) in found} - found
        found, grown = found | more, bool(more)
    return [(int(pid), command) for pid, _, command in rows if int(pid) in found - {parent}]


def await_first(process):
    """Wait until both controls and something more are done."""
    for _ in range(3):
        assert process.stdout.readline() == "done\n"


def all_once(workspace, stage):
    assert scores(workspace, stage) == gradebook_scores(workspace, stage) == CLASS
    assert {len(attempt_paths(workspace.class_folder, student, stage.id)) for student in CLASS} == {1}


@pytest.mark.parametrize("victim", ["spawn_main", "bwrap"])
def test_a_worker_or_fork_server_that_is_killed_costs_nobody(start, classroom, stage, victim):
    process = start()
    await_first(process)
    found = [pid for pid, command in descendants(process.pid) if victim in command.split("--args")[0]]
    os.kill(found[-1], signal.SIGKILL)
    assert process.wait(timeout=300) == 0
    all_once(classroom, stage)


def test_a_killed_parent_s_work_is_gone_on_with(start, classroom, course, stage):
    first = start()
    await_first(first)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    done = len(load_records(classroom.class_folder, stage.id))
    outcome = grade(course, stage, classroom, workers=3, together=2)
    assert len(outcome.graded) == len(CLASS) - done
    all_once(classroom, stage)
