"""The practice broker, seen by kcat and by Kafka's own consumer: what it serves is what it says it serves.

By hand: cd tests && SANDBOX_PROGRAM=… python3 -m unittest -v e2e.sandbox_kcat_test
"""

import json
import tempfile
import unittest

from support import java_consumer, kcat
from support.sandbox import Sandbox


class SandboxKcatTest(unittest.TestCase):
    def sandbox(self, *options):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        return self.enterContext(Sandbox(folder, *options))

    def assert_holds(self, sandbox, topic, partition, records):
        """`records`: offset and value of all that was read. It must be what the sandbox expects of a reader."""
        self.assertEqual([offset for offset, _ in records], list(range(len(records))))
        checksum = sum(int.from_bytes(value[:8], "little") ^ offset for offset, value in records) % 2**64
        seen = {"messages": len(records), "value_bytes": sum(len(value) for _, value in records), "checksum": checksum}
        self.assertEqual(seen, sandbox.expected[topic, partition])

    def test_topics_and_partitions_are_listed(self):
        sandbox = self.sandbox("--topic", "events:3:10", "--prebuilt", "lines:2:100:none")
        self.assertEqual(kcat.topics(sandbox.bootstrap), {"events": 3, "lines": 2})

    def test_events_arrive_each_once_and_in_order(self):
        sandbox = self.sandbox("--topic", "events:2:1700")
        for partition in range(2):
            records = self.read(sandbox, "events", partition)
            self.assert_holds(sandbox, "events", partition, records)
            for offset, value in records:
                event = json.loads(value)
                self.assertEqual((event["partition"], event["sequence"]), (partition, offset))

    def test_prebuilt_batches_arrive_for_every_codec(self):
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            with self.subTest(codec=codec):
                sandbox = self.sandbox("--prebuilt", f"lines:1:200:{codec}:50001")
                records = self.read(sandbox, "lines", 0)
                self.assert_holds(sandbox, "lines", 0, records)
                self.assertEqual({len(value) for _, value in records}, {200})
                for _, value in records[:100]:
                    json.loads(value)

    def test_events_with_a_rate_come_to_their_end(self):
        sandbox = self.sandbox("--topic", "events:1:200:400")
        records = []
        while len(records) < 200:  # each round reads to the end of its moment
            records = self.read(sandbox, "events", 0)
        self.assert_holds(sandbox, "events", 0, records)

    def test_the_java_consumer_reads_the_same(self):
        sandbox = self.sandbox("--topic", "events:2:1700", "--prebuilt", "packed:1:200:zstd:5001",
                               "--prebuilt", "framed:1:200:snappy:5001")
        for topic, partition in (("events", 1), ("packed", 0), ("framed", 0)):
            count = sandbox.expected[topic, partition]["messages"]
            records = java_consumer.consume(sandbox.folder, sandbox.bootstrap, topic, partition, count)
            self.assert_holds(sandbox, topic, partition, records)

    def test_kcat_reads_on_through_cut_connections_and_a_leader_that_moves(self):
        faults = "fetch 2: cut 1000\nfetch 3: delay 200\nfetch 4: move lines/0 2\n"
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        topics = ("--prebuilt", "lines:1:200:none:50001", "--listeners", "2")
        sandbox = self.enterContext(Sandbox(folder, *topics, faults=faults))
        self.assert_holds(sandbox, "lines", 0, self.read(sandbox, "lines", 0))

    def test_writing_is_refused(self):
        sandbox = self.sandbox("--topic", "events:1:10")
        with self.assertRaises(AssertionError) as refusal:
            kcat.produce(sandbox.bootstrap, "events", 0, b"one more\n", "-X", "enable.idempotence=false")
        self.assertIn("Topic authorization failed", str(refusal.exception))
        self.assertEqual(len(self.read(sandbox, "events", 0)), 10)

    def read(self, sandbox, topic, partition):
        output = kcat.consume(sandbox.bootstrap, topic, partition, "%o %s\\n")
        lines = (line.split(b" ", 1) for line in output.splitlines())
        return [(int(offset), value) for offset, value in lines]


if __name__ == "__main__":
    unittest.main()
