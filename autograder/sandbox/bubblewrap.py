"""The walls: a bubblewrap command line that shows student code Python, its libraries and nothing of ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import IPython
import numpy

import seqlab

INSIDE = Path(__file__).with_name("inside")
SEQLAB = Path(seqlab.__file__).parent
HOME = "/home/student"
LIBRARY = "/opt/seqlab"
NURSERY = "inside.nursery"
PUBLIC = "/opt/public"
SYSTEM_FOLDERS = ("/usr", "/bin", "/lib", "/lib64", "/lib32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime")


class IsolationMissing(Exception):
    """Student code cannot be walled in on this machine; the text says why and what to do."""


def environment() -> dict[str, str]:
    """All that student code sees of an environment."""
    return {
        "HOME": HOME,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": LIBRARY,
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def walls(disk_bytes: int, files: Iterable[tuple[Path, str]] = ()) -> bytes:
    """The options for ``bwrap --args``: no network, own user, PID, IPC and mount namespaces, read-only libraries.

    They are handed over in a file, not on the command line, which student code could read. ``files`` are pairs (file
    here, name in the student's home) that children find there, read-only.
    """
    command = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    command += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    for place in ("/tmp", HOME):
        command += ["--size", str(disk_bytes), "--tmpfs", place]
    for folder in (*SYSTEM_FOLDERS, *SYSTEM_FILES):
        command += _show(Path(folder))
    for folder in _python_folders():
        command += ["--ro-bind", folder, folder]
    for folder in _staff_folders():
        command += ["--tmpfs", folder]
    # The machine's /proc, for the fork server: the kernel lets a child mount its own only where one is seen whole.
    command += ["--bind", "/proc", "/proc", "--dev", "/dev", "--size", str(disk_bytes), "--tmpfs", "/dev/shm"]
    command += ["--ro-bind", str(SEQLAB), f"{LIBRARY}/seqlab", "--ro-bind", str(INSIDE), f"{LIBRARY}/inside"]
    command += ["--dir", PUBLIC]
    for here, name in files:
        command += ["--ro-bind", str(here), f"{PUBLIC}/{name}"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    return b"".join(word.encode() + b"\0" for word in command)


def require_isolation() -> None:
    """Try the walls on a program that does nothing.

    Raises:
        IsolationMissing: bubblewrap is not installed, or this machine does not let it make namespaces.
    """
    if shutil.which("bwrap") is None:
        raise IsolationMissing(
            "grading runs student code inside bubblewrap, and the program bwrap is not on this machine. "
            f"Install it (make setup tries to; Debian and Ubuntu: sudo apt-get install bubblewrap). {_WITHOUT}"
        )
    trial = _try_walls()
    if trial.returncode != 0:
        said = trial.stderr.decode(errors="replace").strip()
        raise IsolationMissing(
            f"bubblewrap is installed but cannot make its walls here: {said!r}. The kernel must "
            "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu 24.04 and later "
            f"kernel.apparmor_restrict_unprivileged_userns=0; in a container, run it with more rights). {_WITHOUT}"
        )


_WITHOUT = "Only for submissions that you trust as much as your own code: --isolation none."


def program() -> str:
    """Where bubblewrap is."""
    return shutil.which("bwrap") or "bwrap"


def _try_walls() -> subprocess.CompletedProcess[bytes]:
    command = [program(), "--args", "0", "/bin/true"]
    return subprocess.run(command, input=walls(1 << 20), check=False, capture_output=True, timeout=60)


def _show(path: Path) -> Sequence[str]:
    if path.is_symlink():
        return ("--symlink", str(path.readlink()), str(path))
    return ("--ro-bind", str(path), str(path)) if path.exists() else ()


def _staff_folders() -> list[str]:
    """Our own package and its course, where they lie inside a folder that is shown: to be covered."""
    ours = Path(__file__).resolve().parents[1]
    inside = [ours, ours.parent / "solutions", ours.parent / "build", ours.parent / "classroom"]
    shown = [Path(folder).resolve() for folder in (*SYSTEM_FOLDERS, *_python_folders())]
    return [str(path) for path in inside if path.is_dir() and any(path.is_relative_to(folder) for folder in shown)]


def _python_folders() -> list[str]:
    """The interpreter and its libraries: prefixes, and the site-packages in use where those lie elsewhere."""
    libraries = {str(Path(module.__file__ or "").parent.parent) for module in (IPython, numpy)}
    wanted = sorted({sys.prefix, sys.base_prefix, *libraries})
    hidden = [folder for folder in wanted if not folder.startswith(("/usr/lib", "/usr/bin")) and folder != "/usr"]
    return [folder for folder in hidden if not any(folder.startswith(other + "/") for other in hidden)]
