"""Corpora that come as plain text files."""

from __future__ import annotations

from pathlib import Path

from seqlab.data.build.sources import Builder, Sources
from seqlab.data.errors import WrongContents
from seqlab.data.layouts.text import write_text

HELD_OUT_SHARE = 0.1


def plain_text(expected: str, least: int = 1) -> Builder:
    """A builder for corpora that come as plain text files; the last tenth of each file is held out.

    Args:
        expected: words that must occur in each, so that a page with an error message is not taken for a corpus.
        least: how many characters each must have.
    """

    def build(sources: Sources, folder: Path) -> None:
        texts = [_read(path, expected, least) for path in sources.files.values()]
        cuts = [_line_start(text, round(len(text) * (1 - HELD_OUT_SHARE))) for text in texts]
        train = [text[:cut] for text, cut in zip(texts, cuts, strict=True)]
        val = [text[cut:] for text, cut in zip(texts, cuts, strict=True)]
        write_text(folder, train, val)

    return build


def _read(path: Path, expected: str, least: int) -> str:
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    if expected not in text or len(text) < least:
        raise WrongContents(
            f"expected a text of at least {least:,} characters with {expected!r} in {path}; "
            f"found {len(text):,} that begin {text[:60]!r}. Delete the file and fetch it from elsewhere."
        )
    return text


def _line_start(text: str, near: int) -> int:
    """A place at or before ``near`` where a line begins."""
    return text.rfind("\n", 0, near) + 1
