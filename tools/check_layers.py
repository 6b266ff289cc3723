#!/usr/bin/env python3
"""Checks every #include against tools/layers.toml. Prints file:line of each that breaks the layers; exit 1 then."""

import pathlib
import re
import sys
import tomllib

from source_files import checkout_files, text_of

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
STANDARD_HEADER = re.compile(r"[a-z_]+")
SYSTEM_HEADER = re.compile(r"sys/\w+\.h|unistd\.h|fcntl\.h")


class Layers:
    """The table, and the judgement on one include."""

    def __init__(self, table: dict, root: pathlib.Path):
        self._may_include = table["may_include"]
        self._libraries = table["libraries"]
        self._root = root

    def objection(self, file: pathlib.PurePath, quoted: str | None, angled: str | None) -> str | None:
        """Why `file` may not include this header; None where it may."""
        parts = file.parts
        if parts[0] == "include":
            return self._public_objection(quoted, angled)
        if parts[0] == "examples":
            return self._example_objection(file, quoted, angled)
        if parts[0] != "src" or len(parts) < 3:
            return None
        module = parts[1]
        if module not in self._may_include:
            return f"src/{module} is not in tools/layers.toml"
        if angled:
            return self._library_objection(file, angled)
        if quoted.startswith("ductus/"):
            return self._missing(f"include/{quoted}")
        allowed = [module, *self._may_include[module]]
        if quoted in allowed or quoted.split("/")[0] in allowed:
            return self._missing(f"src/{quoted}")
        return f'{module} may not include "{quoted}"'

    def _public_objection(self, quoted: str | None, angled: str | None) -> str | None:
        if quoted:
            return None if quoted.startswith("ductus/") else f'only "ductus/…" and std here, not "{quoted}"'
        return None if STANDARD_HEADER.fullmatch(angled) else f"only std headers here, not <{angled}>"

    def _example_objection(self, file: pathlib.PurePath, quoted: str | None, angled: str | None) -> str | None:
        """What an example's copy elsewhere would not find: all but <ductus/…>, the system and what lies beside it."""
        if quoted:
            beside = (self._root / file.parent / quoted).is_file()
            return None if beside else f'only files beside it and <ductus/…> here, not "{quoted}"'
        if angled.startswith("ductus/") or STANDARD_HEADER.fullmatch(angled) or SYSTEM_HEADER.fullmatch(angled):
            return None
        return f"only <ductus/…> and the system here, not <{angled}>"

    def _library_objection(self, file: pathlib.PurePath, angled: str) -> str | None:
        for prefix, users in self._libraries.items():
            if angled.startswith(prefix) and not {file.parts[1], file.relative_to("src").as_posix()} & set(users):
                return f"<{angled}> belongs to {', '.join(users)}, not to {file.parts[1]}"
        return None

    def _missing(self, path: str) -> str | None:
        return None if (self._root / path).is_file() else f"{path} does not exist"


def findings(root: pathlib.Path, table: dict) -> list[str]:
    layers = Layers(table, root)
    found = []
    for file in checkout_files(root):
        if file.suffix not in (".h", ".cc"):
            continue
        for number, line in enumerate((text_of(root / file) or "").splitlines(), 1):
            include = INCLUDE.match(line)
            objection = include and layers.objection(file, *include.groups())
            if objection:
                found.append(f"{file}:{number}: {objection}")
    return found


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    table = tomllib.loads((root / "tools/layers.toml").read_text())
    found = findings(root, table)
    print("\n".join(found) if found else "layers: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
