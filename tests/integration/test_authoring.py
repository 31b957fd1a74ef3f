"""The authoring road from end to end: release, rebuild, audit, scaffold (a golden tree), bundle, and the commands."""

import filecmp
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import replace

import nbformat
import pytest

from autograder.authoring.audit import AuditFailed, audit_release, is_peculiar, leaks
from autograder.authoring.bundle import pack_bundle, student_pyproject, write_bundle
from autograder.authoring.checks import public_checks
from autograder.authoring.freshness import introduce_stage, stale_files
from autograder.authoring.release import release_stage
from autograder.authoring.sameness import same_checks, say_the_same
from autograder.course import CourseError
from autograder.gradebook import knows_stage
from autograder.workspace import Workspace
from seqlab.checking.casefile import read_checks, write_checks
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "integration" / "golden" / "s09_tiny"
COPIED = ("autograder", "seqlab", "solutions", "assignments")


def autograder(course_folder, *words, expect=0):
    """Run the command as `make` would, on the code of ``course_folder``."""
    environment = os.environ | {"PYTHONPATH": str(course_folder), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "autograder.cli", *words]
    done = subprocess.run(command, cwd=course_folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path):
    """A copy of the course that a test may change."""
    folder = tmp_path / "a course"
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "course.toml", folder / "course.toml")
    return folder


def test_what_is_committed_is_what_the_master_generates(course, stage):
    assert stale_files(course, stage) == []


def test_a_rebuild_is_byte_identical(released, stage, course, tmp_path):
    again = release_stage(course, stage, Workspace.together(tmp_path))
    for name in (f"{stage.id}.ipynb", "checks.h5"):
        assert filecmp.cmp(again / name, released.release_folder(stage.id) / name, shallow=False)


def changed_checks(path, change):
    """Read checks, change one thing of the first case of the first exercise, and return them."""
    checks = read_checks(path)
    name, exercise = next(iter(checks.exercises.items()))
    cases = (change(exercise.cases[0]), *exercise.cases[1:])
    return replace(checks, exercises=dict(checks.exercises) | {name: replace(exercise, cases=cases)})


def scaled(case, factor):
    values = {name: replace(value, numbers=value.numbers * factor) for name, value in case.expected.items()}
    return replace(case, expected=values)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda case: case, True),
        (lambda case: scaled(case, 1 + 1e-15), True),
        (lambda case: scaled(case, 1 + 1e-5), False),
        (lambda case: replace(case, title="another"), False),
        (lambda case: replace(case, guards_inputs=True), False),
        (lambda case: replace(case, mistakes={}), False),
        (lambda case: replace(case, inputs={name: x + 1e-15 for name, x in case.inputs.items()}), False),
    ],
)
def test_checks_from_another_processor_are_the_same_up_to_rounding(released, stage, change, same):
    path = released.release_folder(stage.id) / "checks.h5"
    assert same_checks(read_checks(path), changed_checks(path, change)) is same


def test_the_committed_checks_are_kept_where_they_say_the_same(course, stage, tmp_path):
    """As if they had been made on another processor: a last digit differs, and the release leaves them as they are."""
    path = ROOT / "assignments" / "s01_rnn" / "checks.h5"
    for name, factor in (("rounded", 1 + 1e-15), ("wrong", 1.01)):
        elsewhere = replace(course, root=tmp_path / name)
        shutil.copytree(ROOT / "solutions", elsewhere.root / "solutions")
        (elsewhere.root / "assignments" / stage.id).mkdir(parents=True)
        committed = elsewhere.release_folder(stage.id) / "checks.h5"
        write_checks(committed, changed_checks(path, lambda case, factor=factor: scaled(case, factor)))
        fresh = release_stage(elsewhere, stage, Workspace.together(tmp_path / f"fresh-{name}"))
        assert filecmp.cmp(fresh / "checks.h5", committed, shallow=False) is (name == "rounded")


def test_what_is_missing_or_damaged_says_nothing(tmp_path):
    assert not say_the_same(tmp_path / "missing.h5", ROOT / "assignments" / "s01_rnn" / "checks.h5")


def test_checks_made_twice_are_byte_identical(truth, tmp_path):
    for name in ("one.h5", "two.h5"):
        write_checks(tmp_path / name, public_checks(truth.suite, truth))
    assert filecmp.cmp(tmp_path / "one.h5", tmp_path / "two.h5", shallow=False)


def test_stale_damaged_missing_and_foreign_files_are_named(copy):
    folder = copy / "assignments" / "s01_rnn"
    notebook = folder / "s01_rnn.ipynb"
    notebook.write_text(notebook.read_text().replace("Cover this line", "Uncover this line"))
    (folder / "checks.h5").write_bytes(b"damaged")
    (folder / "notes.txt").write_text("mine")
    said = " ".join(autograder(copy, "check", "s01_rnn", expect=1).split())
    assert "s01_rnn.ipynb is not what its master generates today" in said
    assert "checks.h5 is not what its master generates today" in said
    assert "notes.txt is not something that the master generates" in said


def test_the_release_is_a_valid_notebook_whose_cells_know_their_exercise(released, stage):
    notebook = nbformat.read(released.release_folder(stage.id) / f"{stage.id}.ipynb", as_version=4)
    nbformat.validate(notebook)
    graded = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")}
    assert {name: cell.metadata.nbgrader.points for name, cell in graded.items()} == dict(stage.points)
    assert all(cell.source == f"check({name})" for name, cell in graded.items())


def test_cells_for_afterwards_are_in_the_master_and_not_in_what_is_released(released, stage, master):
    assert [cell.role for cell in master.cells[-4:]] == ["afterwards"] * 4
    for folder in (released.source_folder(stage.id), released.release_folder(stage.id)):
        text = (folder / f"{stage.id}.ipynb").read_text()
        assert "What you have now" in text
        for word in ("The same, faster", "afterwards", "inspect.getsource"):
            assert word not in text, (folder, word)


def poisoned(folder, stage, change):
    path = folder / f"{stage.id}.ipynb"
    notebook = json.loads(path.read_text())
    change(notebook)
    path.write_text(json.dumps(notebook))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda nb: nb["cells"][0].update(source="Try   da = dnext_h*(1 - next_h ** 2)"), "holds the answer's line"),
        (lambda nb: nb["cells"][0].update(source="from solutions  import faster"), "holds the withheld line"),
        (lambda nb: nb["cells"][0].update(source="clear = 1\n## The same, faster\n"), "holds the withheld line"),
        (lambda nb: nb["cells"][4].update(source="### BEGIN SOLUTION"), "holds a marker"),
        (lambda nb: nb["cells"][4].update(source="grade(RNN)"), "a grading call"),
        (
            lambda nb: nb["cells"].pop(next(i for i, c in enumerate(nb["cells"]) if c["id"] == "answer-RNN")),
            "7 stubs for 8",
        ),
        (lambda nb: nb["cells"][3].update(outputs=[{"output_type": "stream"}]), "holds outputs"),
    ],
)
def test_the_audit_finds_what_must_not_go_out(workspace, stage, master, change, words):
    folder = workspace.release_folder(stage.id)
    audit_release(folder, master)
    poisoned(folder, stage, change)
    with pytest.raises(AuditFailed, match=words):
        audit_release(folder, master)


@pytest.mark.parametrize("line", ["for t in range(x.shape[1]):", "losses.append(loss)", "dh = np.zeros_like(h)"])
def test_housekeeping_gives_nothing_away_elsewhere(line):
    assert not is_peculiar(line)


def test_what_an_answer_computes_may_stand_nowhere(master):
    slope = "    da = dnext_h * (1 - next_h**2)"
    assert leaks(f"def f():\n{slope}\n", master, "seqlab/x.py", own=False)
    loop = "for t in range(x.shape[1]):\n        pass"
    assert not leaks(loop, master, "seqlab/x.py", own=False)
    assert leaks(loop, master, "the release")


def test_the_audit_finds_unlisted_and_missing_files(workspace, stage, master):
    folder = workspace.release_folder(stage.id)
    (folder / "answers.txt").write_text("oops")
    with pytest.raises(AuditFailed, match=r"unlisted file answers.txt"):
        audit_release(folder, master)
    (folder / "answers.txt").unlink()
    (folder / "checks.h5").unlink()
    with pytest.raises(AuditFailed, match=r"missing file checks.h5"):
        audit_release(folder, master)


def test_a_master_without_its_end_marker_releases_nothing(copy):
    master = copy / "solutions" / "s01_rnn.py"
    master.write_text(master.read_text().replace("    ### END SOLUTION\n", "", 1))
    before = (copy / "assignments" / "s01_rnn" / "s01_rnn.ipynb").read_bytes()
    said = autograder(copy, "release", "s01_rnn", expect=1)
    assert "BEGIN SOLUTION without ### END SOLUTION" in " ".join(said.split())
    assert (copy / "assignments" / "s01_rnn" / "s01_rnn.ipynb").read_bytes() == before


def test_an_answer_that_is_wrong_is_stopped_by_the_other_oracle(copy):
    master = copy / "solutions" / "s01_rnn.py"
    master.write_text(master.read_text().replace("dWh = prev_h.T @ da", "dWh = prev_h.T @ dnext_h"))
    said = " ".join(autograder(copy, "release", "s01_rnn", expect=1).split())
    assert "rnn_step_backward, case 'sizes that all differ': the master's dWh and the oracle's differ" in said


def test_a_suite_for_an_exercise_that_does_not_exist_is_refused(copy):
    suite = copy / "autograder" / "suites" / "s01_rnn.py"
    suite.write_text(suite.read_text().replace('"rnn_step_forward",\n    (', '"rnn_stop_forward",\n    (', 1))
    said = " ".join(autograder(copy, "release", expect=1).split())
    assert "exercise rnn_stop_forward is not in course.toml" in said
    assert "exercise rnn_step_forward has 0 suites, expected 1" in said


def test_a_wrong_stage_name_says_did_you_mean(copy):
    assert "Did you mean s01_rnn?" in autograder(copy, "release", "s1_rnn", expect=1)
    assert "Did you mean s01_rnn?" in autograder(copy, "grade", "s01-rnn", expect=1)


def test_a_new_stage_is_scaffolded_and_released_as_the_golden_tree(copy):
    autograder(copy, "stage", "s09_tiny", "--title", 'A "tiny" stage')
    autograder(copy, "release", "s09_tiny")
    assert "my_tiny_exercise" in (copy / "tests" / "course" / "variants_s09_tiny.py").read_text()
    made = copy / "assignments" / "s09_tiny"
    assert sorted(path.name for path in made.iterdir()) == ["checks.h5", "s09_tiny.ipynb"]
    texts = {
        "release.ipynb": made / "s09_tiny.ipynb",
        "source.ipynb": copy / "build" / "source" / "s09_tiny" / "s09_tiny.ipynb",
    }
    for name, path in texts.items():
        if os.environ.get("SEQLAB_UPDATE_GOLDEN"):
            GOLDEN.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, GOLDEN / name)
        assert path.read_text() == (GOLDEN / name).read_text(), f"{name} changed; SEQLAB_UPDATE_GOLDEN=1 accepts it"


def test_a_stage_is_never_scaffolded_over_another(copy):
    assert "is there already" in autograder(copy, "stage", "s01_rnn", "--title", "Again", expect=1)
    assert "a stage id looks like" in autograder(copy, "stage", "nine", "--title", "Nine", expect=1)


def test_grading_without_hand_ins_says_where_they_belong(copy):
    said = " ".join(autograder(copy, "grade", "s01_rnn", expect=1).split())
    assert "found no hand-in of s01_rnn; each is expected at" in said
    for verb in ("feedback", "report"):
        assert "nothing of s01_rnn is graded yet" in " ".join(autograder(copy, verb, "s01_rnn", expect=1).split())


def test_a_gradebook_is_told_of_a_stage_only_as_students_have_it(copy, course, stage):
    elsewhere, workspace = replace(course, root=copy), Workspace.of_course(copy)
    path = elsewhere.release_folder(stage.id) / f"{stage.id}.ipynb"
    workspace.class_folder.mkdir()
    given = path.read_bytes()
    path.write_bytes(given.replace(b"Cover this line", b"Uncover this line"))
    with pytest.raises(CourseError, match="is not what the master of s01_rnn generates today"):
        introduce_stage(elsewhere, stage, workspace)
    assert b"Uncover this line" in path.read_bytes()
    assert not knows_stage(workspace, stage.id)
    path.write_bytes(given)
    introduce_stage(elsewhere, stage, workspace)
    assert knows_stage(workspace, stage.id)
    assert path.read_bytes() == given


@pytest.mark.sandbox
def test_the_commands_grade_and_write_feedback_and_isolation_none_warns(copy):
    autograder(copy, "release", "s01_rnn")
    hand_in = copy / "classroom" / "submitted" / "zoe" / "s01_rnn"
    hand_in.mkdir(parents=True)
    notebook = json.loads((copy / "assignments" / "s01_rnn" / "s01_rnn.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["id"] == "answer-temporal_affine_forward":
            cell["source"] = "def temporal_affine_forward(x, w, b):\n    return x @ w + b, None"
    (hand_in / "s01_rnn.ipynb").write_text(json.dumps(notebook))
    walled, open_air = autograder(copy, "grade", "s01_rnn"), autograder(copy, "grade", "s01_rnn", "--isolation", "none")
    assert "WARNING: NONE (--isolation none): student code runs with your rights" in open_air
    assert "WARNING" not in walled
    said = autograder(copy, "feedback", "s01_rnn").replace("\n", "")
    assert "grades.csv" in said
    assert "1 of 1 handed in; the median is 5 of 100; most points are lost in rnn_backward" in " ".join(
        autograder(copy, "report", "s01_rnn").split()
    )
    assert (copy / "classroom" / "reports" / "s01_rnn-report.html").is_file()
    row = (copy / "classroom" / "reports" / "s01_rnn-grades.csv").read_text().splitlines()[1]
    assert row.startswith("zoe,s01_rnn,0,0,0,0,5,0,0,0,5,100,")
    assert (copy / "classroom" / "feedback" / "zoe" / "s01_rnn" / "s01_rnn.html").is_file()


def test_the_student_pyproject_names_seqlab_alone():
    text = student_pyproject((ROOT / "pyproject.toml").read_text())
    assert "autograder" not in text
    assert "nbgrader" not in text
    assert 'name = "seqlab"' in text


@pytest.fixture(scope="module")
def bundle(course, tmp_path_factory):
    """The student zip; what is committed of every stage has to be fresh for it."""
    return write_bundle(course, tmp_path_factory.mktemp("bundle"))


def test_the_bundle_is_not_made_of_stale_stages(copy, course, stage, tmp_path):
    (copy / "assignments" / stage.id / "checks.h5").write_bytes(b"damaged")
    with pytest.raises(AuditFailed, match="checks.h5 is not what its master generates today"):
        write_bundle(replace(course, root=copy, stages={stage.id: stage}), tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


@pytest.mark.timeout(900)
def test_the_bundle_holds_what_is_listed_and_is_the_same_every_time(course, bundle, tmp_path):
    with zipfile.ZipFile(bundle) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        "LICENSE",
        "README.md",
        "assignments",
        "constraints.txt",
        "datasets",
        "docs",
        "environment.yml",
        "pyproject.toml",
        "seqlab",
        "set_up.py",
    }
    assert {name for name in names if name.startswith("docs/")} == {"docs/data.md"}
    cards = {f"datasets/cards/{path.name}" for path in (ROOT / "datasets" / "cards").iterdir()}
    assert {name for name in names if name.startswith("datasets/")} == {"datasets/registry.toml", *cards}
    assert {name for name in names if name.startswith("assignments/")} == {
        f"assignments/{stage}/{name}" for stage in course.stages for name in (f"{stage}.ipynb", "checks.h5")
    }
    assert pack_bundle(course, tmp_path).read_bytes() == bundle.read_bytes()


FIRST_CHECK = """
import os
os.chdir("assignments/s01_rnn")
import numpy as np
from seqlab import check
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    return np.tanh(x @ Wx + prev_h @ Wh + b), None
check(rnn_step_forward)
import importlib.util
assert importlib.util.find_spec("autograder") is None, "the staff's package is here"
import seqlab
print(seqlab.__file__)
"""


@pytest.mark.install
@pytest.mark.timeout(900)
def test_the_bundle_stands_on_its_own(bundle, tmp_path):
    """Unpack, install in a new environment, run a first check; nothing of the staff's is there to be opened."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "seqlab-student"
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", "constraints.txt", "-e", "."]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [python, "-c", FIRST_CHECK], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "check(rnn_step_forward): 9 of 9 cases right" in done.stdout
    assert str(folder) in done.stdout
    listed = subprocess.run(
        [python.with_name("seqlab"), "data", "list"], cwd="/", env=clean, capture_output=True, text=True, check=False
    )
    assert f"cache      {folder}/datasets/cache" in listed.stdout, listed.stderr
    loaded = [python, "-c", "from seqlab.data import load_digits, load_pairs; print(load_pairs('dates').train[0])"]
    made = subprocess.run(loaded, cwd="/", env=clean, capture_output=True, text=True, check=False)
    assert "PairBatch" in made.stdout, made.stderr
