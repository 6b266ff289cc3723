"""The README of the Erlang application, from top to bottom: each of its commands, word for word, on Kafka and Redis.

Hosts and ports are those of the test, and the sample's missing comma is put in (it is seen to be missed first).
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support import kcat
from support.child_process import wait_until
from support.kafka_broker import KafkaBroker
from support.servers.redis_server import RedisServer
from support.terminal import Terminal

SAMPLE = """[
    {ductus, [
        {source_host, "127.0.0.1"},
        {source_port, %(kafka_port)d},

        {redis_host, "127.0.0.1"},
        {redis_port, %(redis_port)d},

        {initial_offset_source, source},

        {handler_name, "kafka_ductus"},
        {periodic_period, 10000}%(comma)s
        {callback_module, ductus_example_handler},
        {topics, [
         %(topics)s
        ]}
    ]}
].
"""
TOPICS = ["test", "the_topic", "topic1", "topic2"]
OFFSETS = '{"results":[{"topic":"topic1","offset":2732945670},{"topic":"topic2","offset":18992525,}]}'


class OldReadme(unittest.TestCase):
    """A checkout of its own: bin/ductus, and config/ beside it, as the README has them."""

    @classmethod
    def setUpClass(cls):
        cls.kafka = KafkaBroker()
        cls.kafka.start()
        cls.addClassCleanup(cls.kafka.close)
        for topic in TOPICS:
            cls.kafka.create_topic(topic, 1)
            kcat.produce(cls.kafka.bootstrap, topic, 0, b"".join(b"line 1700000000 %d\n" % i for i in range(200)))

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ductus-old-readme-")
        self.addCleanup(folder.cleanup)
        self.checkout = pathlib.Path(folder.name)
        (self.checkout / "bin").mkdir()
        (self.checkout / "bin/ductus").symlink_to(os.environ["DUCTUS_PROGRAM"])
        (self.checkout / "config").mkdir()
        self.redis = RedisServer(self.checkout, "--save", "")
        self.redis.start()
        self.addCleanup(self.redis.kill)
        self.addCleanup(self.run_command, "./bin/ductus stop local_to_local", None)
        self.configure(TOPICS)

    def configure(self, topics, comma=","):
        listed = ",\n         ".join('{"%s", {}}' % topic for topic in topics)
        values = {"kafka_port": self.kafka.address[1], "redis_port": self.redis.port, "comma": comma, "topics": listed}
        (self.checkout / "config/local_to_local.config").write_text(SAMPLE % values)

    def run_command(self, command, exit_code=0):
        """A line of the README, from the checkout. Returns its standard output; what was said is in `said`."""
        done = subprocess.run(
            command, shell=True, cwd=self.checkout, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )
        self.said = done.stderr
        if exit_code is not None:
            self.assertEqual(exit_code, done.returncode, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def stored(self):
        """What lies in Redis under the handler's name: by topic, of partition 0."""
        words = self.redis.cli("HGETALL", "kafka_ductus").split("\n")
        return {name.removesuffix("/0"): int(offset) for name, offset in zip(words[::2], words[1::2])}

    def status(self):
        rows = json.loads(self.run_command("./bin/ductus status local_to_local --json"))["partitions"]
        return {row["topic"]: row for row in rows}

    def wait_for(self, topic, state):
        return wait_until(
            lambda: (row := self.status().get(topic)) and row["state"] == state and row, f"{topic} is {state}"
        )

    def test_from_top_to_bottom(self):
        with self.subTest("Configuration: the sample lacks a comma"):
            self.configure(["test"], comma="")
            self.run_command("./bin/ductus status local_to_local", 6)
            self.assertRegex(self.said, r"local_to_local\.config:13:\d+: .*','")
            self.configure(TOPICS)

        with self.subTest("Resetting offsets"):
            self.run_command("./bin/ductus reset_offsets local_to_local")
            self.assertEqual(dict.fromkeys(TOPICS, 200), self.stored())
            self.run_command("./bin/ductus reset_to_oldest_offsets local_to_local")
            self.assertEqual(dict.fromkeys(TOPICS, 0), self.stored())
            self.run_command("./bin/ductus reset_offsets local_to_local")
            self.run_command("./bin/ductus zero_offsets local_to_local")
            self.assertEqual(dict.fromkeys(TOPICS, 0), self.stored())
            self.run_command("./bin/ductus reset_single_offset local_to_local the_topic 123")
            self.assertEqual({**dict.fromkeys(TOPICS, 0), "the_topic": 123}, self.stored())
            (self.checkout / "offsets.json").write_text(OFFSETS)
            self.run_command("./bin/ductus reset_offsets_from_file local_to_local offsets.json")
            self.assertIn("topic1/0", self.said)
            self.assertIn("outside the log", self.said)
            self.assertEqual(
                {"test": 0, "the_topic": 123, "topic1": 2732945670, "topic2": 18992525}, self.stored()
            )

        with self.subTest("Starting: a daemon"):
            self.assertEqual("false\n", self.run_command("bin/ductus running local_to_local", 3))
            self.run_command("bin/ductus start local_to_local")
            self.assertEqual("true\n", self.run_command("bin/ductus running local_to_local"))
            self.wait_for("test", "ok")
            self.assertEqual(200, self.wait_for("the_topic", "ok")["next_offset"])
            for topic in ["topic1", "topic2"]:  # past the end, as they were set
                self.assertIn("outside the log", self.wait_for(topic, "stopped")["reason"])
            wait_until(lambda: self.stored()["test"] == 200, "the offset of test is stored")

        with self.subTest("Attaching: use ctrl-c ctrl-c to detach"):
            with Terminal(self.checkout) as terminal:
                terminal.enter("bin/ductus attach local_to_local")
                terminal.wait_for_last_line("kafka_ductus>")
                terminal.press("C-c", "C-c")
                terminal.wait_for_last_line("shell$")
            self.assertEqual("true\n", self.run_command("bin/ductus running local_to_local"))

        with self.subTest("Status"):
            lines = self.run_command("bin/ductus status local_to_local").splitlines()
            self.assertEqual(f"kafka_ductus 'kafka_ductus' from {self.kafka.bootstrap}", lines[0])
            self.assertTrue(lines[-1].startswith("Total lag: "), lines[-1])
            classic = self.run_command("bin/ductus status local_to_local --classic")
            self.assertRegex(classic, re.compile(r"^test      :                  200 Offset +0 messages lag$", re.M))

        with self.subTest("Stopping"):
            self.run_command("bin/ductus stop local_to_local")
            self.assertEqual("false\n", self.run_command("bin/ductus running local_to_local", 3))

        with self.subTest("Starting: in a console"):
            self.configure(["test"])
            kcat.produce(self.kafka.bootstrap, "test", 0, b"line 1700000001 more\n")
            with Terminal(self.checkout) as terminal:
                terminal.enter("bin/ductus console local_to_local")
                wait_until(lambda: self.stored()["test"] == 201, "the console has read the line")
                terminal.press("C-c")
                terminal.wait_for_last_line("shell$")

        with self.subTest("Adding topics"):
            self.configure(["test"])
            self.run_command("bin/ductus start local_to_local")
            self.configure(["test", "the_topic"])
            self.run_command("bin/ductus stop local_to_local")
            self.run_command("./bin/ductus reset_single_offset local_to_local the_topic 150")
            self.run_command("bin/ductus start local_to_local")
            self.assertEqual(200, self.wait_for("the_topic", "ok")["next_offset"])
            self.assertEqual(201, self.wait_for("test", "ok")["next_offset"])
            self.run_command("bin/ductus stop local_to_local")


if __name__ == "__main__":
    unittest.main()
