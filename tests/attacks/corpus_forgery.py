"""Hand-ins that want points: the old tricks against in-process graders, and guesses."""

from __future__ import annotations

from tests.attacks.hostile import HandInCase, Notebook, code, everywhere, returning

KIND = "forgery"
HARD_CODED = """
import h5py, numpy as np, torch
stored = {}
def visit(name, node):
    if isinstance(node, h5py.Dataset) and node.dtype.kind in 'fiu':
        stored.setdefault(node.shape, []).append(node[...])
with h5py.File('checks.h5') as file:
    file.visititems(visit)
print(len(stored), 'public shapes')
def nearest(shape):
    shape = tuple(shape)
    found = stored.get(shape)
    return found[-1] if found else np.resize(np.concatenate([a.ravel() for v in stored.values() for a in v]), shape)
"""
MEMORISED = {
    "rnn_step_forward": "def rnn_step_forward(x, h, Wx, Wh, b):\n    return nearest(h.shape), (x, h, Wx, Wh, b)",
    "rnn_step_backward": "def rnn_step_backward(d, cache):\n    return tuple(nearest(a.shape) for a in cache)",
    "rnn_forward": "def rnn_forward(x, h, Wx, Wh, b):\n"
    "    return nearest((*x.shape[:2], h.shape[1])), (x, h, Wx, Wh, b)",
    "rnn_backward": "def rnn_backward(d, cache):\n    return tuple(nearest(a.shape) for a in cache)",
    "temporal_affine_forward": "def temporal_affine_forward(x, w, b):\n"
    "    return nearest((*x.shape[:2], len(b))), (x, w, b)",
    "temporal_affine_backward": "def temporal_affine_backward(d, cache):\n"
    "    return tuple(nearest(a.shape) for a in cache)",
    "RowReader": "class RowReader:\n    def __init__(self, params): self.params = params\n"
    "    def loss(self, images, labels):\n"
    "        return float(nearest(()).ravel()[0]), {k: nearest(v.shape) for k, v in self.params.items()}",
}


def shaped(make: str) -> dict[str, str]:
    """All NumPy answers with the right shapes and types, filled by ``make(shape, dtype)``."""
    source = {name: text.replace("nearest(()).ravel()[0]", "0.0") for name, text in MEMORISED.items()}
    return {name: text.replace("nearest(", f"({make})(") for name, text in source.items()}


def tag_skipped(notebook: Notebook) -> None:
    """nbgrader's own Execute gives full marks for this."""
    for cell in notebook["cells"]:
        cell.setdefault("metadata", {})["tags"] = ["skip-execution", "raises-exception"]


def promote(notebook: Notebook) -> None:
    """More points and no tests."""
    for cell in notebook["cells"]:
        data = cell.get("metadata", {}).get("nbgrader")
        if data and data.get("grade"):
            data["points"] = 1000
            cell["source"] = "10.0"


def scored_outputs(notebook: Notebook) -> None:
    """The outputs that nbgrader reads a score from, brought along."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            result = {"output_type": "execute_result", "data": {"text/plain": "20.0"}, "metadata": {}}
            cell["outputs"] = [result | {"execution_count": 1}]


def unlocked(notebook: Notebook) -> None:
    """The graded cells become the student's own."""
    for cell in notebook["cells"]:
        cell["metadata"] = {"nbgrader": {"grade": True, "solution": True, "grade_id": cell["id"], "points": 100}}
    notebook["cells"].append(code("raise SystemExit(0)"))


PATCHED_CHECKING = """
from seqlab.checking import compare, outcome, workbench, values
from seqlab.checking.compare import Finding
compare.compare = outcome.compare = lambda name, *a, **k: Finding(name)
compare.agree = lambda *a, **k: True
compare._close = compare.np.isclose = lambda *a, **k: True
"""
MUTATING = """
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    x[...] = 0
    return next_h, None
"""
EVERY_NAME = "import sys, gc\n"
FRAMES = """
frame = sys._getframe()
while frame is not None:
    print(frame.f_code.co_name, sorted(frame.f_locals))
    for value in frame.f_locals.values():
        if isinstance(value, dict) and 'expected' in value:
            return value['expected'], None
    frame = frame.f_back
raise LookupError('no expected values in any frame')
"""
GARBAGE = """
import gc
shape = args[1].shape if len(args) > 1 else (1,)
found = [o for o in gc.get_objects() if type(o).__name__ in ('Value', 'DrawnCase', 'CaseOutcome', 'Truth')]
arrays = [o for o in gc.get_objects() if isinstance(o, np.ndarray) and o.shape == shape]
return (found or arrays or [None])[0], None
"""

ATTACKS = (
    HandInCase("skip_execution_tags", KIND, edit=tag_skipped),
    HandInCase("more_points_in_metadata", KIND, edit=promote),
    HandInCase("scores_brought_along_as_outputs", KIND, edit=scored_outputs),
    HandInCase("every_cell_is_graded_and_mine", KIND, edit=unlocked),
    HandInCase(
        "do_execute_patched",
        KIND,
        "import ipykernel.ipkernel, ipykernel.kernelbase\n"
        "async def do_execute(self, *a, **k):\n    return {'status': 'ok', 'execution_count': 1}\n"
        "ipykernel.ipkernel.IPythonKernel.do_execute = do_execute\n"
        "get_ipython().run_cell = lambda *a, **k: None",
    ),
    HandInCase(
        "displayhook_called",
        KIND,
        "import sys\nsys.displayhook(100.0)\nget_ipython().displayhook(100.0)\n"
        "sys.displayhook = lambda v: print(100.0)",
        everywhere("sys.displayhook(20.0)\nreturn 20.0"),
    ),
    HandInCase(
        "a_launcher_beside_the_notebook",
        KIND,
        "for name in ('ipykernel_launcher', 'numpy', 'seqlab', 'inside', 'sitecustomize', 'usercustomize'):\n"
        "    open(name + '.py', 'w').write('print(100.0); raise SystemExit(0)')",
    ),
    HandInCase(
        "numpy_testing_patched",
        KIND,
        "import numpy as np\nfor name in dir(np.testing):\n    if name.startswith('assert'):\n"
        "        setattr(np.testing, name, lambda *a, **k: None)",
        returning("np.zeros(3)"),
    ),
    HandInCase(
        "allclose_patched",
        KIND,
        "import numpy as np\nnp.allclose = np.isclose = np.array_equal = np.equal = lambda *a, **k: True",
        returning("np.zeros((2, 2))"),
    ),
    HandInCase(
        "checking_patched",
        KIND,
        PATCHED_CHECKING + "workbench.value_of = lambda thing: values.Value('array', 'float64', compare.np.zeros(3))",
        returning("None"),
    ),
    HandInCase(
        "an_ast_transformer",
        KIND,
        "import ast\nclass Pass(ast.NodeTransformer):\n    def visit_Raise(self, node):\n"
        "        return ast.copy_location(ast.Return(ast.Constant(20.0)), node)\n"
        "    def visit_Assert(self, node):\n        return ast.copy_location(ast.Pass(), node)\n"
        "get_ipython().ast_transformers.append(Pass())",
    ),
    HandInCase(
        "the_history_of_inputs", KIND, answers=everywhere("print(In, get_ipython().history_manager)\nreturn In")
    ),
    HandInCase(
        "the_server_s_answers_patched",
        KIND,
        "import sys\nmodule = sys.modules['inside.serve']\n"
        "module.Server._answer = lambda self, *a: ({'score': 20, 'right': True, 'share': 1.0}, {})",
    ),
    HandInCase("equality_operators", KIND, answers=returning("type('T', (float,), {'__eq__': lambda *a: True})(0.0)")),
    HandInCase("expected_values_in_frames", KIND, EVERY_NAME, everywhere(FRAMES)),
    HandInCase("expected_values_in_the_heap", KIND, "import numpy as np", everywhere(GARBAGE)),
    HandInCase("public_answers_hard_coded", KIND, HARD_CODED, MEMORISED),
    HandInCase("zeros_of_the_right_shape", KIND, "import numpy as np", shaped("np.zeros")),
    HandInCase("ones_of_the_right_shape", KIND, "import numpy as np", shaped("np.ones")),
    HandInCase("nan_of_the_right_shape", KIND, "import numpy as np", shaped("lambda shape: np.full(shape, np.nan)")),
    HandInCase(
        "infinity_of_the_right_shape", KIND, "import numpy as np", shaped("lambda shape: np.full(shape, np.inf)")
    ),
    HandInCase("the_largest_numbers", KIND, "import numpy as np", shaped("lambda shape: np.full(shape, 1.7e308)")),
    HandInCase("arguments_returned", KIND, answers=everywhere("return args")),
    HandInCase(
        "changed_arguments_hidden",
        KIND,
        "import numpy as np\nnp.array_equal = lambda *a, **k: True",
        {"rnn_step_forward": MUTATING},
        earns=9.04,
    ),
    HandInCase(
        "staff_modules_imported",
        KIND,
        answers=everywhere("from autograder.truth import Truth\nimport solutions.s01_rnn as answers\nreturn answers"),
    ),
    HandInCase("the_stub_is_unfinished_no_more", KIND, "NotImplementedError = type('Fine', (BaseException,), {})"),
)
