"""`status` as a person and as a monitor have it, and `--watch`, in a real terminal and in a pipe.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.status_test
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from support.child_process import spawn, wait_until
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox
from support.terminal import Terminal, check_screen


class WatchTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:1000"))
        self.node = self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, ["events"]))

    def start(self):
        self.node.start_console()
        for partition in (0, 1):
            self.node.wait_for_partition("events", partition, lambda row: row["state"] == "ok", "all is read")

    def watching(self, *options):
        terminal = self.enterContext(Terminal(self.folder))
        terminal.run("stty -g > before; echo what was there")
        terminal.enter(f"ductus status node --watch=200ms {' '.join(options)}")
        return terminal

    def assert_left(self, terminal):
        """The screen and the terminal's settings are as before."""
        terminal.wait_for("what was there")
        terminal.run("stty -g > after")
        self.assertEqual((self.folder / "after").read_text(), (self.folder / "before").read_text())

    # In a terminal.

    def test_q_quits_and_the_screen_is_as_before(self):
        self.start()
        terminal = self.watching()
        seen = terminal.wait_for("● running")
        self.assertIn("Total lag: 0 messages", seen)
        self.assertNotIn("what was there", seen)
        terminal.press("q")
        self.assert_left(terminal)

    def test_ctrl_c_and_signals_leave_the_terminal_as_it_was(self):
        self.start()
        for leave in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(leave), Terminal(self.folder) as terminal:
                terminal.run("stty -g > before; echo what was there")
                terminal.enter("ductus status node --watch=200ms & echo $! > pid; fg")
                terminal.wait_for("● running")
                if leave == signal.SIGINT:
                    terminal.press("C-c")
                else:
                    os.kill(int((self.folder / "pid").read_text()), leave)
                self.assert_left(terminal)

    def test_stopped_and_continued_it_goes_on(self):
        self.start()
        terminal = self.watching()
        terminal.wait_for("● running")
        terminal.press("C-z")
        terminal.wait_for("what was there")
        terminal.enter("fg")
        terminal.wait_for("● running")
        terminal.press("q")
        self.assert_left(terminal)

    def test_space_freezes_and_a_new_size_is_drawn(self):
        self.start()
        terminal = self.watching()
        terminal.wait_for("● running")
        terminal.press("Space")
        terminal.wait_for("frozen")
        terminal.resize(60, 6)
        terminal.wait_until(lambda screen: "Total lag" in screen and "SO FAR" in screen, "drawn on a small screen")
        terminal.press("Space")
        terminal.wait_until(lambda screen: "frozen" not in screen, "it goes on")

    def test_a_node_that_goes_down_and_comes_back_is_watched_on(self):
        self.start()
        terminal = self.watching()
        terminal.wait_for("● running")
        self.assertEqual(self.node.stop(), 0)
        self.node.wait_for_exit()
        terminal.wait_for("○ not running")
        self.start()
        terminal.wait_for("● running")

    def test_watch_shows_what_the_documentation_shows(self):
        self.start()
        terminal = self.watching()

        def without_events():
            # Below the tree stand the last lines of the log.
            lines = terminal.wait_until(lambda seen: seen.count("▁" * 30) == 3, "curves in full length").split("\n")
            tree = [number for number, line in enumerate(lines) if line.startswith("tree ")]
            return "\n".join(lines[: tree[0] + 1] if tree else lines)

        check_screen(self, "watch", without_events)

    # Without one.

    def watched(self, *options):
        arguments = [os.environ["DUCTUS_PROGRAM"], "status", self.node.config, "--watch=100ms", *options]
        return spawn(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def test_a_pipe_gets_a_block_each_time(self):
        self.start()
        watch = self.watched()
        text = "".join(watch.stdout.readline() for _ in range(20))
        watch.send_signal(signal.SIGTERM)
        watch.communicate()
        blocks = text.split("kafka_ductus 'node' from ")[1:]
        self.assertGreaterEqual(len(blocks), 2, text)
        self.assertTrue(blocks[0].endswith("\n\n"), text)
        self.assertNotIn("\x1b", text)

    def test_json_is_a_line_each_time(self):
        self.start()
        watch = self.watched("--json")
        seen = [json.loads(watch.stdout.readline()) for _ in range(3)]
        watch.send_signal(signal.SIGTERM)
        watch.communicate()
        self.assertEqual({status["state"] for status in seen}, {"running"})

    def test_a_reader_that_hangs_up_ends_it(self):  # B22
        self.start()
        watch = self.watched("--json")
        watch.stdout.readline()
        watch.stdout.close()
        self.assertEqual(watch.wait(30), 1)


class StatusTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:1000", "--topic", "orders:1:10"))
        self.node = self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, ["events", "orders"]))

    def start(self):
        self.node.start_console()
        for place in (("events", 0), ("events", 1), ("orders", 0)):
            self.node.wait_for_partition(*place, lambda row: row["state"] == "ok", "all is read")

    def test_status_shows_what_the_documentation_shows(self):
        self.start()
        terminal = self.enterContext(Terminal(self.folder, columns=140))

        def with_rates():
            seen = terminal.run("ductus status node")
            return seen if seen.count("  now") == 3 else None

        check_screen(self, "status", lambda: wait_until(with_rates, "rates are known"))

    def test_colours_are_for_terminals(self):
        self.start()
        self.assertNotIn("\x1b", self.node.verb("status").stdout)
        self.assertIn("\x1b[32mok", self.node.verb("status", "--color=always").stdout)

    def test_classic_is_the_originals_text(self):
        self.start()
        self.assertEqual(
            self.node.verb("status", "--classic").stdout,
            f"kafka_ductus 'node' from {self.sandbox.bootstrap}\n"
            "events    :                 2000 Offset         0 messages lag\n"
            "orders    :                   10 Offset         0 messages lag\n"
            "\n"
            "Total lag: 0 messages",
        )

    def test_a_monitor_is_told_by_the_exit_code(self):
        self.start()
        self.assertEqual(self.node.verb("status", "--max-lag", "0").returncode, 0)
        self.assertEqual(self.node.stop(), 0)
        self.node.wait_for_exit()
        self.assertEqual(self.node.verb("reset_single_offset", "events", "990", "--partition", "1").returncode, 0)
        self.assertEqual(self.node.verb("status", "--max-lag", "10").returncode, 0)
        late = self.node.verb("status", "--max-lag", "100,events=9")
        self.assertEqual(late.returncode, 7)
        self.assertIn("the lag of events is 10, the limit 9", late.stderr)
        self.sandbox.__exit__()
        blind = self.node.verb("status", "--max-lag", "100")
        self.assertEqual(blind.returncode, 7)
        self.assertIn("not known", blind.stderr)


if __name__ == "__main__":
    unittest.main()
