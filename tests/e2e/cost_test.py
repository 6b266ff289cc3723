"""What a message costs in calls: counted, not timed.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… CALL_COUNTER=… python3 -m unittest -v e2e.cost_test
"""

import os
import re
import tempfile
import unittest

from support.ductus_node import DuctusNode
from support.sandbox import Sandbox

_VALUE_BYTES = 100
_BATCH_BYTES = 1 << 20
# For a batch of a megabyte, which holds 10,000 messages: answer, set, effects, timers, and a store round, in which
# SQLite locks more than all others.
_ALLOCATIONS_PER_BATCH = 200
_LOCKS_PER_BATCH = 200


class CostTest(unittest.TestCase):
    def calls_for(self, messages, codec):
        """Allocations and locks of a whole run over so many messages."""
        with tempfile.TemporaryDirectory(prefix="ductus-e2e-") as folder:
            counts = os.path.join(folder, "counts")
            environment = {
                "LD_PRELOAD": os.environ["CALL_COUNTER"],
                "CALL_COUNTS": counts,
                "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
            }
            sandbox = Sandbox(folder, "--prebuilt", f"lines:1:{_VALUE_BYTES}:{codec}:{messages}")
            with sandbox, DuctusNode(
                folder, sandbox.bootstrap, ["lines"], handler={"module": "null"}, environment=environment
            ) as node:
                self.assertEqual(node.run_until_end(), 0, node.said)
                self.assertIn(f"messages={messages} ", node.said)
            with open(counts, encoding="ascii") as file:
                return [int(count) for count in re.findall(r"\d+", file.read())]

    def assert_bounded_per_batch(self, codec):
        few, many = 100_000, 1_100_000
        batches = (many - few) * _VALUE_BYTES / _BATCH_BYTES
        before, after = self.calls_for(few, codec), self.calls_for(many, codec)
        allocations, locks = ((b - a) / batches for a, b in zip(before, after))
        print(f"{codec}: for each of {batches:.0f} more batches {allocations:.1f} allocations, {locks:.1f} locks")
        self.assertLess(allocations, _ALLOCATIONS_PER_BATCH)
        self.assertLess(locks, _LOCKS_PER_BATCH)

    def test_a_message_costs_no_allocation_and_no_lock(self):
        self.assert_bounded_per_batch("none")

    def test_a_compressed_message_costs_no_allocation_and_no_lock(self):
        self.assert_bounded_per_batch("lz4")


if __name__ == "__main__":
    unittest.main()
