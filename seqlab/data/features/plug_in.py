"""A network named by its place in Python: ``torchvision.models:resnet18`` or ``my_networks.py:embedder``."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from seqlab.data.features.extractor import CannotExtract
from seqlab.suggestion import did_you_mean


def load_module(place: str, weights: str | None = None) -> nn.Module:
    """Import a callable and call it.

    Args:
        place: ``PACKAGE:CALLABLE`` or ``FILE.py:CALLABLE``.
        weights: given as the argument ``weights``, as torchvision's networks take it; None calls without arguments,
            which gives a network of torchvision with random parameters.

    Returns:
        What the callable returned, in evaluation mode.

    Raises:
        CannotExtract: the place is not written like this, cannot be imported, has no such callable, the call fails, or
            it does not return a torch module.
    """
    source, colon, name = place.rpartition(":")
    if not (source and colon and name):
        raise CannotExtract(f"expected a network as PACKAGE:CALLABLE or FILE.py:CALLABLE; found {place!r}")
    make = _callable(_import(source), source, name)
    try:
        network = make() if weights is None else make(weights=weights)
    except Exception as error:  # whatever the author's code raises
        raise CannotExtract(f"calling {place} failed: {type(error).__name__}: {error}") from error
    if not isinstance(network, nn.Module):
        raise CannotExtract(f"expected {place} to return a torch.nn.Module; it returned a {type(network).__name__}")
    return network.eval()


def _import(source: str) -> ModuleType:
    try:
        return _import_file(Path(source)) if source.endswith(".py") else importlib.import_module(source)
    except Exception as error:  # whatever the author's code raises
        raise CannotExtract(
            f"{source} cannot be imported: {type(error).__name__}: {error}. "
            "Is it installed (pip install ...)? A file is named with its .py."
        ) from error


def _import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _callable(module: ModuleType, source: str, name: str) -> Any:
    found = getattr(module, name, None)
    if callable(found):
        return found
    if found is not None:
        raise CannotExtract(f"expected {name} in {source} to be callable; it is a {type(found).__name__}")
    known = [one for one in dir(module) if not one.startswith("_") and callable(getattr(module, one))]
    raise CannotExtract(f"{source} has nothing called {name!r}.{did_you_mean(name, known)}")
