"""Where reading begins: the verbs that set offsets, and what each policy does when the log is no longer what it was.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.offsets_test
"""

import json
import sqlite3
import tempfile
import unittest

from support import kcat, messages
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_broker import KafkaBroker
from support.sandbox import Sandbox

_STOP = {"offsets": {"when_missing": "stop"}}


def _stored(node):
    """next_offset of each (topic, partition) of a stopped node."""
    return {place: row["next_offset"] for place, row in node.partition_status().items()}


class OffsetVerbsTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:500", "--topic", "single:1:70"))

    def node(self, **tables):
        return self.enterContext(
            DuctusNode(self.folder, self.sandbox.bootstrap, ["events", "single"], **{**_STOP, **tables})
        )

    def verb(self, node, code, verb, *options):
        done = node.verb(verb, *options)
        self.assertEqual(done.returncode, code, f"{verb}: {done.stdout}{done.stderr}")
        return done

    def test_each_verb_sets_every_partition_and_says_what_it_was(self):
        node = self.node()

        said = self.verb(node, 0, "reset_offsets").stdout
        self.assertEqual(
            [line.split() for line in said.splitlines()[2:]],
            [
                [place, "none", end, "-", "set", "for", "the", "first", "time"]
                for place, end in [("events/0", "500"), ("events/1", "500"), ("single/0", "70")]
            ],
        )
        self.assertEqual(_stored(node), {("events", 0): 500, ("events", 1): 500, ("single", 0): 70})
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual(node.output("events", 0), b"", "the end is where only later messages come")

        said = self.verb(node, 0, "reset_to_oldest_offsets", "--json").stdout
        rows = json.loads(said)["partitions"]
        self.assertEqual([row["before"] for row in rows], [500, 500, 70])
        self.assertEqual([row["next_offset"] for row in rows], [0, 0, 0])

        self.verb(node, 0, "reset_single_offset", "events", "490", "--partition", "1")
        self.verb(node, 0, "reset_single_offset", "single", "60")
        self.assertEqual(_stored(node), {("events", 0): 0, ("events", 1): 490, ("single", 0): 60})
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual([node.output(*place).count(b"\n") for place in _stored(node)], [500, 10, 10])

        self.verb(node, 0, "zero_offsets")
        self.verb(node, 0, "reset_single_offset", "events", "7", "--all-partitions")
        self.assertEqual(_stored(node), {("events", 0): 7, ("events", 1): 7, ("single", 0): 0})

    def test_every_change_is_in_the_journal(self):
        node = self.node()
        self.verb(node, 0, "reset_offsets")
        self.verb(node, 0, "reset_single_offset", "single", "3")

        journal = sqlite3.connect(self.folder + "/run/node/offsets.db")
        self.addCleanup(journal.close)
        rows = journal.execute("SELECT why, topic, partition, old_offset, new_offset FROM changes ORDER BY act, topic")
        self.assertEqual(
            rows.fetchall(),
            [
                ("reset_offsets", "events", 0, None, 500),
                ("reset_offsets", "events", 1, None, 500),
                ("reset_offsets", "single", 0, None, 70),
                ("reset_single_offset single 3", "single", 0, 70, 3),
            ],
        )
        who = journal.execute("SELECT count(*) FROM changes WHERE who = '' OR at NOT LIKE '20__-%Z'")
        self.assertEqual(who.fetchall(), [(0,)])

    def test_a_refused_verb_changes_nothing(self):
        node = self.node()
        self.verb(node, 0, "zero_offsets")
        before = _stored(node)
        choice = self.verb(node, 2, "reset_single_offset", "events", "5")
        self.assertIn("--all-partitions", choice.stderr)
        self.verb(node, 2, "reset_single_offset", "events", "5", "--partition", "2")
        self.verb(node, 2, "reset_single_offset", "evnts", "5")
        self.assertEqual(_stored(node), before)

        node.start_console()
        node.wait_for_partition("single", 0, lambda row: row["next_offset"] == 70, "everything is read")
        for verb in ["reset_offsets", "reset_to_oldest_offsets", "zero_offsets"]:
            self.assertIn("stop", self.verb(node, 5, verb).stderr)
        self.verb(node, 5, "reset_single_offset", "single", "5")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        self.assertEqual(_stored(node), {("events", 0): 500, ("events", 1): 500, ("single", 0): 70})

    def test_an_offset_outside_the_log_is_taken_with_a_warning_and_stops_the_partition(self):
        node = self.node()
        self.verb(node, 0, "zero_offsets")
        warned = self.verb(node, 0, "reset_single_offset", "single", "71")
        self.assertIn("single/0: 71 lies outside the log, which goes from 0 to 70", warned.stderr)

        self.assertEqual(node.run_until_end(), 1, node.said)

        self.assertEqual(node.said.count("single/0 stopped: "), 1, node.said)
        self.assertIn("not read to the end, for the reasons above: single/0", node.said)
        self.assertIn("when_out_of_range", node.said)
        self.assertEqual(_stored(node), {("events", 0): 500, ("events", 1): 500, ("single", 0): 71})


class LogChangesTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        self.broker = self.enterContext(KafkaBroker({"auto.create.topics.enable": "false"}))

    def node(self, name, policies):
        return self.enterContext(
            DuctusNode(
                f"{self.folder}/{name}",
                self.broker.bootstrap,
                ["events"],
                offsets=policies,
                source={"metadata.max.age.ms": 500},
            )
        )

    def produce(self, partition, first, count):
        kcat.produce(self.broker.bootstrap, "events", partition, messages.lines(partition, first, count))

    def three_nodes(self, policy):
        """One node for each value of the policy, by its name; all have read what is there."""
        nodes = {
            choice: self.node(choice, {"when_missing": "earliest", policy: choice})
            for choice in ["stop", "earliest", "latest"]
        }
        for node in nodes.values():
            self.assertEqual(node.run_until_end(), 0, node.said)
            node.output_path("events", 0).unlink()
        return nodes

    def test_below_the_start_of_the_log_each_policy_goes_where_it_says(self):
        self.broker.create_topic("events", 1)
        self.produce(0, 0, 100)
        nodes = self.three_nodes("when_out_of_range")
        self.produce(0, 100, 100)
        self.broker.delete_records("events", 0, 150)

        self.assertEqual(nodes["stop"].run_until_end(), 1, nodes["stop"].said)
        self.assertIn("events/0 stopped: ", nodes["stop"].said)
        self.assertEqual(_stored(nodes["stop"]), {("events", 0): 100})

        self.assertEqual(nodes["earliest"].run_until_end(), 0, nodes["earliest"].said)
        self.assertEqual(nodes["earliest"].output("events", 0), messages.lines(0, 150, 50))
        self.assertIn("events/0: lost offsets 100 to 150: ", nodes["earliest"].said)

        self.assertEqual(nodes["latest"].run_until_end(), 0, nodes["latest"].said)
        self.assertEqual(nodes["latest"].output("events", 0), b"")
        self.assertIn("events/0: lost offsets 100 to 200: ", nodes["latest"].said)
        self.assertEqual(_stored(nodes["latest"]), {("events", 0): 200})

    def test_a_topic_that_was_deleted_and_made_anew_is_never_read_at_the_old_offset(self):
        self.broker.create_topic("events", 1)
        self.produce(0, 0, 100)
        nodes = self.three_nodes("when_recreated")
        self.broker.delete_topic("events")
        self.broker.create_topic("events", 1)
        self.produce(0, 0, 300)  # the old offset lies within the new log

        self.assertEqual(nodes["stop"].run_until_end(), 1, nodes["stop"].said)
        self.assertIn("made anew", nodes["stop"].said)
        self.assertEqual(nodes["stop"].output("events", 0), b"")
        self.assertEqual(_stored(nodes["stop"]), {("events", 0): 100})
        self.assertEqual(nodes["stop"].verb("zero_offsets").returncode, 0)
        self.assertEqual(nodes["stop"].run_until_end(), 0, nodes["stop"].said)
        self.assertEqual(nodes["stop"].output("events", 0), messages.lines(0, 0, 300))

        self.assertEqual(nodes["earliest"].run_until_end(), 0, nodes["earliest"].said)
        self.assertIn("events/0: lost offsets 100 to the end: ", nodes["earliest"].said)
        self.assertEqual(nodes["earliest"].output("events", 0), messages.lines(0, 0, 300))

        self.assertEqual(nodes["latest"].run_until_end(), 0, nodes["latest"].said)
        self.assertIn("events/0: lost offsets 0 to 300: ", nodes["latest"].said)
        self.assertEqual(nodes["latest"].output("events", 0), b"")
        self.assertEqual(_stored(nodes["latest"]), {("events", 0): 300})

    def test_a_topic_made_anew_under_a_running_node_stops_its_partition(self):
        self.broker.create_topic("events", 1)
        self.produce(0, 0, 100)
        node = self.node("node", {"when_missing": "earliest"})
        node.start_console()
        node.wait_for_partition("events", 0, lambda row: row["next_offset"] == 100, "everything is read")
        self.broker.delete_topic("events")
        self.broker.create_topic("events", 1)
        self.produce(0, 0, 300)

        node.wait_for_partition("events", 0, lambda row: row["state"] == "stopped", "it stops")

        self.assertEqual(node.output("events", 0), messages.lines(0, 0, 100))
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

    def test_a_partition_that_is_added_begins_at_its_start_and_a_missing_one_stops(self):
        self.broker.create_topic("events", 1)
        node = self.node("node", {"when_missing": "stop"})
        self.produce(0, 0, 100)
        self.assertEqual(node.verb("reset_to_oldest_offsets").returncode, 0)
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.broker.add_partitions("events", 3)
        self.produce(1, 0, 50)
        self.produce(2, 0, 60)

        self.assertEqual(node.run_until_end(), 0, node.said)

        for partition, count in enumerate([100, 50, 60]):
            self.assertEqual(node.output("events", partition), messages.lines(partition, 0, count))
        store = sqlite3.connect(f"{self.folder}/node/run/node/offsets.db")
        with store:
            store.execute("DELETE FROM positions WHERE partition = 2")
        store.close()
        self.assertEqual(node.run_until_end(), 1, node.said)
        self.assertIn("events/2 stopped: no stored offset", node.said)

    def test_a_partition_that_is_added_to_a_running_node_begins_at_its_start(self):
        self.broker.create_topic("events", 1)
        node = self.node("node", {"when_missing": "stop"})
        self.assertEqual(node.verb("reset_offsets").returncode, 0)
        node.start_console()
        node.wait_for_partition("events", 0, lambda row: row["state"] == "ok", "it runs")
        self.broker.add_partitions("events", 2)
        self.produce(1, 0, 50)

        node.wait_for_partition("events", 1, lambda row: row["next_offset"] == 50, "it is read")

        wait_until(lambda: node.output("events", 1) == messages.lines(1, 0, 50), "all of it is written")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)


if __name__ == "__main__":
    unittest.main()
