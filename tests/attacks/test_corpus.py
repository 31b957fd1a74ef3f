"""The corpus of hostile hand-ins, graded in one batch with honest neighbours: nothing gained, leaked, hurt or left."""

import csv
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI

from autograder.environment import programs_on_path
from autograder.feedback import feedback_path
from autograder.hand_ins import clean_name
from autograder.record import load_records
from autograder.reports import reason_lines
from autograder.sandbox.launchers import PlainLauncher
from tests.attacks import corpus_leaks
from tests.attacks.arena import CORPUS, EVIL_NAMES, attacks, grade_all
from tests.attacks.oddities import odd_hand_ins
from tests.conftest import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]
ATTACKS = [attack.name for attack in attacks([])]
ODDITIES = [case.name for case in odd_hand_ins({})]
MARK = "31337"
ADDRESSES = ("href", "src", "action", "formaction", "data", "xlink:href", "background", "srcdoc")


@pytest.fixture(scope="module")
def arena(course, stage, released, isolation, tmp_path_factory):
    return grade_all(course, stage, released, tmp_path_factory.mktemp("arena"))


class Dangers(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self._script = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._script = tag == "script"
        for name, value in attrs:
            text = re.sub(r"[\s\x00-\x1f]", "", value or "").lower()
            if MARK in text and (name.startswith("on") or name == "srcdoc"):
                self.found.append((tag, name, value))
            if name in ADDRESSES and text.startswith(("javascript:", "vbscript:", "data:text")) and MARK in text:
                self.found.append((tag, name, value))

    def handle_data(self, data):
        if self._script and MARK in data:
            self.found.append(("script", data[:80]))

    def handle_endtag(self, tag):
        self._script = False


def test_the_corpus_is_as_large_as_promised():
    kinds = Counter(attack.kind for attack in attacks([]))
    assert sum(kinds.values()) >= 60
    assert set(kinds) == {"forgery", "leak", "escape", "exhaustion", "poison", "protocol", "liar", "script"}
    assert len(CORPUS) == 7
    assert len(ODDITIES) >= 20


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_earns_more_than_its_honest_part(arena, name):
    assert arena.records[name].score == arena.cases[name].earns, reason_lines(arena.records[name])


@pytest.mark.parametrize("name", ODDITIES)
def test_honest_oddities_lose_nothing(arena, name):
    record = arena.records[name]
    assert record.score == 100, reason_lines(record)


@pytest.mark.parametrize("name", ["neighbour_right", "neighbour_half", "neighbour_wrong"])
def test_neighbours_are_graded_as_if_they_were_alone(arena, name):
    assert replace(arena.records[name], graded_at="") == replace(arena.alone[name], graded_at="")
    assert arena.records[name].score == arena.cases[name].earns


def test_no_canary_is_in_any_record_notebook_page_or_table(arena):
    told = [str(path) for path, text in arena.files() if arena.canary.split("-")[1] in text]
    assert not [path for path in told if "neighbour_" not in path]
    assert not [name for name, record in arena.records.items() if arena.canary in repr(record)]


def test_no_answer_of_the_reference_is_in_what_students_printed_or_are_told(arena):
    answers = {text for text in arena.answers if len(text) > 12}
    assert len(answers) > 100
    for name, record in arena.records.items():
        told = record.printed + repr([verdict.reason for verdict in record.verdicts]) + repr(record.cell_problems)
        honest = name in ODDITIES or name.startswith("neighbour")
        assert honest or not [text for text in answers if text in told], name
    pages = [text for path, text in arena.files() if path.suffix in (".html", ".ipynb", ".csv")]
    assert not [text for text in answers if any(text in page for page in pages)]


def test_the_canaries_can_be_found_where_there_are_no_walls(arena, course):
    """So that the test above can fail."""
    child = PlainLauncher(course.limits).start()
    try:
        source = corpus_leaks.looking_into([str(arena.course)]).first
        child.request({"action": "cell", "source": source}, 20)
    finally:
        child.close()
    assert arena.canary in child.printed()


def test_the_host_is_as_it_was(arena):
    assert arena.differences == []


def test_printed_text_is_capped(arena):
    assert all(len(record.printed) <= 256 << 10 for record in arena.records.values())
    assert all(len(repr(record)) < 1 << 20 for record in arena.records.values())


def test_reasons_have_no_control_characters(arena):
    for record in arena.records.values():
        lines = "".join(reason_lines(record))
        assert lines.isprintable() or not lines, record.student


def test_no_script_is_in_any_page_of_ours(arena):
    pages = {path: text for path, text in arena.files() if path.suffix == ".html"}
    assert len(pages) > len(arena.records)
    for path, page in pages.items():
        assert not Dangers(page).found, path
        assert "<script" not in page, path


def test_the_parser_sees_scripts():
    evil = f"<script>alert({MARK})</script><a href=' java\nscript:alert({MARK})'>x</a><img src=x onerror=alert({MARK})>"
    assert len(Dangers(evil).found) == 3


@pytest.mark.parametrize("name", ["prose_with_blocks", "prose_with_links", "names_and_metadata", "retyped_cells"])
def test_nbgrader_s_pages_run_no_script(arena, stage, name):
    with programs_on_path():
        outcome = NbGraderAPI(config=arena.workspace.configuration()).generate_feedback(stage.id, name, force=True)
    assert outcome["success"], outcome.get("log", "")[-3000:]
    assert not Dangers(feedback_path(arena.workspace, name, stage.id).read_text()).found


def test_graded_notebooks_are_valid_and_carry_nothing_that_was_brought_along(arena, stage):
    for name in arena.records:
        path = arena.workspace.step_folder("autograded") / name / stage.id / f"{stage.id}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert MARK not in str(notebook.metadata)
        for cell in notebook.cells:
            assert "attachments" not in cell
            assert cell.cell_type != "markdown" or "\\href" not in cell.source
            assert MARK not in str(cell.metadata) + cell.id
            kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
            assert kinds <= {"text/plain"}


def test_grades_and_records_can_be_read_back(arena, stage):
    with arena.workspace.report_path(stage.id, "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(arena.records)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert {record.student for record in load_records(arena.workspace.class_folder, stage.id)} >= set(ATTACKS)


def test_students_with_evil_names_are_graded_like_others(arena):
    assert {clean_name(name) for name in EVIL_NAMES} <= set(arena.records)
    assert not (ROOT / "classroom" / "verdicts").exists()
