"""The files of the checkout, and their text: what every check looks at."""

import pathlib
import subprocess


def checkout_files(root: pathlib.Path) -> list[pathlib.Path]:
    """Tracked files and new ones that git does not ignore, relative to root; without those deleted on disk."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True).stdout.decode()
    names = sorted({name for name in listing.split("\0") if name})
    return [pathlib.Path(name) for name in names if (root / name).is_file()]


def text_of(path: pathlib.Path) -> str | None:
    """The file's text; None where it is not text."""
    data = path.read_bytes()
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def blank_comments_and_strings(code: str) -> str:
    """C++ with the inside of comments and literals turned into blanks; line and column of the rest stay."""
    out = list(code)
    at = 0
    while at < len(code):
        end = _end_of_skipped(code, at)
        if end == at:
            at += 1
            continue
        for index in range(at, end):
            if code[index] != "\n":
                out[index] = " "
        at = end
    return "".join(out)


def _end_of_skipped(code: str, at: int) -> int:
    """Where the comment or literal that starts at `at` ends; `at` where none starts."""
    if code.startswith("//", at):
        end = code.find("\n", at)
        return len(code) if end < 0 else end
    if code.startswith("/*", at):
        end = code.find("*/", at + 2)
        return len(code) if end < 0 else end + 2
    if code.startswith('R"', at) and not (at > 0 and code[at - 1].isalnum()):
        opened = code.find("(", at)
        end = code.find(")" + code[at + 2:opened] + '"', opened)
        return len(code) if end < 0 else end + len(code[at + 2:opened]) + 2
    quote = code[at]
    if quote == '"' or (quote == "'" and not (at > 0 and code[at - 1].isalnum())):
        end = at + 1
        while end < len(code) and code[end] not in (quote, "\n"):
            end += 2 if code[end] == "\\" else 1
        return min(end + 1, len(code))
    return at
