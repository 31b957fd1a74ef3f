"""The real clients in a real browser: JupyterLab, nbgrader's Validate button, and formgrader before our judge."""

import json

import pytest

from autograder.record import load_records
from seqlab.checking.check import run_check
from tests.integration.nbgrader_tools import nbgrader

UPPER = {"x": 0, "y": 0, "width": 1200, "height": 535}
SUCCESS = "Success! Your notebook passes all the tests."

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


def open_notebook(page, folder, name):
    """Double-click a notebook in JupyterLab's file browser, which shows the folder's parent."""
    for entry in (folder, f"{name}.ipynb"):
        page.locator(".jp-DirListing-item").filter(has_text=entry).dblclick()
    return page.locator(".jp-NotebookPanel:visible")


def in_lab(page, lab, path):
    """JupyterLab with nothing open, its file browser at a folder."""
    page.goto(lab.address(f"lab/tree/{path}?reset"))
    page.locator(".jp-DirListing-item").first.wait_for()


def test_jupyterlab_opens_every_generated_notebook_without_an_error(page, lab, course):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    in_lab(page, lab, "assignments")
    for stage in course.stages.values():
        panel = open_notebook(page, stage.id, stage.id)
        panel.get_by_role("heading", name=stage.title).wait_for()
        panel.locator(".validate-button").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        assert panel.locator(".jp-mod-rendered.jp-RenderedText[data-mime-type*=stderr]").count() == 0
        page.locator('.jp-BreadCrumbs-item[title="assignments"]').click()
    assert page.locator(".jp-Dialog").count() == 0
    assert errors == []
    opened = {session["path"] for session in json.loads(lab.ask("GET", "api/sessions"))}
    assert opened == {f"assignments/{stage}/{stage}.ipynb" for stage in course.stages}


def run_cell(panel, text):
    """Click into the code cell that holds a text, and run it by its keys."""
    cell = panel.locator(".jp-CodeCell").filter(has_text=text).first
    cell.locator(".cm-content").click()
    cell.page.keyboard.press("Control+Enter")
    return cell


def write_cell(panel, text, written):
    """Replace what stands in a cell by the keyboard, as a student does, and run it."""
    cell = panel.locator(".jp-CodeCell").filter(has_text=text).first
    cell.locator(".cm-content").click()
    cell.page.keyboard.press("Control+A")
    cell.page.keyboard.insert_text(written)
    cell.page.keyboard.press("Control+Enter")


def test_a_check_in_jupyterlab_shows_our_table_and_follows_the_answer(page, lab, stage, answers, picture):
    """A student opens stage 1, writes a step without its bias, is told so, and mends it."""
    in_lab(page, lab, "assignments")
    first = next(iter(stage.points))
    panel = open_notebook(page, stage.id, stage.id)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    run_cell(panel, "from seqlab import check")
    for student, verdict in (("chloe", "0 of 9 cases right"), ("ada", "9 of 9 cases right")):
        write_cell(panel, f"def {first}(", answers[student][first])
        shown = run_cell(panel, f"check({first})").locator(".jp-OutputArea")
        shown.get_by_text(f"check({first}): {verdict}", exact=True).wait_for()
        assert shown.locator("table tr").count() == 9
        assert ("plays no part" in shown.inner_text()) == (student == "chloe")
        if student == "chloe":
            page.set_viewport_size({"width": 1200, "height": 1000})
            shown.get_by_text("plays no part").scroll_into_view_if_needed()
            picture("check", page.screenshot)


@pytest.fixture(scope="module")
def said_by_nbgrader(desk, stage):
    """What ``nbgrader validate`` says of each student's first page; ada's is right, chloe's is not."""
    said = nbgrader(desk, "validate", *(f"first/{student}/{stage.id}.ipynb" for student in ("ada", "chloe")))
    ada, failed, chloe = said.partition("VALIDATION FAILED ON 1 CELL(S)!")
    return {"ada": ada, "chloe": failed + chloe}


@pytest.mark.parametrize("student", ["ada", "chloe"])
def test_the_validate_button_says_what_nbgrader_validate_and_check_say(
    student, page, lab, desk, stage, answers, said_by_nbgrader, picture, monkeypatch
):
    in_lab(page, lab, "first")
    panel = open_notebook(page, student, stage.id)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    panel.locator(".validate-button").click()
    results = page.locator(".jp-Dialog").filter(has_text="Validation Results")
    results.wait_for()
    if student == "chloe":
        picture("validate", page.screenshot)
    monkeypatch.chdir(desk.root / "first" / student)
    report = run_check(written(answers[student], stage))
    assert (SUCCESS in results.inner_text()) == report.passed == (SUCCESS in said_by_nbgrader[student])
    assert report.passed or report.title in results.inner_text()
    assert report.passed or report.title in said_by_nbgrader[student]


def written(answers, stage):
    """The student's first function itself."""
    from typing import Any

    import numpy as np

    first = next(iter(stage.points))
    namespace = {"np": np, "Array": np.ndarray, "Any": Any}
    exec(answers[first], namespace)
    return namespace[first]


def test_formgrader_lists_autogrades_and_shows_a_hand_in(page, lab, desk, stage, picture):
    page.goto(lab.address("formgrader/"))
    row = page.locator("tr").filter(has_text=stage.id)
    assert row.locator("td.num-submissions").inner_text() == "2"
    row.locator("td.num-submissions a").click()
    for student in ("chloe", "ada"):
        hand_in = page.locator(f'tr:has(td.student-id:text-is("{student}"))')
        assert hand_in.locator("td.status").inner_text() == "needs autograding"
        hand_in.locator("td.autograde a").click()
        page.locator(".modal.in").get_by_text(f"Successfully autograded '{stage.id}' for student").wait_for()
        page.locator(".modal.in .modal-footer button").first.click()
        page.locator(".modal-backdrop").wait_for(state="detached")
        hand_in.locator("td.status").get_by_text("graded", exact=True).wait_for()
    records = {record.student: record for record in load_records(desk.class_folder, stage.id)}
    for student, record in records.items():
        shown = page.locator(f'tr:has(td.student-id:text-is("{student}")) td.score').inner_text()
        assert shown == f"{record.score:g} / 100"
    assert records["ada"].score == 100 > records["chloe"].score > 0
    picture("formgrader", lambda: page.screenshot(clip=UPPER))
    page.locator('tr:has(td.student-id:text-is("chloe")) td.student-name a').click()
    page.locator("td.name a, td a").first.click()
    shows_the_verdicts(page, records["chloe"], picture)


def shows_the_verdicts(page, record, picture):
    """formgrader's page of a hand-in has our line for each exercise, and the score of each in its own field."""
    lost = next(verdict for verdict in record.verdicts if verdict.score < verdict.points)
    for verdict in record.verdicts:
        line = f"{verdict.exercise}: {verdict.score:g} of {verdict.points:g} points"
        page.get_by_text(line).first.wait_for(state="attached")
    page.get_by_text(f"{lost.exercise}: {lost.score:g} of").first.scroll_into_view_if_needed()
    picture("graded", lambda: page.screenshot(clip=UPPER))
