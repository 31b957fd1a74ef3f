"""The report on similar answers: copies in disguise are found, independent ones are not, hostile ones do no harm."""

import csv
import html
import json
import random
import re
import time
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from autograder.batch import released_notebook
from autograder.cli import main
from autograder.demo import notebook_with
from autograder.hand_ins import HandIn
from autograder.similarity.answers import ELSEWHERE, answer_texts
from autograder.similarity.classroom import compare_class
from autograder.similarity.fingerprints import PIECE, WINDOW, all_fingerprints, fingerprints
from autograder.similarity.pairs import SHORTEST, Answer, compare
from autograder.similarity.report import people, write_page, write_table
from autograder.similarity.tokens import LONGEST, code_tokens
from autograder.submission import parse_submission
from autograder.template import read_template
from tests.course.stages import COURSE
from tests.unit.similarity_material import answers_of, disguised, variants

LONG_EXERCISE = "rnn_backward"
HOSTILE = "<script>alert(1)</script>=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def released():
    stage = COURSE.stage("s01_rnn")
    return released_notebook(COURSE.release_folder(stage.id), stage)


@pytest.fixture(scope="module")
def template(released):
    stage = COURSE.stage("s01_rnn")
    return read_template(released, stage.id, stage.points)


@pytest.fixture(scope="module")
def own(master):
    return answers_of(master)


def hand_in(folder, student, text):
    path = folder / student.replace("/", "_") / "s01_rnn.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return HandIn(student, path)


def compared(tmp_path, released, template, texts):
    hand_ins = [hand_in(tmp_path, student, notebook_with(released, answers)) for student, answers in texts.items()]
    return compare_class(hand_ins, template, lambda: None)


def pairs_of(found):
    return {
        (pair.exercise, *sorted(answer.student for answer in pair.answers))
        for one in found.exercises
        for pair in one.pairs
    }


def prints(text):
    return fingerprints(code_tokens(text))


def test_names_comments_numbers_and_layout_do_not_count():
    one = "def f(x, b):\n    # note\n    return np.tanh(x * 2.0 + b)\n"
    other = "def g(first,second):\n    '''what it does'''\n    return np.tanh( first*3 +\n        second )  # done\n"
    assert [token.symbol for token in code_tokens(one)] == [token.symbol for token in code_tokens(other)]
    assert prints(one) != prints(one.replace("tanh", "exp"))
    assert prints(f"{one}self.rate = x.T") == prints(f"{one}self.speed = x.T")


def test_what_two_texts_share_is_found_if_it_is_long_enough():
    draw = random.Random(0)

    def noise():
        return draw.choices("abcdefgh+-*/", k=60)

    shared = [SimpleNamespace(symbol=f"s{place}", line=0) for place in range(PIECE + WINDOW - 1)]
    for _ in range(50):
        one, other = ([SimpleNamespace(symbol=symbol, line=0) for symbol in noise()] for _ in "ab")
        assert fingerprints([*one, *shared]).keys() & fingerprints([*shared, *other]).keys()
    assert not fingerprints(shared[: PIECE - 1])
    assert len(fingerprints(shared[:PIECE])) == 1


@pytest.mark.parametrize("stage_id", list(COURSE.stages))
def test_independent_answers_are_not_alike(stage_id):
    stage = COURSE.stage(stage_id)
    template = read_template(released_notebook(COURSE.release_folder(stage_id), stage), stage_id, stage.points)
    known = frozenset().union(*(all_fingerprints(code_tokens(text)) for text in template.texts.values()))
    judged = 0
    for exercise, texts in variants(stage_id, stage.points).items():
        kept = [{one: lines for one, lines in prints(text).items() if one not in known} for text in texts]
        found = compare(
            exercise, [Answer(str(place), text, one) for place, (text, one) in enumerate(zip(texts, kept, strict=True))]
        )
        assert found.pairs == ()
        judged += found.judged
    assert judged > 3


def test_copies_with_other_names_in_another_order_are_found(tmp_path, released, template, own):
    order = list(own)[::-1]
    copy = {order[0]: "\n\n\n".join(disguised(own[name], own) for name in order)}
    others = variants("s01_rnn", own)
    third = {name: texts[0] for name, texts in others.items() if texts}
    found = compared(tmp_path, released, template, {"ada": own, "ben": copy, "cem": third})
    long_ones = {one.exercise for one in found.exercises if one.judged == 3}
    assert LONG_EXERCISE in long_ones
    assert {(exercise, "ada", "ben") for exercise in long_ones} <= pairs_of(found)
    assert all("cem" not in pair for pair in pairs_of(found))
    (names, alike), *rest = people(found)
    assert names == ("ada", "ben")
    assert rest == []
    assert alike[0].share == 1.0


def test_what_was_given_and_short_answers_are_not_judged(tmp_path, released, template, own):
    short = {"temporal_affine_forward": own["temporal_affine_forward"]}
    found = compared(tmp_path, released, template, {"ada": {}, "ben": {}, "cem": short, "dan": short})
    assert pairs_of(found) == set()
    by_name = {one.exercise: one for one in found.exercises}
    assert (by_name["temporal_affine_forward"].judged, by_name["temporal_affine_forward"].too_short) == (0, 2)
    assert by_name[LONG_EXERCISE].judged == by_name[LONG_EXERCISE].too_short == 0


def test_two_who_copy_what_was_given_are_not_alike(tmp_path, released, template):
    longest = max((text for name, text in template.texts.items() if name not in template.prose), key=len)
    assert len(prints(longest)) >= SHORTEST
    pasted = {LONG_EXERCISE: f"{longest}\n\nmine = 1\n"}
    found = compared(tmp_path, released, template, {"ada": pasted, "ben": pasted})
    assert pairs_of(found) == set()
    assert found.read == 2


def test_what_most_of_a_class_wrote_is_not_listed_and_the_rest_is():
    common = "".join(f"    y = np.f{number}(x) + {number}\n" for number in range(30))
    rare = "".join(f"    z = torch.g{number}(x) @ x\n" for number in range(60))
    texts = [common] * 8 + [common + rare] * 2
    answers = [Answer(str(place), text, prints(text)) for place, text in enumerate(texts)]
    found = compare("f", answers)
    assert [sorted(answer.student for answer in pair.answers) for pair in found.pairs] == [["8", "9"]]
    assert found.pairs[0].share < 1.0
    assert found.common >= SHORTEST
    assert compare("f", answers[:3]).pairs[0].share == 1.0


def test_other_code_is_compared_too_and_broken_code_by_its_text(template):
    helper = "def helper(x):\n    return x"
    cells = [f"{helper}\ndef rnn_forward(a):\n    return helper(a)\n", "def rnn_backward(a:\n    return ("]
    notebook = {"cells": [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells]}
    texts = answer_texts(parse_submission(json.dumps(notebook).encode(), template), template)
    assert texts["rnn_forward"] == "def rnn_forward(a):\n    return helper(a)"
    assert texts[ELSEWHERE] == helper
    assert texts["rnn_backward"].startswith("def rnn_backward(a:")


def indented(text):
    return "".join(f"    {line}\n" for line in text.split("\n"))


def renamed(name, text):
    return re.sub(rf"^(def|class) {name}\b", rf"\1 other_{name}", text, flags=re.MULTILINE)


HIDING = {
    "an IPython line that goes on": lambda name, text: "!true" + " \\\n x" * 120 + f"\n{text}",
    "a condition": lambda name, text: f"if True:\n{indented(text)}",
    "another name": lambda name, text: f"{renamed(name, text)}\n{name} = other_{name}\n",
    "a cell magic": lambda name, text: f"%%capture\n{renamed(name, text)}\n{name} = other_{name}\n",
    "a later definition that is never run": lambda name, text: f"{text}\nif False:\n    def {name}():\n        pass\n",
    "blank lines": lambda name, text: '@(lambda one: one or """' + "\n" * 2 * LONGEST + f'""")\n{text}',
}


@pytest.mark.parametrize("way", list(HIDING))
def test_answers_that_hide_are_compared(way, tmp_path, released, template, own):
    hidden = {name: HIDING[way](name, text) for name, text in own.items()}
    plain = pairs_of(compared(tmp_path / "plain", released, template, {"ada": own, "ben": own}))
    assert len(plain) >= 5
    found = compared(tmp_path / "hidden", released, template, {"ada": own, "ben": hidden})
    assert pairs_of(found) == plain
    assert all(pair.share == 1.0 for one in found.exercises for pair in one.pairs)


def test_an_earlier_definition_is_code_elsewhere(template):
    cells = ["def rnn_forward(a):\n    return 1", "def rnn_forward(a):\n    return 2"]
    notebook = {"cells": [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells]}
    texts = answer_texts(parse_submission(json.dumps(notebook).encode(), template), template)
    assert (texts["rnn_forward"], texts[ELSEWHERE].strip()) == (cells[1], cells[0])


def test_whoever_cannot_be_compared_as_expected_stands_on_the_page(tmp_path, released, template, own, stage):
    other = {LONG_EXERCISE: f"{LONG_EXERCISE} = eval('lambda *a: 1')\nlong = '{'x' * LONGEST}'\n"}
    found = compared(tmp_path, released, template, {"ada": own, "ben": other, "cem": {}, "dan": {"RNN": own["RNN"]}})
    assert found.not_found == {"ben": [LONG_EXERCISE]}
    assert found.cut == {"ben": [ELSEWHERE]}
    write_page(tmp_path / "similar.html", stage, found)
    page = (tmp_path / "similar.html").read_text()
    assert f"ben defines nowhere, and has no cell as released for: {LONG_EXERCISE}" in page
    assert f"only the first were compared of: {ELSEWHERE}" in page


@pytest.mark.parametrize(("filler", "most"), [("", 100), (".", 1)])
def test_answers_that_are_padded_cost_little(filler, most, tmp_path, released, template, own, stage):
    """Four students with line after line; what they share is shown all the same."""
    pad = "\n    '''\n" + f"{filler}\n" * 100_000 + "    '''\n"
    padded = own | {name: own[name] + pad for name in [LONG_EXERCISE, *own][:most]}
    began = time.process_time()
    found = compared(tmp_path, released, template, dict.fromkeys(("ada", "ben", "cem", "dan"), padded))
    write_page(tmp_path / "similar.html", stage, found)
    assert time.process_time() - began < 10
    assert (tmp_path / "similar.html").stat().st_size < 1e6
    assert (LONG_EXERCISE, "ada", "ben") in pairs_of(found)
    page = (tmp_path / "similar.html").read_text()
    assert 'class="same"' in page
    assert ("more lines" in page) == (LONG_EXERCISE in found.cut.get("ada", [])) == bool(filler)


def test_fingerprints_take_time_in_proportion_to_the_text():
    began = time.process_time()
    kept = prints("x\n" * 30_000)
    assert time.process_time() - began < 2
    assert max(len(lines) for lines in kept.values()) > 29_000


def test_the_report_shows_hostile_names_and_texts_as_text(tmp_path, released, template, own, stage):
    bad = {LONG_EXERCISE: own[LONG_EXERCISE] + f"\n    '''</pre>{HOSTILE}\x1b[31m'''\n"}
    found = compared(tmp_path / "class", released, template, {HOSTILE: bad, "=1+1": bad, "cem": {}})
    write_page(tmp_path / "similar.html", stage, found)
    write_table(tmp_path / "similar.csv", found)
    page = (tmp_path / "similar.html").read_text()
    assert "<script" not in page
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in html.unescape(page)
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page
    assert 'class="same"' in page
    assert "no proof" in page
    rows = list(csv.reader((tmp_path / "similar.csv").read_text().splitlines()))
    assert rows[1][0] == LONG_EXERCISE
    assert "'=1+1" in rows[1]


def test_broken_hand_ins_are_counted_and_stop_nobody(tmp_path, released, template, own):
    good = notebook_with(released, own)
    deep = "[" * 100_000
    files = {"ada": good, "ben": good, "cut": good[:2000], "deep": deep, "empty": ""}
    found = compare_class([hand_in(tmp_path, *item) for item in files.items()], template, lambda: None)
    assert found.read == 2
    assert sorted(found.refused) == ["cut", "deep", "empty"]
    assert (LONG_EXERCISE, "ada", "ben") in pairs_of(found)


def test_the_command_writes_both_and_says_what_is_next(tmp_path, released, own, monkeypatch):
    for name in ("course.toml", "assignments"):
        (tmp_path / name).symlink_to(COURSE.root / name)
    said = CliRunner().invoke(main, ["--course", str(tmp_path), "similar", "s01_rnn"])
    assert said.exit_code == 1
    assert "autograder collect s01_rnn" in said.output
    for student in ("ada", "ben"):
        path = tmp_path / "classroom" / "submitted" / student / "s01_rnn" / "s01_rnn.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook_with(released, own), encoding="utf-8")
    said = CliRunner().invoke(main, ["--course", str(tmp_path), "similar", "s01_rnn"])
    assert said.exit_code == 0, said.output
    assert "Next: " in said.output
    for ending in ("html", "csv"):
        assert "ben" in (tmp_path / "classroom" / "reports" / f"s01_rnn-similar.{ending}").read_text()
