"""Mutants: each kind of change is made, only between the markers, one at a time, each once."""

import ast

import pytest

from autograder.authoring.master import MasterCell
from autograder.course import CourseError
from autograder.proving.equivalents import read_equivalents, reason_for
from autograder.proving.making import Mutant, mutants_of
from autograder.proving.stage import sample

ANSWER = '''
def f(x, w, b, T):
    """Given: a + b."""
    given = x + 1
    ### BEGIN SOLUTION
    {}
    ### END SOLUTION
'''


def made(line, *more):
    """The mutants of an answer, as kind and changed text."""
    source = ANSWER.format("\n    ".join([line, *more]))
    return {(one.kind, one.after) for one in mutants_of(MasterCell("answer", source, "f", 1, False))}


@pytest.mark.parametrize(
    ("line", "kind", "after"),
    [
        ("return x + b", "arithmetic", "return x - b"),
        ("return x + b", "dropped term", "return x"),
        ("return x * b", "dropped term", "return b"),
        ("return -x", "dropped term", "return x"),
        ("return x < b", "comparison", "return x <= b"),
        ("return x if b else w", "comparison", "return w"),
        ("return x[2]", "constant", "return x[3]"),
        ("return g(x, keepdims=True)", "constant", "return g(x, keepdims=False)"),
        ("return x @ w.T", "transpose", "return x @ w"),
        ("return x @ w", "transpose", "return w @ x"),
        ("return x.sum(axis=0)", "function", "return x.mean(axis=0)"),
        ("return x.sum(axis=0)", "constant", "return x.sum(axis=1)"),
        ("return x.sum(axis=0)", "arguments", "return x.sum()"),
        ("return x.detach() * b", "dropped call", "return x * b"),
        ("return np.tanh(x)", "dropped call", "return x"),
        ("return g(x, w)", "arguments", "return g(w, x)"),
        ("return x[1:, :T]", "slice", "return x[:, :T]"),
        ("return x[1:, :T]", "slice", "return x[1:, :T + 1]"),
        ("return x[::-1]", "slice", "return x[:]"),
        ("return x, w", "order", "return (w, x)"),
        ("for t in range(T): g(t)", "steps", "for t in range(T - 1):"),
        ("for t in range(T): g(t)", "steps", "for t in reversed(range(T)):"),
        ("for t in reversed(range(T)): g(t)", "steps", "for t in list(range(T)):"),
        ("for t in range(T): g(t)", "stopped early", "break"),
        ("b += x", "overwritten", "b = x"),
        ("b += x", "left out", "pass"),
        ("x = g(x, b)", "not carried on", "pass"),
        ("y = x + b", "written into", "x += b; y = x"),
    ],
)
def test_a_change_is_made(line, kind, after):
    assert (kind, after) in made(line)


def test_a_branch_is_always_or_never_taken():
    changes = made("if b:", "    x = 1", "return x")
    assert ("condition", "x = 1") in changes
    assert ("condition", "pass") in changes


def test_what_was_given_stays_and_every_mutant_is_another_program():
    source = ANSWER.format("h = np.tanh(x @ w + b)\n    return h, (x, h)")
    mutants = mutants_of(MasterCell("answer", source, "f", 1, False))
    assert len({one.source for one in mutants}) == len(mutants) > 8
    assert all("given = x + 1" in one.source for one in mutants)
    assert all("Given: a + b." in one.source for one in mutants)
    assert ast.unparse(ast.parse(source)) not in {one.source for one in mutants}


def test_words_for_readers_are_left_alone():
    assert made('raise ValueError(f"expected {1 + 1}")') == set()
    assert made("scores: dict[int, int] = g") == set()


def test_a_sample_is_spread_over_all():
    assert sample(list(range(100)), 5) == [0, 24, 49, 74, 99]
    assert sample([1, 2], 5) == sample([1, 2], None) == [1, 2]


def test_a_harmless_mutant_needs_its_reason(tmp_path):
    file = tmp_path / "equivalent.toml"
    file.write_text('[[equivalent]]\nexercise = "f"\nreason = "the same"\nmutants = ["a → b"]\n', encoding="utf-8")
    reasons = read_equivalents(file)
    assert reason_for(Mutant("f", "order", "a", "b", ""), reasons) == "the same"
    assert reason_for(Mutant("g", "order", "a", "b", ""), reasons) == ""
    file.write_text('[[equivalent]]\nexercise = "f"\nmutants = ["a → b"]\n', encoding="utf-8")
    with pytest.raises(CourseError, match="reason"):
        read_equivalents(file)
