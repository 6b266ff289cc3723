"""Kafka 0.6 and 0.7: a whole node reads them, and each byte of their logs is accounted for.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.kafka06_test
"""

import contextlib
import functools
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

from support import messages
from support.child_process import wait_until
from support.clients.legacy_kafka import EARLIEST, GZIP, LATEST, NONE, SNAPPY, LegacyClient, entry
from support.ductus_node import DuctusNode
from support.legacy_log import LegacyLog
from support.repeats import RepeatsJudge
from support.sandbox import Sandbox
from support.servers.redis_server import RedisServer

_LINES = {"0.6": 0, "0.7": 1}  # with the magic of their messages
_GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "erlang"
_CODECS = {"0.6": ("none",), "0.7": ("none", "gzip", "snappy")}

# As small as it can be, so that a kill finds much undone. A message takes at least 54 bytes.
_BATCH_BYTES = 16 * 1024
_MAX_UNCOMMITTED_BATCHES = 2
_REPEATS_PER_CRASH = (1 + _MAX_UNCOMMITTED_BATCHES) * (_BATCH_BYTES // 54 + LegacyLog.MESSAGES_PER_ENTRY)
_SMALL_BATCHES = {
    "batch": {"max_bytes": _BATCH_BYTES},
    "store": {"max_uncommitted_batches": _MAX_UNCOMMITTED_BATCHES},
}


def _seen(output):
    """What the sandbox expects of a reader, taken from a file of lines."""
    lines = output.split(b"\n")[:-1]
    checksum = sum(int.from_bytes(line[:8], "little") ^ number for number, line in enumerate(lines)) % 2**64
    return {"messages": len(lines), "value_bytes": sum(map(len, lines)), "checksum": checksum}


def _on_both_lines(test):
    """Runs test(self, line, magic) for each, in a folder of its own; what it went inside() ends with it."""

    @functools.wraps(test)
    def on_both(self):
        for line, magic in _LINES.items():
            with self.subTest(line=line), contextlib.ExitStack() as stack:
                self.inside = stack.enter_context
                self.folder = self.inside(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
                test(self, line, magic)

    return on_both


class Kafka06Test(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("DUCTUS_SEED") or random.randrange(1 << 32))
        self.random = random.Random(self.seed)
        print(f"DUCTUS_SEED={self.seed}", flush=True)

    def sandbox(self, line, *options, faults=""):
        return self.inside(Sandbox(self.folder, "--protocol", line, *options, faults=faults))

    def node(self, sandbox, *topics, **tables):
        """A node that may ask for any topic."""
        tables["source"] = {"may_create_topics": True, **tables.get("source", {})}
        return self.inside(DuctusNode(self.folder, sandbox.bootstrap, topics, **tables))

    def client(self, sandbox):
        return self.inside(LegacyClient(sandbox.ports[0]))

    def assert_all_arrives(self, node, sandbox):
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual({place: _seen(node.output(*place)) for place in sandbox.expected}, sandbox.expected)

    @_on_both_lines
    def test_everything_arrives_once_and_in_order_and_the_protocol_is_found_out(self, line, _):
        topics = [f"--prebuilt={codec}:2:200:{codec}:30000" for codec in _CODECS[line]]
        sandbox = self.sandbox(line, *topics, "--topic=events:1:20000", "--segment-bytes=1000000")
        names = [*_CODECS[line], "events"]
        node = self.node(sandbox, *names, partitions=dict.fromkeys(_CODECS[line], "0-1"))
        self.assert_all_arrives(node, sandbox)

        client = self.client(sandbox)
        status = node.status()
        self.assertEqual((status["protocol"], status["unit"]), (f"kafka-{line}", "bytes"))
        self.assertIn("hung up on ApiVersions", status["protocol_why"])
        ends = {place: client.log_end(*place) for place in sandbox.expected}
        rows = node.partition_status()
        self.assertEqual({place: row["next_offset"] for place, row in rows.items()}, ends)
        self.assertEqual((status["total_lag"], {row["lag"] for row in rows.values()}), (0, {0}))
        self.assertIn(f"kafka-{line}", node.said)

        self.assertEqual(node.verb("reset_to_oldest_offsets").returncode, 0)
        self.assertEqual(node.status()["total_lag"], sum(ends.values()))

    @_on_both_lines
    def test_kill_9_loses_nothing_repeats_little_and_leaves_offsets_that_the_original_reads(self, line, magic):
        codecs = {"0.6": {"plain": NONE}, "0.7": {"plain": NONE, "gzip": GZIP, "snappy": SNAPPY}}[line]
        # Two megabytes a second over each connection: a kill finds it at work.
        sandbox = self.sandbox(line, "--segment-bytes=700000", faults="fetch: dribble 65536 30")
        client = self.client(sandbox)
        redis = self.inside(RedisServer(self.folder))
        logs = {topic: LegacyLog(client, topic, magic=magic, codec=codec) for topic, codec in codecs.items()}
        judges = {t: RepeatsJudge(f"{line} {t}", messages.reader_of(0), _REPEATS_PER_CRASH) for t in logs}
        tables = {**_SMALL_BATCHES, "store": {**_SMALL_BATCHES["store"], "url": redis.url}}
        node = self.node(sandbox, *logs, **tables)
        for _ in range(8):
            for log in logs.values():
                log.produce(20_000)
            victim = self.random.choice(list(logs))
            size = node.output_size(victim, 0) + self.random.randrange(1, 700_000)
            node.start_console()
            wait_until(lambda: node.output_size(victim, 0) >= size, f"{victim} grows to {size} bytes")
            self.assertIsNone(node.exit_code(), node.said)
            node.kill9()
            for topic, log in logs.items():
                stored = redis.cli("HGET", "node", topic) or "0"
                self.assertIn(int(stored), log.sequence_at, f"{topic}: no entry begins at {stored}")
                judges[topic].crashed(node.output(topic, 0), log.sequence_at[int(stored)])
            behind = sum(log.count - judges[topic].stored for topic, log in logs.items())
            self.assertGreater(behind, 0, "the kill came too late to prove anything")

        self.assertEqual(node.run_until_end(), 0, node.said)
        for topic, log in logs.items():
            judges[topic].ended(node.output(topic, 0), log.count)
            self.assertEqual(redis.cli("HGET", "node", topic), str(log.end))
            print(f"{line} {topic}: repeats after each kill: {judges[topic].repeats}")

    @_on_both_lines
    def test_retention_that_passes_the_offset_stops_the_partition_or_goes_on_by_policy(self, line, magic):
        sandbox = self.sandbox(line, "--segment-bytes=20000", faults="produce 2: expire events/0 3\n")
        client = self.client(sandbox)
        log = LegacyLog(client, "events", magic=magic)
        log.produce(1000)
        node = self.node(sandbox, "events")
        self.assertEqual(node.verb("zero_offsets").returncode, 0)
        client.produce("events", 0, b"")
        [start] = client.offsets("events", 0, EARLIEST)
        self.assertGreater(start, 0)

        self.assertEqual(node.run_until_end(), 1, node.said)
        self.assertIn(f"lies before the log [{start}, {log.end}): {start} bytes were deleted", node.said)
        self.assertEqual((node.output("events", 0), node.partition_status()["events", 0]["next_offset"]), (b"", 0))

        by_policy = self.node(sandbox, "events", offsets={"when_out_of_range": "earliest"})
        self.assertEqual(by_policy.run_until_end(), 0, by_policy.said)
        kept = messages.lines(0, log.sequence_at[start], log.count - log.sequence_at[start])
        self.assertEqual(by_policy.output("events", 0), kept)

    @_on_both_lines
    def test_messages_larger_than_any_fetch_arrive_whole_up_to_the_limit(self, line, _):
        faults = "fetch 2: append events/0 5000000\nfetch 3: append events/0 20000000\n"
        sandbox = self.sandbox(line, "--prebuilt=events:1:200:none:30000", faults=faults)
        node = self.node(sandbox, "events")
        node.start_console()
        end = 30_000 * 201 + 5_000_001 + 20_000_001
        wait_until(lambda: node.output_size("events", 0) >= end, "all is written")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        sizes = [len(value) for value in node.output("events", 0).splitlines()]
        self.assertEqual(sorted(sizes), [200] * 30_000 + [5_000_000, 20_000_000])

    @_on_both_lines
    def test_a_message_beyond_the_limit_stops_its_partition_and_no_other(self, line, magic):
        sandbox = self.sandbox(line, faults="list_offsets 1: append events/0 70000000\n")
        client = self.client(sandbox)
        events, others = LegacyLog(client, "events", magic=magic), LegacyLog(client, "others", magic=magic)
        others.produce(1000)
        client.log_end("events", 0)
        node = self.node(sandbox, "events", "others")
        self.assertEqual(node.run_until_end(), 1, node.said)
        self.assertRegex(node.said, r"events/0.*offset 0: .*70[0-9]{6}")
        self.assertEqual(node.output("others", 0), others.lines())
        self.assertEqual(node.output("events", 0), events.lines())

    @_on_both_lines
    def test_faults_of_the_broker_cost_no_message_and_repeat_none(self, line, _):
        faults = "\n".join((
            "connection 4: cut 0",
            "list_offsets 1: cut after",
            "list_offsets 2: delay 300",
            "fetch 3: cut 2",
            "fetch 5: cut 100000",
            "fetch 6: cut after",
            "fetch 8: dribble 50000 1",
            "fetch 10: error -1",
            "fetch 12: shorten 1",
            "fetch 14: down 1 700",
            "fetch 18: delay 500",
            f"fetch 20: replace {b'HTTP/1.1 400 Bad Request'.hex()}",
            "fetch every 9: roll lines/0",
        ))
        topics = ("--prebuilt=lines:2:200:none:60000", "--topic=events:1:20000")
        sandbox = self.sandbox(line, *topics, faults=faults)
        node = self.node(sandbox, "lines", "events", partitions={"lines": "0-1"})
        self.assert_all_arrives(node, sandbox)

    @_on_both_lines
    def test_bytes_that_turned_on_the_way_are_never_handed_over(self, line, _):
        faults = "fetch 3: flip 5000\nfetch 5: flip -300\nfetch 7: flip 100000\n"
        sandbox = self.sandbox(line, "--topic=events:1:60000", faults=faults)
        node = self.node(sandbox, "events")
        self.assertEqual(node.run_until_end(), 0, node.said)
        lines = dict.fromkeys(node.output("events", 0).splitlines(keepends=True))
        self.assertEqual(_seen(b"".join(lines)), sandbox.expected["events", 0])

    @_on_both_lines
    def test_an_offset_within_a_message_stops_with_the_reason_and_a_peek_shows_where_one_begins(self, line, magic):
        sandbox = self.sandbox(line)
        log = LegacyLog(self.client(sandbox), "events", magic=magic)
        log.produce(500)
        node = self.node(sandbox, "events")
        place = sorted(log.sequence_at)[200]
        self.assertEqual(node.verb("reset_single_offset", "events", str(place + 3)).returncode, 0)
        self.assertEqual(node.run_until_end(), 1, node.said)
        self.assertIn(f"offset {place + 3}", node.said)
        self.assertEqual(node.output("events", 0), b"")

        self.assertEqual(node.verb("reset_single_offset", "events", str(place)).returncode, 0)
        peeked = node.verb("peek", "events", "--json")
        self.assertEqual(peeked.returncode, 0, peeked.stderr)
        self.assertIn(messages.value(0, 200).decode(), peeked.stdout)
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual(node.output("events", 0), messages.lines(0, 200, 300))

    @_on_both_lines
    def test_a_topic_that_is_not_there_is_named_and_read_once_it_is(self, line, magic):
        sandbox = self.sandbox(line)
        node = self.node(sandbox, "later")
        node.start_console()
        if line == "0.7":
            node.wait_for_reason("later", "later")
        self.assertIsNone(node.exit_code(), node.said)
        log = LegacyLog(self.client(sandbox), "later", magic=magic)
        log.produce(100)
        node.wait_for_partition("later", 0, lambda row: row["next_offset"] == log.end, "it is read")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)
        self.assertEqual(node.output("later", 0), log.lines())

    @_on_both_lines
    def test_06_is_not_asked_for_a_topic_that_asking_would_make(self, line, magic):
        sandbox = self.sandbox(line)
        log = LegacyLog(self.client(sandbox), "events", magic=magic)
        log.produce(100)
        node = self.node(sandbox, "events", source={"may_create_topics": False})
        if line == "0.6":
            self.assertEqual(node.run_until_end(), 1, node.said)
            self.assertIn("may_create_topics", node.said)
            refused = node.verb("reset_to_oldest_offsets")
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("may_create_topics", refused.stderr)
            self.assertEqual(node.verb("reset_single_offset", "events", "0").returncode, 0)
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual(node.output("events", 0), log.lines())

    @_on_both_lines
    def test_several_brokers_are_refused_with_the_reason(self, line, _):
        sandbox = self.sandbox(line, "--listeners=2", "--topic=events:1:100")
        brokers = [f"127.0.0.1:{port}" for port in sandbox.ports]
        node = self.node(sandbox, "events", source={"brokers": brokers})
        node.start_console()
        node.wait_for_reason("events", "one broker of Kafka 0.6 or 0.7")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

        named = self.node(sandbox, "events", source={"brokers": brokers, "protocol": f"kafka-{line}"})
        checked = named.verb("config check")
        self.assertEqual(checked.returncode, 6, checked.stderr)
        self.assertIn("partitions and offsets of its own", checked.stdout + checked.stderr)

    @_on_both_lines
    def test_offsets_are_reset_to_both_ends_and_to_the_segment_of_a_time(self, line, _):
        sandbox = self.sandbox(line, "--prebuilt=lines:1:200:none:30000", "--segment-bytes=500000")
        client = self.client(sandbox)
        end, *starts = client.offsets("lines", 0, LATEST)
        node = self.node(sandbox, "lines")

        def stored():
            return node.partition_status()["lines", 0]["next_offset"]

        self.assertEqual(node.verb("reset_offsets").returncode, 0)
        self.assertEqual(stored(), end)
        self.assertEqual(node.verb("reset_to_oldest_offsets").returncode, 0)
        self.assertEqual(stored(), 0)
        done = node.verb("reset_offsets", "--to-time", "1700000000050")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the start of a segment", done.stdout)
        self.assertIn(stored(), starts)
        self.assertGreater(stored(), 0)
        [asked] = client.offsets("lines", 0, 1_700_000_000_050, 1)
        self.assertEqual(stored(), asked)

    @_on_both_lines
    def test_offsets_of_a_cluster_that_counts_otherwise_are_refused(self, line, magic):
        sandbox = self.sandbox(line, "--topic=events:1:100")
        folder = self.inside(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        other = self.inside(Sandbox(folder, "--topic=events:1:100"))
        tables = {"source": {"protocol": f"kafka-{line}"}, "offsets": {"reset_source": "target"}}
        node = self.node(sandbox, "events", target={"brokers": [other.bootstrap]}, **tables)
        refused = node.verb("reset_offsets")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("[target] count messages, those of [source] bytes", refused.stderr)

    @_on_both_lines
    def test_a_message_that_its_producer_tore_off_stops_the_partition_there(self, line, magic):
        sandbox = self.sandbox(line)
        client = self.client(sandbox)
        whole = entry(b"whole", magic)
        client.produce("events", 0, whole + entry(b"torn off", magic)[:-3])
        client.produce("events", 0, entry(b"what comes behind", magic))
        client.log_end("events", 0)
        node = self.node(sandbox, "events")
        if line == "0.7":  # it stores whole ones only
            self.assertEqual(node.run_until_end(), 0, node.said)
            self.assertEqual(node.output("events", 0), b"whole\nwhat comes behind\n")
            return
        self.assertEqual(node.run_until_end(), 1, node.said)
        self.assertIn(f"offset {len(whole)}: its checksum", node.said)
        self.assertEqual(node.output("events", 0), b"whole\n")
        self.assertEqual(node.partition_status()["events", 0]["next_offset"], len(whole))


class _Stopped:
    """Its close() stops the node of a folder, if one runs."""

    def __init__(self, folder, name):
        self._folder, self._name = folder, name

    def close(self):
        arguments = [os.environ["DUCTUS_PROGRAM"], "stop", self._name]
        subprocess.run(arguments, cwd=self._folder, capture_output=True, timeout=60, check=False)


class OriginalsConfigsTest(unittest.TestCase):
    """The files of the Erlang application as they are, but for hosts and paths; on Redis, and the protocol it spoke."""

    def checkout(self, name, sandbox, redis, replaced):
        """Runs a verb upon config/NAME.config, from the folder that holds it."""
        folder = pathlib.Path(self.folder)
        (folder / "config").mkdir()
        for file in ("default.config", f"{name}.config"):
            text = (_GOLDEN / file).read_text()
            for old, new in {"9092": str(sandbox.ports[0]), "6379": str(redis.port), **replaced}.items():
                text = text.replace(old, new)
            (folder / "config" / file).write_text(text)

        def run(verb, *options):
            done = subprocess.run(
                [os.environ["DUCTUS_PROGRAM"], verb, name, *options], cwd=self.folder, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=120, check=False,
            )
            self.assertEqual(done.returncode, 0, f"{verb}\n{done.stdout}\n{done.stderr}")
            return done.stdout

        self.inside(contextlib.closing(_Stopped(self.folder, name)))
        return run

    @_on_both_lines
    def test_kafka2file_writes_what_comes_and_redis_holds_the_byte_offset(self, line, magic):
        redis = self.inside(RedisServer(self.folder, "--save", ""))
        sandbox = self.inside(Sandbox(self.folder, "--protocol", line, "--prebuilt=test:1:200:none:30000"))
        client = self.inside(LegacyClient(sandbox.ports[0]))
        written = pathlib.Path(self.folder) / "test_topic"
        places = {"localhost": "127.0.0.1", "/tmp/test_topic": str(written)}
        run = self.checkout("kafka2file", sandbox, redis, places)
        run("reset_to_oldest_offsets")
        run("start")
        end = client.log_end("test", 0)
        wait_until(lambda: redis.cli("HGET", "kafka2file", "test") == str(end), "all is stored")
        run("stop")
        self.assertEqual(_seen(written.read_bytes()), sandbox.expected["test", 0])
        self.assertEqual(redis.cli("HKEYS", "kafka2file"), "test")

        client.produce("test", 0, entry(b"one more", magic))
        redis.cli("HSET", "kafka2file", "test", end)  # as the original wrote it
        run("start")
        wait_until(lambda: written.read_bytes().endswith(b"\none more\n"), "it goes on where that offset says")
        run("stop")
        self.assertEqual(written.read_bytes().count(b"\n"), 30_001)

    @_on_both_lines
    def test_the_readmes_status_comes_out_as_it_is_printed_there(self, line, magic):
        message_bytes = 349
        log = f"--prebuilt=test:1:{message_bytes - len(entry(b'', magic))}:none:%d:start=%d"
        redis = self.inside(RedisServer(self.folder, "--save", ""))
        one_message = log % (1, 10253927224 - message_bytes)
        with Sandbox(self.folder, "--protocol", line, one_message) as sandbox:
            run = self.checkout("readme", sandbox, redis, {"kafka-primary.acc": "127.0.0.1"})
            run("reset_to_oldest_offsets")
            run("start")
            wait_until(lambda: redis.cli("HGET", "kafka_ductus", "test") == "10253927224", "its message is read")
        os.unlink(pathlib.Path(self.folder) / "port")
        options = (log % (10231703, 10253927224), "--port", str(sandbox.ports[0]))
        self.inside(Sandbox(self.folder, "--protocol", line, *options, faults="fetch of test/0: delay 600000"))
        expected = (
            f"kafka_ductus 'kafka_ductus' from {sandbox.bootstrap}\n"
            "test      :          10253927224 Offset      3405 MB lag\n"
            "\n"
            "Total lag: 3570864347 Bytes"
        )
        wait_until(lambda: run("status", "--classic") == expected, "the node has asked for the end of the log again")
        self.assertIn("Total lag: 3570864347 Bytes", run("status"))


if __name__ == "__main__":
    unittest.main()
