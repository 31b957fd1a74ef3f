"""Finding what a call of ``check`` means: which exercise, in which namespace, with which file of checks."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from seqlab.checking.casefile import CheckFile, CheckFileError, ExerciseChecks, read_checks
from seqlab.suggestion import suggest

FILE_NAME = "checks.h5"
UNPACKED = "seqlab-student"  # what the student zip unpacks to, beside a notebook that set itself up


class UnknownExercise(LookupError):
    """No stage at hand has an exercise of this name; the text lists the ones there are."""


def exercise_name(student_object: object) -> str:
    """The name of the function or class that was handed to ``check``.

    Raises:
        TypeError: it is not a function or a class, for instance the result of calling one.
    """
    if inspect.isfunction(student_object) or inspect.isclass(student_object):
        return student_object.__name__
    found = f"the text {student_object!r}" if isinstance(student_object, str) else f"a {type(student_object).__name__}"
    raise TypeError(
        f"check and toy expect the function or class itself, as in check(rnn_step_forward); found {found}. "
        "Leave out quotes and call brackets."
    )


def namespace_of(student_object: Callable[..., object]) -> Mapping[str, object]:
    """The namespace that the student's object lives in: its module's names, the notebook's in a notebook."""
    if inspect.isclass(student_object):
        namespace = dict(vars(sys.modules[student_object.__module__]))
    else:
        namespace = dict(inspect.unwrap(student_object).__globals__)
    return namespace | {student_object.__name__: student_object}


def checks_of(name: str, folder: Path | None = None) -> tuple[CheckFile, ExerciseChecks]:
    """The checks of exercise ``name``, from the ``checks.h5`` at or near ``folder`` (default: where you work).

    Raises:
        CheckFileError: no file of checks is near, or the nearest is damaged.
        UnknownExercise: the files that are near have no such exercise.
    """
    start = folder or Path.cwd()
    known: list[str] = []
    for path in _candidates(start):
        checks = read_checks(path)
        if name in checks.exercises:
            return checks, checks.exercises[name]
        known.extend(checks.exercises)
    if not known:
        raise CheckFileError(
            f"found no {FILE_NAME} in {start} nor in a stage folder below it. Open the notebook from its own "
            "folder, where checks.h5 lies beside it; in a script, change to that folder first."
        )
    raise UnknownExercise(f"there is no exercise called {name}.{suggest(name, known)}")


def _candidates(start: Path) -> Iterator[Path]:
    if (start / FILE_NAME).is_file():
        yield start / FILE_NAME
        return
    for pattern in (f"*/{FILE_NAME}", f"assignments/*/{FILE_NAME}", f"{UNPACKED}/assignments/*/{FILE_NAME}"):
        yield from sorted(start.glob(pattern))
