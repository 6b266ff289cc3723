"""The way from a real Kafka into files, judged byte by byte, with kcat as the second opinion.

By hand: cd tests && DUCTUS_PROGRAM=… python3 -m unittest -v e2e.file_from_kafka_test
"""

import os
import random
import tempfile
import unittest

from support import java_producer, kcat, messages
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_broker import KafkaBroker
from support.repeats import RepeatsJudge

# A limit on reading takes effect at once and evenly, so that a node can be met with messages still before it.
_BROKER = {"auto.create.topics.enable": "true", "quota.window.num": "2", "quota.window.size.seconds": "1"}
_NO_LIMIT = 1e12

_PARTITIONS = 3
_CODECS = ("gzip", "snappy", "lz4", "zstd")
_MAX_LINE_BYTES = 121
_RECORD_BATCH = ("-X", "batch.num.messages=100")

# Small batches make small bounds. A batch is cut at the edge of a record batch, the one that crosses the limit
# included; a message takes at least 54 bytes.
_BATCH_BYTES = 16 * 1024
_MAX_UNCOMMITTED_BATCHES = 2
_MESSAGES_PER_BATCH = _BATCH_BYTES // 54 + 100
_REPEATS_PER_CRASH = (1 + _MAX_UNCOMMITTED_BATCHES) * _MESSAGES_PER_BATCH
_AHEAD_OF_EACH_KILL = 30_000  # messages in each partition: far more than are read until the kill
_SMALL_BATCHES = {
    "batch": {"max_bytes": _BATCH_BYTES},
    "store": {"max_uncommitted_batches": _MAX_UNCOMMITTED_BATCHES},
}


class FileFromKafkaTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        self.broker = KafkaBroker(_BROKER)
        self.addCleanup(self.broker.close)
        self.seed = int(os.environ.get("DUCTUS_SEED") or random.randrange(1 << 32))
        self.random = random.Random(self.seed)
        print(f"DUCTUS_SEED={self.seed}", flush=True)

    def node(self, *topics, **tables):
        return self.enterContext(DuctusNode(self.folder, self.broker.bootstrap, topics, **tables))

    def fill(self, topic, counts, *options):
        """Makes the topic with counts[p] messages in partition p; returns the bytes expected in each file."""
        self.broker.create_topic(topic, len(counts))
        expected = [messages.lines(partition, 0, count) for partition, count in enumerate(counts)]
        for partition, data in enumerate(expected):
            kcat.produce(self.broker.bootstrap, topic, partition, data, *options)
        return expected

    def assert_output(self, node, topic, partition, expected):
        output = node.output(topic, partition)
        if output != expected:  # not assertEqual: it would print megabytes
            same = os.path.commonprefix([output, expected])
            self.fail(
                f"{topic}/{partition}: {len(output)} bytes in the file, {len(expected)} expected; "
                f"they part at byte {len(same)}: {output[len(same):][:200]!r}"
            )

    def assert_all_read(self, node, ends):
        """`ends` holds the next offset of each (topic, partition)."""
        rows = node.partition_status()
        self.assertEqual({place: row["next_offset"] for place, row in rows.items()}, ends)
        self.assertEqual({place: row["readable_end"] for place, row in rows.items()}, ends)
        self.assertEqual({place: row["lag"] for place, row in rows.items()}, dict.fromkeys(ends, 0))

    def codec_on_disk(self, topic):
        """The number in the attributes of the first record batch of partition 0."""
        log = self.broker.folder / "data" / f"{topic}-0" / f"{0:020}.log"
        return log.read_bytes()[22] & 7

    def test_every_byte_arrives_in_order_whatever_the_codec(self):
        self.broker.start()
        counts = [15_000, 17_000, 18_000]
        expected = {"plain": self.fill("plain", counts)}
        expected |= {codec: self.fill(codec, counts, "-z", codec) for codec in _CODECS}
        node = self.node(*expected)

        self.assertEqual(node.run_until_end(), 0, node.said)

        places = [(topic, partition) for topic in expected for partition in range(_PARTITIONS)]
        for topic, partition in places:
            self.assert_output(node, topic, partition, expected[topic][partition])
            self.assert_output(node, topic, partition, kcat.consume(self.broker.bootstrap, topic, partition))
        self.assert_all_read(node, {(topic, partition): counts[partition] for topic, partition in places})
        self.assertEqual(node.status()["total_lag"], 0)

        self.assertEqual(node.run_until_end(), 0, node.said)
        for topic, partition in places:
            self.assert_output(node, topic, partition, expected[topic][partition])

    def test_every_byte_that_kafkas_own_producer_compressed_arrives_in_order(self):
        self.broker.start()
        expected = messages.lines(0, 0, 20_000)
        topics = ("none", *_CODECS)
        for codec in topics:
            self.broker.create_topic(codec, 1)
            java_producer.produce(self.folder, self.broker.bootstrap, codec, expected, codec)
        self.assertEqual([self.codec_on_disk(topic) for topic in topics], [0, 1, 2, 3, 4])
        node = self.node(*topics)

        self.assertEqual(node.run_until_end(), 0, node.said)

        for codec in topics:
            self.assert_output(node, codec, 0, expected)

    def test_keys_and_headers_are_no_part_of_the_value_and_any_byte_but_the_line_end_may_be(self):
        self.broker.start()
        self.broker.create_topic("events", 1)
        every_byte = bytes(byte for byte in range(256) if byte not in b"\n\t")
        values = [b"plain", b"", every_byte, b"", b"x" * 900_000, b"last"]
        keys = [b"key", b"only a key", b"", b"", b"\x00\xff", b"k" * 1000]
        lines = b"".join(key + b"\t" + value + b"\n" for key, value in zip(keys, values))
        kcat.produce(self.broker.bootstrap, "events", 0, lines, "-K", "\t", "-H", "a=1", "-H", "a=2", "-H", "none=")
        node = self.node("events")

        self.assertEqual(node.run_until_end(), 0, node.said)

        self.assert_output(node, "events", 0, b"".join(value + b"\n" for value in values))
        self.assert_output(node, "events", 0, kcat.consume(self.broker.bootstrap, "events", 0))

    def test_kill_9_loses_nothing_tears_nothing_and_repeats_little(self):
        self.broker.start()
        self.broker.create_topic("events", _PARTITIONS)
        self.broker.limit_reading(4_000_000)
        counts = [0] * _PARTITIONS
        node = self.node("events", **_SMALL_BATCHES)
        judges = [
            RepeatsJudge(f"events/{partition}", messages.reader_of(partition), _REPEATS_PER_CRASH)
            for partition in range(_PARTITIONS)
        ]

        for _ in range(20):
            for partition, judge in enumerate(judges):
                more = max(0, judge.stored + _AHEAD_OF_EACH_KILL - counts[partition])
                lines = messages.lines(partition, counts[partition], more)
                kcat.produce(self.broker.bootstrap, "events", partition, lines, *_RECORD_BATCH)
                counts[partition] += more
            victim = self.random.randrange(_PARTITIONS)
            # So much more than may be repeated must have been stored in part.
            beyond = self.random.randrange(_REPEATS_PER_CRASH + 1, 3 * _REPEATS_PER_CRASH)
            size = len(node.output("events", victim)) + beyond * _MAX_LINE_BYTES
            node.start_console()
            wait_until(lambda: node.output_size("events", victim) >= size, f"events-{victim} grows to {size} bytes")
            self.assertIsNone(node.exit_code(), node.said)
            node.kill9()
            rows = node.partition_status()
            self.assertGreater(rows["events", victim]["next_offset"], judges[victim].stored)
            self.assertGreater(sum(row["lag"] for row in rows.values()), 0, "the kill came too late to prove anything")
            for partition, judge in enumerate(judges):
                judge.crashed(node.output("events", partition), rows["events", partition]["next_offset"] or 0)

        self.broker.limit_reading(_NO_LIMIT)
        self.assertEqual(node.run_until_end(), 0, node.said)
        for partition, judge in enumerate(judges):
            judge.ended(node.output("events", partition), counts[partition])
            print(f"events/{partition}: repeats after each kill: {judge.repeats}")
        self.assert_all_read(node, {("events", partition): count for partition, count in enumerate(counts)})

    def test_a_line_torn_by_a_crash_is_mended(self):
        self.broker.start()
        first, count = 3_000, 2_000
        expected = self.fill("events", [first])
        node = self.node("events")
        self.assertEqual(node.run_until_end(), 0, node.said)
        with node.output_path("events", 0).open("ab") as file:
            file.write(messages.value(0, first)[:20])
        more = messages.lines(0, first, count)
        kcat.produce(self.broker.bootstrap, "events", 0, more)

        self.assertEqual(node.run_until_end(), 0, node.said)

        self.assert_output(node, "events", 0, expected[0] + more)

    def test_a_node_that_starts_before_its_broker_waits_for_it(self):
        self.broker.start()
        expected = self.fill("events", [1_000, 2_000, 3_000])
        self.broker.stop()
        node = self.node("events")
        node.start_console()
        node.wait_for_reason("events", self.broker.bootstrap)
        self.assertIsNone(node.exit_code(), node.said)
        self.assertEqual(node.output("events", 0), b"")

        self.broker.start()

        for partition, data in enumerate(expected):
            count = data.count(b"\n")
            row = node.wait_for_partition(
                "events", partition, lambda row, count=count: row["next_offset"] == count, "everything is read"
            )
            self.assertEqual(row["reason"], "")
            self.assert_output(node, "events", partition, data)

    def test_a_broker_that_restarts_costs_no_message_and_no_repeat(self):
        self.broker.start()
        counts = [20_000, 25_000, 30_000]
        expected = self.fill("events", counts, *_RECORD_BATCH)
        self.broker.limit_reading(1_000_000)
        node = self.node("events", **_SMALL_BATCHES)
        node.start_console()
        node.wait_for_partition("events", 0, lambda row: (row["next_offset"] or 0) > 500, "some is read")

        self.broker.stop()
        row = node.partition_status()["events", 0]
        self.assertLess(row["next_offset"], counts[0], "the broker stopped too late to prove anything")
        self.broker.start()
        self.broker.limit_reading(_NO_LIMIT)

        for partition, data in enumerate(expected):
            node.wait_for_partition(
                "events", partition, lambda row, end=counts[partition]: row["next_offset"] == end, "everything is read"
            )
            self.assert_output(node, "events", partition, data)

    def test_stop_drains_so_that_a_restart_repeats_nothing(self):
        self.broker.start()
        counts = [20_000, 25_000, 30_000]
        expected = self.fill("events", counts, *_RECORD_BATCH)
        self.broker.limit_reading(1_000_000)
        node = self.node("events", **_SMALL_BATCHES)
        node.start_console()
        node.wait_for_partition("events", 1, lambda row: (row["next_offset"] or 0) > 1_000, "some is read")
        self.assertTrue(node.is_running())

        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

        self.assertFalse(node.is_running())
        self.assertEqual(node.stop(), 3, "nothing runs any more")
        status = node.status()
        self.assertEqual(status["state"], "not_running")
        self.assertGreater(status["total_lag"], 0, "the stop came too late to prove anything")
        for row in status["partitions"]:
            output = node.output("events", row["partition"])
            self.assertEqual(output.count(b"\n"), row["next_offset"] or 0)
            self.assertTrue(expected[row["partition"]].startswith(output))

        self.broker.limit_reading(_NO_LIMIT)
        self.assertEqual(node.run_until_end(), 0, node.said)
        for partition, data in enumerate(expected):
            self.assert_output(node, "events", partition, data)

    def test_without_a_stored_offset_a_partition_stops_until_someone_decides(self):
        self.broker.start()
        self.fill("events", [100, 100])
        node = self.node("events", offsets={"when_missing": "stop"})

        self.assertEqual(node.run_until_end(), 1, node.said)

        for partition in range(2):
            self.assertIn(f"events/{partition}", node.said)
            self.assertEqual(node.output("events", partition), b"")
        self.assertIn("no stored offset", node.said)
        self.assertIn("when_missing", node.said)
        self.assertIn("reset_offsets", node.said)
        self.assertEqual([row["next_offset"] for row in node.status()["partitions"]], [None, None])

    def test_a_topic_that_does_not_exist_is_named_and_never_made(self):
        self.broker.start()
        expected = self.fill("events", [1_000])
        node = self.node("events", "evnets")
        node.start_console()

        node.wait_for_partition("events", 0, lambda row: row["next_offset"] == 1_000, "the other topic is read")
        node.wait_for_reason("evnets")

        self.assert_output(node, "events", 0, expected[0])
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        self.assertEqual(kcat.topics(self.broker.bootstrap), {"events": 1})


if __name__ == "__main__":
    unittest.main()
