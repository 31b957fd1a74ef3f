"""The project's own files agree with each other: environments, pins, Makefile, and who may import whom."""

import ast
import re
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

CONDA_NAMES = {"pytorch": "torch"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FORBIDDEN = {"seqlab": {"autograder", "solutions"}, "autograder": {"solutions"}}
INSIDE_MAY_IMPORT = {"IPython", "traitlets", "numpy", "torch", "seqlab"}


def conda_packages():
    lines = re.findall(r"^  - (\S+)$", (ROOT / "environment.yml").read_text(), flags=re.M)
    return [line for line in lines if line not in ("conda-forge", "nodefaults", "pip")]


def test_environment_yml_and_pyproject_say_the_same():
    conda = {}
    for line in conda_packages():
        name, bound = re.fullmatch(r"([a-z0-9-]+)(.*)", line).groups()
        conda[CONDA_NAMES.get(name, name)] = bound
    pip = {Requirement(line).name: str(Requirement(line).specifier) for line in PROJECT["dependencies"]}
    assert conda == pip | {"python": PROJECT["requires-python"]}


def test_every_dependency_is_pinned_within_its_range():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.lower().split("==") for line in lines if "==" in line)
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for line in [*PROJECT["dependencies"], *extras]:
        wanted = Requirement(line)
        if wanted.name != "seqlab":
            assert wanted.specifier.contains(pins[wanted.name.lower()]), line


def test_no_pin_brings_a_gpu_build_or_a_local_label():
    text = (ROOT / "constraints.txt").read_text()
    assert "nvidia" not in text
    assert "+cpu" not in text
    assert "torch==2.13.0\n" in text


def test_make_help_lists_every_verb():
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, flags=re.M).group(1).split()
    shown = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^  make (\S+)\s+\S", shown, flags=re.M)
    assert sorted(listed) == sorted(phony)


@pytest.mark.parametrize("verb", ["download-data", "bench"])
def test_a_verb_that_is_not_there_yet_does_not_pretend(verb):
    recipe = re.search(rf"^{verb}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.M).group(1)
    assert "not there yet" in recipe
    assert "exit 2" in recipe


def imported_roots(source):
    """The top packages that a module names: in imports anywhere, and in import_module and find_spec calls."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
            "find_spec",
        ):
            yield from (arg.value.split(".")[0] for arg in node.args if isinstance(arg, ast.Constant))


def broken_contracts(package, folder):
    for path in sorted(folder.rglob("*.py")):
        for root in imported_roots(path.read_text()):
            if root in FORBIDDEN[package]:
                yield f"{path.name} imports {root}"


@pytest.mark.parametrize("package", FORBIDDEN)
def test_the_import_contract_holds(package):
    assert list(broken_contracts(package, ROOT / package)) == []


@pytest.mark.parametrize(
    "line", ["import autograder.course", "from solutions import s01_rnn", "def f():\n    import_module('autograder')"]
)
def test_the_import_contract_can_be_broken(tmp_path, line):
    (tmp_path / "lazy.py").write_text(line)
    assert len(list(broken_contracts("seqlab", tmp_path))) == 1


def test_what_runs_inside_the_sandbox_imports_nothing_of_the_staff_s():
    import sys

    for path in (ROOT / "autograder" / "sandbox" / "inside").glob("*.py"):
        foreign = set(imported_roots(path.read_text())) - INSIDE_MAY_IMPORT - set(sys.stdlib_module_names)
        assert foreign == set(), path


def test_importing_seqlab_does_not_import_torch():
    """The first stage's NumPy part starts fast."""
    import sys

    probe = "import sys, seqlab; print('torch' in sys.modules, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "False"]


def test_nothing_pickles():
    for package in FORBIDDEN:
        for path in (ROOT / package).rglob("*.py"):
            assert not {"pickle", "dill", "cloudpickle", "joblib"} & set(imported_roots(path.read_text())), path
            assert "allow_pickle=True" not in path.read_text()
