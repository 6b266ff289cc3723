"""`logs` of a real daemon: the end of its log, what comes behind it over rotation, and what it says without a file.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.logs_test
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import unittest

from support.child_process import spawn, wait_until
from support.ductus_daemon import DuctusDaemon
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox
from support.terminal import Terminal, check_screen


class Follower:
    """`logs --follow`, inside a `with` block, and what it has written so far."""

    def __init__(self, node, *options):
        arguments = [os.environ["DUCTUS_PROGRAM"], "logs", node.config, "--follow", *options]
        self.process = spawn(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._reader.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self._reader.join()
        self.process.communicate()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode().rstrip("\n"))

    def wait_for(self, text):
        wait_until(lambda: any(text in line for line in self.lines), f"{text!r} is followed to")


class LogsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:1000", "--topic", "orders:1:10"))

    def daemon(self, **tables):
        node = self.enterContext(DuctusDaemon(self.folder, self.sandbox.bootstrap, ["events", "orders"], **tables))
        node.started()
        for place in (("events", 0), ("events", 1), ("orders", 0)):
            node.wait_for_partition(*place, lambda row: row["state"] == "ok", "all is read")
        return node

    def logs(self, node, *options, code=0):
        done = node.verb("logs", *options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def log_a_pause(self, node, place):
        for verb in ("pause", "resume"):
            self.assertEqual(node.verb(verb, place).returncode, 0)

    def test_it_shows_the_end_of_the_log_node_up_or_down(self):
        node = self.daemon()
        self.log_a_pause(node, "events/0")
        before, shown = node.logged(), self.logs(node).stdout
        self.assertTrue(shown.startswith(before), shown)
        (last,) = self.logs(node, "--topic", "events", "-n", "1").stdout.splitlines()
        self.assertIn("events/0 is resumed by an operator", last)
        self.assertEqual(node.stop(), 0)
        node.wait_until_nothing_is_left()
        self.assertEqual(self.logs(node, "-n", "2").stdout, "".join(node.logged().splitlines(keepends=True)[-2:]))

    def test_a_topic_and_a_level_choose_lines_in_either_form(self):
        for form in ("text", "json"):
            with self.subTest(form):
                with DuctusDaemon(
                    self.folder, self.sandbox.bootstrap, ["events", "none"], log={"format": form}
                ) as node:
                    node.started()
                    node.wait_for_reason("none", "does not exist")
                    node.wait_for_partition("events", 0, lambda row: row["state"] == "ok", "all is read")
                    self.log_a_pause(node, "events")
                    of_none = self.logs(node, "--topic", "none").stdout.splitlines()
                    self.assertTrue(of_none)
                    self.assertTrue(all("topic none does not exist" in line for line in of_none), of_none)
                    of_events = self.logs(node, "--topic", "events").stdout.splitlines()
                    self.assertEqual(len(of_events), 4)
                    self.assertTrue(all("by an operator" in line for line in of_events), of_events)
                    self.assertEqual(self.logs(node, "--topic", "event").stdout, "")
                    of_warn = self.logs(node, "--level", "warn").stdout.splitlines()
                    self.assertTrue(all("topic none does not exist" in line for line in of_warn), of_warn)
                    self.assertEqual(self.logs(node, "--level", "error").stdout, "")
                    if form == "json":
                        self.assertEqual({json.loads(line)["level"] for line in of_none}, {"warn"})
                    self.assertEqual(node.stop(), 0)
                    node.wait_until_nothing_is_left()
                    node.daemon_log.unlink()

    def test_following_loses_and_repeats_nothing_over_rotation(self):
        node = self.daemon()
        with Follower(node, "--topic", "events") as follower:
            self.log_a_pause(node, "events/0")
            follower.wait_for("events/0 is resumed")
            # As logrotate does it: moved away, made anew, and then the node is told.
            moved = node.daemon_log.with_suffix(".1")
            node.daemon_log.rename(moved)
            node.daemon_log.touch()
            self.log_a_pause(node, "events/1")
            follower.wait_for("events/1 is resumed")
            self.assertEqual(node.daemon_log.read_text(), "")
            os.kill(node.guardian_pid(), signal.SIGHUP)
            wait_until(node.logged, "the new file is written to")
            self.log_a_pause(node, "events/0")
            wait_until(lambda: len(follower.lines) == 6, "the new file is followed")
            # As with copytruncate.
            os.truncate(node.daemon_log, 0)
            self.log_a_pause(node, "events/1")
            wait_until(lambda: len(follower.lines) == 8, "the file that was cut is followed")
            did = ("paused", "resumed")
            expected = [f"events/{at} is {what} by an operator" for at in (0, 1, 0, 1) for what in did]
            self.assertEqual([line.partition(" info  ")[2] for line in follower.lines], expected)

    def test_following_goes_on_while_the_node_is_down_and_ends_by_ctrl_c(self):
        node = self.daemon()
        with Follower(node, "--level", "info") as follower:
            follower.wait_for("connected to")
            self.assertEqual(node.stop(), 0)
            node.wait_until_nothing_is_left()
            before = len(follower.lines)
            node.started()
            wait_until(lambda: len(follower.lines) > before, "the next life is followed")
            follower.process.send_signal(signal.SIGINT)
            self.assertEqual(follower.process.wait(30), -signal.SIGINT)

    def test_following_ends_when_the_reader_of_the_pipe_goes(self):
        node = self.daemon()
        follower = spawn(
            [os.environ["DUCTUS_PROGRAM"], "logs", node.config, "-f"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        follower.stdout.readline()
        follower.stdout.close()
        self.assertEqual(follower.wait(30), 0)
        self.assertEqual(follower.stderr.read(), b"")
        follower.stderr.close()

    def test_what_a_module_printed_cannot_drive_the_terminal(self):
        node = self.daemon()
        self.assertEqual(node.stop(), 0)
        node.wait_until_nothing_is_left()
        with node.daemon_log.open("a") as log:
            log.write("printed \x1b[2J past the log\n")
        terminal = self.enterContext(Terminal(self.folder, columns=120))
        self.assertIn("printed \\x1b[2J past the log", terminal.run("ductus logs node -n 1"))
        self.assertIn("printed \x1b[2J past the log\n", self.logs(node, "-n", "1").stdout)

    def test_on_a_terminal_it_is_as_in_the_documentation(self):
        node = self.daemon()
        self.log_a_pause(node, "events/0")
        terminal = self.enterContext(Terminal(self.folder))
        check_screen(self, "logs", lambda: terminal.run("ductus logs node --topic events"))

    def test_where_there_is_no_file_it_says_where_to_look(self):
        node = self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, ["events"]))
        missing = self.logs(node, code=3)
        self.assertIn("node is not running", missing.stderr)
        self.assertIn("journalctl -u ductus@node", missing.stderr)
        node.start_console()
        wait_until(node.is_running, "it runs")
        elsewhere = self.logs(node, code=1)
        self.assertIn("node logs to stderr", elsewhere.stderr)
        self.assertIn("journalctl -u ductus@node", elsewhere.stderr)

    def test_it_finds_the_file_of_a_console_that_was_told_of_it_on_its_command_line(self):
        node = self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, ["events"]))
        node.start_console("--set", "log.file=elsewhere.log")
        node.wait_for_partition("events", 0, lambda row: row["state"] == "ok", "all is read")
        self.assertEqual(self.logs(node).stdout, (self.folder / "elsewhere.log").read_text())


if __name__ == "__main__":
    unittest.main()
