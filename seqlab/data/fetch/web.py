"""Bringing a file from a server: gone on with after a cut, tried again, and never glued from two versions."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from seqlab.data.errors import WrongContents
from seqlab.data.fetch.addresses import without_password, without_passwords
from seqlab.data.fetch.contents import other_size
from seqlab.data.fetch.options import FetchOptions
from seqlab.data.fetch.part import Note, Part
from seqlab.data.fetch.progress import in_bytes, measuring
from seqlab.data.fetch.trouble import Absent, AddressFailed, Interrupted, OtherFile
from seqlab.data.registry import SourceFile

CHUNK = 2**16
LONGEST_WAIT = 120.0
WORTH_A_FRESH_START = 2**20  # a connection that is cut now and then, and gets on, is not given up
FAR_TOO_MANY = 10  # times what is expected: a server that never ends must not fill the disk
TRY_AGAIN = (408, 425, 429)


@dataclass
class Web:
    """Downloads with one session; it remembers which servers do not answer at all."""

    options: FetchOptions
    session: requests.Session = field(default_factory=requests.Session)
    silent: set[str] = field(default_factory=set)

    def download(self, url: str, file: SourceFile, part: Part) -> None:
        """Bring a file into ``part``, whole.

        Raises:
            AddressFailed: the address does not give it.
            WrongContents: what it gives does not end where it should.
            OSError: the disk is full, for example.
        """
        server = urlsplit(url).netloc
        if server in self.silent:
            raise AddressFailed("not asked: its server did not answer before")
        patience = _Patience(self.options, part.size())
        while True:
            try:
                return self._attempt(url, file, part)
            except Interrupted as trouble:
                if patience.is_over(part.size()):
                    self.silent.update([] if trouble.answered else [server])
                    raise AddressFailed(f"{trouble} (asked {patience.failures} times)") from trouble
                patience.wait(trouble)

    def _attempt(self, url: str, file: SourceFile, part: Part) -> None:
        origin = without_password(url)
        start = part.start_for(origin, file)
        with self._answer(url, _headers(part, origin, start)) as answer:
            begin = _where_it_begins(answer, origin, start, file, part)
            if begin is not None:
                self._receive(answer, origin, begin, file, part)

    @contextmanager
    def _answer(self, url: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        with _in_plain_words(self.options.timeout, answered=False):
            answer = self.session.get(url, headers=headers, stream=True, timeout=self.options.timeout)
        with answer:
            yield answer

    def _receive(self, answer: requests.Response, origin: str, begin: int, file: SourceFile, part: Part) -> None:
        encoded = _is_encoded(answer, file)
        total = None if encoded else _total(answer, begin)
        if total is not None and file.size not in (None, total):
            raise OtherFile(other_size(total, file))
        if begin:
            self.options.show(f"{file.name}: going on after {in_bytes(begin)}")
        note = Note(origin, answer.headers.get("ETag"), answer.headers.get("Last-Modified"), total, not encoded)
        with (
            measuring(file.name, begin, total, self.options) as count,
            part.writing(note, begin) as write,
        ):
            for chunk in self._chunks(answer, encoded):
                write(chunk)
                count(len(chunk))
                _require_no_more(part.size(), file)
        if total is not None and part.size() < total:
            raise Interrupted(f"the connection was cut after {part.size():,} of {total:,} bytes")

    def _chunks(self, answer: requests.Response, encoded: bool) -> Iterator[bytes]:
        # The raw stream: requests would unpack a .tar.gz that a server labels as "Content-Encoding: gzip".
        pieces = answer.raw.stream(CHUNK, decode_content=encoded)
        while True:
            with _in_plain_words(self.options.timeout, answered=True):
                chunk = next(pieces, None)
            if chunk is None:
                return
            yield chunk


@dataclass
class _Patience:
    options: FetchOptions
    furthest: int
    failures: int = 0

    def is_over(self, reached: int) -> bool:
        if reached >= self.furthest + WORTH_A_FRESH_START:
            self.failures = 0
        self.furthest = max(self.furthest, reached)
        self.failures += 1
        return self.failures > self.options.retries

    def wait(self, trouble: Interrupted) -> None:
        pause = self.options.backoff * 2 ** (self.failures - 1)
        time.sleep(pause if trouble.wait is None else max(pause, trouble.wait))


def _headers(part: Part, origin: str, start: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "seqlab"}
    note = part.note()
    if start:
        headers["Range"] = f"bytes={start}-"
        if note is not None and note.origin == origin and note.validator is not None:
            headers["If-Range"] = note.validator
    return headers


def _where_it_begins(answer: requests.Response, origin: str, start: int, file: SourceFile, part: Part) -> int | None:
    """The place in the file at which the answer begins; None if there is nothing to come."""
    status = answer.status_code
    if status == 200:
        _require_no_page(answer, start)
        return 0
    if status == 206 and start:
        _require_same_file(answer, origin, start, part)
        return start
    if status == 416 and start:
        _require_at_its_end(answer, start, file, part)
        return None
    words = f"{status} {answer.reason}"
    if status in TRY_AGAIN or status >= 500:
        raise Interrupted(words, wait=_asked_to_wait(answer, words))
    raise (Absent if status in (404, 410) else AddressFailed)(words)


def _require_no_page(answer: requests.Response, start: int) -> None:
    # A network that wants a log-in answers everything with a page; what has come before must not be lost to it.
    if start and answer.headers.get("Content-Type", "").startswith("text/html"):
        raise OtherFile("expected the rest of the file, found a web page, perhaps the network's login page")


def _require_same_file(answer: requests.Response, origin: str, start: int, part: Part) -> None:
    note = part.note() or Note("")
    first, total = _range_of(answer)
    etag = answer.headers.get("ETag")
    changed = note.origin == origin and None not in (etag, note.etag) and etag != note.etag
    if first != start or changed or (None not in (total, note.total) and total != note.total):
        part.discard()
        raise Interrupted("the file on the server is another than the one that was begun")


def _require_at_its_end(answer: requests.Response, start: int, file: SourceFile, part: Part) -> None:
    total = _range_of(answer)[1]
    if start not in (total, file.size):
        part.discard()
        raise Interrupted("the server has fewer bytes than were fetched before; from the beginning")


def _range_of(answer: requests.Response) -> tuple[int | None, int | None]:
    """The first byte and the whole size of a Content-Range header, as far as it says."""
    found = re.fullmatch(
        r"bytes (?:([0-9]{1,18})-[0-9]+|\*)/(?:([0-9]{1,18})|\*)", answer.headers.get("Content-Range", "")
    )
    first, total = found.groups() if found else (None, None)
    return (None if first is None else int(first)), (None if total is None else int(total))


def _total(answer: requests.Response, begin: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return begin + int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _is_encoded(answer: requests.Response, file: SourceFile) -> bool:
    """Whether a server packs the file for the way, which it was asked not to do."""
    named = answer.headers.get("Content-Encoding", "identity").strip().lower()
    return named not in ("", "identity") and not file.name.endswith((".gz", ".tgz"))


def _require_no_more(size: int, file: SourceFile) -> None:
    if file.size is not None and size > file.size:
        raise WrongContents(f"expected {file.size:,} bytes, found more")
    if size > file.about_size * FAR_TOO_MANY + WORTH_A_FRESH_START:
        raise WrongContents(f"expected about {file.about_size:,} bytes, found more than {FAR_TOO_MANY} times as many")


def _asked_to_wait(answer: requests.Response, words: str) -> float | None:
    """Seconds until a server wants to be asked again."""
    said = answer.headers.get("Retry-After", "").strip()
    seconds = float(said) if said.isdecimal() else _seconds_until(said)
    if seconds is not None and seconds > LONGEST_WAIT:
        raise AddressFailed(f"{words}; it asks to come back in {seconds / 60:.0f} minutes")
    return seconds


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


@contextmanager
def _in_plain_words(timeout: float, *, answered: bool) -> Iterator[None]:
    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise Interrupted(f"no byte came for {timeout:g} s", answered=answered) from error
    except (requests.ConnectionError, urllib3.exceptions.HTTPError) as error:
        root = _root(error)
        if isinstance(root, ssl.SSLCertVerificationError):
            raise AddressFailed(f"its certificate cannot be verified ({root.verify_message})") from error
        raise Interrupted(f"the connection failed ({root})", answered=answered) from error
    except (requests.RequestException, ValueError) as error:  # ValueError: redirected to what is no address
        raise AddressFailed(without_passwords(str(error))) from error


def _root(error: BaseException) -> BaseException:
    inner = error.__cause__ or error.__context__
    return error if inner is None else _root(inner)
