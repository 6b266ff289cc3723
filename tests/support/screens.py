"""What the documentation shows of a terminal, held against what a terminal shows."""

import os
import pathlib
import re

_FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "screens"
# Whatever differs from run to run: numbers, times, sizes, curves, and how wide that makes a column.
_MASKS = (
    (re.compile(r"\d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"(\d+d \d\dh|\d+h\d\dm|\d+m\d\ds|\d+(\.\d+)?m?s)\b"), "TIME"),
    (re.compile(r"\d+(\.\d+)? [kMGTPE]?B\b"), "SIZE"),
    (re.compile(r"\d+(\.\d+)?( \d{3})*"), "N"),
    (re.compile("[▁▂▃▄▅▆▇█]+"), "CURVE"),
    (re.compile(r"(sqlite:)\S+"), r"\1PATH"),
    (re.compile(" {2,}"), "  "),
    (re.compile(r"N(?=:)|(?<=:)N"), "N"),
)


def masked(text):
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def check(test, name, screen):
    """`screen` is what docs/screens/NAME.txt shows, numbers aside. DUCTUS_WRITE_SCREENS=1 writes it anew."""
    path = _FOLDER / f"{name}.txt"
    if os.environ.get("DUCTUS_WRITE_SCREENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(screen.strip("\n") + "\n")
    test.assertEqual(masked(screen), masked(path.read_text()), f"docs/screens/{name}.txt shows something else")
