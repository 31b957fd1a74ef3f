"""C in the style of the Linux kernel, from the sources of drgn."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from seqlab.data.build.sources import Sources
from seqlab.data.layouts.text import write_text
from seqlab.data.errors import WrongContents

FILES = 145
GENERATED = ("docstrings.c",)  # Python documentation as C strings, written by a program
HELD_OUT_ONE_IN = 14
RARE_BELOW = 10


def build_c_source(sources: Sources, folder: Path) -> None:
    """Write every .c and .h file, one after the other; about one file in 14 is held out, chosen by its name.

    Raises:
        WrongContents: the archive does not hold the files.
    """
    texts = dict(sorted(_files(sources.only)))
    if len(texts) != FILES:
        raise WrongContents(f"expected {FILES} files of C in {sources.only}; found {len(texts)}")
    train = [text for name, text in texts.items() if not is_held_out(name)]
    write_text(folder, train, [text for name, text in texts.items() if is_held_out(name)], RARE_BELOW)


def is_held_out(name: str) -> bool:
    """Whether a file belongs to the held-out part."""
    return zlib.crc32(name.encode()) % HELD_OUT_ONE_IN == 0


def _files(path: Path) -> Iterator[tuple[str, str]]:
    """Names and texts; nothing is extracted, so nothing can be written where it should not."""
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if member.isfile() and name.suffix in (".c", ".h") and name.name not in GENERATED:
                file = archive.extractfile(member)
                yield member.name, "" if file is None else file.read().decode("utf-8").replace("\r\n", "\n")
