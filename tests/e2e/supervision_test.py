"""Each level of supervision, reached by a real cause, and what the node does once the cause is gone.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.supervision_test
"""

import pathlib
import re
import tempfile
import unittest

from support import kcat, messages
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_broker import KafkaBroker
from support.sandbox import Sandbox

# So short that a test sees all levels, and longer than the second after which a source says that a broker is away.
_IMPATIENT = {"stall_after": "2s", "escalate_after": "3s"}
_SEQUENCE = re.compile(rb'"sequence":(\d+),')
_COUNTS = [20_000, 25_000, 30_000]

# A limit on reading takes effect at once and evenly, and is no silence by itself.
_BROKER = {"quota.window.num": "2", "quota.window.size.seconds": "1"}
_LIMIT, _NO_LIMIT = 1_000_000, 1e12


class SupervisionTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))

    def node(self, bootstrap, *topics, **tables):
        return self.enterContext(DuctusNode(self.folder, bootstrap, topics, **tables))

    def subfolder(self, name):
        folder = pathlib.Path(self.folder, name)
        folder.mkdir()
        return folder

    def wait_for_state(self, node, state):
        def status_if_so():
            status = node.status()
            return status if status and status["state"] == state else None

        return wait_until(status_if_so, f"the node is {state}")

    def wait_until_said(self, node, words):
        wait_until(lambda: words in node.said, f"the log says {words!r}")

    def fill(self, broker, counts):
        """Makes events with counts[p] messages in partition p; returns their bytes."""
        broker.create_topic("events", len(counts))
        data = [messages.lines(partition, 0, count) for partition, count in enumerate(counts)]
        for partition, lines in enumerate(data):
            kcat.produce(broker.bootstrap, "events", partition, lines)
        return data

    def wait_until_all_is_read(self, node, expected):
        for partition, data in enumerate(expected):
            end = data.count(b"\n")
            node.wait_for_partition(
                "events", partition, lambda row, end=end: row["next_offset"] == end, "everything is read"
            )
            self.assertTrue(node.output("events", partition) == data, f"events/{partition}: lost, repeated or torn")

    def test_level_a_a_file_that_cannot_be_written_holds_up_its_own_partition_and_heals(self):
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:20000"))
        node = self.node(sandbox.bootstrap, "events", supervision={**_IMPATIENT, "intensity": 0})
        in_the_way = node.output_path("events", 0)
        in_the_way.mkdir()
        node.start_console()

        held_up = node.wait_for_partition("events", 0, lambda row: row["state"] == "backoff", "it is tried again")
        node.wait_for_partition("events", 1, lambda row: row["next_offset"] == 20_000, "the other one is read")
        # Longer than everything that could escalate: the back-off has doubled to more than escalate_after.
        wait_until(lambda: node.said.count("events/0 failed and restarts") >= 8, "it was tried often")

        self.assertIn(str(in_the_way), held_up["reason"])
        self.assertEqual(node.status()["state"], "running")
        self.assertNotIn("level B", node.said)
        in_the_way.rmdir()
        node.wait_for_partition("events", 0, lambda row: row["next_offset"] == 20_000, "it heals")
        for partition in range(2):
            self.assertEqual(node.output("events", partition).count(b"\n"), 20_000)

    def test_level_b_and_c_brokers_that_stay_away_and_the_way_back(self):  # B24
        before, after = self.subfolder("before"), self.subfolder("after")
        with Sandbox(before, "--topic", "events:2:20000") as sandbox:
            node = self.node(sandbox.bootstrap, "events", supervision=_IMPATIENT)
            node.start_console()
            for partition in range(2):
                node.wait_for_partition("events", partition, lambda row: row["next_offset"] == 20_000, "all is read")
            self.assertEqual(node.status()["state"], "running")

        self.wait_until_said(node, "level B, everything is restarted: work is due")
        status = self.wait_for_state(node, "retrying")
        self.assertTrue(all(row["reason"] for row in status["partitions"]), status)
        self.wait_until_said(node, "level C, everything is tried again every 10 s")
        node.wait_for_partition("events", 0, lambda row: "tried again every 10 s" in row["reason"], "consuming stopped")
        self.assertEqual(node.status()["state"], "retrying")
        self.assertEqual(node.said.count(f"broker {sandbox.bootstrap} is away"), 1, "a state, told once")
        self.assertIsNone(node.exit_code(), node.said)

        with Sandbox(after, "--topic", "events:2:25000", "--port", sandbox.ports[0]):
            for partition in range(2):
                node.wait_for_partition("events", partition, lambda row: row["next_offset"] == 25_000, "it goes on")
                sequences = [int(number) for number in _SEQUENCE.findall(node.output("events", partition))]
                self.assertTrue(sequences == list(range(25_000)), f"events/{partition}: lost, repeated or torn")
            self.wait_until_said(node, "back to level A")
            self.wait_for_state(node, "running")
            self.assertEqual(node.stop(), 0)
            self.assertEqual(node.wait_for_exit(), 0, node.said)

    def test_level_b_a_broker_that_hangs_is_left_for_new_connections(self):
        broker = self.enterContext(KafkaBroker(_BROKER))
        expected = self.fill(broker, _COUNTS)
        broker.limit_reading(_LIMIT)
        node = self.node(broker.bootstrap, "events", supervision={"stall_after": "6s", "escalate_after": "12s"})
        node.start_console()
        node.wait_for_partition("events", 0, lambda row: (row["next_offset"] or 0) > 500, "some is read")

        broker.pause()
        self.wait_for_state(node, "retrying")
        self.assertRegex(node.said, r"events/\d makes no progress: stalled: no messages arrive")
        self.assertGreater(node.status()["total_lag"], 0, "the broker stopped too late to prove anything")

        broker.resume()
        broker.limit_reading(_NO_LIMIT)
        self.wait_until_all_is_read(node, expected)
        self.wait_for_state(node, "running")

    def test_a_stop_in_level_c_ends_the_node_at_once(self):
        sandbox = Sandbox(self.folder, "--topic", "events:2:1000")
        with sandbox:
            node = self.node(sandbox.bootstrap, "events", supervision=_IMPATIENT)
            node.start_console()
            node.wait_for_partition("events", 1, lambda row: row["next_offset"] == 1_000, "everything is read")
        self.wait_until_said(node, "level C")

        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        self.assertEqual([row["next_offset"] for row in node.status()["partitions"]], [1_000, 1_000])

    def test_the_aggregate_of_all_partitions_is_printed_each_period(self):
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:3:4000", "--topic", "orders:1:10"))
        node = self.node(sandbox.bootstrap, "events", "orders", periodic={"every": "200ms"})
        node.start_console()

        self.wait_until_said(node, "Messages in topic events : 12000\n")
        self.wait_until_said(node, "Messages in topic orders : 10\n")
        printed = len(re.findall("Messages in topic orders", node.said))
        wait_until(lambda: len(re.findall("Messages in topic orders", node.said)) > printed + 1, "it goes on")


if __name__ == "__main__":
    unittest.main()
