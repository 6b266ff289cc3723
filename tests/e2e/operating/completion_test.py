"""Completion in real shells, typed into a real terminal.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.operating.completion_test
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

from support.ductus_node import DuctusNode
from support.sandbox import Sandbox
from support.terminal import Terminal

# What makes a shell of a terminal's bash, with nothing of a user's own and the completion loaded.
_SHELLS = {
    "bash": ["source <(ductus completion bash)"],
    "zsh": ["exec zsh -f", "autoload -Uz compinit; compinit -u -D; source <(ductus completion zsh)"],
    "fish": [
        "exec fish --no-config --private -C 'function fish_prompt; echo -n \"shell\\$ \"; end'",
        "ductus completion fish | source",
    ],
}


class CompletionTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        self.config("config/local_to_local.toml", "the_topic", "topic1", "topic2")
        self.config("conf/remote.toml", "other")
        self.config("config/default.toml")

    def config(self, name, *topics):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            '[source]\nbrokers = ["127.0.0.1:1"]\n'
            + "".join(f'[[topics]]\nname = "{topic}"\ninit = "out"\n' for topic in topics)
        )

    def candidates(self, *words):
        done = subprocess.run(
            [os.environ["DUCTUS_PROGRAM"], "complete", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [line.split("\t")[0] for line in done.stdout.splitlines()]

    def bash(self, line):
        """What bash itself makes of `line`, its completion loaded, the cursor at the end."""
        script = """
            source <("$DUCTUS_PROGRAM" completion bash)
            complete -p ductus >&2
            COMP_LINE=$1; COMP_POINT=${#1}
            read -ra COMP_WORDS <<< "$1"; [[ $1 == *" " ]] && COMP_WORDS+=("")
            COMP_WORDS[0]=$DUCTUS_PROGRAM; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _ductus ductus; printf '%s\\n' "${COMPREPLY[@]}"
        """
        done = subprocess.run(
            ["bash", "-c", script, "bash", line],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertIn("complete -o default -F _ductus ductus", done.stderr)
        return done.stdout.split()

    def test_verbs(self):
        self.assertEqual(self.candidates("stat"), ["status"])
        self.assertIn("attach", self.candidates(""))
        self.assertNotIn("complete", self.candidates("comp"))
        self.assertEqual(self.candidates("nonsense", ""), [])

    def test_configurations(self):
        self.assertEqual(self.candidates("status", ""), ["local_to_local", "remote"])
        self.assertEqual(self.candidates("status", "--json", "r"), ["remote"])
        self.assertEqual(self.candidates("--config-dir", "conf", "status", ""), ["remote"])
        self.assertEqual(self.candidates("--config-dir=conf", "status", ""), ["remote"])

    def test_topics(self):
        self.assertEqual(self.candidates("pause", "local_to_local", "topic"), ["topic1", "topic2"])
        self.assertEqual(self.candidates("reset_single_offset", "remote", ""), ["other"])
        self.assertEqual(self.candidates("pause", "nowhere", ""), [])
        self.assertEqual(self.candidates("peek", "local_to_local", "topic"), ["topic1", "topic2"])
        self.assertEqual(self.candidates("logs", "local_to_local", "--topic", "the"), ["the_topic"])

    def test_options_and_their_words(self):
        self.assertIn("--watch", self.candidates("status", "--"))
        self.assertIn("--json", self.candidates("status", "remote", "--j"))
        self.assertEqual(self.candidates("status", "--by", ""), ["topic", "partition"])
        self.assertEqual(self.candidates("status", "--color=al"), ["--color=always"])
        self.assertEqual(self.candidates("logs", "--level", ""), ["debug", "info", "warn", "error"])
        self.assertIn("--follow", self.candidates("logs", "--f"))
        self.assertIn("--offset", self.candidates("peek", "--"))
        self.assertEqual(self.candidates("status", "--color", "=", "al"), ["always"])
        self.assertEqual(self.candidates("completion", ""), ["bash", "zsh", "fish"])

    def test_a_hostile_name_cannot_drive_the_shell(self):
        (self.folder / "config" / "a\nb.toml").write_text("")
        (self.folder / "config" / "c\x1b[2J.toml").write_text("")
        self.assertEqual(self.candidates("status", "a"), ["a\\nb"])
        self.assertEqual(self.candidates("status", "c"), ["c\\x1b[2J"])

    def test_bash_asks_the_program(self):
        self.assertEqual(self.bash("ductus stat"), ["status"])
        self.assertEqual(self.bash("ductus pause local_to_local the"), ["the_topic"])

    def completes_what_is_typed(self, shell):
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:10", "--topic", "orders:1:10"))
        node = self.enterContext(DuctusNode(self.folder, sandbox.bootstrap, ["events", "orders"]))
        node.start_console()
        node.wait_for_partition("orders", 0, lambda row: row["lag"] == 0, "all is read")
        terminal = self.enterContext(Terminal(self.folder, environment={"HOME": str(self.folder)}))
        for line in _SHELLS[shell]:
            terminal.enter(f"clear; {line}")
            terminal.wait_for_last_line("shell$")

        def complete(typed, completed):
            terminal.type(typed)
            terminal.press("Tab")
            terminal.wait_for_last_line(completed)

        def next_line():
            terminal.press("C-u")
            terminal.wait_for_last_line("shell$")

        complete("ductus stat", "shell$ ductus status")
        complete("loc", "shell$ ductus status local_to_local")
        complete("--by top", "shell$ ductus status local_to_local --by topic")
        next_line()
        complete("ductus offsets ex", "shell$ ductus offsets export")
        next_line()
        complete("ductus pause local_to_local the", "shell$ ductus pause local_to_local the_topic")
        next_line()
        complete("ductus pause node orders/", "shell$ ductus pause node orders/0")
        next_line()
        terminal.type("ductus pause local_to_local t")
        terminal.press("Tab", "Tab")
        listed = terminal.wait_until(lambda seen: "topic1" in seen and "topic2" in seen, "what it could be")
        self.assertNotIn("--", listed)

    def test_bash_completes_what_is_typed(self):
        self.completes_what_is_typed("bash")

    def test_zsh_completes_what_is_typed(self):
        self.completes_what_is_typed("zsh")

    def test_fish_completes_what_is_typed(self):
        self.completes_what_is_typed("fish")

    def test_zsh_takes_the_script_as_it_is_installed(self):
        functions = self.folder / "site-functions"
        functions.mkdir()
        script = subprocess.run([os.environ["DUCTUS_PROGRAM"], "completion", "zsh"], capture_output=True, check=True)
        (functions / "_ductus").write_bytes(script.stdout)
        terminal = self.enterContext(Terminal(self.folder, environment={"HOME": str(self.folder)}))
        for line in ["exec zsh -f", f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D"]:
            terminal.enter(f"clear; {line}")
            terminal.wait_for_last_line("shell$")
        for typed, completed in [("ductus stat", "ductus status"), ("loc", "ductus status local_to_local")]:
            terminal.type(typed)
            terminal.press("Tab")
            terminal.wait_for_last_line(f"shell$ {completed}")

    def test_each_shell_gets_a_script(self):
        scripts = {"bash": "complete -o default", "zsh": "#compdef ductus", "fish": "complete -c ductus"}
        for shell, word in scripts.items():
            done = subprocess.run(
                [os.environ["DUCTUS_PROGRAM"], "completion", shell],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            self.assertEqual(done.returncode, 0)
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main()
