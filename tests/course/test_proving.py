"""A quick part of ``make truth``: some mutants of every answer. The whole is in docs/truth.md."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.proving.accepting import accepted
from autograder.proving.equivalents import read_equivalents, reason_for
from autograder.proving.making import mutants_of
from autograder.proving.naming import namings
from autograder.proving.rounding import LONGER, drawn, error, lstm_passes, rnn_passes
from autograder.proving.stage import sample
from autograder.proving.trying import Proving
from seqlab.checking.compare import TOLERANCES
from tests.course.stages import SUBJECTS

MUTANTS = 6
each_stage = pytest.mark.parametrize("stage_id", list(SUBJECTS))


@each_stage
def test_some_mutants_of_every_answer_are_noticed(subject):
    proving, reasons = Proving(subject.master, subject.suite), read_equivalents()
    chosen = [one for cell in subject.master.answers().values() for one in sample(mutants_of(cell), MUTANTS)]
    trials = [proving.try_out(one) for one in chosen if not reason_for(one, reasons)]
    assert [trial.mutant.name for trial in trials if not trial.hidden] == []
    assert [trial.mutant.name for trial in trials if not trial.public] == []


def test_every_mutant_called_harmless_is_there():
    """Else the list grows old, and hides what it should not."""
    made = {
        (name, one.name)
        for subject in SUBJECTS.values()
        for name, cell in subject.master.answers().items()
        for one in mutants_of(cell)
    }
    assert set(read_equivalents()) - made == set()


@pytest.fixture(scope="module")
def weak():
    """Stage 1 with a single case for one step forward, and that one blind: without a state from before."""
    subject = SUBJECTS["s01_rnn"]
    whole = subject.suite.exercise("rnn_step_forward")
    case = next(one for one in whole.cases if one.weight > 0)

    def without_memory(rng):
        inputs = dict(case.draw(rng))
        return inputs | {"prev_h": np.zeros_like(inputs["prev_h"])}

    blind = replace(case, draw=without_memory)
    return replace(subject.suite, exercises=(replace(whole, cases=(blind,)),))


def test_a_weak_suite_is_found_out(weak):
    subject = SUBJECTS["s01_rnn"]
    proving = Proving(subject.master, weak)
    mutants = mutants_of(subject.master.answers()["rnn_step_forward"])
    alive = {one.after for one in mutants if not proving.try_out(one).hidden}
    assert "next_h = np.tanh(x @ Wx + b)" in alive
    assert "next_h = np.tanh(x @ Wx + prev_h @ Wh)" not in alive


def test_a_mistake_that_a_weak_suite_cannot_see_is_not_called_right(weak):
    subject = SUBJECTS["s01_rnn"]
    mistakes = tuple(one for one in subject.suite.mistakes if one.exercise == "rnn_step_forward")
    stage = replace(subject.stage, points={"rnn_step_forward": 100.0})
    found = namings(replace(subject.master, stage=stage), replace(weak, mistakes=mistakes))
    assert not all(naming.right for naming in found)


def test_a_wrong_answer_among_the_right_ones_is_told():
    subject = SUBJECTS["s01_rnn"]

    def without_bias(namespace):
        right = namespace["rnn_step_forward"]
        namespace["rnn_step_forward"] = lambda x, h, Wx, Wh, b: right(x, h, Wx, Wh, 0 * b)

    found = accepted(subject.master, subject.suite, [without_bias], range(2))["rnn_step_forward"]
    assert (found.variants, found.gradings) == (["without_bias"], 4)
    assert found.rejected
    assert all("without_bias, seed" in one for one in found.rejected)


@pytest.mark.parametrize("short", list(LONGER))
@pytest.mark.parametrize(("stage_id", "passes", "gates"), [("s01_rnn", rnn_passes, 1), ("s04_gates", lstm_passes, 4)])
def test_rounding_stays_ten_times_below_what_is_allowed(subject, passes, gates, short):
    """Over 64 steps; docs/truth.md has the growth with length and width."""
    worst = max(error(passes, subject.reference(), drawn(64, 32, gates, seed), short) for seed in range(3))
    assert worst < TOLERANCES[short].absolute / 10
