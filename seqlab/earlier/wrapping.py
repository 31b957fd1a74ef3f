"""A function of torch tensors becomes functions of NumPy arrays: a forward and a backward, or a loss and its gradient.

Inputs may be of any floating dtype, which the results keep; in any memory layout; read-only; they are copied. Arrays of
integers and booleans, numbers, text and None are handed over without a gradient. Autograd does the way back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqlab.checking.guards import tell_watches
from seqlab.checking.steps import Plan
from seqlab.checking.values import Array, describe_type
from seqlab.earlier.taught import TAUGHT

TorchFunction = Callable[..., Tensor | tuple[Tensor, ...]]
Example = Callable[[np.random.Generator], Mapping[str, Array]]
PlainExample = Callable[[np.random.Generator], Mapping[str, Any]]
FLOATING = "f"
HANDED_OVER = (bool, int, float, str, type(None), np.generic)


def normal(scale: float = 0.5, **shapes: tuple[int, ...]) -> Example:
    """A small case: arrays of these shapes from a normal distribution."""
    return lambda rng: {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}


def pair(*outputs: str, example: Example) -> Callable[[TorchFunction], Pair]:
    """Make ``NAME_forward`` and ``NAME_backward`` of a torch function ``NAME`` that returns ``outputs``, in order.

    ``example`` draws the arguments of a small case, on which a student's own functions are tried.
    """
    return lambda function: Pair(function, outputs, example)


def loss(*, example: Example) -> Callable[[TorchFunction], Loss]:
    """Make of a torch function that returns a loss one that returns it with the gradient of its first argument."""
    return lambda function: Loss(function, example)


def plain(*, example: PlainExample) -> Callable[[Callable[..., Array]], Plain]:
    """Supply a function that has no gradient; ``example`` may hold plain values beside arrays."""
    return lambda function: Plain(function, example)


@dataclass(frozen=True, repr=False)
class Recording:
    """One run of a torch function: its results, and the graph that leads back to its floating arguments ``leaves``."""

    results: tuple[Tensor, ...]
    leaves: Mapping[str, Tensor]

    def gradients(self, upstream: tuple[Tensor, ...]) -> tuple[Array, ...]:
        """The gradient of each leaf; the graph is kept, so this may be done again."""
        pairs = [pair for pair in zip(self.results, upstream, strict=True) if pair[0].requires_grad]
        results, given = zip(*pairs, strict=True)
        leaves = tuple(self.leaves.values())
        found = torch.autograd.grad(
            results, leaves, given, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        return tuple(array_of(gradient) for gradient in found)


@dataclass(frozen=True, repr=False)
class Cache:
    """What a forward function keeps for its backward function. There is nothing in it to read."""

    maker: Pair
    recording: Recording


class Pair:
    """A forward and a backward function of arrays, ``functions`` by name, made of one torch function."""

    def __init__(self, function: TorchFunction, outputs: tuple[str, ...], example: Example) -> None:
        self.name = function.__name__
        self.outputs = outputs
        self.example = example
        self.forward, self.backward = f"{self.name}_forward", f"{self.name}_backward"
        self.functions = {self.forward: self._forward_of(function), self.backward: self._backward_of()}

    def _forward_of(self, function: TorchFunction) -> Callable[..., Any]:
        def run(arguments: Mapping[str, object]) -> tuple[object, ...]:
            recording = record(function, self.forward, arguments)
            return (*map(array_of, recording.results), Cache(self, recording))

        return _announced(run, self.forward, inspect.signature(function), function.__doc__)

    def _backward_of(self) -> Callable[..., Any]:
        names = [f"d{output}" for output in self.outputs]

        def run(arguments: Mapping[str, object]) -> Array | tuple[Array, ...]:
            *upstream, cache = arguments.values()
            if not (isinstance(cache, Cache) and cache.maker is self):
                raise TypeError(f"{self.backward} takes the cache of earlier.{self.forward}; found another")
            results = cache.recording.results
            fitting = [self._fitting(*one) for one in zip(names, upstream, results, strict=True)]
            gradients = cache.recording.gradients(tuple(fitting))
            return gradients if len(gradients) > 1 else gradients[0]

        said = f"The way back through {self.forward}: a gradient for each of its floating arguments, in their order."
        return _announced(run, self.backward, _signature_of([*names, "cache"]), said)

    def _fitting(self, name: str, given: object, result: Tensor) -> Tensor:
        """An upstream gradient as a tensor of its result's dtype."""
        found = np.asarray(given)
        if found.shape != tuple(result.shape):
            raise ValueError(f"{self.backward}: expected {name} of shape {tuple(result.shape)}, found {found.shape}")
        return tensor_of(found).to(result.dtype)


class Loss:
    """A function of arrays that returns a loss and its gradient with respect to the first argument."""

    def __init__(self, function: TorchFunction, example: Example) -> None:
        self.name = function.__name__
        self.example = example
        signature = inspect.signature(function)
        self.first = next(iter(signature.parameters))

        def run(arguments: Mapping[str, object]) -> tuple[Any, Array]:
            recording = record(function, self.name, arguments)
            first = Recording(recording.results, {self.first: recording.leaves[self.first]})
            (value,) = recording.results
            return array_of(value)[()], first.gradients((torch.ones_like(value),))[0]

        self.functions = {self.name: _announced(run, self.name, signature, function.__doc__)}


class Plain:
    """A function of arrays and plain values without a way back; it is called as it stands."""

    def __init__(self, function: Callable[..., Array], example: PlainExample) -> None:
        self.name = function.__name__
        self.example = example
        signature = inspect.signature(function)

        def run(arguments: Mapping[str, object]) -> Array:
            return function(**arguments)

        self.functions = {self.name: _announced(run, self.name, signature, function.__doc__)}


class Played:
    """Functions whose arguments are lists or dictionaries of arrays, taken as they are.

    Args:
        functions: the functions of arrays, torch inside.
        example: draws the arrays of a small case.
        plan: what is done with them in that case, on which a student's own functions are tried.
    """

    def __init__(self, *functions: Callable[..., Any], example: Example, plan: Plan) -> None:
        self.example = example
        self.plan = plan
        self.functions = {one.__name__: self._told(one) for one in functions}

    def _told(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)
        return _announced(lambda given: function(**given), function.__name__, signature, function.__doc__)


Supplied = Pair | Loss | Plain | Played


def record(function: TorchFunction, name: str, arguments: Mapping[str, object]) -> Recording:
    """Run a torch function on arrays; ``name`` is what it is called in what is said when it fails.

    Raises:
        TypeError: an argument is neither an array nor a plain value.
        ValueError: the shapes do not go together.
    """
    arrays = {key: _array(name, key, one) for key, one in arguments.items() if not isinstance(one, HANDED_OVER)}
    leaves = _leaves({key: array for key, array in arrays.items() if array.dtype.kind == FLOATING})
    others = {key: tensor_of(array) for key, array in arrays.items() if key not in leaves}
    try:
        with torch.enable_grad():
            result = function(**{**arguments, **others, **leaves})
    except (RuntimeError, IndexError) as error:
        shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
        raise ValueError(f"{name} cannot work with {shapes}: {error}") from error
    return Recording(result if isinstance(result, tuple) else (result,), leaves)


def _leaves(arrays: Mapping[str, Array]) -> dict[str, Tensor]:
    """Tensors that collect gradients; of several floating dtypes one is made, as NumPy would."""
    common = np.result_type(*arrays.values()) if arrays else None
    return {key: tensor_of(array.astype(common)).requires_grad_() for key, array in arrays.items()}


def tensor_of(array: Array) -> Tensor:
    """A tensor with a copy of ``array``, whatever its layout and byte order."""
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))


def array_of(tensor: Tensor) -> Array:
    """An array with a copy of a tensor's entries: what is written into it changes no graph."""
    return np.array(tensor.detach().numpy())


def _announced(
    run: Callable[[Mapping[str, object]], Any], name: str, signature: inspect.Signature, said: str | None
) -> Callable[..., Any]:
    """A function of this name, signature and docstring, of whose calls the guards are told."""

    def function(*args: object, **kwargs: object) -> Any:
        if name in TAUGHT:
            tell_watches(name, TAUGHT[name].stage)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from error
        bound.apply_defaults()
        return run(bound.arguments)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = said
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _signature_of(names: list[str]) -> inspect.Signature:
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names])


def _array(name: str, key: str, value: object) -> Array:
    if isinstance(value, Tensor) or not isinstance(value, (np.ndarray, list, tuple)):
        raise TypeError(f"{name}: expected {key} to be a NumPy array, found {describe_type(value)}")
    return np.asarray(value)
