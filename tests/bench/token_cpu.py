#!/usr/bin/env python3
"""token_cpu.py [CALLS]: what a token costs the daemon, gRPC and the record included.

One process of a user of its own, one connection, one call after the other. The daemon's
CPU time is read from its process clock around each part. Prints a table for
docs/benchmarks.md; exits 1 if a target is missed. Needs root. SURETY_BIN names the folder
of the built programs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Callable

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e")]
sys.dont_write_bytecode = True

from harness import grpc_raw, jwt, users  # noqa: E402
from harness.daemon import Daemon  # noqa: E402

AUDIENCE = "spiffe://e2e.example.org/reports"
WARM = 100
# What is measured, and the most that it may cost, in milliseconds.
TARGETS = {"FetchJWTSVID": 0.35, "ValidateJWTSVID": 0.3}


def cpu_seconds(pid: int) -> float:
    return time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3)


def call(connection: grpc_raw.Connection, method: str, message: bytes) -> bytes:
    number = connection.call(method, message)
    answer = connection.message(number)
    connection.status(number)
    return answer


def measure(daemon: Daemon, calls: int) -> dict[str, float]:
    [token] = jwt.fetch(daemon.socket, [AUDIENCE])
    messages = {"FetchJWTSVID": jwt.fetch_request([AUDIENCE]),
                "ValidateJWTSVID": jwt.text_field(1, AUDIENCE) + jwt.text_field(2, token.svid)}
    costs = {}
    for name, message in messages.items():
        with grpc_raw.Connection(daemon.socket) as connection:
            ask: Callable[[], Any] = lambda: call(connection, f"/SpiffeWorkloadAPI/{name}", message)
            for _ in range(WARM):
                ask()
            begin = cpu_seconds(daemon.pid)
            for _ in range(calls):
                ask()
            costs[name] = (cpu_seconds(daemon.pid) - begin) / calls * 1000
    return costs


def main(arguments: list[str]) -> int:
    calls = int(arguments[0]) if arguments else 2000
    many = 1_000_000
    daemon = Daemon(limits={"short_calls_per_second_per_lineage": many,
                            "short_calls_burst_per_lineage": many,
                            "calls_per_second_per_uid": many, "calls_burst_per_uid": many})
    daemon.configure("top", log_level="warn")
    daemon.entry_for("web", users.WEB)
    try:
        daemon.start()
        costs = users.run_as(users.WEB, measure, daemon, calls, timeout=300)
    finally:
        daemon.cleanup()
    print("| call | daemon CPU | target | |\n|---|---|---|---|")
    for name, cost in costs.items():
        met = "met" if cost <= TARGETS[name] else "**missed**"
        print(f"| {name} | {cost:.2f} ms | {TARGETS[name]} ms | {met} |")
    return 1 if any(cost > TARGETS[name] for name, cost in costs.items()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
