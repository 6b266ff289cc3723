"""A gibibyte through real Kafka, a thousand partitions, and some that must not get in each other's way.

By hand: cd tests && DUCTUS_PROGRAM=… LEDGER_PROGRAM=… python3 -m unittest -v e2e.at_scale_test
"""

import filecmp
import hashlib
import os
import pathlib
import resource
import tempfile
import time
import unittest
import zlib

from support import kcat
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_broker import KafkaBroker
from support.tcp_gate import FETCH, TcpGate

# What programs/ledger_main.cc writes of a message.
_AS_KCAT_PRINTS_IT = "%o|%k|%h|%T|%s\\n"
_SEGMENT_BYTES = 16 << 20
_NO_LIMIT = 1e12
_LONG_POLL_S = 0.5  # fetch.max.wait.ms


def _value(partition, sequence):
    """About 1 KiB that names its place and carries a digest of it."""
    place = b"%d:%d:" % (partition, sequence)
    digest = hashlib.sha1(place).hexdigest().encode()
    return place + digest * (20 + sequence % 10)


def _keyed_lines(partition, first, last):
    return b"".join(b"key-%d\t%s\n" % (at, _value(partition, at)) for at in range(first, last))


class AtScaleTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.ledger = self.folder / "ledger"
        self.ledger.mkdir()

    def node(self, bootstrap, pauses_ms, **tables):
        """Topics by name, with how long each callback of theirs blocks."""
        inits = {topic: {"folder": str(self.ledger), "pause_ms": pause} for topic, pause in pauses_ms.items()}
        tables["handler"] = {"module": "ledger"}
        program = os.environ["LEDGER_PROGRAM"]
        return self.enterContext(DuctusNode(self.folder, bootstrap, inits, program=program, **tables))

    def seen(self, topic, partition):
        path = self.ledger / f"{topic}-{partition}"
        return path.read_bytes() if path.exists() else b""

    def batches(self, topic, partition):
        """The sizes of the batches that were handled."""
        path = self.ledger / f"{topic}-{partition}.batches"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def test_a_gibibyte_over_twelve_partitions_while_the_broker_stops_and_starts(self):
        partitions, per_partition = 12, 92_000
        codecs = ["none", "lz4", "zstd"]
        broker = self.enterContext(KafkaBroker({"quota.window.num": "2", "quota.window.size.seconds": "1"}))
        broker.create_topic("big", partitions, {"segment.bytes": str(_SEGMENT_BYTES)})
        value_bytes = 0
        for partition in range(partitions):
            lines = _keyed_lines(partition, 0, per_partition)
            value_bytes += sum(map(len, lines.split(b"\n"))) - sum(len(b"key-%d\t" % at) for at in range(per_partition))
            options = ["-K", "\t", "-H", f"partition={partition}", "-H", "of=twelve", "-z", codecs[partition % 3]]
            kcat.produce(broker.bootstrap, "big", partition, lines, *options)
        self.assertGreaterEqual(partitions * per_partition, 1_000_000)
        self.assertGreaterEqual(value_bytes, 1 << 30)
        for partition in range(0, partitions, 3):  # the uncompressed ones
            segments = list((broker.folder / "data").rglob(f"big-{partition}/*.log"))
            self.assertGreaterEqual(len(segments), 3)

        broker.limit_reading(40 << 20)
        node = self.node(broker.bootstrap, {"big": 0})
        node.start_console("--until-end", "--timeout", "200s")
        wait_until(lambda: sum(row["next_offset"] or 0 for row in node.partition_status().values()) > 50_000, "some")
        broker.stop()
        behind = node.partition_status()
        self.assertGreater(sum(row["lag"] for row in behind.values()), 100_000, "stopped too late to prove anything")
        broker.start()
        broker.limit_reading(_NO_LIMIT)
        self.assertEqual(node.wait_for_exit(230), 0, node.said)

        for partition in range(partitions):
            second_opinion = self.folder / "kcat"
            second_opinion.write_bytes(kcat.consume(broker.bootstrap, "big", partition, _AS_KCAT_PRINTS_IT))
            same = filecmp.cmp(self.ledger / f"big-{partition}", second_opinion, shallow=False)
            self.assertTrue(same, f"partition {partition}: kcat read something else")
            self.assert_complete(partition, per_partition)

    def assert_complete(self, partition, count):
        """Each message once and in order, with its key and headers, and no byte other than was sent."""
        headers = b"partition=%d,of=twelve" % partition
        lines = self.seen("big", partition).split(b"\n")[:-1]
        self.assertEqual(len(lines), count)
        for at, line in enumerate(lines):
            offset, key, seen_headers, _, value = line.split(b"|", 4)
            if (offset, key, seen_headers) != (b"%d" % at, b"key-%d" % at, headers) or value != _value(partition, at):
                self.fail(f"partition {partition}, line {at}: {line[:200]!r}")

    def test_a_thousand_partitions_are_read_in_bounded_memory(self):
        partitions, messages, budget_bytes = 1_000, 100_000, 16 << 20
        most_bytes = (64 << 20) + budget_bytes
        broker = self.enterContext(KafkaBroker())
        broker.create_topic("wide", partitions)
        lines, seen = [], [(0, hashlib.sha1()) for _ in range(partitions)]
        for at in range(messages):
            key = b"key-%d" % at
            partition = zlib.crc32(key) % partitions  # as kcat does
            value = _value(partition, at) + b"\n"
            lines.append(key + b"\t" + value)
            count, digest = seen[partition]
            digest.update(value)
            seen[partition] = count + 1, digest
        self.assertGreater(sum(map(len, lines)), most_bytes)
        kcat.produce(broker.bootstrap, "wide", -1, b"".join(lines), "-K", "\t")
        counts = {("wide", partition): count for partition, (count, _) in enumerate(seen)}
        node = self.enterContext(
            DuctusNode(self.folder, broker.bootstrap, ["wide"], memory={"budget_bytes": budget_bytes})
        )
        # As most shells have it. Not all files can be open at a time: callbacks block, and threads are many.
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, descriptors)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, descriptors[1]), descriptors[1]))
        node.start_console()

        def next_offsets():
            return {place: row["next_offset"] for place, row in node.partition_status().items()}

        wait_until(lambda: next_offsets() == counts, "all of them are read")

        peak_bytes = node.peak_memory_bytes()
        print(f"at most {peak_bytes >> 20} MiB in memory")
        self.assertLessEqual(peak_bytes, most_bytes)
        for partition, (_, digest) in enumerate(seen):
            same = hashlib.sha1(node.output("wide", partition)).digest() == digest.digest()
            self.assertTrue(same, f"wide/{partition}: lost, repeated or torn")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        self.assertEqual(next_offsets(), counts)

    def test_a_slow_and_an_idle_partition_delay_nobody(self):
        gate = self.enterContext(TcpGate())
        broker = self.enterContext(KafkaBroker({"advertised.listeners": f"PLAINTEXT://{gate.address}"}))
        gate.target = broker.address
        counts = {"slow": [4_000], "busy": [10_000] * 4, "idle": [0]}
        for topic, partitions in counts.items():
            broker.create_topic(topic, len(partitions))
            for partition, count in enumerate(partitions):
                if count:
                    kcat.produce(
                        broker.bootstrap, topic, partition, _keyed_lines(partition, 0, count), "-K", "\t",
                        "-X", "batch.num.messages=50",
                    )
        node = self.node(gate.address, {"slow": 150, "busy": 0, "idle": 0}, batch={"max_bytes": 65536})
        started = time.monotonic()
        node.start_console()

        for partition, count in enumerate(counts["busy"]):
            node.wait_for_partition("busy", partition, lambda row, end=count: row["next_offset"] == end, "all read")
        self.assertGreater(node.partition_status()["slow", 0]["lag"], 0, "the slow one was too fast to prove anything")
        kcat.produce(broker.bootstrap, "idle", 0, _keyed_lines(0, 0, 1), "-K", "\t")
        wait_until(lambda: self.seen("idle", 0), "the idle partition has its message")
        self.assertGreater(node.partition_status()["slow", 0]["lag"], 0, "the slow one was too fast to prove anything")
        node.wait_for_partition("slow", 0, lambda row: row["next_offset"] == counts["slow"][0], "all read")

        handled = sum(len(self.batches(topic, at)) for topic, ends in counts.items() for at in range(len(ends)))
        fetches = gate.requests["ductus", FETCH]
        long_polls = 2 * (time.monotonic() - started) / _LONG_POLL_S
        print(f"{fetches} fetches for {handled} batches, with at most {long_polls:.0f} long polls")
        self.assertLess(fetches, handled + long_polls + 10)


if __name__ == "__main__":
    unittest.main()
