"""Why one address did not give a file, while there may be others that do. None of these leaves the package."""

from __future__ import annotations


class AddressFailed(Exception):
    """The address does not give the file; the text says why. The next one is asked."""


class Absent(AddressFailed):
    """The address is there, and the file is not."""


class OtherFile(AddressFailed):
    """The address has another file than the registry describes; nothing of it was taken."""


class Interrupted(Exception):
    """It may work if it is tried again.

    Attributes:
        wait: seconds that the server asks to wait; None if it does not say.
        answered: whether the server said anything at all.
    """

    def __init__(self, why: str, *, wait: float | None = None, answered: bool = True) -> None:
        super().__init__(why)
        self.wait = wait
        self.answered = answered
