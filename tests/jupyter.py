"""A Jupyter server in a class's folder, on loopback with a free port and a token of its own, ended after use."""

import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from tests.integration.nbgrader_tools import environment


class JupyterServer:
    """``jupyter APPLICATION`` in a folder, asked over loopback with its token."""

    def __init__(self, folder, application="server", **variables):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.token = secrets.token_hex(16)
        words = ["--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0", "--no-browser", "--allow-root"]
        command = [sys.executable, "-m", "jupyter", application, *words, f"--ServerApp.root_dir={folder}"]
        env = environment(folder) | variables | {"JUPYTER_TOKEN": self.token}
        self.log = (folder / "server.log").open("wb")
        self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=self.log, stderr=self.log)

    def address(self, path):
        """Where a browser finds a path of the server; the token is not in it."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def ask(self, method, path, body=None, token=None):
        headers = {"Authorization": f"token {self.token if token is None else token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address(path), data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read().decode()

    def wait(self, path="api"):
        """Wait until the server answers at ``path``."""
        for _ in range(1200):
            assert self.process.poll() is None, "the server ended"
            try:
                return self.ask("GET", path)
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError("the server did not answer")

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
