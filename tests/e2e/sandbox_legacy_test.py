"""The practice broker as one of Kafka 0.6 or 0.7, seen from a client that was written apart from it.

By hand: cd tests && SANDBOX_PROGRAM=… python3 -m unittest -v e2e.sandbox_legacy_test
"""

import contextlib
import os
import struct
import subprocess
import tempfile
import time
import unittest

from support.child_process import wait_until
from support.clients.legacy_kafka import (
    EARLIEST,
    GZIP,
    LATEST,
    SNAPPY,
    Corrupt,
    LegacyClient,
    compressed,
    entry,
    message_set,
    messages,
)
from support.sandbox import Sandbox

_LINES = {"0.6": 0, "0.7": 1}  # with the magic of their messages
_PAYLOADS = [b"", b"x", "möglich ✓".encode(), bytes(range(256)), b"k" * 1024]
_OUT_OF_RANGE, _WRONG_PARTITION, _UNKNOWN = 1, 3, -1


def _payloads(found):
    return [message.payload for message in found]


class SandboxLegacyTest(unittest.TestCase):
    @contextlib.contextmanager
    def client(self, line, *options, faults=""):
        """A client of a sandbox of its own; `sandbox` is that."""
        with tempfile.TemporaryDirectory(prefix="ductus-e2e-") as folder:
            with Sandbox(folder, "--protocol", line, *options, faults=faults) as sandbox:
                with LegacyClient(sandbox.ports[0]) as client:
                    client.sandbox = sandbox
                    yield client

    def test_what_was_produced_comes_back_whole_and_in_order(self):
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, "--default-partitions", "3") as client:
                client.produce("events", 0, message_set(_PAYLOADS, magic))
                client.multi_produce([
                    ("events", 2, entry(b"two", magic)),
                    ("events", 0, entry(b"last", magic)),
                ])
                end = client.log_end("events", 0)

                found, read_to = client.read_on("events", 0, 0)

                self.assertEqual(_payloads(found), [*_PAYLOADS, b"last"])
                self.assertEqual(read_to, end)
                self.assertEqual(end, sum(len(entry(payload, magic)) for payload in [*_PAYLOADS, b"last"]))
                parts = client.multi_fetch([("events", 2, 0, 100), ("events", 1, 0, 100), ("events", 3, 0, 100)])
                self.assertEqual(
                    parts, [(0, entry(b"two", magic)), (0, b""), (_WRONG_PARTITION, b"")]
                )

    def test_an_answer_ends_with_its_segment_and_reading_goes_on_in_the_next(self):
        sent = [b"%05d" % number * 20 for number in range(300)]
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, "--segment-bytes", "3000") as client:
                for payload in sent:
                    client.produce("log", 0, entry(payload, magic))
                end, *starts = client.offsets("log", 0, LATEST)
                self.assertGreater(len(starts), 5)
                self.assertEqual(starts[-1], 0)

                ends = [*reversed(starts[:-1]), end]
                for start, segment_end in zip(reversed(starts), ends):
                    error, segment = client.fetch("log", 0, start)
                    self.assertEqual((error, start + len(segment)), (0, segment_end))
                    self.assertEqual(messages(segment, start)[1], segment_end, "whole entries alone")
                self.assertEqual(_payloads(client.read_on("log", 0, 0)[0]), sent)
                self.assertEqual(_payloads(client.read_on("log", 0, 0, max_size=999)[0]), sent, "cut anywhere")

    def test_retention_takes_the_oldest_segments_and_in_the_end_all(self):
        faults = "fetch 2: expire log/0 2\nfetch 4: expire log/0 1000\n"
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, "--segment-bytes", "3000", faults=faults) as client:
                for number in range(100):
                    client.produce("log", 0, entry(b"%0100d" % number, magic))
                end, *starts = client.offsets("log", 0, LATEST)
                third = starts[-3]

                self.assertEqual(client.fetch("log", 0, 0)[0], 0)
                self.assertEqual(client.fetch("log", 0, 0), (_OUT_OF_RANGE, b""))
                self.assertEqual(client.offsets("log", 0, EARLIEST), [third])
                self.assertEqual(client.fetch("log", 0, third)[0], 0)
                self.assertEqual(client.fetch("log", 0, third), (_OUT_OF_RANGE, b""))
                self.assertEqual(client.offsets("log", 0, EARLIEST), [end])
                self.assertEqual(client.offsets("log", 0, LATEST), [end])
                self.assertEqual(client.fetch("log", 0, end), (0, b""))

                client.produce("log", 0, entry(b"after", magic))
                self.assertEqual(_payloads(client.read_on("log", 0, end)[0]), [b"after"])

    def test_compressed_plain_and_nested_entries_of_both_magics_follow_each_other_on_07(self):
        inner = message_set([b"a", b"b"], 1)
        nested = compressed(entry(b"c", 0) + compressed(message_set([b"d"], 1), GZIP) + entry(b"e", 1), SNAPPY)
        with self.client("0.7") as client:
            client.produce("mixed", 0, entry(b"old", 0) + compressed(inner, GZIP) + entry(b"plain", 1))
            client.produce("mixed", 0, compressed(inner, SNAPPY) + nested + compressed(b"", GZIP))
            found, end = client.read_on("mixed", 0, 0)
            self.assertEqual(_payloads(found), [b"old", b"a", b"b", b"plain", b"a", b"b", b"c", b"d", b"e"])
            self.assertEqual(end, client.log_end("mixed", 0))

    def test_what_07_refuses_06_stores(self):
        torn = entry(b"whole", 0) + entry(b"torn off", 0)[:-3]
        for line in _LINES:
            with self.subTest(line=line), self.client(line) as client:
                client.produce("log", 0, torn)
                client.produce("log", 0, entry(b"next", 0))
                error, stored = client.fetch("log", 0, 0)
                self.assertEqual(error, 0)
                if line == "0.6":
                    self.assertEqual(stored, torn + entry(b"next", 0))
                    self.assertRaises(Corrupt, messages, stored, 0)
                else:
                    self.assertEqual(_payloads(messages(stored, 0)[0]), [b"whole", b"next"])
        strange_magic = entry(b"strange", 0)[:4] + b"\x07" + entry(b"strange", 0)[5:]
        with self.client("0.6") as client:
            client.produce("log", 0, strange_magic)
            self.assertEqual(client.fetch("log", 0, 0), (0, strange_magic))

    def test_a_set_that_is_refused_ends_the_connection_and_leaves_the_log_as_it_was(self):
        refused = {
            "0.6": [entry(b"x", 0)[:-1] + b"y", entry(b"new", 1), entry(b"cut", 0)[:-1]],
            "0.7": [
                entry(b"good", 1) + entry(b"x", 1)[:-1] + b"y",
                entry(b"x", 1, 3),
                entry(b"no gzip", 1, GZIP),
                compressed(entry(b"x", 1)[:-1] + b"y", GZIP),
                entry(b"x", 0)[:4] + b"\x02" + entry(b"x", 0)[5:],
            ],
        }
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line) as client:
                client.produce("log", 0, entry(b"there", magic))
                for bad in refused[line]:
                    with LegacyClient(client.sandbox.ports[0]) as producer:
                        producer.produce("log", 0, bad)
                        self.assertTrue(producer.is_hung_up_on())
                self.assertEqual(_payloads(client.read_on("log", 0, 0)[0]), [b"there"])

    def test_only_07_has_a_largest_message_and_drops_it_in_silence(self):
        large = b"l" * 1001
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, "--max-message-bytes", "1000") as client:
                client.produce("log", 0, entry(large, magic))
                client.produce("log", 0, entry(large[1:], magic))
                stored = [large[1:]] if line == "0.7" else [large, large[1:]]
                self.assertEqual(_payloads(client.read_on("log", 0, 0)[0]), stored)

    def test_an_unknown_topic_is_made_by_06_and_looks_empty_on_07(self):
        for line in _LINES:
            with self.subTest(line=line), self.client(line) as client:
                self.assertEqual(client.fetch("nobody", 0, 0), (0, b""))
                self.assertEqual(client.fetch("nobody", 0, 12345), (_OUT_OF_RANGE if line == "0.6" else 0, b""))
                self.assertEqual(client.fetch("nobody", 1, 0), (_WRONG_PARTITION, b""))
                self.assertEqual(client.fetch("", 0, 0), (_UNKNOWN, b""))
                self.assertEqual(client.fetch("a/b", 0, 0)[0], 0 if line == "0.6" else _UNKNOWN)
                self.assertEqual(client.offsets("no one", 0, LATEST), [0])
                self.assertEqual(client.offsets("no one either", 0, EARLIEST), [0])
                self.assertEqual(client.offsets("nor they", 0, 1_600_000_000_000), [])
            with self.client(line) as client:
                with self.assertRaises(EOFError):
                    client.offsets("nobody", 1, LATEST)

    def test_a_topic_that_is_removed_leaves_07_readers_waiting_without_an_error(self):
        with self.client("0.7", "--topic", "events:1:100", faults="fetch 2: forget events\n") as client:
            end = client.log_end("events", 0)
            self.assertEqual(client.fetch("events", 0, 0)[0], 0)
            self.assertEqual(client.fetch("events", 0, end), (0, b""))
            self.assertEqual(client.log_end("events", 0), 0)
            client.produce("events", 0, entry(b"anew", 1))
            self.assertEqual(client.fetch("events", 0, end), (_OUT_OF_RANGE, b""))

    def test_an_oversize_message_of_the_script_is_read_slice_by_slice(self):
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, faults="list_offsets 1: append log/0 3000000\n") as client:
                end = client.log_end("log", 0)
                log_bytes = b""
                while len(log_bytes) < end:
                    error, slice_ = client.fetch("log", 0, len(log_bytes), 65536)
                    self.assertEqual(error, 0)
                    log_bytes += slice_
                found, read_to = messages(log_bytes, 0)
                self.assertEqual([len(message.payload) for message in found], [3_000_000])
                self.assertEqual(read_to, end)

    def test_generated_topics_hold_what_they_promise(self):
        topics = {
            "0.6": ("--topic", "events:2:5000", "--prebuilt", "lines:2:100:none:20000"),
            "0.7": (
                "--topic", "events:2:5000", "--prebuilt", "lines:2:100:none:20000",
                "--prebuilt", "zipped:1:300:gzip:5000", "--prebuilt", "snapped:1:300:snappy:5000",
            ),
        }
        for line in _LINES:
            with self.subTest(line=line), self.client(line, *topics[line], "--segment-bytes", "200000") as client:
                self.assertEqual(len(client.sandbox.expected), len(topics[line]) // 2 + 2)
                for (topic, partition), expected in client.sandbox.expected.items():
                    payloads = _payloads(client.read_on(topic, partition, 0, 300_000)[0])
                    checksum = sum(
                        int.from_bytes(payload[:8], "little") ^ number for number, payload in enumerate(payloads)
                    )
                    seen = {
                        "messages": len(payloads),
                        "value_bytes": sum(map(len, payloads)),
                        "checksum": checksum % 2**64,
                    }
                    self.assertEqual(seen, expected, topic)
                    self.assertGreater(len(client.offsets(topic, partition, LATEST)), 1)

    def test_a_log_may_begin_far_and_hold_gigabytes_in_little_memory(self):
        start, end, step = 10_253_927_224, 13_824_791_571, 349  # of each message
        for line, magic in _LINES.items():
            value_bytes = step - len(entry(b"", magic))
            topic = f"events:1:{value_bytes}:none:{(end - start) // step}:start={start}"
            faults = "fetch of now: expire events/0 1\n"
            with self.subTest(line=line), self.client(line, "--prebuilt", topic, faults=faults) as client:
                self.assertEqual(client.offsets("events", 0, EARLIEST), [start])
                self.assertEqual(client.log_end("events", 0), end)
                self.assertEqual(client.fetch("events", 0, start - 1), (_OUT_OF_RANGE, b""))
                self.assertEqual(client.fetch("events", 0, end), (0, b""))
                for offset in (start, start + 7_000_000 * step, end - 2 * step):
                    found, read_to = messages(client.fetch("events", 0, offset, 2 * step)[1], offset)
                    self.assertEqual([len(message.payload) for message in found], [value_bytes] * 2)
                    self.assertEqual(read_to, offset + 2 * step)

                client.fetch("now", 0, 0)
                [first] = client.offsets("events", 0, EARLIEST)
                self.assertGreater(first, start + (1 << 30))
                self.assertEqual(client.fetch("events", 0, first - 1), (_OUT_OF_RANGE, b""))
                self.assertEqual(len(messages(client.fetch("events", 0, first, step)[1], first)[0]), 1)
                client.produce("events", 0, entry(b"more", magic))
                self.assertEqual(_payloads(client.read_on("events", 0, end)[0]), [b"more"])
                self.assertLess(client.sandbox.peak_memory_bytes(), 256 << 20)

    def test_events_may_begin_far_too(self):
        for line in _LINES:
            with self.subTest(line=line), self.client(line, "--topic", "events:1:1000:start=5000000000") as client:
                found, _ = client.read_on("events", 0, 5_000_000_000)
                self.assertEqual(len(found), 1000)
                self.assertEqual(client.fetch("events", 0, 0), (_OUT_OF_RANGE, b""))

    def test_events_with_a_rate_appear_one_after_another(self):
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, "--topic", "events:1:1000000:1000") as client:
                found, offset = [], 0
                while len(found) < 300:
                    more, offset = client.read_on("events", 0, offset)
                    found += more
                for number, message in enumerate(found):
                    self.assertIn(b'"sequence":%d,' % number, message.payload)
                client.produce("events", 0, entry(b"in between", magic))
                wait_until(
                    lambda: b"in between" in _payloads(client.read_on("events", 0, 0)[0]), "what was produced is there"
                )

    def test_messages_stay_invisible_until_they_are_flushed(self):
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, "--flush-ms", "4000") as client:
                client.produce("log", 0, entry(b"late", magic))
                self.assertEqual(client.fetch("log", 0, 0), (0, b""))
                self.assertEqual(client.offsets("log", 0, LATEST), [0])
                self.assertEqual(client.fetch("log", 0, 1), (_OUT_OF_RANGE, b""))
                wait_until(lambda: client.fetch("log", 0, 0) == (0, entry(b"late", magic)), "it is flushed")

    def test_times_find_segments_by_their_last_write(self):
        for line in _LINES:
            options = ("--prebuilt", "lines:1:1000:none:1000", "--segment-bytes", "65536")
            with self.subTest(line=line), self.client(line, *options) as client:
                end, *starts = client.offsets("lines", 0, LATEST)
                first_ms = 1_700_000_000_000
                self.assertEqual(client.offsets("lines", 0, first_ms - 1), [])
                found = client.offsets("lines", 0, first_ms + 5)
                self.assertEqual(found, starts[-len(found) :])
                self.assertIn(len(found), range(1, len(starts)))
                self.assertEqual(client.offsets("lines", 0, 1 << 50), [end, *starts])
                self.assertEqual(client.offsets("lines", 0, 1 << 50, 2), [end, starts[0]])

    def test_faults_of_the_script_reach_the_old_line_too(self):
        faults = "\n".join((
            "fetch 1 of log/0: error 1",
            "fetch 2: flip -1",
            "fetch 3: cut 8",
            "produce 2: cut 0",
        ))
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, faults=faults) as client:
                client.produce("log", 0, entry(b"here", magic))
                self.assertEqual(client.fetch("log", 0, 0), (1, b""))
                error, flipped = client.fetch("log", 0, 0)
                self.assertEqual(error, 0)
                self.assertRaises(Corrupt, messages, flipped, 0)
                with self.assertRaises(EOFError):
                    client.fetch("log", 0, 0)
                with LegacyClient(client.sandbox.ports[0]) as second:
                    second.produce("log", 0, entry(b"stored", magic))
                    self.assertTrue(second.is_hung_up_on())

    def test_answers_are_delayed_dribbled_replaced_repeated_or_never_come(self):
        faults = "\n".join((
            "fetch 1: delay 300",
            "fetch 2: dribble 3 1",
            "fetch 3: shorten 1",
            "fetch 4: replace 00000002ffff",
            "fetch 5: repeat",
            "fetch 6: silence",
        ))
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, faults=faults) as client:
                whole = (0, entry(b"here", magic))
                client.produce("log", 0, whole[1])
                before = time.monotonic()
                self.assertEqual(client.fetch("log", 0, 0), whole)
                self.assertGreaterEqual(time.monotonic() - before, 0.3)
                self.assertEqual(client.fetch("log", 0, 0), whole)
                self.assertEqual(client.fetch("log", 0, 0), (0, whole[1][:-1]))
                self.assertEqual(client.fetch("log", 0, 0), (_UNKNOWN, b""))
                self.assertEqual(client.fetch("log", 0, 0), whole)
                self.assertEqual(client.receive_answer(), b"\0\0" + whole[1])
                with self.assertRaises(TimeoutError):
                    client.fetch("log", 0, 0, patience_s=0.2)

    def test_brokers_fail_at_a_moment_of_the_tests_choice_and_keep_their_logs(self):
        faults = "fetch 1 of now: down 1 500\nconnection 3-4: cut 0\nfetch of now: append log/0 1000\n"
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, faults=faults) as client:
                client.produce("log", 0, entry(b"kept", magic))
                [port] = client.sandbox.ports
                with LegacyClient(port) as trigger:
                    with contextlib.suppress(EOFError, ConnectionError):  # its answer may be on the way
                        trigger.fetch("now", 0, 0)
                    self.assertTrue(trigger.is_hung_up_on())
                self.assertTrue(client.is_hung_up_on())
                for _ in range(2):
                    with LegacyClient(port) as refused:
                        self.assertTrue(refused.is_hung_up_on())

                def payload_sizes():
                    try:
                        with LegacyClient(port) as again:
                            return [len(payload) for payload in _payloads(again.read_on("log", 0, 0)[0])]
                    except (EOFError, ConnectionError):
                        return []

                wait_until(payload_sizes, "it is back")
                self.assertEqual(payload_sizes(), [4, 1000])

    def test_requests_of_today_are_hung_up_on_and_the_probe_is_answered(self):
        api_versions = struct.pack(">ihhih", 10, 18, 0, 7, -1)
        for line in _LINES:
            with self.subTest(line=line), self.client(line) as client:
                client.send_raw(api_versions)
                self.assertTrue(client.is_hung_up_on())
                with LegacyClient(client.sandbox.ports[0]) as second:
                    self.assertEqual(second.multi_fetch([]), [])

    def test_the_topic_null_is_unknown_to_06_and_ends_the_connection_to_07(self):
        fetch_of_null = struct.pack(">ihhiqi", 20, 1, -1, 0, 0, 1000)
        with self.client("0.6") as client:
            client.send_raw(fetch_of_null)
            self.assertEqual(client.receive_answer(), struct.pack(">h", _UNKNOWN))
            self.assertEqual(client.multi_fetch([]), [])
        with self.client("0.7") as client:
            client.send_raw(fetch_of_null)
            self.assertTrue(client.is_hung_up_on())

    def test_each_broker_has_logs_of_its_own(self):
        for line, magic in _LINES.items():
            with self.subTest(line=line), self.client(line, "--listeners", "2") as client:
                client.produce("log", 0, entry(b"first", magic))
                self.assertGreater(client.log_end("log", 0), 0)
                with LegacyClient(client.sandbox.ports[1]) as other:
                    self.assertEqual(other.log_end("log", 0), 0)

    def test_options_that_make_no_sense_for_a_line_are_refused(self):
        for options in (
            ["--protocol", "0.8"],
            ["--topic", "events:1:1", "--segment-bytes", "1000"],
            ["--topic", "events:1:1:start=1000"],
            ["--protocol", "0.6", "--prebuilt", "lines:1:100:gzip:10"],
            ["--protocol", "0.7", "--prebuilt", "lines:1:100:lz4:10"],
            ["--protocol", "0.7", "--prebuilt", "lines:1:100:none"],
            ["--protocol", "0.7", "--topic", "events:1:1", "--topic", "events:1:1"],
        ):
            command = [os.environ["SANDBOX_PROGRAM"], *options]
            refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
            self.assertEqual(refused.returncode, 2, options)
            self.assertTrue(refused.stderr, options)


if __name__ == "__main__":
    unittest.main()
