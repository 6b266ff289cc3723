"""Terminal: a real one, by tmux, in which a shell runs: keys in, screen out. It dies with the test.

check_screen() holds what it shows against what the documentation shows.
"""

import os
import pathlib
import re
import subprocess

from support.child_process import spawn, wait_until

_PROMPT = "shell$ "
_SCREENS = pathlib.Path(__file__).parents[2] / "docs" / "screens"
# Whatever differs from run to run: numbers, times, sizes, curves, and how wide that makes a column.
_MASKS = (
    (re.compile(r"\d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"(\d+d \d\dh|\d+h\d\dm|\d+m\d\ds|\d+(\.\d+)?m?s)\b"), "TIME"),
    (re.compile(r"\d+(\.\d+)? [kMGTPE]?B\b"), "SIZE"),
    (re.compile(r"\d+(\.\d+)?( \d{3})*"), "N"),
    (re.compile("[▁▂▃▄▅▆▇█]+"), "CURVE"),
    (re.compile(r"(ok TIME)( · ok TIME)+"), r"\1"),
    (re.compile(r"(sqlite:)\S+"), r"\1PATH"),
    (re.compile(" {2,}"), "  "),
    (re.compile(r"N(?=:)|(?<=:)N"), "N"),
)


class Terminal:
    """A shell in `folder`, inside a `with` block. `ductus` is the program under test."""

    def __init__(self, folder, columns=100, rows=30, environment=None):
        self._folder = pathlib.Path(folder)
        self._socket = self._folder / "tmux.sock"
        self._runs = 0
        self._size = ("-x", str(columns), "-y", str(rows))
        program = pathlib.Path(os.environ["DUCTUS_PROGRAM"]).resolve()
        self._environment = {
            **{name: os.environ[name] for name in ("HOME", "ASAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ},
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "XDG_STATE_HOME": str(self._folder / "state"),
            "PS1": _PROMPT,
            # No shell writes down what was typed while the test's folder is being removed.
            "HISTFILE": "",
            "fish_history": "",
            **(environment or {}),
        }

    def __enter__(self):
        # In the foreground: as a daemon it would outlive the test.
        self._server = spawn(
            ["tmux", "-u", "-S", self._socket, "-f", "/dev/null", "-D"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=self._environment,
        )
        wait_until(lambda: self._socket.exists() or self._server.poll() is not None, "tmux listens")
        assert self._server.poll() is None, "tmux did not start (its words above)"
        shell = ["-c", str(self._folder), "bash", "--norc", "--noprofile"]
        self._tmux("new-session", "-d", "-s", "main", *self._size, *shell)
        self.wait_for(_PROMPT.strip())
        return self

    def __exit__(self, *_):
        self._server.kill()
        self._server.wait()
        self._socket.unlink(missing_ok=True)

    def _tmux(self, *arguments):
        done = subprocess.run(
            ["tmux", "-u", "-N", "-S", str(self._socket), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=self._environment,
        )
        assert done.returncode == 0, f"tmux {arguments}: {done.stderr}"
        return done.stdout

    def type(self, text):
        """As it is, without an end of line."""
        self._tmux("send-keys", "-t", "main", "-l", "--", text)

    def press(self, *keys):
        """Keys as tmux names them: Enter, C-c, Up, Tab."""
        self._tmux("send-keys", "-t", "main", *keys)

    def enter(self, line):
        self.type(line)
        self.press("Enter")

    def resize(self, columns, rows):
        self._tmux("resize-window", "-t", "main", "-x", str(columns), "-y", str(rows))

    def screen(self):
        """What a person sees, without blanks at the ends of lines and empty lines at the end."""
        return self._tmux("capture-pane", "-p", "-t", "main").rstrip("\n")

    def wait_for(self, text):
        """Waits until `text` is on the screen; returns the screen."""
        return self.wait_until(lambda screen: text in screen, repr(text))

    def wait_for_last_line(self, text):
        """Waits until the last line that is not empty is `text`; returns the screen."""
        return self.wait_until(lambda screen: screen.rsplit("\n", 1)[-1].rstrip() == text, f"{text!r} as the last line")

    def wait_until(self, condition, what):
        last = [""]

        def screen_if_so():
            last[0] = self.screen()
            return last[0] if condition(last[0]) else None

        try:
            return wait_until(screen_if_so, what) or last[0]
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen:\n{last[0]}") from None

    def run(self, line):
        """A command of the shell; returns what it put on the cleared screen, once it is over."""
        self._runs += 1
        over = f"over{self._runs}="
        self.enter(f"clear; {line}; echo {over}$?")
        return self.wait_until(lambda seen: f"\n{over}" in "\n" + seen, f"{line} is over").split(over)[0]


def check_screen(test, name, show):
    """Waits until show() is what docs/screens/NAME.txt shows, numbers aside. DUCTUS_WRITE_SCREENS=1 writes it anew."""
    path = _SCREENS / f"{name}.txt"
    if os.environ.get("DUCTUS_WRITE_SCREENS"):
        path.write_text(show().strip("\n") + "\n")
    expected = _masked(path.read_text())
    last = [""]

    def is_shown():
        last[0] = _masked(show())
        return last[0] == expected

    try:
        wait_until(is_shown, f"what docs/screens/{name}.txt shows")
    except AssertionError:
        test.assertEqual(last[0], expected)
        raise


def _masked(text):
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
