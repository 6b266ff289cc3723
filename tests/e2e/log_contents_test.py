"""Logs of a real Kafka that hold more, or less, than messages one after the other: transactions and what was aborted,
holes that compaction left, a start that retention moved.

By hand: cd tests && DUCTUS_PROGRAM=… LEDGER_PROGRAM=… python3 -m unittest -v e2e.log_contents_test
"""

import itertools
import os
import pathlib
import re
import struct
import tempfile
import unittest

from support import kcat, messages
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_broker import KafkaBroker
from support.transactions import Transactions

# Compaction and retention within a moment.
_BROKER = {
    "log.cleaner.backoff.ms": "200",
    "log.retention.check.interval.ms": "300",
    "log.initial.task.delay.ms": "300",
    "log.segment.delete.delay.ms": "1000",
}
_COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.001",
    "segment.ms": "200",
    "delete.retention.ms": "0",
}
_SMALL_SEGMENTS = {"internal.segment.bytes": "16384", "retention.bytes": "32768"}
_SMALL_RECORD_BATCHES = ("-X", "batch.num.messages=100")

# What programs/ledger_main.cc writes of a message.
_AS_KCAT_PRINTS_IT = "%o|%k|%h|%T|%s\\n"
_CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


class LogContentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = cls.enterClassContext(KafkaBroker(_BROKER))
        cls.transactions = cls.enterClassContext(Transactions(cls.broker))

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))

    def node(self, name, topic, **tables):
        return self.enterContext(DuctusNode(self.folder / name, self.broker.bootstrap, [topic], **tables))

    def ledger_node(self, name, topic):
        """A node that writes all that it sees of the messages, and the file of that."""
        ledger = self.folder / name / "ledger"
        ledger.mkdir(parents=True)
        init = {topic: {"folder": str(ledger), "pause_ms": 0}}
        program = os.environ["LEDGER_PROGRAM"]
        node = DuctusNode(
            self.folder / name, self.broker.bootstrap, init, program=program, handler={"module": "ledger"}
        )
        return self.enterContext(node), ledger / f"{topic}-0"

    def produce(self, topic, first, count, *options):
        kcat.produce(self.broker.bootstrap, topic, 0, messages.lines(0, first, count), *options)

    def assert_output(self, node, topic, expected):
        self.assertTrue(node.output(topic, 0) == expected, f"{topic}/0: lost, repeated or torn")

    def assert_read_up_to(self, node, end):
        (row,) = node.partition_status().values()
        self.assertEqual((row["next_offset"], row["readable_end"], row["lag"]), (end, end, 0))

    def test_committed_messages_are_delivered_and_aborted_ones_only_where_asked_for(self):
        self.broker.create_topic("mixed", 1)
        sent, markers = [], 0  # sent: (lines, whether they are committed) in the order of the log
        for codec in _CODECS:
            pair = [f"{codec}-1", f"{codec}-2"]
            for name in pair:
                self.transactions.add_producer(name, codec)
            for outcomes in itertools.product([True, False], repeat=2):
                first, second = zip(pair, outcomes)
                for name, outcome in [first, second, first, second]:  # two transactions at a time
                    sent.append((self.send(name, 100 * len(sent)), outcome))
                self.end_transaction(*first)
                sent.append((self.send(second[0], 100 * len(sent)), second[1]))  # one outlives the other
                self.end_transaction(*second)
                markers += 2
        committed = b"".join(lines for lines, outcome in sent if outcome)
        log_end = 100 * len(sent) + markers

        node = self.node("committed", "mixed")
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assert_output(node, "mixed", committed)
        self.assert_output(node, "mixed", kcat.consume(self.broker.bootstrap, "mixed", 0))
        self.assert_read_up_to(node, log_end)

        node = self.node("uncommitted", "mixed", source={"isolation.level": "read_uncommitted"})
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assert_output(node, "mixed", b"".join(lines for lines, _ in sent))
        self.assert_read_up_to(node, log_end)

    def send(self, producer, first):
        """100 messages within its transaction; returns their lines."""
        lines = messages.lines(0, first, 100)
        self.transactions.send(producer, "mixed", 0, lines)
        return lines

    def end_transaction(self, producer, committed):
        if committed:
            self.transactions.commit(producer)
        else:
            self.transactions.abort(producer)

    def test_an_open_transaction_holds_back_what_follows_and_is_named(self):
        self.broker.create_topic("held", 1)
        self.transactions.add_producer("holder", "lz4")
        self.transactions.send("holder", "held", 0, messages.lines(0, 0, 100))
        self.transactions.commit("holder")
        self.transactions.send("holder", "held", 0, messages.lines(0, 100, 50))
        self.produce("held", 150, 200)
        marker, aborted, log_end = 1, 50, 351
        node = self.node("committed", "held")
        node.start_console()

        row = node.wait_for_partition("held", 0, lambda row: "open transaction" in row["reason"], "it is named")

        self.assertEqual((row["next_offset"], row["readable_end"], row["lag"]), (100 + marker, 100 + marker, 0))
        self.assert_output(node, "held", messages.lines(0, 0, 100))
        uncommitted = self.node("uncommitted", "held", source={"isolation.level": "read_uncommitted"})
        self.assertEqual(uncommitted.run_until_end(), 0, uncommitted.said)
        self.assert_output(uncommitted, "held", messages.lines(0, 0, 350))
        self.assert_read_up_to(uncommitted, log_end)

        self.transactions.abort("holder")
        row = node.wait_for_partition("held", 0, lambda row: row["next_offset"] == log_end + marker, "it goes on")
        self.assertEqual(row["reason"], "")
        self.assert_output(node, "held", messages.lines(0, 0, 100) + messages.lines(0, 100 + aborted, 200))

    def test_of_a_compacted_log_all_that_is_left_is_read(self):
        self.broker.create_topic("compacted", 1, _COMPACTED)
        keys, runs = 10, 6
        for run in range(runs):  # a producer each: the last record batch of each stays, with nothing in it
            values = messages.lines(0, 40 * run, 40).splitlines(keepends=True)
            lines = b"".join(b"key-%d\t%s" % (at % keys, value) for at, value in enumerate(values))
            kcat.produce(
                self.broker.bootstrap, "compacted", 0, lines, "-K", "\t", "-X", "batch.num.messages=10",
                "-X", "linger.ms=1000",
            )
        left = values[-keys:]

        def is_compacted():
            # What is written is not compacted before its segment has ended, for which a later message is needed.
            left.append(messages.lines(0, 40 * runs + len(left), 1))
            kcat.produce(self.broker.bootstrap, "compacted", 0, b"late-%d\t%s" % (len(left), left[-1]), "-K", "\t")
            return kcat.consume(self.broker.bootstrap, "compacted", 0) == b"".join(left)

        wait_until(is_compacted, "each key has one message left")
        self.assertIn(0, self.record_counts("compacted"), "no record batch is empty")
        seen_by_kcat = kcat.consume(self.broker.bootstrap, "compacted", 0, _AS_KCAT_PRINTS_IT)
        first, last = (int(line.split(b"|")[0]) for line in seen_by_kcat.splitlines()[:: len(left) - 1])
        self.assertEqual(first, 40 * runs - keys)

        for begin in [0, 7, 3 * keys, first - 1, first]:  # none but the last one is there
            node, ledger = self.ledger_node(f"from-{begin}", "compacted")
            self.assertEqual(node.verb("reset_single_offset", "compacted", str(begin)).returncode, 0)
            self.assertEqual(node.run_until_end(), 0, node.said)
            self.assertEqual(ledger.read_bytes(), seen_by_kcat)
            self.assert_read_up_to(node, last + 1)

    def record_counts(self, topic):
        """How many records each record batch in the files of the topic has."""
        counts = []
        for path in sorted((self.broker.folder / "data" / f"{topic}-0").glob("*.log")):
            data, at = path.read_bytes(), 0
            while at + 61 <= len(data):
                (size,) = struct.unpack_from(">i", data, at + 8)
                if size <= 0:  # the rest of the file is not used yet
                    break
                counts += struct.unpack_from(">i", data, at + 57)
                at += 12 + size
        return counts

    def test_messages_have_the_time_of_the_broker_where_the_topic_says_so(self):
        self.broker.create_topic("stamped", 1, {"message.timestamp.type": "LogAppendTime"})
        for number, codec in enumerate(_CODECS):
            self.produce("stamped", 500 * number, 500, "-z", codec, *_SMALL_RECORD_BATCHES)
        node, ledger = self.ledger_node("stamped", "stamped")

        self.assertEqual(node.run_until_end(), 0, node.said)

        seen_by_kcat = kcat.consume(self.broker.bootstrap, "stamped", 0, _AS_KCAT_PRINTS_IT)
        self.assertEqual(seen_by_kcat.count(b"\n"), 500 * len(_CODECS))
        self.assertTrue(ledger.read_bytes() == seen_by_kcat, "kcat read something else")
        self.assert_read_up_to(node, 500 * len(_CODECS))

    def test_what_retention_took_before_it_was_read_stops_the_partition_or_is_recorded_as_lost(self):
        self.broker.create_topic("short", 1, _SMALL_SEGMENTS)
        read, more = 200, 4_000
        self.produce("short", 0, read, *_SMALL_RECORD_BATCHES)
        stops = self.node("stops", "short")
        self.assertEqual(stops.run_until_end(), 0, stops.said)
        runs = self.node("runs", "short", offsets={"when_out_of_range": "earliest"})
        runs.start_console()
        runs.wait_for_partition("short", 0, lambda row: row["next_offset"] == read, "all is read")
        runs.pause()
        self.produce("short", read, more, *_SMALL_RECORD_BATCHES)
        log_end = read + more
        wait_until(
            lambda: kcat.log_start(self.broker.bootstrap, "short", 0) > log_end // 2, "retention has passed the readers"
        )

        self.assertEqual(stops.run_until_end(), 1, stops.said)
        self.assertIn("short/0 stopped: ", stops.said)
        self.assertIn("when_out_of_range", stops.said)
        self.assert_output(stops, "short", messages.lines(0, 0, read))
        self.assertEqual([row["next_offset"] for row in stops.status()["partitions"]], [read])

        runs.resume()
        runs.wait_for_partition("short", 0, lambda row: row["next_offset"] == log_end, "it goes on")
        expected, at = b"", 0
        for lost_from, lost_to in re.findall(r"short/0: lost offsets (\d+) to (\d+): ", runs.said):
            expected += messages.lines(0, at, int(lost_from) - at)
            at = int(lost_to)
        self.assertGreater(at, log_end // 2)
        self.assertLessEqual(at, kcat.log_start(self.broker.bootstrap, "short", 0))
        self.assert_output(runs, "short", expected + messages.lines(0, at, log_end - at))


if __name__ == "__main__":
    unittest.main()
