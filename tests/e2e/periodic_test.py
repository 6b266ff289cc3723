"""The periodic aggregate of a real node, as a callback program sees it.

By hand: cd tests && PERIODIC_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.periodic_test
"""

import json
import os
import pathlib
import tempfile
import unittest

from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox

_PERIOD_MS = 2000
_SLOW, _SLOW_MS = 3, 3000  # the third call lasts into the period after the next
_THROWS = 4


class PeriodicTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))

    def calls(self):
        path = self.folder / "calls"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines(True) if line.endswith("\n")]

    def wait_for_calls(self, count):
        wait_until(lambda: len(self.calls()) >= count, f"{count} calls")
        return self.calls()

    def test_the_module_is_called_once_a_period_whatever_handlers_and_calls_do(self):
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:1000"))
        settings = {"calls": "calls", "gate": "gate", "slow_ms": _SLOW_MS, "slow": _SLOW, "throws": _THROWS}
        paths = {name: str(self.folder / settings[name]) for name in ("calls", "gate")}
        node = self.enterContext(
            DuctusNode(
                self.folder,
                sandbox.bootstrap,
                ["events"],
                program=os.environ["PERIODIC_PROGRAM"],
                handler={"module": "periodic"},
                periodic={"every": f"{_PERIOD_MS}ms"},
                **{"handler.settings": settings | paths},
            )
        )
        node.start_console()

        calls = self.wait_for_calls(_THROWS + 2)
        self.assertEqual({call["others"] for call in calls}, {0}, "never two at a time")
        busy = calls[-1]
        self.assertEqual((busy["elements"], busy["missing"]), ({"events": [1]}, {"events": [0]}))
        self.assertIn("the aggregate goes without handlers that are busy: events/0", node.said)
        self.assertIn("handle_periodic_aggregate() failed, 1 times by now: the module threw: no aggregate", node.said)

        (self.folder / "gate").touch()
        wait_until(lambda: self.calls()[-1]["elements"] == {"events": [0, 1]}, "both answer")
        self.assertEqual(self.calls()[-1]["missing"], {})
        node.wait_for_partition("events", 0, lambda row: row["lag"] == 0, "all is read")
        self.assertEqual(node.status()["state"], "running")
        self.assertEqual(node.stop(), 0)
