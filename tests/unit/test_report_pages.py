"""The pages on a class and for a student: what they say, and that they keep the rules whatever students wrote."""

import csv
import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from autograder.feedback import feedback_path, write_feedback
from autograder.feedback_words import MEANINGS, final_score, meaning, start_here
from autograder.pages import number, page
from autograder.reporting.figures import figures_of
from autograder.reporting.page import write_report
from autograder.reporting.tables import write_tables
from autograder.session import CellProblem
from autograder.standings import ByHand, Standing, Standings
from autograder.workspace import Workspace
from seqlab.checking.outcome import CaseOutcome
from tests.conftest import ROOT
from tests.unit.html_rules import broken_rules
from tests.unit.made_classes import (
    EVIL,
    EVIL_NAMES,
    NO_BIAS,
    OFF,
    RIGHT,
    STAGE,
    classroom,
    half_right,
    hostile_record,
    mixed_class,
    record,
    refused,
    unwritten,
    verdict,
    work,
)


def report(room, folder):
    return write_report(Workspace.together(folder), room, figures_of(room)).read_text(encoding="utf-8")


def words(text):
    return " ".join(BeautifulSoup(text, "html.parser").main.get_text(" ").split())


@pytest.mark.parametrize("count", [0, 1, 6, 40])
def test_the_report_keeps_the_rules_for_every_class(tmp_path, count):
    text = report(mixed_class(count) if count else classroom([]), tmp_path)
    assert broken_rules(text) == {}
    assert EVIL not in text
    assert "<script" not in text


def test_a_class_of_a_thousand_has_one_page_of_a_reasonable_size(tmp_path):
    text = report(mixed_class(1000), tmp_path)
    assert len(text) < 2 << 20
    assert "student0993" in text


def test_the_rules_can_be_broken():
    wrong = (
        "<html><head><title></title></head><body><h2>a</h2><h4 id=x>b</h4><p id=x onclick=y><img src=http://x>"
        "<a href='#z'>c</a><svg></svg><table><tr><th>d</th></tr></table><details><p>e</p></details>"
        "<style>url(</style></b>"
    )
    assert set(broken_rules(wrong)) == {
        "nesting", "runs or loads", "handlers", "addresses", "styles that load", "policy", "ids", "references",
        "headings", "tables", "scopes", "pictures", "details", "language", "viewport", "title", "landmark",
    }  # fmt: skip


def test_the_report_says_what_the_figures_say(tmp_path):
    room = classroom(
        [work(record("ann")), work(half_right("bob"), record("bob", digest="d0")), work(refused("cy", "no JSON"))],
        missing={"dee": {"s00": 90.0}},
        standings=Standings(True, frozenset(), {"bob": Standing(7200.0, 6.0)}),
    )
    said = words(report(room, tmp_path))
    assert said.count("the median is 60 of 100") == 1
    assert "half have between 30 and 80 of 100, the median is 60, the mean 53.33; the lowest is 0" in said
    assert "What it looks like: these are the values of a step without its bias. What does b do?" in said
    assert "bob 100 60 100 to 60 of 100, because another file was handed in" in said
    assert "bob 2 hours 6" in said
    assert "handed in nothing; 90 on average before (s00 90)" in said
    assert "loop: took longer than 10 seconds and was stopped" in said
    assert "cy no JSON" in said


def test_the_report_links_to_the_pages_that_there_are(tmp_path):
    workspace = Workspace.together(tmp_path)
    name = 'O\'Neil & "Söhne" #1?'
    write_feedback(workspace, STAGE, [record(name)])
    links = BeautifulSoup(report(classroom([work(record(name)), work(record("bob"))]), tmp_path), "html.parser")
    (address,) = [tag["href"] for tag in links.find_all("a") if not tag["href"].startswith("#")]
    assert re.fullmatch(r"[\w./%-]+", address)
    from urllib.parse import unquote

    assert (tmp_path / "reports" / unquote(address)).resolve() == feedback_path(workspace, name, STAGE.id).resolve()


def test_the_overview_links_to_the_report_once_there_is_one(tmp_path):
    workspace = Workspace.together(tmp_path)
    before = write_feedback(workspace, STAGE, [record("ann")]).read_text()
    assert "autograder report s01_rnn" in before
    report(classroom([work(record("ann"))]), tmp_path)
    after = write_feedback(workspace, STAGE, [record("ann")]).read_text()
    assert 'href="s01_rnn-report.html"' in after
    assert [broken_rules(before), broken_rules(after)] == [{}, {}]


def test_tables_are_tidy_and_hold_no_formula(tmp_path):
    room = mixed_class(40)
    tables = {}
    for path in write_tables(Workspace.together(tmp_path), room, figures_of(room)):
        with path.open(newline="", encoding="utf-8") as file:
            tables[path.name] = list(csv.DictReader(file))
    assert list(tables) == [
        f"s01_rnn-report-{name}.csv" for name in ("students", "exercises", "cases", "mistakes", "noticed")
    ]
    fields = [field for rows in tables.values() for row in rows for field in row.values()]
    assert None not in fields
    assert not [field for field in fields if field.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert max(map(len, fields)) <= 8001
    students = {row["student"]: row for row in tables["s01_rnn-report-students.csv"]}
    assert len(students) == 40 + 3
    assert students["student0000"]["percent"] == "100.0"
    assert students["late comer"]["handed_in"] == "not graded yet"
    assert students["'=1+1|cmd"]["percent_before"] == "100.0"
    assert {row["exercise"] for row in tables["s01_rnn-report-exercises.csv"]} == {"step", "loop"}


def feedback(one, tmp_path, standing=None):
    shown = page_of(one, standing) if standing else None
    if shown is None:
        workspace = Workspace.together(tmp_path)
        write_feedback(workspace, STAGE, [one])
        shown = feedback_path(workspace, one.student, STAGE.id).read_text(encoding="utf-8")
    assert broken_rules(shown) == {}
    return shown


def page_of(one, standing):
    from autograder.feedback import _content

    return page("feedback.html", **_content(STAGE, one, standing))


@pytest.mark.parametrize(
    "one",
    [record("a"), half_right("a"), unwritten("a"), refused("a", EVIL), hostile_record("a"), record(EVIL_NAMES[1])],
    ids=["full", "half", "unwritten", "refused", "hostile", "formula"],
)
def test_a_feedback_page_keeps_the_rules_whatever_was_handed_in(one, tmp_path):
    text = feedback(one, tmp_path)
    assert EVIL not in text
    assert "<script" not in text
    assert "0.515625" not in text
    assert "0.5156" not in text


def test_a_feedback_page_says_what_is_right_what_is_off_and_where_to_go(tmp_path):
    said = words(feedback(half_right("bob"), tmp_path))
    assert "60 of 100 points" in said
    assert "0 of 2 exercises are right, 2 in part. Go on with step : later exercises build on earlier ones." in said
    assert "dx right h: shape right; 2 of 4 values off" in said
    assert "What it looks like: these are the values of a step without its bias. What does b do?" in said
    assert "1 of 2 cases are right and 1 in part, which gives 30 of 40 points." in said
    assert "Next: run check(step) in your notebook" in said
    assert "took longer than 10 seconds and was stopped" in said


def test_what_is_not_written_is_said_once(tmp_path):
    said = words(feedback(unwritten("c"), tmp_path))
    assert said.count("step is not written yet") == 2  # once under each exercise of this made-up stage
    assert "write it in its answer cell, then run check(step)" in said
    assert "0 of 2 cases" not in said


def test_a_mistake_that_was_charged_before_is_explained(tmp_path):
    carried = replace(OFF, carried="no_bias", mistakes=())
    judged = verdict("step", OFF, mistakes=(NO_BIAS,)), verdict("loop", RIGHT, carried)
    said = words(feedback(record("a", *judged), tmp_path))
    assert "A mistake in step runs through this exercise. It is counted there and costs nothing here" in said


def test_a_library_that_only_is_reported_is_told_though_points_are_full(tmp_path):
    leaned = replace(RIGHT, guarded="step called torch.tanh; this exercise is to be written in NumPy")
    said = words(feedback(record("a", verdict("step", leaned), verdict("loop", RIGHT)), tmp_path))
    assert "step called torch.tanh; this exercise is to be written in NumPy. Which of its lines" in said


def test_repairs_and_cells_are_told_with_what_they_mean(tmp_path):
    notes = ("cell 3 is not a code cell (raw); it was taken as one",)
    one = record("a", notes=notes, cell_problems=(CellProblem(0, "x"), CellProblem(7, "NameError: y")))
    said = words(feedback(one, tmp_path))
    assert "it was taken as one. Change its type back to Code" in said
    assert "A given cell: x Cell 7: NameError: y" in said


def test_every_meaning_is_of_a_note_that_the_grader_writes():
    sources = " ".join(
        path.read_text() for path in sorted((ROOT / "autograder").glob("*.py")) if path.stem != "feedback_words"
    )
    assert [
        one for pattern, _ in MEANINGS for one in pattern.split("|") if one.removeprefix("is ") not in sources
    ] == []
    assert meaning("something new") == ""


def test_the_score_on_the_page_is_the_gradebook_s_and_says_how_it_came_about(tmp_path):
    by_hand = {"step": ByHand(35.0, 0.0, f"Well thought. {EVIL}"), "loop": ByHand(None, 2.0)}
    standing = Standing(90_000.0, 7.0, by_hand)
    one = half_right("bob")
    assert final_score(one, standing) == 35 + 30 + 2 - 7
    text = feedback(one, tmp_path, standing)
    said = words(text)
    assert "60 of 100 points The cases give 60 of 100 points. Your instructor set the points of step to 35" in said
    assert "(the cases give 30). Your instructor gave 2 extra points for loop." in said
    assert (
        "The hand-in was late by 1 day 1 hour, beyond what extensions and late days cover, which takes off 7 points."
        in said
    )
    assert "Your instructor: Well thought. " + EVIL in said
    assert EVIL not in text


def test_to_go_on_with_is_where_the_mistake_lies():
    later = verdict("loop", OFF, mistakes=(NO_BIAS,))
    assert start_here([verdict("step", RIGHT), later]) == "step"
    assert start_here([verdict("step", RIGHT), verdict("loop", OFF)]) == "loop"
    assert start_here([verdict("step", RIGHT), verdict("loop", RIGHT)]) == ""


def test_numbers_are_short():
    assert [number(value) for value in (0.123, 82.46, 100.0, 12345.67, 0.0)] == [
        "0.12",
        "82.46",
        "100",
        "12345.67",
        "0",
    ]


def luminance(colour):
    digits = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_text_stands_out_from_its_paper():
    """At least 4.5 to 1, as WCAG 2 asks of text (criterion 1.4.3), in light, dark and print."""
    style = (ROOT / "autograder" / "templates" / "page.html").read_text()
    schemes = [dict(re.findall(r"--(\w+): #(\w+)", rule)) for rule in re.findall(r":root \{([^}]*)\}", style)]
    assert len(schemes) == 3
    for scheme in schemes:
        for ground in ("paper", "wash"):
            for ink in ("ink", "quiet", "full", "part", "none", "link"):
                light, dark = sorted((luminance(scheme[ground]), luminance(scheme[ink])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground, scheme)


def test_a_case_in_part_is_no_right_one(tmp_path):
    soup = BeautifulSoup(feedback(half_right("bob"), tmp_path), "html.parser")
    marks = {item.get_text(" ", strip=True)[0]: item["class"] for item in soup.select("ul.cases li")}
    assert marks == {"✓": ["right"], "◐": ["part"], "✗": ["off"]}
    assert CaseOutcome("x").share == 0
