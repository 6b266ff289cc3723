"""`peek` at a real Kafka, with the node up and down, and what it says where there is nothing to be seen.

By hand: cd tests && DUCTUS_PROGRAM=… LEDGER_PROGRAM=… python3 -m unittest -v e2e.operating.peek_test
"""

import base64
import json
import os
import pathlib
import socket
import tempfile
import time
import unittest

from support import kcat
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_broker import KafkaBroker
from support.terminal import Terminal, check_screen
from support.transactions import Transactions

_LONG_MS = 600_000
_VISITS = [
    ("ada", '{"page":"/orders","took_ms":17}'),
    ("grace", '{"page":"/orders/4711","took_ms":230,"agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"}'),
    ("linus", "größer"),
]


class PeekTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = cls.enterClassContext(KafkaBroker())

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))

    def node(self, topics, bootstrap=None, **options):
        return self.enterContext(DuctusNode(self.folder, bootstrap or self.broker.bootstrap, topics, **options))

    def produce(self, topic, pairs, *options, partition=0):
        lines = "".join(f"{key}\t{value}\n" for key, value in pairs).encode()
        kcat.produce(self.broker.bootstrap, topic, partition, lines, "-K", "\t", *options)

    def peek(self, node, *arguments, code=0):
        done = node.verb("peek", *arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def messages(self, node, *arguments):
        answer = json.loads(self.peek(node, *arguments, "--json").stdout)
        self.assertEqual((answer["schema"], answer["error"]), ("ductus.peek/1", None))
        return answer["messages"]

    # ---- where it looks

    def test_it_shows_what_a_running_node_handles_next_and_moves_nothing(self):
        self.broker.create_topic("held", 2)
        self.produce("held", _VISITS, partition=1)
        ledger = self.folder / "ledger"
        ledger.mkdir()
        init = {"held": {"folder": str(ledger), "pause_ms": _LONG_MS, "deaf": True}}
        node = self.node(init, program=os.environ["LEDGER_PROGRAM"], handler={"module": "ledger"})
        node.start_console()
        wait_until((ledger / "held-1.calls").exists, "it is in the callback")

        seen = self.messages(node, "held/1", "2")

        shown = [(one["offset"], one["key"], one["value"]) for one in seen]
        self.assertEqual(shown, [(0, *_VISITS[0]), (1, *_VISITS[1])])
        self.assertEqual(node.partition_status()["held", 1]["next_offset"], 0)
        asked = node.verb("attach", "-c", "peek held/1 2")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertEqual(asked.stdout, self.peek(node, "held/1", "2").stdout)
        self.assertIn("/orders/4711", asked.stdout)

    def test_it_shows_what_comes_next_once_the_node_is_stopped(self):
        self.broker.create_topic("stopped", 1)
        self.produce("stopped", _VISITS[:2])
        node = self.node(["stopped"])
        self.assertEqual(node.run_until_end(), 0, node.said)
        nothing = self.peek(node, "stopped")
        self.assertEqual(nothing.stdout, "")
        self.assertIn("stopped/0: there is no more yet: this is the readable end of its log, 2", nothing.stderr)
        self.produce("stopped", _VISITS[2:])
        (seen,) = self.messages(node, "stopped", "5")
        self.assertEqual((seen["offset"], seen["key"], seen["value"]), (2, *_VISITS[2]))
        self.assertEqual(node.partition_status()["stopped", 0]["next_offset"], 2)

    def test_an_offset_can_be_named_where_none_is_stored(self):
        self.broker.create_topic("fresh", 1)
        self.produce("fresh", _VISITS)
        node = self.node(["fresh"])
        refused = self.peek(node, "fresh", code=1)
        self.assertIn("no offset is stored; say with --offset where to look", refused.stderr)
        self.assertFalse((self.folder / "run" / "node" / "offsets.db").exists(), "a look makes nothing")
        seen = self.messages(node, "fresh/0", "100", "--offset", "1")
        self.assertEqual([one["offset"] for one in seen], [1, 2])
        outside = self.peek(node, "fresh/0", "--offset", "4", code=1)
        self.assertIn("offset 4 lies behind the end of the log, 3", outside.stderr)

    def test_a_place_that_is_none_is_refused_with_what_is_meant(self):
        self.broker.create_topic("several", 3)
        node = self.node(["several"])
        self.assertIn("did you mean 'several'?", self.peek(node, "sevreal", code=2).stderr)
        self.assertIn("name one, such as several/0", self.peek(node, "several", "--offset", "0", code=2).stderr)
        self.assertIn("which has 3", self.peek(node, "several/3", "--offset", "0", code=1).stderr)
        self.assertIn("from 1 to 100", self.peek(node, "several/0", "101", code=2).stderr)

    # ---- what it shows

    def test_with_json_each_message_is_whole_whatever_bytes_it_holds(self):
        self.broker.create_topic("bytes", 1)
        binary = bytes(range(256)).replace(b"\n", b"").replace(b"\t", b"")
        kcat.produce(self.broker.bootstrap, "bytes", 0, b"\xff\t" + binary + b"\n", "-K", "\t", "-H", "trace=x")
        large = "x" * 600_000
        self.produce("bytes", [("k", large)], "-z", "lz4")
        self.produce("bytes", [("dead", "")], "-Z")
        node = self.node(["bytes"])
        before_ms = time.time() * 1000
        first, second, third = self.messages(node, "bytes", "3", "--offset", "0")
        self.assertEqual((first["key_base64"], first["value_base64"]), (True, True))
        self.assertEqual((base64.b64decode(first["key"]), base64.b64decode(first["value"])), (b"\xff", binary))
        self.assertEqual([(one["key"], one["value"]) for one in first["headers"]], [("trace", "x")])
        self.assertEqual((second["value"], second["value_base64"]), (large, False))
        self.assertEqual((third["key"], third["value"]), ("dead", None))
        self.assertLess(abs(first["timestamp_ms"] - before_ms), 600_000)
        text = self.peek(node, "bytes", "3", "--offset", "0").stdout
        self.assertIn("\\x00\\x01", text)
        self.assertFalse(set(text) & {chr(one) for one in range(32) if one != 10}, "nothing acts on a terminal")

    def test_on_a_terminal_it_is_as_in_the_documentation(self):
        self.broker.create_topic("visits", 1)
        self.produce("visits", _VISITS)
        self.node(["visits"])
        terminal = self.enterContext(Terminal(self.folder))
        check_screen(self, "peek", lambda: terminal.run("ductus peek node visits 3 --offset 0"))

    def test_what_was_aborted_is_not_shown(self):
        self.broker.create_topic("aborted", 1)
        transactions = self.enterContext(Transactions(self.broker))
        transactions.add_producer("one", "none")
        transactions.send("one", "aborted", 0, b"".join(b"gone %d\n" % at for at in range(500)))
        transactions.abort("one")
        transactions.send("one", "aborted", 0, b"kept\n")
        transactions.commit("one")
        node = self.node(["aborted"])
        seen = self.messages(node, "aborted", "9", "--offset", "0")
        self.assertEqual([(one["offset"], one["value"]) for one in seen], [(501, "kept")])

    # ---- brokers

    def test_a_broker_that_is_away_or_silent_ends_it_in_time(self):
        node = self.node(["away"], "127.0.0.1:1")
        self.assertIn("127.0.0.1:1", self.peek(node, "away", "--offset", "0", code=4).stderr)
        # Not the broker of the other tests: one that is held up for so long is left out by its controller.
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        silent_one = f"127.0.0.1:{listener.getsockname()[1]}"
        node.config.write_text(node.config.read_text().replace("127.0.0.1:1", silent_one))
        began = time.monotonic()
        silent = self.peek(node, "away", "--offset", "0", code=4)
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("did not answer in time", silent.stderr)


if __name__ == "__main__":
    unittest.main()
