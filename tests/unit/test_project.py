"""The project's own files agree with each other: environments and pins; and what importing it brings along."""

import re
import subprocess
import tomllib

from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.unit.test_import_contract import imported_roots

CONDA_NAMES = {"pytorch": "torch"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


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


def test_importing_seqlab_does_not_import_torch():
    """The first stage's NumPy part starts fast."""
    import sys

    probe = "import sys, seqlab; print('torch' in sys.modules, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "False"]


def test_nothing_pickles():
    for package in ("seqlab", "autograder"):
        for path in (ROOT / package).rglob("*.py"):
            assert not {"pickle", "dill", "cloudpickle", "joblib"} & set(imported_roots(path.read_text())), path
            assert "allow_pickle=True" not in path.read_text()
