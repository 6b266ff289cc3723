"""start, stop and running on a real daemon: what its guardian mends, and what no death of either leaves behind.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… LEDGER_PROGRAM=…
    python3 -m unittest -v e2e.operating.daemon_test
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from support.child_process import spawn, wait_until
from support.ductus_daemon import DuctusDaemon, is_alive
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox

_SEQUENCE = re.compile(rb'"sequence":(\d+),')
_MESSAGES = 12_000
_STREAM = f"events:1:{_MESSAGES}:3000"
_LINE_BYTES = 90  # less than any line of the sandbox
_BATCH_BYTES = 16384
# The batch in hand and store.max_uncommitted_batches.
_REPEATS_PER_CRASH = 17 * _BATCH_BYTES // _LINE_BYTES
_FAR_BELOW_LONG_S = 50


class DaemonTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.run = self.folder / "run" / "node"

    def sandbox(self, *options):
        return self.enterContext(Sandbox(self.folder, *options))

    def daemon(self, bootstrap=None, **tables):
        if bootstrap is None:
            bootstrap = self.sandbox("--topic", "events:1:1000").bootstrap
        return self.enterContext(DuctusDaemon(self.folder, bootstrap, ["events"], **tables))

    def ledger_daemon(self, init, **tables):
        """Its callbacks are those of programs/ledger_main.cc."""
        ledger = self.folder / "ledger"
        ledger.mkdir()
        bootstrap = self.sandbox("--topic", "events:1:1000").bootstrap
        topics = {"events": {"folder": str(ledger), "pause_ms": 0, **init}}
        tables = {"handler": {"module": "ledger"}, **tables}
        program = os.environ["LEDGER_PROGRAM"]
        return self.enterContext(DuctusDaemon(self.folder, bootstrap, topics, program=program, **tables))

    def wait_until_in_the_callback(self):
        calls = self.folder / "ledger" / "events-0.calls"
        wait_until(lambda: calls.exists() and calls.read_text(), "it is in the callback")

    def assert_ended(self, done, code):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)

    # ---- start, stop, running ----

    def test_start_returns_once_the_node_is_up_and_stop_ends_node_and_guardian(self):  # B20
        daemon = self.daemon()
        self.assert_ended(daemon.verb("running"), 3)
        done = daemon.start()
        self.assert_ended(done, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"guarded by process {daemon.guardian_pid()}", done.stderr)
        running = daemon.verb("running")
        self.assertEqual((running.returncode, running.stdout), (0, "true\n"))
        self.assertEqual(daemon.status()["process"]["guardian"], "guarded")
        daemon.wait_for_partition("events", 0, lambda row: row["next_offset"] == 1000, "all is read")
        self.assert_ended(daemon.verb("stop"), 0)
        self.assertEqual(daemon.processes(), [])
        running = daemon.verb("running")
        self.assertEqual((running.returncode, running.stdout), (3, "false\n"))
        self.assert_ended(daemon.verb("stop"), 3)

    def test_a_second_start_is_refused_and_names_the_process(self):
        daemon = self.daemon()
        node = daemon.started()
        again = daemon.start()
        self.assert_ended(again, 5)
        self.assertIn(f"pid {node}", again.stderr)
        self.assertEqual(daemon.node_pid(), node)

    def test_of_many_starts_at_the_same_time_one_succeeds(self):
        daemon = self.daemon()
        arguments = [os.environ["DUCTUS_PROGRAM"], "start", daemon.config]
        starts = [spawn(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(4)]
        codes = sorted(one.wait(60) for one in starts)
        self.assertEqual(codes, [0, 5, 5, 5])
        self.assertEqual(len(daemon.processes()), 2)

    def test_two_stops_at_the_same_time_both_wait_for_the_end(self):  # B20
        daemon = self.daemon()
        daemon.started()
        arguments = [os.environ["DUCTUS_PROGRAM"], "stop", daemon.config]
        stops = [spawn(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        self.assertIn(sorted(one.wait(60) for one in stops), ([0, 0], [0, 3]))
        self.assertEqual(daemon.processes(), [])
        self.assertNotIn("second signal", daemon.logged())

    def test_stop_during_a_start_ends_what_has_come_up_so_far(self):
        daemon = self.daemon()
        starting = spawn(
            [os.environ["DUCTUS_PROGRAM"], "start", daemon.config],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(daemon.guardian_pid, "there is a guardian")
        self.assert_ended(daemon.verb("stop"), 0)
        self.assertIn(starting.wait(60), (0, 1))
        daemon.wait_until_nothing_is_left()

    def test_stop_says_what_it_waits_for(self):
        daemon = self.ledger_daemon({"pause_ms": 3_000, "deaf": True}, node={"stop_timeout": "60s"})
        daemon.started()
        self.wait_until_in_the_callback()
        stopped = daemon.verb("stop")
        self.assert_ended(stopped, 0)
        self.assertRegex(stopped.stderr, r"waiting for events/0: the handler is busy with one call for \d+ s")

    def test_a_callback_that_does_not_return_is_left_behind_and_not_started_again(self):
        daemon = self.ledger_daemon({"pause_ms": 100_000, "deaf": True}, node={"stop_timeout": "1s"})
        daemon.started()
        self.wait_until_in_the_callback()
        self.assert_ended(daemon.verb("stop"), 1)
        self.assertEqual(daemon.processes(), [])

    def test_a_node_that_hangs_is_killed(self):
        daemon = self.daemon(node={"stop_timeout": "100ms"})
        os.kill(daemon.started(), signal.SIGSTOP)
        self.assert_ended(daemon.verb("stop"), 1)
        self.assertEqual(daemon.processes(), [])

    # ---- what ties a daemon to where it was started ----

    def test_a_shell_that_reads_what_start_says_does_not_wait_for_the_daemon(self):
        daemon = self.daemon()
        script = 'said=$("$0" start "$1" 2>&1); echo "$? $said"'
        said = subprocess.run(
            ["sh", "-c", script, os.environ["DUCTUS_PROGRAM"], daemon.config],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        self.assertTrue(said.stdout.startswith("0 ductus: node runs"), said.stdout)

    def test_start_needs_no_open_standard_descriptors(self):
        daemon = self.daemon()
        script = 'exec "$0" start "$1" <&- >&- 2>&-'
        subprocess.run(["sh", "-c", script, os.environ["DUCTUS_PROGRAM"], daemon.config], timeout=60, check=True)
        self.assertTrue(daemon.is_running())

    def test_a_daemon_keeps_no_descriptor_folder_or_session_of_its_caller(self):
        daemon = self.daemon()
        with (self.folder / "inherited").open("w") as inherited:
            done = daemon.start(pass_fds=[inherited.fileno()], cwd=self.folder)
        self.assert_ended(done, 0)
        for pid in (daemon.guardian_pid(), daemon.node_pid()):
            process = pathlib.Path(f"/proc/{pid}")
            links = {}
            for descriptor in (process / "fd").iterdir():
                with contextlib.suppress(FileNotFoundError):  # a connection that came and went
                    links[descriptor.name] = os.readlink(descriptor)
            self.assertEqual(links["0"], "/dev/null")
            self.assertEqual(links["1"], str(daemon.daemon_log))
            self.assertEqual(links["2"], str(daemon.daemon_log))
            self.assertNotIn(str(self.folder / "inherited"), links.values())
            self.assertEqual(os.readlink(process / "cwd"), "/")
            self.assertEqual(os.getsid(pid), daemon.guardian_pid())

    def test_a_config_is_found_again_from_where_start_was_called(self):
        daemon = self.daemon()
        done = subprocess.run(
            [os.environ["DUCTUS_PROGRAM"], "start", "node"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=60,
            check=False,
        )
        self.assert_ended(done, 0)
        node = int(re.search(r"pid (\d+)", daemon.start().stderr)[1])
        os.kill(node, signal.SIGKILL)  # the next one reads the configuration anew
        wait_until(lambda: "started again" in daemon.logged(), "the crash is seen")
        wait_until(lambda: (daemon.status() or {}).get("state") == "running", "the node runs again")
        self.assert_ended(daemon.verb("stop"), 0)

    # ---- starts that fail ----

    def test_a_wrong_configuration_fails_in_the_words_of_console(self):
        daemon = self.daemon(supervision={"intensty": 3})
        started, console = daemon.start(), daemon.verb("console")
        self.assert_ended(started, 6)
        self.assert_ended(console, 6)
        self.assertEqual(started.stderr, console.stderr)

    def test_so_does_an_unknown_module(self):
        daemon = self.daemon(handler={"module": "fiel"})
        started, console = daemon.start(), daemon.verb("console")
        self.assert_ended(started, 6)
        self.assert_ended(console, 6)
        self.assertIn("did you mean 'file'?", console.stderr)
        self.assertIn(console.stderr, started.stderr)
        self.assertEqual(daemon.processes(), [])

    def test_a_node_that_crashes_at_once_leaves_nothing_and_its_last_words_are_shown(self):
        words = "\n".join(f"word {number}." for number in range(30))
        daemon = self.ledger_daemon({}, handler={"module": "ledger", "settings": {"last_words": words}})
        done = daemon.start()
        self.assert_ended(done, 1)
        self.assertIn("word 29.", done.stderr)
        self.assertNotIn("word 5.", done.stderr, "kMaxTailLines are shown")
        self.assertIn(str(daemon.daemon_log), done.stderr)
        self.assertEqual(daemon.processes(), [])
        self.assert_ended(daemon.verb("stop"), 3)

    def test_of_endless_last_words_the_end_is_shown(self):
        words = "x" * 20_000 + "the end"
        daemon = self.ledger_daemon({}, handler={"module": "ledger", "settings": {"last_words": words}})
        done = daemon.start()
        self.assert_ended(done, 1)
        self.assertIn("xthe end\n", done.stderr)
        self.assertLess(done.stderr.count("x"), 8 * 1024, "kMaxTailBytes are shown")

    def test_a_folder_or_log_that_cannot_be_written_is_named(self):
        (self.folder / "file").write_text("in the way")
        for tables in ({"node": {"dir": "file/run"}}, {"log": {"file": "file/log"}}):
            with self.subTest(tables):
                daemon = self.daemon("127.0.0.1:1", **tables)
                done = daemon.start()
                self.assert_ended(done, 1)
                self.assertIn("/file/", done.stderr)
                self.assertEqual(daemon.processes(), [])

    def test_a_partition_without_an_offset_is_a_warning_that_names_the_command(self):
        daemon = self.daemon(offsets={"when_missing": "stop"})
        done = daemon.start()
        self.assert_ended(done, 0)
        self.assertIn("warning: events/0 does not run: no stored offset", done.stderr)
        self.assertIn(f"ductus reset_single_offset {daemon.config} TOPIC OFFSET", done.stderr)

    def test_of_many_such_partitions_some_are_named_and_the_others_counted(self):
        bootstrap = self.sandbox("--topic", "events:12:10").bootstrap
        done = self.daemon(bootstrap, offsets={"when_missing": "stop"}).start()
        self.assert_ended(done, 0)
        self.assertEqual(done.stderr.count("does not run"), 10, "kMaxNamed, found within kSettleWithin")
        self.assertIn("warning: and 2 more", done.stderr)

    def test_a_broker_that_is_away_is_no_reason_to_fail_and_all_runs_once_it_is_there(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            daemon = self.daemon(f"127.0.0.1:{port}")
            self.assert_ended(daemon.start(), 0)
            self.assertTrue(daemon.is_running())
        self.sandbox("--topic", "events:1:1000", "--port", str(port))
        daemon.wait_for_partition("events", 0, lambda row: row["next_offset"] == 1000, "all is read")

    def test_a_console_tells_the_service_manager_that_it_is_up(self):
        for name in (str(self.folder / "notify"), "\0" + str(self.folder / "abstract")):
            with self.subTest(name), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(name)
                manager.settimeout(60)
                told = {"NOTIFY_SOCKET": name.replace("\0", "@")}
                console = self.enterContext(DuctusNode(self.folder, "127.0.0.1:1", ["events"], environment=told))
                console.start_console()
                self.assertEqual(manager.recv(100), b"READY=1")
                self.assertTrue(console.is_running())
                self.assertEqual(console.stop(), 0)
                self.assertEqual(console.wait_for_exit(), 0)

    # ---- deaths ----

    def test_a_node_that_is_killed_is_started_again_loses_nothing_and_repeats_little(self):
        daemon = self.daemon(self.sandbox("--topic", _STREAM).bootstrap, batch={"max_bytes": _BATCH_BYTES})
        node = daemon.started()
        kills = 0
        for part in (1, 2, 3):
            wait_until(lambda part=part: daemon.output_size("events", 0) > part * 150_000, "it goes on")
            os.kill(node, signal.SIGKILL)
            kills += 1
            node = daemon.wait_for_other_node_than(node)
        daemon.wait_for_partition("events", 0, lambda row: row["next_offset"] == _MESSAGES, "all is read")
        self.assertEqual(daemon.status()["process"]["guardian"], "guarded")
        self.assert_ended(daemon.verb("stop"), 0)
        self.check_stream(daemon.output("events", 0), kills)

    def check_stream(self, output, kills):
        sequences = [int(_SEQUENCE.search(line)[1]) for line in output.splitlines()]
        self.assertEqual(set(sequences), set(range(_MESSAGES)))
        back = [one - other for one, other in zip(sequences, sequences[1:]) if other != one + 1]
        self.assertLessEqual(len(back), kills)
        self.assertTrue(all(0 <= repeats <= _REPEATS_PER_CRASH for repeats in back), back)

    def test_a_node_whose_guardian_is_killed_goes_on_unguarded_and_can_be_stopped(self):
        daemon = self.daemon()
        node = daemon.started()
        os.kill(daemon.guardian_pid(), signal.SIGKILL)
        wait_until(lambda: daemon.status()["process"]["guardian"] == "unguarded", "status says so")
        self.assertIn("unguarded", daemon.verb("status").stdout)
        self.assertTrue(is_alive(node))
        self.assert_ended(daemon.start(), 5)
        self.assert_ended(daemon.verb("stop"), 0)
        self.assertEqual(daemon.processes(), [])

    def test_after_the_death_of_both_it_starts_again(self):
        daemon = self.daemon()
        for killed_first in ("guardian", "node"):
            with self.subTest(killed_first):
                node, guardian = daemon.started(), daemon.guardian_pid()
                for pid in (guardian, node) if killed_first == "guardian" else (node, guardian):
                    os.kill(pid, signal.SIGKILL)
                wait_until(lambda: not daemon.guardian_pid(), "the guardian is gone")
                for pid in daemon.processes():  # it may have started one more
                    os.kill(pid, signal.SIGKILL)
                daemon.wait_until_nothing_is_left()
                self.assert_ended(daemon.verb("running"), 3)
        daemon.started()
        self.assert_ended(daemon.verb("stop"), 0)

    def test_files_that_the_dead_left_are_believed_in_nothing(self):  # B21
        daemon = self.daemon()
        foreign = spawn(["sleep", "1000"])
        self.addCleanup(foreign.wait)
        self.addCleanup(foreign.kill)
        self.run.mkdir(parents=True)
        (self.run / "lock").write_text(f"node {foreign.pid}\n")
        (self.run / "guardian").write_text(f"guardian {foreign.pid}\n")
        (self.run / "forced_end").write_text(f"{foreign.pid}\n")
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.run / "control.sock"))
        self.assert_ended(daemon.verb("running"), 3)
        self.assert_ended(daemon.verb("stop"), 3)
        daemon.started()
        self.assert_ended(daemon.verb("stop"), 0)
        self.assertIsNone(foreign.poll(), "it is none of ours")

    def test_a_callback_that_crashes_is_started_again_ever_more_slowly_until_stop(self):
        daemon = self.ledger_daemon({"crash": True})
        began = time.monotonic()
        self.assert_ended(daemon.start(), 0)  # it is up, and then it crashes
        wait_until(lambda: daemon.logged().count("started again in") >= 5, "it has crashed five times")
        took = time.monotonic() - began
        self.assertGreater(took, 0.05 + 0.1 + 0.2 + 0.4)
        self.assertLessEqual(daemon.logged().count("started again in"), 8 + took)
        wait_until(lambda: daemon.verb("running").returncode == 3, "it is down")
        self.assert_ended(daemon.verb("stop"), 0)
        daemon.wait_until_nothing_is_left()

    # ---- signals ----

    def test_sigterm_to_the_node_ends_both(self):
        daemon = self.daemon()
        os.kill(daemon.started(), signal.SIGTERM)
        daemon.wait_until_nothing_is_left()
        self.assertNotIn("is started again in", daemon.logged())

    def test_so_does_sigterm_to_the_guardian(self):
        daemon = self.daemon()
        daemon.started()
        os.kill(daemon.guardian_pid(), signal.SIGTERM)
        daemon.wait_until_nothing_is_left()
        self.assertNotIn("second signal", daemon.logged())

    def test_sigterm_to_both_as_at_the_end_of_a_session_drains(self):
        daemon = self.ledger_daemon({"pause_ms": 1_500, "deaf": True}, node={"stop_timeout": "60s"})
        node = daemon.started()
        self.wait_until_in_the_callback()
        for pid in (node, daemon.guardian_pid()):
            os.kill(pid, signal.SIGTERM)
        daemon.wait_until_nothing_is_left()
        self.assertNotIn("second signal", daemon.logged())
        self.assertGreater(daemon.status()["partitions"][0]["next_offset"], 0)

    def test_a_second_sigterm_to_the_node_ends_it_by_force(self):
        daemon = self.ledger_daemon({"pause_ms": 100_000, "deaf": True}, node={"stop_timeout": "90s"})
        node = daemon.started()
        self.wait_until_in_the_callback()
        began = time.monotonic()
        os.kill(node, signal.SIGTERM)
        wait_until(lambda: daemon.status()["state"] == "draining", "it drains")
        os.kill(node, signal.SIGTERM)
        daemon.wait_until_nothing_is_left()
        self.assertLess(time.monotonic() - began, _FAR_BELOW_LONG_S)
        self.assertIn("second signal", daemon.logged())
        self.assertNotIn("is started again in", daemon.logged())

    def test_sighup_to_the_guardian_opens_its_log_anew(self):
        daemon = self.daemon()
        node = daemon.started()
        rotated = daemon.daemon_log.with_suffix(".1")
        daemon.daemon_log.rename(rotated)
        os.kill(daemon.guardian_pid(), signal.SIGHUP)
        wait_until(daemon.daemon_log.exists, "there is a new log")
        if is_alive(node):
            os.kill(node, signal.SIGKILL)
        wait_until(lambda: "started again in" in daemon.logged(), "the guardian writes into it")


if __name__ == "__main__":
    unittest.main()
