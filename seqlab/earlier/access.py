"""``Earlier``: what earlier stages taught, by name; or the student's own functions, where these are right."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from os import PathLike
from typing import Any

from seqlab.earlier.taught import LESSONS, TAUGHT, EarlierError, Lesson, comes_before
from seqlab.suggestion import suggest

STAGE_ID = re.compile(r"s\d\d_[a-z][a-z0-9_]*")


class Earlier:
    """What the stages before ``stage`` taught, as attributes: ``earlier.rnn_forward``.

    Raises:
        EarlierError: ``stage`` does not look like a stage's id.
    """

    def __init__(self, stage: str) -> None:
        if not STAGE_ID.fullmatch(stage):
            raise EarlierError(f"expected the id of the stage you are in, such as s02_language_model; found {stage!r}")
        self._stage = stage
        self._own: dict[str, Callable[..., Any]] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The function called ``name``.

        Raises:
            EarlierError: no earlier stage teaches it; the text says what to do instead.
        """
        if name.startswith("_"):  # what Python and Jupyter ask of every object
            raise AttributeError(name)
        lesson = TAUGHT.get(name)
        if lesson is None:
            raise EarlierError(f"no earlier stage teaches {name}.{suggest(name, self.__dir__())}")
        if not comes_before(lesson.stage, self._stage):
            raise EarlierError(self._not_yet(name, lesson))
        return self._own.get(name) or _ready(lesson)[name]

    def __dir__(self) -> list[str]:
        """The names that there are."""
        names = [name for name, lesson in TAUGHT.items() if comes_before(lesson.stage, self._stage)]
        return [*names, "use_notebook"]

    def __repr__(self) -> str:
        own = f", yours: {', '.join(self._own)}" if self._own else ""
        return f"Earlier({self._stage!r}): {', '.join(self.__dir__()[:-1]) or 'nothing yet'}{own}"

    def use_notebook(self, path: str | PathLike[str]) -> None:
        """Take your own functions out of your notebook of an earlier stage, where they are finished and right.

        Its given and answer cells are run, out of sight and in names of their own; checks, demos and scratch cells are
        not. Each function is tried on a small case, and what came of it is printed. A forward and a backward function
        are taken together or not at all, since they share a cache. When you are graded, the course's own are used.

        Args:
            path: the notebook, such as ``"../s01_rnn/s01_rnn.ipynb"``.

        Raises:
            EarlierError: there is no such file, it is not a notebook of the course, or not of an earlier stage.
        """
        notebook = importlib.import_module("seqlab.earlier.notebook")
        trial = importlib.import_module("seqlab.earlier.trial")
        found = notebook.read_notebook(path)
        lessons = [lesson for lesson in LESSONS if lesson.stage == found.stage]
        if not comes_before(found.stage, self._stage):
            raise EarlierError(f"{found.path} is the notebook of {found.stage}, which is not before {self._stage}")
        names, stopped = notebook.run_notebook(found)
        outcomes = [trial.try_out(one, names) for lesson in lessons for one in _module(lesson).SUPPLIED]
        self._own.update({name: names[name] for one in outcomes if not one.trouble for name in one.names})
        print("\n".join(trial.report(found.path, outcomes, stopped)))

    def _not_yet(self, name: str, lesson: Lesson) -> str:
        if comes_before(self._stage, lesson.stage):
            return f"{name} is taught in {lesson.stage}, which comes after {self._stage}"
        return f"{name} is what this stage is about: write it in its cell of this notebook, then call it as {name}(...)"


def _ready(lesson: Lesson) -> dict[str, Callable[..., Any]]:
    return {name: function for one in _module(lesson).SUPPLIED for name, function in one.functions.items()}


def _module(lesson: Lesson) -> Any:
    return importlib.import_module(f"seqlab.earlier.{lesson.module}")
