"""What to say of a name that is not known: the nearest one that is, and all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NEAR = 0.4  # of 1, how alike two names are that one may be meant by the other


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` Did you mean icons?`` where a known name is near, else nothing; whether letters are large does not count."""
    by_small = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), by_small, n=1, cutoff=NEAR)
    return f" Did you mean {by_small[close[0]]}?" if close else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """What :func:`did_you_mean` says, and the list of all known names."""
    names = list(known)
    return f"{did_you_mean(name, names)} There are: {', '.join(names)}."
