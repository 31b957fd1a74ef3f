"""What is special to stage 6: the losses that the field knows, and values of BLEU that published programs give."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.suites import s06_captioning_writers as writers
from seqlab.checking.outcome import replay_case
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


PUBLISHED = json.loads((Path(__file__).parent / "bleu_of_sacrebleu.json").read_text(encoding="utf-8"))["corpora"]


@pytest.mark.parametrize("corpus", PUBLISHED, ids=range(len(PUBLISHED)))
def test_bleu_agrees_with_sacrebleu(corpus):
    """Short and long candidates, one to three references; the file says how sacrebleu was asked."""
    said = [one.split() for one in corpus["candidates"]]
    right = [[one.split() for one in several] for several in corpus["references"]]
    bleu = SUBJECT.reference()["bleu"]
    assert bleu(said, right) == pytest.approx(corpus["bleu4"], abs=1e-6)
    assert bleu(said, right, max_n=2) == pytest.approx(corpus["bleu2"], abs=1e-6)


def test_the_pencils_of_the_notebook():
    names = SUBJECT.reference()
    said, right = ["arrow", "left", "box", "outline"], ["arrow", "left", "bold", "box", "outline"]
    assert names["bleu"]([said], [[right]], max_n=2) == pytest.approx(0.636, abs=5e-4)
    assert names["bleu"]([said], [[right]]) == 0
    next_h, _ = names["inject_step_forward"](*(np.array([[one]]) for one in (1, 0.2, 2, 0.5, -1, 0.3)), np.zeros(1))
    assert next_h.item() == pytest.approx(0.716, abs=5e-4)
    assert math.log(2) + math.log(4) + math.log(1.25) == pytest.approx(2.303, abs=5e-4)


def test_a_beam_finds_what_greedy_misses():
    """The arrow and the lock of the notebook, by a table of probabilities."""
    table = {1: [0, 0, 0, 0.6, 0.4, 0, 0], 3: [0, 0, 0, 0.25, 0, 0.4, 0.35], 4: [0, 0, 0.1, 0, 0, 0, 0.9]}

    def step(state, word):
        with np.errstate(divide="ignore"):
            return np.log(np.array(table[word], dtype=float)), state

    search = SUBJECT.reference()["beam_search"]
    greedy, of_greedy = search(step, None, start=1, end=2, width=1, max_length=2)
    best, of_best = search(step, None, start=1, end=2, width=2, max_length=2)
    assert (greedy.tolist(), best.tolist()) == ([3, 5], [4, 6])
    assert [math.exp(of_greedy), math.exp(of_best)] == pytest.approx([0.24, 0.36])


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_loss_changes_with_the_image(cell):
    model = SUBJECT.reference()["CaptioningRNN"]({"<NULL>": 0, "<START>": 1, "<END>": 2, "cat": 3}, 5, 4, 3, cell)
    captions = np.array([[1, 3, 2, 0]])
    rng = np.random.default_rng(0)
    losses = {model.loss(rng.standard_normal((1, 5)).astype(np.float32), captions)[0].item() for _ in range(4)}
    assert len(losses) == 4


def lost(**answers):
    """The exercises that lose points where some answers are replaced."""
    verdicts = SUBJECT.judged(SUBJECT.reference() | answers)
    return [verdict.exercise for verdict in verdicts if not verdict.full]


def test_a_cell_that_is_made_on_the_wrong_device_is_caught():
    """Found without a GPU: torch's device 'meta' works out shapes only, and mixes with no other."""
    names = SUBJECT.reference()

    class Captioner(names["Captioner"]):
        def forward(self, features, captions):
            h0 = self.project(features)[None]
            states, _ = self.lstm(self.embed(captions[:, :-1]), (h0, torch.zeros(h0.shape, dtype=h0.dtype)))
            return self.vocabulary(states)

    assert lost(Captioner=Captioner) == ["Captioner"]


@pytest.mark.parametrize("keep", [lambda width: width + 1, lambda width: 2 * width, lambda width: 100])
def test_a_beam_that_keeps_too_many_is_caught_by_every_case_that_could(keep):
    right = SUBJECT.reference()["beam_search"]

    def beam_search(step, state, start, end, width, max_length):
        return right(step, state, start, end, keep(width), max_length)

    names = SUBJECT.reference() | {"beam_search": beam_search}
    cases = SUBJECT.checks.exercises["beam_search"].cases
    passed = [case.title for case in cases if replay_case(case, names).right]
    assert passed == ["a beam with room for everything: exhaustive search", "room for a single word"]
    assert lost(beam_search=beam_search) == ["beam_search"]


def test_a_beam_beside_which_the_ended_are_kept_for_nothing_is_caught():
    def beam_search(step, state, start, end, width, max_length):
        beam, finished = [((), 0.0, state)], []
        for _ in range(max_length):
            grown = []
            for words, total, memory in beam:
                log_probs, after = step(memory, words[-1] if words else start)
                grown += [((*words, word), total + float(one), after) for word, one in enumerate(log_probs)]
            finished += [one for one in grown if one[0][-1] == end]
            beam = sorted((one for one in grown if one[0][-1] != end), key=lambda one: -one[1])[:width]
        best = max([*finished, *beam], key=lambda one: one[1])
        return np.array(best[0]), best[1]

    assert lost(beam_search=beam_search) == ["beam_search"]


@pytest.mark.parametrize(
    "kind", [writers.ONE, writers.TWO, writers.THREE, writers.CUT_OFF, writers.WIDE, writers.SHORT, writers.EVERY]
)
def test_the_writers_of_a_kind_are_of_it(kind):
    assert writers.is_telling(writers.writer(kind, kind.seed), kind)


def test_bleu_of_candidates_without_n_grams_is_zero():
    bleu = SUBJECT.reference()["bleu"]
    assert bleu([[], []], [[["cat"]], [["dog"]]]) == 0
    assert bleu([["cat", "off"]], [[["cat", "off"]]]) == 0


def test_an_unknown_cell_is_refused():
    with pytest.raises(ValueError, match="rnn or lstm"):
        SUBJECT.reference()["CaptioningRNN"]({"<NULL>": 0}, cell_type="gru")
