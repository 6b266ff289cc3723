"""`status` as a person and as a monitor have it.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.status_test
"""

import pathlib
import tempfile
import unittest

from support import screens
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox
from support.terminal import Terminal


class StatusTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:1000", "--topic", "orders:1:10"))
        self.node = self.enterContext(DuctusNode(self.folder, self.sandbox.bootstrap, ["events", "orders"]))

    def start(self):
        self.node.start_console()
        for place in (("events", 0), ("events", 1), ("orders", 0)):
            self.node.wait_for_partition(*place, lambda row: row["state"] == "ok", "all is read")

    def test_shows_what_the_documentation_shows(self):
        self.start()
        terminal = self.enterContext(Terminal(self.folder, columns=140))
        screen = terminal.run("ductus status node")
        screens.check(self, "status", screen)

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
