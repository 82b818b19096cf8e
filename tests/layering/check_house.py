#!/usr/bin/env python3
"""Rules of the house that need no compiler.

    check_house.py [ROOT]       exits 1 and names file, line and rule if one is broken
    check_house.py --self-test  shows that each rule can fail
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SOURCES = (".cc", ".h", ".rs", ".go", ".java", ".py", ".sh", ".proto", ".cmake", ".txt")
LONGEST = 400  # lines of a .cc, .h or .proto
# Written in two halves, so that this file passes its own check.
LOOSE_END = re.compile("TO" + "DO|FIX" + "ME|XX" + r"X\b(?<!XXXX)|GTEST_" + "SKIP|DISABLED" + "_")
OWNING_RAW = re.compile(r"[=(,] ?new [A-Za-z_:<>]+[({;]|^\s*delete(\[\])? [a-z_]|\b(m|c|re)alloc\(")
FIRST_LINE_OF_HEADER = "#pragma once"


def problems_in(file: str, text: str) -> list[str]:
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if LOOSE_END.search(line):
            found.append(f"{file}:{number}: a loose end: finish it or file it")
        if file.endswith((".cc", ".h")) and OWNING_RAW.search(line) and "unique_ptr" not in line:
            found.append(f"{file}:{number}: memory that no object owns")
    if file.endswith((".cc", ".h", ".proto")) and len(lines) > (500 if file.startswith("tests/") else LONGEST):
        found.append(f"{file}:{len(lines)}: longer than {LONGEST} lines: a room that wants a wall")
    if file.endswith(".h") and FIRST_LINE_OF_HEADER not in lines[:1]:
        found.append(f"{file}:1: a header begins with {FIRST_LINE_OF_HEADER}")
    return found


def files(root: Path) -> list[str]:
    """What git knows or would add; without git, everything outside of build/."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return [name for name in names if name.endswith(SOURCES) and not name.startswith("build/")]


def check(root: Path) -> list[str]:
    return [problem for name in files(root) if (root / name).is_file()
            for problem in problems_in(name, (root / name).read_text())]


def self_test() -> list[str]:
    bad = {
        "a.cc": "// TO" + "DO: later\n",
        "b.cc": "int* p = new int(1);\n",
        "c.cc": "int x;\n" * (LONGEST + 1),
        "d.h": "int x;\n",
        "e.py": "# FIX" + "ME\n",
    }
    good = {
        "a.cc": "// What is new here: nothing.\nauto p = std::make_unique<int>(1);\n",
        "b.h": "#pragma once\nFoo(const Foo&) = delete;\n",
        "c.cc": "int x;\n" * LONGEST,
    }
    return [f"{name}: a broken rule passes" for name, text in bad.items()
            if not problems_in(name, text)] + [
        problem for name, text in good.items() for problem in problems_in(name, text)]


def main(args: list[str]) -> int:
    if args == ["--self-test"]:
        problems = self_test()
    else:
        problems = check(Path(args[0]) if args else Path(__file__).resolve().parents[2])
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
