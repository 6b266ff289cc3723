#!/usr/bin/env python3
"""Checks that what newcomers are shown works: C++ compiles, TOML parses, ./dev has the verbs, links lead somewhere.

Exit 1 with file:line of each block that does not.
"""

import dataclasses
import pathlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

DOCUMENTS = ("README.md", "docs/callbacks.md", "docs/contributing.md")
FENCE = re.compile(r"^```(\w[\w+]*)?\s*$")
DEV_VERB = re.compile(r"(?:^|[\s;&|])\./dev\s+([a-z]\w*)")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


@dataclasses.dataclass
class Block:
    language: str
    line: int
    text: str


def blocks(markdown: str) -> Iterator[Block]:
    """The fenced blocks; `line` is that of the opening fence."""
    opened: Block | None = None
    for number, line in enumerate(markdown.splitlines(), 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened = Block(fence.group(1) or "", number, "")
        elif opened is not None and line.strip() == "```":
            yield opened
            opened = None
        elif opened is not None:
            opened.text += line + "\n"


def dev_verbs(dev: str) -> set[str]:
    """The verbs of the entry script: its functions verb_NAME."""
    return set(re.findall(r"^verb_(\w+)\(\)", dev, re.MULTILINE))


def cpp_problem(code: str, root: pathlib.Path) -> str | None:
    done = subprocess.run(["g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{root / 'include'}",
                           "-x", "c++", "-"], input=code, capture_output=True, text=True)
    return None if done.returncode == 0 else f"does not compile:\n{done.stderr.strip()}"


def toml_problem(text: str) -> str | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return f"is no TOML: {error}"
    return None


def sh_problem(text: str, verbs: set[str]) -> str | None:
    unknown = sorted(set(DEV_VERB.findall(text)) - verbs)
    return f"./dev has no verb {', '.join(unknown)}" if unknown else None


def findings(name: str, markdown: str, root: pathlib.Path) -> list[str]:
    found = []
    verbs = dev_verbs((root / "dev").read_text())
    for block in blocks(markdown):
        problem = None
        if block.language in ("cpp", "c++"):
            problem = cpp_problem(block.text, root)
        elif block.language == "toml":
            problem = toml_problem(block.text)
        elif block.language in ("sh", "bash", "console"):
            problem = sh_problem(block.text, verbs)
        if problem:
            found.append(f"{name}:{block.line}: {problem}")
    inside_block = False
    for number, line in enumerate(markdown.splitlines(), 1):
        if line.startswith("```"):
            inside_block = not inside_block
        if inside_block:
            continue
        found += [f"{name}:{number}: {target} does not exist" for target in LINK.findall(line)
                  if not (root / name).parent.joinpath(target).exists()]
    return found


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    found = []
    for name in DOCUMENTS:
        if (root / name).is_file():
            found += findings(name, (root / name).read_text(), root)
        else:
            found.append(f"{name}: there is none")
    print("\n".join(found) if found else "readme: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
