"""An upgrade of the package while clients are attached: they stay served, and what is
held against anybody stands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from harness.daemon import CLIENTS
from harness.waiting import until
from machine_case import SOCKET, WEB
from package_case import PackageCase

CLIENT = "/opt/client"  # Of go-spiffe.
USERS = [WEB + 100 + number for number in range(5)]
UNITS, STREAMS = 10, 5  # Two units of each user; each stream has its own connection.
WATCH = f"{CLIENT} watch -for 10m"


class UpgradeCase(PackageCase):
    def next_build(self) -> None:
        """The package that is installed next: a higher version, of a daemon that is
        another file and says so."""
        tree = self.deb.with_suffix("")
        subprocess.run(["dpkg-deb", "--raw-extract", self.deb, tree], check=True)
        control, program = tree / "DEBIAN/control", tree / "usr/sbin/suretyd"
        old = re.search(r"^Version: (\S+)$", control.read_text(), re.MULTILINE)[1]
        self.version = "9" + old[1:]
        control.write_text(control.read_text().replace(f"Version: {old}", f"Version: {self.version}"))
        program.write_bytes(program.read_bytes().replace(f"\0{old}\0".encode(),
                                                         f"\0{self.version}\0".encode()))
        (tree / "DEBIAN/md5sums").unlink()
        subprocess.run(["dpkg-deb", "--build", "-Znone", tree, self.deb], check=True,
                       stdout=subprocess.DEVNULL)

    def client(self, name: str, program: str, uid: int = WEB) -> int:
        return self.workload(name, program, User=uid,
                             Environment=f"SPIFFE_ENDPOINT_SOCKET=unix://{SOCKET}")

    def fleet(self) -> list[str]:
        for uid in USERS:
            self.machine.account(f"user{uid}", uid)
            self.entry(f"user{uid}", f"unix:uid:{uid}", f"unix:path:{CLIENT}")
        names = [f"fleet-{number}.service" for number in range(UNITS)]
        for number, name in enumerate(names):
            self.client(name, f"{CLIENT} hold -n {STREAMS} -for 10m", USERS[number % len(USERS)])
        return names

    def rounds(self, name: str) -> list[dict[str, Any]]:
        """One for each time that all streams of a unit have had a new SVID."""
        return [line for line in self.updates(name) if line["kind"] == "all_fresh"]

    def starts(self) -> int:
        return len(self.notices("daemon.started"))

    def test_upgrade_loses_no_client_and_keeps_pins_and_quarantine(self):
        machine = self.machine
        machine.path(CLIENT).write_bytes((CLIENTS / "go/client").read_bytes())
        machine.path(CLIENT).chmod(0o755)
        self.enable()
        self.entry("web", f"unix:uid:{WEB}")
        names = self.fleet()
        jumper = self.client("jumper.service", WATCH)
        honest = self.client("honest.service", WATCH)
        culprit = self.client("bad.service", WATCH)
        for pid in (jumper, honest, culprit):
            self.decided("an SVID", pid=pid, verdict="allow")
        for name in names:
            until(f"{name} is attached", lambda name=name: self.rounds(name), 20)
        lineage = self.decisions(pid=culprit)[0]["lineage"]["id"]
        machine.run("surety", "quarantine", "add", "--lineage", lineage, "--reason", "a test")
        self.decided("its refusal", pid=culprit, verdict="refuse", reason="quarantined")

        # Between the old daemon and the new one, one of them becomes another workload.
        elsewhere = "/sys/fs/cgroup/elsewhere"
        machine.unit("suretyd.service.d/jump.conf", Service={"ExecStartPre": [
            f"+mkdir {elsewhere}", f"+sh -c 'echo {jumper} > {elsewhere}/cgroup.procs'"]})
        self.assertEqual(self.starts(), 1)
        self.next_build()
        self.install()
        self.assertEqual(self.starts(), 2)
        self.assertIn(f"suretyd {self.version} serves", machine.journal("suretyd.service"))

        for name in names:
            until(f"{name} is served again", lambda name=name: len(self.rounds(name)) > 1, 20, 0.1)
        for name in names:
            again = self.rounds(name)[1]
            self.assertEqual(set(again["errors"]) - {"Unavailable"}, set(), name)
            self.assertLessEqual(again["most_errors_of_one"], 1, name)
            self.assertEqual([line for line in self.updates(name) if line["kind"] == "ended"], [])
        until("who did nothing is served again", lambda: len(self.decisions(
            pid=honest, verdict="allow")) > 1, 20, 0.1)
        self.decided("a refusal of who has changed", 20, pid=jumper, verdict="refuse",
                     reason="drift.cgroup")
        self.assertEqual(len(self.decisions(pid=jumper, verdict="allow")), 1)
        again = machine.start("bad.service")
        self.decided("a refusal of the quarantined", 20, pid=again, verdict="refuse",
                     reason="quarantined")
