"""The original's configuration files, and topics of which only some partitions are read.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.config_test
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

from support.ductus_node import DuctusNode
from support.child_process import spawn, wait_until
from support.sandbox import Sandbox

_DEFAULT = """[
    {lager, [{handlers, [
        {lager_console_backend, info},
        {lager_file_backend, [
            {"log/error.log", error, 10485760, "$D0", 5},
            {"log/console.log", info, 10485760, "$D0", 5}
        ]}
    ]}]}
]."""


class OriginalConfigTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "test:1:300"))
        (self.folder / "config").mkdir()
        (self.folder / "config" / "default.config").write_text(_DEFAULT)

    def configure(self, between_period_and_module=","):
        host, port = self.sandbox.bootstrap.split(":")
        (self.folder / "config" / "local_to_local.config").write_text(f"""[
    {{ductus, [
        {{source_host, "{host}"}},
        {{source_port, {port}}},
        {{initial_offset_source, source}},
        {{handler_name, "kafka2file"}},
        {{periodic_period, 100}}{between_period_and_module}
        {{callback_module, kafka2file}},
        {{topics, [{{"test", "test_topic"}}]}}
    ]}}
].
""")

    def ductus(self, *arguments):
        return subprocess.run(
            [os.environ["DUCTUS_PROGRAM"], *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )

    def test_a_node_runs_from_the_files_of_the_original(self):
        self.configure()
        reset = self.ductus("reset_to_oldest_offsets", "local_to_local")
        self.assertEqual(reset.returncode, 0, reset.stderr)
        said = self.folder / "said"
        with said.open("wb") as out:
            arguments = [os.environ["DUCTUS_PROGRAM"], "console", "local_to_local"]
            console = spawn(arguments, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out)
        self.addCleanup(console.kill)
        wait_until(lambda: "Messages in topic test : 300\n" in said.read_text(), "the aggregate is printed")
        self.assertEqual(self.ductus("stop", "local_to_local").returncode, 0)
        self.assertEqual((self.folder / "test_topic").read_bytes().count(b"\n"), 300)
        self.assertNotEqual((self.folder / "log" / "console.log").read_text(), "")
        status = self.ductus("status", "local_to_local")
        self.assertIn("'kafka2file'", status.stdout)

    def test_a_missing_comma_is_named_with_its_line_and_nothing_starts(self):
        self.configure(between_period_and_module="")
        ran = self.ductus("console", "local_to_local", "--until-end")
        self.assertEqual(ran.returncode, 6)
        self.assertEqual(
            ran.stderr,
            "ductus: config/local_to_local.config:8:9: expected ',' or ']': '{callback_module' follows a tuple "
            "without ','\n",
        )
        self.assertFalse((self.folder / "run").exists())

    def test_what_convert_prints_runs_the_same_node(self):
        self.configure()
        converted = self.ductus("config", "convert", "local_to_local")
        self.assertEqual(converted.returncode, 0, converted.stderr)
        (self.folder / "config" / "local_to_local.toml").write_text(converted.stdout)
        shown = self.ductus("config", "show", "local_to_local", "--origin")
        self.assertIn('handler_name = "kafka2file"  # config/local_to_local.toml:1:1\n', shown.stdout)
        self.assertEqual(self.ductus("reset_to_oldest_offsets", "local_to_local").returncode, 0)
        ran = self.ductus("console", "local_to_local", "--until-end", "--timeout", "60s")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual((self.folder / "test_topic").read_bytes().count(b"\n"), 300)


class PartitionsTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:4:100"))
        self.node = self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, ["events"]))
        with self.node.config.open("a") as config:
            config.write('partitions = "0,2-3"\n')

    def test_only_the_named_partitions_are_set(self):
        self.assertEqual(self.node.verb("reset_single_offset", "events", "7", "--partition", "1").returncode, 2)
        done = self.node.verb("reset_single_offset", "events", "7", "--all-partitions")
        self.assertEqual(done.returncode, 0, done.stderr)
        places = {place: row["next_offset"] for place, row in self.node.partition_status().items()}
        self.assertEqual(places, {("events", 0): 7, ("events", 2): 7, ("events", 3): 7})

    def test_only_the_named_partitions_are_read_and_shown(self):
        self.assertEqual(self.node.run_until_end(), 0, self.node.said)
        self.assertEqual([self.node.output("events", i).count(b"\n") for i in (0, 2, 3)], [100, 100, 100])
        self.assertFalse((pathlib.Path(self.folder) / "out" / "events-1.txt").exists())
        self.assertEqual(sorted(self.node.partition_status()), [("events", 0), ("events", 2), ("events", 3)])


if __name__ == "__main__":
    unittest.main()
