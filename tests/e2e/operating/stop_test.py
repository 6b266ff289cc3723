"""How a node ends while a callback runs that may take its time.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… LEDGER_PROGRAM=… python3 -m unittest -v e2e.operating.stop_test
"""

import os
import pathlib
import tempfile
import time
import unittest

from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox

_LONG_MS = 100_000
_FAR_BELOW_LONG_S = 50


class StopTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.ledger = self.folder / "ledger"
        self.ledger.mkdir()
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:1:1000"))

    def node(self, stop_timeout, **init):
        topics = {"events": {"folder": str(self.ledger), "pause_ms": _LONG_MS, **init}}
        node = DuctusNode(
            self.folder,
            self.sandbox.bootstrap,
            topics,
            program=os.environ["LEDGER_PROGRAM"],
            handler={"module": "ledger"},
            node={"stop_timeout": stop_timeout},
        )
        return self.enterContext(node)

    def wait_until_it_is_in_the_callback(self):
        calls = self.ledger / "events-0.calls"
        wait_until(lambda: calls.exists() and calls.read_text(), "it is in the callback")
        calls.unlink()

    def test_a_callback_that_watches_its_stop_token_is_waited_for_and_its_batch_stored(self):
        node = self.node("60s")
        began = time.monotonic()
        node.start_console()
        self.wait_until_it_is_in_the_callback()
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        self.assertLess(time.monotonic() - began, _FAR_BELOW_LONG_S)
        stored = node.status()["partitions"][0]["next_offset"]
        self.assertEqual((self.ledger / "events-0").read_bytes().count(b"\n"), stored)

    def test_so_it_is_when_the_time_to_reach_the_end_is_over(self):
        node = self.node("60s")
        began = time.monotonic()
        node.start_console("--until-end", "--timeout", "3s")
        self.assertEqual(node.wait_for_exit(), 4, node.said)
        self.assertLess(time.monotonic() - began, _FAR_BELOW_LONG_S)

    def test_one_that_does_not_return_is_left_behind_and_stop_says_so(self):
        node = self.node("1s", deaf=True)
        node.start_console()
        self.wait_until_it_is_in_the_callback()
        stopped = node.verb("stop")
        self.assertEqual(stopped.returncode, 1, stopped.stdout + stopped.stderr)
        self.assertIn("left", stopped.stderr)
        self.assertEqual(node.wait_for_exit(), 1, node.said)
        self.assertEqual(node.status()["partitions"][0]["next_offset"], 0)

        node.start_console()  # nothing of it is in the way
        self.wait_until_it_is_in_the_callback()


if __name__ == "__main__":
    unittest.main()
