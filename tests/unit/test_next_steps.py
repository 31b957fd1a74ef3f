"""A command that went well ends with what to do next, and one that takes long says where it is."""

import inspect
import subprocess

import pytest
from click.testing import CliRunner

import benchmarks.__main__
import seqlab.captioning.train
import seqlab.cli
from autograder.cli import main
from autograder.commands import authoring, grading, installation
from autograder.documentation.__main__ import main as build_documentation
from autograder.proving.__main__ import main as prove
from seqlab.data import commands as data_commands
from seqlab.data.features.command import features
from seqlab.data.prepare import Outcome
from tests.conftest import ROOT

ANSWERS = {"explain"}  # what is asked for is all there is to say
FOLDER = ROOT / "assignments" / "s01_rnn"


def nothing(*arguments, **options):
    return None


def last_line(outcome):
    assert outcome.exit_code == 0, outcome.output
    return [line for line in outcome.output.splitlines() if line.strip()][-1]


@pytest.mark.parametrize("name", sorted(set(main.commands) - ANSWERS))
def test_every_verb_of_the_autograder_says_what_is_next(name):
    text = inspect.getsource(inspect.unwrap(main.commands[name].callback))
    assert "say_next(" in text or "Next: " in text


@pytest.mark.parametrize(
    "program",
    [build_documentation, prove, features, data_commands.fetch, seqlab.captioning.train.main, benchmarks.__main__.main],
)
def test_other_long_programs_do(program):
    module = inspect.getmodule(inspect.unwrap(getattr(program, "callback", program)))
    assert "Next: " in inspect.getsource(module)


@pytest.mark.parametrize(
    ("words", "module", "replaced", "shown"),
    [
        (["release"], authoring, {"release_stage": lambda *_: FOLDER}, "releasing"),
        (["check"], authoring, {"stale_files": lambda *_: []}, "checking"),
        (["bundle"], authoring, {"write_bundle": lambda _, folder, stages: (list(stages), folder)[1]}, "checking"),
        (["solved", "s01_rnn"], authoring, {"solve": lambda master, checks, folder, progress: folder}, "running"),
        (["stage", "s09_memory", "--title", "Memory"], authoring, {"scaffold_stage": lambda *_: [FOLDER]}, "wrote"),
        (["grade", "s01_rnn"], grading, {"_grade": nothing}, ""),
        (["feedback", "s01_rnn"], grading, {"_write_pages": nothing}, ""),
        (["doctor"], installation, {"examine": lambda course: []}, ""),
    ],
)
def test_the_last_line_is_what_to_do_next(monkeypatch, words, module, replaced, shown):
    for name, stand_in in replaced.items():
        monkeypatch.setattr(module, name, stand_in)
    outcome = CliRunner().invoke(main, ["--course", str(ROOT), *words])
    assert last_line(outcome).startswith("Next: ")
    assert shown in outcome.output


def test_collecting_ends_with_grading(tmp_path):
    for name in ("course.toml", "assignments"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "export" / "ada").mkdir(parents=True)
    (tmp_path / "export" / "ada" / "s01_rnn.ipynb").write_bytes((FOLDER / "s01_rnn.ipynb").read_bytes())
    outcome = CliRunner().invoke(main, ["--course", str(tmp_path), "collect", "s01_rnn", str(tmp_path / "export")])
    assert last_line(outcome) == "Next: autograder grade s01_rnn."


def test_fetching_ends_with_looking(monkeypatch):
    monkeypatch.setattr(
        data_commands, "prepare", lambda places, chosen, options: [Outcome(chosen[0], data_commands.READY)]
    )
    outcome = CliRunner().invoke(seqlab.cli.main, ["data", "fetch", "plays"])
    assert last_line(outcome).startswith("Next: seqlab data show plays")


def test_setup_says_what_is_next_only_when_it_was_asked_for():
    def commands(verb):
        done = subprocess.run(["make", "-n", verb], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout

    assert "Next: " in commands("setup")
    assert "Next: " not in commands("doctor")
