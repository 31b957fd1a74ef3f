"""A world of its own for one process: Linux namespaces, own disks, and no rights. Runs inside the sandbox.

Python's ``os`` has no unshare before 3.12 and no mount at all, so the C library is called. Sources: man pages
user_namespaces(7), pid_namespaces(7), mount(2), capset(2), keyctl(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
EVERYTHING = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 1 << 5, 1 << 12
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
CAPABILITY_VERSION_3 = 0x20080522
LAST_CAPABILITY = 63
JOIN_SESSION_KEYRING = 1
KEYCTL = {"x86_64": 250, "aarch64": 219}
INODES = 4096
LEAST_PROCESSES = 301  # the kernel takes no lower pid_max
PID_MAX_IS_OWN = (6, 14)  # the first Linux in which pid_max belongs to the process namespace, not to the machine

_libc = ctypes.CDLL(None, use_errno=True)


def unshare() -> None:
    """Leave every namespace that can be left; the next fork is process 1 of a new one.

    Raises:
        OSError: the kernel refuses.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", EVERYTHING)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def own_file_system(disks: Sequence[str], disk_bytes: int, processes: int = LEAST_PROCESSES) -> tuple[str, ...]:
    """Mount what is to be this process's own: /proc, /dev/pts, and disks.

    Where the kernel does not allow one of the first two, an empty folder stands there instead of everybody's.

    Args:
        disks: folders that become empty disks; one that holds this Python becomes read-only instead.
        disk_bytes: how much each holds.
        processes: how many processes and threads there may be, where the kernel keeps count of this world alone.

    Returns:
        What could be had, in words.

    Raises:
        OSError: the kernel refuses.
    """
    _mount(None, "/", None, MS_PRIVATE | MS_REC)
    found: tuple[str, ...] = ("no /proc",)
    if _own_or_none("/proc", "proc", MS_NODEV, ""):
        _write("/proc/sys/user/max_user_namespaces", "0")
        found = ("own /proc", *_count_processes(processes))
        # To the kernel, root's student is the owner of what lies under /proc/sys, such as the machine's core_pattern.
        _mount(None, "/proc", None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _own_or_none("/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    for folder in disks:
        if Path(sys.prefix).is_relative_to(folder):  # an environment in /tmp: student code imports from it
            _mount(folder, folder, None, MS_BIND | MS_REC)
            _mount(None, folder, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
        else:
            _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, f"size={disk_bytes},nr_inodes={INODES},mode=0700")
    return found


def _count_processes(most: int) -> tuple[str, ...]:
    """Bound the processes of this world by its largest process number, which binds for root's children too."""
    if not owns_pid_max(platform.release()):
        return ()
    try:
        _write("/proc/sys/kernel/pid_max", str(max(most, LEAST_PROCESSES)))
    except OSError:
        return ()
    return ("own pid_max",)


def owns_pid_max(release: str) -> bool:
    """Whether a kernel keeps pid_max for each process namespace; on older ones a write would change the machine's."""
    numbers = re.match(r"(\d+)\.(\d+)", release)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= PID_MAX_IS_OWN


def give_up_rights() -> None:
    """Drop every capability for good, and the keys that were inherited.

    Raises:
        OSError: the kernel refuses.
    """
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(LAST_CAPABILITY + 1):
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _call("capset", header, nothing)
    if platform.machine() in KEYCTL:  # may be forbidden; then keys cannot be left for others either
        _libc.syscall(KEYCTL[platform.machine()], JOIN_SESSION_KEYRING, None)


def die_with_parent(signal: int) -> None:
    """Be sent ``signal`` when the parent ends."""
    _call("prctl", PR_SET_PDEATHSIG, signal, 0, 0, 0)


def _own_or_none(folder: str, kind: str, flags: int, data: str) -> bool:
    """Whether the file system could be mounted."""
    try:
        _mount(kind, folder, kind, MS_NOSUID | MS_NOEXEC | flags, data)
    except OSError:  # such as in a container that hides parts of /proc
        _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, "size=4096,nr_inodes=2,mode=0555")
        return False
    return True


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind)]
    _call("mount", *words, ctypes.c_ulong(flags), data.encode())


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
