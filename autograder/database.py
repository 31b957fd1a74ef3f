"""The gradebook's database: where it is, and what to say when it does not answer. Its password is never shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from autograder.course import CourseError
from autograder.environment import programs_on_path

VARIABLE = "SEQLAB_GRADEBOOK"
EXAMPLE = "postgresql://seqlab@localhost/gradebook"
POSTGRES = ("postgres", "postgresql")
CONNECT_SECONDS = "10"


def chosen_database() -> str | None:
    """The address in the environment variable SEQLAB_GRADEBOOK, or None for SQLite in the class's folder.

    It is read from the environment, not from course.toml, because it may hold a password and course.toml is committed.

    Raises:
        CourseError: it is no address of a database.
    """
    text = os.environ.get(VARIABLE, "").strip()
    return database_address(text) if text else None


def sqlite_address(folder: Path) -> str:
    """The address of nbgrader's customary gradebook.db in a folder."""
    return f"sqlite:///{folder.resolve()}/gradebook.db"


def database_address(text: str) -> str:
    """The address in full as SQLAlchemy wants it: psycopg as the driver, and a bound on the time to connect.

    Raises:
        CourseError: it is no address of a database. It is not repeated, since it may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise CourseError(
            f"{VARIABLE} is not the address of a database; expected something like {EXAMPLE} "
            "(characters such as @ : / % in a password are written as %40 %3A %2F %25)"
        ) from None
    if url.drivername in POSTGRES:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": CONNECT_SECONDS})
    return url.render_as_string(hide_password=False)


@contextmanager
def open_gradebook(address: str) -> Iterator[Any]:
    """nbgrader's ``Gradebook`` of a database, closed at the end.

    Raises:
        CourseError: the driver is missing, or the database cannot be reached, refuses, or is lost on the way.
    """
    url = make_url(address)
    try:
        with programs_on_path(), Gradebook(address) as gradebook:
            yield gradebook
    except NoSuchModuleError:
        raise CourseError(
            f"{VARIABLE} asks for {url.drivername!r}, which is not known here; expected {EXAMPLE}"
        ) from None
    except ImportError as error:
        if error.name not in ("psycopg", "psycopg_binary", None) or url.get_backend_name() != "postgresql":
            raise
        raise CourseError(
            f"the gradebook is {_place(url)}, and its driver psycopg does not load here ({error}); "
            "install it: .venv/bin/pip install -c constraints.txt -e '.[postgres]'"
        ) from None
    except DBAPIError as error:
        raise CourseError(_what_went_wrong(url, error)) from None


def _what_went_wrong(url: URL, error: DBAPIError) -> str:
    said = " ".join(str(error.orig).split())
    for secret in filter(None, (url.password, url.query.get("password"))):
        said = said.replace(str(secret), "***")
    advice = "check that the file may be written and that no other program holds it"
    if url.get_backend_name() == "postgresql":
        advice = (
            f"check that the server runs there, that the database exists and belongs to the user, "
            f"and the user and password in {VARIABLE} (or ~/.pgpass)"
        )
    return f"the gradebook, {_place(url)}, did not do what was asked: {said}; {advice}. Nothing is lost: run it again"


def _place(url: URL) -> str:
    """The database in words, without user, password or options."""
    if url.get_backend_name() != "postgresql":
        return f"{url.get_backend_name()} database {url.database}"
    host = url.host or url.query.get("host") or "this machine"
    return f"PostgreSQL database {url.database} on {host}" + (f":{url.port}" if url.port else "")
