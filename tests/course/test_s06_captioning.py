"""What is special to stage 6: the losses that the field knows, and values of BLEU that published programs give."""

import math

import numpy as np
import pytest

from tests.course.stages import SUBJECTS

SUBJECT = SUBJECTS["s06_captioning"]


@pytest.mark.parametrize(("cell", "loss"), [("rnn", 9.83235591003), ("lstm", 9.82445935443)])
def test_the_known_losses(cell, loss):
    N, T, V, F, W, H = 10, 13, 3, 20, 30, 40
    word_to_idx = {"<NULL>": 0, "cat": 2, "dog": 3}  # as it is known, numbers past the vocabulary's size included
    model = SUBJECT.reference()["CaptioningRNN"](word_to_idx, F, W, H, cell_type=cell, dtype=np.float64)
    for name, array in model.params.items():
        model.params[name] = np.linspace(-1.4, 1.3, array.size).reshape(array.shape)
    first, last = {"rnn": (-1.5, 0.3), "lstm": (-0.5, 1.7)}[cell]
    features = np.linspace(first, last, N * F).reshape(N, F)
    captions = (np.arange(N * T) % V).reshape(N, T)
    assert model.loss(features, captions)[0] == pytest.approx(loss, abs=1e-10)


def test_the_known_cases_are_public_hold_the_known_losses_and_are_not_hidden():
    known = [case for case in SUBJECT.suite.exercise("CaptioningRNN").cases if "known" in case.title]
    assert [(case.public, case.weight) for case in known] == [(True, 0), (True, 0)]
    rnn, lstm = SUBJECT.checks.exercises["CaptioningRNN"].cases[:2]
    assert float(rnn.expected["loss"].numbers) == pytest.approx(9.83235591003, abs=1e-10)
    assert float(lstm.expected["loss"].numbers) == pytest.approx(9.82445935443, abs=1e-10)
