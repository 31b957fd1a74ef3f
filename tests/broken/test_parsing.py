"""Every kind of broken file is read: repaired with a note, or refused with a reason. Nothing is run here."""

import pytest

from autograder.batch import released_notebook
from autograder.definitions import defined
from autograder.submission import parse_submission, read_template
from tests.broken.kinds_of_cells import CELLS
from tests.broken.kinds_of_files import FILES
from tests.broken.kinds_of_running import RUNNING
from tests.broken.make_corpus import CORPUS, corpus
from tests.broken.table import KINDS
from tests.conftest import ROOT

READ = [kind for kind in (*CELLS, *FILES, *RUNNING) if not kind.big]
DIFFERENT = (
    "answer-deleted",
    "everything-deleted",
    "function-renamed",
    "syntax-error-in-answer",
    "tabs-mixed-with-spaces",
)


@pytest.fixture(scope="module")
def template(stage):
    return read_template(released_notebook(ROOT / "assignments" / stage.id, stage), stage.id, stage.points)


def test_the_corpus_is_what_its_script_makes():
    """A difference means: run python -m tests.broken.make_corpus, and look at what it changed."""
    made = corpus()
    assert sorted(path.name for path in CORPUS.iterdir()) == sorted(made)
    assert [name for name, data in made.items() if (CORPUS / name).read_bytes() != data] == []


def test_there_are_enough_kinds_and_none_twice():
    assert len({kind.key for kind in KINDS}) == len(KINDS) >= 120


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.key)
def test_each_kind_is_read(kind, template):
    submission = parse_submission((CORPUS / f"{kind.key}.handin").read_bytes(), template)
    if kind in RUNNING:
        assert not submission.refusal
    elif kind.refused:
        assert kind.words in submission.refusal
        assert (submission.cells, submission.notebook) == ((), None)
    else:
        assert not submission.refusal
        assert kind.words in "\n".join(submission.notes)
    if not kind.refused and kind.key not in DIFFERENT:
        found = {name for cell in submission.cells for name in defined(cell.source)}
        assert found >= set(template.exercises)


@pytest.mark.parametrize("key", ["whole", "tags-demo-everywhere", "prose-as-code", "windows-line-ends"])
def test_what_is_as_good_as_whole_needs_no_repair(key, template):
    submission = parse_submission((CORPUS / f"{key}.handin").read_bytes(), template)
    assert submission.notes == ()
    assert len(submission.cells) == 10


def test_a_graded_notebook_shows_the_answer_that_counted(template):
    submission = parse_submission((CORPUS / "answer-doubled-by-stub.handin").read_bytes(), template)
    named = [cell for cell in submission.notebook["cells"] if cell["id"] == "answer-rnn_forward"]
    assert ["NotImplementedError" in cell["source"] for cell in named] == [False]
