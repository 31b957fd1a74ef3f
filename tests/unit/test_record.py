"""A record on disk: strict JSON, the same when read back, never half written."""

import json
import math
from dataclasses import replace

from autograder.judge import Verdict
from autograder.record import Record, load_records, save_record
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


def test_a_record_replaces_the_one_before_and_leaves_nothing_half_written(tmp_path):
    save_record(tmp_path, RECORD)
    path = save_record(tmp_path, replace(RECORD, seed=8))
    assert load_records(tmp_path, "s01_rnn")[0].seed == 8
    assert [file.name for file in path.parent.iterdir()] == ["s01_rnn.json"]


def test_scores_add_up(tmp_path):
    assert (RECORD.score, RECORD.points, RECORD.scores()) == (5.0, 10.0, {"step": 5.0})
