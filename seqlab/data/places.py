"""Where data are: the registry of the course, and the cache.

The course's ``datasets`` folder lies beside the package (a clone, or a student's bundle installed with ``pip install
-e .``). ``SEQLAB_DATASETS`` names another; ``SEQLAB_CACHE`` puts the cache elsewhere, such as on a disk that a whole
class shares.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from seqlab.data.errors import RegistryError
from seqlab.data.registry import DataSet, Registry, load_registry

DATASETS_VARIABLE = "SEQLAB_DATASETS"
CACHE_VARIABLE = "SEQLAB_CACHE"
REGISTRY_NAME = "registry.toml"


@dataclass(frozen=True)
class Places:
    """The registry, and the folder of the cache, which need not exist yet."""

    registry: Registry
    cache: Path

    def raw(self, data_set: DataSet) -> Path:
        """Where the fetched files of a set are."""
        return self.cache / "raw" / data_set.name

    def built(self, data_set: DataSet, seed: int | None = None) -> Path:
        """Where the files made of a set are; a synthesised set has a folder for each seed."""
        if data_set.seed is None:
            return self.cache / data_set.name
        return self.cache / f"{data_set.name}-seed{data_set.seed if seed is None else seed}"

    @property
    def cards(self) -> Path:
        """The folder of the data sets' cards."""
        return self.registry.path.parent / "cards"


def find_places() -> Places:
    """The course's registry and cache.

    Raises:
        RegistryError: there is no registry where it is looked for.
    """
    folder = _datasets_folder()
    registry = load_registry(folder / REGISTRY_NAME)
    chosen = os.environ.get(CACHE_VARIABLE)
    return Places(registry, _named(CACHE_VARIABLE, chosen) if chosen else folder / "cache")


def _named(variable: str, place: str) -> Path:
    try:
        return Path(place).expanduser().absolute()
    except RuntimeError as error:  # ~ of nobody
        raise RegistryError(f"expected a folder in {variable}; found {place!r} ({error})") from error


def _datasets_folder() -> Path:
    named = os.environ.get(DATASETS_VARIABLE)
    if named:
        return _named(DATASETS_VARIABLE, named)
    beside = Path(__file__).resolve().parents[2] / "datasets"
    if (beside / REGISTRY_NAME).is_file():
        return beside  # before asking where one works, which may have been deleted
    for folder in (one / "datasets" for one in (Path.cwd(), *Path.cwd().parents)):
        if (folder / REGISTRY_NAME).is_file():
            return folder
    raise RegistryError(
        f"expected the course's datasets/{REGISTRY_NAME} at {beside} or above {Path.cwd()}; found none. "
        f"Work inside the course's folder, or set {DATASETS_VARIABLE} to its datasets folder."
    )
