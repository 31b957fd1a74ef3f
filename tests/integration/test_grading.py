"""A class is graded end to end in the sandbox: scores, reasons, gradebook, feedback, and nbgrader's own way."""

import csv
import json
import os

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.annotated import annotated_notebook
from autograder.batch import ControlsFailed, check_controls, make_grader, released_notebook
from autograder.course import CourseError
from autograder.demo import notebook_with, plain_answer
from autograder.environment import programs_on_path
from autograder.feedback import feedback_path, write_feedback
from autograder.gradebook import require_stage
from autograder.hand_ins import find_hand_ins
from autograder.isolation import make_launcher
from autograder.record import attempt_paths, load_records
from autograder.reporting.classroom import read_classroom
from autograder.reporting.figures import figures_of
from autograder.reporting.page import write_report
from autograder.reports import reason_lines, write_grades
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import IsolationMissing
from autograder.workspace import Workspace

pytestmark = pytest.mark.sandbox

EXPECTED = {"ada": 100.0, "ben": 55.0, "chloe": 90.0, "dan": 0.0, "erin": 0.0, "mallory": 0.0}


def test_everyone_gets_what_they_earned(classroom):
    _, records = classroom
    assert {student: record.score for student, record in records.items()} == EXPECTED


def test_reasons_say_why(classroom):
    _, records = classroom
    assert reason_lines(records["ada"]) == []
    assert "one of the five arguments plays no part" in reason_lines(records["chloe"])[0]
    assert "not JSON" in reason_lines(records["erin"])[0]
    assert all("is not written yet" in line for line in reason_lines(records["dan"]))
    told = "\n".join(reason_lines(records["mallory"]))
    assert "ended the Python process" in told
    assert "took longer than 4 seconds" in told


def test_a_crash_and_a_hang_cost_their_own_exercise_only(classroom):
    """Mallory's cells after the killer are still run: the last exercises are stubs, not casualties."""
    _, records = classroom
    reasons = {verdict.exercise: verdict.reason for verdict in records["mallory"].verdicts}
    assert "not written yet" in reasons["temporal_affine_forward"]


def test_the_hostile_notebook_saw_nothing(classroom):
    _, records = classroom
    printed = records["mallory"].printed
    assert "[Errno 101] Network is unreachable" in printed
    assert "solutions [Errno 2] No such file" in printed
    assert "submitted [Errno 2] No such file" in printed
    assert "BEGIN SOLUTION" not in printed


def test_the_gradebook_holds_an_explicit_score_for_every_graded_cell(classroom, stage):
    workspace, records = classroom
    with programs_on_path(), Gradebook(workspace.gradebook_url) as gradebook:
        for student, record in records.items():
            submission = gradebook.find_submission(stage.id, student)
            grades = {grade.name: grade.auto_score for grade in submission.notebooks[0].grades}
            assert grades == record.scores()
            assert submission.score == EXPECTED[student]
            assert not submission.needs_manual_grade


def test_graded_notebooks_are_valid_and_show_the_verdict(classroom, stage):
    workspace, records = classroom
    for student, record in records.items():
        path = workspace.step_folder("autograded") / student / stage.id / f"{stage.id}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
        assert float(cells["RNN"].outputs[-1]["data"]["text/plain"]) == record.scores()["RNN"]


def test_nbgrader_autograde_gives_the_same_scores(classroom, stage):
    """`nbgrader autograde` reaches the same judge through the bridge; broken and hostile hand-ins included."""
    workspace, _ = classroom
    with programs_on_path():
        for student in EXPECTED:
            outcome = NbGraderAPI(config=workspace.configuration()).autograde(stage.id, student, force=True)
            assert outcome["success"], outcome.get("log", "")[-3000:]
        with Gradebook(workspace.gradebook_url) as gradebook:
            scores = {student: gradebook.find_submission(stage.id, student).score for student in EXPECTED}
    assert scores == EXPECTED
    assert {record.student: record.score for record in load_records(workspace.class_folder, stage.id)} == EXPECTED


def test_nbgrader_generates_feedback_from_it(classroom, stage):
    workspace, _ = classroom
    with programs_on_path():
        outcome = NbGraderAPI(config=workspace.configuration()).generate_feedback(stage.id, "chloe", force=True)
    assert outcome["success"], outcome.get("log", "")[-3000:]
    page = feedback_path(workspace, "chloe", stage.id).read_text()
    assert "rnn_step_forward: 0 of 10 points" in page


def test_feedback_pages_and_grades(classroom, stage, tmp_path):
    workspace, _ = classroom
    records = load_records(workspace.class_folder, stage.id)
    overview = write_feedback(workspace, stage, records).read_text()
    page = feedback_path(workspace, "chloe", stage.id).read_text()
    assert "Which one could you change without changing your result?" in page
    assert "right, given a mistake in an earlier exercise" in page
    assert all(f"{student}/{stage.id}/{stage.id}.html" in overview for student in EXPECTED)
    write_grades(tmp_path / "grades.csv", stage, records)
    rows = list(csv.DictReader((tmp_path / "grades.csv").read_text().splitlines()))
    assert {row["student"]: float(row["score"]) for row in rows} == EXPECTED


def test_a_report_on_the_class_says_what_happened(classroom, course, stage):
    workspace, _ = classroom
    room = read_classroom(course, stage, workspace, lambda total: lambda: None)
    figures = figures_of(room)
    assert (figures.spread.count, figures.spread.median, figures.spread.upper) == (6, 27.5, 81.25)
    first = figures.exercises[0]
    assert (first.exercise, first.full, first.part, first.none, first.unwritten, first.refused) == (
        "rnn_step_forward", 2, 0, 4, 1, 1,
    )  # fmt: skip
    assert [(one.exercise, one.students) for one in figures.mistakes] == [("rnn_step_forward", ("chloe",))]
    assert [student for student, _ in figures.refusals] == ["erin"]
    noticed = {one.kind.name: [student for student, _ in one.seen] for one in figures.noticed}
    assert noticed["A time limit was reached"] == noticed["The Python process ended"] == ["mallory"]
    assert noticed["The network was asked for"] == ["mallory"]
    assert {one.student for one in figures.talk_to} == {"dan", "erin", "mallory"}
    page = write_report(workspace, room, figures).read_text()
    assert not [text for record in classroom[1].values() for text in hidden_numbers(record) if text in page]


def hidden_numbers(record):
    """Each expected and returned number of a finding, as a page could show it; short ones are met by chance."""
    findings = [one for verdict in record.verdicts for outcome in verdict.outcomes for one in outcome.findings]
    numbers = [number for one in findings if one.mismatch for number in (one.mismatch.expected, one.mismatch.got)]
    return {text for number in numbers if len(text := f"{abs(number):.5g}") > 5}


def test_feedback_shows_no_number_of_a_hidden_case(classroom, stage):
    """Every expected and every returned number of the record is absent from the page."""
    workspace, records = classroom
    write_feedback(workspace, stage, list(records.values()))
    for student in ("chloe", "mallory"):
        page = feedback_path(workspace, student, stage.id).read_text()
        for verdict in records[student].verdicts:
            for finding in (finding for outcome in verdict.outcomes for finding in outcome.findings):
                if finding.mismatch is not None:
                    texts = {f"{abs(number):.5g}" for number in (finding.mismatch.expected, finding.mismatch.got)}
                    assert not any(text in page for text in texts if len(text) > 5)


def test_a_page_escapes_what_a_student_wrote(classroom, stage, tmp_path):
    workspace, records = classroom
    from dataclasses import replace

    evil = replace(records["dan"], notes=("<script>alert(1)</script>",))
    write_feedback(workspace, stage, [evil])
    page = feedback_path(workspace, "dan", stage.id).read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_scripts_in_a_hand_in_reach_nobody_s_browser(classroom, stage, released):
    """Outputs are dropped from the graded notebook and prose is cleaned, since nbgrader renders both as they are."""
    workspace, records = classroom
    notebook = released_notebook(workspace.release_folder(stage.id), stage)
    evil = "<script>alert('stored')</script><img src=x onerror=\"alert('image')\">"
    output = {"output_type": "display_data", "data": {"text/html": evil}, "metadata": {}}
    notebook["cells"].insert(1, {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": f"hello {evil}"})
    answer = next(cell for cell in notebook["cells"] if cell["id"] == "answer-RNN")
    answer["outputs"] = [output]
    made = annotated_notebook(
        released_notebook(workspace.release_folder(stage.id), stage), notebook, records["dan"].verdicts
    )
    assert all("<script>" not in str(cell.get("outputs", "")) for cell in made.cells)
    path = workspace.step_folder("autograded") / "dan" / stage.id / f"{stage.id}.ipynb"
    path.chmod(0o644)
    nbformat.write(made, path)
    with programs_on_path():
        outcome = NbGraderAPI(config=workspace.configuration()).generate_feedback(stage.id, "dan", force=True)
    assert outcome["success"], outcome.get("log", "")[-3000:]
    page = feedback_path(workspace, "dan", stage.id).read_text()
    assert "hello" in page
    assert "<script>alert('stored')" not in page
    assert "<img src=x" not in page


def test_a_record_survives_being_saved(classroom, stage):
    workspace, _ = classroom
    (record,) = [one for one in load_records(workspace.class_folder, stage.id) if one.student == "chloe"]
    assert record.verdicts[0].mistakes[0].key == "step_without_bias"
    assert record.points == 100


def test_controls_that_are_off_stop_the_batch(course, stage, master, workspace):
    """Hand the release control a solved notebook, and the master control a wrong one: neither may pass."""
    release = workspace.release_folder(stage.id)
    launcher = make_launcher(course.limits, "bubblewrap", release)
    grader, _ = make_grader(course, stage, release, launcher)
    notebook = released_notebook(release, stage)
    solved = notebook_with(notebook, {"RNN": plain_answer(master.answers()["RNN"].source)})
    (release / f"{stage.id}.ipynb").write_text(solved)
    with pytest.raises(ControlsFailed, match="RNN of the untouched release scores 10"):
        check_controls(grader, master, release, lambda record: None)


def test_a_gradebook_that_does_not_know_the_stage_is_told_before_anybody_is_graded(stage, tmp_path):
    with pytest.raises(CourseError, match="does not know s01_rnn yet; run make release STAGE=s01_rnn"):
        require_stage(Workspace.together(tmp_path), stage.id)


def test_hand_ins_are_found_renamed_and_links_and_pipes_are_not_followed(stage, tmp_path):
    for student in ("amy", "bob", "cy", "di"):
        (tmp_path / student / stage.id).mkdir(parents=True)
    (tmp_path / "amy" / stage.id / "s01_rnn (1).ipynb").write_text("{}")
    (tmp_path / "bob" / stage.id / "s01_rnn.ipynb").symlink_to(tmp_path / "amy" / stage.id / "s01_rnn (1).ipynb")
    os.mkfifo(tmp_path / "cy" / stage.id / "s01_rnn.ipynb")
    found = {hand_in.student: hand_in.read()[0] for hand_in in find_hand_ins(tmp_path, stage)}
    assert found == {"amy": b"{}", "bob": b"", "cy": b"", "di": b""}


def test_an_unreleased_stage_says_what_to_do(course, stage, tmp_path):
    launcher = make_launcher(course.limits, "bubblewrap", tmp_path)
    with pytest.raises(CourseError, match="not released.*make release STAGE=s01_rnn"):
        make_grader(course, stage, tmp_path, launcher)


def test_without_bubblewrap_grading_refuses(course, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IsolationMissing, match=r"not on this machine.*--isolation none"):
        make_launcher(course.limits, "bubblewrap", tmp_path)


def test_bubblewrap_without_namespaces_refuses(course, monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(IsolationMissing, match="No permissions to create new namespace.*user namespaces"):
        bubblewrap.require_isolation()


def test_records_are_plain_json(classroom, stage):
    workspace, _ = classroom
    path = attempt_paths(workspace.class_folder, "ada", stage.id)[-1]
    assert json.loads(path.read_text())["student"] == "ada"
