"""KafkaBroker: one real Kafka on a port and in a folder of its own. It dies with the test."""

import json
import os
import pathlib
import struct
import subprocess
import tempfile

from support import kafka_admin, kcat
from support.child_process import spawn, wait_until

_KAFKA_SH = pathlib.Path(__file__).with_name("kafka.sh")
_VERSION = "4.3.1"


class KafkaBroker:
    """A prepared broker; start() makes it serve. As a context manager it serves inside the block.

    Port and data stay the same over stop(), kill9() and start(). `properties` go into server.properties,
    `environment` to kafka.sh.
    """

    def __init__(self, properties=None, version=_VERSION, environment=None):
        self._environment = {**os.environ, **(environment or {})}
        self._temporary = tempfile.TemporaryDirectory(prefix="ductus-kafka-")
        self.folder = pathlib.Path(self._temporary.name)
        self._processes = []
        self._verb("fetch", version)
        settings = [f"{key}={value}" for key, value in (properties or {}).items()]
        self._verb("new", self.folder, version, *settings)
        self.address = ("127.0.0.1", int((self.folder / "port").read_text()))
        self.bootstrap = "{}:{}".format(*self.address)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Returns when the broker serves."""
        self.launch()
        self.wait_until_ready()

    def launch(self):
        """Starts it and does not wait."""
        for kind in ["zookeeper", "broker"] if self._has_zookeeper else ["broker"]:
            self._processes.append(spawn([_KAFKA_SH, "run", self.folder, kind], env=self._environment))

    def wait_until_ready(self):
        """Returns when the broker serves."""
        self._verb("ready", self.folder)
        if self._has_zookeeper:  # there a broker serves before the controller counts it
            wait_until(lambda: kcat.broker_ids(self.bootstrap), "the controller counts the broker")

    def stop(self):
        """A clean stop; returns when the process is gone."""
        self._verb("stop", self.folder)
        self._reap()

    def kill9(self):
        """The broker dies at once; returns when the process is gone."""
        self._verb("kill9", self.folder)
        self._reap()

    def pause(self):
        """The broker hangs: its connections stay open and nothing answers."""
        self._verb("pause", self.folder)

    def resume(self):
        self._verb("resume", self.folder)

    def close(self):
        """Kills what runs and removes the folder."""
        self._reap()
        self._temporary.cleanup()

    def create_topic(self, name, partitions, config=None):
        """Returns when every partition can be written and read."""
        kafka_admin.create_topic(self.bootstrap, name, partitions, config)
        wait_until(lambda: kcat.topics(self.bootstrap).get(name) == partitions, f"topic {name} is known")

    def delete_topic(self, name):
        """Returns when nobody can read it any more."""
        kafka_admin.delete_topic(self.bootstrap, name)
        wait_until(lambda: name not in kcat.topics(self.bootstrap), f"topic {name} is gone")

    def delete_records(self, topic, partition, before):
        """The log starts at offset `before` from now on."""
        kafka_admin.delete_records(self.bootstrap, topic, partition, before)

    def add_partitions(self, topic, total):
        """Returns when every partition can be written and read."""
        kafka_admin.add_partitions(self.bootstrap, topic, total)
        wait_until(lambda: kcat.topics(self.bootstrap).get(topic) == total, f"topic {topic} has {total} partitions")

    def raise_leader_epoch(self, topic, partition, epoch):
        """From its next start on the broker leads the partition in `epoch`, as after elections. With ZooKeeper only."""
        state = {"controller_epoch": 1, "leader": 1, "version": 1, "leader_epoch": epoch, "isr": [1]}
        zookeeper = f"127.0.0.1:{(self.folder / 'second_port').read_text().strip()}"
        node = f"/brokers/topics/{topic}/partitions/{partition}/state"
        words = ["-server", zookeeper, "set", node, json.dumps(state, separators=(",", ":"))]
        self._verb("java", self.folder, "org.apache.zookeeper.ZooKeeperMain", *words)

    def truncate_log(self, topic, partition, offset):
        """The stopped broker has lost what it held from `offset` on, as after the election of a replica that had less.

        `offset` begins a record batch; the log has one segment.
        """
        log = self.folder / "data" / f"{topic}-{partition}" / f"{0:020}.log"
        held = log.read_bytes()
        end = 0
        while end < len(held):
            base_offset, length = struct.unpack_from(">qi", held, end)
            if base_offset >= offset:
                break
            end += 12 + length
        assert end < len(held), f"{topic}/{partition} ends below offset {offset}"
        log.write_bytes(held[:end])
        for index in [*log.parent.glob("*index"), *log.parent.glob("*.snapshot")]:
            index.unlink()
        # Without them the log is recovered from its first byte on.
        for name in [".kafka_cleanshutdown", "recovery-point-offset-checkpoint", "replication-offset-checkpoint"]:
            (self.folder / "data" / name).unlink(missing_ok=True)

    def limit_reading(self, bytes_per_second, client_id="ductus"):
        """Slows down every fetch of `client_id` from now on."""
        kafka_admin.limit_reading(self.bootstrap, client_id, bytes_per_second)

    @property
    def _has_zookeeper(self):
        return (self.folder / "zookeeper.properties").exists()

    def _reap(self):
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()

    def _verb(self, *arguments):
        done = subprocess.run(
            [_KAFKA_SH, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self._environment, check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"kafka.sh {' '.join(map(str, arguments))}: {done.stderr}")
