"""Exports: the LMS's table comes back byte by byte but for the scores; everybody is accounted for."""

import csv
import io
from datetime import datetime

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from autograder.cli import main
from autograder.collecting.ledger import Collected, load_collected, save_collected
from autograder.course import CourseError, Stage
from autograder.environment import programs_on_path
from autograder.exporting.canvas import filled_gradebook, new_gradebook
from autograder.exporting.matching import Entry, login_keys, match, name_keys, number_keys
from autograder.exporting.moodle import comment, filled_worksheet
from autograder.exporting.nbgrader_csv import nbgrader_table
from autograder.exporting.scores import FinalScore, final_scores, scaled
from autograder.exporting.sheet import read_sheet
from autograder.workspace import Workspace
from tests.unit.books import graded, new_book

STAGE = Stage("s01_rnn", "The cell", {"RNN": 100.0})
CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework 0 (17),The cell (4711),Final Score\r\n"
    ",,,,,,Manual Posting,\r\n"
    "    Points Possible,,,,,10,100.00,(read only)\r\n"
    '"O\'Brien, Ána",101,,ana@x.edu,"CS, 1",9,,"9,0"\r\n'
    '名前,102,,,"say ""hi""",  8 ,50,1\r\n'
    '"Smith, Jo",103,,jsmith,CS 1,\'7,EX,2\r\n'
    '"Late, Lea",104,,=lea,CS 1,6,,3\r\n'
    '"Student, Test",105,,,CS 1,,,\r\n'
)
MOODLE = (
    "\ufeffIdentifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 101,"Ána O\'Brien",7,ana@x.edu,"Submitted, late",,100.00,Yes,"Monday, 2 November 2026, 11:59 PM",-,\n'
    'Participant 102,名前,8,n@x.edu,Submitted,50.00,100.00,Yes,-,"Tuesday, 3 November 2026, 9:00 AM","<p>old, x</p>"\n'
    "Participant 103,Jo Smith,9,jsmith@x.edu,Submitted,,100.00,No,-,-,\n"
)


def final(score, penalty=0.0, **exercises):
    return FinalScore(score, penalty, 100.0, exercises or {"RNN": (score, 100.0)})


def sheet(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode())
    return read_sheet(path)


SCORES = {"obrienána": final(85.5), "名前": final(70.0), "jsmith": final(60.0), "nobody": final(1.0)}


def test_canvas_gets_its_own_file_back_with_the_scores_in_it_and_nothing_else_changed(tmp_path):
    done = filled_gradebook(sheet(tmp_path, CANVAS), STAGE, SCORES, {})
    wanted = CANVAS.replace('"CS, 1",9,,', '"CS, 1",9,85.5,').replace("  8 ,50,", "  8 ,70,")
    assert done.data.decode() == wanted
    assert (done.filled, done.column) == (2, "The cell (4711)")
    assert list(done.unmatched) == ["nobody"]
    assert done.untouched == {
        "Late, Lea": "nothing graded",
        "Student, Test": "nothing graded",
        "jsmith": "excused in Canvas (EX)",
    }
    assert done.replaced == {"名前": "50 to 70"}


def test_moodle_gets_its_worksheet_back_with_grades_and_comments(tmp_path):
    scores = {"Ána-O-Brien": final(85.5, 10.0), "名前": final(50.0), "Smith-Jo": final(60.0), "x": final(2.0)}
    done = filled_worksheet(sheet(tmp_path, MOODLE), scores, {})
    wanted = (
        MOODLE.replace('late",,', 'late",75.5,')
        .replace("50.00,", "50,")
        .replace(
            '11:59 PM",-,', '11:59 PM",-,75.5 of 100 points. Not full: RNN 85.5 of 100. 10 points off for lateness.'
        )
    )
    assert done.data.decode() == wanted.replace('"<p>old, x</p>"', "50 of 100 points. Not full: RNN 50 of 100.")
    assert done.untouched == {"Smith-Jo": "locked in Moodle"}
    assert list(done.unmatched) == ["x"]
    assert done.replaced == {}


def test_more_than_moodle_takes_is_told_and_not_put_in(tmp_path):
    done = filled_worksheet(sheet(tmp_path, MOODLE), {"名前": final(104.0)}, {})
    assert done.data.decode() == MOODLE
    assert "more than Moodle takes" in done.untouched["名前"]


def test_the_lms_s_number_from_collecting_beats_the_name(tmp_path):
    text = MOODLE.replace("名前", "Jo Smith")
    told = filled_worksheet(sheet(tmp_path, text), {"Jo-Smith": final(10.0)}, {})
    assert told.filled == 0
    assert "several rows fit by names: Jo Smith (row 3), Jo Smith (row 4)" in told.unmatched["Jo-Smith"]
    known = {"Jo-Smith": Collected("Jo Smith", "102")}
    assert filled_worksheet(sheet(tmp_path, text), {"Jo-Smith": final(10.0)}, known).filled == 1


@pytest.mark.parametrize(
    "student, login, name",
    [
        ("lovelaceada", "", "Lovelace, Ada"),
        ("Lovelace-Ada", "", "Ada Lovelace"),
        ("Ada-Lovelace", "", "Lovelace, Ada"),
        ("ada", "ada@uni.edu", "Somebody Else"),
        ("ADA", "ada", ""),
        ("a.b-c", "a.b-c", ""),
        ("Müller-Jürgen", "", "Mu\u0308ller, Ju\u0308rgen"),
    ],
)
def test_people_are_known_by_login_and_name_as_collect_names_them(student, login, name):
    logins = login_keys([[login]])[0]
    entries = [Entry(1, name, frozenset(), logins, name_keys(name)), Entry(2, "z", names=name_keys("z"))]
    assert match({student: Collected()}, entries, "canvas").rows == {student: 1}


def test_two_who_claim_a_row_both_get_none():
    found = match({"ada-x": Collected(), "x-ada": Collected()}, [Entry(1, "Ada X", names=name_keys("Ada X"))], "moodle")
    assert found.rows == {}
    assert all("fits several" in why for why in found.unmatched.values())
    assert [entry.label for entry in found.left] == ["Ada X"]


def test_a_surer_key_goes_first_and_the_rest_is_told():
    entries = [Entry(1, "Ada X", numbers=number_keys("Participant 7"), names=name_keys("Ada X"))]
    found = match({"ada-x": Collected(), "ada-x-7": Collected("Ada X", "7")}, entries, "moodle")
    assert found.rows == {"ada-x-7": 1}
    assert list(found.unmatched) == ["ada-x"]


@pytest.mark.parametrize("row", ['"Kim, Jan",22,,jk2', '"Other, O",22,,kimjan', '"Other, O",22,,kimjan@x.edu'])
@pytest.mark.parametrize("lms, filled", [("canvas", 0), ("", 0), ("moodle", 1)])
def test_a_namesake_with_another_number_gets_no_score_of_who_left(tmp_path, row, lms, filled):
    head = CANVAS[: CANVAS.index("\"O'Brien")]
    text = f"{head}{row},CS 1,9,,1\r\n"
    done = filled_gradebook(
        sheet(tmp_path, text), STAGE, {"kimjan": final(80.0)}, {"kimjan": Collected("kimjan", "11", lms=lms)}
    )
    assert done.filled == filled
    if not filled:
        assert done.data.decode() == text
        assert "but its number is 22, not 11" in done.unmatched["kimjan"]


def test_a_row_with_the_same_number_at_another_lms_is_nobody_s(tmp_path):
    known = {"kimjan": Collected("kimjan", "102", lms="canvas")}
    done = filled_worksheet(sheet(tmp_path, MOODLE), {"kimjan": final(80.0)}, known)
    assert (done.filled, list(done.unmatched)) == (0, ["kimjan"])
    known = {"kimjan": Collected("kimjan", "102", lms="moodle")}
    assert filled_worksheet(sheet(tmp_path, MOODLE), {"kimjan": final(80.0)}, known).filled == 1
    made = new_gradebook(STAGE, {"kimjan": final(80.0)}, known, "").decode()
    assert made.splitlines()[-1] == "kimjan,,,kimjan,,80"


@pytest.mark.parametrize(
    "rows, keys",
    [
        ([["victim@evil.com"], ["vt@uni.edu"]], {"victim-evil.com"}),
        ([["victim@evil.com"], ["vt"]], {"victim-evil.com"}),
        ([["victim@uni.edu"], ["vt@UNI.edu"], ["login"]], {"victim-uni.edu", "victim"}),
        (
            [["victim@uni.edu", "v@other.edu"], ["vt@uni.edu", "w@other.edu"]],
            {"victim-uni.edu", "victim", "v-other.edu", "v"},
        ),
    ],
)
def test_what_stands_before_the_at_is_a_login_only_where_all_share_a_domain(rows, keys):
    assert login_keys(rows)[0] == keys


def test_an_address_of_one_s_own_choice_gets_nobody_else_s_score(tmp_path):
    text = MOODLE.replace("n@x.edu", "victim@evil.com")
    done = filled_worksheet(sheet(tmp_path, text), {"victim": final(99.0)}, {"victim": Collected("victim")})
    assert (done.filled, done.data.decode()) == (0, text)


@pytest.mark.parametrize(
    "change, told",
    [
        (("The cell (4711)", "Another (4711)"), "expected one column for s01_rnn.*--column"),
        (("Homework 0", "The cell again"), "2 fit"),
        (("100.00", "(read only)"), "read only"),
        (("100.00", "10"), "gives 10 points, the stage 100.*--scale"),
        (("Section", "Group"), "expected a gradebook of Canvas's"),
    ],
)
def test_a_gradebook_that_does_not_fit_is_refused(tmp_path, change, told):
    with pytest.raises(CourseError, match=told):
        filled_gradebook(sheet(tmp_path, CANVAS.replace(*change)), STAGE, SCORES, {})


def test_another_column_can_be_named_and_scores_converted(tmp_path):
    done = filled_gradebook(sheet(tmp_path, CANVAS), STAGE, {"jsmith": final(55.0)}, {}, "Homework 0 (17)", scale=True)
    assert done.data.decode() == CANVAS.replace("'7,", "5.5,")
    assert scaled(33.335, 100, 10) == "3.33"


def test_a_worksheet_in_another_language_is_refused(tmp_path):
    with pytest.raises(CourseError, match="no column Grade but .*Bewertung.*English"):
        filled_worksheet(sheet(tmp_path, MOODLE.replace(",Grade,", ",Bewertung,")), SCORES, {})


@pytest.mark.parametrize("text", ["a,b\n1,2", "a;b\r\n1;2\r\n", 'a\tb\n"x\ny"\t\n\n', "\ufeffa,b\n1,\n"])
def test_a_table_without_changes_comes_back_as_it_was(tmp_path, text):
    read = sheet(tmp_path, text)
    assert read.header == ["a", "b"]
    assert read.with_values({}) == text.encode()
    assert read.with_values({(1, 1): 'x"y'}).decode().count('"x""y"') == 1


@pytest.mark.parametrize(
    "data, told",
    [(b"a,b\n\xff,1\n", "not UTF-8"), (b'a,b\n"x,1\n', "line 2: expected a field"), (b"a,b\n", "found 1 rows")],
)
def test_what_is_no_table_is_refused(tmp_path, data, told):
    path = tmp_path / "roster.csv"
    path.write_bytes(data)
    with pytest.raises(CourseError, match=told):
        read_sheet(path)


def test_a_gradebook_made_from_nothing_holds_no_formula():
    known = {"eve": Collected("=cmd|' /C calc'!A0", "9")}
    rows = list(csv.reader(io.StringIO(new_gradebook(STAGE, {"eve": final(3.0)}, known, "").decode())))
    assert rows[0][-1] == "The cell"
    assert rows[2][:2] + rows[2][-1:] == ["'=cmd|' /C calc'!A0", "9", "3"]


def test_a_comment_holds_nothing_but_numbers_and_names_of_exercises():
    assert comment(final(100.0)) == "100 of 100 points."
    assert comment(final(30.0, 3.0, a=(10, 10), b=(20, 90))) == (
        "27 of 100 points. Not full: b 20 of 90. 3 points off for lateness."
    )


@pytest.fixture(scope="module")
def course_folder(tmp_path_factory):
    """A course with a gradebook in which an instructor corrected a score and one hand-in was late."""
    folder = tmp_path_factory.mktemp("course")
    with new_book(folder, "s01_rnn") as book:
        book.update_or_create_assignment("s01_rnn", duedate=datetime(2026, 11, 2, 12))
        book.add_student("ada", last_name='O"Brien, x', first_name="Ána", email="=1+1")
        book.add_student("absent")
        notebook = graded(book, "s01_rnn", "ada", {"step": 20.0, "RNN": 20.0}, datetime(2026, 11, 3, 12))
        for grade in notebook.grades:
            grade.needs_manual_grade = grade.name == "RNN"
            grade.manual_score = 50.0 if grade.name == "RNN" else None
        notebook.late_submission_penalty = 7.0
        book.db.commit()
    return folder


def test_scores_are_nbgrader_s_own(course_folder):
    scores = final_scores(Workspace.of_course(course_folder), "s01_rnn")
    assert list(scores) == ["ada"]
    assert (scores["ada"].earned, scores["ada"].penalty, scores["ada"].score) == (70, 7, 63)
    assert scores["ada"].exercises == {"step": (20, 40), "RNN": (50, 60)}
    assert scores["ada"].pending == 1


def test_our_table_says_what_nbgrader_s_says(course_folder, tmp_path):
    workspace = Workspace.of_course(course_folder)
    ours = list(csv.DictReader(io.StringIO(nbgrader_table(workspace, "s01_rnn").decode())))
    with programs_on_path(), Gradebook(workspace.gradebook_url) as book:
        book.find_student("ada").last_name = "OBrien"  # nbgrader writes it unquoted
        book.db.commit()
        CsvExportPlugin(to=str(tmp_path / "theirs.csv")).export(book)
        book.find_student("ada").last_name = 'O"Brien, x'
        book.db.commit()
    theirs = list(csv.DictReader((tmp_path / "theirs.csv").read_text().splitlines()))
    assert (ours[1]["last_name"], ours[1]["email"]) == ('O"Brien, x', "'=1+1")
    for row in ours + theirs:
        row |= {"last_name": "", "email": ""}
    assert ours == theirs


def exported(folder, *words):
    done = CliRunner().invoke(main, ["--course", str(folder), "export", "s01_rnn", *map(str, words)])
    return done.exit_code, " ".join(done.output.split())


def test_the_command_writes_beside_the_reports_and_tells_everybody(course_folder):
    roster = course_folder / "roster.csv"
    roster.write_text(CANVAS.replace("Late, Lea", "Ada"))
    save_collected(course_folder / "classroom", "s01_rnn", {"ada": Collected("a", "104")})
    code, said = exported(course_folder, "--to", "canvas", "--roster", roster)
    assert code == 0, said
    assert "1 of 1 scores put into the column 'The cell (4711)'" in said
    assert "in the table, left as it is: 名前 (nothing graded)" in said
    assert "formgrader still asks for a look at: ada" in said
    assert "=lea,CS 1,6,63,3" in (course_folder / "classroom/reports/s01_rnn-canvas.csv").read_text()


def test_the_downloaded_table_is_never_overwritten(course_folder):
    roster = course_folder / "roster.csv"
    roster.write_bytes(CANVAS.encode())
    code, said = exported(course_folder, "--to", "canvas", "--roster", roster, "--out", roster)
    assert (code, roster.read_bytes()) == (1, CANVAS.encode())
    assert "name another file" in said


def test_moodle_without_its_worksheet_says_where_to_get_it(course_folder):
    code, said = exported(course_folder, "--to", "moodle")
    assert code == 1
    assert "Download grading worksheet" in said


def test_nbgrader_s_table_takes_no_roster_and_is_written_without(course_folder):
    code, said = exported(course_folder, "--to", "nbgrader", "--roster", course_folder / "course.toml")
    assert (code, "gradebook alone" in said) == (1, True)
    assert exported(course_folder, "--to", "nbgrader")[0] == 0
    assert "63.0,100.0" in (course_folder / "classroom/reports/s01_rnn-nbgrader.csv").read_text()


def test_what_was_collected_is_kept_by_stage(tmp_path):
    save_collected(tmp_path, "s01_rnn", {"ada": Collected("Ada", "1"), "bob": Collected("Bob\ud800", "2", late=True)})
    save_collected(tmp_path, "s01_rnn", {"ada": Collected("Ada", "3")})
    assert load_collected(tmp_path, "s01_rnn")["bob"].late
    assert load_collected(tmp_path, "s01_rnn")["ada"].number == "3"
    assert load_collected(tmp_path, "s02_x") == {}
