"""The Gradescope bundle: run in the documented folders it writes results in the documented form."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.audit import AuditFailed
from autograder.batch import released_notebook
from autograder.closure import foreign_imports, imported_files
from autograder.course import load_course
from autograder.demo import notebook_with, plain_answer, with_mistake
from autograder.gradescope import bundle, running
from autograder.gradescope.results import VISIBILITIES
from autograder.sandbox import account
from autograder.sandbox.account import AccountLauncher, require_account
from autograder.sandbox.bubblewrap import IsolationMissing
from autograder.session import Session
from autograder.submission import RunnableCell
from autograder.suite import load_suite
from tests.conftest import ROOT

METADATA = {"id": 1, "assignment": {"total_points": "100.0"}, "users": [{"name": "Ada", "email": "a@x.edu"}]}
SETTINGS = {"isolation": "best", "visibility": "after_published"}
TEST_KEYS = {"score", "max_score", "status", "name", "output", "output_format", "visibility"}
TOP_KEYS = {"score", "execution_time", "output", "output_format", "visibility", "stdout_visibility", "tests"}


@pytest.fixture(scope="module")
def archive(course, stage, tmp_path_factory):
    return bundle.write_gradescope(course, stage, tmp_path_factory.mktemp("dist"), SETTINGS)


@pytest.fixture(scope="module")
def place(archive, tmp_path_factory):
    """Gradescope's folders, with the bundle unpacked in source/."""
    root = tmp_path_factory.mktemp("gradescope") / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    (root / "submission_metadata.json").write_text(json.dumps(METADATA))
    with zipfile.ZipFile(archive) as file:
        file.extractall(root / "source")
        for info in file.infolist():
            (root / "source" / info.filename).chmod(info.external_attr >> 16)
    (root / "run_autograder").write_bytes((root / "source" / "run_autograder").read_bytes())
    (root / "run_autograder").chmod(0o755)
    return root


def run(place, text, name="s01_rnn.ipynb"):
    """Hand in a text, run run_autograder as Gradescope does, and return the results after a look at their form."""
    for path in (place / "submission").iterdir():
        path.unlink()
    (place / "submission" / name).write_text(text)
    mine = {"SEQLAB_GRADESCOPE_ROOT": str(place), "SEQLAB_GRADESCOPE_PYTHON": sys.executable}
    done = subprocess.run(
        [place / "run_autograder"],
        cwd=place,
        env={"PATH": os.environ["PATH"], "HOME": str(place), "OMP_NUM_THREADS": "1", **mine},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    results = json.loads((place / "results" / "results.json").read_text())
    require_form(results)
    return results, done.stdout + done.stderr


def require_form(results):
    """Gradescope's documented format; and the points add up."""
    assert set(results) <= TOP_KEYS
    assert results["stdout_visibility"] == "hidden"
    assert results["visibility"] in VISIBILITIES
    assert results["output_format"] == "text"
    assert isinstance(results["output"], str)
    assert results["execution_time"] > 0
    for test in results["tests"]:
        assert set(test) <= TEST_KEYS
        assert 0 <= test["score"] <= test["max_score"]
        assert test["status"] in ("passed", "failed")
        assert isinstance(test["name"], str)
        assert isinstance(test["output"], str)
        assert test["visibility"] == "after_published"
    assert sum(test["max_score"] for test in results["tests"]) == 100
    assert round(sum(test["score"] for test in results["tests"]), 2) == results["score"]


@pytest.fixture(scope="module")
def answers(master):
    return {name: plain_answer(cell.source) for name, cell in master.answers().items()}


@pytest.fixture(scope="module")
def notebook(course, stage):
    return released_notebook(course.release_folder(stage.id), stage)


@pytest.mark.sandbox
def test_a_right_submission_scores_full(place, notebook, answers):
    results, said = run(place, notebook_with(notebook, answers), "my homework.ipynb")
    assert results["score"] == 100, said
    assert "Repaired" in results["output"]
    assert "protection: bubblewrap" in said


@pytest.mark.sandbox
def test_a_wrong_submission_is_told_what_is_off_and_no_case_is_named(place, stage, notebook, answers):
    """As root by an account of its own, so that this way of isolation is run too."""
    suite = load_suite(stage)
    mistake = suite.mistakes[0]
    wrong = answers | {mistake.exercise: with_mistake(answers[mistake.exercise], mistake)}
    isolation = "account" if os.geteuid() == 0 and shutil.which("setpriv") else "best"
    settings = json.loads((place / "source" / "bundle.json").read_text())
    (place / "source" / "bundle.json").write_text(json.dumps({**settings, "isolation": isolation}))
    results, said = run(place, notebook_with(notebook, wrong))
    (place / "source" / "bundle.json").write_text(json.dumps(settings))
    assert ("an account without rights" in said) == (isolation == "account")
    tests = {test["name"]: test for test in results["tests"]}
    assert 0 < results["score"] < 100, said
    assert tests[mistake.exercise]["status"] == "failed"
    assert mistake.asks in tests[mistake.exercise]["output"]
    text = json.dumps(results, ensure_ascii=False)
    titles = {case.title for exercise in suite.exercises for case in exercise.cases if case.weight > 0}
    assert [title for title in titles if len(title) > 12 and title in text] == []


@pytest.mark.sandbox
def test_a_broken_submission_is_zero_with_the_reason(place, notebook, answers):
    results, _ = run(place, notebook_with(notebook, answers)[:2000])
    assert results["score"] == 0
    assert "Nothing could be graded: " in results["output"]


def test_if_the_grader_stumbles_results_are_written_all_the_same(place):
    text = (place / "run_autograder").read_text()
    (place / "run_autograder").write_text(text.replace("autograder.gradescope.running", "no.such.module"))
    (place / "results" / "results.json").write_text("old")
    mine = {
        "SEQLAB_GRADESCOPE_ROOT": str(place),
        "SEQLAB_GRADESCOPE_PYTHON": sys.executable,
        "PATH": os.environ["PATH"],
    }
    subprocess.run([place / "run_autograder"], env=mine, check=False, capture_output=True, timeout=60)
    (place / "run_autograder").write_text(text)
    results = json.loads((place / "results" / "results.json").read_text())
    assert results["score"] == 0
    assert "tell your instructor" in results["output"]


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_the_scripts_are_sound_shell(place, name):
    subprocess.run(["bash", "-n", place / "source" / name], check=True, timeout=30)


def test_the_bundle_holds_the_stage_and_nothing_else(archive, course, stage):
    with zipfile.ZipFile(archive) as file:
        modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in file.infolist()}
        text = file.read("course/course.toml").decode()
    assert (modes["setup.sh"], modes["run_autograder"]) == (0o755, 0o755)
    assert {name for name in modes if name.startswith(("course/solutions", "course/assignments"))} == {
        "course/solutions/s01_rnn.py",
        "course/assignments/s01_rnn/s01_rnn.ipynb",
        "course/assignments/s01_rnn/checks.h5",
    }
    strange = re.compile(r"s0[2-9]_|classroom|autograder/commands|gradebook|proving|tests")
    assert [name for name in modes if strange.search(name)] == []
    assert text.count("[stages.") == 4
    assert "course/autograder/sandbox/inside/serve.py" in modes


def test_the_stage_judged_there_is_the_stage_judged_here(place, course, stage):
    there = load_course(place / "source" / "course")
    assert (there.limits, list(there.stages)) == (course.limits, [stage.id])
    assert there.stage(stage.id) == stage


def test_every_stage_s_bundle_can_be_made(course):
    for stage in course.stages.values():
        contents = dict(bundle._contents(course, stage, SETTINGS))
        bundle._audit(contents, stage)


def test_what_the_judge_imports_is_installed_there():
    files = imported_files(ROOT, [bundle.ENTRY])
    installed = (ROOT / "autograder", ROOT / "seqlab")
    assert all(any(path.is_relative_to(folder) for folder in installed) for path in files)
    known = {"numpy", "torch", "h5py", "nbformat", "jupytext", "IPython", "seqlab", "matplotlib", "sklearn", "PIL"}
    assert foreign_imports(files) - set(sys.stdlib_module_names) <= known
    project = {"dependencies": ["numpy>=2"], "optional-dependencies": {"staff": ["jupytext>=1", "nbgrader>=0.9"]}}
    assert bundle.requirements(project) == "numpy>=2\njupytext>=1\n"


@pytest.mark.parametrize("name", ["course/solutions/s02_language_model.py", "course/classroom/x.py", "course/../x.py"])
def test_the_audit_refuses_what_does_not_belong(stage, name):
    with pytest.raises(AuditFailed, match="does not belong there"):
        bundle._audit({name: b""}, stage)


def test_the_audit_finds_the_secret(stage, secret):
    with pytest.raises(AuditFailed, match="setup.sh holds the course secret"):
        bundle._audit({"setup.sh": b"x" + secret.key.hex().encode()}, stage)


@pytest.mark.parametrize("isolation", ["best", "bubblewrap", "account"])
def test_without_walls_the_score_is_zero_with_a_reason(place, isolation, monkeypatch, tmp_path, capsys):
    """No bwrap and no setpriv on the path; only `none`, chosen when the bundle was made, goes on."""
    monkeypatch.setenv("PATH", str(tmp_path))
    there = load_course(place / "source" / "course")
    stage = there.stage("s01_rnn")
    results = running.graded(place, there, stage, {**SETTINGS, "isolation": isolation})
    assert results["score"] == 0
    assert "cannot be isolated" in results["output"]
    assert len(results["tests"]) == len(stage.points)
    assert "no isolation: " in capsys.readouterr().out


PROBE = """\
import os, pathlib
for name in ({secret!r}, "/etc/shadow"):
    try:
        print(name, "READ", list(os.scandir(name)) if os.path.isdir(name) else open(name).read())
    except OSError as error:
        print(type(error).__name__)
print(os.getuid(), os.getgroups(), pathlib.Path("/proc/self/status").read_text().split("CapEff:")[1].split()[0])
_ = os.spawnlp(os.P_NOWAIT, "setsid", "setsid", "sleep", "321")
"""


@pytest.fixture
def private():
    """A folder like the grader's in a container: closed to others, below folders that are open."""
    if os.geteuid() != 0:
        pytest.skip("an account of its own needs root")
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        require_account(folder)
    except IsolationMissing as error:
        pytest.skip(f"the account does not work here: {error}")
    (folder / "master.py").write_text("ANSWER")
    yield folder
    shutil.rmtree(folder)


def test_the_account_reads_nothing_of_the_grader_s_has_no_rights_and_leaves_nothing_behind(course, private):
    limits = replace(course.limits, start_seconds=60)
    launcher = AccountLauncher(limits, private)
    cell = RunnableCell(1, PROBE.format(secret=str(private / "master.py")))
    with closing(launcher), Session(launcher, [cell], limits) as session:
        session.bench()
        session.abandon()
        assert session.printed().splitlines() == ["PermissionError", "PermissionError", "64321 [] 0000000000000000"]
    assert list(account._living()) == []


def test_an_open_folder_is_no_private_one(private):
    private.chmod(0o755)
    with pytest.raises(IsolationMissing, match="others may enter"):
        require_account(private)
