"""The control API, as curl asks it: each path of docs/openapi.json, what is no request, and every state of the node.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… LEDGER_PROGRAM=… python3 -m unittest -v e2e.control_test
"""

import fcntl
import json
import os
import pathlib
import stat
import sys
import tempfile
import time
import unittest

from support.child_process import wait_until
from support.control_socket import ControlSocket
from support.ductus_node import DuctusNode
from support.json_schema import problems
from support.sandbox import Sandbox

_OPENAPI = json.loads((pathlib.Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
_LONG_MS = 600_000


def _change(topic, partition):
    """Puts one partition at offset 1."""
    after = {"next_offset": 1, "leader_epoch": None, "topic_id": None}
    position = {"topic": topic, "partition": partition, "before": None, "after": after}
    return {"schema": "ductus.change/1", "who": "a test", "why": "to see", "positions": [position], "topics": []}


class ControlTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.control = ControlSocket(self.folder / "run" / "node" / "control.sock")

    def node(self, bootstrap, *topics, **tables):
        return self.enterContext(DuctusNode(self.folder, bootstrap, topics, **tables))

    def start(self, **tables):
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:1000"))
        node = self.node(sandbox.bootstrap, "events", **tables)
        node.start_console()
        for partition in range(2):
            node.wait_for_partition("events", partition, lambda row: row["next_offset"] == 1000, "all is read")
        return node

    def hold_up(self, **tables):
        """A node whose handler of events/0 does not return from its first batch."""
        ledger = self.folder / "ledger"
        ledger.mkdir()
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:1:1000"))
        topics = {"events": {"folder": str(ledger), "pause_ms": _LONG_MS, "deaf": True}}
        program = os.environ["LEDGER_PROGRAM"]
        tables = {"handler": {"module": "ledger"}, **tables}
        node = self.enterContext(DuctusNode(self.folder, sandbox.bootstrap, topics, program=program, **tables))
        node.start_console()
        wait_until((ledger / "events-0.calls").exists, "it is in the callback")
        return node

    def assert_as_described(self, method, path, asked, answer):
        status, body = answer
        answers = _OPENAPI["paths"][path][method.lower()]["responses"]
        self.assertIn(str(status), answers, f"{method} {asked}: {body}")
        schema = answers[str(status)]["content"]["application/json"]["schema"]
        self.assertEqual(problems(body, schema, _OPENAPI), [], f"{method} {asked}")

    def test_each_path_of_the_description_answers_as_it_says(self):
        node = self.start(periodic={"every": "1h"})
        questions = {
            ("GET", "/v1/status"): [("/v1/status", None)],
            ("GET", "/v1/partitions/{topic}/{partition}"): [
                ("/v1/partitions/events/1", None),
                ("/v1/partitions/events/7", None),
                ("/v1/partitions/none/0", None),
                ("/v1/partitions/events/first", None),
            ],
            ("GET", "/v1/events"): [("/v1/events", None), ("/v1/events?after=2", None), ("/v1/events?after=x", None)],
            ("POST", "/v1/pause"): [
                ("/v1/pause", {"topic": "events", "partition": 1}),
                ("/v1/pause", {"topic": "none"}),
                ("/v1/pause", {"topic": "events", "partition": 7}),
                ("/v1/pause", {"topic": "events", "partition": -1}),
            ],
            ("POST", "/v1/restart"): [
                ("/v1/restart", {"topic": "events", "partition": 0}),
                ("/v1/restart", {"topic": "events", "partition": 1}),  # it is paused
                ("/v1/restart", {}),
            ],
            ("POST", "/v1/resume"): [("/v1/resume", {"topic": "events"}), ("/v1/resume", {"topic": "none"})],
            ("GET", "/v1/changes/{id}"): [
                ("/v1/changes/1", None),
                ("/v1/changes/1000", None),
                ("/v1/changes/last", None),
            ],
            ("GET", "/v1/config"): [("/v1/config", None)],
            ("POST", "/v1/offsets"): [
                ("/v1/offsets", _change("events", 0)),
                ("/v1/offsets", _change("none", 0)),
                ("/v1/offsets", {"schema": "ductus.change/1"}),
            ],
            ("POST", "/v1/reload"): [("/v1/reload", None)],
            ("POST", "/v1/aggregate"): [("/v1/aggregate", None)],
            ("POST", "/v1/log"): [
                ("/v1/log", {"level": "debug", "for_seconds": 60}),
                ("/v1/log", {"level": "info"}),
                ("/v1/log", {"level": "loud"}),
            ],
            ("GET", "/openapi.json"): [("/openapi.json", None)],
            ("POST", "/v1/stop"): [("/v1/stop", None)],
        }
        described = [(method.upper(), path) for path, methods in _OPENAPI["paths"].items() for method in methods]
        self.assertCountEqual(questions, described)
        seen = set()
        for (method, path), several in questions.items():
            for asked, body in several:
                answer = self.control.ask(method, asked, None if body is None else json.dumps(body))
                self.assert_as_described(method, path, asked, answer)
                seen.add(answer[0])
        self.assertEqual(seen, {200, 202, 400, 404, 409})
        self.assertEqual(node.wait_for_exit(), 0, node.said)

    def test_it_serves_the_description_that_is_in_the_docs(self):
        self.start()
        self.assertEqual(self.control.get("/openapi.json"), (200, _OPENAPI))

    def test_what_is_no_request_is_told_what_is_wrong_and_where(self):
        self.start()
        ask = self.control.ask
        self.assertEqual(ask("GET", "/v2/status"), (404, {"error": "there is no /v2/status"}))
        self.assertEqual(ask("GET", "/v1/stop"), (405, {"error": "/v1/stop takes POST, not GET"}))
        self.assertEqual(ask("DELETE", "/v1/status"), (405, {"error": "/v1/status takes GET, not DELETE"}))
        status, answer = ask("POST", "/v1/log", '{"level": "debug",\n "for_seconds" 5}')
        self.assertEqual(status, 400)
        self.assertIn("line 2, column 16", answer["error"])
        for body, error in [
            ("", "'level' is missing"),
            ('{"level": "info", "for_seconds": 86401}', "'for_seconds' is not a whole number from 1 to 86400"),
            ('{"level": "info", "for": 1}', "there is no field 'for'"),
        ]:
            self.assertEqual(ask("POST", "/v1/log", body), (400, {"error": error}))
        self.assertEqual(self.control.get("/v1/status")[1]["state"], "running")

    def test_a_body_that_is_too_large_is_refused_and_the_node_goes_on(self):
        self.start()
        self.assertEqual(self.control.status_of("POST", "/v1/log", '{"level": "' + "x" * (4 << 20) + '"}'), 413)
        self.assertEqual(self.control.get("/v1/status")[0], 200)

    def test_only_its_own_user_reaches_the_socket(self):
        self.start()
        socket = self.folder / "run" / "node" / "control.sock"
        self.assertEqual(stat.S_IMODE(socket.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(socket.parent.stat().st_mode), 0o700)

    def test_the_status_tells_what_was_read_and_how(self):
        node = self.start()
        wait_until(
            lambda: all(row["uncommitted_batches"] == 0 for row in node.partition_status().values()), "all is stored"
        )
        status = self.control.get("/v1/status")[1]
        self.assertEqual((status["process"]["module"], status["process"]["log_file"]), ("file", None))
        self.assertGreater(status["process"]["uptime_s"], 0)
        self.assertEqual(status["store"]["state"], "ok")
        self.assertIsNotNone(status["store"]["stored_ago_s"])
        self.assertEqual(status["supervision"]["level"], "A")
        self.assertEqual(status["supervision"]["tree"]["adapter_sup"]["running"], 2)
        self.assertIsNone(status["supervision"]["tree"]["periodic"])
        for row in status["partitions"]:
            self.assertEqual((row["restarts"], row["last_error"], row["retry_in_s"]), (0, None, None))
            self.assertEqual((row["behind_s"], row["approx_lag_bytes"]), (0, 0))
            self.assertEqual(sum(result["messages"] for result in row["last_results"]), 1000)
            self.assertEqual({result["verdict"] for result in row["last_results"]}, {"ok"})
            self.assertIsNotNone(row["last_message_at_ms"])

    def test_a_partition_is_paused_and_resumed_and_each_change_has_an_outcome(self):
        node = self.start()
        for action, state in [("pause", "paused"), ("resume", "ok")]:
            status, begun = self.control.post(f"/v1/{action}", {"topic": "events", "partition": 1})
            self.assertEqual(status, 202, begun)
            path = f"/v1/changes/{begun['change']}"
            wait_until(lambda path=path: self.control.get(path)[1]["state"] == "done", f"the {action} is noted")
            node.wait_for_partition("events", 1, lambda row, state=state: row["state"] == state, state)
        self.assertEqual(node.partition_status()["events", 0]["state"], "ok")

    def test_the_events_are_the_lines_of_the_log(self):
        self.start()
        _, first = self.control.get("/v1/events")
        self.assertTrue(any("source" in event["text"] for event in first["events"]), first)
        self.assertEqual([event["id"] for event in first["events"]], list(range(1, first["last"] + 1)))
        self.assertEqual(self.control.get(f"/v1/events?after={first['last']}")[1]["events"], [])

    def test_the_configuration_is_the_one_that_the_node_runs_with_after_a_reload_too(self):
        settings_of_module = {"token": "hush", "url": "https://me:hush@example.org/"}
        node = self.hold_up(handler={"module": "ledger", "settings": settings_of_module})

        def settings():
            status, answer = self.control.get("/v1/config")
            self.assertEqual(status, 200)
            self.assertNotIn("hush", json.dumps(answer))
            return {setting["key"]: setting for setting in answer["settings"]}

        before = settings()
        self.assertEqual((before["log.level"]["value"], before["log.level"]["origin"]), ("info", "default"))
        self.assertEqual(before["handler.settings"]["value"], {"token": "***", "url": "https://me:***@example.org/"})
        written = node.config.read_text()
        self.assertIn("[offsets]", written)
        node.config.write_text('log.level = "debug"\nlog.format = "json"\n' + written)
        self.assertEqual(self.control.post("/v1/reload")[0], 202)
        wait_until(lambda: settings()["log.level"]["value"] == "debug", "it goes by the level of the file")
        after = settings()
        self.assertTrue(after["log.level"]["origin"].endswith("config/node.toml:1:5"), after["log.level"])
        self.assertEqual(after["log.format"]["value"], "text")  # takes a restart of the node
        shown = self.control.get("/v1/config")[1]["toml"]
        asked = node.verb("attach", "-c", "config")
        self.assertEqual((asked.returncode, asked.stdout), (0, shown))
        as_written = node.verb("config show", "--set", "log.format=text").stdout
        self.assertEqual(shown, as_written)

    def test_it_answers_while_a_handler_hangs_and_says_in_which_call_it_is(self):
        self.hold_up(node={"stop_timeout": "1h"})
        status, row = self.control.get("/v1/partitions/events/0")
        self.assertEqual(status, 200)
        self.assertEqual(row["call"]["what"], "handle_messages")
        self.assertEqual((row["batch"]["first_offset"], row["batch"]["next_offset"] > 0), (0, True))
        self.assertEqual(row["last_results"], [])
        self.assertEqual(self.control.post("/v1/stop"), (202, {"stopping": True}))
        draining = self.control.get("/v1/status")[1]
        self.assertEqual(draining["state"], "draining")
        self.assertIn("in events/0", draining["reason"])

    def test_the_status_of_a_thousand_partitions_is_whole_and_says_how_long_it_took(self):
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:1000:10"))
        node = self.node(sandbox.bootstrap, "events", handler={"module": "null"})
        node.start_console()

        def all_is_read():
            rows = node.partition_status().values()
            return len(rows) == 1000 and all(row["lag"] == 0 for row in rows)

        wait_until(all_is_read, "all is read", timeout_s=300)
        slowest_s = 0
        for _ in range(20):
            began = time.monotonic()
            status, answer = self.control.get("/v1/status")
            slowest_s = max(slowest_s, time.monotonic() - began)
            self.assertEqual((status, len(answer["partitions"])), (200, 1000))
        print(f"the slowest of 20 answers took {slowest_s * 1000:.0f} ms, curl included", file=sys.stderr)

    def test_it_answers_before_the_store_is_open_and_says_what_it_waits_for(self):
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:1:10"))
        node = self.node(sandbox.bootstrap, "events")
        lock = self.folder / "run" / "node" / "offsets.db.lock"
        lock.parent.mkdir(parents=True, mode=0o700)
        with lock.open("w") as held:  # as by a verb that takes its time
            fcntl.lockf(held, fcntl.LOCK_EX, 1, 0)
            node.start_console()
            wait_until(self.control.answers, "the socket answers")
            status = self.control.get("/v1/status")
            self.assert_as_described("GET", "/v1/status", "/v1/status", status)
            self.assertEqual(status[1]["state"], "starting")
            self.assertIn("the store is being opened", status[1]["reason"])
            self.assertEqual(self.control.post("/v1/stop")[0], 202)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

    def test_it_answers_in_level_c_and_says_when_the_next_attempt_comes(self):  # B24
        node = self.node("127.0.0.1:1", "events", supervision={"stall_after": "1s", "escalate_after": "1s"})
        node.start_console()

        def level_c():
            if not self.control.answers():
                return None
            status = self.control.get("/v1/status")[1]
            supervision = status["supervision"]
            return status if supervision and supervision["level"] == "C" else None

        status = wait_until(level_c, "everything is tried again every 10 s")
        self.assertEqual(problems(status, {"$ref": "#/components/schemas/Status"}, _OPENAPI), [])
        self.assertEqual(status["state"], "retrying")
        self.assertLessEqual(status["supervision"]["retry_in_s"], 10)
        self.assertGreaterEqual(status["supervision"]["restarts"], 1)


if __name__ == "__main__":
    unittest.main()
