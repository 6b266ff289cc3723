"""What operators change while a node runs: offsets with --live, pauses, and its configuration.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.running_node_test
"""

import pathlib
import tempfile
import unittest

from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox


class RunningNodeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(
            Sandbox(self.folder, "--topic", "events:2:1000", "--topic", "orders:1:10")
        )

    def node(self, *topics, **tables):
        return self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, topics, **tables))

    def started(self, *topics, **tables):
        node = self.node(*topics, **tables)
        node.start_console()
        node.wait_for_partition(topics[0], 0, lambda row: row["lag"] == 0, "is read")
        return node

    def lines(self, node, topic="events", partition=0):
        return node.output(topic, partition).count(b"\n")

    def test_live_puts_a_partition_elsewhere_and_it_goes_on_from_there(self):
        node = self.started("events")
        done = node.verb("offsets set", "--to", "400", "--topic", "events", "--partition", "0", "--live", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("600 messages handled again", done.stdout)
        wait_until(lambda: self.lines(node) == 1600, "the others are read again")
        self.assertEqual(self.lines(node, partition=1), 1000)
        self.assertEqual(node.stop(), 0)
        self.assertIn("offsets set --to 400", node.verb("offsets log").stdout)

    def test_without_a_node_live_changes_nothing(self):
        node = self.node("events")
        done = node.verb("zero_offsets", "--live")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("leave --live out", done.stderr)
        self.assertEqual(self.started("events").verb("zero_offsets").returncode, 5)

    def test_a_pause_outlives_the_node_until_it_is_resumed(self):
        node = self.started("events")
        self.assertEqual(node.verb("pause", "events/1").returncode, 0)
        node.wait_for_partition("events", 1, lambda row: row["state"] == "paused", "is paused")
        self.assertEqual(node.stop(), 0)
        node.wait_for_exit()
        node.start_console()
        node.wait_for_partition("events", 1, lambda row: row["state"] == "paused", "is still paused")
        node.wait_for_partition("events", 0, lambda row: row["state"] == "ok", "is read")
        self.assertEqual(node.verb("resume", "events").returncode, 0)
        node.wait_for_partition("events", 1, lambda row: row["state"] == "ok", "is read on")

    def test_sighup_starts_topics_and_leaves_others_with_their_offsets(self):
        node = self.started("events")
        self.node("orders")  # writes the configuration
        node.hang_up()
        node.wait_for_partition("orders", 0, lambda row: row["lag"] == 0, "is read")
        wait_until(lambda: {topic for topic, _ in node.partition_status()} == {"orders"}, "events is left")
        self.assertEqual(self.lines(node, "orders"), 10)
        self.node("orders", "events")
        node.hang_up()
        node.wait_for_partition("events", 0, lambda row: row["next_offset"] == 1000, "is there again")
        self.assertEqual(self.lines(node), 1000, "none again")

    def test_sighup_with_a_configuration_that_is_invalid_changes_nothing(self):  # B13
        node = self.started("events")
        valid = node.config.read_text()
        bad = '[log]\nlevel = "loud"\n[[topics]]\nname = "a/b"\n'
        node.config.write_text(valid.replace('"events"', '"more"') + bad)
        node.hang_up()
        for words in ("the node goes on as before", "log.level: expected", "topics.name: expected"):
            wait_until(lambda words=words: words in node.said, words)
        node.config.write_text(valid)
        self.assertEqual({topic for topic, _ in node.partition_status()}, {"events"})

    def test_sighup_names_what_takes_a_restart_and_opens_the_log_anew(self):
        node = self.started("events", log={"file": "node.log"})
        log, old = self.folder / "node.log", self.folder / "node.log.1"
        log.rename(old)
        self.node("events", log={"file": "node.log", "level": "warn"}, node={"dir": "elsewhere"})
        node.hang_up()
        wait_until(lambda: log.exists() and "takes a restart" in log.read_text(), "the new file says so")
        self.assertIn("node.dir", log.read_text())


if __name__ == "__main__":
    unittest.main()
