"""The way from the practice broker into files: the main path without a real Kafka, in seconds.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.sandbox_test
"""

import os
import random
import re
import subprocess
import tempfile
import unittest

from support.ductus_node import DuctusNode
from support.repeats import RepeatsJudge
from support.sandbox import Sandbox

# The sandbox puts at most 500 events into a record batch, and each takes at least 60 bytes.
_BATCH_BYTES = 16 * 1024
_MAX_UNCOMMITTED_BATCHES = 2
_REPEATS_PER_CRASH = (1 + _MAX_UNCOMMITTED_BATCHES) * (_BATCH_BYTES // 60 + 500)


def _seen(output):
    """What the sandbox expects of a reader, taken from a file of lines."""
    lines = output.split(b"\n")[:-1]
    checksum = sum(int.from_bytes(line[:8], "little") ^ offset for offset, line in enumerate(lines)) % 2**64
    return {"messages": len(lines), "value_bytes": sum(map(len, lines)), "checksum": checksum}


def _event_reader(partition):
    event = re.compile(
        rb'\{"partition":%d,"sequence":(\d+),"user":"u\d+","action":"[a-z]+","amount_cents":\d+\}' % partition
    )

    def sequence_of(line):
        match = event.fullmatch(line)
        return int(match[1]) if match else None

    return sequence_of


class SandboxTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))

    def sandbox(self, *options):
        return self.enterContext(Sandbox(self.folder, *options))

    def node(self, sandbox, *topics, **tables):
        return self.enterContext(DuctusNode(self.folder, sandbox.bootstrap, topics, **tables))

    def test_every_message_of_every_partition_arrives_in_order(self):
        sandbox = self.sandbox("--topic", "events:3:50000", "--prebuilt", "lines:2:100:lz4:100000")
        node = self.node(sandbox, "events", "lines")

        self.assertEqual(node.run_until_end(), 0, node.said)

        self.assertEqual({place: _seen(node.output(*place)) for place in sandbox.expected}, sandbox.expected)
        status = node.status()
        self.assertEqual(status["total_lag"], 0)
        for row in status["partitions"]:
            self.assertEqual(row["next_offset"], sandbox.expected[row["topic"], row["partition"]]["messages"])
            self.assertEqual(row["readable_end"], row["next_offset"])

    def test_kill_9_while_messages_keep_coming_loses_nothing_and_repeats_little(self):
        seed = int(os.environ.get("DUCTUS_SEED") or random.randrange(1 << 32))
        print(f"DUCTUS_SEED={seed}", flush=True)
        choice = random.Random(seed)
        partitions, count, kills = 2, 60_000, 4
        sandbox = self.sandbox("--topic", f"events:{partitions}:{count}:10000")
        small_batches = {
            "batch": {"max_bytes": _BATCH_BYTES},
            "store": {"max_uncommitted_batches": _MAX_UNCOMMITTED_BATCHES},
        }
        node = self.node(sandbox, "events", **small_batches)
        judges = [
            RepeatsJudge(f"events/{partition}", _event_reader(partition), _REPEATS_PER_CRASH)
            for partition in range(partitions)
        ]

        for kill in range(1, kills + 1):
            aim = kill * count // (kills + 1) + choice.randrange(count // 20)
            node.start_console()
            node.wait_for_partition(
                "events", 0, lambda row, aim=aim: (row["next_offset"] or 0) >= aim, f"next_offset reaches {aim}"
            )
            self.assertIsNone(node.exit_code(), node.said)
            node.kill9()
            rows = node.partition_status()
            self.assertGreater(rows["events", 0]["next_offset"], judges[0].stored)
            for partition, judge in enumerate(judges):
                judge.crashed(node.output("events", partition), rows["events", partition]["next_offset"] or 0)

        node.start_console()
        for partition, judge in enumerate(judges):
            node.wait_for_partition("events", partition, lambda row: row["next_offset"] == count, "everything is read")
            judge.ended(node.output("events", partition), count)
            print(f"events/{partition}: repeats after each kill: {judge.repeats}")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        self.assertEqual([row["next_offset"] for row in node.status()["partitions"]], [count] * partitions)

    def test_a_sandbox_of_more_brokers_than_it_may_be_does_not_start(self):
        command = [os.environ["SANDBOX_PROGRAM"], "--topic", "events:1:1", "--listeners", "65"]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--listeners", refused.stderr)

    def test_status_of_a_running_node_follows_the_broker(self):
        sandbox = self.sandbox("--topic", "events:1:1000000:2000")
        node = self.node(sandbox, "events")
        self.assertFalse(node.is_running())
        self.assertEqual(node.status()["state"], "not_running")

        node.start_console()
        first = node.wait_for_partition("events", 0, lambda row: (row["next_offset"] or 0) > 500, "some is read")
        second = node.wait_for_partition(
            "events", 0, lambda row: row["next_offset"] > first["next_offset"] + 1000, "more is read"
        )

        self.assertTrue(node.is_running())
        self.assertEqual(node.status()["state"], "running")
        self.assertGreater(second["readable_end"], first["readable_end"])
        self.assertLessEqual(second["next_offset"], second["readable_end"])
        self.assertEqual(second["lag"], second["readable_end"] - second["next_offset"])


if __name__ == "__main__":
    unittest.main()
