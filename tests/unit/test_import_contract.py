"""Who may import whom. Students get seqlab alone, and what runs beside their code must bring nothing of the staff's.

Any way of naming a module counts: at the top, inside a function, with ``from``, or as a string that import_module and
its like could be given.
"""

import ast
import re
import sys

import pytest

from tests.conftest import ROOT

INSIDE = ROOT / "autograder" / "sandbox" / "inside"
INSIDE_MAY_IMPORT = {"IPython", "traitlets", "numpy", "torch", "seqlab"} | set(sys.stdlib_module_names)
IMPORTERS = {"import_module", "__import__", "find_spec", "run_module", "resolve_name"}


def called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def imported_roots(source):
    """The top packages that the code names in an import statement, or in a call of one of the importing functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and called(node) in IMPORTERS:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (one.value.split(".")[0] for one in given if is_text(one))


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def module_strings(source):
    """The top packages of strings that are nothing but a dotted module name (``"autograder.course"``)."""
    for node in ast.walk(ast.parse(source)):
        if is_text(node) and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", node.value):
            yield node.value.split(".")[0]


def seqlab_breaks(folder):
    """Lines about modules under ``folder`` that import autograder or solutions, or hold their names as strings."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text()
        for root in {*imported_roots(source), *module_strings(source)} & {"autograder", "solutions"}:
            yield f"{path.name}: {root}"


def autograder_breaks(folder):
    """Masters are read as text and run by the authoring road; nothing imports them as modules."""
    for path in sorted(folder.rglob("*.py")):
        if "solutions" in imported_roots(path.read_text()):
            yield f"{path.name}: solutions"


def inside_breaks(folder):
    """What runs inside the sandbox: only the standard library, what students have there, and seqlab."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text()
        foreign = set(imported_roots(source)) - INSIDE_MAY_IMPORT
        relative = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level > 1]
        yield from (f"{path.name}: {root}" for root in sorted(foreign))
        yield from (f"{path.name}: relative import out of the folder" for _ in relative)


@pytest.mark.parametrize(
    ("breaks", "folder"),
    [(seqlab_breaks, ROOT / "seqlab"), (autograder_breaks, ROOT / "autograder"), (inside_breaks, INSIDE)],
)
def test_the_contract_holds(breaks, folder):
    assert any(folder.rglob("*.py"))
    assert list(breaks(folder)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import autograder",
        "import numpy, autograder.course as c",
        "from autograder.course import Course",
        "from solutions import s01_rnn",
        "def late():\n    import autograder.judge",
        "try:\n    import autograder\nexcept ImportError:\n    pass",
        "importlib.import_module('autograder')",
        "import_module(name='autograder.course')",
        "__import__('solutions.s01_rnn')",
        "name = 'autograder.judge'\nload(name)",
    ],
)
def test_seqlab_s_contract_can_be_broken(tmp_path, line):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "module.py").write_text(line)
    assert len(list(seqlab_breaks(tmp_path))) == 1


@pytest.mark.parametrize("line", ["import solutions", "from solutions.s01_rnn import RNN", "find_spec('solutions')"])
def test_the_autograder_s_contract_can_be_broken(tmp_path, line):
    (tmp_path / "module.py").write_text(line)
    assert list(autograder_breaks(tmp_path)) == ["module.py: solutions"]


@pytest.mark.parametrize(
    "line",
    [
        "import nbgrader",
        "from autograder.judge import Judge",
        "def f():\n    import rich",
        "from ..child import Child",
    ],
)
def test_the_sandbox_s_contract_can_be_broken(tmp_path, line):
    (tmp_path / "serve.py").write_text(line)
    assert len(list(inside_breaks(tmp_path))) == 1


def test_what_is_allowed_breaks_nothing(tmp_path):
    allowed = "import json\nimport numpy as np\nfrom seqlab.checking import wire\nfrom . import serve\n"
    (tmp_path / "module.py").write_text(f'"""Not the autograder: words in prose are no imports."""\n{allowed}')
    assert list(seqlab_breaks(tmp_path)) + list(autograder_breaks(tmp_path)) + list(inside_breaks(tmp_path)) == []
