"""What the world does wrong: one clear error that says what, where and what to do; what can heal is waited for.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.bad_input_test
"""

import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.kafka_broker import KafkaBroker
from support.sandbox import Sandbox

_COUNT = 500


def _port_that_refuses():
    """Bound and not listening: nobody else can take it while the socket lives."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held, held.getsockname()[1]


def _run_with_stdout(target, words):
    """ductus with its standard output sent to `target`, as a shell spells it."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" >{target}', os.environ["DUCTUS_PROGRAM"], *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class BadInputTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))

    def sandbox(self):
        return self.enterContext(Sandbox(self.folder, "--topic", f"events:1:{_COUNT}"))

    def node(self, bootstrap, topics=("events",), folder="node", **tables):
        return self.enterContext(DuctusNode(self.folder / folder, bootstrap, topics, **tables))

    def assert_nothing_stored(self, node):
        for row in node.status()["partitions"]:
            self.assertIsNone(row["next_offset"], row)

    def assert_stops_well(self, node):
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

    def wait_until_all_is_read(self, node):
        node.wait_for_partition("events", 0, lambda row: row["next_offset"] == _COUNT, "everything is read")

    def test_an_unknown_topic_is_named_and_holds_up_no_other(self):
        node = self.node(self.sandbox().bootstrap, ["events", "evnets"])

        self.assertEqual(node.run_until_end(timeout_s=3), 4, node.said)

        self.assertEqual(node.said.count("topic evnets does not exist"), 1, node.said)
        self.assertEqual(node.output("events", 0).count(b"\n"), _COUNT)
        rows = node.partition_status()
        self.assertIn("evnets does not exist", rows["evnets", None]["reason"])
        self.assertEqual(rows["events", 0]["next_offset"], _COUNT)
        reset = node.verb("zero_offsets")
        self.assertEqual(reset.returncode, 1, reset.stderr)
        self.assertIn("evnets does not exist; nothing was changed", reset.stderr)
        self.assertEqual(node.partition_status()["events", 0]["next_offset"], _COUNT)

    def test_a_broker_that_refuses_is_named_and_waited_for(self):
        held, port = _port_that_refuses()
        self.addCleanup(held.close)
        node = self.node(f"127.0.0.1:{port}")

        self.assertEqual(node.run_until_end(timeout_s=2), 4, node.said)

        self.assertIn(f"127.0.0.1:{port}: cannot connect: Connection refused", node.said)
        row = node.partition_status()["events", None]
        self.assertIn(f"127.0.0.1:{port}", row["reason"])
        self.assertEqual((row["next_offset"], row["lag"]), (None, None))
        for verb in ["reset_offsets", "reset_to_oldest_offsets", "zero_offsets"]:
            refused = node.verb(verb)
            self.assertEqual(refused.returncode, 4, refused.stderr)
            self.assertIn(f"127.0.0.1:{port}", refused.stderr)
        self.assert_nothing_stored(node)

    def test_without_a_stored_offset_the_partition_stops_and_says_what_to_do(self):
        node = self.node(self.sandbox().bootstrap, offsets={"when_missing": "stop"})

        self.assertEqual(node.run_until_end(), 1, node.said)

        self.assertIn("events/0 stopped: no stored offset; set one with reset_offsets", node.said)
        self.assertIn("not read to the end, for the reasons above: events/0", node.said)
        self.assert_nothing_stored(node)
        self.assertEqual(node.output("events", 0), b"")

        node.start_console()
        node.wait_for_partition("events", 0, lambda row: "no stored offset" in row["reason"], "it says why it stopped")
        self.assertIsNone(node.exit_code(), "others could go on")
        self.assert_stops_well(node)

    def test_a_configuration_that_cannot_be_read_is_told_with_its_place(self):
        node = self.node("127.0.0.1:1")
        text = node.config.read_text()
        cases = {
            "handler_nam = 'x'\n" + text: "node.toml:1:1: unknown key 'handler_nam'; did you mean 'handler_name'?",
            text.replace('brokers = ["', 'brokers = ["kafka:port'): "brokers",
            text + "[[topics\n": "node.toml:",
            "\0\xff": "node.toml",
        }
        for content, said in cases.items():
            node.config.write_text(content, encoding="latin-1")
            for verb in ["console", "status", "running", "stop", "zero_offsets"]:
                done = node.verb(verb)
                self.assertEqual(done.returncode, 6, f"{verb}: {done.stderr}")
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stdout, "")
        node.config.unlink()
        self.assertEqual(node.verb("status").returncode, 6)
        node.config.mkdir()
        self.assertEqual(node.verb("console").returncode, 6)
        self.assertFalse((node.folder / "run").exists(), "nothing was left on disk")

    def test_a_file_that_cannot_be_written_is_named_and_tried_again_until_it_can(self):
        node = self.node(self.sandbox().bootstrap)
        in_the_way = node.output_path("events", 0)
        in_the_way.mkdir()

        node.start_console()

        row = node.wait_for_partition("events", 0, lambda row: row["state"] == "backoff", "it backs off")
        self.assertIn(str(in_the_way), row["reason"])
        in_the_way.rmdir()
        self.wait_until_all_is_read(node)
        self.assertEqual(node.output("events", 0).count(b"\n"), _COUNT)
        self.assert_stops_well(node)

    def test_a_full_disk_is_named_and_waited_out_without_a_torn_or_a_lost_line(self):
        sandbox = self.sandbox()
        node = self.node(sandbox.bootstrap)
        reference = self.node(sandbox.bootstrap, folder="reference")
        self.assertEqual(reference.run_until_end(), 0, reference.said)
        expected = reference.output("events", 0)
        held, port = _port_that_refuses()
        held.close()
        node.config.write_text(node.config.read_text().replace(sandbox.bootstrap, f"127.0.0.1:{port}"))
        node.start_console()
        node.wait_for_reason("events", "refused")
        node.limit_file_size(1000)
        self.enterContext(Sandbox(self.folder, "--topic", f"events:1:{_COUNT}", "--port", str(port)))

        row = node.wait_for_partition(
            "events", 0, lambda row: row["state"] in ("backoff", "waiting") and row["reason"], "it says what is wrong"
        )

        self.assertRegex(row["reason"], "File too large|store")
        self.assertIsNone(node.exit_code(), node.said)
        node.limit_file_size(-1)
        self.wait_until_all_is_read(node)
        self.assertEqual(node.output("events", 0), expected)
        self.assert_stops_well(node)

    def test_an_answer_that_standard_output_does_not_take_is_an_error(self):  # B22
        node = self.node("127.0.0.1:1")
        for target in ["&-", "/dev/full"]:
            for words in [["status", node.config], ["running", node.config], ["--help"]]:
                done = _run_with_stdout(target, words)
                self.assertEqual(done.returncode, 1, f"{words} >{target}: {done.stderr}")
                self.assertIn("standard output did not take all of the answer", done.stderr)

    def test_messages_that_standard_output_does_not_take_are_not_counted_as_read(self):
        node = self.node(self.sandbox().bootstrap, handler={"module": "print"})
        words = ["console", node.config, "--until-end", "--timeout", "2s"]
        for target in ["&-", "/dev/full"]:
            done = _run_with_stdout(target, words)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("standard output", done.stderr)
            self.assertEqual(node.partition_status()["events", 0]["next_offset"], 0)

    def test_a_second_node_is_refused_and_the_first_one_goes_on(self):
        sandbox = self.sandbox()
        node = self.node(sandbox.bootstrap)
        node.start_console()
        self.wait_until_all_is_read(node)

        second = node.verb("console")
        self.assertEqual(second.returncode, 5, second.stderr)
        self.assertIn(str(node.folder / "run" / "node" / "lock"), second.stderr)
        self.assertIn("stop", second.stderr)

        other = self.node(
            sandbox.bootstrap, folder="other", store={"url": f"sqlite:{node.folder}/run/node/offsets.db"}
        )
        refused = other.verb("console")
        self.assertEqual(refused.returncode, 5, refused.stderr)
        self.assertIn("offsets.db.lock", refused.stderr)

        self.assertTrue(node.is_running())
        self.assertEqual(node.partition_status()["events", 0]["state"], "ok")
        self.assert_stops_well(node)


class UnreachableListenerTest(unittest.TestCase):
    def test_an_advertised_listener_that_cannot_be_reached_is_named(self):
        held, port = _port_that_refuses()
        self.addCleanup(held.close)
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        broker = self.enterContext(KafkaBroker({"advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"}))
        broker.create_topic("events", 1)
        node = self.enterContext(DuctusNode(folder, broker.bootstrap, ["events"]))

        node.start_console()
        node.wait_for_partition(
            "events",
            0,
            lambda row: row["state"] == "waiting" and f"127.0.0.1:{port}" in row["reason"],
            "it says who cannot be reached",
        )
        self.assertIsNone(node.exit_code(), node.said)
        wait_until(lambda: f"127.0.0.1:{port}" in node.said, "the log says so too")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

        self.assertIn(f"127.0.0.1:{port}", node.partition_status()["events", 0]["reason"])
        refused = node.verb("reset_offsets")
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertIn(f"127.0.0.1:{port}", refused.stderr)


if __name__ == "__main__":
    unittest.main()
