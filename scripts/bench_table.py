#!/usr/bin/env python3
"""bench_table.py FOLDER: the reports of scripts/bench.sh as a table, each figure
beside its target. Exits 1 if a target is missed."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def rows(folder: Path) -> list[tuple[str, float, float, str, bool]]:
    """(what, measured, target, unit, whether at most)."""

    def report(name: str) -> dict:
        return json.loads((folder / f"{name}.json").read_text())

    new, kept = report("first-new-connection"), report("first-reused-connection")
    thousand, five = report("streams-1000"), report("streams-5000")
    ten, rotation = report("streams-10000-on-10"), report("rotation")
    idle = int((folder / "idle-rss-kib").read_text())
    return [
        ("first SVID, new connection, p50", new["latency_ms"]["p50"], 1.0, "ms", True),
        ("first SVID, new connection, daemon CPU", new["daemon_cpu_ms_per_fetch"], 0.6, "ms", True),
        ("first SVID, reused connection, p50", kept["latency_ms"]["p50"], 0.45, "ms", True),
        ("1,000 streams on 1,000 connections, last served", thousand["first_svid_ms"]["max"],
         500, "ms", True),
        ("1,000 streams, served", thousand["served"], 1000, "", False),
        ("5,000 streams on 5,000 connections, served", five["served"], 5000, "", False),
        ("5,000 streams, daemon memory each", five["daemon_bytes_per_stream"] / 1000, 45, "KB", True),
        ("10,000 streams on 10 connections, served", ten["served"], 10000, "", False),
        ("10,000 streams, daemon memory each", ten["daemon_bytes_per_stream"] / 1000, 45, "KB", True),
        ("rotation with re-attestation, daemon CPU", rotation["daemon_cpu_ms_per_renewal"], 0.2,
         "ms", True),
        ("idle RSS", idle / 1024, 30, "MB", True),
    ]


def main() -> int:
    missed = 0
    print(f"{'':52}{'measured':>12}{'target':>14}")
    for what, measured, target, unit, at_most in rows(Path(sys.argv[1])):
        met = measured <= target if at_most else measured >= target
        missed += not met
        bound = f"{'≤' if at_most else '≥'} {target:g} {unit}"
        print(f"{what:52}{measured:>9.2f} {unit:2}{bound:>14}  {'ok' if met else 'MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
