"""A daemon whose disk is full: what cannot be written is told, consuming holds at its bound, nothing is lost, and all
goes on once there is room.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.full_disk_test
"""

import os
import pathlib
import re
import resource
import signal
import tempfile
import unittest

from support import kcat
from support.child_process import wait_until
from support.ductus_daemon import DuctusDaemon
from support.sandbox import Sandbox

_COUNT, _PER_S = 1_500, 500
_STREAM = f"events:1:{_COUNT}:{_PER_S}"
_SEQUENCE = re.compile(rb'"sequence":(\d+),')
_BATCH_BYTES = 1024  # so that each record batch of the sandbox, a tenth of a second, is a batch of its own
_BOUND = 2
# The batch in hand and those that may be accepted and not stored.
_REPEATS = (_BOUND + 1) * _PER_S // 10


def _no_file_beyond(size_bytes):
    """What makes a child of subprocess.run() one whose files cannot grow."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))


class FullDiskTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.sandbox = self.enterContext(Sandbox(self.folder, "--topic", _STREAM))

    def daemon(self, **tables):
        tables = {"batch": {"max_bytes": _BATCH_BYTES}, "store": {"max_uncommitted_batches": _BOUND}, **tables}
        return self.enterContext(DuctusDaemon(self.folder, self.sandbox.bootstrap, ["events"], **tables))

    def messages_there(self):
        return kcat.consume(self.sandbox.bootstrap, "events", 0).count(b"\n")

    def wait_until_all_is_read(self, daemon):
        return daemon.wait_for_partition("events", 0, lambda row: row["next_offset"] == _COUNT, "all is read")

    def wait_for_status(self, daemon, condition, what):
        return wait_until(lambda: condition(daemon.status() or {"process": {}, "store": {}}), what)

    def assert_does_not_start(self, daemon, size_bytes, words):
        done = daemon.start(preexec_fn=_no_file_beyond(size_bytes))
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(daemon.processes(), [])

    def test_start_on_a_full_disk_names_what_cannot_be_written_and_leaves_nothing(self):
        daemon = self.daemon()
        self.assert_does_not_start(daemon, 0, "is there room?")
        self.assert_does_not_start(daemon, 4096, "offsets.db: the disk refuses; look at its room")
        daemon.started()
        self.wait_until_all_is_read(daemon)

    def test_a_log_that_cannot_be_written_is_told_and_costs_no_message(self):
        (self.folder / "log").symlink_to("/dev/full")
        daemon = self.daemon(log={"file": "log"})
        done = daemon.start()
        self.assertEqual(done.returncode, 0, done.stderr)
        trouble = f"could not be written to {self.folder}/log: No space left on device"
        self.assertIn(trouble, done.stderr)
        self.wait_until_all_is_read(daemon)
        self.assertIn(trouble, daemon.status()["process"]["log_trouble"])
        self.assertIn(trouble, daemon.verb("status").stdout)

        (self.folder / "log").unlink()
        os.kill(daemon.node_pid(), signal.SIGHUP)
        self.wait_for_status(daemon, lambda status: status["process"].get("log_trouble", "?") is None, "it is mended")
        self.assertRegex((self.folder / "log").read_text(), r"\d+ log lines were lost here\n")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(daemon.output("events", 0).count(b"\n"), _COUNT)

    def test_a_store_that_cannot_be_written_holds_up_at_the_bound_and_goes_on(self):
        daemon = self.daemon(handler={"module": "null"})
        daemon.started()
        daemon.wait_for_partition("events", 0, lambda row: row["next_offset"], "some is read")
        daemon.limit_file_size(0)

        held = daemon.wait_for_partition("events", 0, lambda row: row["state"] == "waiting", "it waits")
        self.assertIn("the store is away", held["reason"])
        self.assertIn("look at its room", held["reason"])
        self.assertLessEqual(held["uncommitted_batches"], _BOUND)
        self.assertEqual(daemon.status()["store"]["state"], "away")
        wait_until(lambda: self.messages_there() == _COUNT, "all messages are there")
        self.assertEqual(daemon.partition_status()["events", 0]["next_offset"], held["next_offset"])

        daemon.limit_file_size(-1)
        self.wait_until_all_is_read(daemon)
        self.wait_for_status(daemon, lambda status: status["store"].get("state") == "ok", "the store is written again")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(daemon.status()["partitions"][0]["next_offset"], _COUNT)
        seen = "null: messages={messages} value_bytes={value_bytes} checksum={checksum}\n"
        self.assertIn(seen.format(**self.sandbox.expected["events", 0]), daemon.logged())

    def test_a_disk_that_is_full_for_all_is_waited_out_without_a_torn_or_a_lost_line(self):
        daemon = self.daemon()
        daemon.started()
        wait_until(lambda: daemon.output_size("events", 0), "some is written")
        daemon.limit_file_size(0)

        row = daemon.wait_for_partition(
            "events", 0, lambda row: re.search("File too large|room", row["reason"]), "it says what is wrong"
        )
        self.assertIn(row["state"], ("backoff", "waiting", "starting"))
        self.wait_for_status(
            daemon, lambda status: "File too large" in (status["process"].get("log_trouble") or ""), "the log too"
        )
        daemon.limit_file_size(-1)
        self.wait_until_all_is_read(daemon)
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("log lines were lost here", daemon.logged())
        sequences = [int(_SEQUENCE.search(line)[1]) for line in daemon.output("events", 0).splitlines()]
        self.assertEqual(set(sequences), set(range(_COUNT)))
        back = [one - other for one, other in zip(sequences, sequences[1:]) if other != one + 1]
        self.assertTrue(all(0 <= repeats <= _REPEATS for repeats in back), back)


if __name__ == "__main__":
    unittest.main()
