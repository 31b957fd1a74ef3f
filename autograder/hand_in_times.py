"""When work was handed in: the ``timestamp.txt`` beside it, in nbgrader's form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

STAMP = "timestamp.txt"
STAMP_BYTES = 100


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


def copy_hand_in_time(hand_in: Path, graded: Path) -> None:
    """Say beside a graded notebook when it was handed in; nbgrader compares, and grades again what is newer."""
    when = hand_in_time(hand_in)
    (graded / STAMP).unlink(missing_ok=True)
    if when is not None:
        (graded / STAMP).write_text(f"{when.isoformat(sep=' ')} UTC\n", encoding="utf-8")
