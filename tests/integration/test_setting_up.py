"""A notebook by itself, as on Colab: a bare folder, Python with pip but no seqlab, the student zip on a server."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sysconfig
import threading
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from autograder.authoring import set_up
from autograder.authoring.bundle import pack_bundle, student_pyproject
from autograder.authoring.setup_cell import TITLE, set_up_seqlab, setup_source
from autograder.demo import notebook_with, plain_answer
from autograder.submission import parse_submission, read_template

MISSING = "filelock"  # what Colab's stand-in lacks besides seqlab: small, and pure Python
OLD_TORCH = "2.9.0+cu126"


@pytest.fixture(scope="module")
def student_zip(course, tmp_path_factory):
    """The address of the student zip on a server of ours; beside it a page and another zip."""
    folder = tmp_path_factory.mktemp("server")
    pack_bundle(course, folder)
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("README.md", "other")
    (folder / "page.html").write_text("<html>download</html>")
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/seqlab-student.zip"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python with our libraries, but for seqlab, one that is missing, and a torch that says that it is old."""
    folder = tmp_path_factory.mktemp("colab")
    venv.create(folder / "env", with_pip=False)
    libraries = folder / "libraries"
    libraries.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.lower().startswith((MISSING, "torch-", "__editable__", "seqlab")):
            (libraries / entry.name).symlink_to(entry)
    (libraries / f"torch-{OLD_TORCH}.dist-info").mkdir()
    said = f"Metadata-Version: 2.1\nName: torch\nVersion: {OLD_TORCH}\n"
    (libraries / f"torch-{OLD_TORCH}.dist-info" / "METADATA").write_text(said)
    python = folder / "env" / "bin" / "python"
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(asked, capture_output=True, text=True, check=True)
    (Path(site.stdout.strip()) / "shared.pth").write_text(f"{libraries}\n")
    return python


def run_cells(python, folder, notebook, names, address, rounds=1):
    """Run cells of a notebook in its own folder, one after the other in one process, as a kernel does."""
    by_id = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    code = "\n".join(by_id[name] for name in names)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "SEQLAB_STUDENT_ZIP": address}
    for _ in range(rounds):
        done = subprocess.run(
            [python, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr
        yield done.stdout


@pytest.mark.install
@pytest.mark.registry
def test_a_notebook_alone_sets_itself_up_and_its_first_check_runs(
    released, stage, master, student_zip, bare_python, tmp_path
):
    """Nothing but the notebook; without a restart; the second time it does nothing. What is there stays as it is."""
    first = next(iter(stage.points))
    whole = json.loads((released.release_folder(stage.id) / f"{stage.id}.ipynb").read_text())
    notebook = json.loads(notebook_with(whole, {first: plain_answer(master.answers()[first].source)}))
    (tmp_path / f"{stage.id}.ipynb").write_text(json.dumps(notebook))
    names = [f"{stage.id}-setup", f"{stage.id}-given-1", f"answer-{first}", first]
    fresh, again = run_cells(bare_python, tmp_path, notebook, names, student_zip, rounds=2)
    assert f"check({first}): 9 of 9 cases right" in fresh
    assert fresh.splitlines()[0] == (
        f"seqlab is set up: unpacked into seqlab-student/, installed seqlab, {MISSING}; torch {OLD_TORCH} was left as "
        "it is, though the course is made with 2.11 or newer. Next: run the cells below."
    )
    assert again.splitlines()[0] == f"check({first}): 9 of 9 cases right"
    ask = f"from importlib.metadata import version; print(version('torch'), version({MISSING!r}))"
    versions = subprocess.run([bare_python, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    pins = (tmp_path / "seqlab-student" / "constraints.txt").read_text()
    assert versions[0] == OLD_TORCH
    assert f"{MISSING}=={versions[1]}\n" in pins


def test_where_seqlab_is_installed_it_does_nothing_and_leaves_no_name(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    exec(setup_source("http://127.0.0.1:9/never"), namespace)
    assert capsys.readouterr().out == ""
    assert set(namespace) == {"__builtins__"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "address, words",
    [
        ("", "was not told where seqlab-student.zip is; ask your teacher for its address"),
        ("http://127.0.0.1:9/seqlab-student.zip", "could not get http://127.0.0.1:9/.*Is there a network"),
        ("page.html", "page.html is not seqlab-student.zip; is it a link to a page about the file"),
        ("other.zip", "other.zip is not seqlab-student.zip"),
        ("missing.zip", "HTTP Error 404.*is the address right"),
        ("seqlab-student.zip", "could not get seqlab-student.zip: unknown url type"),
    ],
)
def test_what_goes_wrong_is_said_clearly(address, words, student_zip, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delenv("SEQLAB_STUDENT_ZIP", raising=False)
    if address.endswith((".html", "other.zip", "missing.zip")):
        address = student_zip.replace("seqlab-student.zip", address)
    with pytest.raises(RuntimeError, match=words):
        set_up_seqlab(address)
    assert list(tmp_path.iterdir()) == []


def test_a_students_notebook_is_never_replaced_and_all_else_is_refreshed(monkeypatch, tmp_path, capsys):
    """The folder persists, as on Drive, and the student has worked in its notebook."""
    names = [f"seqlab-student/assignments/{stage}/{stage}.ipynb" for stage in ("s01_rnn", "s02_new")]
    script = "seqlab-student/set_up.py"
    address = zip_of(tmp_path, {script: "print('set up')", names[0]: "as released", names[1]: "as released"})
    own, other = (tmp_path / name for name in names)
    own.parent.mkdir(parents=True)
    own.write_text("my work")
    (tmp_path / script).write_text("old")
    without_seqlab(monkeypatch, tmp_path)
    set_up_seqlab(address)
    assert own.read_text() == "my work"
    assert other.read_text() == "as released"
    assert (tmp_path / script).read_text() == "print('set up')"
    assert f"left as they are: {names[0]}\n" in capsys.readouterr().out
    other.write_text("more work")
    set_up_seqlab(address)
    assert other.read_text() == "more work"


@pytest.mark.parametrize(
    "name", ["s01_rnn.ipynb", "../s01_rnn.ipynb", "seqlab-student/../s01_rnn.ipynb", "/tmp/x.ipynb"]
)
def test_a_zip_with_anything_beside_its_folder_is_not_unpacked(name, monkeypatch, tmp_path):
    address = zip_of(tmp_path, {"seqlab-student/set_up.py": "", name: "other"})
    without_seqlab(monkeypatch, tmp_path)
    with pytest.raises(RuntimeError, match="is not seqlab-student.zip"):
        set_up_seqlab(address)
    assert [path.name for path in tmp_path.iterdir()] == ["made.zip"]


def test_a_damaged_zip_leaves_nothing(monkeypatch, tmp_path):
    """Half a notebook would be kept for ever after."""
    address = zip_of(tmp_path, {"seqlab-student/set_up.py": "", "seqlab-student/a.ipynb": "as released"})
    path = tmp_path / "made.zip"
    path.write_bytes(path.read_bytes().replace(b"as released", b"as reLeased"))
    without_seqlab(monkeypatch, tmp_path)
    with pytest.raises(RuntimeError, match="is not seqlab-student.zip"):
        set_up_seqlab(address)
    assert [path.name for path in tmp_path.iterdir()] == ["made.zip"]


def zip_of(folder, texts):
    """The address of a zip with these texts."""
    with zipfile.ZipFile(folder / "made.zip", "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return (folder / "made.zip").as_uri()


def without_seqlab(monkeypatch, folder):
    """Work in the folder, with a Python that lacks seqlab."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delenv("SEQLAB_STUDENT_ZIP", raising=False)


def test_the_title_of_the_folded_cell_is_short_enough_to_be_seen():
    assert setup_source("").startswith(f"{TITLE}\n")
    assert len(TITLE.removeprefix("# @title ")) <= 60


def test_what_pip_says_reaches_the_student(student_zip, bare_python, monkeypatch, tmp_path):
    """The installer ends with an error, and so does the cell."""
    monkeypatch.setattr("sys.executable", str(bare_python))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("SEQLAB_STUDENT_ZIP", student_zip)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(RuntimeError, match="seqlab could not be installed: pip could not install"):
        set_up_seqlab("http://127.0.0.1:9/never")
    shutil.rmtree(tmp_path / "seqlab-student")


def test_what_is_installed_is_never_replaced(monkeypatch):
    """Colab's torch, too old for the course's range or newer than its pin, stays; what is missing gets the pin."""
    here = {"torch": "2.9.0+cu126", "numpy": "2.5.0"}
    monkeypatch.setattr(set_up, "installed_version", lambda name: here.get(name, ""))
    assert set_up.kept_constraints(["# pins", "torch==2.13.0", "numpy==2.4.6", "h5py==3.16.0"]) == [
        "torch==2.9.0+cu126", "numpy==2.5.0", "h5py==3.16.0",
    ]  # fmt: skip
    missing, older = set_up.sorted_out([("torch", "2.11"), ("numpy", "2.0"), ("h5py", "3.11"), ("jupyterlab", "4.2")])
    assert missing == ["h5py>=3.11"]
    assert older == ["torch 2.9.0+cu126 was left as it is, though the course is made with 2.11 or newer"]


def test_every_requirement_of_the_course_is_understood(course):
    text = student_pyproject((course.root / "pyproject.toml").read_text())
    wanted = tomllib.loads(text)["project"]["dependencies"]
    assert [f"{name}>={least}" for name, least in set_up.REQUIREMENT.findall(text) if name != "setuptools"] == wanted


@pytest.mark.parametrize("change", ["deleted", "changed", "untagged", "moved"])
def test_grading_never_runs_the_setup_and_does_not_miss_it(released, stage, change):
    notebook = json.loads((released.release_folder(stage.id) / f"{stage.id}.ipynb").read_text())
    template = read_template(notebook, stage.id, stage.points)
    whole = parse_submission(json.dumps(notebook).encode(), template)
    place = next(place for place, cell in enumerate(notebook["cells"]) if cell["id"] == f"{stage.id}-setup")
    cell = notebook["cells"].pop(place)
    if change == "changed":
        notebook["cells"].insert(place, cell | {"source": "import os\nos._exit(1)"})
    elif change == "untagged":
        notebook["cells"].insert(place, cell | {"id": "other", "metadata": {}})
    elif change == "moved":
        notebook["cells"].append(cell)
    found = parse_submission(json.dumps(notebook).encode(), template)
    assert [cell.source for cell in found.cells] == [cell.source for cell in whole.cells]
    assert "set_up_seqlab" not in "".join(cell.source for cell in found.cells)
    assert found.notes == whole.notes == ()
