#!/usr/bin/env python3
"""act_latency.py [RUNS]: how long after an act a workload's stream ends.

One daemon, a victim of its own for each act, one after the other. The clock starts
in the process that acts, right before the system call, and stops where the victim's
open stream has been read to its end. Prints a table for docs/benchmarks.md; exits 1
if a target is missed. Needs root. SURETY_BIN names the folder of the built programs."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import Any, Callable

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "attack")]
sys.dont_write_bytecode = True

import kernel  # noqa: E402
from harness import grpc_raw, users  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from victim import Victim  # noqa: E402

SWEEP_MS = 250
CGROUP = next(path for path in map(Path, ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
              if (path / "cgroup.controllers").exists()) / f"act-latency-{os.getpid()}"
Act = Callable[[], Any]

# What is done, the uid that it takes, how it ends, and whether an event tells of it.
ACTS: dict[str, tuple[Act, int, bool]] = {
    "exec": (lambda: os.execv("/bin/sleep", ["sleep", "9"]), users.WEB, True),
    "uid": (lambda: os.setuid(users.STRANGER), 0, True),
    "gid": (lambda: os.setgid(users.STRANGER), 0, True),
    "ptrace": (lambda: None, users.WEB, True),
    "exit": (lambda: os._exit(0), users.WEB, True),
    "unshare": (lambda: kernel.unshare(kernel.CLONE_NEWNS), 0, False),
    "cgroup move": (lambda: (CGROUP / "cgroup.procs").write_text("0"), 0, False),
}


def clocked(act: Act, tell: int) -> Act:
    def run() -> None:
        os.write(tell, time.monotonic_ns().to_bytes(8, "little"))
        act()

    return run


def end_of(victim: Victim) -> int:
    """When the stream has ended. Whoever exits has nobody to be refused any more."""
    try:
        while True:
            victim.next_response(20)
    except grpc_raw.Ended as end:
        if end.code not in (grpc_raw.PERMISSION_DENIED, grpc_raw.UNAVAILABLE):
            raise
    except grpc_raw.Closed:
        pass
    return time.monotonic_ns()


def one(daemon: Daemon, name: str) -> float:
    """Milliseconds from the act to the end of the stream."""
    act, uid, _ = ACTS[name]
    hear, tell = os.pipe()
    debugger = None
    victim = Victim(daemon, uid, (clocked(act, tell),),
                    lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 1))
    time.sleep(random.uniform(0.005, SWEEP_MS / 1000))  # At any moment of a sweep.
    if name == "ptrace":
        attach = clocked(lambda: kernel.ptrace(kernel.PTRACE_SEIZE, victim.pid), tell)
        debugger = users.Worker(users.WEB, lambda send: (attach(), send(0), time.sleep(20)))
    else:
        victim.start()
    ended = end_of(victim)
    began = int.from_bytes(os.read(hear, 8), "little")
    for held in (debugger, victim):
        if held:
            held.stop()
    os.close(hear)
    os.close(tell)
    return (ended - began) / 1e6


def measure(runs: int, events: bool) -> dict[str, list[float]]:
    daemon = Daemon(top={"log_level": "warn"}, watch={"events": events},
                    x509={"ttl": "1h"})
    for name, uid in (("web", users.WEB), ("root", 0)):
        daemon.entry_for(name, uid)
    try:
        daemon.start()
        found = {}
        for name in ACTS:
            print(f"act_latency: {name}, events {events}", file=sys.stderr)
            found[name] = sorted(one(daemon, name) for _ in range(runs))
        return found
    finally:
        daemon.cleanup()


def quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def report(measured: dict[bool, dict[str, list[float]]]) -> bool:
    missed = False
    print("| act | noticed by | p50 | p99 | longest | target | |\n|---|---|---|---|---|---|---|")
    for events, acts in measured.items():
        for name, values in acts.items():
            by_event = events and ACTS[name][2]
            by_event = by_event or name == "exit"  # The pidfd tells, with or without events.
            most = (5, 50) if by_event else (SWEEP_MS + 50, SWEEP_MS + 50)
            p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
            met = p50 <= most[0] and p99 <= most[1]
            missed |= not met
            target = "p50 5 ms, p99 50 ms" if by_event else f"{most[1]} ms"
            how = "exit" if name == "exit" else "event" if by_event else "sweep"
            setting = "" if events else ", `events = false`"
            print(f"| {name} | {how}{setting} | {p50:.1f} ms | {p99:.1f} ms | {values[-1]:.1f} ms "
                  f"| {target} | {'met' if met else '**missed**'} |")
    return missed


def main(arguments: list[str]) -> int:
    runs = int(arguments[0]) if arguments else 200
    CGROUP.mkdir()
    try:
        return 1 if report({events: measure(runs, events) for events in (True, False)}) else 0
    finally:
        CGROUP.rmdir()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
