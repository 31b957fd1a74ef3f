"""A PostgreSQL server of the test's own, on loopback, as an unprivileged user, gone with all it holds at the end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# A letter of each kind that an address must escape.
PASSWORD, ESCAPED = "se@cr:et/%", "se%40cr%3Aet%2F%25"


@dataclass(frozen=True)
class Server:
    port: int
    programs: Path
    folder: Path
    owner: str | None

    def address(self, database, password=ESCAPED):
        return f"postgresql://seqlab:{password}@127.0.0.1:{self.port}/{database}"

    def create(self, database):
        command = [self.programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "seqlab", database]
        subprocess.run(command, check=True, env={"PGPASSWORD": PASSWORD})
        return self.address(database)

    def control(self, *words):
        command = [self.programs / "pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-s", *words]
        subprocess.run(command, check=True, user=self.owner, cwd=self.folder, timeout=60)

    def start(self):
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k '' -c fsync=off"
        self.control("start", "-o", options)


@contextmanager
def own_server():
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="seqlab-pg-"))
    owner = _owner() if os.getuid() == 0 else None
    try:
        if owner:
            os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
        server = Server(_free_port(), programs, folder, owner)
        _make_cluster(server)
        server.start()
        try:
            yield server
        finally:
            server.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def _make_cluster(server):
    secret = server.folder / "secret"
    secret.write_text(PASSWORD + "\n")
    command = [server.programs / "initdb", "-D", server.folder / "data", "-U", "seqlab", "-A", "scram-sha-256", "-N"]
    subprocess.run(
        [*command, f"--pwfile={secret}", "-E", "UTF8", "--locale=C"],
        check=True, user=server.owner, cwd=server.folder, capture_output=True,
    )  # fmt: skip


def _programs():
    """Where initdb is: Debian keeps the server's programs off PATH, in a folder for each version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = [path for path in folders if (path / "initdb").exists()]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    if not found:
        pytest.skip("PostgreSQL's server is not on this machine; on Debian and Ubuntu: apt-get install postgresql")
    return found[-1]


def _owner():
    """PostgreSQL refuses to run as root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
