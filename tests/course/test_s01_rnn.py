"""What is special to stage 1: the values that the field knows, and answers learned by heart."""

import numpy as np

from seqlab.checking.outcome import replay_case
from tests.course.stages import SUBJECTS

SUBJECT = SUBJECTS["s01_rnn"]


def test_the_known_linspace_values():
    namespace = SUBJECT.reference()
    N, D, H = 3, 10, 4
    x, prev_h = np.linspace(-0.4, 0.7, N * D).reshape(N, D), np.linspace(-0.2, 0.5, N * H).reshape(N, H)
    Wx, Wh = np.linspace(-0.1, 0.9, D * H).reshape(D, H), np.linspace(-0.3, 0.7, H * H).reshape(H, H)
    next_h, _ = namespace["rnn_step_forward"](x, prev_h, Wx, Wh, np.linspace(-0.2, 0.4, H))
    np.testing.assert_allclose(next_h[0], [-0.58172089, -0.50182032, -0.41232771, -0.31410098], atol=1e-8)


def test_the_known_cases_are_public_and_not_hidden():
    for name in ("rnn_step_forward", "rnn_forward"):
        (known,) = [case for case in SUBJECT.suite.exercise(name).cases if "known" in case.title]
        assert known.public
        assert known.weight == 0


def test_the_public_known_case_holds_the_known_values():
    (case, *_) = SUBJECT.checks.exercises["rnn_step_forward"].cases
    first_row = case.expected["next_h"].numbers[0]
    np.testing.assert_allclose(first_row, [-0.58172089, -0.50182032, -0.41232771, -0.31410098], atol=1e-8)


def test_hard_coded_public_answers_pass_the_public_cases_and_score_nothing():
    """A student who copies every expected output out of checks.h5, keyed by the inputs, gets nothing for it."""
    namespace = {}

    def hard_coded(name):
        cases = SUBJECT.checks.exercises[name].cases
        known = {case.inputs["x"].tobytes(): [value.numbers for value in case.expected.values()] for case in cases}

        def answer(x, *rest):
            return (*known.get(np.ascontiguousarray(x).tobytes(), [np.zeros(3)]), None)

        return answer

    for name in ("rnn_step_forward", "rnn_forward", "temporal_affine_forward"):
        namespace[name] = hard_coded(name)
        outcomes = [replay_case(case, namespace) for case in SUBJECT.checks.exercises[name].cases]
        assert sum(outcome.right for outcome in outcomes) >= 6
    scores = {verdict.exercise: verdict.score for verdict in SUBJECT.judged(namespace)}
    assert set(scores.values()) == {0.0}
