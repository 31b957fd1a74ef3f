"""``checks.h5``: the public cases of a stage as data, and the one place that knows how they are stored.

The file holds inputs, expected outputs and the outputs of each named mistake. It holds no answer in source
form. It ends in a digest of all it contains, so that a damaged file is told from a wrong answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from seqlab.checking.guards import Guard
from seqlab.checking.steps import Plan
from seqlab.checking.values import Array, Layout, Value, layout_of, with_layout

FORMAT = "seqlab-checks"
FORMAT_VERSION = 1


class CheckFileError(Exception):
    """The file of public checks cannot be used; the text says what was expected, found and what to do."""


@dataclass(frozen=True)
class NamedMistake:
    """A classic wrong answer: what it ``says`` about the student's values and the question it ``asks``."""

    key: str
    exercise: str
    says: str
    asks: str


@dataclass(frozen=True)
class PublicCase:
    """One case: its plan, its inputs, what comes out, and what comes out of each named mistake."""

    title: str
    plan: Plan
    inputs: Mapping[str, Array]
    expected: Mapping[str, Value]
    mistakes: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    guards_inputs: bool = False


@dataclass(frozen=True)
class ToyRow:
    """One line of a toy run: a label, the right array, and where the student's own value of it is found.

    ``output`` names an output of the case and ``step`` an index on its time axis (axis 1); both may be None.
    """

    label: str
    numbers: Array
    output: str | None = None
    step: int | None = None


@dataclass(frozen=True)
class Toy:
    """A tiny case with every intermediate array, in the order of the computation."""

    case: PublicCase
    rows: tuple[ToyRow, ...]


@dataclass(frozen=True)
class ExerciseChecks:
    """The public cases of one exercise, its toy, and the libraries that it is to be written with."""

    name: str
    cases: tuple[PublicCase, ...]
    toy: Toy | None = None
    guard: Guard | None = None


@dataclass(frozen=True)
class CheckFile:
    """The public checks of one stage."""

    stage: str
    exercises: Mapping[str, ExerciseChecks]
    mistakes: Mapping[str, NamedMistake]


def write_checks(path: Path, checks: CheckFile) -> None:
    """Write ``checks`` to ``path``; the same checks give the same bytes."""
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        file.attrs["format"] = FORMAT
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["stage"] = checks.stage
        file.attrs["mistakes"] = json.dumps({key: asdict(m) for key, m in checks.mistakes.items()})
        file.attrs["order"] = json.dumps(list(checks.exercises))
        for exercise in checks.exercises.values():
            _write_exercise(file.create_group(f"exercises/{exercise.name}"), exercise)
        file.attrs["digest"] = _digest(file)


def read_checks(path: Path) -> CheckFile:
    """Read and verify a file of public checks.

    Raises:
        CheckFileError: there is no such file, or it is damaged or of another format version.
    """
    if not path.is_file():
        raise CheckFileError(f"expected the public checks at {path}, found nothing there. {_REMEDY}")
    try:
        with h5py.File(path, "r") as file:
            _verify(path, file)
            return _read(file)
    except (OSError, KeyError, RuntimeError) as error:
        raise CheckFileError(f"{path} is damaged ({error}). {_REMEDY}") from error


_REMEDY = "Copy checks.h5 again from the stage you were given; your notebook is not affected."


def _verify(path: Path, file: h5py.File) -> None:
    if file.attrs.get("format") != FORMAT:
        raise CheckFileError(f"{path} is an HDF5 file, but not one of seqlab's checks. {_REMEDY}")
    version = int(file.attrs["format_version"])
    if version != FORMAT_VERSION:
        raise CheckFileError(
            f"{path} has checks of format {version}; this seqlab reads format {FORMAT_VERSION}. "
            "Install the seqlab that came with the stage (pip install -e .), or take the stage that fits your seqlab."
        )
    if file.attrs.get("digest") != _digest(file):
        raise CheckFileError(f"{path} is damaged (its contents do not match its digest). {_REMEDY}")


def _write_exercise(group: h5py.Group, exercise: ExerciseChecks) -> None:
    if exercise.guard is not None:
        group.attrs["guard"] = json.dumps(exercise.guard.to_json())
    for number, case in enumerate(exercise.cases):
        _write_case(group.create_group(f"cases/{number:02d}"), case)
    if exercise.toy is None:
        return
    _write_case(group.create_group("toy/case"), exercise.toy.case)
    for number, row in enumerate(exercise.toy.rows):
        data = group.create_dataset(f"toy/rows/{number:02d}", data=row.numbers)
        data.attrs["label"] = row.label
        data.attrs["where"] = json.dumps([row.output, row.step])


def _write_case(group: h5py.Group, case: PublicCase) -> None:
    group.attrs["title"] = case.title
    group.attrs["plan"] = case.plan.to_text()
    group.attrs["guards_inputs"] = case.guards_inputs
    group.attrs["inputs"] = json.dumps(list(case.inputs))
    for name, array in case.inputs.items():
        group.create_dataset(f"inputs/{name}", data=array).attrs["layout"] = layout_of(array)
    _write_values(group.create_group("expected"), case.expected)
    for name, expected in case.expected.items():
        _write_mistakes(group, name, expected, case.mistakes)


def _write_mistakes(group: h5py.Group, name: str, expected: Value, mistakes: Mapping[str, Mapping[str, Value]]) -> None:
    """Stack what all mistakes make of one output; one of another shape tells itself and is left out."""
    fitting = {key: values[name].numbers for key, values in mistakes.items() if name in values}
    fitting = {key: numbers for key, numbers in fitting.items() if numbers.shape == expected.shape}
    if fitting:
        stack = np.stack(list(fitting.values())).astype(expected.numbers.dtype)
        group.create_dataset(f"mistakes/{name}", data=stack).attrs["keys"] = json.dumps(list(fitting))


def _write_values(group: h5py.Group, values: Mapping[str, Value]) -> None:
    for name, value in values.items():
        data = group.create_dataset(name, data=value.numbers)
        data.attrs["kind"] = value.kind
        data.attrs["dtype"] = value.dtype


def _read(file: h5py.File) -> CheckFile:
    mistakes = {key: NamedMistake(**data) for key, data in json.loads(file.attrs["mistakes"]).items()}
    names = json.loads(file.attrs["order"])
    exercises = {name: _read_exercise(name, file[f"exercises/{name}"]) for name in names}
    return CheckFile(str(file.attrs["stage"]), exercises, mistakes)


def _read_exercise(name: str, group: h5py.Group) -> ExerciseChecks:
    cases = tuple(_read_case(group["cases"][number]) for number in sorted(group["cases"]))
    guard = Guard.from_json(json.loads(group.attrs["guard"])) if "guard" in group.attrs else None
    if "toy" not in group:
        return ExerciseChecks(name, cases, None, guard)
    rows = tuple(_read_row(group["toy/rows"][number]) for number in sorted(group["toy/rows"]))
    return ExerciseChecks(name, cases, Toy(_read_case(group["toy/case"]), rows), guard)


def _read_row(data: h5py.Dataset) -> ToyRow:
    output, step = json.loads(data.attrs["where"])
    return ToyRow(str(data.attrs["label"]), data[()], output, step)


def _read_case(group: h5py.Group) -> PublicCase:
    plan = Plan.from_text(group.attrs["plan"])
    inputs = {name: _read_input(group["inputs"][name]) for name in json.loads(group.attrs["inputs"])}
    values = _read_values(group["expected"])
    expected = {name: values[name] for name in plan.outputs}
    mistakes = _read_mistakes(group.get("mistakes", {}), expected)
    return PublicCase(str(group.attrs["title"]), plan, inputs, expected, mistakes, bool(group.attrs["guards_inputs"]))


def _read_mistakes(group: Mapping[str, Any], expected: Mapping[str, Value]) -> dict[str, dict[str, Value]]:
    mistakes: dict[str, dict[str, Value]] = {}
    for name, data in group.items():
        for key, numbers in zip(json.loads(data.attrs["keys"]), data[()], strict=True):
            mistakes.setdefault(key, {})[name] = Value(expected[name].kind, expected[name].dtype, np.asarray(numbers))
    return mistakes


def _read_input(data: h5py.Dataset) -> Array:
    layout: Layout = data.attrs["layout"]
    return with_layout(np.asarray(data[()]), layout)


def _read_values(group: h5py.Group) -> dict[str, Value]:
    return {
        name: Value(data.attrs["kind"], str(data.attrs["dtype"]), np.asarray(data[()])) for name, data in group.items()
    }


def _digest(file: h5py.File) -> str:
    digest = hashlib.sha256()
    for name, item in _walk(file):
        attributes = {key: str(item.attrs[key]) for key in sorted(item.attrs) if key != "digest"}
        digest.update(json.dumps([name, attributes]).encode())
        if isinstance(item, h5py.Dataset):
            numbers = np.ascontiguousarray(item[()])
            digest.update(f"{numbers.dtype.str}{numbers.shape}".encode() + numbers.tobytes())
    return digest.hexdigest()


def _walk(group: h5py.Group) -> Iterator[tuple[str, Any]]:
    yield str(group.name), group
    for name in sorted(group):
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _walk(item)
        else:
            yield str(item.name), item
