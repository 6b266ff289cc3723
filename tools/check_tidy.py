#!/usr/bin/env python3
"""The house rules that no compiler knows: sizes, banned calls and talk, dead names. Exit 1 with file:line of each."""

import pathlib
import re
import sys
from collections.abc import Iterator

from source_files import blank_comments_and_strings, checkout_files, text_of

MAX_COLUMNS = 120
MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 700
MAX_FOLDER_FILES = 24

CODE_FOLDERS = ("include", "src", "tests", "fuzz", "bench", "examples")
LIMITED_FOLDERS = ("include", "src", "tests/unit", "tests/e2e", "tests/support", "tests/sim", "tools")

# (where, pattern, what to do instead, files that may). A pattern with a group finds only what the group takes.
BANNED_CODE = (
    ("tests", r"\bsleep_for\b|\bsleep_until\b|\busleep\b|\bnanosleep\b|(?<![\w.>])sleep\s*\(",
     "a test waits for the event itself, or turns a ManualClock",
     ("tests/contract/offset_store_contract_test.cc",)),  # kills a writer at a random instant
    ("src", r"_ptr<[^;{}]*?\bnew\b|operator new|\b(new)\b", "std::make_unique, or at once into a unique_ptr<T>", ()),
    ("src", r"\bstd::rand\b|(?<![\w:])s?rand\s*\(", "<random> with a seed that is printed", ()),
    ("src", r"\bf?printf\s*\(", "the log, or the output stream that was passed in",
     ("src/base/assert.cc", "src/handlers/null.cc", "src/node/node.cc")),  # stdout is its work; no log is there yet
    ("src", r"#\s*include\s*<iostream>", "streams and files come in by constructor",
     ("src/cli/", "src/sandbox/sandbox_main.cc")),
)

# Words that have no place in any file. The brackets keep this file clear of its own rule.
BANNED_TALK = (
    (r"\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b", "finish it, or leave it out"),
    (r"(?<![\w.])/(?:wor[k]/|tm[p]/(?:b|kd|brief)/)", "a path of somebody's machine"),
    (r"\b(?:issue|ticket)s?\s+#\d+|\b(?:fixes|closes|refs?)\s+#\d+", "say what and why, not which number"),
    (r"\b(?:deb|security|snapshot)\.debian\.org|\brepo1?\.maven(?:\.apache)?\.org|\bregistry\.npmjs\.org|\bpypi\.org"
     r"|\bcrates\.io|\bghcr\.io|\bdocker\.io|\barchive\.ubuntu\.com", "the machine's own settings name the registries"),
)

NOT_A_FUNCTION = re.compile(
    r"^\s*(?:if|for|while|switch|do|else|try|catch|case|default|return)\b"
    r"|^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b", re.DOTALL)
NAME_IN_DOCS = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)`")


def functions(code: str) -> Iterator[tuple[int, int]]:
    """(first line, number of lines) of each outermost function body, by its braces."""
    stack: list[tuple[int, bool]] = []
    head_start = 0
    line = 1
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == ";":
            head_start = at + 1
        elif char == "{":
            head = re.sub(r"^\s*#.*$", "", code[head_start:at], flags=re.MULTILINE)
            is_function = ")" in head and not NOT_A_FUNCTION.match(head)
            stack.append((line, is_function and not any(inner for _, inner in stack)))
            head_start = at + 1
        elif char == "}" and stack:
            opened, outermost_function = stack.pop()
            head_start = at + 1
            if outermost_function:
                yield opened, line - opened + 1


def size_findings(file: pathlib.PurePath, text: str) -> Iterator[str]:
    lines = text.splitlines()
    is_code = file.suffix in (".h", ".cc", ".py", ".sh") or file.name == "dev"
    for number, line in enumerate(lines, 1):
        if is_code and len(line) > MAX_COLUMNS:
            yield f"{file}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
    if is_code and len(lines) > MAX_FILE_LINES:
        yield f"{file}:{len(lines)}: {len(lines)} lines, at most {MAX_FILE_LINES}: split it by what it decides"
    if file.suffix in (".h", ".cc"):
        for number, count in functions(blank_comments_and_strings(text)):
            if count > MAX_FUNCTION_LINES:
                yield f"{file}:{number}: a function of {count} lines, at most {MAX_FUNCTION_LINES}"


def banned_findings(file: pathlib.PurePath, text: str) -> Iterator[str]:
    if file.suffix in (".h", ".cc"):
        code = blank_comments_and_strings(text)
        for where, pattern, instead, allowed in BANNED_CODE:
            if file.parts[0] == where and not file.as_posix().startswith(allowed or ("\0",)):
                yield from (f"{file}:{line}: '{word}': {instead}" for line, word in _matches(pattern, code))
    for pattern, instead in BANNED_TALK:
        yield from (f"{file}:{line}: '{word}': {instead}" for line, word in _matches(pattern, text))


def _matches(pattern: str, text: str) -> Iterator[tuple[int, str]]:
    for match in re.finditer(pattern, text):
        if match.lastindex or not match.re.groups:
            yield text.count("\n", 0, match.start()) + 1, match.group().strip()


def folder_findings(files: list[pathlib.Path]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for file in files:
        folder = file.parent.as_posix()
        if any(folder == top or folder.startswith(top + "/") for top in LIMITED_FOLDERS):
            counts[folder] = counts.get(folder, 0) + 1
    for folder, count in counts.items():
        if count > MAX_FOLDER_FILES:
            yield f"{folder}: {count} files, at most {MAX_FOLDER_FILES}"


def docs_findings(root: pathlib.Path, document: pathlib.PurePath, files: list[pathlib.Path]) -> Iterator[str]:
    """Sources that a document names in backticks, by path or by name alone, but which are not there."""
    tops = {file.parts[0] for file in files} | {file.parts[1] for file in files if file.parts[0] == "src"}
    names = {file.name for file in files}
    for number, line in enumerate((text_of(root / document) or "").splitlines(), 1):
        for name in NAME_IN_DOCS.findall(line):
            path = pathlib.PurePath(name)
            if len(path.parts) > 1:
                is_there = path.parts[0] not in tops or (root / path).exists() or (root / "src" / path).exists()
            else:
                is_there = path.suffix not in (".h", ".cc", ".py", ".sh") or name in names
            if not is_there:
                yield f"{document}:{number}: `{name}` does not exist"


def findings(root: pathlib.Path) -> list[str]:
    files = checkout_files(root)
    found = list(folder_findings(files))
    for file in files:
        text = None if "corpus" in file.parts or "golden" in file.parts else text_of(root / file)
        if text is None:
            continue
        found += size_findings(file, text)
        found += banned_findings(file, text)
    architecture = pathlib.Path("docs/architecture.md")
    if (root / architecture).is_file():
        found += docs_findings(root, architecture, files)
    return found


def main() -> int:
    found = findings(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(found) if found else "tidy: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
