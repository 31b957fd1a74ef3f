"""The page that ``make truth`` writes: what is counted, and what is said of mistakes that are confused."""

from autograder.proving.accepting import Acceptance
from autograder.proving.naming import Naming
from autograder.proving.stage import Row
from autograder.proving.table import confusion, lines_of
from autograder.suite import Mistake


def naming(key, *, hidden=None, public=None, spread=()):
    mistake = Mistake(key, "step", (("a", "b"),), "something is off.", "Is it there?")
    return Naming(mistake, hidden or (key,), public or (key,), spread)


def row(*namings):
    return Row("step", mutants=8, hidden=5, public=6, equivalent=2, namings=list(namings), acceptance=Acceptance())


def test_a_mistake_with_its_own_name_only_is_not_listed():
    assert list(confusion({"s": [row(naming("bias"), naming("slope"))]})) == [
        "Of 2 mistakes 2 are called by their own name and by no other."
    ]


def test_a_mistake_with_a_second_name_is_listed_with_who_says_it():
    lines = list(confusion({"s": [row(naming("bias", public=("slope", "bias")), naming("slope"))]}))
    assert lines[0] == "Of 2 mistakes 1 are called by their own name and by no other."
    assert lines[-1] == "| `step` | bias | bias | slope, bias | none |"


def test_a_mistake_that_costs_another_exercise_is_listed():
    lines = list(confusion({"s": [row(naming("bias", spread=("walk",)))]}))
    assert lines[-1] == "| `step` | bias | bias | bias | walk |"


def test_harmless_mutants_are_not_counted_among_the_killed():
    assert "| **all** | 8 | 2 | 100.0% | 100.0% | 1 | 1 | 0 | 0 | 0 |" in list(lines_of({"s": [row(naming("bias"))]}))
