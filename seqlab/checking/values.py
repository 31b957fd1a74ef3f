"""What a result is once it leaves the student's code: a kind, a dtype, a shape and plain numbers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["array", "tensor", "number"]
Layout = Literal["C", "F", "strided"]

NUMERIC_KINDS = "biuf"
WIDEST = 8  # bytes of a number; longdouble is wider, differs between machines, and is kept as float64
MAX_BYTES = 1 << 26  # of one result; the largest of the course has a thousandth of it


class NotAValue(TypeError):
    """The object is not an array, a tensor or a number; its text says what was found."""


@dataclass(frozen=True, eq=False)
class Value:
    """A result as data.

    ``kind`` is ``array`` (NumPy), ``tensor`` (PyTorch) or ``number`` (a Python or zero-dimensional number);
    ``dtype`` is the name the owner sees (``float64``, ``bfloat16``); ``numbers`` holds the entries.
    A bfloat16 tensor keeps its name in ``dtype`` and its entries as float32, which holds them exactly.
    """

    kind: Kind
    dtype: str
    numbers: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result; ``()`` for a number."""
        return tuple(self.numbers.shape)


def describe_type(thing: object) -> str:
    """Name what ``thing`` is, for a message: ``a tuple of 2``, ``an array of shape (3, 4)``, ``None``."""
    if thing is None:
        return "None"
    if isinstance(thing, (tuple, list)):
        return f"a {type(thing).__name__} of {len(thing)}"
    shape = getattr(thing, "shape", None)
    if isinstance(shape, tuple):
        return f"one {type(thing).__name__} of shape {tuple(shape)}"
    return f"an object of type {type(thing).__name__}"


def value_of(thing: object) -> Value:
    """Turn an array, tensor or number into a :class:`Value`.

    Raises:
        NotAValue: ``thing`` is something else, an array of Python objects or text, or too large.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(thing, torch.Tensor):
        return _value_of_tensor(thing)
    if isinstance(thing, (bool, int, float, np.generic)):
        return _value_of_array(np.asarray(thing), "number")
    if isinstance(thing, np.ndarray):
        array = np.asarray(thing)
        return _value_of_array(array, "number" if array.ndim == 0 else "array")
    raise NotAValue(f"expected numbers, found {describe_type(thing)}")


def _value_of_array(array: Array, kind: Kind) -> Value:
    if array.dtype.kind not in NUMERIC_KINDS:
        raise NotAValue(f"expected numbers, found an array of dtype {array.dtype}")
    _require_size(array.nbytes, array.size)
    name = array.dtype.name
    if array.dtype.itemsize > WIDEST:
        with np.errstate(over="ignore"):
            array = array.astype(np.float64)
    return Value(kind, name, np.ascontiguousarray(array).reshape(array.shape))


def _value_of_tensor(tensor: Any) -> Value:
    _require_size(tensor.element_size() * tensor.numel(), tensor.numel())
    plain = tensor.detach().cpu()
    name = str(plain.dtype).removeprefix("torch.")
    if name in ("bfloat16", "float16"):
        plain = plain.float()
    numbers = np.array(plain.numpy(), copy=True)
    return Value("number" if numbers.ndim == 0 else "tensor", name, numbers)


def _require_size(size: int, entries: int) -> None:
    """Refuse before anything is copied: a view can stand for more entries than there is memory."""
    if size > MAX_BYTES:
        raise NotAValue(f"expected numbers, found {entries} of them; at most {MAX_BYTES >> 20} MB are looked at")


def layout_of(array: Array) -> Layout:
    """How an array lies in memory: ``C`` or ``F`` contiguous, or ``strided`` (neither)."""
    if array.flags.c_contiguous:
        return "C"
    return "F" if array.flags.f_contiguous else "strided"


def with_layout(array: Array, layout: Layout) -> Array:
    """Copy ``array`` into memory of the given layout; the values and the shape stay the same."""
    if layout == "C":
        return np.array(array, order="C", copy=True)
    if layout == "F":
        return np.array(array, order="F", copy=True)
    roomy = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
    view = roomy[..., ::2]
    view[...] = array
    return view


def fresh_copies(inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Copy every array, each in its own layout, so that nobody's changes reach anybody else."""
    return {name: with_layout(array, layout_of(array)) for name, array in inputs.items()}
