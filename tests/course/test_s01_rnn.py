"""Stage 1: the truth is true, every mistake is caught and named, and right answers in other clothes pass."""

import numpy as np
import pytest

from autograder.authoring.checks import public_checks
from autograder.authoring.master import read_master
from autograder.course import load_course
from autograder.judge import Judge
from autograder.reference import reference_namespace
from autograder.secret import CourseSecret
from autograder.suite import load_suite
from seqlab.checking.outcome import replay_case
from seqlab.checking.workbench import Workbench
from tests.conftest import ROOT
from tests.course.variants_s01_rnn import VARIANTS

STAGE = load_course(ROOT).stage("s01_rnn")
SECRET = CourseSecret(bytes(32))
MISTAKES = {mistake.key: mistake for mistake in load_suite(STAGE).mistakes}


class LocalSession:
    """A session whose student code runs right here: for our own mistaken answers only."""

    def __init__(self, namespace):
        self._namespace = namespace

    def bench(self):
        return Workbench(self._namespace)


@pytest.fixture(scope="module")
def judge(stage, truth):
    return Judge(stage, truth, 20260101, SECRET)


@pytest.fixture(scope="module")
def checks(truth):
    return public_checks(truth.suite, truth)


def test_points_add_up_to_a_hundred(stage):
    assert sum(stage.points.values()) == 100


def test_the_known_linspace_values(master):
    namespace = reference_namespace(master)
    N, D, H = 3, 10, 4
    x, prev_h = np.linspace(-0.4, 0.7, N * D).reshape(N, D), np.linspace(-0.2, 0.5, N * H).reshape(N, H)
    Wx, Wh = np.linspace(-0.1, 0.9, D * H).reshape(D, H), np.linspace(-0.3, 0.7, H * H).reshape(H, H)
    next_h, _ = namespace["rnn_step_forward"](x, prev_h, Wx, Wh, np.linspace(-0.2, 0.4, H))
    np.testing.assert_allclose(next_h[0], [-0.58172089, -0.50182032, -0.41232771, -0.31410098], atol=1e-8)


def test_the_known_cases_are_public_and_not_hidden(truth):
    for name in ("rnn_step_forward", "rnn_forward"):
        (known,) = [case for case in truth.suite.exercise(name).cases if "known" in case.title]
        assert known.public
        assert known.weight == 0


def test_the_public_known_case_holds_the_known_values(checks):
    (case, *_) = checks.exercises["rnn_step_forward"].cases
    first_row = case.expected["next_h"].numbers[0]
    np.testing.assert_allclose(first_row, [-0.58172089, -0.50182032, -0.41232771, -0.31410098], atol=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_the_oracles_agree_on_fresh_inputs_and_the_master_scores_full(stage, truth, master, seed):
    verdicts = Judge(stage, truth, seed, SECRET).judge(LocalSession(reference_namespace(master)))
    assert [verdict.exercise for verdict in verdicts if not verdict.full] == []


def test_two_seeds_give_different_hidden_inputs(stage, truth):
    first, second = (Judge(stage, truth, seed, SECRET)._drawn["rnn_step_forward"][0].inputs["x"] for seed in (1, 2))
    assert first.shape != second.shape or not np.allclose(first, second)


@pytest.mark.parametrize("key", MISTAKES)
def test_every_mistake_loses_points_and_is_named(judge, master, key):
    mistake = MISTAKES[key]
    verdicts = judge.judge(LocalSession(reference_namespace(master, mistake)))
    own = next(verdict for verdict in verdicts if verdict.exercise == mistake.exercise)
    assert own.score < own.points
    assert own.mistakes[0].key == key


@pytest.mark.parametrize("key", MISTAKES)
def test_every_mistake_is_named_by_the_public_cases(checks, master, key):
    mistake = MISTAKES[key]
    namespace = reference_namespace(master, mistake)
    outcomes = [replay_case(case, namespace) for case in checks.exercises[mistake.exercise].cases]
    assert any(not outcome.right for outcome in outcomes)
    assert key in [named for outcome in outcomes for named in outcome.mistakes]


@pytest.mark.parametrize("key", MISTAKES)
def test_a_mistake_is_charged_to_its_own_exercise_only(judge, master, key):
    mistake = MISTAKES[key]
    verdicts = judge.judge(LocalSession(reference_namespace(master, mistake)))
    assert [verdict.exercise for verdict in verdicts if not verdict.full] == [mistake.exercise]


def test_there_are_at_least_four_mistakes_for_each_exercise():
    counts = {name: sum(m.exercise == name for m in MISTAKES.values()) for name in STAGE.points}
    assert min(counts.values()) >= 4, counts


@pytest.mark.parametrize("key", MISTAKES)
def test_what_is_said_of_a_mistake_does_not_give_the_answer_away(key, master):
    mistake = MISTAKES[key]
    said = f"{mistake.says} {mistake.asks}"
    answer_tokens = [line for line in master.answer_lines() if len(line) > 12]
    assert not any(line in said for line in answer_tokens)
    assert not any(old in said for old, _ in mistake.edits)
    assert mistake.asks.endswith("?")


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)
def test_right_answers_in_other_clothes_score_full(judge, master, variant):
    namespace = reference_namespace(master)
    variant(namespace)
    verdicts = judge.judge(LocalSession(namespace))
    assert [(verdict.exercise, verdict.reason) for verdict in verdicts if not verdict.full] == []


def test_stubs_score_zero(judge, master):
    def stub(*args):
        raise NotImplementedError()

    namespace = dict.fromkeys(STAGE.points, stub)
    verdicts = judge.judge(LocalSession(namespace))
    assert [verdict.score for verdict in verdicts] == [0.0] * len(STAGE.points)
    assert verdicts[0].reason.endswith("is not written yet")


@pytest.mark.parametrize("wrong", [lambda *args: None, lambda *args: args[0], lambda *args: (args[0], args)])
def test_nonsense_scores_zero(judge, wrong):
    verdicts = judge.judge(LocalSession(dict.fromkeys(STAGE.points, wrong)))
    assert [verdict.score for verdict in verdicts] == [0.0] * len(STAGE.points)


def test_hard_coded_public_answers_pass_the_public_cases_and_score_nothing(judge, checks):
    """A student who copies every expected output out of checks.h5, keyed by the inputs, gets nothing for it."""
    namespace = {}

    def hard_coded(name):
        cases = checks.exercises[name].cases
        known = {case.inputs["x"].tobytes(): [value.numbers for value in case.expected.values()] for case in cases}

        def answer(x, *rest):
            return (*known.get(np.ascontiguousarray(x).tobytes(), [np.zeros(3)]), None)

        return answer

    for name in ("rnn_step_forward", "rnn_forward", "temporal_affine_forward"):
        namespace[name] = hard_coded(name)
        outcomes = [replay_case(case, namespace) for case in checks.exercises[name].cases]
        assert sum(outcome.right for outcome in outcomes) >= 6
    scores = {verdict.exercise: verdict.score for verdict in judge.judge(LocalSession(namespace))}
    assert set(scores.values()) == {0.0}


def test_the_committed_master_is_the_one_that_is_tested(course, stage, master):
    assert read_master(course.master_path(stage.id), stage) == master
