"""Reading a large hand-in in a process of its own: JSON in memory can take twenty times its size in the file.

``python -m autograder.large_file EXERCISES_JSON`` reads the bytes from its standard input and answers with JSON. No
student code runs in it; the memory that it may use is bounded, so that a file made to fill it costs nobody else.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

LARGE = 16 << 20  # bytes of a file from which on it is worth the start of a process
MEMORY = 2 << 30  # bytes of address space of that process
SECONDS = 120


class TooLarge(Exception):
    """The file cannot be read within the bounds."""


def read_large(data: bytes, exercises: Iterable[str]) -> dict[str, Any]:
    """``{"notebook": ..., "notes": [...]}`` without outputs, or ``{"refused": why}``.

    Raises:
        TooLarge: reading it takes more memory or time than there is for it.
    """
    command = [sys.executable, "-m", __name__, json.dumps(sorted(exercises))]
    try:
        done = subprocess.run(command, check=False, input=data, capture_output=True, timeout=SECONDS)
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise TooLarge(f"{MEMORY >> 30} GB of memory and {SECONDS} seconds do not suffice to read the file") from error
    return answer


def main() -> None:
    """Read, leave out what cells have printed and shown, and answer."""
    from autograder.notebook_file import Refused, read_in_memory  # noqa: PLC0415 (that module calls this one)

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    notes: list[str] = []
    try:
        notebook = read_in_memory(sys.stdin.buffer.read(), json.loads(sys.argv[1]), notes)
    except Refused as refused:
        print(json.dumps({"refused": str(refused)}))
        return
    for cell in notebook["cells"]:
        if isinstance(cell, dict):
            cell.pop("outputs", None)
            cell.pop("attachments", None)
    print(json.dumps({"notebook": notebook, "notes": notes}))


if __name__ == "__main__":
    main()
