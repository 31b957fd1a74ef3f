"""The Makefile: every verb listed, explained and set up first; from any folder; careful with hand-ins."""

import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

TEXT = (ROOT / "Makefile").read_text()
VERBS = re.search(r"^\.PHONY: (.*)$", TEXT, flags=re.M).group(1).split()
NEED_NO_SETUP = {"help", "setup", "clean", "distclean"}


@pytest.fixture
def course(tmp_path):
    """A course folder with a space in its name: the Makefile, and an autograder that repeats what it is told."""
    folder = tmp_path / "a course"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    script(folder / "tools" / "bootstrap.sh", "echo set up")
    for program in ("autograder", "seqlab", "python"):
        script(programs / program, 'printf "<%s>" "$@"')
    return folder


def script(path, body):
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def make(course, *words):
    done = subprocess.run(
        ["make", "--no-print-directory", "-C", str(course), *words],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_verb_is_phony_and_documented():
    rules = dict(re.findall(r"^([a-z][a-z-]*):(?!=)(.*)$", TEXT, flags=re.M))
    assert sorted(rules) == sorted(VERBS)
    assert [verb for verb, rest in rules.items() if "  ## " not in rest] == []


def test_help_is_what_make_alone_says(course):
    assert make(course) == make(course, "help")
    assert [line.split()[1] for line in make(course)[1].splitlines()] == re.findall(r"^([a-z-]+):.*  ## ", TEXT, re.M)


@pytest.mark.parametrize("verb", sorted(set(VERBS) - NEED_NO_SETUP))
def test_a_verb_sets_up_first(course, verb):
    commands = make(course, "-n", verb, "STAGE=s01_rnn", "ID=s09_x", "TITLE=X", "FROM=x", "TO=canvas")[1].splitlines()
    assert commands[0] == "tools/bootstrap.sh"
    assert len(commands) > 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["release"], "<release>"),
        (["release", "STAGE=s01_rnn"], "<release><s01_rnn>"),
        (["check"], "<check>"),
        (["autograde", "STAGE=s01_rnn"], "<grade><s01_rnn>"),
        (["feedback", "STAGE=s01_rnn"], "<feedback><s01_rnn>"),
        (["report", "STAGE=s01_rnn"], "<report><s01_rnn>"),
        (["export", "STAGE=s01_rnn", "TO=canvas"], "<export><s01_rnn><--to><canvas>"),
        (
            ["export", "STAGE=s01_rnn", "TO=moodle", "ROSTER=/a b/x.csv"],
            "<export><s01_rnn><--to><moodle><--roster></a b/x.csv>",
        ),
        (["bundle"], "<bundle>"),
        (["demo"], "<demo>"),
        (["solved"], "<solved>"),
        (["stage", "ID=s09_x", 'TITLE=Don\'t "stop" at `x`'], '<stage><s09_x><--title><Don\'t "stop" at `x`>'),
        (["stage", "ID=s09_x"], "<stage><s09_x><--title><>"),
        (["download-data"], "<data><fetch>"),
        (["download-data", "SET=list"], "<data><list>"),
        (["download-data", "SET=coco imdb"], "<data><fetch><coco><imdb>"),
        (["download-data", "MIRROR=/a b/$$HOME"], "<data><fetch><--mirror></a b/$HOME>"),
        (["bench"], "<-m><benchmarks>"),
    ],
)
def test_a_verb_calls_its_command(course, words, told):
    assert make(course, *words) == (0, f"set up\n{told}", "")


@pytest.mark.parametrize(
    ("verb", "missing"), [("autograde", "STAGE="), ("feedback", "STAGE="), ("report", "STAGE="), ("stage", "ID=")]
)
def test_a_verb_without_what_it_needs_says_how_to_call_it(course, verb, missing):
    code, _, said = make(course, verb)
    assert code == 2
    assert f"make {verb} {missing}" in said


def test_a_failed_setup_stops_the_verb(course):
    script(course / "tools" / "bootstrap.sh", "exit 1")
    code, out, _ = make(course, "demo")
    assert code == 2
    assert "<demo>" not in out


KEPT = ("classroom/submitted/eve/s01_rnn/__pycache__/kept", ".venv/lib/__pycache__/kept", "assignments/s01_rnn/kept")
PRODUCTS = ("build/demo/x", "dist/x.zip", "seqlab.egg-info/x", ".mypy_cache/x", "tests/unit/__pycache__/x.pyc")


def test_clean_removes_products_and_keeps_what_students_handed_in(course):
    for name in KEPT + PRODUCTS:
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).touch()
    assert make(course, "clean")[0] == 0
    assert [name for name in KEPT if not (course / name).exists()] == []
    assert [name for name in PRODUCTS if (course / name).exists()] == []
    assert make(course, "distclean")[0] == 0
    assert not (course / ".venv").exists()
    assert (course / KEPT[0]).exists()
