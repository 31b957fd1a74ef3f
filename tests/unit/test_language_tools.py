"""The tools around stage 2: n-grams, labels, coloured text, cells tried on other text, the torch LSTM, Adagrad."""

import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

from seqlab.language import labels
from seqlab.language.cells import Cell, balanced_accuracy, examine
from seqlab.language.coloured_text import colour_of, coloured_figure, coloured_html
from seqlab.language.lstm import CharLSTM, cell_states, generate, held_out, train_for
from seqlab.language.ngrams import NGram
from seqlab.language.pictures import cell_scores, learning_curves, ranking, temperatures
from seqlab.language.threads import one_thread
from seqlab.training import Adagrad

ABRACADABRA = np.array(["abcdr".index(one) for one in "abracadabra"])


# ---------------------------------------------------------------- n-grams


def witten_bell(text, context, character, V):
    """The rule written down again, slowly, from strings of ids."""
    shorter = 1 / V if not context else witten_bell(text, context[1:], character, V)
    k = len(context)
    after = [text[i + k] for i in range(len(text) - k) if text[i : i + k] == context]
    if not after:
        return shorter
    return (after.count(character) + len(set(after)) * shorter) / (len(after) + len(set(after)))


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_an_n_gram_follows_its_rule(order):
    model = NGram(ABRACADABRA, order, 5)
    ids = list(np.random.default_rng(0).integers(0, 5, 40))
    expected = [witten_bell(list(ABRACADABRA), ids[max(0, t - order + 1) : t], ids[t], 5) for t in range(len(ids))]
    np.testing.assert_allclose(model.probabilities(np.array(ids)), expected, rtol=1e-12)


def test_the_single_characters_of_abracadabra():
    # a 5, b 2, c 1, d 1, r 2 of 11, five kinds: (5 + 5 / 5) / (11 + 5) for a
    np.testing.assert_allclose(NGram(ABRACADABRA, 1, 5).distribution(np.array([])), np.array([6, 3, 2, 2, 3]) / 16)


@pytest.mark.parametrize("context", [[], [0], [4, 4], [0, 1, 4], [3, 3, 3, 3]])
def test_chances_add_up_to_one_and_none_is_zero(context):
    chances = NGram(ABRACADABRA, 4, 6).distribution(np.array(context, dtype=int))
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    assert chances.min() > 0


def test_a_long_context_helps_on_text_like_the_counted_one():
    text = np.tile(ABRACADABRA, 30)
    nats = [NGram(text, order, 5).nats_per_character(text) for order in (1, 2, 4)]
    assert nats[0] > nats[1] > nats[2]


def test_a_text_shorter_than_the_order_still_has_chances():
    model = NGram(np.array([1]), 3, 4)
    assert model.distribution(np.array([1])).sum() == pytest.approx(1)
    assert len(model.probabilities(np.array([2]))) == 1


@pytest.mark.parametrize(("order", "V"), [(0, 5), (20, 100)])
def test_an_order_that_cannot_be_is_refused(order, V):
    with pytest.raises(ValueError, match=f"found order {order}, V {V}"):
        NGram(ABRACADABRA, order, V)


# ---------------------------------------------------------------- labels


def marked(text, label):
    """The characters after which the label holds."""
    return "".join(character if one else "." for character, one in zip(text, label, strict=True))


@pytest.mark.parametrize(
    ("function", "text", "expected"),
    [
        (labels.inside_quotes, 'f("ab", x);', '.."ab......'),
        (labels.inside_quotes, r'"a\"b" c', r'"a\"b...'),
        (labels.inside_quotes, """'"' "x" """, """...."x.."""),
        (labels.inside_quotes, '/* "no" */ "yes"', '..........."yes.'),
        (labels.inside_quotes, '"open\nnext', '"open.....'),
        (labels.inside_quotes, '""', '".'),
        (labels.inside_quotes, '"', '"'),
        (labels.inside_comment, "a /* b */ c", "...* b *..."),
        (labels.inside_comment, "a // b\nc", "..." + "/ b" + ".."),
        (labels.inside_comment, '"/* no */"', ".........."),
        (labels.inside_comment, "/* open", ".* open"),
        (labels.inside_if, "if (a(b)) c(d);", "...(a(b)......."),
        (labels.inside_if, "else if(x) y", ".......(x..."),
        (labels.inside_if, 'if (f(")")) g', '...(f(")")...'),
        (labels.inside_if, "elif (x) diff (y)", "................."),
        (labels.inside_if, "#if (X)", "......."),
        (labels.inside_if, "if (a /* ) */ b) c", "...(a /* ) */ b..."),
        (labels.inside_if, "if (open", "...(open"),
        (labels.inside_if, ") if (x)", ".....(x."),
        (labels.inside_maths, r"is $x$ or \$5 $y$", r"...$x.........$y."),
        (labels.inside_maths, "a $5\n\nb $6", ".........."),
        (labels.inside_maths, r"\begin{align*}a\end{align*}b", r"\begin{align*}a\end{align*" + ".."),
        (labels.inside_name, "ROMEO:\nWhat: now?\n\nJULIET:\nNo", "ROMEO..............JULIET...."),
    ],
)
def test_labels_say_what_holds_after_each_character(function, text, expected):
    label = function(text)
    assert label.dtype == bool
    assert marked(text, label) == expected


def test_places_in_lines_and_depths():
    text = "ab\n\tc\n\n\t\td"
    np.testing.assert_array_equal(labels.line_position(text), [1, 2, 0, 1, 2, 0, 0, 1, 2, 3])
    np.testing.assert_array_equal(labels.indentation(text), [0, 0, 0, 1, 1, 0, 0, 1, 2, 2])


LABELS = (
    labels.inside_quotes, labels.inside_comment, labels.inside_if, labels.line_position, labels.indentation,
)  # fmt: skip


@pytest.mark.parametrize("function", LABELS, ids=lambda function: function.__name__)
def test_a_label_of_c_needs_no_character_that_has_not_been_read(function):
    text = 'int f(void)\n{\n\tif (a("x") && b) /* c */\n\t\tputs("if (d)"); // e\n}\n'
    whole = function(text)
    for end in range(1, len(text)):
        assert function(text[:end])[-1] == whole[end - 1], text[:end]


def test_nothing_has_no_labels():
    assert [function("").shape for function in LABELS] == [(0,)] * len(LABELS)


# ---------------------------------------------------------------- coloured text


class Shown(HTMLParser):
    """What a browser would show."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags = "", set()
        self.feed(page)

    def handle_data(self, data):
        self.text += data

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)


def test_blue_is_low_and_red_is_high():
    assert colour_of(0) == "#ffffff"
    low, high = ([int(colour_of(value)[place : place + 2], 16) for place in (1, 3, 5)] for value in (-1, 1))
    assert low[2] > low[0]
    assert high[0] > high[2]
    assert colour_of(5) == colour_of(1)


def test_the_text_is_escaped_and_shown_whole():
    text = '<script>alert("&amp;")</script>\n\tx < y\'s'
    page = coloured_html(text, np.linspace(-1, 1, len(text)))
    shown = Shown(page)
    assert shown.text == text.replace("\n", "↵\n")
    assert shown.tags == {"pre", "span"}
    assert len(re.findall("<span", page)) == len(text)
    assert page.count("<") == 2 * (len(text) + 1)  # those of the spans and of the frame, and none from the text
    assert page.count("&") == sum(text.count(one) for one in "<>&\"'")


@pytest.mark.parametrize("values", [np.zeros(3), np.array([0.0, np.nan])])
def test_one_finite_value_for_each_character_is_needed(values):
    for show in (coloured_html, coloured_figure):
        with pytest.raises(ValueError, match="for each of 2 characters"):
            show("ab", values)


def test_a_figure_holds_every_character_and_wraps_long_lines():
    text = "a$b$\n\tc" + "x" * 20
    figure = coloured_figure(text, np.zeros(len(text)), "title", width=10)
    (axes,) = figure.axes
    drawn = "".join(one.get_text() for one in axes.texts)
    assert drawn == text.replace("\n", "↵").replace("\t", " ")
    assert not any(one.get_parse_math() for one in axes.texts)
    assert len({patch.get_y() for patch in axes.patches}) == 4
    figure.canvas.draw()


# ---------------------------------------------------------------- cells


def correlate(hidden, wanted):
    scores = np.array([np.corrcoef(column, wanted)[0, 1] for column in hidden.T])
    return int(np.abs(scores).argmax()), scores


def noisy_text(rng, sign=-1.0, T=400):
    wanted = np.repeat(rng.random(T // 10) < 0.5, 10)
    hidden = rng.standard_normal((T, 6)) * 0.5
    hidden[:, 4] += sign * wanted
    return hidden, wanted


def test_a_cell_is_told_on_other_text_and_beats_luck():
    rng = np.random.default_rng(0)
    cell = examine(correlate, noisy_text(rng), noisy_text(rng), rng)
    assert cell.unit == 4
    assert cell.chosen < -0.6
    assert cell.told < -0.6
    assert cell.luck < 0.4
    assert 0.7 < cell.accuracy <= 1
    assert cell.verdict == "a cell"


def test_what_does_not_hold_on_other_text_is_no_cell():
    rng = np.random.default_rng(1)
    turned = examine(correlate, noisy_text(rng), noisy_text(rng, sign=1.0), rng)
    assert not turned.steady
    chance = (rng.standard_normal((400, 50)), rng.random(400) < 0.5)
    other = (rng.standard_normal((400, 50)), rng.random(400) < 0.5)
    for cell in (turned, examine(correlate, chance, other, rng)):
        assert cell.verdict == "no single cell tells this"


@pytest.mark.parametrize(
    ("told", "luck", "said"),
    [(0.9, 0.1, "a cell"), (0.4, 0.1, "a hint"), (0.4, 0.5, "no single cell"), (0.2, 0.1, "no single cell")],
)
def test_the_words_follow_the_numbers(told, luck, said):
    assert Cell(0, 0.9, told, luck, None).verdict.startswith(said)


def test_numbers_have_no_accuracy_and_a_coin_has_a_half():
    rng = np.random.default_rng(2)
    hidden, _ = noisy_text(rng)
    assert examine(correlate, (hidden, hidden[:, 2]), (hidden, hidden[:, 2]), rng).accuracy is None
    assert balanced_accuracy(np.ones(9, dtype=bool), np.arange(9) < 2) == 0.5


# ---------------------------------------------------------------- pictures


def test_the_pictures_draw():
    losses = np.linspace(3, 2, 50)
    chances = {"0.5": np.array([0.7, 0.2, 0.1]), "1.0": np.array([0.5, 0.3, 0.2])}
    figures = [
        learning_curves({"one": (np.arange(50), losses), "short": (np.arange(2), losses[:2])}, "x", "t"),
        ranking({"a": 2.0, "b": 3.0}, "nats", marked=["a"]),
        temperatures(chances, "a\n$"),
        cell_scores({"quotes": Cell(3, -0.8, -0.7, 0.2, 0.9), "line": Cell(1, 0.2, 0.1, 0.2, None)}),
    ]
    for figure in figures:
        figure.canvas.draw()


# ---------------------------------------------------------------- the LSTM


@pytest.fixture(scope="module")
def abracadabra_lstm():
    torch.manual_seed(0)
    model = CharLSTM(5, D=8, H=24)
    text = np.tile(ABRACADABRA, 20)
    before = held_out(model, text[None, :100])
    times, losses = train_for(model, text, 8.0, np.random.default_rng(0), streams=4, length=11, learning_rate=2e-2)
    return model, text, before, times, losses


def test_an_lstm_learns_in_the_time_it_is_given(abracadabra_lstm):
    model, text, before, times, losses = abracadabra_lstm
    assert before == pytest.approx(np.log(5), abs=0.3)
    assert len(times) == len(losses) > 10
    assert (np.diff(times) > 0).all()
    assert held_out(model, text[None, :100]) < 0.5 * before


def test_held_out_does_not_depend_on_the_length_of_the_pieces(abracadabra_lstm):
    model, text, *_ = abracadabra_lstm
    rows = np.stack([text[:61], text[3:64]])
    assert held_out(model, rows, length=7) == pytest.approx(held_out(model, rows, length=1000), rel=1e-5)


def test_it_writes_from_what_it_wrote_and_the_same_generator_writes_the_same(abracadabra_lstm):
    model, *_ = abracadabra_lstm
    first, again = (generate(model, ABRACADABRA[:3], 30, 0.8, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    cold = generate(model, ABRACADABRA, 11, 0.05, np.random.default_rng(0))
    assert "".join("abcdr"[one] for one in cold) == "abracadabra"


def test_cell_states_are_those_of_the_whole_text(abracadabra_lstm):
    model, text, *_ = abracadabra_lstm
    states = cell_states(model, text[None, :12])
    _, (_, c) = model(torch.from_numpy(text[None, :12]))
    assert states.shape == (1, 12, 24)
    np.testing.assert_allclose(states[:, -1], torch.tanh(c[-1]).detach().numpy(), atol=1e-6)


def test_one_thread_is_for_the_block_only():
    before = torch.get_num_threads()
    assert one_thread()(torch.get_num_threads)() == 1
    with pytest.raises(KeyError):
        one_thread()({}.__getitem__)("missing")
    assert torch.get_num_threads() == before


# ---------------------------------------------------------------- Adagrad


@pytest.mark.parametrize("clip", [None, 0.3])
def test_adagrad_is_torch_s(clip):
    rng = np.random.default_rng(0)
    params = {"a": rng.standard_normal((3, 4)), "b": rng.standard_normal(5)}
    twins = {name: torch.from_numpy(value.copy()).requires_grad_() for name, value in params.items()}
    mine, theirs = Adagrad(0.2, clip=clip), torch.optim.Adagrad(list(twins.values()), lr=0.2)
    for _ in range(5):
        grads = {name: rng.standard_normal(value.shape) for name, value in params.items()}
        for name, twin in twins.items():
            twin.grad = torch.from_numpy(grads[name] if clip is None else grads[name].clip(-clip, clip))
        mine.update(params, grads)
        theirs.step()
    for name, twin in twins.items():
        np.testing.assert_allclose(params[name], twin.detach().numpy(), rtol=1e-12)


def test_adagrad_wants_every_gradient_and_leaves_them_alone():
    params, grads = {"a": np.ones(2)}, {"a": np.array([9.0, -9.0])}
    Adagrad(clip=1.0).update(params, grads)
    np.testing.assert_array_equal(grads["a"], [9.0, -9.0])
    with pytest.raises(KeyError):
        Adagrad().update(params, {})


def test_the_labels_of_a_long_text_come_quickly_from_patterns_that_cannot_run_away():
    hostile = "".join(itertools.chain.from_iterable(('"\\', "/*", "if (", "$", "'\\") for _ in range(3000)))
    for function in (*LABELS, labels.inside_maths, labels.inside_name):
        assert function(hostile).shape == (len(hostile),)
