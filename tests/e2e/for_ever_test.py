"""The store, the broker or both are away for longer than any level of supervision: the node says what is missing, and
once it is back all goes on by itself, whatever comes back first.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.for_ever_test
"""

import pathlib
import re
import socket
import tempfile
import unittest

from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox
from support.servers.redis_server import RedisServer

_PARTITIONS = (0, 1)
_FIRST, _ALL = 20_000, 30_000
_SEQUENCE = re.compile(rb'"sequence":(\d+),')
_BATCH_BYTES = 16384
_LINE_BYTES = 90  # less than any line of the sandbox
_UNCOMMITTED = 2
# The batch in hand and those that may be accepted and not stored.
_REPEATS = (_UNCOMMITTED + 1) * _BATCH_BYTES // _LINE_BYTES


class ForEverTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.redis = self.enterContext(RedisServer(self.folder, "--appendonly", "yes", "--appendfsync", "always"))
        self.broker = None
        self.hold_port(0)
        self.node = self.enterContext(
            DuctusNode(
                self.folder,
                f"127.0.0.1:{self.port}",
                ["events"],
                store={"url": self.redis.url, "max_uncommitted_batches": _UNCOMMITTED},
                batch={"max_bytes": _BATCH_BYTES},
                # Longer than the second after which a source says that a broker is away.
                supervision={"stall_after": "2s", "escalate_after": "2s"},
            )
        )

    # ---- the world

    def hold_port(self, port):
        """Bound and not listening: who connects is refused, and nobody else takes it."""
        self.held = socket.socket()
        self.addCleanup(self.held.close)
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.held.bind(("127.0.0.1", port))
        self.port = self.held.getsockname()[1]

    def broker_comes(self, messages=_ALL):
        self.held.close()
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.broker = Sandbox(folder, "--topic", f"events:{len(_PARTITIONS)}:{messages}", "--port", str(self.port))
        self.broker.__enter__()
        self.addCleanup(self.broker.__exit__)

    def broker_goes(self):
        self.broker.__exit__()
        self.hold_port(self.port)

    def start_and_read(self, messages):
        self.broker_comes(messages)
        self.node.start_console()
        self.wait_until_stored(messages)

    def both_come(self, first):
        """…, and between the two the one that is missing is told."""
        if first == "store":
            self.redis.start()
            self.wait_for_status(lambda status: status["store"]["state"] == "ok", "the store is there")
            self.wait_until_broker_is_missed()
            self.broker_comes()
        else:
            self.broker_comes()
            self.wait_until_store_is_missed()
            self.redis.start()

    # ---- what the node says

    def wait_for_status(self, condition, what):
        def status_if_so():
            status = self.node.status()
            return status if status and condition(status) else None

        return wait_until(status_if_so, what, timeout_s=120)

    def wait_until_store_is_missed(self):
        status = self.wait_for_status(lambda status: status["store"]["state"] == "away", "the store is told away")
        self.assertIn("Redis at 127.0.0.1", status["store"]["reason"])

    def wait_until_broker_is_missed(self):
        def is_missed(status):
            return any(f"127.0.0.1:{self.port}: cannot connect" in row["reason"] for row in status["partitions"])

        self.wait_for_status(is_missed, "the broker is told away")

    def wait_for_level_c(self):
        self.wait_for_status(lambda status: status["supervision"]["level"] == "C", "level C")

    def stored(self, partition):
        return self.redis.cli("HGET", "node", f"events/{partition}")

    def wait_until_stored(self, end):
        for partition in _PARTITIONS:
            wait_until(
                lambda partition=partition: self.stored(partition) == str(end), f"{end} is stored", timeout_s=120
            )

    def assert_all_is_well(self, repeats=0):
        self.wait_until_stored(_ALL)
        self.wait_for_status(
            lambda status: (status["state"], status["store"]["state"], status["total_lag"]) == ("running", "ok", 0),
            "it runs",
        )
        self.assertIsNone(self.node.exit_code(), self.node.said)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.wait_for_exit(), 0, self.node.said)
        for partition in _PARTITIONS:
            sequences = [int(number) for number in _SEQUENCE.findall(self.node.output("events", partition))]
            self.assertEqual(set(sequences), set(range(_ALL)))
            back = [one - other for one, other in zip(sequences, sequences[1:]) if other != one + 1]
            self.assertTrue(all(0 <= again <= repeats for again in back), back)

    # ---- both are away at the start

    def both_away_at_the_start(self, first):
        self.redis.kill()
        self.node.start_console()
        self.wait_until_store_is_missed()
        self.wait_until_broker_is_missed()
        self.wait_for_level_c()
        self.both_come(first)
        self.assert_all_is_well()

    def test_both_away_at_the_start_and_the_store_comes_first(self):
        self.both_away_at_the_start("store")

    def test_both_away_at_the_start_and_the_broker_comes_first(self):
        self.both_away_at_the_start("broker")

    # ---- the store goes while everything is tried again, for want of the broker

    def store_goes_in_level_c(self, first):
        self.start_and_read(_FIRST)
        self.broker_goes()
        self.wait_for_level_c()
        self.redis.kill()
        self.wait_until_store_is_missed()
        self.both_come(first)
        self.assert_all_is_well()

    def test_the_store_goes_in_level_c_and_comes_back_first(self):
        self.store_goes_in_level_c("store")

    def test_the_store_goes_in_level_c_and_comes_back_last(self):
        self.store_goes_in_level_c("broker")

    # ---- the broker goes while what was accepted waits for the store

    def broker_goes_while_the_store_is_away(self, first):
        self.start_and_read(_FIRST)
        self.redis.kill()
        self.broker_goes()
        self.broker_comes()
        row = self.node.wait_for_partition("events", 0, lambda row: "store" in row["reason"], "waits for the store")
        self.assertEqual(row["state"], "waiting")
        self.broker_goes()
        wait_until(lambda: self.node.said.count(f"broker 127.0.0.1:{self.port} is away") > 1, "the log says so")
        self.both_come(first)
        self.assert_all_is_well(repeats=_REPEATS)

    def test_the_broker_goes_while_the_store_is_away_and_comes_back_first(self):
        self.broker_goes_while_the_store_is_away("broker")

    def test_the_broker_goes_while_the_store_is_away_and_comes_back_last(self):
        self.broker_goes_while_the_store_is_away("store")

    # ---- the store hangs

    def test_a_store_that_hangs_for_long_and_wakes_up_after_the_broker_was_away_as_well(self):
        self.start_and_read(_FIRST)
        self.redis.freeze()
        self.wait_until_store_is_missed()
        self.broker_goes()
        self.wait_until_broker_is_missed()
        # Everything has been restarted, for want of the broker, and now it is the store that is waited for.
        self.node.wait_for_partition("events", 0, lambda row: "store is away" in row["reason"], "waits for the store")
        self.broker_comes()
        self.wait_until_store_is_missed()
        self.redis.thaw()
        self.assert_all_is_well(repeats=_REPEATS)


if __name__ == "__main__":
    unittest.main()
