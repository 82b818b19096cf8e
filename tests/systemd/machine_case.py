"""The base of the cases here: a booted machine with suretyd as one of its units."""

from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path
from typing import Any

from harness import audit
from harness.daemon import TRUST_DOMAIN, toml
from harness.waiting import until
from machine import PROGRAMS, Machine

SOCKET = "/run/surety/workload.sock"
ACCOUNTS = {"surety": 61000, "web": 12001, "user": 12002}
SURETY, WEB, USER = ACCOUNTS.values()
CONFIG = f"""trust_domain = {toml(TRUST_DOMAIN)}
log_level = "debug"
[admin]
socket = "/run/surety/admin.sock"
"""


class MachineCase(unittest.TestCase):
    maxDiff = None
    machine: Machine

    def setUp(self) -> None:
        self.machine = Machine()
        self.addCleanup(self.machine.stop)
        for name, uid in ACCOUNTS.items():
            self.machine.account(name, uid)

    def tearDown(self) -> None:
        if not self._outcome.success:  # type: ignore[attr-defined]
            print("---- the daemon's journal, its end",
                  *self.machine.journal("suretyd.service").splitlines()[-40:], sep="\n",
                  file=sys.stderr)

    # suretyd

    def serve(self, config: str = "") -> None:
        """Starts suretyd as a user with the two capabilities that it needs, and waits
        until it answers."""
        self.machine.write("/etc/surety/suretyd.toml", CONFIG + config)
        self.machine.path("/etc/surety/entries.d").mkdir(exist_ok=True)
        self.machine.unit("suretyd.service", Service={
            "ExecStart": f"{PROGRAMS}/suretyd run", "User": SURETY,
            "StateDirectory": "surety", "StateDirectoryMode": "0700", "RuntimeDirectory": "surety",
            "AmbientCapabilities": "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH"})
        self.machine.start("suretyd.service")
        until("suretyd serves", lambda: self.machine.path(SOCKET).exists(), 15)

    @property
    def state(self) -> Path:
        """As harness.audit wants it."""
        return self.machine.path("/var/lib/surety")

    def entry(self, name: str, *selectors: str, **keys: Any) -> str:
        """An entry in force; its SPIFFE ID."""
        spiffe_id = f"spiffe://{TRUST_DOMAIN}/{name}"
        before = len(self.notices("entries.loaded"))
        keys.update(spiffe_id=spiffe_id, selectors=list(selectors))
        self.machine.write(f"/etc/surety/entries.d/{name}.toml", "[[entry]]\n" + "".join(
            f"{key} = {toml(value)}\n" for key, value in keys.items()))
        until("the entry is in force", lambda: len(self.notices("entries.loaded")) > before)
        return spiffe_id

    def notices(self, what: str) -> list[audit.Record]:
        return audit.notices(self, what)

    def decisions(self, **wanted: Any) -> list[audit.Record]:
        return audit.decisions(self, **wanted)

    def decided(self, what: str, timeout: float = 10, **wanted: Any) -> audit.Record:
        return audit.awaited(what, lambda: self.decisions(**wanted), timeout)

    # Workloads

    def workload(self, name: str, program: str = f"{PROGRAMS}/surety watch -o json",
                 **service: Any) -> int:
        """Starts a unit of the user WEB that stays connected, and writes each update to
        /run/NAME.out; the pid of its main process in the machine."""
        self.machine.unit(name, Service={
            "User": WEB, "ExecStart": program, "StandardOutput": f"append:/run/{name}.out",
            **service})
        return self.machine.start(name)

    def updates(self, name: str) -> list[dict[str, Any]]:
        path = self.machine.path(f"/run/{name}.out")
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def selectors(self, inside: int) -> set[str]:
        """What `surety attest` finds."""
        seen = json.loads(self.machine.run(f"{PROGRAMS}/surety", "attest", "-o", "json",
                                           str(inside)).stdout)
        self.assertEqual(seen["missing"], [])
        return set(seen["selectors"])
