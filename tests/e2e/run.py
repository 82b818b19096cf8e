#!/usr/bin/env python3
"""Runs end-to-end, attack, interoperability and systemd cases:
run.py [test_file[.Class[.case]]]... Without an argument: all.

SURETY_BIN and SURETY_CLIENTS name the folders of the built programs; the
release build's are the default."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDERS = [HERE, *(HERE.parent / name for name in ("attack", "conformance", "interop", "engines", "systemd"))]


def main(names: list[str]) -> int:
    sys.path[:0] = map(str, FOLDERS)
    sys.dont_write_bytecode = True
    loader = unittest.TestLoader()
    if names:
        suite = loader.loadTestsFromNames(names)
    else:
        suite = unittest.TestSuite(loader.discover(str(folder)) for folder in FOLDERS)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
