"""ControlSocket: a node's control API, asked by curl as a person would."""

import json
import subprocess


class ControlSocket:
    """The API at `path`. Each question gives (HTTP status, what was answered)."""

    def __init__(self, path):
        self._path = path

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None):
        return self.ask("POST", path, None if body is None else json.dumps(body))

    def ask(self, method, path, body=None):
        """`body` goes out as it is, JSON or not; the answer is JSON."""
        done = self._curl(method, path, body)
        assert done.returncode == 0, f"{method} {path}: {done.stderr}"
        answer, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(answer)

    def status_of(self, method, path, body=None):
        """The HTTP status alone."""
        return int(self._curl(method, path, body).stdout.rpartition("\n")[2])

    def answers(self):
        """Whether somebody listens."""
        return self._curl("GET", "/v1/status", None).returncode == 0

    def _curl(self, method, path, body):
        arguments = ["curl", "-sS", "--max-time", "20", "--unix-socket", str(self._path), "-X", method]
        if body is not None:
            arguments += ["-H", "Content-Type: application/json", "--data-binary", "@-"]
        arguments += ["-w", "\n%{http_code}", f"http://localhost{path}"]
        return subprocess.run(arguments, input=body, capture_output=True, text=True, timeout=60, check=False)
