"""nbgrader's own tools on our folders: command line, formgrader over HTTP, feedback, export, penalties, manual work."""

import csv
import json
import os
import shutil
import urllib.error

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.batch import Graded, released_notebook
from autograder.demo import notebook_with
from autograder.environment import programs_on_path
from autograder.feedback import feedback_path, write_feedback
from autograder.gradebook import record_batch
from autograder.hand_ins import read_plain_file
from autograder.harmless import HARMLESS, harmless_page
from autograder.record import load_records
from autograder.submission import parse_submission, read_template
from autograder.workspace import Workspace
from tests.integration.nbgrader_tools import nbgrader, write_settings
from tests.jupyter import JupyterServer

pytestmark = pytest.mark.sandbox

QUICK = ("ada", "chloe", "dan", "erin")
DUE, LATE = "2030-05-01 12:00:00", "2030-05-02 13:00:00 UTC"
POLICY = "c.PercentPerDay.percent = 10"
EVIL = (
    "<script>alert('CANARY')</script><img src=x onerror=\"alert('CANARY')\"> [look](javascript:alert('CANARY')) "
    "<a href='java\tscript:alert(1)'>x</a> <iframe srcdoc='CANARY'></iframe> <svg onload=alert('CANARY')></svg> "
    "<form action='https://example.org'><input name=a></form> `<script>`"
)


@pytest.fixture(scope="module")
def desk(classroom, tmp_path_factory):
    """The graded class in a folder of its own, with the course's rule for lateness; tests go on from each other."""
    folder = tmp_path_factory.mktemp("desk") / "class"
    shutil.copytree(classroom[0].root, folder)
    workspace = Workspace.together(folder)
    write_settings(workspace, POLICY)
    return workspace


@pytest.fixture(scope="module")
def expected(classroom):
    return {student: record.score for student, record in classroom[1].items()}


@pytest.fixture
def book(desk):
    with programs_on_path(), Gradebook(desk.gradebook_url) as gradebook:
        yield gradebook


def record_again(workspace, stage, students=None):
    """What `autograder grade` does once the judge is done: the same records are written down anew."""
    notebook = released_notebook(workspace.release_folder(stage.id), stage)
    template = read_template(notebook, stage.id, stage.points)
    batch = []
    for record in load_records(workspace.class_folder, stage.id):
        path = hand_in(workspace, record.student, stage, f"{stage.id}.ipynb")
        if students is None or record.student in students:
            data, _ = read_plain_file(path)
            batch.append(Graded(parse_submission(data, template), record))
    record_batch(workspace, notebook, batch)


def exported(workspace, path):
    nbgrader(workspace, "export", f"--to={path}")
    return {row["student_id"]: row for row in csv.DictReader(path.read_text().splitlines())}


def hand_in(workspace, student, stage, name=""):
    return workspace.step_folder("submitted") / student / stage.id / name


def test_autograde_by_command_line_gives_the_same_scores_and_takes_nothing_else_along(desk, stage, expected, book):
    """Beside the notebooks lie a link to a secret, a page, a pipe and a time that is none; one hand-in is a link."""
    secret = desk.root / "secret.txt"
    secret.write_text("CANARY")
    hand_in(desk, "ada", stage, "notes.txt").symlink_to(secret)
    (hand_in(desk, "ada", stage, "sub")).mkdir()
    hand_in(desk, "ada", stage, "sub/page.html").write_text(EVIL)
    os.mkfifo(hand_in(desk, "dan", stage, "pipe"))
    hand_in(desk, "dan", stage, "timestamp.txt").write_text("yesterday, I think")
    hand_in(desk, "lena", stage).mkdir(parents=True)
    hand_in(desk, "lena", stage, f"{stage.id}.ipynb").symlink_to(hand_in(desk, "ada", stage, f"{stage.id}.ipynb"))
    nbgrader(desk, "autograde", stage.id, "--force", "--CourseDirectory.student_id_exclude=ben,mallory")
    scores = {student: book.find_submission(stage.id, student).score for student in (*QUICK, "lena")}
    assert scores == {student: expected[student] for student in QUICK} | {"lena": 0}
    nbgrader(desk, "generate_feedback", stage.id, "--student=ada")
    for step in ("autograded", "feedback"):
        names = {path.name for path in (desk.step_folder(step) / "ada").rglob("*") if path.is_file()}
        assert names <= {f"{stage.id}.ipynb", f"{stage.id}.html"}
    # formgrader's list of hand-ins fails as a whole at such a time; docs/grading.md says so.
    hand_in(desk, "dan", stage, "timestamp.txt").unlink()


class Formgrader(JupyterServer):
    """A Jupyter server with formgrader in a class's folder."""

    def ask(self, method, path, body=None, token=None):
        return super().ask(method, f"formgrader/{path}", body, token)

    def autograde(self, stage, student):
        """What the button Autograde does."""
        outcome = json.loads(self.ask("POST", f"api/submission/{stage.id}/{student}/autograde"))
        assert outcome["success"], (outcome.get("error") or outcome["log"])[-3000:]
        return True


@pytest.fixture(scope="module")
def formgrader(desk):
    server = Formgrader(desk.root)
    try:
        server.wait("api/status")
        yield server
    finally:
        server.close()


def test_formgrader_s_autograde_button_gives_the_same_score(desk, stage, expected, formgrader, book):
    book.find_submission(stage.id, "chloe").notebooks[0].grades[0].auto_score = 1.0
    book.db.commit()
    assert formgrader.autograde(stage, "chloe")
    book.db.expire_all()
    assert book.find_submission(stage.id, "chloe").score == expected["chloe"]
    row = json.loads(formgrader.ask("GET", f"api/submission/{stage.id}/chloe"))
    assert (row["score"], row["max_score"], row["autograded"]) == (expected["chloe"], 100, True)


def test_formgrader_asks_for_its_token(formgrader, stage):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        formgrader.ask("POST", f"api/submission/{stage.id}/chloe/autograde", token="guess")


def test_manual_scores_credit_and_comments_survive_every_regrade(desk, stage, expected, formgrader, book, tmp_path):
    """Given in formgrader's own way, over HTTP; the regrade says that they want another look."""
    submission = book.find_submission(stage.id, "chloe").notebooks[0]
    grade = next(grade for grade in submission.grades if grade.name == "RNN")
    comment = submission.comments[0]
    formgrader.ask("PUT", f"api/grade/{grade.id}", {"manual_score": 7.5, "extra_credit": 2})
    formgrader.ask("PUT", f"api/comment/{comment.id}", {"manual_comment": "Well thought."})
    wanted = expected["chloe"] - 10 + 7.5 + 2

    def looked_at():
        book.db.expire_all()
        found = book.find_grade_by_id(grade.id)
        assert (found.manual_score, found.extra_credit, found.auto_score) == (7.5, 2, 10)
        assert found.needs_manual_grade
        assert book.find_comment_by_id(comment.id).manual_comment == "Well thought."
        assert book.find_submission(stage.id, "chloe").score == wanted

    record_again(desk, stage)
    looked_at()
    assert formgrader.autograde(stage, "chloe")
    looked_at()
    assert float(exported(desk, tmp_path / "grades.csv")["chloe"]["score"]) == wanted
    nbgrader(desk, "generate_feedback", stage.id, "--student=chloe", "--force")
    assert "Well thought." in feedback_path(desk, "chloe", stage.id).read_text()


def test_both_roads_remark_where_nothing_was_written(desk, stage, book):
    def remarks(student):
        book.db.expire_all()
        return {one.name: one.auto_comment for one in book.find_submission(stage.id, student).notebooks[0].comments}

    by_nbgrader = remarks("dan"), remarks("ada")
    assert set(by_nbgrader[0].values()) == {"No response."}
    for comment in book.find_submission(stage.id, "dan").notebooks[0].comments:
        comment.auto_comment = None
    book.db.commit()
    record_again(desk, stage)
    assert (remarks("dan"), remarks("ada")) == by_nbgrader


def test_lateness_costs_the_same_on_both_roads_and_in_the_export(desk, stage, expected, formgrader, book, tmp_path):
    """Twenty-five hours late at ten percent for each day begun: a fifth."""
    book.update_or_create_assignment(stage.id, duedate=DUE + " UTC")
    hand_in(desk, "ada", stage, "timestamp.txt").write_text(LATE)
    fifth = round(expected["ada"] / 5, 2)

    def penalty(student):
        book.db.expire_all()
        return book.find_submission(stage.id, student).late_submission_penalty

    record_again(desk, stage)
    assert (penalty("ada"), penalty("ben")) == (fifth, 0)
    row = exported(desk, tmp_path / "ours.csv")["ada"]
    assert [float(row[name]) for name in ("raw_score", "late_submission_penalty", "score")] == [100, fifth, 100 - fifth]
    book.find_submission(stage.id, "ada").notebooks[0].late_submission_penalty = None
    book.db.commit()
    assert formgrader.autograde(stage, "ada")
    assert penalty("ada") == fifth
    assert exported(desk, tmp_path / "theirs.csv")["ada"] == row
    hand_in(desk, "ada", stage, "timestamp.txt").write_text(DUE + " UTC")
    record_again(desk, stage, {"ada"})
    assert penalty("ada") == 0


def test_a_newer_hand_in_is_graded_without_force(desk, stage, book):
    """nbgrader compares the times; a hand-in that we have graded is not taken for a new one."""
    said = nbgrader(desk, "autograde", stage.id, "--student=ada")
    assert "Skipping existing assignment" in said
    notebook = released_notebook(desk.release_folder(stage.id), stage)
    hand_in(desk, "ada", stage, f"{stage.id}.ipynb").write_text(notebook_with(notebook, {}))
    hand_in(desk, "ada", stage, "timestamp.txt").write_text("2030-05-01 12:00:01 UTC")
    nbgrader(desk, "autograde", stage.id, "--student=ada")
    assert book.find_submission(stage.id, "ada").score == 0


def dangers(page):
    """What in a page could run, load or send something."""
    soup = BeautifulSoup(page, "html.parser")
    found = [tag.name for tag in soup.find_all(["script", "iframe", "object", "embed", "form", "base", "link"])]
    for tag in soup.find_all(True):
        found += [f"{tag.name} {name}" for name in tag.attrs if name.lower().startswith("on") or name == "srcdoc"]
        for address in (str(tag[name]) for name in ("href", "src", "action", "xlink:href") if name in tag.attrs):
            found += [address] * (":" in address and not address.startswith(HARMLESS))
    return found


def policy(page):
    (tag,) = BeautifulSoup(page, "html.parser").find_all("meta", attrs={"http-equiv": "Content-Security-Policy"})
    return tag["content"]


def test_nbgrader_s_feedback_has_no_script_shows_verdicts_and_no_hidden_number(desk, stage, classroom):
    records = classroom[1]
    notebook = nbformat.read(desk.step_folder("autograded") / "mallory" / stage.id / f"{stage.id}.ipynb", as_version=4)
    notebook.cells[0].source += f"\n\n{EVIL}"
    path = desk.step_folder("autograded") / "mallory" / stage.id / f"{stage.id}.ipynb"
    path.chmod(0o644)
    nbformat.write(notebook, path)
    nbgrader(desk, "generate_feedback", stage.id, "--force")
    for student in ("mallory", "chloe", "erin"):
        page = feedback_path(desk, student, stage.id).read_text()
        assert dangers(page) == []
        assert "default-src 'none'" in policy(page)
        assert "script-src" not in policy(page)
        for verdict in records[student].verdicts:
            assert f"{verdict.exercise}: {verdict.score:g} of {verdict.points:g} points" in page
        assert not [text for text in hidden_numbers(records[student]) if text in page]


def test_our_feedback_has_no_script_shows_verdicts_and_no_hidden_number(desk, stage, classroom):
    from dataclasses import replace

    records = [replace(record, notes=(EVIL,)) for record in classroom[1].values()]
    overview = write_feedback(desk, stage, records).read_text()
    assert dangers(overview) == []
    for record in records:
        page = feedback_path(desk, record.student, stage.id).read_text()
        assert dangers(page) == []
        assert "default-src 'none'" in policy(page)
        assert not [text for text in hidden_numbers(record) if text in page]


def hidden_numbers(record):
    """Each expected and returned number of a finding, in the digits that a page could show it with."""
    findings = [finding for verdict in record.verdicts for outcome in verdict.outcomes for finding in outcome.findings]
    numbers = [number for one in findings if one.mismatch for number in (one.mismatch.expected, one.mismatch.got)]
    return {text for number in numbers for digits in (5, 4) if len(text := f"{abs(number):.{digits}g}") > 5}


def test_formgrader_s_page_of_a_hand_in_runs_nothing_of_it(desk, stage, formgrader, book):
    """Its page needs scripts of its own; the student's prose is cleaned before it comes there."""
    notebook = released_notebook(desk.release_folder(stage.id), stage)
    notebook["cells"].insert(1, {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": f"hello {EVIL}"})
    hand_in(desk, "dan", stage, f"{stage.id}.ipynb").write_text(json.dumps(notebook))
    record_again(desk, stage, {"dan"})
    submission = book.find_submission(stage.id, "dan").notebooks[0]
    page = formgrader.ask("GET", f"submissions/{submission.id}/")
    soup = BeautifulSoup(page, "html.parser")
    assert "hello" in page
    assert not [tag for tag in soup.find_all("script") if "CANARY" in tag.text]
    assert not [tag for tag in soup.find_all(True) for name, value in tag.attrs.items()
                if "CANARY" in str(value) and (name.startswith("on") or name in ("href", "src", "srcdoc"))]  # fmt: skip


@pytest.mark.parametrize(
    "evil",
    [
        "<script>x</script>", "<ScRiPt src=//e.org>", "<a href='jAvascript:x'>y</a>", "<a href='java\nscript:x'>y</a>",
        "<a href='&#1;javascript:x'>y</a>", "<img src=x onerror=x>", "<svg><a xlink:href='javascript:x'>y</a></svg>",
        "<iframe srcdoc='<b>'></iframe>", "<form action=//e.org><button>y</button></form>", "<base href=//e.org>",
        "<meta http-equiv=refresh content='0;url=//e.org'>", "<a href='data:text/html,x'>y</a>",
        "<link rel=stylesheet href=//e.org>", "<object data=x></object>", "<div ONCLICK=x>y</div>",
    ],
)  # fmt: skip
def test_a_page_is_cleaned_of(evil):
    page = harmless_page(f"<!DOCTYPE html><html><head><title>t</title></head><body>{evil}<p>kept</p></body></html>")
    assert dangers(page) == []
    assert "refresh" not in page
    assert "<p>kept</p>" in page or "ScRiPt" in evil
    assert "form-action 'none'" in policy(page)
