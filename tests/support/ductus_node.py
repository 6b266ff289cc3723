"""DuctusNode: a config in a folder, and the `ductus` verbs upon it. What it starts dies with the test."""

import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

from support.child_process import spawn, wait_until


class DuctusNode:
    """One node that writes each partition of its topics into a file under out/, by the module `file`.

    `tables` holds further tables of the config: batch={"max_bytes": 16384}. `topics` are names, or a dict from name to
    the topic's init; `partitions` tells of some which partitions are read ("0-2"). `program` stands for ductus where a
    user's own program is meant. As a context manager it kills what still runs at the end of the block, and shows the
    last words of the node on stderr.
    """

    def __init__(self, folder, bootstrap, topics, program=None, environment=None, partitions=None, **tables):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "config" / "node.toml"
        self.log = self.folder / "console.log"
        self._program = program or os.environ["DUCTUS_PROGRAM"]
        self._environment = {**os.environ, **(environment or {})}
        self._console = None
        self.config.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "out").mkdir(exist_ok=True)
        self.config.write_text(_toml(bootstrap, topics, partitions or {}, tables))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill9()
        if self.log.exists():
            print(f"--- the node's last words:\n{self.log.read_text(errors='replace')[-8000:]}", file=sys.stderr)

    def run_until_end(self, timeout_s=120):
        """`console --until-end`: the exit code; what it said is in `said`."""
        self.start_console("--until-end", "--timeout", f"{timeout_s}s")
        return self.wait_for_exit(timeout_s + 30)

    def start_console(self, *options):
        """`console` in the background. The file at `log` keeps what all of them said."""
        assert self._console is None, "one console at a time"
        with self.log.open("ab") as log:
            self._said_from = log.tell()
            arguments = [self._program, "console", self.config, *options]
            self._console = spawn(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )

    def wait_for_exit(self, timeout_s=60):
        """The exit code of the console, once it has ended by itself."""
        code = self._console.wait(timeout_s)
        self._console = None
        return code

    def limit_file_size(self, size_bytes):
        """From now on no file of the node may grow beyond this; -1: no limit. To it that is a full disk."""
        _, hard = resource.prlimit(self.node_pid(), resource.RLIMIT_FSIZE)
        resource.prlimit(self.node_pid(), resource.RLIMIT_FSIZE, (size_bytes, hard))

    def kill9(self):
        """The console dies at once, as by a power cut of the process. Nothing to do if none runs."""
        if self._console:
            self._console.kill()
            self._console.wait()
            self._console = None

    def pause(self):
        """The console hangs: its connections stay open and it reads nothing."""
        self._console.send_signal(signal.SIGSTOP)

    def resume(self):
        self._console.send_signal(signal.SIGCONT)

    def hang_up(self):
        """SIGHUP to the console."""
        self._console.send_signal(signal.SIGHUP)

    def peak_memory_bytes(self):
        """The most that the console has had in memory."""
        status = pathlib.Path(f"/proc/{self._console.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def node_pid(self):
        """The process of the console."""
        return self._console.pid

    def exit_code(self):
        """None while the console runs."""
        return self._console.poll()

    @property
    def said(self):
        """What the last console wrote, on stdout and stderr."""
        with self.log.open("rb") as log:
            log.seek(self._said_from)
            return log.read().decode(errors="replace")

    def stop(self):
        """`stop`: its exit code."""
        return self.verb("stop").returncode

    def is_running(self):
        return self.verb("running").returncode == 0

    def status(self):
        """`status --json`, of a running node or of a stopped one; None while a starting node does not answer."""
        done = self.verb("status", "--json")
        if done.returncode == 4:
            return None
        assert done.returncode == 0, f"status: exit {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)

    def partition_status(self):
        """The partitions of status() by (topic, partition); empty while there is no answer."""
        status = self.status() or {"partitions": []}
        return {(row["topic"], row["partition"]): row for row in status["partitions"]}

    def wait_for_partition(self, topic, partition, condition, what):
        """Waits until condition(row) holds for this row of the status, and returns the row."""

        def row_if_so():
            row = self.partition_status().get((topic, partition))
            return row if row and condition(row) else None

        return wait_until(row_if_so, f"{topic}/{partition}: {what}")

    def wait_for_reason(self, topic, word=""):
        """Waits until a topic whose partitions are not known yet says why, with `word` in it."""
        self.wait_for_partition(
            topic, None, lambda row: row["reason"] and word in row["reason"], f"a reason with {word!r} in it"
        )

    def output(self, topic, partition):
        """The bytes of the partition's file; empty where there is none."""
        path = self.output_path(topic, partition)
        return path.read_bytes() if path.exists() else b""

    def output_size(self, topic, partition):
        """How many bytes the partition's file has; 0 where there is none."""
        path = self.output_path(topic, partition)
        return path.stat().st_size if path.exists() else 0

    def output_path(self, topic, partition):
        return self.folder / "out" / f"{topic}-{partition}.txt"

    def verb(self, verb, *options):
        """Any verb upon the config ("stop", "offsets set"); what it answered, as of subprocess.run()."""
        arguments = [self._program, *verb.split(), str(self.config), *options]
        return subprocess.run(
            arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )


def _toml(bootstrap, topics, partitions, tables):
    merged = {
        "source": {"brokers": [bootstrap]},
        "offsets": {"when_missing": "earliest"},
        "handler": {"module": "file"},
    }
    for name, table in tables.items():
        merged[name] = {**merged.get(name, {}), **table}
    text = ""
    for name, table in merged.items():
        text += f"[{name}]\n" + "".join(f"{key} = {_toml_value(value)}\n" for key, value in table.items())
    inits = topics if isinstance(topics, dict) else dict.fromkeys(topics, "out/{topic}-{partition}.txt")
    for topic, init in inits.items():
        text += f'[[topics]]\nname = "{topic}"\ninit = {_toml_value(init)}\n'
        if topic in partitions:
            text += f'partitions = "{partitions[topic]}"\n'
    return text


def _toml_value(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml_value(entry)}" for key, entry in value.items()) + "}"
    return json.dumps(value)
