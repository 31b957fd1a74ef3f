"""A session whose student code runs in this process: for our own answers only."""

from __future__ import annotations

from collections.abc import Mapping

from seqlab.checking.workbench import Workbench


class LocalSession:
    """What the judge asks of a session, without a sandbox."""

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._namespace = namespace

    def bench(self) -> Workbench:
        """A fresh bench with the answers on it."""
        return Workbench(self._namespace)

    def abandon(self) -> None:
        """Nothing is held."""
