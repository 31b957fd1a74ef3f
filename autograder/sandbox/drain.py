"""Reading what a child prints: the first part is kept, the rest is dropped as it comes."""

from __future__ import annotations

import os
import threading

CHUNK = 1 << 16
AFTERWARDS = 1.0  # seconds that the last words of a child that has ended may take


class Drain(threading.Thread):
    """Reads a pipe until its other ends are closed, and keeps the first ``limit`` bytes."""

    def __init__(self, output: int, limit: int) -> None:
        super().__init__(daemon=True)
        self._pipe = output
        self._limit = limit
        self._kept = bytearray()
        self.start()

    def run(self) -> None:
        """Read until the pipe ends."""
        while chunk := os.read(self._pipe, CHUNK):
            room = self._limit - len(self._kept)
            self._kept += chunk[: max(room, 0)]
        os.close(self._pipe)

    def finish(self) -> None:
        """Wait for the end of the pipe; all that could write to it has ended."""
        self.join(AFTERWARDS)

    def text(self) -> str:
        """What was kept, as text."""
        return bytes(self._kept).decode("utf-8", "replace")
