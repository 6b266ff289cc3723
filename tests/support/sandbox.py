"""Sandbox: the practice broker on a free port. It dies with the test."""

import json
import os
import pathlib
import re
import subprocess

from support.child_process import spawn, wait_until


class Sandbox:
    """Serves the topics that its options describe (`ductus-sandbox --help`), inside a `with` block.

    `faults`: a script of what goes wrong (docs/sandbox.md).
    """

    def __init__(self, folder, *options, faults=""):
        self.folder = pathlib.Path(folder)
        self._options = options
        self._faults = faults

    def __enter__(self):
        port, expectations = self.folder / "port", self.folder / "expectations.json"
        files = ["--port-file", port, "--expect-file", expectations]
        if self._faults:
            script = self.folder / "faults.txt"
            script.write_text(self._faults)
            files += ["--faults", script]
        arguments = [os.environ["SANDBOX_PROGRAM"], *self._options, *files]
        self._process = spawn(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(lambda: port.exists() or self._process.poll() is not None, "the sandbox listens")
        assert self._process.poll() is None, "the sandbox did not start (its words above)"
        self.ports = [int(line) for line in port.read_text().split()]
        self.bootstrap = f"127.0.0.1:{self.ports[0]}"
        # What a reader of each finite partition must have seen: messages, value_bytes and checksum.
        rows = json.loads(expectations.read_text())
        self.expected = {(row.pop("topic"), row.pop("partition")): row for row in rows}
        return self

    def peak_memory_bytes(self):
        """The most that it has had in memory."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
