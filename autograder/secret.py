"""The course secret: what hidden inputs are drawn from, besides the seed. The seed alone gives no input away.

It is a file outside the course's folder, made on first use, readable by its owner only.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autograder.course import CourseError

VARIABLE = "SEQLAB_SECRET"
BYTES = 32


@dataclass(frozen=True)
class CourseSecret:
    """The secret's bytes, which are never shown."""

    key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """A short name by which a record says which secret it was graded with, and which tells nothing else."""
        return hashlib.sha256(b"name/" + self.key).hexdigest()[:12]

    def generator(self, seed: int, *place: str) -> np.random.Generator:
        """The generator of one hidden case's inputs: HMAC-SHA256 of the batch's seed and the case's place."""
        text = "/".join(("hidden", str(seed), *place)).encode()
        return np.random.default_rng(int.from_bytes(hmac.digest(self.key, text, "sha256"), "little"))


def secret_path() -> Path:
    """Where the secret is: what ``SEQLAB_SECRET`` names, else seqlab/secret in the user's configuration folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config").absolute() / "seqlab" / "secret"


def load_secret(course_root: Path) -> CourseSecret:
    """The course secret, made if there is none yet.

    Raises:
        CourseError: it lies inside the course's folder, others may read it, or it is no secret.
    """
    path = secret_path()
    if path.resolve().is_relative_to(course_root.resolve()):
        raise CourseError(f"the course secret must lie outside the course; set {VARIABLE} to another place than {path}")
    try:
        _create(path)
        return CourseSecret(_read(path))
    except OSError as error:
        raise CourseError(
            f"expected the course secret at {path}; the system says: {error.strerror}. Set {VARIABLE} to another place."
        ) from error


def _create(path: Path) -> None:
    """Make the secret unless it is there; of two processes at once, one does."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if path.exists():
        return
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(BYTES) + "\n")
    try:
        os.link(partial, path)  # fails where another process was first
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _read(path: Path) -> bytes:
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CourseError(
            f"the course secret at {path} may be read or written by others (mode {stat.S_IMODE(mode):03o}), so it may "
            f"be known. If it is not: chmod 600 {path}. If it may be: delete it; the next grading makes another."
        )
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != BYTES:
        raise CourseError(
            f"expected {BYTES} bytes in hexadecimal in {path}; found {len(text)} characters that are not that"
        )
    return key
