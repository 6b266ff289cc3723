"""Offsets in a real Redis: what is found there, and what happens when it goes away, forgets, or somebody else writes.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.redis_test
"""

import os
import tempfile
import unittest

from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.servers.redis_server import RedisServer
from support.sandbox import Sandbox

# For minutes, a few hundred messages a second in each of two partitions.
_STREAM = "events:2:100000:300"


class RedisTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))

    def sandbox(self, topic=_STREAM):
        return self.enterContext(Sandbox(self.folder, "--topic", topic))

    def redis(self, *options):
        return self.enterContext(RedisServer(self.folder, *options))

    def node(self, sandbox, redis, **tables):
        store = {"url": redis.url, **tables.pop("store", {})}
        return self.enterContext(
            DuctusNode(self.folder, sandbox.bootstrap, ["events"], store=store, **tables)
        )

    def stored(self, redis, partition=0):
        """The next offset in Redis; None where there is none."""
        text = redis.cli("HGET", "node", f"events/{partition}")
        return int(text) if text.isdigit() else None

    def wait_for_progress(self, redis, partition=0, beyond=None):
        floor = (self.stored(redis, partition) or 0) if beyond is None else beyond
        return wait_until(
            lambda: (self.stored(redis, partition) or 0) > floor and self.stored(redis, partition),
            f"events/{partition} is stored beyond {floor}",
        )

    def assert_nothing_lost(self, node, partition=0):
        """Each message up to the last one is there; some may be there twice."""
        lines = node.output("events", partition).splitlines()
        sequences = [int(line.split(b'"sequence":')[1].split(b",")[0]) for line in lines]
        self.assertEqual(set(range(max(sequences) + 1)) - set(sequences), set())

    def test_places_are_where_redis_cli_finds_them_and_are_resumed(self):
        sandbox, redis = self.sandbox("events:2:500"), self.redis()
        node = self.node(sandbox, redis)
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertIn("snapshots only", node.said)
        self.assertEqual(redis.cli("HGET", "node", "events/0"), "500")
        self.assertEqual(redis.cli("HGET", "node", "events/1"), "500")
        self.assertRegex(redis.cli("HGET", "node:meta", "place/events/0"), r"^500 -?\d+ ")
        self.assertEqual(redis.cli("HGET", "node:meta", "owner_token"), "", "the lease was given back")

        redis.cli("HSET", "node", "events/1", "490")
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual([node.output("events", i).count(b"\n") for i in (0, 1)], [500, 510])

        done = node.verb("reset_single_offset", "events", "7", "--partition", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(redis.cli("HGET", "node", "events/0"), "7")
        self.assertIn("reset_single_offset events 7", redis.cli("LRANGE", "node:journal", "0", "-1"))

    def test_a_password_is_read_from_its_file_and_never_shown(self):
        sandbox, redis = self.sandbox("events:2:100"), self.redis("--requirepass", "sesame")
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write("sesame\n")
        node = self.node(sandbox, redis, store={"password_file": secret})
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertNotIn("sesame", node.said)
        with open(secret, "w", encoding="ascii") as file:
            file.write("sesam\n")
        done = node.verb("reset_offsets")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("store.password_file", done.stderr)
        self.assertNotIn("sesam", done.stderr)

    def killed_and_back(self, *options):
        sandbox, redis = self.sandbox(), self.redis(*options)
        node = self.node(sandbox, redis)
        node.start_console()
        before = self.wait_for_progress(redis)
        redis.kill()
        node.wait_for_partition("events", 0, lambda row: "Redis" in (row["reason"] or ""), "says that Redis is away")
        redis.start()
        return node, redis, before

    def test_a_killed_redis_that_saves_each_write_is_gone_on_with(self):
        node, redis, before = self.killed_and_back("--appendonly", "yes", "--appendfsync", "always")
        self.assertGreaterEqual(self.stored(redis), before)
        self.wait_for_progress(redis)
        self.assertEqual(node.stop(), 0)
        self.assert_nothing_lost(node)

    def killed_and_empty(self, *options):
        node, redis, _ = self.killed_and_back(*options)
        row = node.wait_for_partition("events", 0, lambda row: row["state"] == "stopped", "stops")
        self.assertIn("somebody else changed it", row["reason"])
        self.assertIsNone(self.stored(redis), "nothing was begun anew in silence")

    def test_a_killed_redis_that_goes_back_to_a_snapshot_stops_the_partitions(self):
        self.killed_and_empty("--save", "3600 1")

    def test_a_killed_redis_that_saves_nothing_stops_the_partitions(self):
        self.killed_and_empty("--save", "")

    def test_a_frozen_redis_holds_up_at_the_bound_and_nothing_is_lost(self):
        sandbox, redis = self.sandbox(), self.redis()
        node = self.node(sandbox, redis, store={"max_uncommitted_batches": 2})
        node.start_console()
        self.wait_for_progress(redis)
        redis.freeze()
        row = node.wait_for_partition("events", 0, lambda row: row["state"] == "waiting", "waits for the store")
        self.assertIn("store", row["reason"])
        frozen_at = node.output_size("events", 0)
        redis.thaw()
        self.wait_for_progress(redis)
        wait_until(lambda: node.output_size("events", 0) > frozen_at, "it is consumed again")
        self.assertEqual(node.stop(), 0)
        self.assert_nothing_lost(node)

    def test_what_somebody_else_does_to_a_place_stops_that_partition(self):
        sandbox, redis = self.sandbox(), self.redis()
        node = self.node(sandbox, redis)
        node.start_console()
        self.wait_for_progress(redis, 0)
        self.wait_for_progress(redis, 1)
        redis.cli("SCRIPT", "FLUSH")
        self.wait_for_progress(redis, 0)
        redis.cli("HSET", "node", "events/0", "3")
        row = node.wait_for_partition("events", 0, lambda row: row["state"] == "stopped", "stops")
        self.assertIn("events/0", row["reason"])
        self.assertEqual(self.stored(redis, 0), 3)
        self.wait_for_progress(redis, 1)
        redis.cli("FLUSHALL")
        node.wait_for_partition("events", 1, lambda row: row["state"] == "stopped", "stops")
        self.assertIsNone(self.stored(redis, 1))

    def test_a_key_of_another_type_is_named_and_left_alone(self):
        sandbox, redis = self.sandbox(), self.redis()
        redis.cli("SET", "node", "precious")
        node = self.node(sandbox, redis)
        node.start_console()
        row = node.wait_for_partition("events", 0, lambda row: row["state"] == "stopped", "stops")
        self.assertIn("of another type", row["reason"])
        self.assertEqual(node.stop(), 0)
        self.assertEqual(redis.cli("GET", "node"), "precious")

    def test_a_redis_that_comes_after_the_node_is_waited_for(self):
        sandbox, redis = self.sandbox(), self.redis()
        redis.kill()
        node = self.node(sandbox, redis)
        node.start_console()
        wait_until(lambda: "Redis at 127.0.0.1" in node.said, "the log says what is away")
        redis.start()
        self.wait_for_progress(redis)
        self.assertEqual(node.stop(), 0)
        self.assert_nothing_lost(node)

    def second(self, sandbox, redis, **tables):
        """A node of another folder with the same name, and so handler_name."""
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        return self.enterContext(
            DuctusNode(folder, sandbox.bootstrap, ["events"], store={"url": redis.url}, **tables)
        )

    def test_a_second_node_of_the_same_places_does_not_start(self):
        sandbox, redis = self.sandbox(), self.redis()
        node = self.node(sandbox, redis)
        node.start_console()
        self.wait_for_progress(redis)
        second = self.second(sandbox, redis)
        second.start_console()
        self.assertEqual(second.wait_for_exit(), 5, second.said)
        self.assertIn("held by a running node", second.said)
        # The next one is killed, and its successor takes over at once.
        node.kill9()
        second.start_console()
        self.wait_for_progress(redis)

    def take_over(self, redis):
        """What a node on another host does once the lease has ended."""
        redis.cli("HSET", "node:meta", "owner_token", "x", "owner_fence", "9999999999999", "owner_machine", "elsewhere")
        redis.cli("HSET", "node:meta", "owner_name", "node 'node' on elsewhere", "owner_lock", "x")
        until = int(redis.cli("TIME").split()[0]) * 1000 + 15_000
        redis.cli("HSET", "node:meta", "owner_until_ms", until)

    def test_while_another_host_holds_the_lease_neither_node_nor_verb_starts(self):
        sandbox, redis = self.sandbox(), self.redis()
        self.take_over(redis)
        node = self.node(sandbox, redis)
        node.start_console()
        self.assertEqual(node.wait_for_exit(), 5, node.said)
        self.assertIn("node 'node' on elsewhere; its lease ends in", node.said)
        self.assertEqual(node.verb("zero_offsets").returncode, 5)
        self.assertEqual(redis.cli("EXISTS", "node"), "0")

    def test_a_frozen_node_that_wakes_up_after_another_took_over_commits_nothing(self):
        sandbox, redis = self.sandbox(), self.redis()
        node = self.node(sandbox, redis)
        node.start_console()
        self.wait_for_progress(redis)
        node.pause()
        self.take_over(redis)
        places = redis.cli("HGETALL", "node")
        node.resume()
        wait_until(lambda: "on elsewhere" in node.said, "it says who holds the lease")
        self.assertEqual(redis.cli("HGETALL", "node"), places)
        # That lease ends, and nobody has moved the places.
        self.wait_for_progress(redis)
        self.assertEqual(node.stop(), 0)
        self.assert_nothing_lost(node)


if __name__ == "__main__":
    unittest.main()
