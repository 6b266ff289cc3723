"""Kafka 2.6: no ids of topics, and a broker that does not say by itself that its log was truncated.

By hand: cd tests && DUCTUS_PROGRAM=… python3 -m unittest -v e2e.old_broker_test
"""

import tempfile
import time
import unittest

from support import kcat, messages
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_admin import KafkaRefused
from support.kafka_broker import KafkaBroker


def _now_ms():
    return time.time_ns() // 1_000_000


class OldBrokerTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        settings = {"auto.create.topics.enable": "false", "controlled.shutdown.enable": "false"}
        self.broker = self.enterContext(KafkaBroker(settings, version="2.6.3"))
        self.node = self.enterContext(
            DuctusNode(self.folder, self.broker.bootstrap, ["events"], source={"metadata.max.age.ms": 500})
        )
        self.broker.create_topic("events", 1)

    def produce(self, first, count):
        kcat.produce(self.broker.bootstrap, "events", 0, messages.lines(0, first, count))

    def makes_the_topic(self):
        try:
            self.broker.create_topic("events", 1)
        except KafkaRefused as refused:  # beside ZooKeeper it is gone only some time after nobody can read it any more
            self.assertIn("already exists", str(refused))
            return False
        return True

    def reset_to_time(self, time_typed):
        done = self.node.verb("reset_offsets", "--to-time", time_typed)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()[2].split()[:3]

    def test_everything_is_read_and_a_time_is_found(self):
        self.produce(0, 50)
        between_ms = _now_ms() + 1
        wait_until(lambda: _now_ms() >= between_ms, "the next millisecond")
        self.produce(50, 50)
        self.assertEqual(self.node.run_until_end(), 0, self.node.said)
        self.assertEqual(self.node.output("events", 0), messages.lines(0, 0, 100))

        self.assertEqual(self.reset_to_time("1970-01-01T00:00:00Z"), ["events/0", "100", "0"])
        self.assertEqual(self.reset_to_time("2999-12-31T23:59:59Z"), ["events/0", "0", "100"])
        self.assertEqual(self.reset_to_time(str(between_ms)), ["events/0", "100", "50"])

    def test_a_log_that_was_truncated_and_grew_again_or_made_anew_is_never_read_at_the_old_offset(self):
        self.produce(0, 50)
        self.produce(50, 50)
        self.assertEqual(self.node.run_until_end(), 0, self.node.said)
        self.broker.raise_leader_epoch("events", 0, 3)
        self.broker.stop()
        self.broker.truncate_log("events", 0, 50)
        self.broker.start()
        self.produce(1000, 200)

        self.assertEqual(self.node.run_until_end(), 1, self.node.said)
        self.assertIn("the log was truncated at offset 50 or before, below the position 100", self.node.said)
        self.assertEqual(self.node.output("events", 0), messages.lines(0, 0, 100))
        self.assertEqual(self.node.verb("reset_single_offset", "events", "50").returncode, 0)
        self.assertEqual(self.node.run_until_end(), 0, self.node.said)
        read = messages.lines(0, 0, 100) + messages.lines(0, 1000, 200)
        self.assertEqual(self.node.output("events", 0), read)

        # A new topic begins with leader epoch 0.
        self.broker.delete_topic("events")
        wait_until(self.makes_the_topic, "the old topic is gone and the new one there")
        self.produce(0, 300)
        self.node.start_console()
        self.node.wait_for_partition("events", 0, lambda row: "made anew" in (row["reason"] or ""), "it waits")
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.wait_for_exit(), 0, self.node.said)
        self.assertEqual(self.node.output("events", 0), read)
        self.assertEqual(self.node.verb("zero_offsets").returncode, 0)
        self.assertEqual(self.node.run_until_end(), 0, self.node.said)
        self.assertEqual(self.node.output("events", 0), read + messages.lines(0, 0, 300))


if __name__ == "__main__":
    unittest.main()
