"""Three brokers on their worst days: leaders that move, stop, die and hang, and one that has lost messages.

By hand: cd tests && DUCTUS_PROGRAM=… python3 -m unittest -v e2e.cluster_test
"""

import pathlib
import tempfile
import unittest

from support import kcat, messages
from support.ductus_node import DuctusNode
from support.kafka_cluster import KafkaCluster
from support.steady_load import SteadyLoad


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(KafkaCluster())

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))

    def node(self, name, *topics, **tables):
        tables["source"] = {"brokers": self.cluster.addresses}
        return self.enterContext(DuctusNode(self.folder / name, self.cluster.bootstrap, topics, **tables))

    def assert_output(self, node, topic, partition, expected):
        self.assertTrue(node.output(topic, partition) == expected, f"{topic}/{partition}: lost, repeated or torn")

    # --- leaders ------------------------------------------------------------------------------------------------------

    def test_no_change_and_no_outage_of_a_leader_costs_a_message_or_holds_up_others(self):
        cluster = self.cluster
        cluster.create_topic("events", [[2, 3, 1], [3, 1, 2]], {"min.insync.replicas": "2"})
        cluster.create_topic("elsewhere", [[1]])
        cluster.create_topic("stuck", [[2]])  # nobody else has it
        self.loads = {}
        for number, place in enumerate([("events", 0), ("events", 1), ("elsewhere", 0), ("stuck", 0)]):
            self.loads[place] = SteadyLoad(cluster.bootstrap, *place, series=number)
            self.addCleanup(self.loads[place].close)
        node = self.node("node", "events", "elsewhere", "stuck")
        node.start_console()
        self.wait_until_they_move(node, *self.loads)

        for replicas in [[3, 1, 2], [1, 2, 3], [2, 3, 1]] * 2:
            cluster.move_leader("events", 0, replicas)
            self.wait_until_they_move(node, ("events", 0))
        broker = cluster.brokers[2]
        for begin, end in [
            (broker.stop, broker.start),
            (broker.kill9, broker.start),
            (broker.pause, broker.resume),  # for longer than its session, under the eyes of those that wait for it
        ]:
            with self.subTest(begin.__name__):
                self.outage_of_2(node, begin, end)

        for (topic, partition), load in self.loads.items():
            count = load.end()
            row = node.wait_for_partition(topic, partition, lambda row: row["next_offset"] == count, "all is read")
            self.assertEqual((row["state"], row["reason"], row["lag"]), ("ok", "", 0))
            self.assert_output(node, topic, partition, messages.lines(load.series, 0, count))
            self.assert_output(node, topic, partition, kcat.consume(cluster.bootstrap, topic, partition))
        self.assertNotIn("lost offsets", node.said)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

    def outage_of_2(self, node, begin, end):
        self.cluster.move_leader("events", 0, [2, 3, 1])
        self.wait_until_they_move(node, ("events", 0), ("stuck", 0))

        begin()

        self.wait_until_they_move(node, ("elsewhere", 0))
        self.cluster.wait_for("events", 0, in_sync={1, 3})
        stuck = node.wait_for_partition("stuck", 0, lambda row: row["state"] == "waiting", "its broker is away")
        self.assertNotEqual(stuck["reason"], "")
        self.wait_until_they_move(node, ("elsewhere", 0), ("events", 0), ("events", 1))
        self.assertEqual(node.partition_status()["stuck", 0]["next_offset"], stuck["next_offset"])
        self.assertEqual(node.status()["state"], "running")

        end()

        self.cluster.wait_for("events", 0, in_sync={1, 2, 3})
        self.wait_until_they_move(node, *self.loads)

    def wait_until_they_move(self, node, *places):
        """Messages that are only now being written are read."""
        marks = {place: self.loads[place].written + 500 for place in places}
        for place, mark in marks.items():
            node.wait_for_partition(*place, lambda row, mark=mark: (row["next_offset"] or 0) >= mark, "it moves")

    # --- what a leader has lost ---------------------------------------------------------------------------------------

    def test_after_an_unclean_election_nothing_that_was_written_anew_passes_for_what_was_not_yet_read(self):
        in_sync, lost, rewritten = 1_000, 500, {0: 900, 1: 100}  # 0: beyond the old end, 1: not as far
        self.cluster.create_topic("cut", [[2, 3]] * 2, {"unclean.leader.election.enable": "true"})
        self.produce(0, in_sync)
        self.cluster.brokers[3].pause()
        for partition in rewritten:
            self.cluster.wait_for("cut", partition, in_sync={2})
        self.produce(in_sync, lost)
        read = {partition: messages.lines(partition, 0, in_sync + lost) for partition in rewritten}
        nodes = {
            policy: self.node(policy, "cut", offsets={"when_truncated": policy})
            for policy in ["stop", "earliest", "latest"]
        }
        for node in nodes.values():
            self.assertEqual(node.run_until_end(), 0, node.said)
            for partition, data in read.items():
                self.assert_output(node, "cut", partition, data)
        live = self.node("live", "cut")
        live.start_console()
        for partition in rewritten:
            live.wait_for_partition("cut", partition, lambda row: row["next_offset"] == in_sync + lost, "all is read")

        self.cluster.brokers[2].kill9()
        self.cluster.brokers[3].resume()

        for partition, count in rewritten.items():
            self.cluster.wait_for("cut", partition, leader=3)
            kcat.produce(self.cluster.bootstrap, "cut", partition, messages.lines(partition, 5_000, count))
        for partition, data in read.items():
            row = live.wait_for_partition("cut", partition, lambda row: row["state"] == "stopped", "it stops")
            self.assertIn("truncated", row["reason"])
            self.assertEqual(row["next_offset"], in_sync + lost)
            self.assert_output(live, "cut", partition, data)
        self.assert_each_policy_goes_where_it_says(nodes, in_sync, in_sync + lost, rewritten)
        self.cluster.brokers[2].start()

    def produce(self, first, count):
        for partition in range(2):
            kcat.produce(self.cluster.bootstrap, "cut", partition, messages.lines(partition, first, count))

    def assert_each_policy_goes_where_it_says(self, nodes, in_sync, position, rewritten):
        stop = nodes.pop("stop")
        self.assertEqual(stop.run_until_end(), 1, stop.said)
        for partition in rewritten:
            self.assertRegex(stop.said, rf"cut/{partition} stopped: .*truncated")
            self.assert_output(stop, "cut", partition, messages.lines(partition, 0, position))
            self.assertEqual(stop.partition_status()["cut", partition]["next_offset"], position)

        for policy, node in nodes.items():
            for partition in rewritten:
                node.output_path("cut", partition).unlink()
            self.assertEqual(node.run_until_end(), 0, node.said)
            for partition, count in rewritten.items():
                new_log = messages.lines(partition, 0, in_sync) + messages.lines(partition, 5_000, count)
                self.assert_output(node, "cut", partition, new_log if policy == "earliest" else b"")
                self.assertEqual(node.partition_status()["cut", partition]["next_offset"], in_sync + count)
        for partition, count in rewritten.items():
            lost = f"cut/{partition}: lost offsets {in_sync} to {in_sync + count}: "
            self.assertEqual(nodes["latest"].said.count(lost), 1)
        self.assertNotIn("lost offsets", nodes["earliest"].said)


if __name__ == "__main__":
    unittest.main()
