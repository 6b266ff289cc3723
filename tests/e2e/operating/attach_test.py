"""`attach` as a person has it, in a real terminal, and as a script does.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.attach_test
"""

import os
import pathlib
import signal
import stat
import subprocess
import tempfile
import unittest

from support.child_process import spawn, wait_until
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox
from support.terminal import Terminal, check_screen

_PROMPT = "node>"


class AttachTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:1000", "--topic", "orders:1:10"))
        self.node = self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, ["events", "orders"]))
        self.start()

    def start(self):
        self.node.start_console()
        for place in (("events", 0), ("events", 1), ("orders", 0)):
            self.node.wait_for_partition(*place, lambda row: row["state"] == "ok", "all is read")

    def attached(self, **options):
        terminal = self.enterContext(Terminal(self.folder, **options))
        terminal.enter("clear; ductus attach node")
        terminal.wait_for_last_line(_PROMPT)
        return terminal

    def script(self, text, *options):
        arguments = [os.environ["DUCTUS_PROGRAM"], "attach", str(self.node.config), *options]
        return subprocess.run(arguments, input=text, capture_output=True, text=True, timeout=60, check=False)

    # In a terminal.

    def test_ctrl_c_clears_the_line_and_twice_leaves_while_the_node_lives(self):
        terminal = self.attached()
        terminal.type("pause events")
        terminal.wait_for_last_line(f"{_PROMPT} pause events")
        terminal.press("C-c")
        terminal.wait_for_last_line(_PROMPT)
        self.assertIn(f"{_PROMPT} pause events^C", terminal.screen())
        terminal.press("C-c")
        terminal.wait_for_last_line("shell$")
        self.assertIn("left; node runs on", terminal.screen())
        self.assertTrue(self.node.is_running())
        self.assertEqual(self.node.partition_status()["events", 0]["state"], "ok")

    def test_ctrl_c_on_an_empty_line_says_what_the_next_one_does(self):
        terminal = self.attached()
        terminal.press("C-c")
        terminal.wait_for("once more")
        terminal.wait_for_last_line(_PROMPT)
        terminal.enter("help")
        terminal.wait_for("shutdown")
        terminal.press("C-c")
        terminal.wait_until(lambda screen: screen.count("once more") == 2, "a line in between begins the count anew")
        terminal.press("C-c")
        terminal.wait_for_last_line("shell$")
        self.assertTrue(self.node.is_running())

    def test_ctrl_d_and_exit_leave_a_terminal_as_it_was(self):
        terminal = self.enterContext(Terminal(self.folder))
        terminal.enter("stty -g > before")
        for leave in (lambda: terminal.press("C-d"), lambda: terminal.enter("exit")):
            terminal.enter("clear; ductus attach node")
            terminal.wait_for_last_line(_PROMPT)
            leave()
            terminal.wait_for_last_line("shell$")
            terminal.run("stty -g > after")
            self.assertEqual((self.folder / "after").read_text(), (self.folder / "before").read_text())
        self.assertTrue(self.node.is_running())

    def test_completes_commands_topics_and_partitions(self):
        terminal = self.attached()
        terminal.type("tra")
        terminal.press("Tab")
        terminal.wait_for_last_line(f"{_PROMPT} trace")
        terminal.type("ev")
        terminal.press("Tab")
        terminal.wait_for_last_line(f"{_PROMPT} trace events/")
        terminal.press("Tab")
        terminal.wait_for("events/0  events/1")
        terminal.enter("1")
        terminal.wait_for("events/1  ok  offset 1000")

    def test_remembers_lines_from_one_session_to_the_next(self):
        terminal = self.attached()
        terminal.enter("trace orders/0")
        terminal.wait_for("orders/0  ok")
        terminal.press("C-d")
        terminal.wait_for_last_line("shell$")
        terminal.enter("clear; ductus attach node")
        terminal.wait_for_last_line(_PROMPT)
        terminal.press("Up")
        terminal.wait_for_last_line(f"{_PROMPT} trace orders/0")
        history = self.folder / "state/ductus/history"
        self.assertEqual(history.read_text(), "trace orders/0\n")
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(history.parent.stat().st_mode), 0o700)

    def test_a_node_that_goes_away_is_said_and_found_again_when_it_is_back(self):
        terminal = self.attached()
        self.assertEqual(self.node.stop(), 0)
        self.node.wait_for_exit()
        terminal.enter("tree")
        terminal.wait_for("node is not running; the next command tries again")
        self.start()
        terminal.enter("trace events/0")
        terminal.wait_for("events/0  ok  offset 1000")

    def test_shutdown_asks_before_it_stops_the_node(self):
        terminal = self.attached()
        terminal.enter("shutdown")
        terminal.wait_for("Type node to stop the node:")
        terminal.enter("yes")
        terminal.wait_for("not stopped")
        self.assertTrue(self.node.is_running())
        terminal.enter("shutdown")
        terminal.wait_until(lambda screen: screen.rstrip().endswith("Type node to stop the node:"), "the question")
        terminal.enter("node")
        terminal.wait_for("node has stopped")
        self.assertEqual(self.node.wait_for_exit(), 0)

    def test_killed_in_the_middle_of_a_line_it_harms_nothing(self):  # B25
        terminal = self.enterContext(Terminal(self.folder))
        terminal.enter("clear; ductus attach node & echo $! > pid; fg")
        terminal.wait_for_last_line(_PROMPT)
        terminal.type("pause events")
        terminal.wait_for_last_line(f"{_PROMPT} pause events")
        os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)
        terminal.wait_for("Killed")
        self.assertEqual(self.node.partition_status()["events", 0]["state"], "ok")
        self.assertEqual(self.script("pause", "-c", "trace events/0").returncode, 0)

    def test_a_signal_leaves_the_terminal_as_it_was(self):
        terminal = self.enterContext(Terminal(self.folder))
        terminal.run("stty -g > before")
        terminal.enter("clear; ductus attach node & echo $! > pid; fg")
        terminal.wait_for_last_line(_PROMPT)
        os.kill(int((self.folder / "pid").read_text()), signal.SIGTERM)
        terminal.wait_for("Terminated")
        terminal.run("stty -g > after")
        self.assertEqual((self.folder / "after").read_text(), (self.folder / "before").read_text())

    def test_shows_what_the_documentation_shows(self):
        terminal = self.enterContext(Terminal(self.folder, rows=60))

        def session():
            terminal.enter("clear; ductus attach node")
            terminal.wait_for_last_line(_PROMPT)
            lines = {"help": "leave; the node runs on", "trace events/0": "  log ", "tree": "adapter_sup"}
            for line, seen in lines.items():
                terminal.enter(line)
                terminal.wait_for(seen)
                terminal.wait_for_last_line(_PROMPT)
            terminal.press("C-d")
            terminal.wait_for("left; node runs on")
            return terminal.wait_for_last_line("shell$").rsplit("\n", 1)[0]

        check_screen(self, "attach", session)

    # Without one.

    def test_a_script_stops_at_its_first_error(self):
        done = self.script("# a comment\n\ntrace events/0\ntrace nowhere/0\ntrace orders/0\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("events/0  ok", done.stdout)
        self.assertNotIn("orders/0", done.stdout)
        self.assertIn("nowhere/0", done.stderr)
        self.assertNotIn(_PROMPT, done.stdout)

    def test_a_script_that_goes_well_ends_with_0_and_exit_ends_it(self):
        self.assertEqual(self.script("tree\noffsets\n").returncode, 0)
        done = self.script("exit\nnonsense\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_a_line_without_an_end_is_not_obeyed(self):  # B25
        done = self.script("pause events")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no end", done.stderr)
        self.assertEqual(self.node.partition_status()["events", 0]["state"], "ok")

    def test_one_command_is_done_by_c(self):
        done = self.script("", "-c", "trace orders/0")
        self.assertEqual((done.returncode, done.stdout.split("\n")[0]), (0, "orders/0  ok  offset 10  lag 0"))
        wrong = self.script("", "-c", "traec orders/0")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("did you mean 'trace'?", wrong.stderr)

    def test_a_script_killed_in_the_middle_of_a_line_harms_nothing(self):  # B25
        arguments = [os.environ["DUCTUS_PROGRAM"], "attach", self.node.config]
        script = spawn(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        script.stdin.write(b"trace orders/0\npause eve")
        script.stdin.flush()
        self.assertIn(b"orders/0", script.stdout.readline())
        script.kill()
        script.communicate()
        wait_until(self.node.is_running, "the node runs on")
        self.assertEqual(self.node.partition_status()["events", 0]["state"], "ok")

    def test_no_node_no_session(self):
        self.assertEqual(self.node.stop(), 0)
        self.node.wait_for_exit()
        done = self.script("tree\n")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("node is not running", done.stderr)


if __name__ == "__main__":
    unittest.main()
