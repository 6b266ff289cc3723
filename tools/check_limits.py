#!/usr/bin/env python3
"""Holds docs/limits.md against the code: each bound that it names must be there, in that file and of that value, and a
test must name it.

A row's last cell names constants, and settings of docs/configuration.md, in the order of the values in its second cell
(which are parted by semicolons), and the file of the constants. A constant of src/X is named by a test of tests/unit/X,
of tests/contract or of tests/e2e; a setting, as the TOML key or the member of that name, by any of them but those that
only read it (tests/unit/config).
Exit 1 with docs/limits.md:line of each that is wrong.
"""

import pathlib
import re
import sys
from collections.abc import Iterator

DOCUMENT = "docs/limits.md"
SETTINGS = "docs/configuration.md"
READING = "tests/unit/config"
COMMENT = re.compile(r"//.*|^\s*#.*", re.MULTILINE)
QUOTED = re.compile(r"`([^`]+)`")
SIZES = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
CHRONO = {"milliseconds": 0.001, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0}


def value_in_words(text: str) -> float | None:
    """"64 MiB", "0.1 s", "10,000", "1MiB" and "60000" as bytes, seconds, or a number; the first one in `text`."""
    match = re.search(r"(\d[\d,]*(?:\.\d+)?)\s*(KiB|MiB|GiB|ms|s|m|h)?\b", text)
    if match is None:
        return None
    number = float(match[1].replace(",", ""))
    return number * {**SIZES, **SECONDS}.get(match[2] or "", 1)


def value_in_code(code: str, name: str) -> float | None:
    """What a constant, or a member with a default, is set to; of durations the seconds. None: it is not there."""
    match = re.search(rf"^([^/\n]*)\b{re.escape(name)}\s*(?:=\s*([^;]+)|\{{([^;]+)\}});", code, re.MULTILINE)
    if match is None:
        return None
    expression = match[2] or match[3]
    chrono = re.search(r"std::chrono::(\w+)\(", expression) or re.search(r"std::chrono::(\w+)\s*$", match[1])
    expression = re.sub(r"std::[\w:]+", "", expression).replace("'", "")
    expression = re.sub(r"(\d)[uUlL]+\b", r"\1", expression).translate(str.maketrans("{}", "()"))
    if not re.fullmatch(r"[\d\s()*+<-]+", expression):
        return None
    return eval(expression) * (CHRONO.get(chrono[1], 1.0) if chrono else 1.0)  # digits and operators only


def default_of_setting(configuration: str, key: str) -> float | None:
    row = re.search(rf"^\| `{re.escape(key)}` \|[^|]*\|([^|]*)\|", configuration, re.MULTILINE)
    return value_in_words(row[1].strip(' `"')) if row else None


def words_by_folder(root: pathlib.Path) -> dict[str, set[str]]:
    """Of each folder of tests, as tests/unit/kafka and tests/e2e, the words of its tests without those of comments."""
    words: dict[str, set[str]] = {}
    for file in (root / "tests").rglob("*_test.*"):
        parts = file.relative_to(root).parts
        if parts[1] == "tools" or file.suffix not in (".cc", ".py"):
            continue
        folder = "/".join(parts[:3] if parts[1] == "unit" else parts[:2])
        words.setdefault(folder, set()).update(re.findall(r"\w+", COMMENT.sub("", file.read_text())))
    return words


def is_tested(words: dict[str, set[str]], name: str, files: list[str]) -> bool:
    if "." in name:
        folders = set(words) - {READING}
    else:
        folders = {"tests/contract", "tests/e2e", *(f"tests/unit/{pathlib.Path(file).parts[1]}" for file in files)}
    return any(name.rpartition(".")[2] in words.get(folder, ()) for folder in folders)


def row_findings(root: pathlib.Path, words: dict[str, set[str]], bounds: str, where: str) -> Iterator[str]:
    quoted = QUOTED.findall(where)
    files = [name for name in quoted if "/" in name]
    names = [name for name in quoted if "/" not in name]
    values = [value_in_words(QUOTED.sub("", part)) for part in bounds.split(";")]
    missing = [name for name in files if not (root / name).is_file()]
    yield from (f"{name} does not exist" for name in missing)
    if missing or not names:
        return
    if len(names) != len(values):
        yield f"{len(values)} values, but {len(names)} names"
        return
    code = "\n".join((root / name).read_text() for name in files)
    configuration = (root / SETTINGS).read_text() if (root / SETTINGS).is_file() else ""
    for name, value in zip(names, values):
        actual = default_of_setting(configuration, name) if "." in name else value_in_code(code, name)
        if actual is None:
            yield f"no {name} of a known value in {SETTINGS if '.' in name else ', '.join(files)}"
        elif value is None or abs(actual - value) > 1e-9 * max(abs(actual), 1):
            yield f"{name} is {actual:g}, not {value}"
        elif not is_tested(words, name, files):
            yield f"no test names {name}"


def findings(root: pathlib.Path) -> list[str]:
    found = []
    words = words_by_folder(root)
    for number, line in enumerate((root / DOCUMENT).read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or cells[0] == "what is bounded" or set(cells[0]) <= {"-"}:
            continue
        if len(cells) != 4:
            found.append(f"{DOCUMENT}:{number}: {len(cells)} cells, not 4")
            continue
        found += [f"{DOCUMENT}:{number}: {finding}" for finding in row_findings(root, words, cells[1], cells[3])]
    return found


def main() -> int:
    found = findings(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(found) if found else "limits: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
