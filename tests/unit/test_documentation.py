"""The documentation's pages: nothing on those for students gives anything away, links lead somewhere, all is there."""

import os
import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.audit import AuditFailed
from autograder.authoring.master import read_master
from autograder.course import CourseError
from autograder.documentation.__main__ import check_site, start_sphinx
from autograder.documentation.contents import STAFF, STUDENTS, documents
from autograder.documentation.leaks import audit_pages, page_problems
from autograder.documentation.links import moved_links
from autograder.documentation.sources import demoted, write_sources
from autograder.documentation.targets import check_targets
from autograder.suite import load_suite
from tests.course.stages import COURSE
from tests.unit.test_makefile import TEXT as MAKEFILE

MATH = re.compile(r"\$\$(.+?)\$\$|(?<!\\)\$([^$\n]+?)\$", re.DOTALL)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The sources of both sites."""
    folder = tmp_path_factory.mktemp("pages")
    names = {audience: write_sources(COURSE, audience, folder / audience) for audience in (STUDENTS, STAFF)}
    return folder, names


def test_nothing_on_the_pages_for_students_gives_anything_away(pages):
    folder, names = pages
    assert audit_pages(COURSE, folder / STUDENTS) == len(names[STUDENTS])


@pytest.fixture(scope="module")
def known():
    stages = COURSE.stages.values()
    return [read_master(COURSE.master_path(stage.id), stage) for stage in stages], [load_suite(one) for one in stages]


def with_a_hidden_case(suite):
    """The delivered suites show every case in checks too, with other inputs; a maintainer may hide one."""
    first = suite.exercises[0]
    hidden = replace(first.cases[0], title="a case that no check shows", public=False)
    return replace(suite, exercises=(replace(first, cases=(*first.cases, hidden)), *suite.exercises[1:]))


@pytest.mark.parametrize(
    ("page", "planted", "told"),
    [
        ("s01_rnn.md", "    next_h = np.tanh(x @ Wx  + prev_h @ Wh + b)", "the answer's line"),
        ("data.md", "next_h = np.tanh(x @ Wx + prev_h @ Wh + b)", "the answer's line"),
        ("data.html", "<i>next_h</i> = np<b>.tanh(x @ Wx &#43; prev_h @ Wh + b)</b>", "the answer's line"),
        ("data.md", "see MISTAKE", "names the mistake"),
        ("s01_rnn.md", "grade(rnn_step_forward)", "a marker or a grading call"),
        ("index.md", "a case that no check shows", "tells of the hidden case"),
    ],
)
def test_a_leak_is_told(known, tmp_path, page, planted, told):
    masters, suites = known
    suites = [with_a_hidden_case(suites[0]), *suites[1:]]
    planted = planted.replace("MISTAKE", suites[0].mistakes[0].key)
    path = tmp_path / page
    path.write_text(f"harmless\n{planted}\n", encoding="utf-8")
    (problem,) = page_problems(path, masters, suites)
    assert told in problem
    assert page in problem


def test_a_leak_stops_the_build(tmp_path):
    (tmp_path / "x.html").write_text("np.tanh(x @ Wx + prev_h @ Wh + b)\n### BEGIN SOLUTION", encoding="utf-8")
    with pytest.raises(AuditFailed, match="a marker"):
        audit_pages(COURSE, tmp_path)


@pytest.mark.parametrize("name", [".doctrees/index.doctree", ".env", "stages/.hidden.html"])
def test_nothing_hidden_may_be_published(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("harmless", encoding="utf-8")
    with pytest.raises(AuditFailed, match="is hidden"):
        audit_pages(COURSE, tmp_path)


def test_a_built_site_holds_nothing_of_this_machine(tmp_path):
    """One page built for real, as the sites are; of an earlier build nothing is left."""
    pytest.importorskip("sphinx", reason="make docs installs it")
    sources, site = tmp_path / "sources", tmp_path / "site"
    sources.mkdir()
    (sources / "index.md").write_text("# A page\n\nText.\n", encoding="utf-8")
    (site / ".doctrees").mkdir(parents=True)
    assert start_sphinx(COURSE, sources, site).wait(60) == 0
    assert "files audited" in check_site(COURSE, site, STUDENTS)
    texts = [path.read_bytes() for path in site.rglob("*") if path.is_file()]
    assert len(texts) > 5
    assert not [text for text in texts if str(tmp_path).encode() in text]
    assert list(site.rglob(".*")) == []


@pytest.mark.parametrize("audience", [STUDENTS, STAFF])
def test_every_link_and_entry_of_the_contents_leads_to_a_page(pages, audience):
    folder, names = pages
    for name in names[audience]:
        path = folder / audience / f"{name}.md"
        text = re.sub(r"^(`{3,}).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", target):
                assert Path(os.path.normpath(path.parent / target)).is_file(), (name, target)
    contents = (folder / audience / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(?:stages/|api/)?\w[\w.]*$", contents[contents.index("```{toctree}") :], re.MULTILINE)
    assert set(listed) <= set(names[audience])
    assert {name for name in names[audience] if not name.startswith("api/") and name != "index"} <= set(listed)


def test_staff_read_everything_and_students_only_theirs(pages):
    _, names = pages
    shown = {document.source for document in documents(COURSE, STAFF)}
    assert {path.relative_to(COURSE.root) for path in (COURSE.root / "docs").glob("*.md")} <= shown
    assert {"grading", "truth", "contributing", "changelog", "api/autograder"} <= set(names[STAFF])
    assert not {"grading", "truth", "authoring", "api/autograder"} & set(names[STUDENTS])
    assert not [name for name in names[STAFF] if "suites" in name or "mistakes" in name]


def test_the_syllabus_has_every_exercise_with_its_points(pages):
    text = (pages[0] / STUDENTS / "syllabus.md").read_text(encoding="utf-8")
    for stage in COURSE.stages.values():
        for exercise, points in stage.points.items():
            assert re.search(rf"^\| `{exercise}` [A-Z].*\| {points:g} \|", text, re.MULTILINE), exercise


def test_a_stages_page_has_the_stubs_and_says_what_each_cell_is(pages):
    text = (pages[0] / STUDENTS / "stages" / "s04_gates.md").read_text(encoding="utf-8")
    assert text.count("raise NotImplementedError()") == len(COURSE.stage("s04_gates").points)
    assert ":caption: to write · lstm_step_backward · 16 points" in text
    assert ":caption: check\n" in text


def test_links_go_to_pages_and_elsewhere_become_names():
    text = "[a](other.md#x) [b](../tool.py) [c](https://x.org) ![d](p.png)"
    made = moved_links(
        text,
        Path("docs/one.md"),
        "deep/one",
        {Path("docs/other.md"): "cards.md#other"},
        lambda file: f"pictures/{file.name}",
    )
    assert "[a](../cards.md" in made
    assert "b (`tool.py`)" in made
    assert "![d](../pictures/p.png)" in made
    assert "[c](https://x.org)" in made


def test_headings_go_down_and_comments_in_code_do_not():
    assert demoted("# A\n```\n# b\n```\n## C") == "## A\n```\n# b\n```\n### C\n\n"


@pytest.mark.parametrize(
    "body",
    ['<a href="gone.html">x</a>', '<a href="#gone">x</a>', '<img src="gone.png">', '<script src="https://x.org/a.js">'],
)
def test_a_dead_link_and_anything_from_elsewhere_stop_the_build(tmp_path, body):
    page = tmp_path / "index.html"
    page.write_text('<h1 id="top">x</h1><a href="index.html#top">x</a><a href="https://x.org">x</a>', encoding="utf-8")
    assert check_targets(tmp_path) == 1
    other = tmp_path / "other.html"
    other.write_text(body, encoding="utf-8")
    with pytest.raises(CourseError):
        check_targets(tmp_path)


def test_every_formula_becomes_mathml(pages):
    pytest.importorskip("sphinx", reason="make docs installs it")
    from autograder.documentation.mathml import as_mathml

    texts = [path.read_text(encoding="utf-8") for path in (pages[0] / STUDENTS / "stages").glob("*.md")]
    formulas = [inline or block for text in texts for block, inline in MATH.findall(text)]
    assert len(formulas) > 500
    for tex in formulas:
        assert as_mathml(textwrap.dedent(tex), "inline").startswith("<math")
    assert "max_norm" in as_mathml(r"\text{max\_norm}", "inline")
    with pytest.raises(ValueError, match="nonsense"):
        as_mathml(r"\nonsense{x}", "inline")


def test_make_docs_installs_what_it_needs():
    rule = re.search(r"^docs: setup.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE).group(1)
    assert rule.splitlines()[0].strip() == "@tools/bootstrap.sh docs"
