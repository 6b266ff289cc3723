"""Offsets from elsewhere: the newest and oldest of another cluster, and of topics that are added to a configuration.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.offset_source_test
"""

import pathlib
import tempfile
import unittest

from support.ductus_node import DuctusNode
from support.sandbox import Sandbox


class TargetClusterTest(unittest.TestCase):
    """[offsets] reset_source = "target": the topic was mirrored, and is read where the mirror stands."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))

    def cluster(self, name, *topics):
        (self.folder / name).mkdir()
        options = [word for topic in topics for word in ("--topic", topic)]
        return self.enterContext(Sandbox(self.folder / name, *options))

    def node(self, source, target):
        tables = {"target": {"brokers": [target]}, "offsets": {"when_missing": "stop", "reset_source": "target"}}
        return self.enterContext(DuctusNode(self.folder / "node", source.bootstrap, ["events"], **tables))

    def stored(self, node):
        return {place: row["next_offset"] for place, row in node.partition_status().items()}

    def test_newest_oldest_and_times_are_those_of_the_target(self):
        source, target = self.cluster("source", "events:2:500"), self.cluster("target", "events:2:300")
        node = self.node(source, target.bootstrap)

        done = node.verb("reset_offsets")

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.stored(node), {("events", 0): 300, ("events", 1): 300})
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual(node.output("events", 1).count(b"\n"), 200, "it is read from the source")
        self.assertEqual(node.verb("reset_to_oldest_offsets").returncode, 0)
        self.assertEqual(self.stored(node), {("events", 0): 0, ("events", 1): 0})
        self.assertEqual(node.verb("reset_offsets", "--to-time", "2099-01-01T00:00:00Z").returncode, 0)
        self.assertEqual(self.stored(node), {("events", 0): 300, ("events", 1): 300})
        self.assertEqual(node.verb("zero_offsets").returncode, 0)
        self.assertEqual(self.stored(node), {("events", 0): 0, ("events", 1): 0})

    def test_an_offset_of_the_target_that_the_source_does_not_have_is_taken_with_a_warning(self):
        source, target = self.cluster("source", "events:1:500"), self.cluster("target", "events:1:700")
        node = self.node(source, target.bootstrap)
        done = node.verb("reset_offsets")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("events/0: 700 lies outside the log, which goes from 0 to 500", done.stderr)
        self.assertEqual(self.stored(node), {("events", 0): 700})

    def test_clusters_that_do_not_fit_are_refused_and_nothing_is_stored(self):
        source = self.cluster("source", "events:2:500")
        others = self.cluster("others", "events:3:500").bootstrap
        without = self.cluster("without", "else:2:500").bootstrap
        for target, code, said in [
            (others, 2, "but 3 in the cluster of [target]"),
            (without, 1, "[target]: topic events does not exist"),
            ("127.0.0.1:1", 4, "[target]"),
        ]:
            node = self.node(source, target)
            done = node.verb("reset_offsets")
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(said, done.stderr)
            self.assertEqual(set(self.stored(node).values()), {None})


class AddingTopicsTest(unittest.TestCase):
    """The original's way: add them to the config, stop, set their offsets, start."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(
            Sandbox(self.folder, "--topic", "old:1:1000", "--topic", "new:1:300", "--topic", "more:1:80")
        )

    def node(self, *topics):
        """The same node, with these topics in its configuration."""
        node = self.enterContext(
            DuctusNode(self.folder, self.sandbox.bootstrap, topics, offsets={"when_missing": "stop"})
        )
        return node

    def test_an_added_topic_begins_at_its_offset_and_the_old_one_goes_on(self):
        node = self.node("old")
        self.assertEqual(node.verb("reset_single_offset", "old", "400").returncode, 0)
        node.start_console()
        node.wait_for_partition("old", 0, lambda row: row["next_offset"] == 1000, "it is read")
        node = self.node_after_stop(node, "old", "new")
        self.assertEqual(node.verb("reset_single_offset", "new", "250").returncode, 0)

        self.assertEqual(node.run_until_end(), 0, node.said)

        self.assertEqual(node.output("old", 0).count(b"\n"), 600, "none again")
        self.assertEqual(node.output("new", 0).count(b"\n"), 50)

    def test_with_the_offset_forgotten_only_that_topic_stops_and_names_the_command(self):
        node = self.node("old")
        self.assertEqual(node.verb("reset_single_offset", "old", "400").returncode, 0)
        node = self.node("old", "new")

        node.start_console()

        # Before the node is up, its status is that of a stopped one.
        stops = node.wait_for_partition("new", 0, lambda row: "OFFSET" in row["reason"], "it stops with a reason")
        self.assertEqual(stops["state"], "stopped")
        node.wait_for_partition("old", 0, lambda row: row["next_offset"] == 1000, "the other one is read")
        self.assertIsNone(node.exit_code())
        command = "ductus reset_single_offset node new OFFSET --partition 0"
        self.assertIn(command, stops["reason"])
        node = self.node_after_stop(node, "old", "new")
        words = command.replace("OFFSET", "290").split()
        self.assertEqual(node.verb(words[1], *words[3:]).returncode, 0)
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual(node.output("new", 0).count(b"\n"), 10)

    def test_a_removed_topic_keeps_its_offset(self):
        node = self.node("old", "more")
        self.assertEqual(node.verb("reset_single_offset", "old", "400").returncode, 0)
        self.assertEqual(node.verb("reset_single_offset", "more", "7").returncode, 0)
        node = self.node("old")
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual(node.verb("reset_offsets").returncode, 0)

        node = self.node("old", "more")

        self.assertEqual(node.partition_status()["more", 0]["next_offset"], 7)
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual(node.output("more", 0).count(b"\n"), 73)

    def node_after_stop(self, node, *topics):
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        return self.node(*topics)


if __name__ == "__main__":
    unittest.main()
