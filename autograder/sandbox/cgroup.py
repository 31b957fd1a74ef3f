"""Control groups (cgroup v2), where this user may make them: memory, processes and processor share of a child in sum.

Resource limits bind each process; a group binds all that a child starts together. Everything works without one.
Source: cgroup-v2 in the Linux documentation; cgroups(7).
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

CONTROLLERS = ("memory", "pids", "cpu")
NEEDED = frozenset({"memory", "pids"})
PERIOD = 100_000  # microseconds; a child may use one processor in each period
GOING = 2.0  # seconds that a group's last processes may take to end


class Group:
    """One group with its limits. Files that this kernel does not have are passed over."""

    def __init__(self, folder: Path, limits: Mapping[str, int | str]) -> None:
        """Make the group.

        Raises:
            OSError: it may not be made, or a limit may not be set.
        """
        folder.mkdir()
        self._folder = folder
        for name, value in limits.items():
            if (folder / name).exists():
                (folder / name).write_text(f"{value}\n", encoding="ascii")

    def add(self, pids: Iterable[int]) -> None:
        """Move processes into it; what they start later is in it from the start.

        Raises:
            OSError: the kernel refuses.
        """
        for pid in pids:
            (self._folder / "cgroup.procs").write_text(f"{pid}\n", encoding="ascii")

    def remove(self) -> None:
        """End what is left in it and take it away; it is left where it does not become empty in time."""
        with suppress(OSError):
            (self._folder / "cgroup.kill").write_text("1\n", encoding="ascii")
        end = time.monotonic() + GOING
        while self._folder.exists() and time.monotonic() < end:
            with suppress(OSError):
                self._folder.rmdir()
                return
            time.sleep(0.01)


class Groups:
    """A folder of the control-group file system in which groups can be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def child(self, memory_bytes: int, processes: int) -> Group:
        """A group for one child.

        Raises:
            OSError: the kernel refuses.
        """
        return Group(self.folder / f"seqlab-{os.getpid()}-{secrets.token_hex(4)}", limits(memory_bytes, processes))


def limits(memory_bytes: int, processes: int) -> dict[str, int | str]:
    """The files of a child's group and what is written to them."""
    return {
        "memory.max": memory_bytes,
        "memory.swap.max": 0,
        "memory.oom.group": 1,
        "pids.max": processes,
        "cpu.max": f"{PERIOD} {PERIOD}",
    }


def find_groups(proc: Path = Path("/proc/self")) -> Groups | None:
    """Where groups can be made; None where there is no such place. Tried by making one.

    That is this process's own group (which has to be empty but for the root, so seldom), or the one above it, which
    belongs to the user where systemd has handed it down (``systemd-run --user --scope make grade ...``).
    """
    return next((Groups(folder) for folder in _places(proc) if _usable(folder)), None)


def _places(proc: Path) -> Iterator[Path]:
    """Our own group and the one above it, in each mount of cgroup v2."""
    try:
        lines = (proc / "cgroup").read_text(encoding="utf-8").splitlines()
        mounts = (proc / "mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    own = next((line[3:] for line in lines if line.startswith("0::")), None)
    if own is None:
        return
    for root, point in (_mount(line) for line in mounts if " - cgroup2 " in line):
        if own == root or own.startswith(root.rstrip("/") + "/"):
            place = Path(point) / own.removeprefix(root).strip("/")
            yield place
            if place != Path(point):
                yield place.parent


def _mount(line: str) -> tuple[str, str]:
    """The root and the mount point in a line of mountinfo, whose spaces are written as octal numbers."""
    fields = [field.replace("\\040", " ") for field in line.split(" ")]
    return fields[3], fields[4]


def _usable(folder: Path) -> bool:
    """Whether a group made here has the controllers that are needed, and processes can be moved into it."""
    if not os.access(folder / "cgroup.procs", os.W_OK):
        return False
    try:
        _hand_down(folder)
        trial = Groups(folder).child(1 << 30, 16)
    except OSError:
        return False
    found = (trial._folder / "cgroup.controllers").read_text(encoding="ascii").split()
    trial.remove()
    return set(found) >= NEEDED


def _hand_down(folder: Path) -> None:
    """Let the groups in ``folder`` have controllers, where they have not yet and it is allowed."""
    there = (folder / "cgroup.controllers").read_text(encoding="ascii").split()
    given = (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()
    for name in CONTROLLERS:
        if name in there and name not in given:
            with suppress(OSError):  # such as a group that has processes of its own
                (folder / "cgroup.subtree_control").write_text(f"+{name}\n", encoding="ascii")
