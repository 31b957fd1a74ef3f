"""How files are brought: from which mirrors, how patiently, and who is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from seqlab.data.visible import visible

MIRROR_VARIABLE = "SEQLAB_MIRROR"


def to_stderr(line: str) -> None:
    """Tell a person a line."""
    print(visible(line), file=sys.stderr)


@dataclass(frozen=True)
class FetchOptions:
    """How files are brought.

    Attributes:
        mirrors: addresses (http, https, file) or folders that are asked before a file's own source. A mirror holds
            files by their names in the registry, either side by side or in a folder for each set.
        retries: how often an address is asked again in a row without getting further.
        timeout: seconds without a byte after which a connection counts as cut.
        backoff: seconds before the first time an address is asked again; doubled each time.
        show: tells a person something, in a line.
        progress: bars in a terminal, and a line every ten seconds elsewhere.
    """

    mirrors: tuple[str, ...] = ()
    retries: int = 4
    timeout: float = 30.0
    backoff: float = 0.5
    show: Callable[[str], None] = to_stderr
    progress: bool = True


def mirrors_from_environment() -> tuple[str, ...]:
    """The mirrors that ``SEQLAB_MIRROR`` names, with white space between them.

    A folder with a space in its name is written as an address: file:///my%20mirror.
    """
    return tuple(os.environ.get(MIRROR_VARIABLE, "").split())
