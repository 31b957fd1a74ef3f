"""Import guards: NumPy exercises that lean on torch are found and told so, and nobody else is."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from autograder.course import CourseError, load_course
from autograder.judge import Judge
from autograder.proving.local import LocalSession
from autograder.reference import reference_namespace
from autograder.secret import CourseSecret
from seqlab.checking.guards import Guard, Watch
from tests.conftest import ROOT

NUMPY = Guard("f", ("f", "g"), ("numpy",))
TORCH = Guard("f", ("f", "g"), ("torch",), ("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", "torch.softmax"))
X = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(2, 2, 3)


def hits(guard, source, function="f"):
    """What is found when ``function`` of ``source`` is called with X."""
    names = {"__name__": "__main__"}
    exec(source, names)
    watch = Watch(guard)
    with watch.watching():
        names[function](X)
    return watch.hits()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import torch\ndef f(x): return torch.tanh(torch.from_numpy(x)).numpy()", "torch.tanh"),
        ("def f(x):\n    import torch\n    return torch.tensor(x)", "torch.tensor"),
        ("from torch import from_numpy as z\ndef f(x): return (z(x) @ z(x).mT).numpy()", "torch.Tensor.matmul"),
        ("import torch\nlayer = torch.nn.RNN(3, 4)\ndef f(x): return layer(torch.from_numpy(x))", "torch.rnn_tanh"),
        ("import torch, numpy as np\ndef f(x): return np.asarray(torch.Tensor(x))", "torch.Tensor.__array__"),
        ("import scipy.special as sp\ndef f(x): return sp.expit(x)", "scipy"),
        ("from scipy.special import expit\ndef f(x): return expit(x)", "scipy"),
        ("import scipy.special\ndef f(x):\n    from scipy import special\n    return special.softmax(x)", "scipy"),
        ("import scipy.special as sp\ndef h(x): return sp.expit(x)\ndef f(x): return h(x)", "scipy"),
    ],
)
def test_a_numpy_exercise_that_leans_on_another_library_is_found(source, what):
    assert any(what in used for function, used in hits(NUMPY, source) if function == "f")


def test_a_library_imported_for_the_first_time_inside_the_function_is_found(monkeypatch, tmp_path):
    (tmp_path / "cupy.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    assert ("f", "imported cupy") in hits(NUMPY, "def f(x):\n    import cupy\n    return x")


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ndef f(x): return x + 1",
        "import torch\ndef f(x):\n    if isinstance(x, torch.Tensor): raise TypeError\n    return x",
        "import scipy.special as sp\ndef g(x): return sp.expit(x)\ndef f(x): return x * 2",
        "import numpy as np\ndef f(x): return np.tanh(np.einsum('ntd->nt', x))",
    ],
)
def test_a_numpy_exercise_in_numpy_is_not(source):
    assert hits(NUMPY, source) == []


def test_what_the_course_s_own_library_does_is_not():
    names = {"__name__": "seqlab.earlier"}
    exec("import torch\ndef h(x): return torch.tanh(torch.from_numpy(x)).numpy()", names)
    watch = Watch(NUMPY)
    with watch.watching():
        names["h"](X)
    assert watch.hits() == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import torch\nm = torch.nn.RNN(3, 4)\ndef f(x): return m(torch.tensor(x))", "which is torch.nn.RNN"),
        ("import torch\nm = torch.nn.RNNCell(3, 4)\ndef f(x): return m(torch.tensor(x)[0])", "which is torch.nn.RNN"),
        ("import torch\nm = torch.nn.GRU(3, 4)\ndef f(x): return m(torch.tensor(x))", "which is torch.nn.GRU"),
        ("import torch, numpy as np\ndef f(x): return torch.tensor(np.tanh(torch.tensor(x).numpy()))", "to NumPy"),
        ("import torch\ndef f(x): return torch.softmax(torch.tensor(x), 0)", "called torch.softmax"),
    ],
)
def test_a_torch_exercise_that_takes_the_ready_layer_or_numpy_is_found(source, what):
    assert any(what in used for _, used in hits(TORCH, source))


def test_a_torch_exercise_in_torch_is_not():
    source = (
        "import torch, numpy as np\ndef f(x): print(torch.tensor(x)); return torch.tanh(torch.tensor(x) / np.sqrt(3))"
    )
    assert hits(TORCH, source) == []


def test_the_exercise_in_whose_code_it_happens_is_named():
    source = "import torch\ndef g(x): return torch.tensor(x).tanh().numpy()\ndef f(x): return g(x)"
    assert {function for function, _ in hits(NUMPY, source)} == {"g"}


def test_the_number_of_hits_is_bounded():
    names = ["tanh", "sin", "cos", "exp", "log", "abs", "neg", "sign", "floor", "ceil", "round", "sqrt"]
    calls = "; ".join(f"torch.{name}(t)" for name in names)
    assert len(hits(NUMPY, f"import torch\ndef f(x): t = torch.tensor(x); {calls}")) == 8


def with_torch_forward(namespace):
    """A right ``rnn_forward`` whose states come from torch."""
    right = namespace["rnn_forward"]

    def rnn_forward(x, h0, Wx, Wh, b):
        h, cache = right(x, h0, Wx, Wh, b)
        return torch.clone(torch.from_numpy(h)).numpy(), cache

    return namespace | {"rnn_forward": rnn_forward}


def verdicts(stage, truth, namespace):
    return {one.exercise: one for one in Judge(stage, truth, 7, CourseSecret(bytes(32))).judge(LocalSession(namespace))}


def test_leaning_costs_the_exercise_and_is_charged_once(stage, truth, master):
    found = verdicts(stage, truth, with_torch_forward(reference_namespace(master)))
    assert [name for name, verdict in found.items() if not verdict.full] == ["rnn_forward"]
    assert found["rnn_forward"].score == 0
    assert found["rnn_forward"].reason == "rnn_forward called torch.clone; this exercise is to be written in NumPy"


def test_leaning_may_be_a_report_only(stage, truth, master):
    rules = replace(stage.imports["rnn_forward"], cost="report")
    lenient = replace(stage, imports=stage.imports | {"rnn_forward": rules})
    verdict = verdicts(lenient, truth, with_torch_forward(reference_namespace(master)))["rnn_forward"]
    assert verdict.full
    assert "called torch.clone" in verdict.reason


def test_the_ready_made_layer_earns_nothing(stage, truth, master):
    class RNN(torch.nn.Module):
        def __init__(self, input_dim, hidden_dim):
            super().__init__()
            self.Wx = torch.nn.Parameter(torch.zeros(input_dim, hidden_dim))
            self.Wh = torch.nn.Parameter(torch.zeros(hidden_dim, hidden_dim))
            self.b = torch.nn.Parameter(torch.zeros(hidden_dim))

        def forward(self, x, h0=None):
            h0 = x.new_zeros(x.shape[0], len(self.b)) if h0 is None else h0
            weights = [self.Wx.T, self.Wh.T, self.b, torch.zeros_like(self.b)]
            return torch.rnn_tanh(x, h0[None], weights, True, 1, 0.0, False, False, True)[0]

    verdict = verdicts(stage, truth, reference_namespace(master) | {"RNN": RNN})["RNN"]
    assert verdict.score == 0
    assert "torch.rnn_tanh, which is torch.nn.RNN; this exercise is to be written in PyTorch" in verdict.reason


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("allowed = 'numpy'", "expected allowed"),
        ("allowed = ['numpy']\ncost = 'all'", "expected allowed"),
        ("allowed = ['numpy']\nalowed = 1", "expected allowed"),
        ("allowed = ['numpy']\n[stages.s01_x.imports.dubble]\nallowed = ['torch']", "Did you mean double"),
    ],
)
def test_rules_that_do_not_fit_are_told(tmp_path, table, said):
    limits = (ROOT / "course.toml").read_text().split("[stages")[0]
    stage = "[stages.s01_x]\ntitle = 'X'\n[stages.s01_x.points]\ndouble = 100\n[stages.s01_x.imports]\n"
    (tmp_path / "course.toml").write_text(limits + stage + table)
    with pytest.raises(CourseError, match=said):
        load_course(tmp_path)
