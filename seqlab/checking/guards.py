"""Watching which libraries a student's function leans on: NumPy exercises are written in NumPy, torch's in torch.

It is told, too, of calls to :mod:`seqlab.earlier`, which must not do what the stage itself is about.

It runs beside student code, which can undo it; so it gives reports, not proofs. It sees every torch operation made by
the thread that was called (:class:`torch.overrides.TorchFunctionMode`, which costs nothing where torch is not used)
and, once another guarded library is loaded, the functions called that mention it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from types import CodeType, FrameType, ModuleType
from typing import Any

LIBRARIES = frozenset({"torch", "scipy", "sklearn", "jax", "tensorflow", "keras", "numba", "cupy", "autograd"})
MAX_HITS = 8
LEAVING = frozenset({"numpy", "__array__", "__dlpack__"})  # the ways from a tensor to NumPy
ENGINES = {  # what the layers of torch end in, so that cells, functions and layers are one thing
    "torch.nn.RNN": ("rnn_tanh", "rnn_relu", "rnn_tanh_cell", "rnn_relu_cell"),
    "torch.nn.LSTM": ("lstm", "lstm_cell"),
    "torch.nn.GRU": ("gru", "gru_cell"),
}

Hit = tuple[str, str]


@dataclass(frozen=True)
class Guard:
    """What one exercise may use.

    Attributes:
        exercise: its name.
        exercises: the names of all exercises of the stage, to say which of them leaned on a library.
        allowed: the libraries that may do the work: those of :data:`LIBRARIES` and ``numpy``.
        forbidden: parts of an allowed library that may not, such as ``torch.nn.RNN`` or ``torch.Tensor.matmul``.
        stage: the stage's id; what it or a later one teaches may not be had from :mod:`seqlab.earlier`.
    """

    exercise: str
    exercises: tuple[str, ...]
    allowed: tuple[str, ...]
    forbidden: tuple[str, ...] = ()
    stage: str = ""

    def to_json(self) -> dict[str, Any]:
        """As data for a message."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Guard:
        """Read back what :meth:`to_json` wrote."""
        lists = {name: tuple(data[name]) for name in ("exercises", "allowed", "forbidden")}
        return Guard(exercise=data["exercise"], stage=data["stage"], **lists)


def told(function: str, what: str, guard: Guard) -> str:
    """A hit in words."""
    libraries = " and ".join({"numpy": "NumPy", "torch": "PyTorch"}.get(name, name) for name in guard.allowed)
    how = "by you" if set(guard.allowed) >= LIBRARIES else f"in {libraries}"
    return f"{function} {what}; this exercise is to be written {how}"


class Watch:
    """Collects hits, pairs (function, what it used), while student code runs inside :meth:`watching`."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._found: dict[Hit, None] = {}
        self._off_limits = LIBRARIES - set(guard.allowed)
        self._functions = {name: part for part in guard.forbidden for name in ENGINES.get(part, ())}
        parts = {part.rpartition(".")[2] for part in guard.forbidden}
        self._names = LEAVING.union(self._functions, parts)  # all others are let through at once
        self._seen: set[CodeType] = set()

    def hits(self) -> list[Hit]:
        """What was found so far, at most :data:`MAX_HITS`."""
        return list(self._found)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the thread that is in this block."""
        before = self._loaded()
        with ExitStack() as stack:
            stack.enter_context(_listed(self))
            if "torch" in sys.modules:
                stack.enter_context(_torch_mode()(self._saw_torch))
            if before:
                stack.callback(sys.setprofile, sys.getprofile())
                sys.setprofile(self._saw_call)
            try:
                yield
            finally:
                for library in sorted(self._loaded() - before):
                    self._note(self._guard.exercise, f"imported {library}")

    def saw_earlier(self, name: str, stage: str, caller: FrameType | None) -> None:
        """Be told that ``caller`` took ``name``, which ``stage`` teaches, from :mod:`seqlab.earlier`."""
        own = name in self._guard.exercises
        if own or (self._guard.stage and stage >= self._guard.stage):
            culprit = self._culprit(caller, name if own else self._guard.exercise)
            self._note(culprit, f"called {name} of seqlab.earlier, which {stage} teaches")

    def _loaded(self) -> set[str]:
        return {name for name in self._off_limits if name != "torch" and name in sys.modules}

    def _saw_torch(self, function: Callable[..., object]) -> None:
        what = self._torch_use(function)
        if what and len(self._found) < MAX_HITS:
            culprit = self._culprit(sys._getframe(2), self._guard.exercise)
            if culprit:
                self._note(culprit, what)

    def _torch_use(self, function: Callable[..., object]) -> str:
        """What a call into torch is to be reported as; empty where it is allowed."""
        name = getattr(function, "__name__", "")
        whole = "torch" in self._off_limits
        if name in ("__get__", "__set__") or not (whole or name in self._names):  # the two are attributes
            return ""
        full = f"torch.Tensor.{name}" if _is_method(function) else f"torch.{name}"
        if whole:
            return f"called {full}"
        if name in self._functions:
            return f"called {full}, which is {self._functions[name]}"
        if name in LEAVING and "numpy" not in self._guard.allowed:
            return f"took a tensor to NumPy ({full})"
        return f"called {full}" if full in self._guard.forbidden else ""

    def _culprit(self, frame: FrameType | None, otherwise: str) -> str:
        """The exercise in whose code this happens; empty where the course's own library does it."""
        while frame is not None and _root(frame) in ("torch", "numpy"):
            frame = frame.f_back
        while frame is not None:
            module = _module(frame)
            if module.startswith("seqlab."):
                return otherwise if module.startswith("seqlab.checking.") else ""
            named = [part for part in frame.f_code.co_qualname.split(".") if part in self._guard.exercises]
            if named:
                return named[-1]
            frame = frame.f_back
        return otherwise

    def _saw_call(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or code in self._seen:
            return
        self._seen.add(code)
        if _root(frame) != "__main__":
            return
        for name in code.co_names:
            library = _library_of(name, frame.f_globals)
            if library in self._off_limits and library != "torch":
                self._note(self._culprit(frame, self._guard.exercise), f"used {library}")

    def _note(self, function: str, what: str) -> None:
        if function and len(self._found) < MAX_HITS:
            self._found[function, what] = None


def tell_watches(name: str, stage: str) -> None:
    """Tell all watches, whatever thread they watch, that a function of :mod:`seqlab.earlier` is called."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _module(frame).startswith("seqlab.earlier."):
        frame = frame.f_back
    for watch in tuple(_WATCHES):
        watch.saw_earlier(name, stage, frame)


@contextmanager
def _listed(watch: Watch) -> Iterator[None]:
    _WATCHES.append(watch)
    try:
        yield
    finally:
        _WATCHES.remove(watch)


_WATCHES: list[Watch] = []  # those that watch just now


@cache
def _torch_mode() -> Any:
    """A class whose instances are blocks in which ``see`` is told of each torch operation before it is done.

    Made when first needed, since torch may never be.
    """
    overrides: Any = importlib.import_module("torch.overrides")

    class Mode(overrides.TorchFunctionMode):  # type: ignore[misc]
        def __init__(self, see: Callable[[Callable[..., object]], None]) -> None:
            super().__init__()
            self.see = see

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.see(func)
            return func(*args, **(kwargs or {}))

    return Mode


def _is_method(function: Callable[..., object]) -> bool:
    return getattr(function, "__qualname__", "").split(".")[0] in ("Tensor", "TensorBase")


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


def _root(frame: FrameType) -> str:
    return _module(frame).split(".")[0]


def _library_of(name: str, names: Mapping[str, object]) -> str:
    """The library that ``name`` stands for in code with these global names: by import, by origin, or by identity."""
    root = name.partition(".")[0]
    if root in LIBRARIES:
        return root
    thing = names.get(name)
    if isinstance(thing, ModuleType):
        return thing.__name__.split(".")[0]
    root = str(getattr(thing, "__module__", None)).split(".")[0]
    if thing is None or root in LIBRARIES:
        return root
    return next((library for library in LIBRARIES if _holds(library, name, thing)), "")


def _holds(library: str, name: str, thing: object) -> bool:
    """Whether a loaded part of ``library`` has ``thing`` under ``name``; a ufunc does not say where it is from."""
    parts = [part for key, part in list(sys.modules.items()) if key.startswith(library + ".")]
    return any(getattr(part, "__dict__", {}).get(name) is thing for part in parts)
