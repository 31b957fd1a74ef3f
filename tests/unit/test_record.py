"""A record on disk: strict JSON, the same when read back, never half written."""

import json
import math
import multiprocessing
from dataclasses import replace

from autograder.judge import Verdict
from autograder.record import Record, attempt_paths, load_record, load_records, save_record
from autograder.session import CellProblem
from seqlab.checking.casefile import NamedMistake
from seqlab.checking.compare import Finding, Mismatch
from seqlab.checking.outcome import CaseOutcome

MISMATCH = Mismatch(2, 4, math.nan, (0, 1), math.inf, 0.5, None)
FINDINGS = (Finding("h", "not finite", "finite numbers", "nan or inf", MISMATCH), Finding("dx"))
OUTCOME = CaseOutcome("a case", FINDINGS, mistakes=("m",))
VERDICT = Verdict("step", 5.0, 10.0, (OUTCOME,), (1.0,), (NamedMistake("m", "step", "says", "asks?"),), "why")
PROBLEM = CellProblem(3, "stopped")
RECORD = Record("zoe", "s01_rnn", "abc", 7, "walls", (VERDICT,), ("a note",), (PROBLEM,), "", "printed")


def not_json(name):
    raise AssertionError(f"{name} is not JSON")


def test_a_record_is_strict_json_and_comes_back_the_same(tmp_path):
    path = save_record(tmp_path, RECORD)
    json.loads(path.read_text(), parse_constant=not_json)
    (back,) = load_records(tmp_path, "s01_rnn")
    mismatch = back.verdicts[0].outcomes[0].findings[0].mismatch
    assert math.isnan(mismatch.largest)
    assert mismatch.got == math.inf
    assert repr(back) == repr(RECORD)


def test_every_attempt_is_kept_and_the_latest_counts(tmp_path):
    first = save_record(tmp_path, RECORD)
    written = first.read_bytes()
    for seed in (8, 9):
        save_record(tmp_path, replace(RECORD, seed=seed))
    assert load_records(tmp_path, "s01_rnn")[0].seed == 9
    paths = attempt_paths(tmp_path, "zoe", "s01_rnn")
    assert [path.name for path in paths] == ["0001.json", "0002.json", "0003.json"]
    assert sorted(path.name for path in first.parent.iterdir()) == [path.name for path in paths]
    assert first.read_bytes() == written
    assert [load_record(path).seed for path in paths] == [7, 8, 9]


def test_of_several_that_write_at_once_each_gets_a_number(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=save_record, args=(tmp_path, replace(RECORD, seed=seed))) for seed in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    paths = attempt_paths(tmp_path, "zoe", "s01_rnn")
    assert sorted(load_record(path).seed for path in paths) == list(range(8))


def test_scores_add_up(tmp_path):
    assert (RECORD.score, RECORD.points, RECORD.scores()) == (5.0, 10.0, {"step": 5.0})
