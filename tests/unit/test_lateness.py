"""Due dates, extensions and late days: one reckoning, in nbgrader's gradebook, and a table that shows it."""

import shutil
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.collecting.collect import collect
from autograder.collecting.ledger import load_collected
from autograder.course import CourseError, Stage
from autograder.deadlines import EXAMPLE, load_deadlines
from autograder.environment import programs_on_path
from autograder.gradebook import _write_scores, settle_lateness
from autograder.hand_in_times import hand_in_time
from autograder.late import DAY
from autograder.late_days import delays, extension_of
from autograder.workspace import Workspace
from tests.unit.books import graded, new_book, write_course
from tests.unit.test_record import RECORD

STAGE = Stage("s01_rnn", "The cell", {"RNN": 100.0})
BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 11, 2, 23, 59, tzinfo=BERLIN)


@pytest.fixture
def deadlines_of(tmp_path):
    def read(text):
        (tmp_path / "deadlines.toml").write_text(text)
        return load_deadlines(tmp_path)

    return read


def test_the_example_is_one(deadlines_of):
    deadlines = deadlines_of(EXAMPLE)
    assert deadlines.late_days == 5
    assert deadlines.due_of("s01_rnn", "zoe").astimezone(UTC) == datetime(2026, 11, 2, 22, 59, tzinfo=UTC)
    assert deadlines.due_of("s01_rnn", "ada") == datetime(2026, 11, 5, 23, 59, tzinfo=BERLIN)
    assert deadlines.due_of("s01_rnn", "ben") == DUE + timedelta(days=2)


@pytest.mark.parametrize("said", ["2026-10-27 23:59:00", "7"])
def test_an_extension_over_the_end_of_summer_time_lasts_until_its_time(deadlines_of, said):
    """Times of one zone are subtracted by their clocks; nbgrader adds the difference to a time in UTC."""
    text = 'time_zone = "Europe/Berlin"\n[due]\na = 2026-10-20 23:59:00\n[extensions.a]\nada = '
    deadlines = deadlines_of(text + said)
    (standing,) = delays(deadlines, "ada", {"a": datetime(2026, 10, 27, 22, 30, tzinfo=UTC)}, 0).values()
    assert (standing.days, standing.seconds_late) == (0, 0)
    extended = deadlines.due["a"].astimezone(UTC) + extension_of(deadlines.due["a"], standing)
    assert extended == datetime(2026, 10, 27, 22, 59, tzinfo=UTC)


def test_a_class_without_the_file_has_none(tmp_path):
    assert load_deadlines(tmp_path) is None


def test_texts_offsets_and_the_hour_that_comes_twice(deadlines_of):
    due = deadlines_of(
        'time_zone = "Europe/Berlin"\n[due]\na = "2026-10-25 02:30"\nb = 2026-10-25T02:30:00-05:00\nc = "2026-10-26"\n'
    ).due
    assert due["a"].astimezone(UTC).hour == 1  # the later of the two
    assert due["b"].astimezone(UTC).hour == 7
    assert due["c"] == datetime(2026, 10, 26, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("[due]", "[due", "is not TOML.*looks like this"),
        ("[due]", "[dew]", "found time_zone, late_days, dew, extensions"),
        ("Europe/Berlin", "Berlin", "expected a time zone such as Europe/Berlin; found 'Berlin'"),
        ("late_days = 5", "late_days = -1", "late_days to be a whole number"),
        ("2026-11-02 23:59:00", "'soon'", "due.s01_rnn: expected a time such as .*'soon'"),
        ("2026-11-05", "2026-11-01", "extensions.s01_rnn.ada: .* is before the stage is due"),
        ("ben = 2", "ben = true", "expected a time such as"),
        ("ben = 2", "ben = 99999999999", "or a number of days"),
        ("[extensions.s01_rnn]", "[extensions.s02_x]", "extensions.s02_x: the stage has no due date"),
        ("[extensions.s01_rnn]", "[extensions]", "expected due, extensions, late_days"),
    ],
)
def test_what_does_not_say_when_is_refused(deadlines_of, old, new, told):
    assert old in EXAMPLE
    with pytest.raises(CourseError, match=told):
        deadlines_of(EXAMPLE.replace(old, new))


def test_a_stage_that_there_is_not_is_named(deadlines_of):
    with pytest.raises(CourseError, match="'s01_rnn'.*s01_run"):
        deadlines_of(EXAMPLE).require_stages(["s01_run"])


def test_late_days_are_taken_in_the_order_of_the_stages_after_grace_and_extension(deadlines_of):
    deadlines = deadlines_of(
        'time_zone = "UTC"\nlate_days = 3\n[due]\ns03_c = 2026-03-01\ns01_a = 2026-01-01\ns02_b = 2026-02-01\n'
        "[extensions.s02_b]\nada = 1\n"
    )
    late = {"s01_a": 600, "s02_b": 2 * DAY + 601, "s03_c": 3 * DAY}
    times = {stage: deadlines.due[stage] + timedelta(seconds=seconds) for stage, seconds in late.items()}
    found = delays(deadlines, "ada", times, grace_seconds=600)
    assert {stage: (one.days, one.used, one.left) for stage, one in found.items()} == {
        "s01_a": (0, 0, 3),
        "s02_b": (2, 2, 1),
        "s03_c": (3, 1, 0),
    }
    assert found["s03_c"].seconds_late == 2 * DAY
    assert delays(deadlines, "ada", {"s01_a": None}, 0)["s01_a"].days == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two stages, due a week apart; ada is 25 and 49 hours late, cy's time is unknown."""
    folder = tmp_path_factory.mktemp("course")
    full = {"step": 40.0, "RNN": 60.0}
    with new_book(folder, "s01_rnn", "s02_x") as book:
        for stage, student in (("s01_rnn", "ada"), ("s02_x", "ada"), ("s01_rnn", "ben"), ("s01_rnn", "cy")):
            graded(book, stage, student, full)
    submitted = folder / "classroom" / "submitted"
    times = {
        "s01_rnn/ada": "2026-11-04 01:00:00",
        "s02_x/ada": "2026-11-12 01:00:00",
        "s01_rnn/ben": "2026-11-03 00:00:00",
    }
    for place, when in {**times, "s01_rnn/cy": ""}.items():
        stage, student = place.split("/")
        (submitted / student / stage).mkdir(parents=True)
        (submitted / student / stage / "timestamp.txt").write_text(when and f"{when} UTC")
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.PercentPerDay.percent = 10\n")
    lines = ['time_zone = "UTC"', "late_days = 3", "[due]", "s01_rnn = 2026-11-03", "s02_x = 2026-11-10"]
    text = "\n".join([*lines, "[extensions.s01_rnn]", "eve = 1"])
    (folder / "classroom" / "deadlines.toml").write_text(text)
    return folder


def in_gradebook(folder):
    with programs_on_path(), Gradebook(Workspace.of_course(folder).gradebook_url) as book:
        return {
            (one.assignment.name, one.student_id): (one.extension, one.late_submission_penalty)
            for stage in ("s01_rnn", "s02_x")
            for one in book.assignment_submissions(stage)
        }


def test_the_table_shows_who_is_how_late_and_changes_nothing(folder):
    before = in_gradebook(folder)
    done = CliRunner().invoke(main, ["--course", str(folder), "lateness", "s02_x"])
    assert done.exit_code == 0, done.output
    (row,) = [line for line in done.output.splitlines() if "ada" in line]
    assert " ".join(row.split()) == (
        "ada 2026-11-12 01:00 UTC timestamp.txt 2026-11-10 00:00 UTC 2 d 1 h 0 min 1 0 20 of 100"
    )
    assert in_gradebook(folder) == before


def test_applying_writes_extensions_and_penalties_of_all_stages_for_nbgrader_too(folder):
    settle_lateness(Workspace.of_course(folder), ["ada", "ben", "cy"])
    assert in_gradebook(folder) == {
        ("s01_rnn", "ada"): (timedelta(days=2), 0),
        ("s01_rnn", "ben"): (None, 0),
        ("s01_rnn", "cy"): (None, 0),
        ("s02_x", "ada"): (timedelta(days=1), 20),
    }
    with programs_on_path(), Gradebook(Workspace.of_course(folder).gradebook_url) as book:
        assert book.find_submission("s02_x", "ada").total_seconds_late == DAY + 3600
        assert book.find_assignment("s02_x").duedate == datetime(2026, 11, 10)


@pytest.mark.parametrize("said", [None, "yesterday, I think"])
def test_a_time_that_is_no_longer_known_costs_nothing(folder, tmp_path, said):
    """Such as after a second hand-in that was collected without dates."""
    course = shutil.copytree(folder, tmp_path / "course")
    workspace = Workspace.of_course(course)
    settle_lateness(workspace, ["ada"])
    stamp = course / "classroom" / "submitted" / "ada" / "s02_x" / "timestamp.txt"
    assert in_gradebook(course)["s02_x", "ada"] == (timedelta(days=1), 20)
    stamp.unlink() if said is None else stamp.write_text(said)
    settle_lateness(workspace, ["ada"])
    assert in_gradebook(course)["s02_x", "ada"] == (None, 0)
    with programs_on_path(), Gradebook(workspace.gradebook_url) as book:
        submission = book.find_submission("s02_x", "ada")
        assert (submission.timestamp, submission.total_seconds_late) == (None, 0)


def test_scores_of_a_hand_in_of_unknown_time_have_no_time(tmp_path):
    with new_book(tmp_path, "s01_rnn") as book:
        graded(book, "s01_rnn", "zoe", {"step": 0.0, "RNN": 0.0}, datetime(2026, 11, 4))
        for known in (datetime(2026, 11, 5), None):
            _write_scores(book, RECORD, known)
            assert book.find_submission("s01_rnn", "zoe").timestamp == known


def test_an_extension_for_nobody_is_told(folder):
    done = CliRunner().invoke(main, ["--course", str(folder), "lateness", "s01_rnn"])
    assert "an extension names eve, who has handed in nothing" in done.output


def test_a_stage_without_a_due_date_says_what_to_write(tmp_path):
    write_course(tmp_path, "s01_rnn")
    done = CliRunner().invoke(main, ["--course", str(tmp_path), "lateness", "s01_rnn"])
    assert done.exit_code == 1
    assert "no due date in" in done.output
    assert "[extensions.s01_rnn]" in done.output


def packed(path, extra=b""):
    info = zipfile.ZipInfo("lovelaceada_LATE_12345_67890_s01_rnn.ipynb", (2026, 11, 3, 0, 30, 0))
    info.extra = extra
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"{}")
    return path


@pytest.mark.parametrize(
    "extra, when, source",
    [
        (b"", datetime(2026, 11, 2, 23, 30), "the zip, read in Europe/Berlin"),
        (b"xx\1\0a" + b"UT\5\0\1\0\xe1\xf5\x05", datetime(1973, 3, 3, 9, 46, 40), "the zip, in UTC"),
        (b"UT\5\0\2\0\xe1\xf5\x05", datetime(2026, 11, 2, 23, 30), "the zip, read in Europe/Berlin"),
    ],
)
def test_collect_takes_the_zip_s_dates_if_asked_and_says_where_they_come_from(tmp_path, extra, when, source):
    workspace = Workspace.together(tmp_path / "class")
    export = packed(tmp_path / "x.zip", extra)
    folder = workspace.step_folder("submitted") / "lovelaceada" / "s01_rnn"
    collect(export, STAGE, workspace)
    assert hand_in_time(folder) is None
    collect(export, STAGE, workspace, BERLIN)
    assert hand_in_time(folder) == when
    collect(export, STAGE, workspace, timezone.utc)  # noqa: UP017 (another zone: what is known stays)
    assert hand_in_time(folder) == when
    said = load_collected(workspace.class_folder, "s01_rnn")["lovelaceada"]
    assert (said.number, said.late, said.time_from) == ("12345", True, source)
