"""The verbs around offsets: set, files, export and import, journal and undo, and the question on a terminal.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.offset_tools_test
"""

import json
import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

from support.child_process import spawn
from support.ductus_node import DuctusNode
from support.sandbox import Sandbox

_SAMPLE = '{"results":[{"topic":"topic1","offset":27},{"topic":"topic2","offset":18,}]}'


class OffsetToolsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        topics = ["events:2:500", "topic1:1:70", "topic2:1:80"]
        self.sandbox = self.enterContext(Sandbox(self.folder, *(word for one in topics for word in ("--topic", one))))
        self.node = self.make_node("node")

    def make_node(self, name, **tables):
        tables = {"offsets": {"when_missing": "stop"}, **tables}
        topics = ["events", "topic1", "topic2"]
        return self.enterContext(DuctusNode(self.folder / name, self.sandbox.bootstrap, topics, **tables))

    def run_verb(self, code, *words, node=None, stdin=""):
        """`ductus WORDS…`, with the configuration behind the verb."""
        node = node or self.node
        count = 2 if words[0] == "offsets" else 1
        arguments = [os.environ["DUCTUS_PROGRAM"], *words[:count], str(node.config), *words[count:]]
        done = subprocess.run(
            arguments, input=stdin, capture_output=True, text=True, timeout=60, check=False, cwd=self.folder
        )
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done

    def stored(self, node=None):
        shown = json.loads(self.run_verb(0, "offsets", "show", "--json", node=node).stdout)
        return {f"{row['topic']}/{row['partition']}": row["offset"] for row in shown["results"]}

    def plan(self, *words):
        """What the plan of `offsets set --to WORDS… --yes` says of each partition."""
        said = self.run_verb(0, "offsets", "set", "--yes", "--to", *words).stdout
        rows = [line.split(maxsplit=4) for line in said.splitlines()[2:]]
        return {row[0]: row[4] for row in rows}

    # ---- set

    def test_set_puts_partitions_where_it_is_told(self):
        self.assertEqual(self.plan("latest")["events/1"], "set for the first time")
        self.assertEqual(self.stored(), {"events/0": 500, "events/1": 500, "topic1/0": 70, "topic2/0": 80})
        again = "100 messages handled again"
        self.assertEqual(self.plan("-100", "--topic", "events"), {"events/0": again, "events/1": again})
        self.assertEqual(self.plan("+30", "--topic", "events", "--partition", "1"), {"events/1": "30 messages SKIPPED"})
        some = self.plan("17", "--topic", "topic1", "--topic", "events", "--partition", "0")
        self.assertEqual(some.keys(), {"events/0", "topic1/0"})
        self.assertEqual(self.stored(), {"events/0": 17, "events/1": 430, "topic1/0": 17, "topic2/0": 80})
        self.assertEqual(self.plan("earliest", "--topic", "topic1"), {"topic1/0": "17 messages handled again"})
        self.assertEqual(self.plan("3", "--topic", "events", "--all-partitions").keys(), {"events/0", "events/1"})
        self.assertEqual(self.stored(), {"events/0": 3, "events/1": 3, "topic1/0": 0, "topic2/0": 80})

    def test_set_goes_to_times(self):
        self.plan("latest")
        self.assertEqual(self.plan("1971-01-01T00:00Z", "--topic", "topic1"), {"topic1/0": "70 messages handled again"})
        self.assertEqual(
            self.plan("2099-01-01T00:00+01:00", "--topic", "topic1"),
            {"topic1/0": "70 messages SKIPPED (no message at that time or after it)"},
        )
        self.assertEqual(self.plan("-400000h", "--topic", "topic1"), {"topic1/0": "70 messages handled again"})
        self.assertEqual(
            self.plan("-0ms", "--topic", "topic1"),
            {"topic1/0": "70 messages SKIPPED (no message at that time or after it)"},
        )

    def test_a_shift_stays_within_the_log_and_the_plan_says_so(self):
        self.plan("latest")
        for shift, said in [
            ("-71", "70 messages handled again (-1 is before the start of the log)"),
            ("+71", "70 messages SKIPPED (71 is past the end of the log)"),
            ("+1", "unchanged (71 is past the end of the log)"),
        ]:
            self.assertEqual(self.plan(shift, "--topic", "topic1"), {"topic1/0": said})

    def test_an_offset_past_the_end_is_stored_as_given_with_a_warning(self):
        self.assertIn("OUTSIDE the log, which goes from 0 to 70", self.plan("71", "--topic", "topic1")["topic1/0"])
        self.assertEqual(self.stored(), {"topic1/0": 71})

    def test_a_dry_run_writes_nothing(self):
        for words in [
            ["offsets", "set", "--to", "latest"],
            ["reset_offsets"],
            ["zero_offsets"],
            ["reset_single_offset", "topic1", "5"],
        ]:
            said = self.run_verb(0, *words, "--dry-run").stdout
            self.assertIn("nothing is written (--dry-run)", said)
            told = json.loads(self.run_verb(0, *words, "--dry-run", "--json").stdout)
            self.assertTrue(told["dry_run"])
        self.assertFalse((self.folder / "node" / "run" / "node" / "offsets.db").exists())

    def test_without_a_terminal_the_new_verbs_need_yes(self):
        self.run_verb(0, "zero_offsets")
        (self.folder / "offsets.csv").write_text("topic1,0,5\n")
        for words in [["set", "--to", "latest"], ["import", "offsets.csv"], ["undo"]]:
            self.assertIn("--yes", self.run_verb(2, "offsets", *words).stderr)
        self.assertEqual(set(self.stored().values()), {0})

    def test_bad_words_are_refused_and_change_nothing(self):
        self.run_verb(0, "zero_offsets")
        for offset in ["-1", "-2", "9223372036854775808", "0x10", "1e3", " 5", "５", "", "5 ", "+5"]:  # B18
            self.run_verb(2, "reset_single_offset", "topic1", "--", offset)
        too_much = "9223372036854775808"
        dates = ["2026-11-22", "2026-02-30T00:00Z"]
        for what in ["", "newest", "0x10", "1e3", " 5", "５", too_much, f"+{too_much}", "+2h", "-2x", "-", "+", *dates]:
            self.run_verb(2, "offsets", "set", "--yes", f"--to={what}", "--topic", "topic1")
        for words in [
            ["--to", "5"],
            ["--to", "5", "--topic", "events"],
            ["--to", "5", "--topic", "evnts"],
            ["--to", "5", "--topic", "events", "--partition", "2"],
            ["--to", "5", "--partition", "0", "--topic", "topic1"],
            ["--to", "5", "--topic", "events", "--partition", "0", "--partition", "1"],
            ["--to", "5", "--topic", "topic1", "--topic", "topic1"],
            ["--to", "file:x", "--topic", "topic1"],
            ["--topic", "topic1"],
        ]:
            self.run_verb(2, "offsets", "set", "--yes", *words)
        self.assertEqual(set(self.stored().values()), {0})
        self.run_verb(0, "reset_single_offset", "topic1", "9223372036854775807")
        self.assertEqual(self.stored()["topic1/0"], 9223372036854775807)

    def test_unknown_verbs_are_refused_with_the_one_that_may_be_meant(self):  # B15, B16
        for words, meant in [(["offsets", "sett"], "offsets set"), (["reset_offset"], "reset_offsets")]:
            self.assertIn(f"did you mean '{meant}'", self.run_verb(2, *words).stderr)
        for words in [[], ["offsets"]]:
            done = subprocess.run([os.environ["DUCTUS_PROGRAM"], *words], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertTrue(done.stderr)

    def test_a_config_that_climbs_is_refused(self):  # B17
        for verb in [["reset_offsets"], ["offsets", "show"]]:
            for config in ["..x", "../x", "..", "../..", "/.."]:
                arguments = [os.environ["DUCTUS_PROGRAM"], *verb, config]
                done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=self.folder)
                self.assertEqual(done.returncode, 6, done.stderr)

    def test_while_the_node_runs_all_of_them_are_refused(self):  # B19
        self.run_verb(0, "zero_offsets")
        (self.folder / "offsets.csv").write_text("topic1,0,5\n")
        self.node.start_console()
        self.node.wait_for_partition("topic1", 0, lambda row: row["next_offset"] == 70, "everything is read")
        for words in [
            ["reset_offsets_from_file", "offsets.csv"],
            ["offsets", "set", "--to", "latest", "--yes"],
            ["offsets", "set", "--to", "latest", "--dry-run"],
            ["offsets", "import", "offsets.csv", "--yes"],
            ["offsets", "undo", "--yes"],
            ["offsets", "show"],
            ["offsets", "export"],
            ["offsets", "log"],
        ]:
            self.assertIn("held by a running node", self.run_verb(5, *words).stderr)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.wait_for_exit(), 0, self.node.said)
        self.assertEqual(self.stored()["topic1/0"], 70)

    def test_half_an_answer_is_not_taken_for_a_whole_one(self):  # B22
        self.run_verb(0, "zero_offsets")
        program = [os.environ["DUCTUS_PROGRAM"], "offsets", "export", str(self.node.config)]
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"did not take all", done.stderr)

    def test_two_megabytes_of_arguments_are_refused_in_few_words(self):  # B23
        self.run_verb(0, "zero_offsets")
        huge = "x" * 130_000  # about the longest that execve(2) takes for one of them
        many = 15
        for code, words in [
            (2, [huge] * many),
            (2, ["a"] * 150_000),
            (2, ["status", str(self.node.config), *["--a"] * 140_000]),
            (2, ["reset_single_offset", str(self.node.config), "topic1", "9" * len(huge)]),
            (2, ["reset_single_offset", str(self.node.config), huge, "5"]),
            (2, ["offsets", "set", str(self.node.config), "--yes", "--to=5", *["--topic", "nowhere"] * 50_000]),
            (2, ["offsets", "set", str(self.node.config), "--yes", f"--to={huge}"]),
            (1, ["reset_offsets_from_file", str(self.node.config), huge]),
            (6, ["status", huge]),
            (6, ["status", f"./{huge}/node.toml"]),
            (6, ["--config-dir", huge, "status", "node"]),
            (6, ["status", str(self.node.config), *["--set", huge] * many]),
            (6, ["status", str(self.node.config), *["--set", f"log.level={huge}"] * many]),
        ]:
            program = [os.environ["DUCTUS_PROGRAM"], *words]
            done = subprocess.run(program, capture_output=True, timeout=300, check=False)
            begins = ([word[:40] for word in words[:4]], done.stderr[:1000])
            self.assertEqual(done.returncode, code, begins)
            self.assertTrue(0 < len(done.stderr) < 8_000, begins)
        self.assertEqual(set(self.stored().values()), {0})

    # ---- files

    def test_the_originals_file_is_taken_with_its_trailing_comma(self):
        (self.folder / "offsets.json").write_text(_SAMPLE)
        self.run_verb(0, "reset_offsets_from_file", "offsets.json")
        self.assertEqual(self.stored(), {"topic1/0": 27, "topic2/0": 18})
        self.run_verb(0, "zero_offsets")
        self.run_verb(0, "reset_offsets_from_file", "-", stdin=_SAMPLE)
        self.assertEqual(self.stored()["topic2/0"], 18)
        self.run_verb(0, "zero_offsets")
        self.run_verb(0, "offsets", "set", "--to", "file:offsets.json", "--yes")
        self.assertEqual(self.stored()["topic1/0"], 27)

    def test_a_bad_file_is_refused_with_its_place_and_changes_nothing(self):
        self.run_verb(0, "zero_offsets")
        good = '{"topic":"topic1","offset":5}'
        cases = {
            '{"topic":"topic9","offset":5}': "results[1]: 'topic9' is none of the topics",  # B30
            '{"topic":"events","offset":5}': "results[1]: events has 2 partitions, 0 to 1",  # B31
            '{"topic":"events","partition":2,"offset":5}': "results[1]: events has 2 partitions",
            '{"topic":"topic2","offset":1e10}': "results[1].offset",  # B27, B37
            '{"topic":"topic1","offset":6}': "results[1] and results[0]",  # B29
            '{"topic":"topic1","partition":0,"offset":6}': "results[1]: topic1/0 is named twice",
            "[" * 100_000: "nested",  # B32
            '{"topic":"topic2","offset"': "no JSON",  # B35
        }
        for entry, said in cases.items():
            (self.folder / "bad.json").write_text('{"results":[' + good + "," + entry + "]}")
            for words in [["reset_offsets_from_file", "bad.json"], ["offsets", "import", "bad.json", "--yes"]]:
                self.assertIn(said, self.run_verb(1, *words).stderr)
        (self.folder / "large.json").touch()
        os.truncate(self.folder / "large.json", 500 << 20)  # B33
        self.assertIn("longer than", self.run_verb(1, "reset_offsets_from_file", "large.json").stderr)
        self.assertIn("No such file", self.run_verb(1, "reset_offsets_from_file", "none.json").stderr)
        self.assertEqual(set(self.stored().values()), {0})

    # ---- export and import

    def test_a_move_to_another_store_loses_nothing(self):
        self.run_verb(0, "reset_to_oldest_offsets")
        self.assertEqual(self.node.run_until_end(), 0, self.node.said)  # with leader epochs
        other = self.make_node("other")
        exported = self.run_verb(0, "offsets", "export").stdout

        said = self.run_verb(0, "offsets", "import", "-", "--yes", node=other, stdin=exported).stdout

        self.assertEqual(said.count("set for the first time"), 4)
        again = json.loads(self.run_verb(0, "offsets", "export", node=other).stdout)
        self.assertEqual({**again, "handler_name": "node"}, {**json.loads(exported), "handler_name": "node"})
        self.assertNotIn(None, [row["leader_epoch"] for row in again["results"]])
        self.assertEqual(other.run_until_end(), 0, other.said)
        self.assertEqual(other.output("topic1", 0), b"", "it goes on where the first one was")

    def test_what_is_exported_is_imported_in_every_form(self):
        self.run_verb(0, "offsets", "set", "--to", "33", "--topic", "topic1", "--yes")
        self.run_verb(0, "offsets", "set", "--to", "44", "--topic", "events", "--all-partitions", "--yes")
        before = self.stored()
        for form, line in [("csv", "topic1,0,33\n"), ("text", "topic1/0 33\n"), ("json", '"offset":33')]:
            exported = self.run_verb(0, "offsets", "export", "--format", form).stdout
            self.assertIn(line, exported)
            self.run_verb(0, "zero_offsets")
            self.run_verb(0, "offsets", "import", "-", "--yes", stdin=exported)
            self.assertEqual({**self.stored(), "topic2/0": 0}, {**before, "topic2/0": 0})
        self.run_verb(2, "offsets", "export", "--format", "xml")

    def test_an_export_is_imported_while_no_broker_is_there_and_a_list_is_not(self):
        self.run_verb(0, "zero_offsets")
        exported = self.run_verb(0, "offsets", "export").stdout
        away = self.enterContext(DuctusNode(self.folder / "away", "127.0.0.1:1", ["events"]))
        self.run_verb(4, "offsets", "import", "-", "--yes", node=away, stdin="events,0,5\n")
        self.assertEqual(self.stored(away), {})
        self.run_verb(0, "offsets", "import", "-", "--yes", node=away, stdin=exported)
        self.assertEqual(self.stored(away), self.stored())

    # ---- journal and undo

    def test_undo_takes_back_the_last_act_and_then_itself(self):
        self.run_verb(0, "reset_offsets")
        self.run_verb(0, "reset_single_offset", "topic1", "5")
        self.run_verb(0, "offsets", "undo", "--yes")
        self.assertEqual(self.stored()["topic1/0"], 70)
        self.run_verb(0, "offsets", "undo", "--yes")
        self.assertEqual(self.stored()["topic1/0"], 5)
        acts = json.loads(self.run_verb(0, "offsets", "log", "--json").stdout)["acts"]
        self.assertEqual(
            [act["why"] for act in acts],
            ["offsets undo", "offsets undo", "reset_single_offset topic1 5", "reset_offsets"],
        )
        undone = {"topic": "topic1", "partition": 0, "unit": "messages", "before": 70, "after": 5}
        self.assertEqual(acts[0]["positions"], [undone])
        first = self.run_verb(0, "offsets", "log", "--limit", "1").stdout
        self.assertEqual(first.count("act "), 1)
        self.assertIn("topic1/0: 70 -> 5", first)

    def test_undo_of_the_first_act_forgets_what_it_set(self):
        self.run_verb(0, "reset_single_offset", "topic1", "5")
        said = self.run_verb(0, "offsets", "undo", "1", "--yes").stdout
        self.assertIn("forgotten", said)
        self.assertEqual(self.stored(), {})
        self.assertEqual(self.node.run_until_end(), 1, self.node.said)
        self.assertIn("topic1/0 stopped: no stored offset", self.node.said)

    def test_undo_is_refused_where_the_node_has_gone_on(self):
        self.run_verb(0, "zero_offsets")
        self.run_verb(0, "reset_single_offset", "topic1", "5")
        self.assertEqual(self.node.run_until_end(), 0, self.node.said)
        before = self.stored()
        self.assertIn("topic1/0 (set to 5, now 70)", self.run_verb(5, "offsets", "undo", "--yes").stderr)
        self.assertIn("topic1/0 (set to 0, now 70)", self.run_verb(5, "offsets", "undo", "1", "--yes").stderr)
        self.run_verb(1, "offsets", "undo", "17", "--yes")
        self.run_verb(2, "offsets", "undo", "0", "--yes")
        self.assertEqual(self.stored(), before)

    # ---- the question

    def on_a_terminal(self, answer, *words):
        """The exit code of a verb at a terminal whose user answers so, and what stood on the screen."""
        screen, terminal = pty.openpty()
        count = 2 if words[0] == "offsets" else 1
        arguments = [os.environ["DUCTUS_PROGRAM"], *words[:count], str(self.node.config), *words[count:]]
        process = spawn(arguments, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        seen = b""
        try:
            while b"Type node to write" not in seen:
                seen += os.read(screen, 4096)
            os.write(screen, answer)
            while True:
                seen += os.read(screen, 4096)
        except OSError:  # the program has ended
            pass
        finally:
            os.close(screen)
        return process.wait(60), seen.decode()

    def test_on_a_terminal_the_handler_name_must_be_typed(self):
        for words in [["zero_offsets"], ["offsets", "set", "--to", "latest"], ["reset_single_offset", "topic1", "5"]]:
            for answer in [b"nope\n", b"\n", b"y\n", b"\x04"]:
                code, seen = self.on_a_terminal(answer, *words)
                self.assertEqual(code, 5, seen)
                self.assertIn("WHAT HAPPENS", seen)
                self.assertIn("nothing was changed", seen)
        self.assertEqual(self.stored(), {})

        code, seen = self.on_a_terminal(b"node\n", "reset_single_offset", "topic1", "5")
        self.assertEqual(code, 0, seen)
        self.assertIn("offsets undo", seen)
        self.assertEqual(self.stored(), {"topic1/0": 5})
        code, seen = self.on_a_terminal(b"node\n", "offsets", "undo")
        self.assertEqual(code, 0, seen)
        self.assertEqual(self.stored(), {})


if __name__ == "__main__":
    unittest.main()
