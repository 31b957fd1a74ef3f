"""The environment that nbgrader expects: it calls ``alembic`` by name, which lies beside our interpreter."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def programs_on_path() -> Iterator[None]:
    """Put the programs beside our interpreter on PATH for a while, so that no environment need be activated."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
