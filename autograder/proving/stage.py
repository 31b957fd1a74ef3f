"""The proof of one stage: its mutants, its named mistakes and its right answers, counted for each exercise."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field

import numpy as np

from autograder.authoring.master import read_master
from autograder.course import Course
from autograder.proving.accepting import Acceptance, Variant, accepted
from autograder.proving.equivalents import Reasons, read_equivalents, reason_for
from autograder.proving.making import Mutant, mutants_of
from autograder.proving.naming import Naming, namings
from autograder.proving.trying import Proving
from autograder.suite import load_suite


@dataclass
class Row:
    """One exercise: how many mutants there were and what became of them, and the rest of the proof."""

    exercise: str
    mutants: int = 0
    hidden: int = 0
    public: int = 0
    equivalent: int = 0
    survivors: list[tuple[Mutant, str]] = field(default_factory=list)
    namings: list[Naming] = field(default_factory=list)
    acceptance: Acceptance = field(default_factory=Acceptance)


@dataclass(frozen=True)
class Extent:
    """How much of the proof is done.

    Attributes:
        mutants: at most so many for each exercise; None for all.
        draws: how often the hidden cases are drawn for each mutant.
        seeds: with how many seeds each right answer is graded; 0 leaves out these and the named mistakes.
    """

    mutants: int | None = None
    draws: int = 1
    seeds: int = 50


def prove(course: Course, stage_id: str, extent: Extent) -> list[Row]:
    """Prove one stage; the rows come in the order of its exercises. What the answers print is thrown away."""
    with redirect_stdout(io.StringIO()):
        return _proved(course, stage_id, extent)


def _proved(course: Course, stage_id: str, extent: Extent) -> list[Row]:
    stage = course.stage(stage_id)
    master, suite = read_master(course.master_path(stage.id), stage), load_suite(stage)
    proving, reasons = Proving(master, suite, extent.draws), read_equivalents()
    rows = {name: Row(name) for name in stage.points}
    for name, cell in master.answers().items():
        for mutant in sample(mutants_of(cell), extent.mutants):
            _count(rows[name], proving, mutant, reasons)
    if extent.seeds:
        for naming in namings(master, suite):
            rows[naming.mistake.exercise].namings.append(naming)
        for name, acceptance in accepted(master, suite, variants_of(stage.id), range(extent.seeds)).items():
            rows[name].acceptance = acceptance
    return list(rows.values())


def sample(mutants: Sequence[Mutant], most: int | None) -> list[Mutant]:
    """At most so many, spread evenly over all."""
    if most is None or most >= len(mutants):
        return list(mutants)
    return [mutants[int(place)] for place in np.linspace(0, len(mutants) - 1, most)]


def variants_of(stage_id: str) -> Sequence[Variant]:
    """The right answers in other clothes; they stand with the tests, so this is for the root of the course only."""
    found: Sequence[Variant] = importlib.import_module(f"tests.course.variants_{stage_id}").VARIANTS
    return found


def _count(row: Row, proving: Proving, mutant: Mutant, reasons: Reasons) -> None:
    trial = proving.try_out(mutant)
    row.mutants += 1
    row.hidden += trial.hidden
    row.public += trial.public
    if trial.hidden and trial.public:
        return
    if reason_for(mutant, reasons):
        row.equivalent += 1
    else:
        missed = " and ".join(
            kind for kind, noticed in (("hidden", trial.hidden), ("public", trial.public)) if not noticed
        )
        row.survivors.append((mutant, missed))
