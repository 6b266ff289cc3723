"""Transactions: transactional producers of Kafka's own client, all in one Java process. It dies with the test."""

import pathlib
import subprocess

from support.child_process import spawn

_KAFKA_SH = pathlib.Path(__file__).with_name("kafka.sh")
_PROGRAM = pathlib.Path(__file__).with_name("Transactions.java")


class Transactions:
    """Producers by name, inside a `with` block. A transaction lasts from a producer's first send() to its end."""

    def __init__(self, broker):
        self._broker = broker

    def __enter__(self):
        arguments = [_KAFKA_SH, "java", self._broker.folder, _PROGRAM, self._broker.bootstrap]
        self._java = spawn(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self._java.kill()
        self._java.communicate()

    def add_producer(self, name, codec):
        """What an earlier producer of this name left open is aborted."""
        self._tell(f"new {name} {codec}\n".encode())

    def send(self, name, topic, partition, lines):
        """One message for each line; returns when all are in the log."""
        self._tell(f"send {name} {topic} {partition} {lines.count(bytes([10]))}\n".encode() + lines)

    def commit(self, name):
        self._tell(f"commit {name}\n".encode())

    def abort(self, name):
        self._tell(f"abort {name}\n".encode())

    def _tell(self, command):
        self._java.stdin.write(command)
        self._java.stdin.flush()
        answer = self._java.stdout.readline()
        assert answer == b"done\n", f"{command[:60]!r}: {answer!r} (its words above)"
