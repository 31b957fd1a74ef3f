"""The figures of a class report, against numbers reckoned by hand."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.course import CourseError
from autograder.record import save_record
from autograder.reporting.classroom import percent_of, read_classroom
from autograder.reporting.exercises import case_figures, exercise_figures, mistake_figures
from autograder.reporting.figures import figures_of, headline
from autograder.reporting.noticed import (
    CELLS,
    ENDED,
    ENDINGS,
    FLOOD,
    LIBRARY,
    NETWORK,
    ODD_FILE,
    PROTOCOL,
    STAFF,
    TIME,
    noticed,
    repairs,
)
from autograder.reporting.people import changed_students, late_students, to_talk_to
from autograder.reporting.pictures import histogram, parts
from autograder.reporting.scores import spread_of
from autograder.sandbox.child import Allowance, Child, ChildLost, Deadline
from autograder.session import MAX_FATAL_CELLS, CellProblem
from autograder.standings import Standing, Standings
from autograder.workspace import Workspace
from seqlab.checking.outcome import CaseOutcome
from tests.unit.made_classes import (
    NO_BIAS,
    OFF,
    RIGHT,
    TRANSPOSED,
    classroom,
    half_right,
    mixed_class,
    record,
    refused,
    unwritten,
    verdict,
    work,
)


def test_quartiles_and_bins_are_those_reckoned_by_hand():
    spread = spread_of([0.0, 9.99, 10.0, 55.0, 90.0, 99.9, 100.0, 100.0])
    assert [one.count for one in spread.bins] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2, 2]
    assert [one.label for one in spread.bins][:2] == ["0-9", "10-19"]
    assert spread.bins[-1].label == "100"
    assert (spread.lower, spread.median, spread.upper) == pytest.approx((9.9975, 72.5, 99.925))
    assert (spread.lowest, spread.highest, spread.count) == (0, 100, 8)


def test_quartiles_agree_with_numpy_s():
    percents = list(np.random.default_rng(3).uniform(0, 100, 31))
    spread = spread_of(percents)
    assert (spread.lower, spread.median, spread.upper) == pytest.approx(tuple(np.percentile(percents, [25, 50, 75])))


def test_one_student_is_a_spread_and_none_is_no_spread():
    spread = spread_of([82.0])
    assert {spread.lowest, spread.lower, spread.median, spread.upper, spread.highest, spread.mean} == {82.0}
    assert spread_of([]) is None


@pytest.mark.parametrize(
    "score, points, percent",
    [(5, 10, 50), (0, 10, 0), (3, 0, 0), (float("nan"), 10, 0), (5, float("nan"), 0), (12, 10, 100), (-1, 10, 0)],
)
def test_a_percentage_is_one_whatever_stands_in_a_record(score, points, percent):
    assert percent_of(score, points) == percent


def test_exercises_count_all_part_none_and_why():
    records = [record("a"), half_right("b"), unwritten("c"), refused("d", "no JSON")]
    step, loop = exercise_figures(records)
    assert (step.full, step.part, step.none, step.unwritten, step.refused) == (1, 1, 2, 1, 1)
    assert step.lost == 10 + 40 + 40  # b's step is worth 30 of 40
    assert step.mean == 40 - 90 / 4
    assert (loop.full, loop.part, loop.none, loop.lost) == (1, 1, 2, 150)
    assert [(one.kind, one.width) for one in parts(step)] == [("full", 50), ("part", 50), ("none", 100)]


def test_points_are_lost_at_cases_and_what_was_not_run_is_left_out():
    figures = case_figures([half_right("b"), half_right("e"), unwritten("c"), refused("d", "no JSON")])
    assert [(one.exercise, one.title, one.lost, one.students) for one in figures] == [
        ("loop", "large", 60, ("b", "e")),
        ("step", "large", 20, ("b", "e")),
    ]


def test_a_mistake_counts_once_for_a_student_and_only_where_it_cost_points():
    twice = record("a", verdict("step", OFF, mistakes=(NO_BIAS,)), verdict("loop", OFF, mistakes=(NO_BIAS, TRANSPOSED)))
    third = record("b", verdict("step", OFF, mistakes=(TRANSPOSED, NO_BIAS, replace(NO_BIAS, key="third"))))
    full = record("c", verdict("step", RIGHT, mistakes=(NO_BIAS,)))
    figures = mistake_figures([twice, third, full])
    assert [(one.key, one.students) for one in figures] == [("no_bias", ("a", "b")), ("transposed", ("a", "b"))]


def seen(*records, kept=1000):
    return {one.kind: dict(one.seen) for one in noticed(records, kept)}


def test_what_a_record_knows_is_noticed():
    ended = CaseOutcome("c", error="ended the Python process (exit, crash, or a limit on memory or processor time)")
    leaned = CaseOutcome("c", error="step called torch.tanh; ...", guarded="step called torch.tanh; ...")
    problems = (CellProblem(4, "took longer than 20 seconds and was stopped"), CellProblem(5, "NameError: x"))
    found = seen(
        record("a", verdict("step", leaned), verdict("loop", ended), cell_problems=problems),
        record("b", printed="x" * 1000, notes=("s01_rnn.ipynb is a link",)),
        record("c", printed="[Errno 101] Network is unreachable\nopen /etc/shadow\nall went well"),
    )
    assert found[TIME] == {"a": ("cell 4: took longer than 20 seconds and was stopped",)}
    assert found[ENDED]["a"][0].startswith("loop: ended the Python process")
    assert found[LIBRARY] == {"a": ("step called torch.tanh; ...",)}
    assert found[CELLS] == {"a": ("cell 5: NameError: x",)}
    assert found[FLOOD] == {"b": ("more than 0 KB",)}
    assert found[ODD_FILE] == {"b": ("s01_rnn.ipynb is a link",)}
    assert found[NETWORK] == {"c": ("printed: [Errno 101] Network is unreachable",)}
    assert found[STAFF] == {"c": ("printed: open /etc/shadow",)}


def test_text_of_a_student_is_not_taken_for_a_limit():
    error = "step stopped with ValueError: took longer than 10 seconds and was stopped"
    assert TIME not in seen(record("a", verdict("step", CaseOutcome("c", error=error))))


def test_every_end_of_a_child_is_known_by_its_words():
    """The words are made by the sandbox; these are made by its own code."""
    told = [f"more than {MAX_FATAL_CELLS} cells end the Python process", *ends_of_a_child()]
    kinds = [[kind for kind, pattern in ENDINGS if pattern.fullmatch(text)] for text in told]
    assert kinds == [[ENDED], [TIME], [TIME], [TIME], [TIME], [TIME], [ENDED], [PROTOCOL]]


def ends_of_a_child():
    for deadline in (Deadline(0), Deadline(1, 0)):
        with pytest.raises(ChildLost) as lost:
            deadline.cap(1)
        yield str(lost.value)
    reader, writer = os.pipe()
    os.close(writer)
    child = Child(None, None, reader, 10)
    child.used = lambda: 5.0
    yield child._excess(Allowance(10), time.monotonic() - 1, 0)
    yield child._excess(Allowance(10, 4), time.monotonic() + 9, 0)
    yield child._excess(Allowance(10, 4, 3, 120), time.monotonic() + 9, 0)
    yield child._reason(OSError())
    with pytest.raises(ChildLost) as lost:
        raise ChildLost("broke off the grader's protocol")
    yield str(lost.value)


def test_repairs_of_a_kind_stand_together():
    found = repairs(
        [
            record("a", notes=("cell 3 is not a code cell (raw); it was taken as one",)),
            record("b", notes=("cell 12 is not a code cell (raw); it was taken as one", "step is defined in cells 2")),
            record("c", notes=("loop is defined in cells 7, 8 and 9", "x.ipynb is a pipe and was not read")),
        ]
    )  # fmt: skip
    assert [(one.kind.name, [name for name, _ in one.seen]) for one in found] == [
        ("cell … is not a code cell (raw); it was taken as one", ["a", "b"]),
        ("… is defined in cells …", ["b", "c"]),
    ]


def reasons(one, **rest):
    room = classroom([one], **rest)
    return [reason for who in to_talk_to(room, noticed([one.record], 0)) for reason in who.reasons]


def test_there_is_a_reason_to_talk():
    assert reasons(work(record("a"))) == []
    assert reasons(work(refused("a", "no JSON"))) == ["the hand-in could not be read: no JSON"]
    assert reasons(work(unwritten("a"))) == ["no points: no exercise is written yet"]
    zero = record("a", verdict("step", CaseOutcome("c", error="x")), verdict("loop", CaseOutcome("c", error="x")))
    assert reasons(work(zero)) == ["no points, though 2 of 2 exercises are written"]
    assert reasons(work(half_right("a"), earlier={"s00": 95, "s01": 85})) == [
        "far below their earlier stages: 60 here, 90 on average before (s00 95, s01 85)"
    ]
    assert reasons(work(half_right("a"), earlier={"s00": 89})) == []


def test_several_files_without_progress_are_a_reason_and_one_file_graded_again_is_none():
    tries = [half_right("a", digest=name) for name in ("d3", "d2", "d1")]
    assert reasons(work(*tries)) == ["3 different files without progress: 60, 60, 60"]
    assert reasons(work(half_right("a", digest="d3"), half_right("a", digest="d2"), unwritten("a"))) == []
    assert reasons(work(half_right("a"), half_right("a"), half_right("a"))) == []


def test_who_is_missing_is_talked_to_if_they_were_there_before():
    room = classroom([], missing={"a": {"s00": 70.0}, "b": {}})
    assert [(one.student, one.reasons) for one in to_talk_to(room, [])] == [
        ("a", ("handed in nothing; 70 on average before (s00 70)",))
    ]


@pytest.mark.parametrize(
    "seconds, words",
    [(1, "1 minute"), (61, "2 minutes"), (3600, "1 hour"), (86400, "1 day"), (2 * 86400 + 7300, "2 days 2 hours")],
)
def test_lateness_in_words(seconds, words):
    standings = Standings(True, frozenset("ab"), {"a": Standing(seconds, 4.5), "b": Standing(0.0)})
    (late,) = late_students(classroom([work(record("a")), work(record("b"))], standings=standings))
    assert (late.student, late.how_late, late.penalty) == ("a", words, 4.5)


def test_changes_are_those_of_the_last_two_gradings():
    rose = work(record("a", digest="d2"), half_right("a"))
    fell = work(half_right("b", digest="d2"), record("b"), unwritten("b"))
    same = work(record("c"), record("c"))
    found = changed_students([rose, fell, same, work(record("d"))])
    assert [(one.student, one.before, one.after, one.rose) for one in found] == [
        ("b", 100, 60, False),
        ("a", 60, 100, True),
    ]
    assert "another file was handed in" in found[0].lines[0]


def test_the_headline_says_it_in_a_sentence():
    room = classroom([work(record("a")), work(half_right("b"))], missing={"c": {}}, ungraded=("d",))
    assert headline(room, figures_of(room)) == (
        "3 of 4 handed in; 1 of these are not graded yet; the median is 80 of 100; most points are lost in loop, "
        "15 of 60 on average; the most frequent mistake, made by 1, is in step: "
        "“these are the values of a step without its bias”."
    )


@pytest.mark.parametrize("count", [0, 1, 6, 1000])
def test_a_class_of_any_size_has_figures_soon(count):
    room = mixed_class(count)
    start = time.process_time()
    figures = figures_of(room)
    assert time.process_time() - start < 10
    assert (figures.spread is None) == (count == 0)
    assert sum(len(one.seen) for one in figures.noticed) >= count // 6
    assert headline(room, figures).endswith(".")


def test_the_picture_stands_in_its_frame():
    picture = histogram(spread_of([0.0, 50.0, 100.0]))
    assert max(column.height for column in picture.columns) == picture.height
    assert 0 <= picture.lowest <= picture.lower <= picture.median <= picture.upper <= picture.highest <= picture.width
    assert (picture.lowest, picture.median, picture.highest) == tuple(picture.columns[at].edge for at in (0, 5, 10))


@pytest.fixture
def school(course, tmp_path):
    """A class folder: ann twice graded with an earlier stage, bob only handed in, cy only in the earlier stage."""
    workspace = Workspace.together(tmp_path)
    save_record(tmp_path, replace(record("ann"), stage="s02_language_model"))
    save_record(tmp_path, replace(half_right("ann"), stage="s02_language_model"))
    for student in ("ann", "cy"):
        save_record(tmp_path, half_right(student))
    for folder in (
        "submitted/ann/s02_language_model",
        "submitted/bob/s02_language_model",
        "submitted/dee/s03_gradient_flow",
    ):
        (tmp_path / folder).mkdir(parents=True)
    return workspace


def read(course, workspace):
    ticks = []
    room = read_classroom(
        course, course.stage("s02_language_model"), workspace, lambda total: lambda: ticks.append(total)
    )
    return room, ticks


def test_a_classroom_is_read_from_its_folders(course, school):
    room, ticks = read(course, school)
    (ann,) = room.works
    assert (ann.percent, ann.before.score, [one.percent for one in ann.attempts]) == (60, 100, [100, 60])
    assert ann.earlier == {"s01_rnn": 60.0}
    assert room.ungraded == ("bob",)
    assert room.missing == {"cy": {"s01_rnn": 60.0}, "dee": {}}
    assert ticks == [4] * 4
    assert room.kept_bytes == course.limits.output_kb << 10


def test_reading_makes_no_gradebook(course, school):
    read(course, school)
    assert not (school.class_folder / "gradebook.db").exists()


def test_a_damaged_record_says_which_and_what_to_do(course, school):
    path = Path(school.class_folder) / "verdicts/ann/s02_language_model/0002.json"
    path.write_text(json.dumps({"verdicts": 3}))
    with pytest.raises(CourseError, match=r"0002.json cannot be read .*grade that student again"):
        read(course, school)
