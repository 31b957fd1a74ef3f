"""`autograder regrade`: what a mended suite changes is told by student and exercise, and every attempt is kept."""

import csv
import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from autograder.cli import main
from autograder.history import moved
from autograder.record import attempt_paths, load_record, load_records, save_record
from autograder.regrading import Regraded
from autograder.workspace import Workspace
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox
KEPT = ("ada", "dan", "erin")


@pytest.fixture(scope="module")
def mended(classroom, tmp_path_factory):
    """A class of three whose records are an older suite's: it took 6 points from ada and gave erin, refused now, 3."""
    folder = tmp_path_factory.mktemp("mended") / "class"
    shutil.copytree(classroom[0].root, folder)
    workspace = Workspace.together(folder)
    for student in set(classroom[1]) - set(KEPT):
        shutil.rmtree(workspace.step_folder("submitted") / student)
    shutil.rmtree(workspace.class_folder / "verdicts")  # others may have graded the class again in the meantime
    for record in classroom[1].values():
        save_record(folder, record)
    for student, score in (("ada", 4.0), ("erin", 3.0)):
        record = classroom[1][student]
        first = replace(record.verdicts[0], score=score, reason="an old reason")
        save_record(folder, replace(record, suite="older", verdicts=(first, *record.verdicts[1:])))
    return workspace


def regrade(workspace, *words):
    """Run the command on the real course with this workspace in place of its classroom."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workspace, "of_course", classmethod(lambda cls, root: workspace))
        done = CliRunner().invoke(main, ["--course", str(ROOT), "regrade", "s01_rnn", "--workers", "2", *words])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def attempts(workspace):
    return {student: len(attempt_paths(workspace.class_folder, student, "s01_rnn")) for student in KEPT}


def test_a_dry_run_tells_what_would_change_and_writes_nothing(mended):
    before, files = attempts(mended), sorted(mended.root.rglob("*"))
    said = regrade(mended, "--dry-run")
    assert "ada: 94 to 100 of 100, because the suite, the release or the judging code is another" in said
    assert "rnn_step_forward: 4 to 10 (full)" in said
    assert "1 up, 1 down, 1 same" in said
    assert "Nothing was recorded" in said
    assert attempts(mended) == before
    assert sorted(mended.root.rglob("*")) == files


def test_what_changed_is_recorded_as_a_new_attempt_and_listed(mended):
    before = attempts(mended)
    paths = {student: attempt_paths(mended.class_folder, student, "s01_rnn") for student in KEPT}
    old = {path: path.read_bytes() for one in paths.values() for path in one}
    said = regrade(mended)
    assert "graded, hand-in is gone: ben, chloe, mallory" in said
    assert attempts(mended) == {student: count + 1 for student, count in before.items()}
    assert {path: path.read_bytes() for path in old} == old
    (report,) = mended.class_folder.glob("reports/s01_rnn-regrade-*.csv")
    rows = {row["student"]: row for row in csv.DictReader(report.read_text().splitlines())}
    assert sorted(rows) == ["ada", "erin"]
    assert [rows["ada"][name] for name in ("exercise", "before", "now", "points")] == [
        "rnn_step_forward",
        "4",
        "10",
        "10",
    ]
    assert rows["ada"]["cause"] == "the suite, the release or the judging code is another"
    records = {record.student: record for record in load_records(mended.class_folder, "s01_rnn")}
    assert {records[student].score for student in KEPT} == {100.0, 0.0}


def test_everybody_is_put_the_questions_they_had(mended):
    """The class was graded from seed 5; a grading with that seed again draws the same inputs."""
    for student in KEPT:
        assert {load_record(path).seed for path in attempt_paths(mended.class_folder, student, "s01_rnn")} == {5}


def test_a_total_that_hides_changes_is_told(classroom):
    record = classroom[1]["ada"]
    first, second, *rest = record.verdicts
    shifted = (replace(first, score=first.score - 1), replace(second, score=second.score + 1), *rest)
    other = replace(record, verdicts=shifted)
    came = Regraded({"ada": (record, other), "bob": (record, record)})
    assert came.summary() == "0 up, 0 down, 2 same (1 of them in other exercises)"
    assert [one.exercise for one in moved(record, other)] == ["rnn_step_forward", "rnn_step_backward"]
