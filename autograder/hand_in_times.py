"""What nbgrader's exchange lays beside a hand-in: ``timestamp.txt``, when it was handed in, and a secret."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.hand_ins import read_plain_file

STAMP = "timestamp.txt"
STAMP_BYTES = 100
SECRET = "submission_secret.txt"
EXCHANGE_SECRET = re.compile(rb"[0-9a-f]{128}")


def hand_in_time(folder: Path) -> datetime | None:
    """When the work in a folder was handed in, in UTC without saying so; None where that is not said, or not clearly.

    The file lies among a student's own: links, pipes and long files are not read.
    """
    stamp = folder / STAMP
    try:
        if stamp.is_symlink() or not stamp.is_file() or stamp.stat().st_size > STAMP_BYTES:
            return None
        when: datetime = parse_utc(stamp.read_text(encoding="utf-8").strip())
    except (OSError, ValueError, OverflowError):
        return None
    return when


def write_hand_in_time(folder: Path, when: datetime) -> None:
    """Say when the work in a folder was handed in; what stood there is replaced, a link too. ``when`` has a zone."""
    (folder / STAMP).unlink(missing_ok=True)
    naive = when.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    (folder / STAMP).write_text(f"{naive.isoformat(sep=' ')} UTC\n", encoding="utf-8")


def copy_exchange_files(hand_in: Path, to: Path) -> None:
    """Put what nbgrader's exchange left with a hand-in beside its graded notebook, or its feedback.

    That is when it was handed in (nbgrader compares, and grades again what is newer), and the secret under which
    ``nbgrader release_feedback`` lays the feedback down, so that this student alone finds it.
    """
    when = hand_in_time(hand_in)
    (to / STAMP).unlink(missing_ok=True)
    if when is not None:
        (to / STAMP).write_text(f"{when.isoformat(sep=' ')} UTC\n", encoding="utf-8")
    secret, _ = read_plain_file(hand_in / SECRET)
    (to / SECRET).unlink(missing_ok=True)
    if EXCHANGE_SECRET.fullmatch(secret):
        (to / SECRET).write_bytes(secret)
