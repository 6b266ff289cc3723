#!/usr/bin/env python3
"""Checks that every header stands on its own.

x.cc includes its own x.h first, which proves it whenever x.cc is compiled. Headers without such a .cc are compiled
here, each alone. Exit 1 with what failed.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

from source_files import checkout_files, text_of

FIRST_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)
ROOTS = ("include", "src", "tests", "bench", "fuzz")


def name_in_includes(header: pathlib.Path) -> str:
    """src/net/socket.h → net/socket.h: how others include it."""
    return header.relative_to(header.parts[0]).as_posix()


def split_headers(root: pathlib.Path) -> tuple[list[str], list[pathlib.Path]]:
    """(findings for .cc files whose own header is not first, headers that no .cc vouches for)."""
    files = [file for file in checkout_files(root) if file.parts[0] in ROOTS]
    sources = {file.with_suffix("") for file in files if file.suffix == ".cc"}
    found, alone = [], []
    for header in (file for file in files if file.suffix == ".h"):
        if header.with_suffix("") not in sources:
            alone.append(header)
            continue
        source = header.with_suffix(".cc")
        first = FIRST_INCLUDE.search(text_of(root / source) or "")
        if first is None or first.group(1) != name_in_includes(header):
            found.append(f'{source}: the first include must be its own "{name_in_includes(header)}"')
    return found, alone


def compile_alone(root: pathlib.Path, header: pathlib.Path) -> str | None:
    """What the compiler says against the header; None where it stands. Through ccache, where there is one."""
    unit = root / "build/headers" / header.with_suffix(".cc")
    unit.parent.mkdir(parents=True, exist_ok=True)
    text = f'#include "{name_in_includes(header)}"\n#include "{name_in_includes(header)}"\n'
    if not unit.is_file() or unit.read_text() != text:
        unit.write_text(text)
    launcher = ["ccache"] if shutil.which("ccache") else []
    options = [f"-I{root / folder}" for folder in ROOTS] + [f'-DGOLDEN_DIR="{root}/tests/golden"']
    warnings = ["-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror"]
    done = subprocess.run([*launcher, "g++", "-std=c++20", *warnings, *options, "-c", unit, "-o",
                           unit.with_suffix(".o")], capture_output=True, text=True)
    return None if done.returncode == 0 else f"{header}: does not stand alone:\n{done.stderr.strip()}"


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    found, alone = split_headers(root)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found += filter(None, pool.map(lambda header: compile_alone(root, header), alone))
    print("\n".join(found) if found else f"headers: ok ({len(alone)} compiled alone)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
