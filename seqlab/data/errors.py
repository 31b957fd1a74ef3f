"""What may go wrong with data. Every text says what was expected, what was found, where, and what to do."""

from __future__ import annotations


class DataError(Exception):
    """Something about data that a person can mend; the commands show its text without a stack trace."""


class RegistryError(DataError):
    """datasets/registry.toml is missing or does not describe data sets."""


class UnknownSet(DataError):
    """There is no data set of that name."""


class DataMissing(DataError):
    """A data set is not in the cache; the text names the command that brings it."""


class DataDamaged(DataError):
    """A file of the cache is not what was written there; the text names the command that makes it anew."""


class FetchFailed(DataError):
    """A file could not be brought from anywhere; the text lists what was tried and what each place answered."""


class WrongContents(DataError):
    """A file arrived whole, and is not what the registry describes."""


class UnsafeArchive(DataError):
    """An archive holds a member that would be written outside its folder."""


class NoSpace(DataError):
    """The disk has less room than the data set needs."""


class NotWritable(DataError):
    """The cache has to be written, and may not be."""
