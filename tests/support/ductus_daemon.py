"""DuctusDaemon: a node that `ductus start` runs, with its guardian. Whatever a test leaves of it is killed."""

import ctypes
import fcntl
import os
import pathlib
import signal
import struct
import subprocess

from support.child_process import wait_until
from support.ductus_node import DuctusNode

_PR_SET_CHILD_SUBREAPER = 36
_FLOCK = struct.Struct("hhqqi4x")  # of fcntl(2) on 64-bit Linux


class DuctusDaemon(DuctusNode):
    """As a context manager it becomes the parent of what its daemons leave, and kills it at the end of the block."""

    def __enter__(self):
        self.daemon_log = self.folder / "run" / "node" / "ductus.log"
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        return super().__enter__()

    def __exit__(self, *failure):
        while pids := self.processes():
            for pid in pids:
                _kill(pid, signal.SIGKILL)
            wait_until(lambda pids=pids: not any(is_alive(pid) for pid in pids), "what was killed is gone")
        super().__exit__(*failure)
        if self.daemon_log.exists():
            print(f"--- the daemon's last words:\n{self.daemon_log.read_text(errors='replace')[-8000:]}")

    def start(self, *options, **popen):
        """`start`: what it answered, as of subprocess.run()."""
        return subprocess.run(
            [self._program, "start", str(self.config), *options],
            **{"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 120, **popen},
            check=False,
        )

    def started(self, *options):
        """`start` that succeeds: the node's process."""
        done = self.start(*options)
        assert done.returncode == 0, f"start: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return self.node_pid()

    def processes(self):
        """All that have `start` and this config on their command line, as guardian and node do."""
        return [pid for pid in _all_processes() if {b"start", str(self.config).encode()} <= set(_arguments(pid))]

    def guardian_pid(self):
        """Who holds the guardian's lock; 0: nobody."""
        try:
            with (self.folder / "run" / "node" / "guardian").open("rb") as file:
                asked = fcntl.fcntl(file, fcntl.F_GETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        except FileNotFoundError:
            return 0
        kind, _, _, _, pid = _FLOCK.unpack(asked)
        return 0 if kind == fcntl.F_UNLCK else pid

    def node_pid(self):
        """The process that is no guardian, once there is one."""

        def other():
            guardian = self.guardian_pid()
            return [pid for pid in self.processes() if pid != guardian]

        return wait_until(other, "there is a node's process")[0]

    def wait_for_other_node_than(self, pid):
        """The process of the node, once it is another one."""

        def other():
            node = self.node_pid()
            return node if node != pid else None

        return wait_until(other, "the node was started again")

    def wait_until_nothing_is_left(self):
        wait_until(lambda: not self.processes(), "guardian and node are gone")

    def logged(self):
        return self.daemon_log.read_text(errors="replace") if self.daemon_log.exists() else ""


def is_alive(pid):
    """Whether the process is there and no zombie."""
    return bool(_arguments(pid))


def _all_processes():
    return [int(folder.name) for folder in pathlib.Path("/proc").iterdir() if folder.name.isdigit()]


def _arguments(pid):
    try:
        return [word for word in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
    except OSError:
        return []


def _kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
