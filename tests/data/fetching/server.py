"""A server on this machine that misbehaves as it is told, and remembers what it was asked."""

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Fault:
    """What goes wrong with one request: another status, a cut or a pause (seconds) after some bytes, or other bytes."""

    status: int | None = None
    headers: dict = field(default_factory=dict)
    cut_after: int | None = None
    pause_after: int | None = None
    pause: float = 0.0
    until: threading.Event = field(default_factory=threading.Event)
    body: bytes | None = None


@dataclass
class Page:
    """A file, and the faults of its first requests, one after the other; ``always`` is one that never ends."""

    body: bytes
    faults: list = field(default_factory=list)
    always: Fault | None = None
    etag: str | None = None
    last_modified: str | None = None
    ranges: bool = True
    headers: dict = field(default_factory=dict)
    length: bool = True


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {}
        self.asked = []
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def ranges(self):
        """The Range header of each request."""
        return [one.headers.get("Range") for one in self.asked]

    def paths(self):
        return [one.path for one in self.asked]

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Quiet."""

    def do_GET(self):
        page = self.server.pages.get(self.path)
        with self.server.lock:
            self.server.asked.append(Asked(self.path, dict(self.headers)))
            fault = (page.faults.pop(0) if page.faults else page.always) if page else Fault(404)
        fault = fault or Fault()
        if fault.status is not None:
            return self._send(fault.status, fault.headers, fault.body or b"an error page", Fault())
        return self._send_page(page, fault)

    def _send_page(self, page, fault):
        body = page.body if fault.body is None else fault.body
        headers = {**page.headers, **fault.headers}
        if page.etag:
            headers["ETag"] = page.etag
        if page.last_modified:
            headers["Last-Modified"] = page.last_modified
        start = self._start(page)
        if start is None:
            return self._send(200, headers, body, fault, page.length)
        if start >= len(body):
            return self._send(416, {"Content-Range": f"bytes */{len(body)}"}, b"", fault)
        headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return self._send(206, headers, body[start:], fault)

    def _start(self, page):
        """Where the client wants to go on; None if it gets the whole."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, page.etag, page.last_modified)
        return int(found.group(1)) if found and page.ranges and same else None

    def _send(self, status, headers, body, fault, length=True):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.close_connection = True
        self.end_headers()
        if fault.pause_after is not None:
            self.wfile.write(body[: fault.pause_after])
            self.wfile.flush()
            fault.until.wait(fault.pause)
            body = body[fault.pause_after :]
        self.wfile.write(body[: fault.cut_after])
        if fault.cut_after is not None:
            self.close_connection = True


@contextmanager
def serving():
    """A server that is at work."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
