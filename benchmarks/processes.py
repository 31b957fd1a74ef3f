"""What a command costs: wall time, and the processor time of all processes that it started."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Orphans come to the wrapper, so that the processor time of every descendant is counted, whoever started it.
WRAPPER = """
import ctypes, json, os, resource, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
code = subprocess.call(sys.argv[1:])
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code, "cpu": used.ru_utime + used.ru_stime}), file=sys.stderr)
"""


@dataclass(frozen=True)
class Cost:
    """Seconds: by the clock, and of all processors together; and what the command printed."""

    wall: float
    cpu: float
    printed: str = ""


def cost_of(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run ``command`` in ``folder`` and tell what it cost.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WRAPPER, *command],
        check=False,
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
    )
    wall = time.perf_counter() - start
    last = json.loads(done.stderr.strip().rpartition("\n")[2])
    if last["code"] != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {(done.stdout + done.stderr)[-3000:]}")
    return Cost(wall, last["cpu"], done.stdout)
