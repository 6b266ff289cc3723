"""RedisServer: a real redis-server on a free port and a unix socket. It dies with the test."""

import pathlib
import signal
import socket
import subprocess

from support.child_process import spawn, wait_until


class RedisServer:
    """Runs within a `with` block; `options` as redis-server takes them ("--appendonly", "yes")."""

    def __init__(self, folder, *options):
        self.folder = pathlib.Path(folder) / "redis"
        self.folder.mkdir()
        self.socket = self.folder / "socket"
        self._options = options
        self._process = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self._process:
            self.kill()

    def start(self):
        arguments = ["redis-server", "--dir", self.folder, "--port", self.port, "--bind", "127.0.0.1"]
        arguments += ["--unixsocket", self.socket, *self._options]
        self._process = spawn(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(lambda: self._process.poll() is not None or self._answers(), "redis-server answers")
        assert self._process.poll() is None, "redis-server did not start: perhaps its port was taken meanwhile"

    def _answers(self):
        """Also one that wants a password first."""
        return self.cli("PING").startswith(("PONG", "NOAUTH"))

    def kill(self):
        """kill -9."""
        self._process.kill()
        self._process.wait()
        self._process = None

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def cli(self, *command):
        """What redis-cli prints, without the line end."""
        arguments = ["redis-cli", "-s", self.socket, *(str(word) for word in command)]
        return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False).stdout.rstrip("\n")
